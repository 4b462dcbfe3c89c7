"""Loading a stored batch: one transaction, all of the file or none of it.

Rows are checked one by one as they are read, copied beside the tables in blocks, and put in force set-based by the
rooms that own the tables. Progress is written beside, in short transactions of another role, so that it shows before
the commit; a kill leaves the batch stored, to be loaded again.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, TypedDict
from uuid import UUID

import asyncpg

from app.credit import lists, records, subjects
from app.credit.ingestion import store
from app.credit.ingestion.events import BatchLanded, BatchRefused, MaskedFirmsLanded, OutletsLanded
from app.credit.ingestion.rules import (
    Accepted,
    Broken,
    Fault,
    FileKind,
    ListFacts,
    Quarantined,
    RegistryFacts,
    Verdict,
    check_firm_key,
    check_invoice,
    check_list,
    check_masked,
    check_registry,
    squash,
)
from app.credit.ingestion.rules.receipts import Batch, Receipt
from app.credit.ingestion.service.batches import get_batch, read_receipt, store_batch
from app.credit.ingestion.service.rows import Check, Tally, checked, find_header, safe
from app.credit.ingestion.service.sheets import BrokenFile, open_sheet
from app.infra import outbox
from app.infra.db import Database, ReadTx, Role, Tx
from app.kernel.clock import shanghai_date

BLOCK: Final = 10_000
Progress = Callable[[int], None]


class _Named(TypedDict):
    """What every event of a batch says."""

    stream_id: UUID
    at: datetime
    batch_id: UUID


async def load_batch(db: Database, batch_id: UUID, *, progress: Progress | None = None) -> bool:
    """Load one stored batch; False when it is not waiting, or somebody else is loading it.

    Opens its own transactions (role `loader`). A file that is broken leaves a refused batch and not a row.
    """
    try:
        async with db.transaction(Role.LOADER) as tx:
            batch = await store.lock_stored(tx, batch_id)
            if batch is None:
                return False
            await tx.value("select set_config('work_mem', '64MB', true)")
            await _load(db, tx, batch, progress)
    except BrokenFile as broken:
        await _refuse(db, batch_id, broken)
    except (asyncpg.DataError, asyncpg.ProgramLimitExceededError) as error:
        # A check has let something through; the file must not be tried again for ever, nor take the others with it.
        await _refuse(db, batch_id, BrokenFile(Broken.NOT_STORABLE, type(error).__name__))
    return True


async def _refuse(db: Database, batch_id: UUID, broken: BrokenFile) -> None:
    """The load has been rolled back; say why, for good: the same bytes will not read better another time."""
    async with db.transaction(Role.LOADER) as tx:
        kind = await store.refuse(tx, batch_id, broken.why, broken.where, tx.now)
        if kind is not None:
            named = _Named(stream_id=batch_id, at=tx.now, batch_id=batch_id)
            await outbox.record(tx, BatchRefused(**named, kind=kind, why=broken.why.value))


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
    progress: Progress | None = None,
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


async def _load(db: Database, tx: Tx, batch: Batch, progress: Progress | None) -> None:
    sheet = open_sheet(await store.read_file(tx, batch.batch_id))
    reasons = (await lists.list_kind(tx, batch.list_kind, shanghai_date(tx.now))).spellings if batch.list_kind else {}
    tally = find_header(batch.kind, sheet, reason_needed=len(set(reasons.values())) > 1)
    rows = checked(sheet, await _checker(tx, batch, reasons), tally)
    stage = {
        FileKind.REGISTRY: subjects.stage_registry,
        FileKind.OUTLETS: subjects.stage_registry,
        FileKind.LIST: lists.stage_entries,
        FileKind.INVOICES: records.stage_invoices,
        FileKind.MASKED: subjects.stage_customers,
    }[batch.kind]
    block = list(islice(rows, BLOCK))
    first = True
    while first or block:
        await stage(tx, block, first=first)
        if progress is not None:
            progress(tally.read)
        async with db.transaction(Role.WORKER) as beside:
            await store.write_progress(beside, batch.batch_id, tally.read)
        first, block = False, list(islice(rows, BLOCK))
    if tally.read == 0:
        raise BrokenFile(Broken.NO_ROWS)
    await _land(tx, batch, tally, sheet.encoding)


async def _checker(tx: Tx, batch: Batch, reasons: Mapping[str, str]) -> Check:
    today = shanghai_date(tx.now)
    if batch.kind in (FileKind.REGISTRY, FileKind.OUTLETS):
        known = await subjects.read_gazetteer(tx)
        facts = RegistryFacts(
            today,
            subjects.kind_of,
            lambda text, not_before: known.place(text, as_of_on=batch.as_of_on, not_before=not_before),
        )
        return lambda cells: check_registry(cells, facts)
    if batch.kind is FileKind.LIST:
        list_facts = ListFacts(today, {squash(spelling): word for spelling, word in reasons.items()})
        return lambda cells: check_list(cells, list_facts)
    if batch.kind is FileKind.MASKED:
        return check_masked
    keys: dict[str, str | Quarantined] = {}

    def check(cells: list[str]) -> Verdict:
        verdict = check_invoice(cells, today)
        if isinstance(verdict, Quarantined):
            return verdict
        firm = str(verdict.values[0])
        if (key := keys.get(firm)) is None:
            key = keys[firm] = check_firm_key(firm)
        if isinstance(key, Quarantined):
            return key
        return verdict if key == firm else Accepted((key, *verdict.values[1:]), verdict.notes)

    return check


async def _land(tx: Tx, batch: Batch, tally: Tally, encoding: str) -> None:
    """Put the staged rows in force, write the receipt, tell the others: the last steps of the one transaction."""
    fresh, touched = await _put_in_force(tx, batch, tally)
    layout, now = tally.layout, tx.now
    quarantined = sum(tally.faults.values())
    await store.insert_rejected(tx, batch.batch_id, sorted(tally.rejected))
    await store.insert_counts(tx, batch.batch_id, "note", {note.value: rows for note, rows in tally.notes.items()})
    await store.insert_counts(tx, batch.batch_id, "fault", {code.value: rows for code, rows in tally.faults.items()})
    await store.insert_subjects(tx, batch.batch_id, dict.fromkeys(touched))
    await store.land(
        tx, batch.batch_id, now, (tally.read, tally.read - quarantined, tally.normalised, quarantined, fresh),
        layout.direction.value if layout.direction else None, encoding,
        safe("、".join([*layout.extra, *(f"工作表：{name}" for name in tally.passed_over)])), "、".join(layout.absent),
    )  # fmt: skip
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


async def _put_in_force(tx: Tx, batch: Batch, tally: Tally) -> tuple[int, list[UUID]]:
    """Hand the staged rows to the rooms that own the tables; return how many are new, and whose facts changed."""
    batch_id, now = batch.batch_id, tx.now
    if batch.kind is FileKind.LIST:
        assert batch.list_kind is not None, "a list has its kind"
        entries = await lists.land_entries(tx, batch_id, batch.list_kind, now=now)
        tally.withdraw(entries.repeated, Fault.REPEATED, tally.title("uscc"))
        return entries.fresh, list(entries.subject_ids)
    if batch.kind is FileKind.INVOICES:
        assert tally.layout.direction is not None, "the header gave the direction"
        direction = tally.layout.direction.value
        found = await records.land_invoices(tx, batch_id, direction=direction, bank_id=batch.bank_id, now=now)
        if not found.subject_ids and found.unknown_firm:
            raise BrokenFile(Broken.NO_FIRM_KNOWN)
        tally.withdraw(found.unknown_firm, Fault.FIRM_UNKNOWN, tally.title("firm"))
        tally.withdraw(found.repeated, Fault.REPEATED, tally.title("number"))
        tally.withdraw(found.conflicting, Fault.STATUS_CONFLICT, tally.title("status"))
        return found.fresh, list(found.subject_ids)
    if batch.kind is FileKind.MASKED:
        assert batch.bank_id is not None, "a masked file has its bank"
        landed, customers = await subjects.land_customers(tx, batch_id, batch.bank_id, now=now)
        tally.withdraw(landed.repeated, Fault.REPEATED, tally.title("customer_no"))
        inputs = [(one.subject_id, one.customer_no, one.bank_rating, one.defaulted) for one in customers]
        await store.insert_masked_inputs(tx, batch_id, batch.bank_id, inputs)
        return landed.fresh, list(landed.subject_ids)
    outlets = batch.kind is FileKind.OUTLETS
    landed = await subjects.land_registry(tx, batch_id, as_of_on=batch.as_of_on, outlets=outlets, now=now)
    tally.withdraw(landed.repeated, Fault.REPEATED, tally.title("uscc"))
    matched = await lists.match_waiting(tx, now=now)
    return landed.fresh, [*landed.subject_ids, *matched]


async def masked_inputs(tx: ReadTx, batch_id: UUID) -> list[subjects.Customer]:
    """What a bank said of its masked firms in a landed batch: its own rating, whether they defaulted."""
    return [subjects.Customer(**dict(row)) for row in await store.read_masked_inputs(tx, batch_id)]
