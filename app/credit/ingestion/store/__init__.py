"""All SQL of ingestion. Takes a transaction, never commits one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.credit.ingestion.rules import Broken, Fault, FileKind, Note
from app.credit.ingestion.rules.receipts import Batch, Progress, RejectedRow
from app.infra import vault
from app.infra.db import ReadTx, Tx

COLUMNS: Final = """batch_id, kind, file_name, sha256, size_bytes, provider_id, bank_id, list_kind, as_of_on, state,
  stored_at, ended_at, rows_read, rows_accepted, rows_normalised, rows_quarantined, rows_new, direction, encoding,
  extra_columns, absent_columns, refusal, refusal_where"""
INSERT: Final = """
insert into batches (batch_id, kind, file_name, sha256, size_bytes, provider_id, bank_id, list_kind, as_of_on, state,
  stored_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $11, $10)
on conflict (sha256, kind, provider_id, bank_id, list_kind) do nothing
"""
SAME_FILE: Final = f"""
select {COLUMNS} from batches
where sha256 = $1 and kind = $2 and provider_id is not distinct from $3 and bank_id is not distinct from $4
  and list_kind is not distinct from $5
"""  # noqa: S608 — the columns are ours
# A second loader passes over a batch that is being loaded; when the first one is killed its lock goes with it.
LOCK: Final = f"""
select {COLUMNS} from batches where batch_id = $1 and state = $2 for no key update skip locked
"""  # noqa: S608 — the columns are ours
END: Final = """
update batches set state = 'landed', ended_at = $2, rows_read = $3, rows_accepted = $4, rows_normalised = $5,
  rows_quarantined = $6, rows_new = $7, direction = $8, encoding = $9, extra_columns = $10, absent_columns = $11
where batch_id = $1 and state = 'stored'
"""
REFUSE: Final = """
update batches set state = 'refused', ended_at = $2, refusal = $3, refusal_where = $4
where batch_id = $1 and state in ('offered', 'stored') returning kind
"""
PROGRESS: Final = """
insert into batch_progress as p (batch_id, rows_read, at, phase, began_at, rows_expected)
values ($1, $2, $3, $4, $5, $6)
on conflict (batch_id) do update set rows_read = excluded.rows_read, at = excluded.at, phase = excluded.phase,
  began_at = excluded.began_at, rows_expected = excluded.rows_expected
"""
INSERT_REJECTED: Final = """
insert into rejected_rows (batch_id, row_no, code, column_name, original, suggestion)
select $1, * from unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[])
"""
INSERT_MASKED: Final = """
insert into masked_inputs (batch_id, bank_id, subject_id, customer_no, bank_rating, defaulted)
select $1, $2, * from unnest($3::uuid[], $4::text[], $5::text[], $6::boolean[])
"""
REJECTED: Final = """
select row_no, code, column_name as column, original, suggestion from rejected_rows
where batch_id = $1 and row_no > $2 and ($4::text is null or code = $4) order by row_no limit $3
"""


async def insert_batch(tx: Tx, batch: Batch) -> bool:
    """Add a batch; False when this file is a batch already."""
    b = batch
    touched = await tx.execute(
        INSERT, b.batch_id, b.kind.value, b.file_name, b.sha256, b.size_bytes, b.provider_id, b.bank_id, b.list_kind,
        b.as_of_on, b.stored_at, b.state,
    )  # fmt: skip
    return touched == 1


async def insert_file(tx: Tx, batch_id: UUID, content: bytes) -> None:
    """Keep the file, unreadable without the data key of its batch and the key outside the database."""
    sealed = await vault.seal(tx, _place(batch_id), content)
    await tx.execute("insert into batch_files (batch_id, content, sealed) values ($1, $2, true)", batch_id, sealed)


async def read_file(tx: ReadTx, batch_id: UUID) -> bytes:
    """The file as it came; one from before files were sealed may still lie open."""
    row = await tx.row("select content, sealed from batch_files where batch_id = $1", batch_id)
    assert row is not None, "a batch that waits has its file"
    return await vault.unseal(tx, _place(batch_id), row["content"]) if row["sealed"] else bytes(row["content"])


async def drop_file(tx: Tx, batch_id: UUID) -> None:
    """Forget the file as it came, in backups too: its data key goes with it. Its hash and its receipt stay."""
    await tx.execute("delete from batch_files where batch_id = $1", batch_id)
    await vault.shred(tx, batch_id)


async def has_file(tx: ReadTx, batch_id: UUID) -> bool:
    return bool(await tx.value("select exists (select 1 from batch_files where batch_id = $1)", batch_id))


async def seal_one_open_file(tx: Tx) -> bool:
    """Seal one file from before files were sealed; False when none lies open."""
    row = await tx.row(
        "select batch_id, content from batch_files where not sealed limit 1 for no key update skip locked"
    )
    if row is None:
        return False
    sealed = await vault.seal(tx, _place(row["batch_id"]), bytes(row["content"]))
    await tx.execute("update batch_files set content = $2, sealed = true where batch_id = $1", row["batch_id"], sealed)
    return True


def _place(batch_id: UUID) -> vault.Place:
    return vault.Place("batch_files", "content", batch_id, batch_id)


async def read_same_file(
    tx: ReadTx, sha256: str, kind: FileKind, provider_id: UUID | None, bank_id: UUID | None, list_kind: str | None
) -> Batch | None:
    return _batch(await tx.row(SAME_FILE, sha256, kind.value, provider_id, bank_id, list_kind))


async def read_batch(tx: ReadTx, batch_id: UUID) -> Batch | None:
    return _batch(await tx.row(f"select {COLUMNS} from batches where batch_id = $1", batch_id))  # noqa: S608


async def read_newest_batches(tx: ReadTx, most: int) -> list[Batch]:
    rows = await tx.fetch(f"select {COLUMNS} from batches order by batch_id desc limit $1", most)  # noqa: S608
    return [one for row in rows if (one := _batch(row)) is not None]


async def lock(tx: Tx, batch_id: UUID, state: str) -> Batch | None:
    """Lock a batch that is in this state; None when it is not, or somebody else has it in hand."""
    return _batch(await tx.row(LOCK, batch_id, state))


async def read_stored_ids(tx: ReadTx, most: int) -> list[UUID]:
    rows = await tx.fetch("select batch_id from batches where state = 'stored' order by stored_at limit $1", most)
    return [row["batch_id"] for row in rows]


async def land(
    tx: Tx, batch_id: UUID, now: datetime, rows: Sequence[int], direction: str | None, encoding: str,
    extra: str, absent: str,
) -> None:  # fmt: skip
    """`rows`: read, accepted, normalised, quarantined, new."""
    touched = await tx.execute(END, batch_id, now, *rows, direction, encoding, extra, absent)
    assert touched == 1, "the batch was locked as stored"


async def refuse(tx: Tx, batch_id: UUID, why: Broken, where: str, now: datetime) -> str | None:
    """Refuse a stored batch; return its kind, None when it is no longer stored."""
    kind = await tx.value(REFUSE, batch_id, now, why.value, where)
    return None if kind is None else str(kind)


async def move(tx: Tx, batch_id: UUID, before: str, after: str, ended_at: datetime | None = None) -> None:
    """From one state to another, both known to the caller; a refusal is taken back."""
    touched = await tx.execute(
        "update batches set state = $3, ended_at = $4, refusal = null, refusal_where = ''"
        " where batch_id = $1 and state = $2",
        batch_id, before, after, ended_at,
    )  # fmt: skip
    assert touched == 1, "the batch was read in this state"


async def write_progress(tx: Tx, batch_id: UUID, found: Progress) -> None:
    await tx.execute(PROGRESS, batch_id, found.rows_read, tx.wall, found.phase, found.began_at, found.rows_expected)


async def read_progress(tx: ReadTx, batch_id: UUID) -> Progress | None:
    row = await tx.row(
        "select rows_read, at, phase, began_at, rows_expected from batch_progress where batch_id = $1", batch_id
    )
    return None if row is None else Progress(**dict(row))


async def insert_rejected(tx: Tx, batch_id: UUID, rows: Sequence[tuple[int, str, str, str, str]]) -> None:
    """`rows`: row number, code, column, original, suggestion."""
    if rows:  # COPY does not know row-level security, so whole columns travel as arrays.
        await tx.execute(INSERT_REJECTED, batch_id, *map(list, zip(*rows, strict=True)))


async def insert_counts(tx: Tx, batch_id: UUID, outcome: str, counts: Mapping[str, int]) -> None:
    await tx.executemany(
        "insert into batch_counts (batch_id, outcome, code, rows) values ($1, $2, $3, $4)",
        [(batch_id, outcome, code, rows) for code, rows in sorted(counts.items()) if rows],
    )


async def read_counts(tx: ReadTx, batch_id: UUID) -> tuple[dict[Note, int], dict[Fault, int]]:
    rows = await tx.fetch(
        "select outcome, code, rows from batch_counts where batch_id = $1 order by rows desc, code", batch_id
    )
    notes = {Note(row["code"]): row["rows"] for row in rows if row["outcome"] == "note"}
    return notes, {Fault(row["code"]): row["rows"] for row in rows if row["outcome"] == "fault"}


async def read_rejected(
    tx: ReadTx, batch_id: UUID, after: int, most: int, fault: Fault | None = None
) -> tuple[RejectedRow, ...]:
    rows = await tx.fetch(REJECTED, batch_id, after, most, fault and fault.value)
    return tuple(RejectedRow(**{**dict(row), "code": Fault(row["code"])}) for row in rows)


async def insert_subjects(tx: Tx, batch_id: UUID, subject_ids: Iterable[UUID]) -> None:
    sql = "insert into batch_subjects (batch_id, subject_id) select $1, unnest($2::uuid[]) on conflict do nothing"
    await tx.execute(sql, batch_id, list(subject_ids))


async def read_subjects(tx: ReadTx, batch_id: UUID) -> list[UUID]:
    rows = await tx.fetch("select subject_id from batch_subjects where batch_id = $1 order by subject_id", batch_id)
    return [row["subject_id"] for row in rows]


async def insert_masked_inputs(
    tx: Tx, batch_id: UUID, bank_id: UUID, rows: Sequence[tuple[UUID, str, str | None, bool | None]]
) -> None:
    """`rows`: subject, customer number, rating, defaulted."""
    if rows:
        await tx.execute(INSERT_MASKED, batch_id, bank_id, *map(list, zip(*rows, strict=True)))


async def read_masked_inputs(tx: ReadTx, batch_id: UUID) -> list[Any]:
    return await tx.fetch(
        "select subject_id, customer_no, bank_rating, defaulted from masked_inputs where batch_id = $1"
        " order by customer_no",
        batch_id,
    )


def new_batch(
    batch_id: UUID, kind: FileKind, file_name: str, sha256: str, size_bytes: int, provider_id: UUID | None,
    bank_id: UUID | None, list_kind: str | None, as_of_on: date | None, now: datetime, state: str = "stored",
) -> Batch:  # fmt: skip
    """A batch as it is before its load."""
    return Batch(
        batch_id, kind, file_name, sha256, size_bytes, provider_id, bank_id, list_kind, as_of_on, state, now, None,
        0, 0, 0, 0, 0, None, None, "", "", None, "",
    )  # fmt: skip


def _batch(row: Any) -> Batch | None:
    if row is None:
        return None
    fields = dict(row)
    fields["kind"] = FileKind(fields["kind"])
    fields["refusal"] = Broken(fields["refusal"]) if fields["refusal"] else None
    return Batch(**fields)
