"""The base of every event: a fact that became true in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Append-only shape: a new field goes last and has a default; a breaking change is a new class.

    `stream_id` orders events against each other: the order for all that happens to an order, otherwise the case,
    subject or organisation. `at` is the business instant at which it became true (aware UTC).
    """

    stream_id: UUID
    at: datetime
