"""What happened to an urge or to a circular. Append-only shapes: a new field goes last and has a default."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgeMoved(Event):
    """An urge was issued (`act` = issue), or moved by an act of its table. The stream is the urge."""

    urge_id: UUID
    act: str
    to_state: str
    addressee: str
    about_kind: str
    about_id: UUID
    bank_id: UUID
    branch_id: UUID | None
    by_hand: bool
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CircularMoved(Event):
    """A circular was published (`act` = publish; `bank_id` one of those it names or is sent to), or a named bank's part
    of it moved. The stream is the circular."""

    circular_id: UUID
    act: str
    bank_id: UUID
    named: bool
    rectify_by_on: date
