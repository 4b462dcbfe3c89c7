"""What is taken back while a case runs: a contact that the firm denies, papers that it contests, an offer by its bank.

A promise that was met by what is taken back is judged again as if that had never been: its clock goes on from where it
started, and when its day has passed the breach is told at once, at the instant of the act (history never runs back).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from app.market.orders.rules.facts import ContestPapers, DenyContact, Origin, Part, Refused, Retract
from app.market.orders.rules.states import RETRACTIONS, Act, Clock, State
from app.market.orders.rules.steps import Working


def _deny_contact(work: Working, part: Part, command: DenyContact) -> Refused | None:
    if part.origin is Origin.APPEAL:
        return Refused("wrong-state", "after an appeal nobody said that the firm was called")
    part = work.move(part, Act.DENY_CONTACT, State.ACCEPTED, command=command)
    judge_again(work, part, Clock.CONTACT, part.context.contact_due_at)
    return None


def _contest_papers(work: Working, part: Part, command: ContestPapers) -> Refused | None:
    work.change(replace(work.move(part, Act.CONTEST_PAPERS, part.state, command=command), papers_open=None))
    return None


def _retract(work: Working, part: Part, command: Retract) -> Refused | None:
    if command.reason not in RETRACTIONS:
        return Refused("reason-unknown", "an offer is taken back for fraud or for changed facts")
    if not command.seconded:
        return Refused("four-eyes", "an offer is taken back by two people")
    part = judge_again(work, part, Clock.DECISION, part.context.decision_due_at)
    work.move(part, Act.RETRACT, State.REFUSED, command=command)
    return None


def judge_again(work: Working, part: Part, clock: Clock, due_at: datetime | None) -> Part:
    """Tell the breach of a promise that looked kept, when its day has come without what kept it."""
    if due_at is None or work.at < due_at or clock in part.breached:
        return part
    part = work.move(part, Act.BREACH, part.state, cause=clock)
    return work.change(replace(part, breached=part.breached | {clock}))


ACT_OF: Final[dict[type[Any], Act]] = {
    DenyContact: Act.DENY_CONTACT,
    ContestPapers: Act.CONTEST_PAPERS,
    Retract: Act.RETRACT,
}
RULES: Final[dict[type[Any], Callable[[Working, Part, Any], Refused | None]]] = {
    DenyContact: _deny_contact,
    ContestPapers: _contest_papers,
    Retract: _retract,
}
