"""What ingestion tells other rooms. Append-only shapes."""

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStored(Event):
    """A file has been stored; it is not yet in force. `stream_id` is the batch."""

    batch_id: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLanded(Event):
    """A batch came into force, whole. Whose facts changed: `subjects_of_batch`."""

    batch_id: UUID
    kind: str
    rows_accepted: int
    rows_quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRefused(Event):
    """A file was refused whole; not a row of it is in force."""

    batch_id: UUID
    kind: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletsLanded(Event):
    """Bank outlets came into force as subjects; the marketplace turns them into branches (`outlet_rows`)."""

    batch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedFirmsLanded(Event):
    """A bank's masked firms came into force; its own ratings of them wait in `masked_inputs`."""

    batch_id: UUID
    bank_id: UUID
