"""From facts of an order to messages: each audience hears of what concerns it, in words, once."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.infra import outbox
from app.infra.db import Role
from app.market import announcements
from app.market.announcements import rules
from app.market.announcements.jobs import PAGES
from app.market.orders import events as told
from app.market.orders.rules.states import Clock, End
from app.market.orders.service.sweeping import CASE_KINDS
from app.office.clocks.events import DeadlineRecounted, RungReached
from app.office.clocks.jobs import tell_rungs
from app.office.clocks.service.cases import locks
from app.office.messages.schemas import known, plain
from app.web import i18n
from app.wiring import make_bus
from tests.market.orders.conftest import City, city, keys
from tests.support import REPOSITORY, shanghai

__all__ = ["city", "keys"]  # Fixtures of the orders' tests.
ACCEPTED = shanghai("2025-09-25 09:00")
BOX = "select audience, kind from messages order by seq"
COMMON: dict[str, Any] = {
    "stream_id": UUID(int=1), "at": ACCEPTED, "order_id": UUID(int=1), "business_id": UUID(int=2),
    "suborder_id": UUID(int=3), "bank_id": UUID(int=4), "branch_id": UUID(int=5), "product_id": UUID(int=6),
    "consent_id": UUID(int=7),
}  # fmt: skip


ENTRY: dict[str, Any] = {"entry_id": UUID(int=9), "amount_fen": 1}


async def hear(city: City) -> list[tuple[str, str]]:
    """Let the worker deliver what was recorded; return who was told of what."""
    await outbox.drain(city.db)
    async with city.db.reading(Role.WORKER) as tx:
        return [(row["audience"], row["kind"]) for row in await tx.fetch(BOX)]


async def test_the_branch_hears_of_a_push_and_the_firm_of_an_acceptance(city: City) -> None:
    """The first two facts of every order."""
    order_id = await city.post(0)
    part: UUID = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, ACCEPTED)

    found = await hear(city)

    assert {("branch", "branch.pushed"), ("firm", "firm.accepted")} <= set(found)


async def test_an_event_that_is_delivered_twice_tells_nobody_twice(city: City) -> None:
    """A worker that dies after its commit delivers again."""
    order_id = await city.post(0)
    part: UUID = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, ACCEPTED)
    before = await hear(city)
    row = (await city.rows("select suborder_id, order_id, business_id, bank_id, branch_id from suborders"))[0]
    ids = dict(zip(("suborder_id", "order_id", "business_id", "bank_id", "branch_id"), row, strict=True))

    async with city.db.transaction(Role.WORKER) as tx:
        event = told.SuborderAccepted(**(COMMON | ids | {"stream_id": ids["order_id"]}), amount_fen=1)
        await announcements.announce(tx, event)

    assert before == await hear(city)


async def test_a_missed_acceptance_is_told_to_those_whom_the_policy_names(city: City) -> None:
    """Head office, customer service and supervisor by the rung of 100 %; the firm hears that the order goes on."""
    await city.post(0)
    await city.work(shanghai("2025-09-30 00:00"))
    await tell_rungs(city.db)

    found = await hear(city)

    audiences = ("head_office", "customer_service", "supervisor")
    assert {*((one, "missed.accept") for one in audiences), ("firm", "firm.lapsed_accept")} <= set(found)


async def test_a_deadline_that_comes_near_is_told_to_the_branch_then_to_its_head_office(city: City) -> None:
    """Yellow and red of an acceptance, in time to act; the branch hears it in its own mailbox, each rung once."""
    await city.post(0)
    branch_id = city.banks[0].branch_id
    for at in ("2025-09-26 09:36", "2025-09-26 19:12", "2025-09-26 23:00"):
        await city.work(shanghai(at))
        await tell_rungs(city.db)
        await tell_rungs(city.db)
        await hear(city)

    async with city.db.reading(Role.WORKER) as tx:
        rows = await tx.fetch("select audience, slots, branch_id from messages where kind = 'near.accept' order by seq")
    found = [(row["audience"], row["slots"]["share"], row["branch_id"]) for row in rows]

    assert [("branch", 70, branch_id), ("branch", 90, branch_id)] == [one for one in found if one[0] == "branch"]
    assert [90] == [share for audience, share, _ in found if audience == "head_office"]


def rung(clock: str, share: int, state: str = "running", told: tuple[str, ...] = ("branch", "firm")) -> RungReached:
    ids = {name: UUID(int=1) for name in ("stream_id", "clock_id", "case_id", "root_id", "bank_id", "business_id")}
    return RungReached(
        **ids, at=ACCEPTED, case_kind="suborder", clock=clock, share=share, told=told, due_on=ACCEPTED.date(),
        due_at=ACCEPTED, owner="bank", state=state,
    )  # fmt: skip


@pytest.mark.parametrize(("share", "state", "kinds"), [
    (70, "running", ["near.decision", "firm.near_decision"]), (70, "met", []), (90, "void", []),
    (100, "running", ["missed.decision"]), (100, "breached", ["missed.decision"]), (100, "void", []),
    (150, "breached", ["over.decision"]),
])  # fmt: skip
def test_what_a_rung_says(share: int, state: str, kinds: list[str]) -> None:
    """Near while it runs, missed and long missed to those inside; nothing about what has been done meanwhile."""
    assert kinds == [one.kind for one in rules.messages_of_rung(rung("DECISION", share, state))]


@pytest.mark.parametrize("cause", ["let_go", "withdrawn"])
def test_what_a_firm_did_itself_is_no_news_to_it(cause: str) -> None:
    """It has just pressed the button."""
    events = (
        told.SuborderLapsed(**COMMON, from_state="picked", cause=cause),
        told.OrderEnded(**{k: COMMON[k] for k in ("stream_id", "at", "order_id", "business_id")}, end=cause),
    )

    audiences = {one.audience for event in events for one in rules.messages_of(event)}

    assert "firm" not in audiences


def every_rung() -> list[RungReached]:
    """Every rung that a dated document names, while its clock runs and after it was broken."""
    rows = json.loads((REPOSITORY / "migrations/policies/clock.json").read_text())
    return [
        rung(row["key"].split("/")[0], step["share"], state, tuple(step["told"]))
        for row in rows for step in row["body"]["rungs"] for state in ("running", "breached")
    ]  # fmt: skip


def recounted(**other: Any) -> DeadlineRecounted:
    """A deadline that a new calendar moved by a day."""
    facts: dict[str, Any] = {
        "stream_id": UUID(int=1), "at": ACCEPTED, "clock_id": UUID(int=7), "case_kind": "suborder",
        "case_id": COMMON["suborder_id"], "root_id": UUID(int=1), "clock": "DECISION", "owner": "bank",
        "outcome": "moved", "calendar_key": "cn", "from_version": 1, "to_version": 2, "old_due_on": ACCEPTED.date(),
        "due_on": ACCEPTED.date() + timedelta(days=1), "business_id": COMMON["business_id"],
        "bank_id": COMMON["bank_id"], "branch_id": COMMON["branch_id"],
    }  # fmt: skip
    return DeadlineRecounted(**facts | other)


@pytest.mark.parametrize(
    ("other", "audiences"),
    [
        ({}, ["firm", "branch"]),
        ({"branch_id": None}, ["firm", "head_office"]),  # An urge to a whole bank.
        ({"bank_id": None, "branch_id": None}, ["firm"]),  # The firm's own last day.
        ({"business_id": None}, ["branch"]),
    ],
)
def test_a_deadline_that_a_new_calendar_moves_is_told_to_those_who_wait(other: dict[str, Any], audiences: list[str]):
    """The firm and the branch; nobody else waits for it."""
    assert audiences == [one.audience for one in rules.messages_of_recount(recounted(**other))]


async def test_a_moved_deadline_lies_in_both_mailboxes_with_old_and_new_day(city: City) -> None:
    """And leads to where it is explained."""
    ids = COMMON | {"bank_id": city.banks[0].bank_id, "branch_id": city.banks[0].branch_id}
    event = recounted(**{name: ids[name] for name in ("business_id", "bank_id", "branch_id")})

    async with city.db.transaction(Role.WORKER) as tx:
        await announcements.announce_recount(tx, event)

    async with city.db.reading(Role.WORKER) as tx:
        rows = await tx.fetch("select audience, kind, slots ->> 'old_on', slots ->> 'due_on', url from messages m")
    days = (event.old_due_on.isoformat(), event.due_on.isoformat())
    assert [
        ("firm", "firm.due_moved", *days, f"/my/orders/{event.root_id}"),
        ("branch", "branch.due_moved", *days, f"/desk/suborders/{event.case_id}"),
    ] == [tuple(row) for row in rows]


def every_event() -> list[told.OrderEvent]:
    """Every event that is announced, with every cause that it can have."""
    causes = ("ACCEPT", "OFFER", "UNTIL", "SIGN", "GRACE", "DRAWS", "let_go")
    short = {name: COMMON[name] for name in ("stream_id", "at", "order_id", "business_id")}
    return [
        told.SuborderPushed(**COMMON, position=1, until_on=ACCEPTED.date()),
        told.SuborderAccepted(**COMMON, amount_fen=1),
        told.PapersAsked(**COMMON, request_id=UUID(int=8)),
        told.PapersBrought(**COMMON, request_id=UUID(int=8)),
        told.PapersContested(**COMMON, request_id=UUID(int=8)),
        told.ContactDenied(**COMMON),
        told.FirmSaid(**COMMON, word="gave_up"),
        told.OfferRetracted(**COMMON, offer_id=UUID(int=9), reason="fraud", from_state="offered"),
        told.SuborderReassigned(**COMMON, to_suborder_id=UUID(int=9), to_branch_id=UUID(int=9), from_state="pushed"),
        told.SuborderReopened(**COMMON, origin_id=UUID(int=9)),
        told.RefusalAppealed(**COMMON, appeal_id=UUID(int=9)),
        *(told.AppealAnswered(**COMMON, appeal_id=UUID(int=9), upheld=one) for one in (True, False)),
        told.PapersCapped(**COMMON, request_id=UUID(int=8)),
        told.SuborderRefused(**COMMON, reason_code="I2", from_state="investigating"),
        told.OfferMade(**COMMON, offer_id=UUID(int=9), amount_fen=1, rate_ppm=1, valid_workdays=1),
        told.OfferPicked(**COMMON, offer_id=UUID(int=9), amount_fen=1),
        told.SuborderSigned(**COMMON, amount_fen=1, draw_until_on=ACCEPTED.date()),
        told.DrawPaid(**COMMON, draw_id=UUID(int=9), amount_fen=1, paid_on=ACCEPTED.date(), is_last=True),
        told.SuborderPassedOver(**COMMON, from_state="offered"),
        *(told.SuborderWithdrawn(**COMMON, from_state="offered", cause=one) for one in ("withdrawn", "revoked")),
        *(told.SuborderLapsed(**COMMON, from_state="offered", cause=one) for one in causes),
        *(told.OrderEnded(**short, end=end.value) for end in End),
        *(told.ClockBreached(**COMMON, clock=clock, owner="bank") for clock in Clock),
        told.LoanRepaid(**COMMON, **ENTRY, repaid_on=ACCEPTED.date(), outstanding_fen=1),
        *(told.LoanExtended(**COMMON, **ENTRY, until_on=ACCEPTED.date(), by_deferral=one) for one in (True, False)),
        told.LoanOverdue(**COMMON, **ENTRY, since_on=ACCEPTED.date()),
        told.LoanSettled(**COMMON, entry_id=UUID(int=9), written_off_fen=0),
        told.DeferralAgreed(**COMMON, amount_fen=1, until_on=ACCEPTED.date()),
    ]


def test_every_message_has_a_text_and_every_text_is_used() -> None:
    """A kind without a text would park its event; a text that nothing tells is dead."""
    kinds = {one.kind for event in every_event() for one in rules.messages_of(event)}
    kinds |= {one.kind for event in every_rung() for one in rules.messages_of_rung(event)}

    kinds |= {one.kind for one in rules.messages_of_recount(recounted())}

    assert set(announcements.TEXTS) == kinds | {rules.RECOMMENDED}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_message_reads_well_with_its_slots(language: str) -> None:
    """No slot is left open, no number without its unit."""
    make_bus()
    i18n.use(language)

    read = [
        plain(one.kind, {**one.slots, "bank": "XY"})
        for one in (
            *(one for event in every_event() for one in rules.messages_of(event)),
            *(one for event in every_rung() for one in rules.messages_of_rung(event)),
            *rules.messages_of_recount(recounted()),
        )
    ]
    i18n.use("zh")

    assert len(read) > 25
    assert not [text for text in read if "{" in text or "_fen" in text]


async def test_every_kind_says_on_which_channels_a_copy_goes_out(city: City) -> None:
    """Policy is data: a kind that the policy forgot would park its event."""
    rows = await city.rows("select key from policies where kind = 'message'")

    make_bus()
    assert set(known()) == {row[0] for row in rows}


def test_every_kind_of_case_with_clocks_has_a_page_to_look_at() -> None:
    """A message that leads nowhere is half a message."""
    make_bus()

    assert {*CASE_KINDS, *locks()} <= set(PAGES)
