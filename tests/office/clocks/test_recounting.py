"""A new version of the calendar: what becomes of open deadlines, by the rule, on the database, and within a minute."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.infra.db import Database, Role, Scope
from app.infra.resources import resource_dir
from app.kernel.ids import new_id
from app.kernel.workdays import Calendar, parse_calendar
from app.office import clocks
from app.office.clocks import CaseRef
from app.office.clocks.rules import Clock, Due, Limit, LimitUnit, Pause, due
from app.office.clocks.rules.recounting import Outcome, recounted
from app.office.clocks.service.keeping import Terms
from app.worker import work
from tests.office.clocks.test_cases import KIND, LOCK, Invented
from tests.support import shanghai

BODY = json.loads((resource_dir("migrations") / "policies" / "calendar.json").read_text("utf-8"))[-1]["body"]
NOTICE: dict[str, Any] = {
    "year": 2027,
    "notices": ["invented notice"],
    "holidays": [{"name": "元旦", "from": "2027-01-01", "to": "2027-01-03"}],
    "make_up": [],
}
LATE = NOTICE | {"holidays": [], "make_up": [{"on": "2027-01-02", "for": "春节"}, {"on": "2027-01-03", "for": "春节"}]}
NOW, START = shanghai("2026-12-24 10:00"), shanghai("2026-12-23 15:00")
NEW, NEWER = 90, 91  # A process keeps what it has read of a version, and a version never changes.
FIRM, BANK, OTHER = (UUID(int=n) for n in (1, 2, 3))


def announced(year: dict[str, Any]) -> dict[str, Any]:
    return BODY | {"years": [*BODY["years"], year]}


def read(body: dict[str, Any], version: int = 2) -> Calendar:
    found = parse_calendar(version, body)
    assert isinstance(found, Calendar)
    return found


OLD = read(BODY, 1)


@pytest.mark.parametrize(
    ("year", "now", "outcome", "due_on"),
    [
        (NOTICE, "2026-12-24 10:00", Outcome.MOVED, "2027-01-07"),  # Was 6 January: New Year is off now.
        (NOTICE | {"holidays": []}, "2026-12-24 10:00", Outcome.CONFIRMED, "2027-01-06"),
        (LATE, "2026-12-24 10:00", Outcome.MOVED, "2027-01-04"),  # Two days earlier, with weeks to go.
        (LATE, "2027-01-03 23:00", Outcome.MOVED, "2027-01-04"),  # The whole of the next workday is left.
        (LATE, "2027-01-04 00:00", Outcome.KEPT, "2027-01-06"),  # It is not: 4 January has begun.
        (LATE, "2027-01-06 23:59", Outcome.KEPT, "2027-01-06"),  # It would have been due days ago.
        (NOTICE, "2027-01-06 23:59", Outcome.MOVED, "2027-01-07"),  # Later is always allowed.
    ],
)
def test_a_deadline_comes_forward_only_with_a_whole_workday_left(year, now, outcome, due_on):
    """Ten workdays from 23 December 2026, counted first while 2027 was not announced."""
    clock = Clock(START, Limit(LimitUnit.WORKDAYS, 10))
    before = due(clock, OLD)
    assert before == Due(date(2027, 1, 6), shanghai("2027-01-07 00:00"), provisional=True)

    found = recounted(clock, read(announced(year)), before, shanghai(now))

    assert (outcome, date.fromisoformat(due_on)) == (found.outcome, found.due.due_on)
    assert found.due.due_at > shanghai(now)


def test_pauses_are_counted_again_too():
    """A day that was skipped as a workday costs no skipping once it is a holiday."""
    clock = Clock(
        START, Limit(LimitUnit.WORKDAYS, 5), (Pause(shanghai("2026-12-30 10:00"), shanghai("2027-01-02 10:00")),)
    )

    found = recounted(clock, read(announced(NOTICE)), due(clock, OLD), shanghai("2027-01-02 11:00"))

    assert (date(2027, 1, 4), Outcome.CONFIRMED) == (found.due.due_on, found.outcome)


@pytest.fixture
async def invented() -> AsyncIterator[Invented]:
    made = Invented()
    clocks.register(made.kind)
    yield made
    clocks.service.cases._kinds.pop(KIND)


def ten(count: int = 10) -> Terms:
    return Terms("bank", Limit(LimitUnit.WORKDAYS, count), 1, pause_cap=10, rungs=((70, ("branch",)),))


async def begin(db: Database, terms: Terms, at: datetime = START) -> CaseRef:
    root_id = new_id()
    case = CaseRef(root_id, KIND, root_id, FIRM, BANK)
    async with db.transaction(Role.WORKER) as tx:
        await tx.execute("insert into leases values ($1, $2, $3)", str(root_id), root_id, START)
        await clocks.start(tx, case, "DECISION", terms, at=at)
    return case


async def load(admin: asyncpg.Connection, body: dict[str, Any], version: int = NEW) -> None:
    await admin.execute("select load_policy('calendar', 'cn', $1, '2018-01-01', null, $2)", version, json.dumps(body))


async def recount(db: Database, now: datetime = NOW) -> int:
    return await clocks.recounting.recount(db, {}, now)


async def clock_row(db: Database, case: CaseRef) -> tuple[Any, ...]:
    async with db.reading(Role.WORKER) as tx:
        row = await tx.row(
            "select state, due_on, is_provisional, calendar_version from clocks where root_id = $1", case.root_id
        )
    assert row is not None
    return tuple(row)


async def recounts(db: Database, case: CaseRef, role: Role = Role.WORKER, org_id: UUID | None = None) -> list[Any]:
    async with db.reading(role, Scope(org_id=org_id)) as tx:
        return list(await clocks.recounting.of_root(tx, case.root_id))


async def test_every_change_is_written_down_old_to_new(db: Database, admin: asyncpg.Connection, invented: Invented):
    """Moved, confirmed and untouched clocks; a second round finds nothing; both parties see it, strangers do not."""
    moved, confirmed, same = await begin(db, ten()), await begin(db, ten(6)), await begin(db, ten(3))
    confirmed_day = (await clock_row(db, confirmed))[1]

    await load(admin, announced(NOTICE))
    done, again = await recount(db), await recount(db)

    assert (3, 0) == (done, again)
    assert ("running", date(2027, 1, 7), False, NEW) == await clock_row(db, moved)
    assert ("running", date(2026, 12, 28), False, NEW) == await clock_row(db, same)
    (change,) = await recounts(db, moved)
    assert ("moved", 1, NEW, date(2027, 1, 6), date(2027, 1, 7)) == (
        change.outcome, change.from_version, change.to_version, change.old_due_on, change.due_on
    )  # fmt: skip
    assert (True, False, NOW) == (change.was_provisional, change.is_provisional, change.at)
    assert [] == await recounts(db, same) == await recounts(db, moved, Role.BANK, OTHER)
    assert [change] == await recounts(db, moved, Role.BANK, BANK)
    assert confirmed_day == (await clock_row(db, confirmed))[1] == date(2026, 12, 31)


async def test_history_and_paused_clocks_are_left_alone(db: Database, admin: asyncpg.Connection, invented: Invented):
    """Met, breached, due and not fired yet; a paused one is counted again when it runs."""
    met, breached, unfired, paused = [await begin(db, ten()) for _ in range(4)]
    at = shanghai("2027-01-05 10:00")
    async with db.transaction(Role.WORKER) as tx:
        await clocks.stop(tx, met.case_id, "DECISION", at=at)
        await clocks.pause(tx, paused, "DECISION", proof_id=new_id(), at=at)
        rows = await clocks.due_of(tx, breached.root_id, shanghai("2027-01-07 00:00"))
        await clocks.breach(tx, rows[0].clock_id)

    await load(admin, announced(NOTICE))
    assert 0 == await recount(db, shanghai("2027-01-07 00:00"))
    assert (1, 1, 1, 1) == tuple([(await clock_row(db, one))[3] for one in (met, breached, unfired, paused)])
    async with db.transaction(Role.WORKER) as tx:
        await clocks.resume(tx, paused.case_id, "DECISION", at=shanghai("2027-01-07 09:00"))
    assert 1 == await recount(db, shanghai("2027-01-07 09:01"))

    assert ("running", date(2027, 1, 11), False, NEW) == await clock_row(db, paused)


async def test_a_deadline_kept_at_short_notice_is_told_and_stays(
    db: Database, admin: asyncpg.Connection, invented: Invented
):
    """No breach that nobody could have known; asked once, not each second; then it fires at its old instant."""
    case, now = await begin(db, ten()), shanghai("2027-01-05 10:00")

    await load(admin, announced(LATE), NEWER)
    assert (1, 0) == (await recount(db, now), await recount(db, now))

    assert ("running", date(2027, 1, 6), True, 1) == await clock_row(db, case)
    (kept,) = await recounts(db, case)
    assert ("kept", date(2027, 1, 6), date(2027, 1, 4)) == (kept.outcome, kept.due_on, kept.counted_on)


async def test_rungs_move_with_the_deadline_and_a_told_one_stays(
    db: Database, admin: asyncpg.Connection, invented: Invented
):
    """70 % of ten workdays is the seventh day's 24:00."""
    case = await begin(db, ten())
    rung = "select rung_at from clock_rungs where root_id = $1"
    before = await admin.fetchval(rung, case.root_id)

    await load(admin, announced(NOTICE))
    await recount(db)

    assert (shanghai("2027-01-02 00:00"), shanghai("2027-01-05 00:00")) == (
        before,
        await admin.fetchval(rung, case.root_id),
    )


async def test_a_case_that_somebody_works_on_is_left_for_the_next_round(
    db: Database, admin: asyncpg.Connection, invented: Invented
):
    """Its act may be judged by the deadline that it read."""
    busy, free = await begin(db, ten()), await begin(db, ten())
    await load(admin, announced(NOTICE))

    async with db.transaction(Role.WORKER) as tx:
        await tx.fetch(LOCK, [str(busy.root_id)])
        first = await recount(db)

    assert (1, 1) == (first, (await clock_row(db, busy))[3])
    assert (1, NEW) == (await recount(db), (await clock_row(db, busy))[3])
    assert NEW == (await clock_row(db, free))[3]


async def test_the_log_of_recounts_takes_no_change(db: Database, admin: asyncpg.Connection, invented: Invented):
    """Append-only for every role of the application."""
    await begin(db, ten())
    await load(admin, announced(NOTICE))
    await recount(db)

    for sql in ("update clock_recounts set due_on = old_due_on", "delete from clock_recounts"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction(Role.WORKER) as tx:
                await tx.execute(sql)


@pytest.mark.parametrize(
    ("today", "years", "missing"),
    [
        ("2026-10-31", 2026, None),
        ("2026-11-01", 2026, (2027, False, "2026-11-01")),
        ("2026-11-24", 2026, (2027, False, "2026-11-22")),
        ("2026-12-15", 2026, (2027, True, "2026-12-13")),
        ("2027-02-03", 2026, (2027, True, "2027-01-29")),
        ("2026-12-15", 2027, None),
    ],
)
async def test_a_missing_year_is_an_alarm_from_november_on(
    db: Database, admin: asyncpg.Connection, today, years, missing
):
    """By the dated policy `calendar_watch`; worse from mid December on, and in the year itself."""
    if years == 2027:
        await load(admin, announced(NOTICE))

    async with db.reading(Role.WORKER) as tx:
        found = await clocks.recounting.missing_year(tx, date.fromisoformat(today))

    assert missing == (found and (found.year, found.is_urgent, found.told_on.isoformat()))


async def test_the_worker_counts_again_within_a_minute_and_the_deadline_says_so(
    db: Database, admin: asyncpg.Connection, invented: Invented
):
    """From the version in the table to the new deadline, with its account on the new calendar."""
    case = await begin(db, ten())
    async with db.transaction(Role.OPS) as tx:
        await tx.execute("insert into business_clock (frozen_at) values ($1)", NOW)
    stop = asyncio.Event()
    worker = asyncio.create_task(work(db, {"recounts": lambda: clocks.recounting.recount(db, {})}, stop))

    await load(admin, announced(NOTICE))
    async with asyncio.timeout(60):
        while (await clock_row(db, case))[3] != NEW:
            await asyncio.sleep(0.05)
    stop.set()
    await worker

    async with db.reading(Role.WORKER) as tx:
        why = (await clocks.explain(tx, case.root_id, now=NOW))[case.case_id, "DECISION"]
    assert (date(2027, 1, 7), NEW) == (why.lines[-1].day, why.calendar_version)
    assert [("moved", date(2027, 1, 6))] == [(one.outcome, one.old_due_on) for one in why.recounts]
