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

from app.infra import outbox
from app.infra.db import Database, ReadTx, Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.office import policies
from app.office.clocks import store
from app.office.clocks.events import DeadlineRecounted
from app.office.clocks.rules import Clock, Due
from app.office.clocks.rules.recounting import Outcome, Recount, Recounted, recounted
from app.office.clocks.rules.terms import Edition
from app.office.clocks.service import ladders
from app.office.clocks.service.cases import Lock, locks
from app.office.clocks.service.keeping import CALENDAR, calendar_of, calendar_on, edition_on

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
        stale = await store.read_stale_roots(tx, list(lock_of), await _in_force(tx, at), at, BLOCK)
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
        editions = {edition.key: edition for edition in await _in_force(tx, at)}
        rows = await store.read_stale(tx, kind, locked, list(editions.values()), at)
        pauses = await store.read_pauses_of(tx, [row["clock_id"] for row in rows])
        found: list[tuple[Record, Clock, Recounted]] = []
        for row in rows:
            calendar = await calendar_of(tx, editions[row["calendar_key"]])
            clock = store.clock_of(row, pauses.get(row["clock_id"], ()))
            before = Due(row["due_on"], row["due_at"], row["is_provisional"])
            found.append((row, clock, recounted(clock, calendar, before, at)))
        moved = [(row, clock) for row, clock, said in found if said.outcome is Outcome.MOVED]
        if moved:
            await ladders.tell_reached(tx, [row["clock_id"] for row, _clock in moved], at=at)
        await _write(tx, found, editions, at)
        for row, clock in moved:
            await ladders.move(tx, row["clock_id"], clock, await calendar_of(tx, editions[row["calendar_key"]]))
    return len(found)


async def _in_force(tx: ReadTx, at: datetime) -> list[Edition]:
    """Every calendar as it is in force; before the first there is nothing to count again."""
    on = shanghai_date(at)
    return [await edition_on(tx, key, on) for key in await policies.keys_in_force(tx, CALENDAR, on)]


async def _write(
    tx: Tx, found: Sequence[tuple[Record, Clock, Recounted]], editions: Mapping[str, Edition], at: datetime
) -> None:
    by = {row["clock_id"]: editions[row["calendar_key"]] for row, _clock, _said in found}
    by_new = [
        (row["clock_id"], by[row["clock_id"]], said.due)
        for row, _clock, said in found
        if said.outcome is not Outcome.KEPT
    ]
    await store.set_recounted(tx, by_new)
    told = [
        (row, by[row["clock_id"]], said.outcome.value, said.due, said.counted)
        for row, _clock, said in found
        if said.outcome is not Outcome.SAME
    ]
    await store.insert_recounts(tx, at, told)
    facts = [_fact(row, by[row["clock_id"]], said, at) for row, _clock, said in found]
    await outbox.record_block(
        tx, [one for one in facts if one.due_on != one.old_due_on], outbox.listeners(tx, DeadlineRecounted)
    )
    await outbox.record_block(tx, [one for one in facts if one.due_on == one.old_due_on], ())


def _fact(row: Record, by: Edition, said: Recounted, at: datetime) -> DeadlineRecounted:
    return DeadlineRecounted(
        stream_id=row["root_id"], at=at, clock_id=row["clock_id"], case_kind=row["case_kind"], case_id=row["case_id"],
        root_id=row["root_id"], clock=row["kind"], owner=row["owner"], outcome=said.outcome.value,
        calendar_key=by.key, from_version=row["calendar_version"], to_version=by.version, old_due_on=row["due_on"],
        due_on=said.due.due_on, from_base=row["base_version"], to_base=by.base_version,
        business_id=row["business_id"], bank_id=row["bank_id"], branch_id=row["branch_id"],
    )  # fmt: skip


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
