"""What became of notices. Append-only shapes: a new field goes last and has a default.

`stream_id` is the case that the notice is about (an order), `at` the business instant at which the answer was known.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDelivered(Event):
    """The bank's endpoint took the notice. `ended_at` is wall time."""

    notice_id: UUID
    bank_id: UUID
    kind: str
    ids: dict[str, UUID]
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFailed(Event):
    """One try did not work. `dead` when it was the last one. `began_at` and `ended_at` are wall time."""

    notice_id: UUID
    bank_id: UUID
    kind: str
    ids: dict[str, UUID]
    try_number: int
    outcome: str
    dead: bool
    began_at: datetime
    ended_at: datetime
