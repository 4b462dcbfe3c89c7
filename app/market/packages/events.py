"""What happened to packages, told to other rooms. Append-only shapes: a new field goes last and has a default.

Every event's stream is its order.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageEvent(Event):
    """A fact about one package; `stream_id` equals `order_id`."""

    package_id: UUID
    order_id: UUID
    suborder_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSealed(PackageEvent):
    """The package is there to be pulled."""

    consent_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageValueChanged(PackageEvent):
    """Values differ from what the firm saw when it signed; they were sealed with that mark. The firm is told."""

    consent_id: UUID
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageDelivered(PackageEvent):
    """The bank was told that its package is there. `told_at` is the wall instant of its answer."""

    told_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(PackageEvent):
    """A try to tell the bank did not work: proof that its endpoint was down from `began_at` to `ended_at` (wall).

    `dead` when no further try follows by itself.
    """

    outcome: str
    try_number: int
    began_at: datetime
    ended_at: datetime
    dead: bool
