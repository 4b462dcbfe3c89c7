"""Due clocks of cases of every kind, fired when nobody acts.

A room whose cases have clocks registers a `CaseKind`: how its roots are locked, and what a due clock does to a case.
Whoever comes first fires a due clock, the sweep or an act on the case (`CaseKind.fire_due` under the root's lock), so
no result depends on when the worker ran.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from app.infra.db import Database, Role, Tx
from app.office.clocks import store
from app.office.clocks.service.keeping import ClockState, breach, state
from app.office.clocks.service.reading import find_due

Lock = Callable[[Tx, Sequence[UUID]], Awaitable[list[UUID]]]
Fire = Callable[[Tx, ClockState], Awaitable[None]]
BLOCK: Final = 50  # Roots in one transaction: far below its time limit, large enough to spread its cost.
FIRINGS_MAX: Final = 100  # A case has a few clocks; more means that a clock starts itself.
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CaseKind:
    """Cases of one kind. `kind` is the `case_kind` of their clocks.

    `lock(tx, root_ids)` locks those roots that nobody else works on (`for no key update skip locked`, by id) and
    returns them. `fire(tx, clock)` does what follows from a due clock, which is breached by then, at `clock.due_at`;
    it runs in the transaction that breached it, and may start, stop or void clocks of the case.
    """

    kind: str
    lock: Lock
    fire: Fire

    async def fire_due(self, tx: Tx, root_id: UUID, *, now: datetime) -> int:
        """Fire the due clocks of a locked root, each at its own instant, in order of time; returns how many.

        One at a time, since a firing may start or void others.
        """
        for count in range(FIRINGS_MAX):
            due = await store.read_first_due(tx, root_id, self.kind, now)
            if due is None:
                return count
            clock = state(due)
            await breach(tx, clock.clock_id)
            await self.fire(tx, clock)
        raise AssertionError("clocks of a case start each other without end")


_kinds: Final[dict[str, CaseKind]] = {}


def register(kind: CaseKind) -> None:
    """Tell whose clocks `sweep` fires, and how; done at start-up by the composition root."""
    _kinds[kind.kind] = kind


def locks() -> Mapping[str, Lock]:
    """How the roots of every registered kind are locked."""
    return {kind.kind: kind.lock for kind in _kinds.values()}


async def sweep(db: Database, now: datetime | None = None) -> int:
    """Fire one block of due clocks of every registered kind; returns how many fired. Repeat until 0.

    Due clocks are found without locks; their roots are locked by id, those that somebody works on now are left out
    (the act fires for itself), and what is due is looked at again under the lock.
    """
    fired = 0
    for kind in tuple(_kinds.values()):
        async with db.reading(Role.WORKER) as tx:
            root_ids = await find_due(tx, (kind.kind,), now=now or tx.now, limit=BLOCK)
        if root_ids:
            fired += await _fire_block(db, kind, root_ids, now)
    return fired


async def _fire_block(db: Database, kind: CaseKind, root_ids: Sequence[UUID], now: datetime | None) -> int:
    try:
        return await _fire(db, kind, root_ids, now)
    except Exception as error:  # noqa: BLE001 - one case that cannot be fired must not hold back the others
        log.warning("sweep_block_failed", case_kind=kind.kind, roots=len(root_ids), error=type(error).__name__)
    fired = 0
    for root_id in root_ids:
        try:
            fired += await _fire(db, kind, [root_id], now)
        except Exception as error:  # noqa: BLE001 - it is told and tried again
            log.error("sweep_failed", case_kind=kind.kind, root_id=str(root_id), error=type(error).__name__)
    return fired


async def _fire(db: Database, kind: CaseKind, root_ids: Sequence[UUID], now: datetime | None) -> int:
    fired = 0
    async with db.transaction(Role.WORKER) as tx:
        for root_id in await kind.lock(tx, root_ids):
            fired += await kind.fire_due(tx, root_id, now=now or tx.now)
    return fired
