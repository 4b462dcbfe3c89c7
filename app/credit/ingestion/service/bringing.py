"""Bringing a file in: read, check row by row, stage in blocks, put in force set-based by the rooms that own the tables.

A load does this and commits; a profile does the very same and takes it back. Progress is written beside, in short
transactions of another role, so that it shows before the commit. Between two blocks it is seen whether somebody wants
it given up.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

from app.credit import lists, records, subjects
from app.credit.ingestion import store
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
from app.credit.ingestion.rules.receipts import Batch, Progress
from app.credit.ingestion.rules.samples import Sampler
from app.credit.ingestion.service.rows import Check, Tally, checked, find_header
from app.credit.ingestion.service.sheets import BrokenFile, Sheet, open_sheet
from app.credit.ingestion.store import work
from app.infra.db import Database, Role, Tx
from app.kernel.clock import shanghai_date

BLOCK: Final = 10_000
Told = Callable[[int], None]


class Cancelled(Exception):
    """A person wants it given up; what was done so far is rolled back."""


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """A file whose rows are in force in this transaction. `fresh`: how many rows say something new."""

    tally: Tally
    sheet: Sheet
    fresh: int
    touched: list[UUID]


async def bring_in(
    db: Database, tx: Tx, batch: Batch, *, phase: str, expected: int | None, told: Told | None = None,
    sampled: bool = False,
) -> BroughtIn:  # fmt: skip
    """Read the whole file of a locked batch and put its rows in force. Raises BrokenFile, Cancelled."""
    await tx.value("select set_config('work_mem', '64MB', true)")
    sheet = open_sheet(await store.read_file(tx, batch.batch_id))
    reasons = (await lists.list_kind(tx, batch.list_kind, shanghai_date(tx.now))).spellings if batch.list_kind else {}
    # Off the loop: a workbook is unpacked whole before its first row, and other requests wait meanwhile.
    tally = await asyncio.to_thread(find_header, batch.kind, sheet, reason_needed=len(set(reasons.values())) > 1)
    tally.sampler = Sampler(batch.kind, tally.layout.names) if sampled else None
    rows = checked(sheet, await _checker(tx, batch, reasons), tally)
    stage = {
        FileKind.REGISTRY: subjects.stage_registry,
        FileKind.OUTLETS: subjects.stage_registry,
        FileKind.LIST: lists.stage_entries,
        FileKind.INVOICES: records.stage_invoices,
        FileKind.MASKED: subjects.stage_customers,
    }[batch.kind]
    began_at = tx.wall
    expected = expected or sheet.rows_guessed
    block = await asyncio.to_thread(_take, rows)
    first = True
    while first or block:
        await stage(tx, block, first=first)
        if told is not None:
            told(tally.read)
        await _show(db, batch.batch_id, Progress(tally.read, began_at, phase, began_at, expected))
        if await work.is_cancelled(tx, batch.batch_id):
            raise Cancelled
        first, block = False, await asyncio.to_thread(_take, rows)
    if tally.read == 0:
        raise BrokenFile(Broken.NO_ROWS)
    if tally.read > BLOCK:
        await _show(db, batch.batch_id, Progress(tally.read, began_at, "land", began_at, tally.read))
    fresh, touched = await _put_in_force(tx, batch, tally)
    return BroughtIn(tally, sheet, fresh, touched)


def _take(rows: Iterator[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return list(islice(rows, BLOCK))


async def _show(db: Database, batch_id: UUID, found: Progress) -> None:
    async with db.transaction(Role.WORKER) as beside:
        await store.write_progress(beside, batch_id, found)


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
