"""What happens to a proposal. Append-only shapes."""

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalMade(Event):
    proposal_id: UUID
    kind: str
    case_id: UUID
    org_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalClosed(Event):
    """`state`: approved, rejected, expired or void."""

    proposal_id: UUID
    kind: str
    case_id: UUID
    org_id: UUID
    state: str
