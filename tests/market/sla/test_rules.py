"""Which event does what to which clock, and the dated data behind it."""

import json
from dataclasses import fields, replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from app.market.orders import events as told
from app.market.orders.events import Clock
from app.market.sla import LISTENED
from app.market.sla import rules as sla
from app.market.sla.schemas import read_policy
from tests.support import REPOSITORY, shanghai

ROWS = json.loads((REPOSITORY / "migrations/policies/clock.json").read_text())
ON = {1: date(2025, 9, 25), 2: date(2026, 1, 1)}


def in_force(on: date) -> dict[Clock, sla.ClockPolicy]:
    """The clocks of orders by the newest version valid on a day."""
    rows = [row for row in ROWS if row["key"] in Clock.__members__ and date.fromisoformat(row["valid_from"]) <= on]
    newest = {row["key"]: row for row in sorted(rows, key=lambda row: row["version"])}
    return {Clock(key): read_policy(Clock(key), row["body"]) for key, row in newest.items()}


SHIPPED = in_force(ON[1])
PROOF = UUID(int=5)
# What an event does, in order: + start, ~ start unless it runs, ! met, x void, | pause, > resume, < go on, ^ go on
# elsewhere with what is left, >> all that run go on elsewhere; * void the rest.
EFFECTS = """
OrderPosted         +UNTIL
SuborderPushed      +ACCEPT +RECOMMENDED ~UNTIL
SuborderAccepted    !ACCEPT +CONTACT +DECISION +DELIVERY
SuborderContacted   !CONTACT
ContactDenied       <CONTACT
SuborderInvestigated
PapersAsked         |DECISION +PAPERS
PapersBrought       !PAPERS >DECISION
PapersContested     !PAPERS >DECISION
PapersCapped        >DECISION
SuborderRefused     !ACCEPT !CONTACT !DECISION !RECOMMENDED *
OfferMade           xPAPERS !DECISION !RECOMMENDED +OFFER
OfferRetracted      <DECISION !DECISION *
OfferPicked         !OFFER !UNTIL +SIGN
SuborderSigned      !SIGN xGRACE +PAYOUT +DRAWS
DrawPaid            !PAYOUT
DrawsEnded          !DRAWS *
SuborderPassedOver  *
SuborderWithdrawn   *
SuborderLapsed      *
OrderEnded          xUNTIL
ClockBreached       +GRACE
LoanRepaid
LoanExtended
LoanOverdue
LoanSettled         *
DeferralAgreed      !SIGN xGRACE *
SuborderReassigned  ^ACCEPT >> *
SuborderReopened
RefusalAppealed
AppealAnswered
FirmSaid
WithdrawalExplained
"""
VALUES: dict[str, Any] = {
    "until_on": date(2025, 11, 20), "draw_until_on": date(2025, 12, 31), "paid_on": date(2025, 9, 29),
    "contacted_at": shanghai("2025-09-25 10:00"), "at": shanghai("2025-09-25 10:00"), "clock": Clock.SIGN,
    "request_id": PROOF, "valid_workdays": 10, "is_last": False, "recommended_at": shanghai("2025-09-20 10:00"),
}  # fmt: skip


def event_of(name: str, **changed: object) -> told.OrderEvent:
    kind = getattr(told, name)
    given = {
        one.name: VALUES.get(one.name, {UUID: UUID(int=1), int: 1, str: "x"}.get(one.type)) for one in fields(kind)
    }
    made: told.OrderEvent = kind(**given | changed)
    return made


def drawn(steps: tuple[sla.ClockStep, ...]) -> str:
    signs = {
        sla.Start: "+", sla.Keep: "~", sla.Stop: "!", sla.Void: "x", sla.Pause: "|", sla.Resume: ">", sla.Reopen: "<",
        sla.Rest: "^", sla.Carry: ">>", sla.VoidRest: "*",
    }  # fmt: skip
    return " ".join(f"{signs[type(step)]}{getattr(step, 'clock', '')}" for step in steps)


LINES = [(line.split()[0], " ".join(line.split()[1:])) for line in EFFECTS.strip().splitlines()]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("name", "effects"), LINES)
def test_what_an_event_does_to_every_clock(name: str, effects: str, version: int) -> None:
    """The picture is the promise: the words of the documents, and those that the first documents left to the code."""
    assert effects == drawn(sla.effects(event_of(name), in_force(ON[version]), pause_left=10))


def test_the_picture_names_every_event_of_an_order() -> None:
    """A new event cannot be forgotten, and is listened to, since a document may name it."""
    kinds = {
        name for name, kind in vars(told).items()
        if isinstance(kind, type) and issubclass(kind, told.OrderEvent)
        and kind not in (told.OrderEvent, told.SuborderEvent)
    }  # fmt: skip

    assert kinds == {name for name, _ in LINES} == {kind.__name__ for kind in LISTENED}


def test_the_last_draw_ends_all_clocks() -> None:
    """A serviced loan owes nothing more that is counted here."""
    assert "!PAYOUT !DRAWS *" == drawn(sla.effects(event_of("DrawPaid", is_last=True), SHIPPED))


@pytest.mark.parametrize("clock", [Clock.CONTACT, Clock.DECISION, Clock.PAYOUT, Clock.ACCEPT])
def test_only_a_breached_sign_starts_another_clock(clock: Clock) -> None:
    """The others are facts; what follows from them is the machine's, not the clocks'."""
    assert () == sla.effects(event_of("ClockBreached", clock=clock), SHIPPED)


def test_a_bank_that_only_pulls_has_no_delivery() -> None:
    """There is nobody to tell."""
    steps = sla.effects(event_of("SuborderAccepted"), SHIPPED, is_told=False)

    assert "!ACCEPT +CONTACT +DECISION" == drawn(steps)


@pytest.mark.parametrize(("left", "days"), [(10, 5), (5, 5), (2, 2)])
def test_papers_get_five_workdays_or_what_the_cap_leaves(left: int, days: int) -> None:
    """Two requests can never pause longer than the cap."""
    _, start = sla.effects(event_of("PapersAsked"), SHIPPED, pause_left=left)

    assert "DECISION" == sla.bounded_by(event_of("PapersAsked"), SHIPPED.values())

    assert sla.Start(Clock.PAPERS, sla.Limit(sla.Unit.WORKDAYS, days)) == start


def test_the_first_limits_are_the_published_ones() -> None:
    """Valid from the day the platform went live; another limit is another version."""
    limits = {clock.value: (policy.owner, policy.unit.value, policy.count) for clock, policy in SHIPPED.items()}

    assert {
        "ACCEPT": ("bank", "workdays", 2), "CONTACT": ("bank", "workdays", 3), "DECISION": ("bank", "workdays", 10),
        "OFFER": ("firm", "workdays", 0), "SIGN": ("bank", "workdays", 5), "GRACE": ("firm", "workdays", 10),
        "PAYOUT": ("bank", "workdays", 5), "DRAWS": ("firm", "until", 0), "UNTIL": ("firm", "until", 0),
        "PAPERS": ("firm", "workdays", 5), "DELIVERY": ("platform", "minutes", 10),
        "RECOMMENDED": ("bank", "months", 1),
    } == limits  # fmt: skip
    assert 10 == SHIPPED[Clock.DECISION].pause_cap


def test_a_policy_of_another_shape_is_refused() -> None:
    """What an operator publishes is read strictly."""
    with pytest.raises(ValidationError):
        read_policy(Clock.ACCEPT, {"owner": "bank", "unit": "hours", "count": 2, "pause_cap": 0, "rungs": []})


def test_a_running_clock_lives_by_the_document_it_was_started_with() -> None:
    """A later document that lets a promise stop elsewhere, or pause no more, is for clocks that start under it."""
    later = dict(SHIPPED)
    later[Clock.DECISION] = replace(SHIPPED[Clock.DECISION], words=sla.Words(stops=(sla.When("SuborderInvestigated"),)))

    asked = sla.effects(event_of("PapersAsked"), later, pause_left=10, kept=SHIPPED)
    under_it = sla.effects(event_of("PapersAsked"), later, pause_left=10)

    assert ("|DECISION +PAPERS", "+PAPERS") == (drawn(asked), drawn(under_it))
    assert () == sla.effects(event_of("SuborderInvestigated"), later, kept=SHIPPED)


def test_what_was_not_recommended_has_no_such_promise() -> None:
    """The month counts from the recommendation, which most orders have not."""
    assert "+ACCEPT ~UNTIL" == drawn(sla.effects(event_of("SuborderPushed", recommended_at=None), SHIPPED))


@pytest.mark.parametrize("words", [
    {"starts": [{"on": "SuborderForgotten"}]}, {"starts": [{"on": "OfferMade", "count": "days"}]},
    {"starts": [], "stops": [{"on": "DrawPaid", "where": {"last": True}}]}, {"starts": [{"when": "OfferMade"}]},
])  # fmt: skip
def test_words_about_what_orders_never_tell_are_refused(words: dict[str, Any]) -> None:
    """A misspelt event would be a clock that never stops."""
    body = {"owner": "bank", "unit": "workdays", "count": 2, "pause_cap": 0, "rungs": []}

    with pytest.raises((ValidationError, ValueError)):
        read_policy(Clock.ACCEPT, body | words)


def test_every_rung_of_a_bank_is_told_up_to_the_supervisor_when_the_promise_is_broken() -> None:
    """Yellow to the branch, red to its head office as well, broken to all three (三员督办)."""
    for policy in in_force(ON[2]).values():
        told = {rung.share: set(rung.told) for rung in policy.rungs}
        if policy.owner == "bank":
            assert "branch" in told[70]
            assert {"branch", "head_office"} <= told[90]
            assert {"head_office", "customer_service", "supervisor"} <= told[100]


def of_type(clock: Clock, loan_type: str) -> sla.ClockPolicy:
    """The clock's document for one type of loan."""
    (row,) = [row for row in ROWS if row["key"] == f"{clock}/{loan_type}"]
    return read_policy(clock, row["body"])


def test_a_type_of_loan_may_have_a_document_of_its_own() -> None:
    """A renewal is watched by its head office from the seventh of ten workdays on, a deferral has seven in all."""
    renewal, deferral = (of_type(Clock.DECISION, name) for name in ("renewal", "deferral"))

    assert (10, sla.Rung(70, ("branch", "head_office"))) == (renewal.count, renewal.rungs[0])
    assert 7 == deferral.count
    assert renewal.words == deferral.words == in_force(ON[2])[Clock.DECISION].words


def test_a_refusal_that_was_overturned_is_decided_by_its_own_document() -> None:
    """Five workdays from the day on which the bank looks once more."""
    later = dict(SHIPPED) | {Clock.DECISION: of_type(Clock.DECISION, "appeal")}

    (start,) = sla.effects(event_of("SuborderReopened"), later)

    assert sla.Start(Clock.DECISION, sla.Limit(sla.Unit.WORKDAYS, 5)) == start
