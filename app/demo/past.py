"""Half a year of the city, lived through the rooms' own commands: each person acts in their own seat and role.

What happens is written in the plans; when, by a heap of deeds in order of time. The business clock is moved to each
deed's hour, and what fell due on the way fires at its own instant, as it does for a worker. A deed that the rules
refuse (an offer is gone, a pool is empty) simply does not happen: that, too, is history.
"""

import asyncio
import heapq
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Final
from uuid import UUID

from app.access.seats import Seat
from app.demo import lending, oversight, twists, voices
from app.demo.city import WAN, City, Firm
from app.demo.plans import OFFER_WORKDAYS, Days, Plan, Step
from app.demo.reasons import reasons_against
from app.infra.db import Database, Role, Scope, Tx
from app.infra.outbox import drain
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import compose
from app.market import orders
from app.market.orders import Repayment
from app.market.orders.service import acceptances, decisions, desk, payments, withdrawals
from app.market.orders.service.decisions import Offered, Said
from app.market.orders.service.postings import Tick
from app.market.parties import shelf
from app.office import proposals
from app.office.proposals import Proposal

CLASSES: Final = ("registration", "invoices", "tax", "judicial", "lists", "penalties", "social_insurance")
AT_ONCE: Final = 3  # People who act at the same time; fewer than the connections of a role.
PARTS: Final = """
select suborder_id, order_id, bank_id, branch_id, product_id, state, amount_fen, offered_fen, signed_fen, paid_fen,
       consent_id, position
  from orders_v_suborders where order_id = any($1){} order by order_id, position
"""
SHOWN: Final = " and state = 'pushed'"
Deed = Callable[[], Awaitable[object]]
Command = Callable[[Tx], Awaitable[Any]]


@dataclass(slots=True)
class Running:
    """An order under way: which of its banks have begun, and whether the firm's answer is on its way."""

    plan: Plan
    firm: Firm
    seat: Seat
    order_id: UUID
    dice: Random
    begun: list[UUID] = field(default_factory=list)
    answer_coming: bool = False
    twisted: bool = False


@dataclass(slots=True)
class Past:
    """Lives plans up to any instant. `seats` are the city's people by login, `stems` a branch's clerk by branch id."""

    db: Database
    city: City
    days: Days
    plans: Sequence[Plan]
    seats: Mapping[str, Seat]
    stems: Mapping[str, str]
    set_clock: Callable[[datetime], Awaitable[None]]
    told: Callable[[str, int], None]
    tally: Counter[str] = field(default_factory=Counter)
    _heap: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    _number: "count[int]" = field(default_factory=count)
    _running: dict[UUID, Running] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _now: datetime | None = None

    def __post_init__(self) -> None:
        for plan in self.plans:
            self.at(plan.posted_at, lambda plan=plan: self._post(plan))  # type: ignore[misc]

    async def live_until(self, until: datetime) -> None:
        """Everything that happens up to an instant, hour by hour; the clock then stands at the last of them."""
        while self._heap and self._heap[0][0] <= until:
            at = self._heap[0][0]
            deeds = []
            while self._heap and self._heap[0][0] == at:
                deeds.append(heapq.heappop(self._heap)[2])
            await self._go_to(at)
            await asyncio.gather(*(self._do(deed) for deed in deeds))
            await drain(self.db)
            await self._begin()

    def at(self, instant: datetime, deed: Deed) -> None:
        """Put a deed on the heap."""
        heapq.heappush(self._heap, (instant, next(self._number), deed))

    async def _do(self, deed: Deed) -> None:
        async with self._gate:
            await deed()

    async def _go_to(self, at: datetime) -> None:
        """Move the clock; at the first hour of a day, fire what fell due since."""
        new_day = self._now is None or shanghai_date(self._now) != shanghai_date(at)
        self._now = at
        await self.set_clock(at)
        while new_day and await orders.sweep(self.db):
            pass
        if new_day:
            await oversight.oversee(self)
            await voices.hear(self)

    async def _act(self, seat: Seat, command: Command) -> Any:
        """One act in the seat's own scope. A refusal that keeps what was written before it commits first."""
        kept: Refusal | None = None
        async with self.db.transaction(Role.ACT, Scope(seat.org_id, seat.person_id, seat.branch_id)) as tx:
            try:
                return await command(tx)
            except Refusal as refusal:
                if not refusal.keep:
                    raise
                kept = refusal
        assert kept is not None
        raise kept

    def _note(self, what: str) -> None:
        self.tally[what] += 1
        self.told(what, self.tally[what])

    # The firm.

    async def _post(self, plan: Plan) -> None:
        dice = Random(f"{self.city.seed}:live:{plan.number}")  # noqa: S311
        order_id = _order_id(plan, dice)
        asked = await lending.asked_of(self, plan, order_id)
        if asked is None:
            self._note("没有可续的贷款")
            return
        firm, seat, draft = asked
        async with self.db.reading(Role.BUSINESS, Scope(seat.org_id, seat.person_id)) as tx:
            found = await orders.postings.match(tx, draft, now=tx.now)
        ticks = _ticked(found, len(plan.banks), dice)
        if not ticks:
            self._note("没有可受理的网点")
            return
        await self._act(seat, lambda tx: orders.postings.sign_and_post(tx, draft, ticks, by=seat, now=tx.now))
        self._running[order_id] = Running(plan, firm, seat, order_id, dice)
        self._note("已发布需求")
        if plan.withdraw is not None:
            self.at(self.days.later(plan.posted_at, plan.withdraw, 3), lambda: self._withdraw(order_id))
        if plan.revoke is not None:
            self.at(self.days.later(plan.posted_at, plan.revoke, 5), lambda: self._revoke(order_id))

    async def _withdraw(self, order_id: UUID) -> None:
        seat = self._running[order_id].seat
        await self._may(seat, "已撤回需求", lambda tx: withdrawals.withdraw_order(tx, order_id, by=seat, now=tx.now))

    async def _revoke(self, order_id: UUID) -> None:
        """The firm takes back its consent to the bank that stands last on its list."""
        running = self._running[order_id]
        consent_id = (await self._parts([order_id]))[-1]["consent_id"]
        assert self._now is not None
        await withdrawals.revoke_consent(self.db, consent_id, order_id, by=running.seat, now=self._now)
        self._note("已撤回授权")

    async def _pick(self, order_id: UUID) -> None:
        """The firm takes one of the offers that stand, the branch then goes on."""
        running = self._running[order_id]
        running.answer_coming = False
        offered = [part for part in await self._parts([order_id]) if part["state"] == "offered"]
        if not offered:
            return
        part, seat = running.dice.choice(offered), running.seat
        picked = await self._may(
            seat, "已选定授信方案", lambda tx: decisions.pick_offer(tx, part["suborder_id"], by=seat, now=tx.now)
        )
        if picked:
            self._next(running, part, running.plan.after)

    async def _bring(self, running: Running, suborder_id: UUID) -> None:
        seat = running.seat
        await self._may(
            seat, "已补充材料",
            lambda tx: acceptances.bring_papers(tx, suborder_id, answer="已按清单上传", by=seat, now=tx.now),
        )  # fmt: skip

    # The branches.

    async def _begin(self) -> None:
        """Let each branch that has just been shown an order begin its own way with it."""
        for part in await self._parts(list(self._running), SHOWN):
            running = self._running[part["order_id"]]
            if part["suborder_id"] in running.begun:
                continue
            turn = len(running.begun) % len(running.plan.banks)  # More than that, when one was moved.
            running.begun.append(part["suborder_id"])
            self._next(running, part, running.plan.banks[turn])

    def _next(self, running: Running, part: Mapping[str, Any], steps: Sequence[Step]) -> None:
        """Put the branch's next act on the heap."""
        if not steps:
            return
        assert self._now is not None
        at = self.days.later(self._now, steps[0].wait, running.dice.randrange(7))
        self.at(at, lambda: self._step(running, part, steps))

    async def _step(self, running: Running, part: Mapping[str, Any], steps: Sequence[Step]) -> None:
        clerk = self.seats[self.stems[str(part["branch_id"])]]
        deed = getattr(self, f"_do_{steps[0].act}")
        if await deed(running, part["suborder_id"], clerk, part):
            self._next(running, part, steps[1:])
        twists.after(self, running, part, steps[0].act)

    async def _do_accept(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        try:
            await self._act(clerk, lambda tx: acceptances.accept_suborder(tx, who, by=clerk, now=tx.now))
        except Refusal as refusal:
            if refusal.code == "quota-exhausted":
                await self._do_refuse_unseen(running, who, clerk, part)
            return False
        self._note("已受理")
        return True

    async def _do_contact(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        how = running.dice.choice(("phone", "phone", "visit"))
        return await self._may(
            clerk, "已联系企业",
            lambda tx: acceptances.contact_firm(
                tx, who, contacted_at=tx.now, how=how, whom="财务负责人", by=clerk, now=tx.now
            ),
        )  # fmt: skip

    async def _do_investigate(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        await self._may(clerk, "已查看数据包", lambda tx: desk.read_package(tx, who, by=clerk, now=tx.now))
        return await self._may(
            clerk, "已尽调", lambda tx: acceptances.investigate_suborder(tx, who, by=clerk, now=tx.now)
        )

    async def _do_ask_papers(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        items = running.dice.choice(
            (("近三个月购销合同",), ("近六个月银行流水", "经营场所租赁合同"), ("设备采购报价单",))
        )
        asked = await self._may(
            clerk, "已要求补充材料",
            lambda tx: acceptances.ask_papers(
                tx, who, items=items, note="请提供与用途相符的材料", by=clerk, now=tx.now
            ),
        )  # fmt: skip
        if asked and running.plan.bring is not None and self._now is not None:
            self.at(self.days.later(self._now, running.plan.bring, 2), lambda: self._bring(running, who))
        return True

    async def _do_offer(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        async with self.db.reading(Role.BANK, Scope(clerk.org_id, clerk.person_id, clerk.branch_id)) as tx:
            product = await shelf.get_product(tx, part["product_id"])
        share = running.dice.choice((10, 10, 9, 8))
        span = product.rate_max_ppm - product.rate_min_ppm
        offered = Offered(
            amount_fen=max(part["amount_fen"] * share // 10 // WAN, 1) * WAN,
            rate_ppm=(product.rate_min_ppm + span * running.dice.randrange(2, 30) // 100) // 500 * 500 + 500,
            term_months=running.plan.term_months, repayment=Repayment(product.repayment), fees=(),
            valid_workdays=OFFER_WORKDAYS,
        )  # fmt: skip
        made = await self._seconded(
            clerk, "已给出授信方案", lambda tx: decisions.make_offer(tx, who, offered, by=clerk, now=tx.now)
        )
        plan = running.plan
        if made and plan.pick is not None and not running.answer_coming and self._now is not None:
            running.answer_coming = True
            self.at(self.days.later(self._now, plan.pick, 4), lambda: self._pick(running.order_id))
        return False

    async def _do_refuse(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        """Say the first reason that the evidence bears out."""
        for said in reasons_against(running.firm, self.city.today, part["amount_fen"], running.dice):
            if await self._say_no(clerk, who, said):
                return False
        return False

    async def _do_refuse_unseen(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        for said in reasons_against(running.firm, self.city.today, part["amount_fen"], running.dice, unseen=True):
            if await self._say_no(clerk, who, said):
                break
        return False

    async def _say_no(self, clerk: Seat, who: UUID, said: Said) -> bool:
        return await self._seconded(
            clerk, f"已拒单 {said.code}", lambda tx: decisions.refuse_suborder(tx, who, said, by=clerk, now=tx.now)
        )

    async def _do_sign(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        assert self._now is not None
        on, amount_fen = shanghai_date(self._now), (await self._part(running, who))["offered_fen"]
        return await self._may(
            clerk, "已签约",
            lambda tx: payments.sign_contract(
                tx, who, contract_no=f"XYD-{on:%y%m}-{running.plan.number:04d}", signed_on=on, amount_fen=amount_fen,
                draw_until_on=on + timedelta(days=120), by=clerk, now=tx.now,
            ),
        )  # fmt: skip

    async def _do_pay(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        draws = sum(step.act == "pay" for step in running.plan.after)
        return await self._pay(running, who, clerk, draws)

    async def _do_pay_part(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        return await self._pay(running, who, clerk, 2)

    async def _pay(self, running: Running, who: UUID, clerk: Seat, draws: int) -> bool:
        """A draw of so many; the last takes the rest, unless the firm gives it up."""
        assert self._now is not None
        row = await self._part(running, who)
        each = max(row["signed_fen"] // draws // WAN, 1) * WAN
        left = row["signed_fen"] - row["paid_fen"]
        amount_fen = left if left < 2 * each else each
        last = amount_fen == left and row["paid_fen"] > 0
        on, seat = shanghai_date(self._now), running.seat
        if last and running.plan.gives_up_rest:
            return await self._may(
                seat, "已放弃余额", lambda tx: payments.end_draws(tx, who, by=seat, now=tx.now)
            )  # fmt: skip
        draw_id = compose(int(self._now.timestamp() * 1000) << 12, running.dice.getrandbits(62))
        return await self._may(
            clerk, "已放款",
            lambda tx: payments.pay_out(
                tx, who, draw_id=draw_id, amount_fen=amount_fen, paid_on=on, by=clerk, now=tx.now
            ),
        )  # fmt: skip

    # The loan afterwards.

    async def _do_repay(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        return await lending.tell(self, clerk, who, "repay", running.dice)

    async def _do_repay_all(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        return await lending.tell(self, clerk, who, "repay_all", running.dice)

    async def _do_overdue(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        return await lending.tell(self, clerk, who, "overdue", running.dice)

    async def _do_settle(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        return await lending.tell(self, clerk, who, "settle", running.dice)

    async def _do_agree(self, running: Running, who: UUID, clerk: Seat, part: Mapping[str, Any]) -> bool:
        return await lending.agree(self, clerk, who, running.plan.number)

    # What all share.

    async def _may(self, seat: Seat, what: str, command: Command) -> bool:
        """Do it when the rules allow it; return whether they did."""
        try:
            await self._act(seat, command)
        except Refusal:
            return False
        self._note(what)
        return True

    async def _seconded(self, clerk: Seat, what: str, command: Command) -> bool:
        """An act that may wait for a second person; the branch's checker then approves it."""
        try:
            answer = await self._act(clerk, command)
            if isinstance(answer, Proposal):
                checker = self.seats[self.stems[str(clerk.branch_id)] + "c"]
                await self._act(
                    checker, lambda tx: proposals.approve(tx, answer.proposal_id, by=checker, now=tx.now)
                )  # fmt: skip
                self._note("双人复核")
        except Refusal:
            return False
        self._note(what)
        return True

    async def _parts(self, order_ids: Sequence[UUID], only: str = "") -> Sequence[Mapping[str, Any]]:
        async with self.db.reading(Role.REPORTER) as tx:
            return [dict(row) for row in await tx.fetch(PARTS.format(only), list(order_ids))]

    async def _part(self, running: Running, who: UUID) -> Mapping[str, Any]:
        return next(part for part in await self._parts([running.order_id]) if part["suborder_id"] == who)


def _order_id(plan: Plan, dice: Random) -> UUID:
    """The same id in every telling: ties of the ranking are settled by it."""
    return compose(int(plan.posted_at.timestamp() * 1000) << 12 | plan.number, dice.getrandbits(62))


def _ticked(found: Sequence[orders.Match], most: int, dice: Random) -> list[Tick]:
    """One branch of each of some banks, from the better half of the ranking."""
    by_bank: dict[UUID, list[orders.Match]] = {}
    for one in found:
        by_bank.setdefault(one.ranked.candidate.bank_id, []).append(one)
    banks = list(by_bank)
    dice.shuffle(banks)
    chosen = [dice.choice(by_bank[bank_id][: max(1, len(by_bank[bank_id]) // 2)]) for bank_id in banks[:most]]
    return [Tick(one.ranked.candidate.branch_id, one.ranked.candidate.product_id, CLASSES) for one in chosen]
