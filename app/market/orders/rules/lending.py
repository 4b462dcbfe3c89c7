"""What may be done to a loan after signing: repaid, extended, marked overdue, settled; and a deferral agreed.

Pure. The state stays but for `settle` and `reschedule`, which end a suborder. A deferral holds and draws nothing: it is
offered and picked like every other, and ends as settled when its new schedule stands on the loan it points to.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from app.kernel.clock import shanghai_date
from app.market.orders.rules.facts import Part, Refused
from app.market.orders.rules.loans import Defer, Extend, LoanType, MarkOverdue, Repay, Reschedule, Settle
from app.market.orders.rules.states import Act, State
from app.market.orders.rules.steps import Working


def may(part: Part, act: Act) -> bool:
    """Whether the type of a loan lets an act be: a deferral is rescheduled, not signed and paid out."""
    if part.loan_type is LoanType.DEFERRAL:
        return act not in (Act.SIGN, Act.PAY_OUT)
    return act is not Act.RESCHEDULE


def _repay(work: Working, part: Part, command: Repay) -> Refused | None:
    loan = part.loan
    assert loan.starts_on is not None, "what is paid out has its first day"
    if not 0 < command.amount_fen <= part.outstanding_fen:
        return Refused("amount-out-of-range", "a repayment is above nothing and at most what is owed")
    if not loan.starts_on <= command.on <= command.today:
        return Refused("bad-time", "a repayment lies between the first draw and today")
    part = work.move(part, Act.REPAY, part.state, command=command)
    overdue_fen = max(0, loan.overdue_fen - command.amount_fen)
    work.change(
        replace(part, loan=replace(loan, repaid_fen=loan.repaid_fen + command.amount_fen, overdue_fen=overdue_fen))
    )
    return None


def _extend(work: Working, part: Part, command: Extend) -> Refused | None:
    loan = part.loan
    assert loan.starts_on is not None
    assert loan.ends_on is not None
    if loan.overdue_fen:
        return Refused("wrong-state", "what is overdue is repaid or deferred, not extended")
    if not 0 < command.amount_fen <= part.outstanding_fen:
        return Refused("amount-out-of-range", "what is extended is above nothing and at most what is owed")
    if not loan.starts_on <= command.on <= min(command.today, loan.ends_on):
        return Refused("bad-time", "an extension is agreed before the loan is due, and not after today")
    if not loan.ends_on < command.until_on <= command.latest_on:
        return Refused("terms-out-of-range", "the new last day is too early or too late")
    part = work.move(part, Act.EXTEND, part.state, command=command)
    work.change(replace(part, loan=replace(loan, ends_on=command.until_on)))
    return None


def _defer(work: Working, part: Part, command: Defer) -> Refused | None:
    """The conditions were judged with the deferral itself, under both locks."""
    assert 0 < command.amount_fen <= part.outstanding_fen, "a deferral is at most what is owed"
    part = work.move(part, Act.EXTEND, part.state, cause=LoanType.DEFERRAL, command=command)
    loan = replace(
        part.loan, ends_on=command.until_on, term_ends_on=command.until_on, overdue_fen=0, overdue_since_on=None
    )
    work.change(replace(part, loan=loan))
    return None


def _mark_overdue(work: Working, part: Part, command: MarkOverdue) -> Refused | None:
    loan = part.loan
    assert loan.starts_on is not None
    if not 0 < command.amount_fen <= part.outstanding_fen:
        return Refused("amount-out-of-range", "what is overdue is above nothing and at most what is owed")
    if not loan.starts_on < command.since_on <= command.today:
        return Refused("bad-time", "a loan is overdue after its first draw, and not from tomorrow on")
    part = work.move(part, Act.MARK_OVERDUE, part.state, command=command)
    work.change(replace(part, loan=replace(loan, overdue_fen=command.amount_fen, overdue_since_on=command.since_on)))
    return None


def _settle(work: Working, part: Part, command: Settle) -> Refused | None:
    assert part.loan.starts_on is not None
    owed = part.outstanding_fen
    if owed and len(command.reason.strip()) < command.reason_min:
        return Refused("amount-out-of-range", "what is still owed is repaid, or written off with a reason")
    if not (part.loan.newest_on or part.loan.starts_on) <= command.on <= command.today:
        return Refused("bad-time", "a loan is settled between its newest draw or repayment and today")
    part = work.change(replace(part, loan=replace(part.loan, written_off_fen=owed, overdue_fen=0)))
    work.move(part, Act.SETTLE, State.SETTLED, cause="written_off" if owed else "", command=command)
    return None


def _reschedule(work: Working, part: Part, command: Reschedule) -> Refused | None:
    assert part.picked_at is not None
    if part.offered_fen > command.owed_fen:
        return Refused("amount-out-of-range", "a deferral is at most what the loan still owes")
    if not shanghai_date(part.picked_at) <= command.on <= command.today:
        return Refused("bad-time", "an agreement is signed between the pick and today")
    if command.until_on <= max(command.today, command.ends_on or command.today):
        return Refused("terms-out-of-range", "a new schedule ends after today and after the loan's last day")
    part = work.change(replace(part, signed_on=command.on))
    work.move(part, Act.RESCHEDULE, State.SETTLED, cause=LoanType.DEFERRAL, command=command)
    return None


ACT_OF: Final[dict[type[Any], Act]] = {
    Repay: Act.REPAY,
    Extend: Act.EXTEND,
    Defer: Act.EXTEND,
    MarkOverdue: Act.MARK_OVERDUE,
    Settle: Act.SETTLE,
    Reschedule: Act.RESCHEDULE,
}
RULES: Final[dict[type[Any], Callable[[Working, Part, Any], Refused | None]]] = {
    Repay: _repay,
    Extend: _extend,
    Defer: _defer,
    MarkOverdue: _mark_overdue,
    Settle: _settle,
    Reschedule: _reschedule,
}
