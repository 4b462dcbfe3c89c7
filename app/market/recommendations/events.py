"""What happened to recommendations, told to other rooms. Append-only shapes."""

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmRecommended(Event):
    """A firm was put on a list; `stream_id` is its subject. `business_id`: its account, None while it has none."""

    recommendation_id: UUID
    subject_id: UUID
    business_id: UUID | None
    source: str
