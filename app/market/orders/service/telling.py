"""From the steps of an outcome to the events that tell them. Pure."""

from datetime import date
from typing import Any
from uuid import UUID

from app.market.orders import events as told
from app.market.orders.rules import facts
from app.market.orders.rules.states import Act, State
from app.market.orders.service.telling_loans import of_loan

OWNER = {"DELIVERY": "platform"}  # Every other promise that can breach is the bank's.


def announce(case: facts.Case, outcome: facts.Outcome, until_on: date) -> tuple[told.OrderEvent, ...]:
    """The events of `outcome`, in the order of its steps.

    `case` is the order before it, `until_on` its last day.
    """
    events = []
    for step in outcome.steps:
        if isinstance(step, facts.Moved):
            events.append(_of_move(case, step, until_on))
        elif isinstance(step, facts.Ended):
            events.append(
                told.OrderEnded(
                    stream_id=case.order_id,
                    at=step.at,
                    order_id=case.order_id,
                    business_id=case.business_id,
                    end=step.end.value,
                )
            )
    return tuple(events)


def _of_move(case: facts.Case, step: facts.Moved, until_on: date) -> told.OrderEvent:
    part = step.part
    common: dict[str, Any] = {
        "stream_id": case.order_id,
        "at": step.at,
        "order_id": case.order_id,
        "business_id": case.business_id,
        "suborder_id": part.suborder_id,
        "bank_id": part.bank_id,
        "branch_id": part.branch_id,
        "product_id": part.product_id,
        "consent_id": part.consent_id,
    }
    match step.act:
        case Act.PUSH:
            return _pushed(case, part, until_on, common)
        case Act.ACCEPT:
            return told.SuborderAccepted(
                **common, amount_fen=case.amount_fen, loan_type=part.loan_type.value, is_carried=part.is_carried
            )
        case Act.REOPEN:
            assert part.origin_id is not None
            return told.SuborderReopened(**common, origin_id=part.origin_id)
        case Act.PASS_OVER:
            return told.SuborderPassedOver(**common, from_state=part.state.value)
        case Act.WITHDRAW | Act.REVOKE:
            return told.SuborderWithdrawn(**common, from_state=part.state.value, cause=step.cause)
        case Act.LAPSE | Act.LET_GO:
            return told.SuborderLapsed(**common, from_state=part.state.value, cause=step.cause)
        case Act.BREACH:
            return told.ClockBreached(**common, clock=step.cause, owner=OWNER.get(step.cause, "bank"))
        case Act.CAP_PAPERS:
            return told.PapersCapped(**common, request_id=_open(part))
        case Act.BRING_PAPERS:
            return told.PapersBrought(**common, request_id=_open(part))
        case Act.CONTEST_PAPERS:
            return told.PapersContested(**common, request_id=_open(part))
        case Act.DENY_CONTACT:
            return told.ContactDenied(**common)
        case Act.END_DRAWS:
            return told.DrawsEnded(**common, unused_fen=part.signed_fen - part.paid_fen)
        case _:
            return _of_command(step, common)


def _pushed(case: facts.Case, part: facts.Part, until_on: date, common: dict[str, Any]) -> told.SuborderPushed:
    """Where a case moved to another branch, the month of a recommended firm goes on with its clock."""
    is_moved = part.origin is facts.Origin.MOVED
    return told.SuborderPushed(
        **common, position=part.position, until_on=until_on, loan_type=part.loan_type.value, is_moved=is_moved,
        recommended_at=None if is_moved else case.recommended_at,
    )  # fmt: skip


def _of_command(step: facts.Moved, common: dict[str, Any]) -> told.OrderEvent:
    match step.command:
        case facts.Refuse(reason=reason):
            return told.SuborderRefused(**common, reason_code=reason.code, from_state=step.part.state.value)
        case facts.Contact(contacted_at=contacted_at):
            return told.SuborderContacted(**common, contacted_at=contacted_at)
        case facts.Investigate():
            return told.SuborderInvestigated(**common)
        case facts.AskPapers(request_id=request_id):
            return told.PapersAsked(**common, request_id=request_id)
        case facts.Offer() as offer:
            return told.OfferMade(
                **common,
                offer_id=offer.offer_id,
                amount_fen=offer.amount_fen,
                rate_ppm=offer.rate_ppm,
                valid_workdays=offer.valid_workdays,
            )
        case facts.Retract(reason=reason):
            assert step.part.offer_id is not None
            return told.OfferRetracted(
                **common, offer_id=step.part.offer_id, reason=reason, from_state=step.part.state.value
            )
        case facts.Reassign(to_id=to_id, branch_id=branch_id):
            return told.SuborderReassigned(
                **common, to_suborder_id=to_id, to_branch_id=branch_id, from_state=step.part.state.value
            )
        case facts.Pick():
            assert step.part.offer_id is not None
            return told.OfferPicked(**common, offer_id=step.part.offer_id, amount_fen=step.part.offered_fen)
        case facts.Sign() as sign:
            return told.SuborderSigned(**common, amount_fen=sign.amount_fen, draw_until_on=sign.draw_until_on)
        case facts.PayOut() as draw:
            return told.DrawPaid(
                **common,
                draw_id=draw.draw_id,
                amount_fen=draw.amount_fen,
                paid_on=draw.paid_on,
                is_last=step.to is State.SERVICED,
            )
    return of_loan(step, common)


def _open(part: facts.Part) -> UUID:
    assert part.papers_open is not None
    return part.papers_open
