"""What is taken back while a case runs: contacts denied, papers contested, offers retracted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.market.orders.rules import facts as f
from app.market.orders.rules import judge
from app.market.orders.rules.states import Act, Clock, State
from tests.market.orders.test_rules import WHO, case_in
from tests.market.orders.world import NOW


def acts(answer: f.Outcome | f.Refused) -> list[tuple[Act, str]]:
    assert isinstance(answer, f.Outcome)
    return [(step.act, step.cause) for step in answer.steps if isinstance(step, f.Moved)]


@pytest.mark.parametrize(
    ("due", "told"),
    [
        (timedelta(seconds=1), [(Act.DENY_CONTACT, "")]),
        (timedelta(0), [(Act.DENY_CONTACT, ""), (Act.BREACH, "CONTACT")]),
        (None, [(Act.DENY_CONTACT, "")]),
    ],
)
def test_a_denied_contact_is_judged_again(due: timedelta | None, told: list[tuple[Act, str]]) -> None:
    """Without it the bank's time to call was over, or it was not: to the second."""
    context = f.Context(contact_due_at=None if due is None else NOW + due)
    case = case_in(State.CONTACTED, breached=frozenset(), context=context)

    answer = judge(case, f.DenyContact(WHO), NOW)

    assert told == acts(answer)
    assert isinstance(answer, f.Outcome)
    assert State.ACCEPTED is answer.case.part(WHO).state
    assert (len(told) > 1) == (Clock.CONTACT in answer.case.part(WHO).breached)


def test_an_offer_taken_back_late_was_no_decision_in_time() -> None:
    """An offer on the last day, taken back on the next, would otherwise stop any clock."""
    case = case_in(State.PICKED, breached=frozenset(), context=f.Context(decision_due_at=NOW))

    answer = judge(case, f.Retract(WHO, "fraud", seconded=True), NOW)

    assert [(Act.BREACH, "DECISION"), (Act.RETRACT, "")] == acts(answer)
    assert isinstance(answer, f.Outcome)
    assert (State.REFUSED, 0) == (answer.case.part(WHO).state, answer.case.part(WHO).held_fen)


def test_an_offer_taken_back_in_time_is_a_refusal_in_time() -> None:
    """The bank has decided within its days: against the firm."""
    case = case_in(State.OFFERED, breached=frozenset(), context=f.Context(decision_due_at=NOW + timedelta(seconds=1)))

    assert [(Act.RETRACT, "")] == acts(judge(case, f.Retract(WHO, "fraud", seconded=True), NOW))


def test_contested_papers_cannot_be_asked_for_again() -> None:
    """Contesting ends the request, and what was asked for once stays asked for."""
    case = case_in(State.CONTACTED, papers_asked=frozenset({"ledger"}))

    answer = judge(case, f.ContestPapers(WHO), NOW)

    assert isinstance(answer, f.Outcome)
    part = answer.case.part(WHO)
    assert (None, frozenset({"ledger"})) == (part.papers_open, part.papers_asked)
    again = replace(answer.case, parts=(replace(part, context=f.Context(None, 0, True, 5)),))
    assert isinstance(judge(again, f.AskPapers(WHO, WHO, ("ledger",)), NOW), f.Refused)
