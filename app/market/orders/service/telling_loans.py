"""From the steps of a loan after signing to the events that tell them. Pure."""

from typing import Any

from app.market.orders import events as told
from app.market.orders.rules import facts


def of_loan(step: facts.Moved, common: dict[str, Any]) -> told.OrderEvent:
    """The event of an act on a loan; `common` says whose it is."""
    match step.command:
        case facts.Repay() as repay:
            owed = step.part.outstanding_fen - repay.amount_fen
            return told.LoanRepaid(
                **common, entry_id=repay.entry_id, amount_fen=repay.amount_fen, repaid_on=repay.on,
                outstanding_fen=owed,
            )  # fmt: skip
        case facts.Extend() as extend:
            return told.LoanExtended(
                **common, entry_id=extend.entry_id, amount_fen=extend.amount_fen, until_on=extend.until_on
            )
        case facts.Defer() as defer:
            return told.LoanExtended(
                **common, entry_id=defer.entry_id, amount_fen=defer.amount_fen, until_on=defer.until_on,
                by_deferral=True,
            )  # fmt: skip
        case facts.MarkOverdue() as mark:
            return told.LoanOverdue(
                **common, entry_id=mark.entry_id, amount_fen=mark.amount_fen, since_on=mark.since_on
            )
        case facts.Settle() as settle:
            written_off_fen = step.part.loan.written_off_fen
            return told.LoanSettled(**common, entry_id=settle.entry_id, written_off_fen=written_off_fen)
        case facts.Reschedule() as agreed:
            return told.DeferralAgreed(**common, amount_fen=step.part.offered_fen, until_on=agreed.until_on)
    raise AssertionError(f"{step.act} has no event")
