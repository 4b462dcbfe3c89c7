"""What a loan's acts need beside the state, in declared precedence; and what a deferral may and may not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.market.orders.rules import allowed_acts, fold, judge
from app.market.orders.rules import facts as f
from app.market.orders.rules.states import Act, Standing, State
from tests.market.orders.test_rules import LATER, LOAN, TERMS, WHO, case_in, command_of
from tests.market.orders.world import NOW, TODAY

DAY = timedelta(days=1)
START, END = LOAN.starts_on, LOAN.ends_on
assert START is not None
assert END is not None
REPAID = replace(LOAN, repaid_fen=100)

NEEDS = [
    # repay: at most what is owed, between the first draw and today
    (Act.REPAY, State.SERVICED, {}, {"amount_fen": 0}, "amount-out-of-range"),
    (Act.REPAY, State.SERVICED, {}, {"amount_fen": 101}, "amount-out-of-range"),
    (Act.REPAY, State.PAYING, {}, {"amount_fen": 21}, "amount-out-of-range"),
    (Act.REPAY, State.SERVICED, {"loan": REPAID}, {}, "amount-out-of-range"),
    (Act.REPAY, State.SERVICED, {}, {"on": START - DAY}, "bad-time"),
    (Act.REPAY, State.SERVICED, {}, {"on": TODAY + DAY}, "bad-time"),
    # extend: not what is overdue, at most what is owed, agreed before it is due, as far as the policy lets it
    (Act.EXTEND, State.SERVICED, {"loan": replace(LOAN, overdue_fen=1)}, {"amount_fen": 0}, "wrong-state"),
    (Act.EXTEND, State.SERVICED, {}, {"amount_fen": 101}, "amount-out-of-range"),
    (Act.EXTEND, State.SERVICED, {"loan": REPAID}, {}, "amount-out-of-range"),
    (Act.EXTEND, State.SERVICED, {"loan": replace(LOAN, ends_on=TODAY - DAY)}, {}, "bad-time"),
    (Act.EXTEND, State.SERVICED, {}, {"on": TODAY + DAY}, "bad-time"),
    (Act.EXTEND, State.SERVICED, {}, {"until_on": END}, "terms-out-of-range"),
    (Act.EXTEND, State.SERVICED, {}, {"until_on": LATER + DAY}, "terms-out-of-range"),
    # mark overdue: at most what is owed, after the first draw, not ahead
    (Act.MARK_OVERDUE, State.SERVICED, {}, {"amount_fen": 101}, "amount-out-of-range"),
    (Act.MARK_OVERDUE, State.SERVICED, {}, {"since_on": START}, "bad-time"),
    (Act.MARK_OVERDUE, State.SERVICED, {}, {"since_on": TODAY + DAY}, "bad-time"),
    # settle: nothing owed, or words; a day that can be
    (Act.SETTLE, State.SERVICED, {}, {"reason": "short"}, "amount-out-of-range"),
    (Act.SETTLE, State.SERVICED, {}, {"on": TODAY + DAY}, "bad-time"),
    (Act.SETTLE, State.SERVICED, {"loan": REPAID}, {"on": START - DAY}, "bad-time"),
    (Act.SETTLE, State.SERVICED, {"loan": replace(REPAID, newest_on=TODAY)}, {"on": TODAY - DAY}, "bad-time"),
    # reschedule: at most what the loan owes, a day that can be, an end ahead
    (Act.RESCHEDULE, State.PICKED, {"loan_type": f.LoanType.DEFERRAL}, {"owed_fen": 99}, "amount-out-of-range"),
    (Act.RESCHEDULE, State.PICKED, {"loan_type": f.LoanType.DEFERRAL}, {"on": TODAY - DAY}, "bad-time"),
    (Act.RESCHEDULE, State.PICKED, {"loan_type": f.LoanType.DEFERRAL}, {"on": TODAY + DAY}, "bad-time"),
    (Act.RESCHEDULE, State.PICKED, {"loan_type": f.LoanType.DEFERRAL}, {"until_on": TODAY}, "terms-out-of-range"),
    (Act.RESCHEDULE, State.PICKED, {"loan_type": f.LoanType.DEFERRAL}, {"ends_on": LATER}, "terms-out-of-range"),
    (Act.RESCHEDULE, State.PICKED, {}, {}, "wrong-state"),
    (Act.SIGN, State.PICKED, {"loan_type": f.LoanType.DEFERRAL}, {}, "wrong-state"),
]


@pytest.mark.parametrize(("act", "state", "part", "command", "code"), NEEDS)
def test_what_an_act_on_a_loan_needs(
    act: Act, state: State, part: dict[str, object], command: dict[str, object], code: str
) -> None:
    """Money that never came back is not repaid, and no day is told that cannot be."""
    answer = judge(case_in(state, **part), replace(command_of(act), **command), NOW)  # type: ignore[arg-type]

    assert isinstance(answer, f.Refused)
    assert code == answer.code


def after(case: f.Case, command: f.Command) -> f.Case:
    answer = judge(case, command, NOW)
    assert isinstance(answer, f.Outcome)
    return answer.case


def test_what_is_owed_is_folded_from_draws_and_repayments() -> None:
    """Outstanding is stored nowhere, so nothing can disagree with it."""
    case = case_in(State.SERVICED)

    for amount_fen in (60, 30):
        case = after(case, replace(command_of(Act.REPAY), amount_fen=amount_fen))  # type: ignore[arg-type]

    assert 10 == case.part(WHO).outstanding_fen


def test_a_repayment_answers_what_is_overdue_first() -> None:
    """A mark does not outlive the money that it missed."""
    case = after(case_in(State.SERVICED), command_of(Act.MARK_OVERDUE))

    case = after(case, replace(command_of(Act.REPAY), amount_fen=15))  # type: ignore[arg-type]

    assert 5 == case.part(WHO).loan.overdue_fen


def test_a_settled_loan_closes_its_order_and_stores_no_end() -> None:
    """Closed is read from the loan; the stored ends are those of orders that came to nothing."""
    case = after(case_in(State.SERVICED, loan=REPAID), replace(command_of(Act.SETTLE), reason=""))  # type: ignore[arg-type]

    assert (Standing.CLOSED, None) == (fold(case), case.end)
    assert isinstance(judge(case, f.Withdraw(), NOW), f.Refused)


def test_what_is_still_owed_is_written_off_with_its_sum() -> None:
    """A reason without a figure would hide the loss."""
    case = after(case_in(State.SERVICED), command_of(Act.SETTLE))

    part = case.part(WHO)
    assert (State.SETTLED, 100, 0) == (part.state, part.loan.written_off_fen, part.outstanding_fen)


def test_a_deferral_takes_no_money_from_the_pool() -> None:
    """It holds and draws nothing: an empty pool does not stand in its way."""
    empty = {"loan_type": f.LoanType.DEFERRAL, "context": f.Context(TERMS, 0, True, 5), "held_fen": 0}

    accepted = judge(case_in(State.PUSHED, **empty), command_of(Act.ACCEPT), NOW)
    offered = judge(case_in(State.CONTACTED, **empty), command_of(Act.OFFER), NOW)

    for answer in (accepted, offered):
        assert isinstance(answer, f.Outcome)
        assert not [step for step in answer.steps if isinstance(step, f.Held | f.Shrunk)]


def test_a_deferral_ends_when_its_new_schedule_is_agreed() -> None:
    """It is over on the day it is signed: nothing is drawn, and no clock of it is owed any more."""
    case = case_in(State.PICKED, loan_type=f.LoanType.DEFERRAL, held_fen=0)

    case = after(case, command_of(Act.RESCHEDULE))

    assert (State.SETTLED, Standing.CLOSED) == (case.part(WHO).state, fold(case))


def test_the_new_schedule_stands_on_the_loan() -> None:
    """What was overdue is answered by the deferral, and the loan's last day is the new one."""
    case = case_in(State.SERVICED, loan=replace(LOAN, overdue_fen=20, overdue_since_on=TODAY))

    case = after(case, f.Defer(WHO, WHO, 100, TODAY, LATER, WHO))

    loan = case.part(WHO).loan
    assert (LATER, LATER, 0) == (loan.ends_on, loan.term_ends_on, loan.overdue_fen)


def test_the_acts_of_a_type_are_named() -> None:
    """A machine is told what the type allows, not only what the state does."""
    deferral = case_in(State.PICKED, loan_type=f.LoanType.DEFERRAL, breached=frozenset()).part(WHO)

    assert Act.RESCHEDULE in allowed_acts(deferral)
    assert Act.SIGN not in allowed_acts(deferral)
    assert Act.RESCHEDULE not in allowed_acts(replace(deferral, loan_type=f.LoanType.NEW))
