"""Starting, stopping, pausing and firing clocks; what is due; and why a deadline is on its day.

The caller holds the lock of the clock's root (an order) and knows nothing of calendars. A clock keeps the version of
the policy and of the calendar by which it was counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.workdays import BadCalendar, Calendar, parse_calendar
from app.office import policies
from app.office.clocks import rules, store
from app.office.clocks.rules import Clock, DayLine, Due, Limit, Pause

CALENDAR: Final = ("calendar", "cn")
_PARSED: Final[dict[int, Calendar]] = {}  # By version: a version never changes.


@dataclass(frozen=True, slots=True)
class CaseRef:
    """What a clock is about, and who may see it. `root_id` is what is locked before the clock is touched."""

    root_id: UUID
    kind: str
    case_id: UUID
    business_id: UUID | None = None
    bank_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How long and whose: from the dated policy in force on the day of the start."""

    owner: str
    limit: Limit
    policy_version: int
    pause_cap: int = 0


@dataclass(frozen=True, slots=True)
class ClockState:
    """A clock as it stands. Shown as `due_on` 24:00; breached from `due_at` on."""

    clock_id: UUID
    case_kind: str
    case_id: UUID
    kind: str
    owner: str
    state: str
    started_at: datetime
    due_on: date
    due_at: datetime
    is_provisional: bool
    stopped_at: datetime | None
    pause_cap: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """A clock with its day-by-day account. `rungs` are (percent, instant), None while an open pause stands before."""

    clock: ClockState
    lines: tuple[DayLine, ...]
    pauses: tuple[Pause, ...]
    used_ppm: int
    rungs: tuple[rules.Rung, ...]
    policy_version: int
    calendar_version: int


async def start(tx: Tx, case: CaseRef, kind: str, terms: Terms, *, at: datetime) -> Due:
    """Start a clock at `at`. The day of the event does not count."""
    version, calendar = await calendar_on(tx, shanghai_date(at))
    clock = Clock(at, terms.limit)
    due = rules.due(clock, calendar)
    assert due is not None, "a clock without a pause is due some day"
    await store.insert_clock(
        tx, (case.root_id, case.kind, case.case_id, kind), terms.owner, clock, due, (terms.policy_version, version),
        terms.pause_cap, (case.business_id, case.bank_id),
    )  # fmt: skip
    return due


async def state_of(tx: ReadTx, case_id: UUID, kind: str) -> str | None:
    """`running` or `paused`; None when no such clock is alive (never started, met, breached or void)."""
    row = await store.read_alive(tx, case_id, kind)
    return None if row is None else str(row["state"])


async def stop(tx: Tx, case_id: UUID, kind: str, *, at: datetime) -> None:
    """What was promised is done: met in time; after a breach the instant is noted and the breach stays."""
    row = await store.read_alive(tx, case_id, kind)
    if row is None:
        await store.note_late_stop(tx, case_id, kind, at)
        return
    if row["state"] == "paused":
        await _resume(tx, row, at)
    await store.set_met(tx, row["clock_id"], at)


async def void(tx: Tx, case_id: UUID, kind: str | None = None, *, at: datetime) -> None:
    """The promise is no longer owed; without a kind: all that still run on the case."""
    await store.set_void(tx, case_id, kind, at)


async def pause(tx: Tx, case: CaseRef, kind: str, *, proof_id: UUID, at: datetime) -> None:
    """Stop counting from `at`, with its proof. Nothing happens when no such clock runs."""
    row = await store.read_alive(tx, case.case_id, kind)
    if row is not None and row["state"] == "running":
        await store.insert_pause(tx, row["clock_id"], case.root_id, proof_id, at, (case.business_id, case.bank_id))


async def resume(tx: Tx, case_id: UUID, kind: str, *, at: datetime) -> None:
    """Count on from `at`; the deadline moves by the days that were skipped. Nothing when it is not paused."""
    row = await store.read_alive(tx, case_id, kind)
    if row is not None and row["state"] == "paused":
        await _resume(tx, row, at)


async def breach(tx: Tx, clock_id: UUID) -> None:
    """The clock has fired: a fact that nothing removes."""
    await store.set_breached(tx, clock_id)


async def due_of(tx: ReadTx, root_id: UUID, now: datetime) -> tuple[ClockState, ...]:
    """The clocks of one root whose instant has come, earliest first."""
    return tuple(_state(row) for row in await store.read_due_of_root(tx, root_id, now))


async def find_due(tx: ReadTx, case_kinds: Sequence[str] | None, *, now: datetime, limit: int) -> list[UUID]:
    """Roots of such cases (None: of all) with a due clock, found without locks: lock them, then ask `due_of` again."""
    return await store.read_due_roots(tx, case_kinds, now, limit)


async def of_root(tx: ReadTx, root_id: UUID) -> tuple[ClockState, ...]:
    """All clocks of one root that the caller may see, oldest first."""
    return tuple(_state(row) for row in await store.read_of_root(tx, root_id))


async def pause_left(tx: ReadTx, case_id: UUID, kind: str, *, at: datetime) -> int:
    """How many days the clock may still be paused, under its cap; 0 when it does not run."""
    row = await store.read_alive(tx, case_id, kind)
    if row is None:
        return 0
    pauses = await store.read_pauses(tx, row["clock_id"])
    calendar = await _calendar(tx, row["calendar_version"])
    used = rules.pause_days_used(store.clock_of(row, pauses), calendar, at)
    return max(0, int(row["pause_cap"]) - used)


async def explain(tx: ReadTx, root_id: UUID, *, now: datetime) -> Mapping[tuple[UUID, str], Explanation]:
    """Why each deadline is on its day, for the newest clock of every case and kind of one root, in two statements.

    Each has every day from the start to the deadline, or to now while a pause is open.
    """
    newest = {(row["case_id"], row["kind"]): row for row in await store.read_of_root(tx, root_id)}
    pauses = await store.read_pauses_of_root(tx, root_id)
    return {key: await _explained(tx, row, pauses.get(row["clock_id"], ()), now) for key, row in newest.items()}


async def _explained(tx: ReadTx, row: Record, pauses: tuple[Pause, ...], now: datetime) -> Explanation:
    calendar = await _calendar(tx, row["calendar_version"])
    clock = store.clock_of(row, pauses)
    until = max(now, row["started_at"]) if row["state"] == "paused" else row["due_at"]
    seen = min(now, row["stopped_at"] or now)
    return Explanation(
        _state(row), rules.trace(clock, calendar, until), pauses,
        rules.time_used(clock, calendar, max(seen, row["started_at"])).share_ppm, rules.rungs(clock, calendar),
        row["policy_version"], row["calendar_version"],
    )  # fmt: skip


async def calendar_on(tx: ReadTx, on: date) -> tuple[int, Calendar]:
    """The working calendar in force on a day, with its version; refused (`policy-missing`) when there is none."""
    version = await policies.version_in_force(tx, *CALENDAR, on)
    return version, await _calendar(tx, version)


async def _calendar(tx: ReadTx, version: int) -> Calendar:
    if version not in _PARSED:
        policy = await policies.get_version(tx, *CALENDAR, version)
        parsed = parse_calendar(version, policy.body)
        if isinstance(parsed, BadCalendar):
            raise Refusal("calendar-unknown", parsed.why)
        _PARSED[version] = parsed
    return _PARSED[version]


async def _resume(tx: Tx, row: Record, at: datetime) -> None:
    await store.end_pause(tx, row["clock_id"], at)
    pauses = await store.read_pauses(tx, row["clock_id"])
    due = rules.due(store.clock_of(row, pauses), await _calendar(tx, row["calendar_version"]))
    assert due is not None, "all pauses have ended"
    await store.set_running(tx, row["clock_id"], due)


def _state(row: Record) -> ClockState:
    return ClockState(*(row[name] for name in ClockState.__dataclass_fields__))
