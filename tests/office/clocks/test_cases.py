"""Clocks of cases of any kind, fired by the sweep or by an act: once, never early, all or nothing."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pytest

from app.infra.db import Database, Role, Tx
from app.kernel.ids import new_id
from app.office import clocks
from app.office.clocks import CaseKind, CaseRef, ClockState
from app.office.clocks.service import cases
from tests.support import shanghai

KIND = "invented"
START = shanghai("2025-09-25 15:00")

LOCK = "select name from leases where name = any($1) order by name for no key update skip locked"


@dataclass(slots=True)
class Invented:
    """A kind of case that lives in `leases`: a row is a root. What fires is noted, and may start a clock or fail."""

    fired: list[tuple[UUID, str, datetime]] = field(default_factory=list)
    failing: set[UUID] = field(default_factory=set)
    follows: bool = False

    async def lock(self, tx: Tx, root_ids: Sequence[UUID]) -> list[UUID]:
        return [UUID(row["name"]) for row in await tx.fetch(LOCK, [str(one) for one in root_ids])]

    async def fire(self, tx: Tx, clock: ClockState) -> None:
        await tx.execute("update leases set until_at = $2 where name = $1", str(clock.root_id), clock.due_at)
        if clock.root_id in self.failing:
            raise RuntimeError("this case cannot be fired")
        self.fired.append((clock.root_id, clock.kind, clock.due_at))
        if self.follows and clock.kind == "ACCEPT":
            await clocks.start(tx, case_of(clock.root_id), "CONTACT", at=clock.due_at)

    @property
    def kind(self) -> CaseKind:
        return CaseKind(KIND, self.lock, self.fire)


def case_of(root_id: UUID) -> CaseRef:
    return CaseRef(root_id, KIND, root_id)


@pytest.fixture
async def invented() -> AsyncIterator[Invented]:
    made = Invented()
    clocks.register(made.kind)
    yield made
    cases._kinds.pop(KIND)


async def begun(db: Database, count: int = 1) -> list[UUID]:
    """Cases with a clock of two workdays, by the policy in force on that day."""
    root_ids = sorted((new_id() for _ in range(count)), key=str)
    async with db.transaction(Role.WORKER) as tx:
        for root_id in root_ids:
            await tx.execute("insert into leases values ($1, $2, $3)", str(root_id), root_id, START)
            await clocks.start(tx, case_of(root_id), "ACCEPT", at=START)
    return root_ids


async def states(db: Database) -> list[str]:
    async with db.reading(Role.WORKER) as tx:
        return [row["state"] for row in await tx.fetch("select state from clocks order by root_id, started_at")]


async def test_a_due_clock_of_a_case_fires_once_and_never_early(db: Database, invented: Invented) -> None:
    """The instant itself is due; whoever sweeps again finds nothing."""
    (root_id,) = await begun(db)

    counts = [await clocks.sweep(db, at) for at in (shanghai("2025-09-28 23:59"), shanghai("2025-09-29 00:00"))]
    again = await clocks.sweep(db, shanghai("2025-10-20 00:00"))

    assert ([0, 1], 0) == (counts, again)
    assert [(root_id, "ACCEPT", shanghai("2025-09-29 00:00"))] == invented.fired
    assert ["breached"] == await states(db)


async def test_what_a_firing_starts_fires_in_the_same_sweep(db: Database, invented: Invented) -> None:
    """A worker that was away for weeks ends where one would have that never slept."""
    invented.follows = True
    (root_id,) = await begun(db)

    fired = await clocks.sweep(db, shanghai("2025-11-03 00:00"))

    assert 2 == fired
    assert [(root_id, "ACCEPT"), (root_id, "CONTACT")] == [one[:2] for one in invented.fired]
    assert ["breached", "breached"] == await states(db)


async def test_a_case_that_somebody_works_on_is_left_to_them(db: Database, invented: Invented) -> None:
    """The act fires for itself under the lock that it holds; the sweep waits for nobody."""
    mine, other = await begun(db, 2)
    now = shanghai("2025-09-30 00:00")

    async with db.transaction(Role.WORKER) as tx:
        assert [mine] == await invented.lock(tx, [mine])
        swept = await clocks.sweep(db, now)
        acted = await invented.kind.fire_due(tx, mine, now=now)

    assert (1, 1) == (swept, acted)
    assert [other, mine] == [root_id for root_id, _, _ in invented.fired]


async def test_a_case_that_fails_keeps_nothing_half_done_and_holds_back_nobody(
    db: Database, invented: Invented
) -> None:
    """Its clock runs on as if nothing had been tried, and is tried again."""
    root_ids = await begun(db, 3)
    invented.failing = {root_ids[1]}
    now = shanghai("2025-09-30 00:00")

    fired = await clocks.sweep(db, now)
    half_done = await states(db)
    invented.failing = set()
    later = await clocks.sweep(db, now)

    assert (2, ["breached", "running", "breached"], 1) == (fired, half_done, later)
    assert ["breached"] * 3 == await states(db)


async def test_the_sweep_comes_back_for_what_it_left_alone(db: Database, invented: Invented) -> None:
    """Whoever held the lock did nothing with it: the next round fires, once and at its own instant."""
    mine, other = await begun(db, 2)
    now = shanghai("2025-09-30 00:00")

    async with db.transaction(Role.WORKER) as tx:
        await invented.lock(tx, [mine])
        left_alone = await clocks.sweep(db, now)
    rounds = [await clocks.sweep(db, now), await clocks.sweep(db, now)]

    assert (1, [1, 0]) == (left_alone, rounds)
    due_at = shanghai("2025-09-29 00:00")
    assert [(other, "ACCEPT", due_at), (mine, "ACCEPT", due_at)] == invented.fired
