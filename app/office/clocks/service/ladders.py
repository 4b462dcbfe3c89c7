"""Rungs: who is told when a share of a clock's counted time is used up. Each is told once, and never early.

A rung is a fact of its clock alone, so the sweep tells them by the block, without the locks of cases: it claims rungs
that are due and waits for nobody. What an act moves (a pause) is told first, up to that instant; what lies ahead of a
stop is reached no more; what was told stays told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra import outbox
from app.infra.db import Database, Role, Tx
from app.kernel.workdays import Calendar
from app.office.clocks import rules, store
from app.office.clocks.events import RungReached
from app.office.clocks.rules import Clock

BLOCK: Final = 2_000  # Rungs in one transaction: a fraction of a second.


async def tell_due(db: Database, now: datetime | None = None, *, most: int = BLOCK) -> int:
    """Tell one block of rungs whose instant has come; returns how many. Repeat until 0."""
    async with db.transaction(Role.WORKER) as tx:
        return await store.tell_rungs(tx, now or tx.now, tx.wall, most, outbox.listeners(tx, RungReached))


async def tell_reached(tx: Tx, clock_ids: Sequence[UUID], *, at: datetime) -> int:
    """Tell what these clocks had reached by `at`, before something moves what lies ahead. Returns how many.

    The caller holds the locks of their roots.
    """
    return await store.tell_rungs_of(tx, clock_ids, at, outbox.listeners(tx, RungReached))


async def move(tx: Tx, clock_id: UUID, clock: Clock, calendar: Calendar) -> None:
    """Place the rungs that were not told yet anew: after a pause began or ended, or the calendar changed."""
    shares = await store.read_untold(tx, clock_id)
    if shares:
        await store.move_rungs(tx, clock_id, {rung.share: rung.at for rung in rules.rungs(clock, calendar, shares)})
