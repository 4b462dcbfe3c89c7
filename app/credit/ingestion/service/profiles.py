"""The profile of a file before it is loaded: the load itself, taken back; and the person's decision about it.

There is no second checker: what the profile says of a row is what a load would have done at that moment, rows that
repeat each other and firms that nobody knows included.
"""

import time
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.access.seats import Seat
from app.credit.ingestion import store
from app.credit.ingestion.rules import COLUMNS, Broken, FileKind
from app.credit.ingestion.rules.receipts import Batch, Profile, Progress
from app.credit.ingestion.service.batches import get_batch, tell_stored
from app.credit.ingestion.service.bringing import BroughtIn, Cancelled, bring_in
from app.credit.ingestion.service.loads import UNFORESEEN, refuse
from app.credit.ingestion.service.rows import safe
from app.credit.ingestion.service.sheets import BrokenFile
from app.credit.ingestion.store import quarantine, work
from app.infra.db import Database, ReadTx, Role, Tx
from app.kernel.errors import Refusal

# Up to here a profile is made while the person waits (some 5,000 rows); beyond, the worker makes it.
QUICK_BYTES: Final = 1 << 20
QUICK_PACKED_BYTES: Final = 192 << 10


class _TakenBack(Exception):
    """Everything was seen: the transaction is rolled back."""

    def __init__(self, found: BroughtIn) -> None:
        super().__init__()
        self.found = found


def is_quick(file_name: str, size_bytes: int) -> bool:
    """Whether a person can wait for the profile of such a file.

    >>> is_quick("a.csv", 900_000), is_quick("a.csv.gz", 900_000)
    (True, False)
    """
    packed = file_name.lower().endswith((".gz", ".xlsx"))
    return size_bytes <= (QUICK_PACKED_BYTES if packed else QUICK_BYTES)


async def profile_batch(db: Database, batch_id: UUID) -> bool:
    """See what a load of an offered batch would do; False when it is not waiting for that.

    Opens its own transactions (role `loader`); the first one is always rolled back. A broken file is refused.
    """
    began = time.monotonic()
    try:
        async with db.transaction(Role.LOADER) as tx:
            batch = await store.lock(tx, batch_id, "offered")
            if batch is None:
                return False
            raise _TakenBack(await bring_in(db, tx, batch, phase="profile", expected=None, sampled=True))
    except _TakenBack as seen:
        await _keep(db, batch_id, seen.found, int((time.monotonic() - began) * 1000))
    except Cancelled:
        async with db.transaction(Role.LOADER) as tx:
            if await store.lock(tx, batch_id, "offered") is not None:
                await _discard(tx, batch_id)
    except BrokenFile as broken:
        await refuse(db, batch_id, broken)
    except UNFORESEEN as error:
        await refuse(db, batch_id, BrokenFile(Broken.NOT_STORABLE, type(error).__name__))
    return True


async def profile_waiting(db: Database, most: int = 20) -> int:
    """Make the profiles that wait, oldest first; return how many. A failure is raised after the others."""
    async with db.reading(Role.WORKER) as tx:
        waiting = await work.read_ids_without_profile(tx, most)
    done, failed = 0, None
    for batch_id in waiting:
        try:
            done += await profile_batch(db, batch_id)
        except Exception as error:  # noqa: BLE001  One file that cannot be read holds up no other.
            failed = failed or error
    if failed is not None:
        raise failed
    return done


async def read_profile(tx: ReadTx, batch: Batch) -> Profile | None:
    """The profile of a batch; None before there is one, or where the file came in by another way."""
    return await work.read_profile(tx, batch.batch_id)


async def read_progress(tx: ReadTx, batch_id: UUID) -> Progress | None:
    """How far a profile or a load is."""
    return await store.read_progress(tx, batch_id)


async def is_being_cancelled(tx: ReadTx, batch_id: UUID) -> bool:
    return await work.is_cancelled(tx, batch_id)


async def twins(tx: ReadTx, batch: Batch) -> list[Any]:
    """Other batches of the same bytes that the caller may see."""
    return await work.read_twins(tx, batch.sha256, batch.batch_id)


async def waiting_long(tx: ReadTx, before_at: datetime) -> tuple[int, datetime | None]:
    """Files that have waited for their check or their load since before an instant: how many, and since when."""
    row = await quarantine.read_stuck(tx, before_at)
    return row["files"], row["oldest_at"]


async def accept_batch(tx: Tx, batch_id: UUID) -> Batch:
    """A person has looked and wants it loaded. Refuses `wrong-state` before the profile and after a decision."""
    batch, _ = await get_batch(tx, batch_id)
    if batch.state == "stored":
        return batch  # Said twice.
    if batch.state != "offered" or await work.read_profile(tx, batch_id) is None:
        raise Refusal("wrong-state", "这份文件还没有检查完，或者已经处理过了。")
    if await store.lock(tx, batch_id, "offered") is None:
        raise Refusal("wrong-state", "这份文件正在重新检查，请稍后再试。")
    await work.forget_cancel(tx, batch_id)
    await store.move(tx, batch_id, "offered", "stored")
    await tell_stored(tx, batch)
    return batch


async def discard_batch(tx: Tx, batch_id: UUID, *, by: Seat, now: datetime) -> bool:
    """A person does not want it: the file is forgotten. False when it is in hand and will be given up in a moment."""
    batch, _ = await get_batch(tx, batch_id)
    if batch.state == "discarded":
        return True
    if batch.state != "offered":
        raise Refusal("wrong-state", "只有尚未装载的文件可以放弃。")
    if await store.lock(tx, batch_id, "offered") is None:
        await work.ask_to_cancel(tx, batch_id, by.person_id, now)
        return False
    await _discard(tx, batch_id)
    return True


async def cancel_batch(tx: Tx, batch_id: UUID, *, by: Seat, now: datetime) -> bool:
    """Stop a load before it commits; the batch waits for a decision again. False when that takes a moment.

    Refuses `wrong-state` where it is too late: what is in force stays in force.
    """
    batch, _ = await get_batch(tx, batch_id)
    if batch.state == "offered":
        return True
    if batch.state != "stored":
        raise Refusal("wrong-state", "来不及停止：这份文件已经有结果了。")
    if await store.lock(tx, batch_id, "stored") is None:
        await work.ask_to_cancel(tx, batch_id, by.person_id, now)
        return False
    await store.move(tx, batch_id, "stored", "offered")
    await work.forget_cancel(tx, batch_id)
    return True


async def seal_open_files(db: Database, most: int = 20) -> int:
    """Seal files from before files were sealed, one in a transaction; return how many."""
    for done in range(most):
        async with db.transaction(Role.LOADER) as tx:
            if not await store.seal_one_open_file(tx):
                return done
    return most


async def _discard(tx: Tx, batch_id: UUID) -> None:
    await store.drop_file(tx, batch_id)
    await work.drop_profile(tx, batch_id)
    await work.forget_cancel(tx, batch_id)
    await store.move(tx, batch_id, "offered", "discarded", tx.now)


async def _keep(db: Database, batch_id: UUID, found: BroughtIn, took_ms: int) -> None:
    tally, layout = found.tally, found.tally.layout
    quarantined = sum(tally.faults.values())
    withdrawn = {row_no: code for row_no, code, *_ in tally.rejected}
    assert tally.sampler is not None, "a profile samples"
    async with db.transaction(Role.LOADER) as tx:
        profile = Profile(
            profiled_at=tx.now, took_ms=took_ms, rows_read=tally.read, rows_accepted=tally.read - quarantined,
            rows_normalised=tally.normalised, rows_quarantined=quarantined, rows_new=found.fresh,
            direction=layout.direction.value if layout.direction else None, encoding=found.sheet.encoding,
            separator=found.sheet.separator, columns=_columns(tally.kind, found),
            samples=[one.document() for one in tally.sampler.chosen(withdrawn)],
            notes={note.value: rows for note, rows in tally.notes.most_common() if rows > 0},
            faults={fault.value: rows for fault, rows in tally.faults.most_common() if rows > 0},
            passed_over=safe("、".join(tally.passed_over)),
        )  # fmt: skip
        await work.write_profile(tx, batch_id, profile)


def _columns(kind: FileKind, found: BroughtIn) -> list[dict[str, str]]:
    """Every column: matched, absent (optional, not in the file), or unused (in the file, not known)."""
    layout = found.tally.layout
    usual = {column.name: column.titles[0] if column.titles else "" for column in COLUMNS[kind]}
    rows = [
        {
            "name": name, "state": "matched" if place >= 0 else "absent", "title": safe(title),
            "usual": usual[name] or title,
        }
        for name, place, title in zip(layout.names, layout.places, layout.titles, strict=True)
    ]  # fmt: skip
    return rows + [{"name": "", "state": "unused", "title": safe(title), "usual": ""} for title in layout.extra]
