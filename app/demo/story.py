"""The main job, lived once in the invented city over HTTP: firms ask, banks decide in time or say why not.

Each firm has a fate, so that every kind of ending can be looked at afterwards. Time is the business clock, moved
workday by workday; nothing is written but through the HTTP interface.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

from app.demo import reasons
from app.demo.city import WAN, Firm
from app.demo.people import Person, Refused
from app.kernel.clock import shanghai_date

CLASSES: Final = ["registration", "invoices", "tax", "judicial", "lists", "penalties", "social_insurance"]
PUSH_SECONDS_MAX: Final = 20
STANDINGS: Final = {
    "posted": "结果：已发布",
    "open": "结果：办理中",
    "agreed": "结果：已签约",
    "serviced": "结果：贷后",
    "refused": "结果：被拒",
    "lapsed": "结果：逾期",
    "unmatched": "结果：流单",
    "withdrawn": "结果：已撤回",
}

POOL_IS_DRY: Final = {
    "reason_code": "I2",
    "words": "本季度额度池余额不足以覆盖申请金额，下季度欢迎再次申请。",
    "claim": {"path": "pool.covers_amount", "comparison": "eq", "value": 0},
}


class Fate(StrEnum):
    """How an order of the demo goes."""

    PAID = "paid"
    TWO_DRAWS = "two_draws"
    REFUSED = "refused"
    PAPERS = "papers"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    WAITING = "waiting"  # Left open, so that a visitor finds work in the inbox.
    OFFERED = "offered"  # Left with an offer, so that a visiting firm can pick it.


FATES: Final = (
    Fate.PAID, Fate.REFUSED, Fate.WAITING, Fate.PAPERS, Fate.TWO_DRAWS, Fate.REFUSED, Fate.LAPSED, Fate.OFFERED,
    Fate.PAID, Fate.WITHDRAWN, Fate.PAID, Fate.WAITING,
)  # fmt: skip


@dataclass(slots=True)
class Order:
    """A posted order on its way through the story."""

    firm: Firm
    person: Person
    fate: Fate
    order_id: str
    amount_fen: int
    handled: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Story:
    """What the teller needs: where the service is, who its people are, how to move time, whom to tell."""

    base_url: str
    password: str
    clerks: dict[str, str]  # branch_id → the stem of its people's logins
    move_clock: Callable[[datetime], Awaitable[None]]
    now: Callable[[], Awaitable[datetime]]
    told: Callable[[str], None]
    tally: Counter[str] = field(default_factory=Counter)
    _people: dict[str, Person] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def tell(self, firms: list[Firm]) -> Counter[str]:
        """Live the whole job for these firms; return how many orders met each fate."""
        async with self._stack:
            orders = await self._post(firms)
            await self._next_day()
            for order in orders:
                await self._accept(order)
            await self._next_day()
            for order in orders:
                await self._work(order)
            await self._next_day(2)
            for order in orders:
                await self._decide(order)
            await self._next_day()
            for order in orders:
                await self._finish(order)
            for order in orders:
                await self._look(order)
        return self.tally

    # Asking

    async def _post(self, firms: list[Firm]) -> list[Order]:
        orders = []
        for number, firm in enumerate(firms):
            person = await self._person(firm.login)
            await person.act("/estimates")
            order = await self._ask(person, firm, FATES[number % len(FATES)])
            if order is not None:
                orders.append(order)
        return orders

    async def _ask(self, person: Person, firm: Firm, fate: Fate) -> Order | None:
        amount_fen = max(10, min(80, firm.turnover_12m_fen // WAN // 12)) * WAN
        need = {"amount_fen": amount_fen, "term_months": 12, "purpose": "采购原材料", "collateral": "none"}
        matches = (await person.get("/matches", **need))["matches"]
        ticked = _one_of_each_bank(matches)[:3]
        if not ticked:
            self.told(f"{firm.name}: 没有可受理的网点")
            return None
        until_on = shanghai_date(await self.now()) + timedelta(days=60)
        banks = [{"branch_id": m["branch_id"], "product_id": m["product_id"], "data_classes": CLASSES} for m in ticked]
        posted = await person.act("/orders", need | {"until_on": until_on.isoformat(), "places": 2, "banks": banks})
        self._note("已发布需求", f"{firm.name} 申请 {amount_fen // WAN} 万元")
        return Order(firm, person, fate, posted["order_id"], amount_fen)

    # Answering

    async def _accept(self, order: Order) -> None:
        live = await self._pushed(order)
        if order.fate in (Fate.LAPSED, Fate.WAITING):
            return
        if order.fate is Fate.WITHDRAWN:
            await order.person.act(f"/orders/{order.order_id}/withdrawal")
            self._note("已撤回", order.firm.name)
            return
        for place in live:
            clerk = await self._clerk(place["branch_id"])
            try:
                view = await clerk.act(f"/suborders/{place['suborder_id']}/acceptance")
            except Refused as refused:
                await self._pool_is_dry(order, clerk, place, refused)
                continue
            order.handled[place["suborder_id"]] = view | {"branch_id": place["branch_id"]}
            self._note("已受理", f"{order.firm.name} → {clerk.login}")

    async def _pool_is_dry(self, order: Order, clerk: Person, place: dict[str, Any], refused: Refused) -> None:
        """A branch whose money is spent says so before it accepts, and the next bank of the list is asked."""
        if refused.problem.get("code") != "quota-exhausted":
            raise refused
        await self._seconded(clerk, place["branch_id"], f"/suborders/{place['suborder_id']}/refusal", POOL_IS_DRY)
        self._note("已拒单（有依据）", f"{order.firm.name}: I2")

    async def _work(self, order: Order) -> None:
        for suborder_id, view in order.handled.items():
            clerk = await self._clerk(view["branch_id"])
            contacted_at = (await self.now()).isoformat()
            contact = {"contacted_at": contacted_at, "how": "phone", "whom": "财务负责人"}
            await clerk.act(f"/suborders/{suborder_id}/contact", contact)
            await clerk.act(f"/suborders/{suborder_id}/investigation")
            if order.fate is Fate.PAPERS:
                papers = {"items": ["近三个月购销合同"], "note": "请提供与用途相符的合同"}
                await clerk.act(f"/suborders/{suborder_id}/papers-requests", papers)
                self._note("已要求补充材料", order.firm.name)

    async def _decide(self, order: Order) -> None:
        for suborder_id, view in list(order.handled.items()):
            clerk = await self._clerk(view["branch_id"])
            if order.fate is Fate.PAPERS:
                await order.person.act(f"/suborders/{suborder_id}/papers", {"answer": "已上传合同三份"})
            refusal = _honest_refusal(order)
            if refusal is not None:
                await self._seconded(clerk, view["branch_id"], f"/suborders/{suborder_id}/refusal", refusal)
                self._note("已拒单（有依据）", f"{order.firm.name}: {refusal['reason_code']}")
                del order.handled[suborder_id]
            else:
                await self._offer(order, clerk, view["branch_id"], suborder_id)

    async def _offer(self, order: Order, clerk: Person, branch_id: str, suborder_id: str) -> None:
        product = await self._product(clerk, suborder_id)
        offer = {
            "amount_fen": order.amount_fen * 9 // 10 // WAN * WAN, "term_months": 12, "valid_workdays": 10,
            "rate_ppm": (product["rate_min_ppm"] * 2 + product["rate_max_ppm"]) // 3 // 100 * 100,
            "repayment": product["repayment"],
        }  # fmt: skip
        await self._seconded(clerk, branch_id, f"/suborders/{suborder_id}/offer", offer)
        self._note("已给出授信方案", f"{order.firm.name} {offer['amount_fen'] // WAN} 万元")

    async def _finish(self, order: Order) -> None:
        if order.fate not in (Fate.PAID, Fate.TWO_DRAWS, Fate.PAPERS) or not order.handled:
            return
        suborder_id, view = next(iter(order.handled.items()))
        clerk = await self._clerk(view["branch_id"])
        await order.person.act(f"/suborders/{suborder_id}/pick")
        amount_fen = order.amount_fen * 9 // 10 // WAN * WAN
        today = shanghai_date(await self.now())
        contract = {
            "contract_no": f"XYD-{order.order_id[-12:]}", "signed_on": today.isoformat(), "amount_fen": amount_fen,
            "draw_until_on": (today + timedelta(days=90)).isoformat(),
        }  # fmt: skip
        await clerk.act(f"/suborders/{suborder_id}/signature", contract)
        parts = [amount_fen // 2, amount_fen - amount_fen // 2] if order.fate is Fate.TWO_DRAWS else [amount_fen]
        for part in parts:
            draw = {"draw_id": str(uuid4()), "amount_fen": part, "paid_on": today.isoformat()}
            await clerk.act(f"/suborders/{suborder_id}/draws", draw)
            self._note("已放款", f"{order.firm.name} {part // WAN} 万元")

    async def _look(self, order: Order) -> None:
        """Count how the order stands, as its owner sees it."""
        view = await order.person.get(f"/orders/{order.order_id}")
        self._note(STANDINGS.get(view["standing"], view["standing"]), order.firm.name)

    # People, time and waiting

    async def _person(self, login: str) -> Person:
        if login not in self._people:
            person = Person(self.base_url, login, self.password)
            self._people[login] = await self._stack.enter_async_context(person)
        return self._people[login]

    async def _clerk(self, branch_id: str) -> Person:
        return await self._person(self.clerks[branch_id])

    async def _seconded(self, clerk: Person, branch_id: str, path: str, body: dict[str, Any]) -> None:
        """An act that may wait for a second person; the branch's checker then approves it."""
        await clerk.act(path, body)
        checker = await self._person(self.clerks[branch_id] + "c")
        suborder_id = path.split("/")[2]
        for proposal in (await checker.get("/proposals"))["proposals"]:
            if proposal["case_id"] == suborder_id and proposal["state"] == "open":
                await checker.act(f"/proposals/{proposal['proposal_id']}/approval")
                self._note("双人复核", checker.login)

    async def _pushed(self, order: Order) -> list[dict[str, Any]]:
        """Wait for the worker to push the order; return the places that a bank holds."""
        for _ in range(PUSH_SECONDS_MAX * 10):
            view = await order.person.get(f"/orders/{order.order_id}")
            live = [place for place in view["banks"] if place["state"] == "pushed"]
            if live:
                return live
            await asyncio.sleep(0.1)
        raise TimeoutError(f"order {order.order_id} was not pushed within {PUSH_SECONDS_MAX} s")

    async def _product(self, clerk: Person, suborder_id: str) -> dict[str, Any]:
        product_id = (await clerk.get(f"/suborders/{suborder_id}"))["product_id"]
        shelf = (await clerk.get("/products"))["products"]
        found: dict[str, Any] = next(each for each in shelf if each["product_id"] == product_id)
        return found

    async def _next_day(self, days: int = 1) -> None:
        """To ten o'clock of a later weekday in Shanghai."""
        now = await self.now()
        for _ in range(days):
            now += timedelta(days=1)
            while now.weekday() >= 5:
                now += timedelta(days=1)
        await self.move_clock(now.astimezone(UTC).replace(hour=2, minute=0, second=0, microsecond=0))

    def _note(self, what: str, who: str) -> None:
        self.tally[what] += 1
        self.told(f"{what}: {who}")


def _honest_refusal(order: Order) -> dict[str, Any] | None:
    """A refusal that the sealed package bears out, or None when nothing there stands against the firm."""
    firm = order.firm
    if firm.dishonest:
        claim = {"path": "judicial.dishonest_listed", "comparison": "eq", "value": 1}
        words = "数据包显示企业为失信被执行人，请先履行生效文书确定的义务。"
        return {"reason_code": "B2", "words": words, "claim": claim}
    if firm.abnormal:
        claim = {"path": "lists.abnormal_listed", "comparison": "eq", "value": 1}
        words = "数据包显示企业被列入经营异常名录，移出后欢迎再次申请。"
        return {"reason_code": "A4", "words": words, "claim": claim}
    if order.fate is Fate.REFUSED:
        said = reasons.too_small(firm)
        assert said.claim is not None, "a reason of the demo names its evidence"
        claim = {"path": said.claim.path, "comparison": said.claim.comparison.value, "value": said.claim.value}
        return {"reason_code": said.code, "words": said.words, "claim": claim}
    return None


def _one_of_each_bank(matches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first: dict[str, dict[str, Any]] = {}
    for found in matches:
        first.setdefault(found["bank_id"], found)
    return list(first.values())
