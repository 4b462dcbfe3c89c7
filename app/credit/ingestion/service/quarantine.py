"""The rows put aside as a work list: by cause, by value, marked when dealt with, and unmarked again.

Nothing here brings a row into force: what was wrong is mended by a new file. A mark says that a person has seen to it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat
from app.credit import subjects
from app.credit.ingestion.rules import Fault
from app.credit.ingestion.rules.samples import mask_cell
from app.credit.ingestion.rules.suggestions import OF_FEW, RATINGS, STATUSES, similar
from app.credit.ingestion.store import quarantine as store
from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.office import policies

MARKS: Final = ("kept", "mended")
ACTS_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which files are looked at; None: all that the caller may see."""

    batch_id: UUID | None = None
    kind: str | None = None
    provider_id: UUID | None = None

    def args(self) -> tuple[object, ...]:
        return self.batch_id, self.kind, self.provider_id


@dataclass(frozen=True, slots=True)
class Cause:
    """Why rows were put aside, how many, and how many a person has dealt with."""

    fault: Fault
    rows: int
    handled: int
    files: int

    @property
    def open(self) -> int:
        return self.rows - self.handled


@dataclass(frozen=True, slots=True)
class Value:
    """One value that stood in a column, in `rows` rows of `files` files; `pick` names it in a form.

    `likeness` says that the suggestion is a known spelling much like it, not one reckoned from the value itself.
    """

    pick: str
    column: str
    original: str
    suggestion: str
    likeness: bool
    rows: int
    files: int
    batch_id: UUID
    row_no: int
    file_name: str
    mark: str | None


async def causes(tx: ReadTx, chosen: Chosen) -> list[Cause]:
    """The causes with rows put aside, those with the most open rows first."""
    rows = await store.read_causes(tx, chosen.args())
    return [Cause(Fault(row["code"]), row["rows"], row["handled"], row["files"]) for row in rows]


async def values(
    tx: ReadTx, chosen: Chosen, fault: Fault, *, is_open: bool, after: tuple[int, str] | None, most: int
) -> list[Value]:
    """What stood in the rows of one cause, the most frequent value first, with what a person may compare it with."""
    rows = await store.read_work(tx, chosen.args(), fault.value, is_open=is_open, after=after, most=most)
    known = await _spellings(tx, fault) if rows and fault in OF_FEW else ()
    return [_value(row, known) for row in rows]


async def mark_rows(
    tx: Tx, chosen: Chosen, fault: Fault, picks: list[str] | None, mark: str, *, by: Seat, now: datetime
) -> tuple[UUID, int]:
    """Mark the rows with these values (None: all of the cause) as dealt with; return the act and how many rows.

    Rows that are marked already keep their mark. Refuses `wrong-state` when no row is left to mark.
    """
    mark_id = new_id()
    rows = await store.insert_marks(tx, chosen.args(), fault.value, picks, mark_id, mark, by.person_id, now)
    if not rows:
        raise Refusal("wrong-state", "这些行已经标记过了。")
    await audit.write(
        tx, "quarantine.marked", detail={"mark_id": str(mark_id), "code": fault.value, "mark": mark, "rows": str(rows)}
    )
    return mark_id, rows


async def unmark_rows(tx: Tx, mark_id: UUID) -> int:
    """Take an act back; return how many rows are open again. `not-found` for somebody else's, or one taken back."""
    rows = await store.delete_marks(tx, mark_id)
    if not rows:
        raise Refusal("not-found")
    await audit.write(tx, "quarantine.unmarked", detail={"mark_id": str(mark_id), "rows": str(rows)})
    return rows


async def acts(tx: ReadTx) -> list[Any]:
    """The newest acts: mark_id, code, mark, marked_by, marked_at, rows."""
    return await store.read_acts(tx, ACTS_SHOWN)


async def provider_ids(tx: ReadTx) -> list[UUID]:
    return await store.read_provider_ids(tx)


async def _spellings(tx: ReadTx, fault: Fault) -> list[str]:
    """The spellings that are known where this cause arises."""
    match fault:
        case Fault.PLACE_UNKNOWN:
            return sorted({place.name for place in (await subjects.read_gazetteer(tx)).districts})
        case Fault.REASON_UNKNOWN:
            rows = await policies.all_versions(tx, "list_kind")
            return sorted({word for row in rows for one in row.body["reasons"] for word in one["spellings"]})
        case Fault.STATUS_UNKNOWN:
            return list(STATUSES)
        case _:
            return list(RATINGS)


def _value(row: Any, known: Any) -> Value:
    likeness = "" if row["suggestion"] or not known else similar(row["original"], known)
    column = "name" if "名称" in row["column_name"] else ""
    return Value(
        row["pick"], row["column_name"], mask_cell(column, row["original"]), row["suggestion"] or likeness,
        bool(likeness), row["rows"], row["files"], row["batch_id"], row["row_no"], row["file_name"], row["mark"],
    )  # fmt: skip
