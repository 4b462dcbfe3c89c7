"""What firms said of a service, told to other rooms. Append-only shapes: a new field goes last and has a default."""

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingEvent(Event):
    """`stream_id` is the rating."""

    rating_id: UUID
    suborder_id: UUID
    order_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingGiven(RatingEvent):
    """`n` counts the marks of one rating: 1 for the first, more for a change."""

    stars: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderOpened(RatingEvent):
    """A bad rating: somebody must follow it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderClosed(RatingEvent):
    """`side` is bank (its head office) or service."""

    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDone(Event):
    """`stream_id` is the call-back. `result` is satisfied, not or unreachable."""

    callback_id: UUID
    suborder_id: UUID
    order_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    result: str
