"""Two-person acts: who may check what another person has proposed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.access.seats import Seat, SeatRole

COUNTED: Final = frozenset({"fen", "ppm", "months", "count"})  # Units whose difference says something.


class ProposalState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"  # Applied, in the same transaction.
    REJECTED = "rejected"
    EXPIRED = "expired"  # Nobody checked it in time.
    VOID = "void"  # Its case has ended.


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act that waits for a second person. `root_id` is the order of a case that belongs to one."""

    proposal_id: UUID
    kind: str
    case_id: UUID
    root_id: UUID | None
    org_id: UUID
    branch_id: UUID | None
    body: Mapping[str, Any]
    made_by: UUID
    made_at: datetime
    expires_at: datetime
    state: ProposalState
    closed_at: datetime | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what is proposed. `unit`: fen, ppm, months, count, date, `words` (translated) or `text` (data)."""

    label: str
    value: Any
    unit: str = "text"


@dataclass(frozen=True, slots=True)
class Change:
    """What would be another: `before` and `after` in a line's `unit`, None where nothing is set."""

    label: str
    before: Any
    after: Any
    unit: str = "text"

    @property
    def more_by(self) -> int | None:
        """How much more it would be, negative where less; None where it cannot be counted."""
        if self.unit not in COUNTED or not isinstance(self.before, int) or not isinstance(self.after, int):
            return None
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Described:
    """A proposal in words, as its owner tells it. Title, labels, `link` and `sides` are source texts.

    `name` says which one of its kind (data, for the confirmation); `url` leads to its case under the words `link`;
    `sides` head the two columns of `changes` where they are not "now" and "then".
    """

    title: str
    lines: tuple[Line, ...]
    url: str = ""
    name: str = ""
    changes: tuple[Change, ...] = ()
    link: str = ""
    sides: tuple[str, str] | None = None


class NotChecked(StrEnum):
    """Why somebody may not check, in the order the tests run; the first that holds is the answer."""

    ANOTHER_ORG = "another_org"
    ANOTHER_BRANCH = "another_branch"
    ROLE = "role"
    MAKER = "maker"  # The maker can never be the checker.
    CLOSED = "closed"
    EXPIRED = "expired"


PROBLEM_OF: Final[Mapping[NotChecked, str]] = {
    NotChecked.ANOTHER_ORG: "not-found",
    NotChecked.ANOTHER_BRANCH: "not-found",
    NotChecked.ROLE: "forbidden",
    NotChecked.MAKER: "four-eyes",
    NotChecked.CLOSED: "wrong-state",
    NotChecked.EXPIRED: "wrong-state",
}


def judge_check(proposal: Proposal, by: Seat, checkers: frozenset[SeatRole], now: datetime) -> NotChecked | None:
    """Why `by` may not check this proposal at `now`, or None.

    A proposal of a branch is checked in that branch or by its head office, whose seats name no branch.
    """
    if by.org_id != proposal.org_id:
        return NotChecked.ANOTHER_ORG
    if not is_theirs(proposal, by):
        return NotChecked.ANOTHER_BRANCH
    if by.role not in checkers:
        return NotChecked.ROLE
    if by.person_id == proposal.made_by:
        return NotChecked.MAKER
    if proposal.state is not ProposalState.OPEN:
        return NotChecked.CLOSED
    return NotChecked.EXPIRED if now >= proposal.expires_at else None


def is_theirs(proposal: Proposal, by: Seat) -> bool:
    """Whether a proposal is a seat's to see: of its organisation, and of no other branch than its own."""
    same_branch = None in (by.branch_id, proposal.branch_id) or by.branch_id == proposal.branch_id
    return by.org_id == proposal.org_id and same_branch
