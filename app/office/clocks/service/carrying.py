"""Promises judged again, and promises that another case goes on with, each with the time that it has used."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.workdays import workdays_between
from app.office.clocks import store
from app.office.clocks.service import ladders
from app.office.clocks.service.keeping import CaseRef, calendar_of, edition_of, start


async def met_due(tx: ReadTx, case_id: UUID, kind: str) -> datetime | None:
    """When the newest clock of a kind would have been due, had it not been met; None unless it is met."""
    row = await store.read_newest(tx, case_id, kind)
    return row["due_at"] if row is not None and row["state"] == "met" else None


async def reopen(tx: Tx, case_id: UUID, kind: str, *, at: datetime) -> None:
    """What met the newest clock of a kind never was: it goes on from its start as a generation of its own.

    With its pauses; what was told of it stays told. Breached at once when its day has passed by `at`. Nothing when
    there is none, or it is void or alive.
    """
    row = await store.read_newest(tx, case_id, kind)
    if row is None or row["state"] not in ("met", "breached"):
        return
    new_id = await store.insert_reopened(tx, row["clock_id"], at)
    clock = store.clock_of(row, await store.read_pauses(tx, new_id))
    await ladders.move(tx, new_id, clock, await calendar_of(tx, edition_of(row)))


async def carry(tx: Tx, case_id: UUID, to: CaseRef, *, but: Sequence[str], at: datetime) -> None:
    """Every clock of a case that is alive goes on for another case as it is: its start, its pauses, its deadline, its
    rungs. The old ones are void from `at` on; kinds in `but` are left to them."""
    for row in await store.read_all_alive(tx, case_id):
        if row["kind"] not in but:
            await ladders.tell_reached(tx, [row["clock_id"]], at=at)  # Before it is two clocks.
            await store.insert_carried(tx, row["clock_id"], to.case_id, to.branch_id, at)
            await store.set_void(tx, case_id, row["kind"], at)


async def rest(tx: Tx, case_id: UUID, to: CaseRef, kind: str, *, at: datetime) -> None:
    """A clock that was met, counted in workdays, goes on for another case with the days that were left when it was
    met: counted anew from `at`, at least one. Nothing when it was not met."""
    row = await store.read_newest(tx, case_id, kind)
    if row is None or row["state"] != "met" or row["unit"] != "workdays":
        return
    calendar = await calendar_of(tx, edition_of(row))
    day_before = shanghai_date(row["stopped_at"]) - timedelta(days=1)
    used = max(0, workdays_between(calendar, shanghai_date(row["started_at"]), day_before))
    await start(tx, to, kind, at=at, key=row["policy_key"], count=max(1, row["count"] - used))
