"""When a version of the calendar arrives: open deadlines are counted again, each change written down old to new.

A worker's job. Clocks that run, are not due yet and were counted by an older version are found without locks; their
roots are locked as for firing, and what is found is looked at again under the lock. Closed and breached clocks are
history, and one that is due is breached whether or not it has fired. A paused clock has no deadline: it is counted
again when it runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field

from app.infra.db import Database, ReadTx, Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.office import policies
from app.office.clocks import store
from app.office.clocks.rules import Clock, Due
from app.office.clocks.rules.recounting import Outcome, Recount, Recounted, recounted
from app.office.clocks.service import ladders
from app.office.clocks.service.cases import Lock, locks
from app.office.clocks.service.keeping import calendar_on

BLOCK: Final = 200  # Roots in one transaction: some hundredths of a second.
log = structlog.get_logger(__name__)


class WatchBody(BaseModel):
    """Policy `calendar_watch`: from which day of a year (MM-DD) the next year's notice is missed, and badly missed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    missing_from: str = Field(pattern=r"^(0[1-9]|1[0-2])-[0-3][0-9]$")
    urgent_from: str = Field(pattern=r"^(0[1-9]|1[0-2])-[0-3][0-9]$")
    again_days: int = Field(ge=1, le=90)


@dataclass(frozen=True, slots=True)
class MissingYear:
    """A year that should have been announced by now. `told_on` opens the current reminder."""

    year: int
    is_urgent: bool
    told_on: date


async def recount(db: Database, more_locks: Mapping[str, Lock], now: datetime | None = None) -> int:
    """Count one block of every kind of case again; returns how many clocks. Repeat until 0.

    `more_locks`: how the roots of kinds are locked that are not registered with `clocks.register`.
    """
    lock_of = {**locks(), **more_locks}
    async with db.reading(Role.WORKER) as tx:
        at = now or tx.now
        try:
            version, _calendar = await calendar_on(tx, shanghai_date(at))
        except Refusal:  # Before the first calendar there is nothing to count again.
            return 0
        stale = await store.read_stale_roots(tx, list(lock_of), version, at, BLOCK)
    done = 0
    for kind, root_ids in stale.items():
        done += await _block(db, kind, root_ids, lock_of[kind], now)
    return done


async def _block(db: Database, kind: str, root_ids: Sequence[UUID], lock: Lock, now: datetime | None) -> int:
    try:
        return await _recount(db, kind, root_ids, lock, now)
    except Exception as error:  # noqa: BLE001 - one case that cannot be counted must not hold back the others
        log.warning("recount_block_failed", case_kind=kind, roots=len(root_ids), error=type(error).__name__)
    done = 0
    for root_id in root_ids:
        try:
            done += await _recount(db, kind, [root_id], lock, now)
        except Exception as error:  # noqa: BLE001 - it is told and tried again
            log.error("recount_failed", case_kind=kind, root_id=str(root_id), error=type(error).__name__)
    return done


async def _recount(db: Database, kind: str, root_ids: Sequence[UUID], lock: Lock, now: datetime | None) -> int:
    async with db.transaction(Role.WORKER) as tx:
        at = now or tx.now
        locked = await lock(tx, root_ids)
        version, calendar = await calendar_on(tx, shanghai_date(at))
        rows = await store.read_stale(tx, kind, locked, version, at)
        pauses = await store.read_pauses_of(tx, [row["clock_id"] for row in rows])
        found: list[tuple[Record, Clock, Recounted]] = []
        for row in rows:
            clock = store.clock_of(row, pauses.get(row["clock_id"], ()))
            before = Due(row["due_on"], row["due_at"], row["is_provisional"])
            found.append((row, clock, recounted(clock, calendar, before, at)))
        moved = [(row["clock_id"], clock) for row, clock, said in found if said.outcome is Outcome.MOVED]
        if moved:
            await ladders.tell_reached(tx, [clock_id for clock_id, _clock in moved], at=at)
        await _write(tx, found, version, at)
        for clock_id, clock in moved:
            await ladders.move(tx, clock_id, clock, calendar)
    return len(found)


async def _write(tx: Tx, found: Sequence[tuple[Record, Clock, Recounted]], version: int, at: datetime) -> None:
    by_new = [(row["clock_id"], said.due) for row, _clock, said in found if said.outcome is not Outcome.KEPT]
    await store.set_recounted(tx, version, by_new)
    told = [
        (row, said.outcome.value, said.due, said.counted) for row, _c, said in found if said.outcome is not Outcome.SAME
    ]
    await store.insert_recounts(tx, version, at, told)


async def of_root(tx: ReadTx, root_id: UUID) -> tuple[Recount, ...]:
    """What was counted again for the clocks of one root that the caller may see, oldest first."""
    return tuple(Recount(*row) for row in await store.read_recounts_of_root(tx, root_id))


async def missing_year(tx: ReadTx, today: date) -> MissingYear | None:
    """The year whose notice is missed today by the policy `calendar_watch`, or None while all is announced."""
    _version, calendar = await calendar_on(tx, today)
    policy = await policies.in_force(tx, "calendar_watch", "cn", today)
    watch = WatchBody.model_validate(dict(policy.body))
    if today.year not in calendar.years:
        return MissingYear(
            today.year, is_urgent=True, told_on=_told_on(date(today.year, 1, 1), today, watch.again_days)
        )
    since, urgent = (date.fromisoformat(f"{today.year}-{one}") for one in (watch.missing_from, watch.urgent_from))
    if today < since or today.year + 1 in calendar.years:
        return None
    return MissingYear(today.year + 1, is_urgent=today >= urgent, told_on=_told_on(since, today, watch.again_days))


def _told_on(since: date, today: date, again_days: int) -> date:
    """The day on which the reminder of this stretch of days begins."""
    return date.fromordinal(today.toordinal() - (today - since).days % again_days)
