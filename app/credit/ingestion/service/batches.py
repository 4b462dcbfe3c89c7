"""Storing a file as a batch, and reading what became of it."""

import hashlib
from dataclasses import replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.credit import lists
from app.credit.ingestion import store
from app.credit.ingestion.events import BatchStored
from app.credit.ingestion.rules import Fault, FileKind
from app.credit.ingestion.rules.receipts import Batch, Receipt
from app.credit.ingestion.service.sheets import SIZE_MAX
from app.credit.ingestion.store import work
from app.infra import outbox
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.text import text_fault

REJECTED_MAX: Final = 1_000_000
LIST_KIND_DEFAULT: Final = "joint"  # A list whose rows name their reasons themselves.


async def store_batch(
    tx: Tx, kind: FileKind, file_name: str, content: bytes, *, now: datetime, provider_id: UUID | None = None,
    bank_id: UUID | None = None, list_kind: str | None = None, as_of_on: date | None = None, offer: bool = False,
) -> Batch:  # fmt: skip
    """Store a file; the same file again is the same batch, whatever its name. It is not yet in force.

    `offer`: a person looks at its profile first and says then that it be loaded.
    A batch that was refused or discarded is tried again when its file comes again; one that landed never is.
    Refusals: `bad-upload` (empty, a path for a name), `too-large`, `malformed-field` (a masked file without its bank),
    `policy-missing` (a kind of list that there is not).
    """
    if not content:
        raise Refusal("bad-upload", "文件是空的")
    if len(content) > SIZE_MAX:
        raise Refusal("too-large", size_max=SIZE_MAX)
    if "/" in file_name or "\\" in file_name or file_name in (".", ".."):
        raise Refusal("bad-upload", "文件名不能含有路径。")
    if not file_name or len(file_name) > 255 or text_fault(file_name) is not None:
        raise Refusal("malformed-field", field="file_name")
    if kind is FileKind.MASKED and bank_id is None:
        raise Refusal("malformed-field", field="bank_id")
    if (kind is FileKind.LIST) != (list_kind is not None):
        raise Refusal("malformed-field", field="list_kind")
    if list_kind is not None:
        await lists.list_kind(tx, list_kind, shanghai_date(now))  # `policy-missing` for a kind that there is not
    sha256 = hashlib.sha256(content).hexdigest()
    batch = store.new_batch(
        new_id(), kind, file_name, sha256, len(content), provider_id, bank_id, list_kind, as_of_on, now,
        "offered" if offer else "stored",
    )  # fmt: skip
    if await store.insert_batch(tx, batch):
        await store.insert_file(tx, batch.batch_id, content)
    else:
        same = await store.read_same_file(tx, sha256, kind, provider_id, bank_id, list_kind)
        assert same is not None, "the file is a batch already"
        if same.state in ("landed", "stored") or same.state == batch.state:
            return same
        # What was missing may have come since: its firms, or a reader that knows its spelling.
        await store.move(tx, same.batch_id, same.state, batch.state)
        if same.state == "discarded":
            await store.insert_file(tx, same.batch_id, content)
        await work.forget_cancel(tx, same.batch_id)
        batch = replace(same, state=batch.state, ended_at=None, refusal=None, refusal_where="")
    if not offer:
        await tell_stored(tx, batch)
    return batch


async def tell_stored(tx: Tx, batch: Batch) -> None:
    """The batch waits to be loaded from now on."""
    event = BatchStored(stream_id=batch.batch_id, at=tx.now, batch_id=batch.batch_id, kind=batch.kind.value)
    await outbox.record(tx, event)


async def get_batch(tx: ReadTx, batch_id: UUID) -> tuple[Batch, int]:
    """The batch and how many rows its load has read so far; `not-found` for somebody else's."""
    batch = await store.read_batch(tx, batch_id)
    if batch is None:
        raise Refusal("not-found")
    found = None if batch.rows_read else await store.read_progress(tx, batch_id)
    return batch, found.rows_read if found else batch.rows_read


async def newest_batches(tx: ReadTx, most: int) -> list[Batch]:
    """The batches that the caller may see, the newest first."""
    return await store.read_newest_batches(tx, most)


async def read_receipt(
    tx: ReadTx, batch_id: UUID, *, after: int = 0, most: int = REJECTED_MAX, fault: Fault | None = None
) -> Receipt:
    """What became of a batch; the rejected rows (of one cause) after a row number, in the order of the file."""
    batch, _ = await get_batch(tx, batch_id)
    notes, faults = await store.read_counts(tx, batch_id)
    return Receipt(batch, notes, faults, await store.read_rejected(tx, batch_id, after, most, fault))


async def subjects_of_batch(tx: ReadTx, batch_id: UUID) -> list[UUID]:
    """The subjects whose facts a landed batch touched."""
    return await store.read_subjects(tx, batch_id)
