"""What consents tell the rest of the house. Append-only: new fields last, with a default."""

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGranted(Event):
    """A letter was signed. `stream_id` is the order."""

    consent_id: UUID
    order_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentAmended(Event):
    """Another branch of the same bank stands in the place of the stated one. `stream_id` is the order."""

    consent_id: UUID
    order_id: UUID
    business_id: UUID
    bank_id: UUID
    from_branch_id: UUID
    branch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRevoked(Event):
    """A letter was taken back. `stream_id` is the order; recorded in the transaction that writes `revoked_at`."""

    consent_id: UUID
    order_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    purpose: str
