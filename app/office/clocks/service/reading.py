"""What runs, what is due, and why a deadline is on its day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.infra.db import ReadTx, Record
from app.office.clocks import rules, store
from app.office.clocks.rules import DayLine, Pause
from app.office.clocks.rules.recounting import Recount
from app.office.clocks.service.keeping import ClockState, calendar_of, edition_of, state


@dataclass(frozen=True, slots=True)
class Explanation:
    """A clock with its day-by-day account.

    `rungs` are (percent, instant), None while an open pause stands before; one that was told stays where it was.
    """

    clock: ClockState
    lines: tuple[DayLine, ...]
    pauses: tuple[Pause, ...]
    used_ppm: int
    rungs: tuple[rules.Rung, ...]
    policy_version: int
    calendar_version: int
    recounts: tuple[Recount, ...] = ()  # By versions of the calendar that came later, oldest first.
    calendar_key: str = "cn"


async def due_of(tx: ReadTx, root_id: UUID, now: datetime) -> tuple[ClockState, ...]:
    """The clocks of one root whose instant has come, earliest first."""
    return tuple(state(row) for row in await store.read_due_of_root(tx, root_id, now))


async def find_due(tx: ReadTx, case_kinds: Sequence[str] | None, *, now: datetime, limit: int) -> list[UUID]:
    """Roots of such cases (None: of all) with a due clock, found without locks: lock them, then ask `due_of` again."""
    return await store.read_due_roots(tx, case_kinds, now, limit)


async def of_root(tx: ReadTx, root_id: UUID) -> tuple[ClockState, ...]:
    """All clocks of one root that the caller may see, oldest first."""
    return tuple(state(row) for row in await store.read_of_root(tx, root_id))


async def explain(tx: ReadTx, root_id: UUID, *, now: datetime) -> Mapping[tuple[UUID, str], Explanation]:
    """Why each deadline is on its day, for the newest clock of every case and kind of one root, in four statements.

    Each has every day from the start to the deadline, or to now while a pause is open.
    """
    newest = {(row["case_id"], row["kind"]): row for row in await store.read_of_root(tx, root_id)}
    pauses = await store.read_pauses_of_root(tx, root_id)
    told = await store.read_told(tx, [row["clock_id"] for row in newest.values()])
    explained = {
        key: await _explained(tx, row, pauses.get(row["clock_id"], ()), told, now) for key, row in newest.items()
    }
    for recount in (Recount(*row) for row in await store.read_recounts_of_root(tx, root_id)):
        why = explained.get((recount.case_id, recount.kind))
        if why is not None and why.clock.clock_id == recount.clock_id:
            explained[recount.case_id, recount.kind] = replace(why, recounts=(*why.recounts, recount))
    return explained


async def _explained(
    tx: ReadTx, row: Record, pauses: tuple[Pause, ...], told: Mapping[tuple[UUID, int], datetime], now: datetime
) -> Explanation:
    calendar = await calendar_of(tx, edition_of(row))
    clock = store.clock_of(row, pauses)
    until = max(now, row["started_at"]) if row["state"] == "paused" else row["due_at"]
    seen = min(now, row["stopped_at"] or now)
    rungs = tuple(
        rules.Rung(rung.share, told.get((row["clock_id"], rung.share), rung.at), rung.provisional)
        for rung in rules.rungs(clock, calendar)
    )
    return Explanation(
        state(row), rules.trace(clock, calendar, until), pauses,
        rules.time_used(clock, calendar, max(seen, row["started_at"])).share_ppm, rungs,
        row["policy_version"], row["calendar_version"], calendar_key=row["calendar_key"],
    )  # fmt: skip
