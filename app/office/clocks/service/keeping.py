"""Starting, stopping, pausing and breaching clocks.

The caller holds the lock of the clock's root (an order) and knows nothing of calendars. A clock keeps the version of
the policy and of the calendar by which it was counted.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.workdays import BadCalendar, Calendar, inherited_key, parse_calendar
from app.office import policies
from app.office.clocks import rules, store
from app.office.clocks.rules import Clock, Due, Limit, LimitUnit
from app.office.clocks.rules.terms import Edition
from app.office.clocks.schemas import ClockBody
from app.office.clocks.service import ladders

CALENDAR, NATIONAL_KEY = "calendar", "cn"
NATIONAL, OF_BRANCH = "national", "branch"  # What a policy may call the calendar to count by, beside a key.
_PARSED: Final[dict[Edition, Calendar]] = {}  # A version never changes.


@dataclass(frozen=True, slots=True)
class CaseRef:
    """What a clock is about, and who may see it. `root_id` is what is locked before the clock is touched."""

    root_id: UUID
    kind: str
    case_id: UUID
    business_id: UUID | None = None
    bank_id: UUID | None = None
    branch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How long and whose: from the dated policy in force on the day of the start. `rungs`: share, who is told."""

    owner: str
    limit: Limit
    policy_version: int
    pause_cap: int = 0
    policy_key: str = ""
    rungs: tuple[tuple[int, tuple[str, ...]], ...] = ()
    calendar: str = NATIONAL


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
    root_id: UUID
    business_id: UUID | None
    bank_id: UUID | None
    branch_id: UUID | None
    policy_key: str
    policy_version: int


async def start(
    tx: Tx, case: CaseRef, kind: str, terms: Terms | None = None, *, at: datetime, key: str = "",
    count: int | None = None, until: datetime | None = None,
) -> Due:  # fmt: skip
    """Start a clock at `at`, by the policy `clock` of that kind (or `key`) in force on that day unless terms are given.

    The day of the event does not count. `count` or `until` is given where the case itself names the limit.
    Refuses `policy-missing`.
    """
    if terms is None:
        terms = await terms_on(tx, key or kind, shanghai_date(at), count=count, until=until)
    edition = await edition_on(tx, await _key_of(tx, terms.calendar, case, shanghai_date(at)), shanghai_date(at))
    calendar = await calendar_of(tx, edition)
    clock = Clock(at, terms.limit)
    due = rules.due(clock, calendar)
    assert due is not None, "a clock without a pause is due some day"
    reached = {rung.share: rung.at for rung in rules.rungs(clock, calendar, [share for share, _ in terms.rungs])}
    await store.insert_clock(
        tx, (case.root_id, case.kind, case.case_id, kind), terms.owner, clock, due,
        (terms.policy_key, terms.policy_version), edition, terms.pause_cap,
        (case.business_id, case.bank_id, case.branch_id),
        [(share, told, reached[share]) for share, told in terms.rungs],
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
        clock_id = row["clock_id"]
        await ladders.tell_reached(tx, [clock_id], at=at)
        await store.insert_pause(tx, clock_id, case.root_id, proof_id, at, (case.business_id, case.bank_id))
        clock = store.clock_of(row, await store.read_pauses(tx, clock_id))
        await ladders.move(tx, clock_id, clock, await calendar_of(tx, edition_of(row)))


async def resume(tx: Tx, case_id: UUID, kind: str, *, at: datetime) -> None:
    """Count on from `at`; the deadline moves by the days that were skipped. Nothing when it is not paused."""
    row = await store.read_alive(tx, case_id, kind)
    if row is not None and row["state"] == "paused":
        await _resume(tx, row, at)


async def breach(tx: Tx, clock_id: UUID) -> None:
    """The clock has fired: a fact that nothing removes."""
    await store.set_breached(tx, clock_id)


async def pause_left(tx: ReadTx, case_id: UUID, kind: str, *, at: datetime) -> int:
    """How many days the clock may still be paused, under its cap; 0 when it does not run."""
    row = await store.read_alive(tx, case_id, kind)
    if row is None:
        return 0
    pauses = await store.read_pauses(tx, row["clock_id"])
    calendar = await calendar_of(tx, edition_of(row))
    used = rules.pause_days_used(store.clock_of(row, pauses), calendar, at)
    return max(0, int(row["pause_cap"]) - used)


async def terms_on(tx: ReadTx, key: str, on: date, *, count: int | None, until: datetime | None) -> Terms:
    """The dated policy of a clock as terms; `count` and `until` stand in for the limit that it leaves to the case."""
    policy = await policies.in_force(tx, "clock", key, on)
    body = ClockBody.model_validate(dict(policy.body))
    if until is not None:
        limit = Limit(LimitUnit.INSTANT, at=until)
    else:
        limit = Limit(LimitUnit(body.unit), body.count if count is None else count)
    rungs = tuple((rung.share, tuple(rung.told)) for rung in body.rungs)
    return Terms(body.owner, limit, policy.version, body.pause_cap, key, rungs, body.calendar)


async def calendar_on(tx: ReadTx, on: date) -> tuple[int, Calendar]:
    """The working calendar in force on a day, with its version; refused (`policy-missing`) when there is none."""
    edition = await edition_on(tx, NATIONAL_KEY, on)
    return edition.version, await calendar_of(tx, edition)


async def edition_on(tx: ReadTx, key: str, on: date) -> Edition:
    """A calendar as it is in force on a day, with the one that it inherits; refused (`policy-missing`) without."""
    version = await policies.version_in_force(tx, CALENDAR, key, on)
    base_key = inherited_key((await policies.get_version(tx, CALENDAR, key, version)).body)
    base = 0 if base_key is None else await policies.version_in_force(tx, CALENDAR, base_key, on)
    return Edition(key, version, base)


async def calendar_of(tx: ReadTx, edition: Edition) -> Calendar:
    if edition not in _PARSED:
        policy = await policies.get_version(tx, CALENDAR, edition.key, edition.version)
        base_key, base = inherited_key(policy.body), None
        if base_key is not None:
            base = await calendar_of(tx, Edition(base_key, edition.base_version))
        parsed = parse_calendar(edition.version, policy.body, base)
        if isinstance(parsed, BadCalendar):
            raise Refusal("calendar-unknown", parsed.why)
        _PARSED[edition] = parsed
    return _PARSED[edition]


def edition_of(row: Record) -> Edition:
    """By what a clock is counted."""
    return Edition(row["calendar_key"], row["calendar_version"], row["base_version"])


def branch_key(branch_id: UUID) -> str:
    """The key of the calendar with a branch's hours."""
    return f"branch/{branch_id}"


async def _key_of(tx: ReadTx, stated: str, case: CaseRef, on: date) -> str:
    """The key of what a policy names; a branch without hours of its own goes by the State Council's days."""
    if stated == OF_BRANCH and case.branch_id is not None:
        key = branch_key(case.branch_id)
        return key if await policies.is_in_force(tx, CALENDAR, key, on) else NATIONAL_KEY
    return NATIONAL_KEY if stated in (NATIONAL, OF_BRANCH) else stated


async def _resume(tx: Tx, row: Record, at: datetime) -> None:
    await store.end_pause(tx, row["clock_id"], at)
    pauses = await store.read_pauses(tx, row["clock_id"])
    clock, calendar = store.clock_of(row, pauses), await calendar_of(tx, edition_of(row))
    due = rules.due(clock, calendar)
    assert due is not None, "all pauses have ended"
    await store.set_running(tx, row["clock_id"], due)
    await ladders.move(tx, row["clock_id"], clock, calendar)


def state(row: Record) -> ClockState:
    return ClockState(*(row[name] for name in ClockState.__dataclass_fields__))
