"""Orders over HTTP: the main job as a machine does it, and how refusals are told."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.access.seats import Seat, SeatRole
from app.infra.db import Database
from app.infra.settings import Environment, Settings
from app.main import create_app
from tests.conftest import SECRET
from tests.market.orders.conftest import WAN, City
from tests.support import shanghai
from tests.web.app_for_tests import make_seat, sign


@dataclass
class Town:
    """The invented city behind HTTP: a signed-in client for the firm and for each bank's clerk."""

    city: City
    app: Any
    stack: AsyncExitStack
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def client(self, name: str, seat: Seat) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        client = await self.stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        )
        await sign(self.city.db, client, seat, secret=SECRET)
        self.clients[name] = client
        return client

    async def post(self, who: str, path: str, body: dict[str, Any] | None = None, *, key: str = "") -> httpx.Response:
        headers = {"idempotency-key": key or uuid4().hex}
        return await self.clients[who].post(path, json=body or {}, headers=headers)

    async def get(self, who: str, path: str) -> httpx.Response:
        return await self.clients[who].get(path)

    async def at(self, text: str) -> datetime:
        now = shanghai(text)
        await self.city.work(now)
        return now


@pytest.fixture
async def town(city: City, db: Database) -> AsyncIterator[Town]:
    settings = Settings(
        home=Path("/nonexistent"), environment=Environment.DEVELOPMENT, database_url=None, secret=SECRET,
        issuer="http://127.0.0.1", hosts=("127.0.0.1",), webhook_loopback=(), movable_clock=True,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        made = Town(city, create_app(settings, db), stack)
        await made.client("firm", await make_seat(db, SeatRole.BUSINESS, city.firm.org_id, login="xy-firm"))
        for n, bank in enumerate(city.banks[:2]):
            clerk = await make_seat(
                db, SeatRole.BRANCH_CLERK, bank.bank_id, login=f"xy-clerk-{n}", branch_id=bank.branch_id
            )
            await made.client(f"clerk{n}", clerk)
        yield made


def order_body(town: Town, *banks: int, **changed: Any) -> dict[str, Any]:
    ticks = [
        {
            "branch_id": str(town.city.banks[n].branch_id),
            "product_id": str(town.city.banks[n].product_id),
            "data_classes": ["registration", "judicial"],
        }
        for n in banks
    ]
    return {
        "amount_fen": 50 * WAN, "term_months": 12, "purpose": "原材料", "collateral": "none", "places": len(banks),
        "district_code": "500103", "until_on": "2025-11-20", "banks": ticks,
    } | changed  # fmt: skip


async def posted(town: Town, *banks: int, **changed: Any) -> tuple[UUID, list[UUID]]:
    """An order posted at 10:00 on 24 September and pushed; its suborders in their places."""
    await town.at("2025-09-24 10:00")
    answer = await town.post("firm", "/orders", order_body(town, *banks, **changed))
    assert 201 == answer.status_code, answer.text
    await town.at("2025-09-24 10:00")
    order_id = UUID(answer.json()["order_id"])
    return order_id, [row["suborder_id"] for _, row in sorted((await town.city.parts(order_id)).items())]


OFFER = {
    "amount_fen": 40 * WAN, "rate_ppm": 48_000, "term_months": 12, "repayment": "interest_first",
    "valid_workdays": 10, "fees": [{"name": "评估费", "amount_fen": 50_000}],
}  # fmt: skip


async def test_the_main_job_over_http(town: Town) -> None:
    """Post, accept, speak, ask for papers, bring them, offer, pick, sign, pay out in two draws."""
    order_id, (part, other) = await posted(town, 0, 1)
    at = f"/suborders/{part}"
    steps: list[tuple[str, str, str, dict[str, Any]]] = [
        ("2025-09-25 09:00", "clerk0", f"{at}/acceptance", {}),
        ("2025-09-25 10:00", "clerk0", f"{at}/contact",
         {"contacted_at": "2025-09-25T09:30:00+08:00", "how": "phone", "whom": "经办人"}),
        ("2025-09-25 10:10", "clerk0", f"{at}/papers-requests", {"items": ["近三月流水"], "note": "盖章"}),
        ("2025-09-26 09:00", "firm", f"{at}/papers", {"answer": "已补交"}),
        ("2025-09-26 09:30", "clerk0", f"{at}/investigation", {}),
        ("2025-09-26 10:00", "clerk0", f"{at}/offer", OFFER),
        ("2025-09-28 09:00", "firm", f"{at}/pick", {}),
        ("2025-09-28 15:00", "clerk0", f"{at}/signature",
         {"contract_no": "XY-2025-1", "signed_on": "2025-09-28", "amount_fen": 40 * WAN,
          "draw_until_on": "2025-12-31"}),
        ("2025-09-29 09:00", "clerk0", f"{at}/draws",
         {"draw_id": str(UUID(int=1)), "amount_fen": 10 * WAN, "paid_on": "2025-09-29"}),
        ("2025-10-09 09:00", "clerk0", f"{at}/draws",
         {"draw_id": str(UUID(int=2)), "amount_fen": 30 * WAN, "paid_on": "2025-10-09"}),
    ]  # fmt: skip

    for when, who, path, body in steps:
        await town.at(when)
        answer = await town.post(who, path, body)
        assert 200 == answer.status_code, (path, answer.text)

    order = (await town.get("firm", f"/orders/{order_id}")).json()
    view = (await town.get("firm", at)).json()
    assert ("serviced", ["serviced", "lapsed"]) == (order["standing"], [bank["state"] for bank in order["banks"]])
    assert [10 * WAN, 30 * WAN] == [draw["amount_fen"] for draw in view["draws"]]
    assert (1_920_000 + 50_000, "2025-10-16") == (view["offer"]["total_cost_fen"], view["offer"]["valid_until_on"])
    assert ["push", "accept", "contact", "ask_papers", "bring_papers", "investigate", "offer", "pick", "sign",
            "pay_out", "pay_out"] == [move["act"] for move in view["moves"]]  # fmt: skip
    assert ["repay", "extend", "mark_overdue", "settle"] == view["allowed"]
    assert "lapsed" == (await town.get("clerk1", f"/suborders/{other}")).json()["state"]


async def test_a_refused_act_says_what_is_allowed(town: Town) -> None:
    """Attack 13: an offer before anything else."""
    _, (part,) = await posted(town, 0)

    answer = await town.post("clerk0", f"/suborders/{part}/offer", OFFER)

    problem = answer.json()
    assert (409, "wrong-state") == (answer.status_code, problem["code"])
    assert ["accept", "refuse", "reassign", "withdraw", "revoke"] == problem["allowed"]


async def test_an_act_after_the_deadline_is_refused_and_the_deadline_kept(town: Town) -> None:
    """No worker has run: the clock fires in the same request, and stays fired though the act is refused."""
    order_id, (part,) = await posted(town, 0)
    await town.city.set_clock(shanghai("2025-09-27 00:00"))

    answer = await town.post("clerk0", f"/suborders/{part}/acceptance")

    assert (409, "wrong-state") == (answer.status_code, answer.json()["code"])
    assert {0: "lapsed"} == await town.city.states(order_id)


async def test_a_repeated_act_has_one_effect(town: Town) -> None:
    """The answer was lost on its way; the machine asks again with the same key."""
    _, (part,) = await posted(town, 0)
    await town.at("2025-09-25 09:00")

    first, again = [await town.post("clerk0", f"/suborders/{part}/acceptance", key="same-key-0001") for _ in "ab"]

    assert [200, 200] == [first.status_code, again.status_code]
    assert (first.json(), "true") == (again.json(), again.headers["idempotency-replayed"])
    assert [(1,)] == await town.city.rows("select count(*) from suborder_moves where act = 'accept'")


async def test_the_inbox_lists_by_deadline_and_pages_by_cursor(town: Town) -> None:
    """Soonest first; the other branch's suborders are not in it."""
    _, (urgent,) = await posted(town, 0)
    await town.at("2025-09-25 09:00")
    await town.post("clerk0", f"/suborders/{urgent}/acceptance")
    answer = await town.post("firm", "/orders", order_body(town, 0, 1))
    await town.at("2025-09-25 09:00")
    later = [row["suborder_id"] for row in (await town.city.parts(UUID(answer.json()["order_id"]))).values()]

    first = (await town.get("clerk0", "/suborders?limit=1")).json()
    rest = (await town.get("clerk0", f"/suborders?limit=1&cursor={first['next']}")).json()

    seen = [page["suborders"][0] for page in (first, rest)]
    assert [("ACCEPT", "2025-09-28"), ("CONTACT", "2025-09-29")] == [(one["clock"], one["due_on"]) for one in seen]
    assert {str(urgent), str(later[0])} == {one["suborder_id"] for one in seen}
    assert "bad-cursor" == (await town.get("clerk1", f"/suborders?limit=1&cursor={first['next']}")).json()["code"]


async def test_a_deadline_explains_itself_day_by_day(town: Town) -> None:
    """The strip of days that the firm and the branch read, in both languages."""
    _, (part,) = await posted(town, 0)
    await town.at("2025-09-25 09:00")
    await town.post("clerk0", f"/suborders/{part}/acceptance")

    why = (await town.get("firm", f"/suborders/{part}/clocks/DECISION")).json()

    assert ("2025-10-15", "2025-10-15T16:00:00Z") == (why["due_on"], why["due_at"].replace("+00:00", "Z"))
    sunday = why["days"][3]
    assert ("2025-09-28", "make_up", 2) == (sunday["on"], sunday["counts_as"], sunday["number"])
    assert "周日 国庆节调休上班，计第 2 日" == sunday["words_zh"]
    assert "Sun make-up workday for National Day, day 2" == sunday["words_en"]
    assert 21 == len(why["days"])
    # Seven of ten counted days end with 11 October, nine with 14 October; the deadline itself with 15 October.
    assert [(70, "2025-10-11T16:00:00Z"), (90, "2025-10-14T16:00:00Z"), (100, "2025-10-15T16:00:00Z")] == [
        (rung["share"], rung["at"]) for rung in why["ladder"][:3]
    ]
    assert [["branch"], ["branch", "head_office"], ["head_office", "customer_service", "supervisor"]] == [
        rung["told"] for rung in why["ladder"][:3]
    ]


async def test_a_firm_takes_back_a_consent_and_then_the_order(town: Town) -> None:
    """Both are free at any time before signing, and repeating them changes nothing."""
    order_id, (first, second) = await posted(town, 0, 1)
    await town.at("2025-09-25 09:00")
    consent_id = (await town.get("firm", f"/suborders/{first}")).json()["consent_id"]

    revoked = await town.post("firm", f"/orders/{order_id}/consents/{consent_id}/revocation")
    again = await town.post("firm", f"/orders/{order_id}/consents/{consent_id}/revocation")
    withdrawn = await town.post("firm", f"/orders/{order_id}/withdrawal")

    assert [200, 200, 200] == [answer.status_code for answer in (revoked, again, withdrawn)]
    assert ["withdrawn", "pushed"] == [bank["state"] for bank in revoked.json()["banks"]]
    assert ("withdrawn", ["withdrawn", "withdrawn"]) == (
        withdrawn.json()["standing"], [bank["state"] for bank in withdrawn.json()["banks"]],
    )  # fmt: skip
    assert "withdrawn" == (await town.get("clerk1", f"/suborders/{second}")).json()["cause"]


async def test_matches_are_explained(town: Town) -> None:
    """Best first, with the factor that decided, before anything is signed."""
    await town.at("2025-09-24 10:00")
    query = "amount_fen=50000000&term_months=12&purpose=原材料&collateral=none&district_code=500103"

    found = (await town.get("firm", f"/matches?{query}")).json()["matches"]
    over = (await town.get("firm", f"/matches?{query.replace('50000000', '200000001')}")).json()["matches"]

    assert ["样品第1银行", "样品第2银行", "样品第3银行"] == [one["bank"] for one in found]
    assert ["rate", "rate"] == [one["deciding"] for one in found[:2]]
    assert [] == over


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"until_on": "2025-12-24"}, "bad-time"),
        ({"until_on": "2025-09-24"}, "bad-time"),
        ({"places": 4}, "terms-out-of-range"),
        ({"places": 21}, "malformed-field"),
        ({"amount_fen": 200 * WAN + 1}, "no-match"),
        ({"term_months": 37}, "no-match"),
        ({"previous_order_id": str(UUID(int=5))}, "not-found"),
        ({"state": "serviced"}, "unknown-field"),
        ({"amount_fen": "50000000"}, "malformed-field"),
    ],
)
async def test_what_cannot_be_posted(town: Town, changed: dict[str, Any], code: str) -> None:
    """Refused before anything is written: no order, no consent."""
    await town.at("2025-09-24 10:00")

    answer = await town.post("firm", "/orders", order_body(town, 0, **changed))

    assert code == answer.json()["code"]
    assert [(0, 0)] == await town.city.rows("select (select count(*) from orders), (select count(*) from consents)")


@pytest.mark.parametrize(
    ("fees", "status"),
    [
        ([{"name": "评估费", "amount_fen": 40 * WAN}], 422),  # All of it kept back: nothing is lent.
        ([{"name": "评估费", "amount_fen": 40 * WAN - 1}], 422),
        ([{"name": "评估费", "amount_fen": 30 * WAN}, {"name": "担保费", "amount_fen": 9 * WAN}], 422),
        ([{"name": "评估费", "amount_fen": 2 * WAN, "months": 12}], 200),
    ],
)
async def test_fees_that_eat_the_loan_are_no_offer(town: Town, fees: list[dict[str, Any]], status: int) -> None:
    """The cost of a year would be endless, or larger than any figure that is kept."""
    _, (part,) = await posted(town, 0)
    call = {"contacted_at": "2025-09-24T10:00:00+08:00", "how": "phone", "whom": "经办人"}
    for path, body in (("acceptance", {}), ("contact", call)):
        assert 200 == (await town.post("clerk0", f"/suborders/{part}/{path}", body)).status_code

    answer = await town.post("clerk0", f"/suborders/{part}/offer", OFFER | {"fees": fees})

    assert status == answer.status_code
    assert status == 200 or answer.json()["code"] == "terms-out-of-range"
