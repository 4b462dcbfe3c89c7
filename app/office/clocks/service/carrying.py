"""Promises judged again: what was met by something that is taken back goes on from where it started."""

from datetime import datetime
from uuid import UUID

from app.infra.db import ReadTx, Tx
from app.office.clocks import store
from app.office.clocks.service import ladders
from app.office.clocks.service.keeping import calendar_of


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
    await ladders.move(tx, new_id, clock, await calendar_of(tx, row["calendar_version"]))
