"""A batch as it is known, and its receipt as a document that leaves the house. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.credit.ingestion.rules.shapes import BROKEN_WORDS, FAULT_WORDS, NOTE_WORDS, Broken, Fault, FileKind, Note

BANKISH: Final = re.compile("银行|支行|分理处|储蓄所|信用社")


@dataclass(frozen=True, slots=True)
class Batch:
    """One file. `state`: offered (its profile is looked at first), stored (waits to be loaded), landed (in force),
    refused (whole), discarded (by a person, before it was loaded)."""

    batch_id: UUID
    kind: FileKind
    file_name: str
    sha256: str
    size_bytes: int
    provider_id: UUID | None
    bank_id: UUID | None
    list_kind: str | None
    as_of_on: date | None
    state: str
    stored_at: datetime
    ended_at: datetime | None
    rows_read: int
    rows_accepted: int
    rows_normalised: int
    rows_quarantined: int
    rows_new: int
    direction: str | None
    encoding: str | None
    extra_columns: str
    absent_columns: str
    refusal: Broken | None
    refusal_where: str

    @property
    def in_force(self) -> bool:
        return self.state == "landed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is. `phase`: profile or load while rows are read, land when they are put in force.

    `rows_expected` is exact after a profile, else a guess from the size, or unknown.
    """

    rows_read: int
    at: datetime
    phase: str
    began_at: datetime | None
    rows_expected: int | None

    def seconds_left(self) -> int | None:
        """How long reading will go on at the pace so far; None before there is a pace.

        >>> from datetime import timedelta
        >>> began = datetime(2026, 1, 5)
        >>> Progress(10_000, began + timedelta(seconds=2), "load", began, 50_000).seconds_left()
        8
        """
        if self.began_at is None or not self.rows_read or not self.rows_expected or self.phase == "land":
            return None
        pace = (self.at - self.began_at).total_seconds() / self.rows_read
        return max(round(pace * (self.rows_expected - self.rows_read)), 0)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a load of the file would do, found by doing it and taking it back. `separator` is empty for a workbook."""

    profiled_at: datetime
    took_ms: int
    rows_read: int
    rows_accepted: int
    rows_normalised: int
    rows_quarantined: int
    rows_new: int
    direction: str | None
    encoding: str
    separator: str
    columns: list[dict[str, str]]  # state (matched, absent, unused), title, usual
    samples: list[dict[str, Any]]  # row_no, fate, codes, cells: (column, original, becomes)
    notes: dict[str, int]
    faults: dict[str, int]
    passed_over: str

    @property
    def rows_known(self) -> int:
        """Accepted rows that say nothing new: they have been seen before."""
        return max(self.rows_accepted - self.rows_new, 0)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A quarantined row: where it stood, what stood there, and perhaps what a person may compare it with."""

    row_no: int
    code: Fault
    column: str
    original: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch, row by row for those that were not taken. `rejected` may be one page of them."""

    batch: Batch
    notes: dict[Note, int]
    faults: dict[Fault, int]
    rejected: tuple[RejectedRow, ...]

    def document(self) -> dict[str, Any]:
        """The receipt as a JSON document: codes for machines, words in both languages for people."""
        b = self.batch
        return {
            "batch_id": str(b.batch_id),
            "kind": b.kind.value,
            "file_name": b.file_name,
            "sha256": b.sha256,
            "state": b.state,
            "in_force": b.in_force,
            "stored_at": b.stored_at.isoformat(),
            "ended_at": b.ended_at.isoformat() if b.ended_at else None,
            "direction": b.direction,
            "encoding": b.encoding,
            "extra_columns": [one for one in b.extra_columns.split("、") if one],
            "absent_columns": [one for one in b.absent_columns.split("、") if one],
            "refusal": _words(b.refusal, BROKEN_WORDS) | {"where": b.refusal_where} if b.refusal else None,
            "rows": {
                "read": b.rows_read,
                "accepted": b.rows_accepted,
                "normalised": b.rows_normalised,
                "quarantined": b.rows_quarantined,
                "new": b.rows_new,
            },
            "normalised": [_words(note, NOTE_WORDS) | {"rows": rows} for note, rows in self.notes.items()],
            "quarantined": [_words(fault, FAULT_WORDS) | {"rows": rows} for fault, rows in self.faults.items()],
            "rejected": [
                {"row": one.row_no, "column": one.column, "original": one.original, "suggestion": one.suggestion}
                | _words(one.code, FAULT_WORDS)
                for one in self.rejected
            ],
        }


def _words(code: Any, words: Any) -> dict[str, str]:
    zh, en = words[code]
    return {"code": code.value, "zh": zh, "en": en}
