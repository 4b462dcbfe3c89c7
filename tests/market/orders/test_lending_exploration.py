"""A loan after signing, explored to the end: every act in every order, on two days, with sums of one and two."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.market.orders.rules import facts as f
from app.market.orders.rules import fold, judge, judging, steps
from app.market.orders.rules.states import FIRM_ACTS, Act, End, Standing, State
from app.market.orders.rules.steps import Working
from tests.market.orders.test_rules import DRAW, ENTRY, LATER, WHO, case_in
from tests.market.orders.world import NOW, TODAY

SIGNED_FEN = 3
DAYS = (TODAY - timedelta(days=1), TODAY)


def begin() -> f.Case:
    """A contract over three, nothing drawn yet; its firm broke nothing and nothing was broken to it."""
    return case_in(State.SIGNED, signed_fen=SIGNED_FEN, held_fen=SIGNED_FEN, breached=frozenset(), loan=f.Loan())


def commands(case: f.Case) -> Iterator[f.Command]:
    """Everything that either side could try."""
    yield f.Withdraw()
    yield f.Revoke(case.part(WHO).consent_id)
    yield f.EndDraws(WHO)
    yield f.LetGo(WHO)
    yield f.Reschedule(WHO, TODAY, SIGNED_FEN, LATER, TODAY)
    for amount_fen in (1, 2):
        yield f.PayOut(WHO, DRAW, amount_fen, TODAY, TODAY)
        for on in DAYS:
            yield f.Repay(WHO, ENTRY, amount_fen, on, TODAY)
            yield f.Extend(WHO, ENTRY, amount_fen, on, LATER, LATER, TODAY)
            yield f.MarkOverdue(WHO, ENTRY, amount_fen, on, TODAY)
    for reason in ("", "the firm is no more"):
        yield f.Settle(WHO, ENTRY, TODAY, reason, 10, TODAY)


def step(case: f.Case, command: f.Command) -> f.Case | None:
    """The case after an act, None when it is refused; the first draw dates the loan, as its ledger does."""
    part = case.part(WHO)
    if part.state not in (State.PAYING, State.SERVICED) and isinstance(
        command, f.Repay | f.Extend | f.MarkOverdue | f.Settle
    ):
        assert isinstance(judge(case, command, NOW), f.Refused), "before the first draw there is no loan"
        return None
    answer = judge(case, command, NOW)
    if isinstance(answer, f.Refused):
        return None
    part = answer.case.part(WHO)
    if part.paid_fen and part.loan.starts_on is None:
        loan = replace(part.loan, starts_on=DAYS[0], term_ends_on=TODAY, ends_on=TODAY)
        return replace(answer.case, parts=(replace(part, loan=loan),))
    return answer.case


def explore() -> tuple[dict[tuple[object, ...], f.Case], set[str]]:
    """Every case that can be reached, and what of the promises is broken in any of them."""
    first = begin()
    seen, queue, broken = {_key(first): first}, deque([first]), set(_broken(first))
    while queue:
        case = queue.popleft()
        for command in commands(case):
            after = step(case, command)
            if after is None:
                continue
            if case.part(WHO).state is State.SETTLED and not isinstance(command, f.Revoke):
                broken.add("something leaves a settled loan")
            broken |= set(_broken(after))
            if _key(after) not in seen:
                seen[_key(after)] = after
                queue.append(after)
    return seen, broken


def _key(case: f.Case) -> tuple[object, ...]:
    part = case.part(WHO)
    return part.state, part.paid_fen, part.held_fen, part.loan, case.end, case.withdrawn_at, case.listed


def _broken(case: f.Case) -> Iterator[str]:
    part = case.part(WHO)
    if not 0 <= part.outstanding_fen <= part.paid_fen:
        yield "a loan owes less than nothing, or more than was paid out"
    if not 0 <= part.loan.overdue_fen <= part.outstanding_fen:
        yield "more is overdue than owed"
    if part.state is State.SETTLED and (part.outstanding_fen or part.held_fen):
        yield "a settled loan owes or holds"
    if part.state is State.SETTLED and (fold(case) is not Standing.CLOSED or case.end is not None):
        yield "a settled loan leaves its order open, or stores an end"
    if part.state in (State.PAYING, State.SERVICED) and part.held_fen != (
        SIGNED_FEN - part.paid_fen if part.state is State.PAYING else 0
    ):
        yield "what is not drawn yet is not held"


def test_no_history_of_a_loan_breaks_a_promise() -> None:
    """Small enough to be looked at whole: repaid before all is drawn, extended, overdue, written off, in any order."""
    seen, broken = explore()

    assert set() == broken
    assert {State.SIGNED, State.PAYING, State.SERVICED, State.SETTLED} == {
        case.part(WHO).state for case in seen.values()
    }
    print(f"{len(seen)} situations")


def _repay_too_much(patch: pytest.MonkeyPatch) -> None:
    def repay(work: Working, part: f.Part, command: f.Repay) -> f.Refused | None:
        loan = replace(part.loan, repaid_fen=part.loan.repaid_fen + command.amount_fen)
        if loan.repaid_fen > SIGNED_FEN + 1:
            return f.Refused("amount-out-of-range")
        work.change(replace(work.move(part, Act.REPAY, part.state, command=command), loan=loan))
        return None

    patch.setitem(judging.RULES, f.Repay, repay)


def _settle_what_is_owed(patch: pytest.MonkeyPatch) -> None:
    def settle(work: Working, part: f.Part, command: f.Settle) -> None:
        work.move(part, Act.SETTLE, State.SETTLED, command=command)

    patch.setitem(judging.RULES, f.Settle, settle)


def _overdue_outlives_the_money(patch: pytest.MonkeyPatch) -> None:
    right = judging.RULES[f.Repay]

    def repay(work: Working, part: f.Part, command: f.Repay) -> f.Refused | None:
        refused = right(work, part, command)
        if refused is None:
            now = work.case.part(WHO)
            work.change(replace(now, loan=replace(now.loan, overdue_fen=part.loan.overdue_fen)))
        return refused

    patch.setitem(judging.RULES, f.Repay, repay)


def _store_an_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(steps, "end_of", lambda case, at: case.end or (None if case.live else End.UNMATCHED))


@pytest.mark.parametrize("fault", [_repay_too_much, _settle_what_is_owed, _overdue_outlives_the_money, _store_an_end])
def test_a_rule_that_is_switched_off_is_seen(fault: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that finds nothing could be blind."""
    assert callable(fault)
    fault(monkeypatch)

    _, broken = explore()

    assert broken


def test_the_firm_tells_nothing_of_its_loan() -> None:
    """What came back is the bank's word, with its mark; the firm's own words are its complaints."""
    assert not set(FIRM_ACTS) & {Act.REPAY, Act.EXTEND, Act.MARK_OVERDUE, Act.SETTLE, Act.RESCHEDULE}
