"""Suborders that follow others: moved to another branch of the bank, or made by an appeal that was upheld.

A moved suborder keeps its place and every promise with the time that it has used; an overturned refusal stays as it
is, and what follows it stands outside the places.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.market.orders.rules.facts import Case, Origin, Outcome, Part, Reassign, Refused
from app.market.orders.rules.loans import LoanType
from app.market.orders.rules.states import FROM_PICK_ON, Act, Clock, State
from app.market.orders.rules.steps import Working


def _reassign(work: Working, part: Part, command: Reassign) -> Refused | None:
    if command.branch_id == part.branch_id:
        return Refused("reassign-refused", "the same branch")
    if any(one.bank_id == part.bank_id and one.state is State.MOVED for one in work.case.parts):
        return Refused("reassign-refused", "once per bank")
    if Clock.DECISION in part.breached:
        return Refused("reassign-refused", "the time for the decision is over")
    if not command.covers:
        return Refused("above-ceiling", "the other branch may not decide it")
    if part.loan_type is not LoanType.DEFERRAL and command.room_fen < work.case.amount_fen:
        return Refused("quota-exhausted", "the other branch's pool has not enough money left")
    work.move(part, Act.REASSIGN, State.MOVED, command=command)
    follower = replace(
        part, suborder_id=command.to_id, branch_id=command.branch_id, state=State.LISTED, held_fen=0, accepted_at=None,
        papers_open=command.request_id if part.papers_open else None, origin=Origin.MOVED, origin_id=part.suborder_id,
        is_carried=part.accepted_at is not None,
    )  # fmt: skip
    work.case = replace(work.case, parts=(*work.case.parts, follower))
    work.move(follower, Act.PUSH, State.PUSHED, cause=Origin.MOVED)
    return None


def reopen(case: Case, part: Part, new_id: UUID, at: datetime, *, consented: bool) -> Outcome | None:
    """What an upheld appeal makes of a refused suborder: one that is investigated again, at once and outside the
    places. None when it is too late: the order is over or an offer is picked, the consent is gone, the bank works on
    it again already."""
    over = case.end is not None or case.withdrawn_at is not None or at >= case.until_at
    if over or not consented or any(one.state in FROM_PICK_ON for one in case.parts):
        return None
    if any(one.bank_id == part.bank_id for one in case.live):
        return None
    work = Working(case, at)
    follower = Part(
        new_id, part.bank_id, part.branch_id, part.product_id, part.consent_id, part.position, State.LISTED,
        papers_asked=part.papers_asked, loan_type=part.loan_type, origin=Origin.APPEAL, origin_id=part.suborder_id,
    )  # fmt: skip
    work.case = replace(case, parts=(*case.parts, follower))
    follower = work.move(follower, Act.REOPEN, State.INVESTIGATING, cause=Origin.APPEAL)
    work.change(replace(follower, accepted_at=at))
    work.settle()
    return Outcome(work.case, tuple(work.steps))


ACT_OF: Final[dict[type[Any], Act]] = {Reassign: Act.REASSIGN}
RULES: Final[dict[type[Any], Callable[[Working, Part, Any], Refused | None]]] = {Reassign: _reassign}
