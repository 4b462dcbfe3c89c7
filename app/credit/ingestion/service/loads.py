"""Loading a stored batch: one transaction, all of the file or none of it. A kill leaves the batch stored, to be loaded
again; a person who cancels in time leaves it offered, with its profile."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TypedDict
from uuid import UUID

import asyncpg

from app.credit import subjects
from app.credit.ingestion import store
from app.credit.ingestion.events import BatchLanded, BatchRefused, MaskedFirmsLanded, OutletsLanded
from app.credit.ingestion.rules import Broken, Fault, FileKind
from app.credit.ingestion.rules.receipts import Batch, Receipt
from app.credit.ingestion.service.batches import get_batch, read_receipt, store_batch
from app.credit.ingestion.service.bringing import BroughtIn, Cancelled, Told, bring_in
from app.credit.ingestion.service.rows import safe
from app.credit.ingestion.service.sheets import BrokenFile
from app.credit.ingestion.store import work
from app.infra import outbox
from app.infra.db import Database, ReadTx, Role, Tx

UNFORESEEN = (asyncpg.DataError, asyncpg.ProgramLimitExceededError)


class _Named(TypedDict):
    """What every event of a batch says."""

    stream_id: UUID
    at: datetime
    batch_id: UUID


async def load_batch(db: Database, batch_id: UUID, *, progress: Told | None = None) -> bool:
    """Load one stored batch; False when it is not waiting, or somebody else is loading it.

    Opens its own transactions (role `loader`). A file that is broken leaves a refused batch and not a row.
    """
    try:
        async with db.transaction(Role.LOADER) as tx:
            batch = await store.lock(tx, batch_id, "stored")
            if batch is None:
                return False
            profile = await work.read_profile(tx, batch_id)
            expected = profile.rows_read if profile else None
            await _land(tx, batch, await bring_in(db, tx, batch, phase="load", expected=expected, told=progress))
    except Cancelled:
        await _give_back(db, batch_id)
    except BrokenFile as broken:
        await refuse(db, batch_id, broken)
    except UNFORESEEN as error:
        # A check has let something through; the file must not be tried again for ever, nor take the others with it.
        await refuse(db, batch_id, BrokenFile(Broken.NOT_STORABLE, type(error).__name__))
    return True


async def refuse(db: Database, batch_id: UUID, broken: BrokenFile) -> None:
    """The load has been rolled back; say why, for good: the same bytes will not read better another time."""
    async with db.transaction(Role.LOADER) as tx:
        kind = await store.refuse(tx, batch_id, broken.why, broken.where, tx.now)
        if kind is not None:
            await work.forget_cancel(tx, batch_id)
            named = _Named(stream_id=batch_id, at=tx.now, batch_id=batch_id)
            await outbox.record(tx, BatchRefused(**named, kind=kind, why=broken.why.value))


async def _give_back(db: Database, batch_id: UUID) -> None:
    """The load was cancelled and rolled back: the batch waits for a decision, as before."""
    async with db.transaction(Role.LOADER) as tx:
        if await store.lock(tx, batch_id, "stored") is not None:
            await store.move(tx, batch_id, "stored", "offered")
            await work.forget_cancel(tx, batch_id)


async def load_waiting(db: Database, most: int = 100) -> int:
    """Load the batches that wait, oldest first; return how many were loaded. A failure is raised after the others."""
    async with db.reading(Role.WORKER) as tx:
        waiting = await store.read_stored_ids(tx, most)
    done, failed = 0, None
    for batch_id in waiting:
        try:
            done += await load_batch(db, batch_id)
        except Exception as error:  # noqa: BLE001  One batch that cannot be loaded holds up no other.
            failed = failed or error
    if failed is not None:
        raise failed
    return done


async def import_file(
    db: Database, kind: FileKind, path: Path, *, bank_id: UUID | None = None, list_kind: str | None = None,
    progress: Told | None = None,
) -> Receipt:  # fmt: skip
    """Store and load a file from disk, as the operator of the machine does; return its receipt."""
    content = await asyncio.to_thread(path.read_bytes)
    async with db.transaction(Role.LOADER) as tx:
        batch = await store_batch(tx, kind, path.name, content, now=tx.now, bank_id=bank_id, list_kind=list_kind)
    while batch.state == "stored":
        loaded = await load_batch(db, batch.batch_id, progress=progress)
        async with db.reading(Role.LOADER) as tx:
            batch, rows_read = await get_batch(tx, batch.batch_id)
        if not loaded and batch.state == "stored":  # A worker has it in hand.
            if progress is not None:
                progress(rows_read)
            await asyncio.sleep(0.2)
    async with db.reading(Role.LOADER) as tx:
        return await read_receipt(tx, batch.batch_id)


async def _land(tx: Tx, batch: Batch, found: BroughtIn) -> None:
    """Write the receipt, tell the others: the last steps of the one transaction."""
    tally, layout, now = found.tally, found.tally.layout, tx.now
    quarantined = sum(tally.faults.values())
    await store.insert_rejected(tx, batch.batch_id, sorted(tally.rejected))
    await store.insert_counts(tx, batch.batch_id, "note", {note.value: rows for note, rows in tally.notes.items()})
    await store.insert_counts(tx, batch.batch_id, "fault", {code.value: rows for code, rows in tally.faults.items()})
    await store.insert_subjects(tx, batch.batch_id, dict.fromkeys(found.touched))
    await store.land(
        tx, batch.batch_id, now, (tally.read, tally.read - quarantined, tally.normalised, quarantined, found.fresh),
        layout.direction.value if layout.direction else None, found.sheet.encoding,
        safe("、".join([*layout.extra, *(f"工作表：{name}" for name in tally.passed_over)])), "、".join(layout.absent),
    )  # fmt: skip
    await work.forget_cancel(tx, batch.batch_id)
    if tally.faults[Fault.PERSON_IDENTIFIER]:
        await store.drop_file(tx, batch.batch_id)  # The receipt says that such a number is not kept.
    named = _Named(stream_id=batch.batch_id, at=now, batch_id=batch.batch_id)
    await outbox.record(
        tx,
        BatchLanded(
            **named, kind=batch.kind.value, rows_accepted=tally.read - quarantined, rows_quarantined=quarantined
        ),
    )
    if batch.kind is FileKind.OUTLETS:
        await outbox.record(tx, OutletsLanded(**named))
    if batch.kind is FileKind.MASKED:
        assert batch.bank_id is not None, "a masked file has its bank"
        await outbox.record(tx, MaskedFirmsLanded(**named, bank_id=batch.bank_id))


async def masked_inputs(tx: ReadTx, batch_id: UUID) -> list[subjects.Customer]:
    """What a bank said of its masked firms in a landed batch: its own rating, whether they defaulted."""
    return [subjects.Customer(**dict(row)) for row in await store.read_masked_inputs(tx, batch_id)]
