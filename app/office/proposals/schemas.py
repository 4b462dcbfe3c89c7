"""What is sent and shown of proposals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from app.office.proposals.rules import Proposal
from app.web.body import Body, text


class RejectionBody(Body):
    said: Annotated[str, text(500, 2)]


@dataclass(frozen=True, slots=True)
class ProposalView:
    """One act that waits, or waited, for a second person."""

    proposal_id: UUID
    kind: str
    case_id: UUID
    branch_id: UUID | None
    body: Mapping[str, Any]
    made_by: UUID
    made_at: datetime
    expires_at: datetime
    state: str
    closed_at: datetime | None
    said: str | None

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalView":
        p = proposal
        return cls(
            p.proposal_id, p.kind, p.case_id, p.branch_id, p.body, p.made_by, p.made_at, p.expires_at, p.state.value,
            p.closed_at, p.said,
        )  # fmt: skip
