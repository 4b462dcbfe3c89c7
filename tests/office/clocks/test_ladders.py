"""Rungs on the real database: told once, never early, moved by pauses, and as if the worker had never slept."""

import asyncio
from datetime import datetime

import pytest

from app.infra import outbox
from app.infra.db import Database, Role, Scope
from app.kernel.ids import new_id
from app.office import clocks
from app.office.clocks import CaseRef
from app.office.clocks.events import RungReached
from app.office.clocks.service import ladders
from tests.support import shanghai

START = shanghai("2025-09-25 15:00")  # Ten workdays end on 15 October, over the National Day holiday.
YELLOW, RED, DUE = (shanghai(f"2025-10-{day:02} 00:00") for day in (12, 15, 16))
LATER = shanghai("2025-10-23 00:00")  # Half of the time once more.
ALL = shanghai("2025-12-01 00:00")
FIRM, BANK, BRANCH, OTHER = new_id(), new_id(), new_id(), new_id()
Told = list[tuple[int, datetime]]


def case_ref() -> CaseRef:
    root_id = new_id()
    return CaseRef(root_id, "suborder", new_id(), FIRM, BANK, BRANCH)


async def started(db: Database, kind: str = "DECISION") -> CaseRef:
    case = case_ref()
    async with db.transaction(Role.WORKER) as tx:
        await clocks.start(tx, case, kind, at=START)
    return case


async def told(db: Database) -> Told:
    """What the outbox tells, in its order."""
    async with db.reading(Role.WORKER) as tx:
        rows = await tx.fetch("select body, at from outbox where kind = 'RungReached' order by seq")
    return [(row["body"]["share"], row["at"]) for row in rows]


async def test_each_rung_is_told_once_at_its_own_instant_and_never_early(db: Database) -> None:
    """One microsecond before there is nothing to tell; whoever comes again finds nothing."""
    await started(db)

    counts = []
    for at in (YELLOW, RED, DUE, LATER):
        counts += [await ladders.tell_due(db, at) for _ in range(2)]

    assert [1, 0] * 4 == counts
    assert [(70, YELLOW), (90, RED), (100, DUE), (150, LATER)] == await told(db)


async def test_nothing_is_told_before_its_instant(db: Database) -> None:
    """A second early is early."""
    await started(db)

    assert 0 == await ladders.tell_due(db, shanghai("2025-10-11 23:59:59"))


async def test_a_worker_that_slept_tells_in_order_of_time(db: Database) -> None:
    """Of several clocks too: the outbox reads as if somebody had looked every second."""
    await started(db)
    await started(db, "CONTACT")

    assert 8 == await ladders.tell_due(db, ALL)

    instants = [at for _, at in await told(db)]
    assert sorted(instants) == instants


async def test_a_pause_moves_what_lies_ahead_and_nothing_that_was_told(db: Database) -> None:
    """Paused from the yellow rung's day on for a week: red and due move by the workdays skipped."""
    case = await started(db)
    await ladders.tell_due(db, YELLOW)

    async with db.transaction(Role.WORKER) as tx:
        await clocks.pause(tx, case, "DECISION", proof_id=new_id(), at=shanghai("2025-10-13 10:00"))
    while_paused = await ladders.tell_due(db, ALL)
    async with db.transaction(Role.WORKER) as tx:
        await clocks.resume(tx, case.case_id, "DECISION", at=shanghai("2025-10-20 10:00"))
        seen = (await clocks.explain(tx, case.root_id, now=ALL))[case.case_id, "DECISION"].rungs
    await ladders.tell_due(db, ALL)

    moved = [
        (70, YELLOW),
        *((share, shanghai(f"2025-10-{day} 00:00")) for share, day in ((90, 22), (100, 23), (150, 30))),
    ]
    assert 0 == while_paused
    assert moved == await told(db)
    assert moved == [(rung.share, rung.at) for rung in seen]


async def test_a_pause_tells_first_what_was_reached_when_no_worker_ran(db: Database) -> None:
    """The yellow rung was reached before the pause began, though nobody had told it by then."""
    case = await started(db)

    async with db.transaction(Role.WORKER) as tx:
        await clocks.pause(tx, case, "DECISION", proof_id=new_id(), at=shanghai("2025-10-13 10:00"))

    assert [(70, YELLOW)] == await told(db)


@pytest.mark.parametrize(
    ("at", "shares"), [("2025-10-11 09:00", []), ("2025-10-13 09:00", [70]), ("2025-10-15 00:00", [70, 90])]
)
async def test_a_stop_ends_what_lies_ahead_and_owes_what_lies_behind(db: Database, at: str, shares: list[int]) -> None:
    """However late the worker comes: a rung reached before the stop is history, one after it never comes."""
    case = await started(db)
    async with db.transaction(Role.WORKER) as tx:
        await clocks.stop(tx, case.case_id, "DECISION", at=shanghai(at))

    await ladders.tell_due(db, ALL)

    assert shares == [share for share, _ in await told(db)]


@pytest.mark.parametrize("ends", ["late", "case"])
async def test_after_a_breach_the_last_rung_comes_only_where_the_case_lives_on(db: Database, ends: str) -> None:
    """The late act, or the end of the case, ends the urging."""
    case = await started(db)
    async with db.transaction(Role.WORKER) as tx:
        (due,) = await clocks.due_of(tx, case.root_id, DUE)
        await clocks.breach(tx, due.clock_id)
        if ends == "late":
            await clocks.stop(tx, case.case_id, "DECISION", at=shanghai("2025-10-20 10:00"))
        else:
            await clocks.void(tx, case.case_id, at=shanghai("2025-10-20 10:00"))

    await ladders.tell_due(db, ALL)

    assert [70, 90, 100] == [share for share, _ in await told(db)]


async def test_two_workers_tell_everything_once(db: Database) -> None:
    """Each claims what the other does not hold; facts, traces and rungs are as many."""
    for _ in range(30):
        await started(db)

    counts = await asyncio.gather(*(ladders.tell_due(db, ALL, most=20) for _ in range(6)))

    async with db.reading(Role.WORKER) as tx:
        rows = await tx.row(
            "select (select count(*) from outbox where kind = 'RungReached') as facts,"
            " (select count(distinct body ->> 'clock_id' || (body ->> 'share')) from outbox"
            "  where kind = 'RungReached') as apart,"
            " (select count(*) from audit_events where act = 'clock.rung') as traces,"
            " (select count(*) from clock_rungs where told_at is not null) as rungs"
        )
    assert 120 == sum(counts)
    assert [120] * 4 == list(rows or ())


async def test_what_is_told_is_read_by_listeners_as_it_was_meant(db: Database) -> None:
    """The database writes the event's body, so its shape is held to the class."""
    case = await started(db)
    heard: list[RungReached] = []

    async def hear(tx: object, event: RungReached) -> None:
        heard.append(event)

    db.bus.after.clear()
    db.bus.listen_after("tests.hear", RungReached, hear)
    await ladders.tell_due(db, YELLOW)
    await outbox.drain(db)

    (event,) = heard
    assert (case.root_id, case.case_id, "suborder", "DECISION", 70, ("branch",)) == (
        event.stream_id, event.case_id, event.case_kind, event.clock, event.share, event.told,
    )  # fmt: skip
    assert (YELLOW, "bank", "running", FIRM, BANK, BRANCH, "DECISION", 1) == (
        event.at, event.owner, event.state, event.business_id, event.bank_id, event.branch_id, event.policy_key,
        event.policy_version,
    )  # fmt: skip


async def test_each_side_sees_the_rungs_of_its_own_clocks(db: Database) -> None:
    """As with the clocks themselves."""
    case = await started(db)
    scopes = [
        (Role.BUSINESS, Scope(FIRM)), (Role.BUSINESS, Scope(OTHER)), (Role.BANK, Scope(BANK)),
        (Role.BANK, Scope(OTHER)), (Role.ACT, Scope(OTHER, case_id=case.root_id)), (Role.ACT, Scope(OTHER)),
        (Role.REGULATOR, Scope()),
    ]  # fmt: skip

    seen = []
    for role, scope in scopes:
        async with db.reading(role, scope) as tx:
            seen.append(await tx.value("select count(*) from clocks_v_rungs"))

    assert [4, 0, 4, 0, 4, 0, 4] == seen


async def test_a_promise_judged_again_goes_on_with_what_was_told(db: Database) -> None:
    """A contact that never was: the yellow rung stays told, red and the breach come as if nobody had stopped it."""
    case = await started(db)
    await ladders.tell_due(db, YELLOW)
    async with db.transaction(Role.WORKER) as tx:
        await clocks.stop(tx, case.case_id, "DECISION", at=shanghai("2025-10-13 09:00"))
        await clocks.carrying.reopen(tx, case.case_id, "DECISION", at=shanghai("2025-10-14 09:00"))

    await ladders.tell_due(db, ALL)

    assert [(70, YELLOW), (90, RED), (100, DUE), (150, LATER)] == await told(db)
