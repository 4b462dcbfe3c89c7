"""Clocks on the real database: kept once, fired once, explained, and seen by their parties only."""

from datetime import date, datetime
from uuid import UUID

import asyncpg
import pytest

from app.infra.db import Database, Role, Scope, Tx
from app.kernel.ids import new_id
from app.kernel.workdays import Calendar
from app.office import clocks
from app.office.clocks import CaseRef
from app.office.clocks import rules as pure
from app.office.clocks.rules import Limit, LimitUnit
from app.office.clocks.service.keeping import Terms
from tests.support import shanghai

START = shanghai("2025-09-25 15:00")
FIRM, BANK, OTHER = (UUID(int=n) for n in (1, 2, 3))
TEN = Terms("bank", Limit(LimitUnit.WORKDAYS, 10), 1, pause_cap=10)


def case_ref() -> CaseRef:
    return CaseRef(new_id(), "suborder", new_id(), FIRM, BANK)


async def started(db: Database, case: CaseRef, terms: Terms = TEN) -> None:
    async with db.transaction(Role.WORKER) as tx:
        await clocks.start(tx, case, "DECISION", terms, at=START)


async def state_and_due(db: Database, case: CaseRef) -> tuple[str, date, datetime | None]:
    async with db.reading(Role.WORKER) as tx:
        clock = (await clocks.of_root(tx, case.root_id))[-1]
    return clock.state, clock.due_on, clock.stopped_at


async def test_a_clock_is_met_by_a_stop_before_its_instant(db: Database) -> None:
    """23:59:59 of the last day is in time."""
    case, at = case_ref(), shanghai("2025-10-15 23:59")
    await started(db, case)

    async with db.transaction(Role.WORKER) as tx:
        await clocks.stop(tx, case.case_id, "DECISION", at=at)

    assert ("met", date(2025, 10, 15), at) == await state_and_due(db, case)


async def test_a_breach_stays_a_breach_whatever_comes_after(db: Database) -> None:
    """The late act is noted beside it."""
    case, at = case_ref(), shanghai("2025-10-20 10:00")
    await started(db, case)

    async with db.transaction(Role.WORKER) as tx:
        (due,) = await clocks.due_of(tx, case.root_id, shanghai("2025-10-16 00:00"))
        await clocks.breach(tx, due.clock_id)
        await clocks.stop(tx, case.case_id, "DECISION", at=at)
        await clocks.void(tx, case.case_id, at=at)

    assert ("breached", date(2025, 10, 15), at) == await state_and_due(db, case)


async def test_a_clock_fires_once_and_never_early(db: Database) -> None:
    """Due from the instant itself on; a second firing is a bug that cannot pass unseen."""
    case = case_ref()
    await started(db, case)

    async with db.transaction(Role.WORKER) as tx:
        early = await clocks.due_of(tx, case.root_id, shanghai("2025-10-15 23:59"))
        (due,) = await clocks.due_of(tx, case.root_id, shanghai("2025-10-16 00:00"))
        await clocks.breach(tx, due.clock_id)
        again = await clocks.due_of(tx, case.root_id, shanghai("2025-10-16 00:00"))
        with pytest.raises(AssertionError):
            await clocks.breach(tx, due.clock_id)

    assert ((), ()) == (early, again)


async def test_a_paused_clock_is_never_due_and_counts_on_afterwards(db: Database) -> None:
    """Asked on 30 September, brought on 10 October: two workdays skipped."""
    case, proof = case_ref(), new_id()
    await started(db, case)
    async with db.transaction(Role.WORKER) as tx:
        await clocks.pause(tx, case, "DECISION", proof_id=proof, at=shanghai("2025-09-30 16:00"))
        while_paused = await clocks.due_of(tx, case.root_id, shanghai("2026-01-05 00:00"))
        found = await clocks.find_due(tx, ("suborder",), now=shanghai("2026-01-05 00:00"), limit=9)
        left = await clocks.pause_left(tx, case.case_id, "DECISION", at=shanghai("2025-10-10 09:00"))
        await clocks.resume(tx, case.case_id, "DECISION", at=shanghai("2025-10-10 09:00"))

    assert ((), [], 8) == (while_paused, found, left)
    assert ("running", date(2025, 10, 17), None) == await state_and_due(db, case)


async def test_a_stop_during_a_pause_ends_the_pause(db: Database) -> None:
    """An offer may come while papers are awaited."""
    case, at = case_ref(), shanghai("2025-10-20 10:00")
    await started(db, case)
    async with db.transaction(Role.WORKER) as tx:
        await clocks.pause(tx, case, "DECISION", proof_id=new_id(), at=shanghai("2025-09-30 16:00"))
        await clocks.stop(tx, case.case_id, "DECISION", at=at)

    assert ("met", at) == (await state_and_due(db, case))[::2]


async def test_what_is_void_is_owed_no_more_and_may_start_again(db: Database) -> None:
    """A second start is another generation; the first stays in history."""
    case = case_ref()
    await started(db, case)
    async with db.transaction(Role.WORKER) as tx:
        await clocks.pause(tx, case, "DECISION", proof_id=new_id(), at=shanghai("2025-09-26 10:00"))
        await clocks.void(tx, case.case_id, at=shanghai("2025-09-26 11:00"))
        await clocks.start(tx, case, "DECISION", TEN, at=shanghai("2025-09-26 12:00"))
        states = [clock.state for clock in await clocks.of_root(tx, case.root_id)]
        open_pauses = await tx.value("select count(*) from clock_pauses where resumed_at is null")

    assert (["void", "running"], 0) == (states, open_pauses)


async def test_one_alive_clock_of_a_kind_per_case(db: Database) -> None:
    """PostgreSQL is the second judge."""
    case = case_ref()
    await started(db, case)

    with pytest.raises(asyncpg.UniqueViolationError):
        await started(db, case)


async def test_each_side_sees_its_own_clocks(db: Database) -> None:
    """The firm, its bank, and whoever acts on that order; nobody else."""
    case = case_ref()
    await started(db, case)
    scopes = [
        (Role.BUSINESS, Scope(FIRM)), (Role.BUSINESS, Scope(OTHER)), (Role.BANK, Scope(BANK)),
        (Role.BANK, Scope(OTHER)), (Role.ACT, Scope(OTHER, case_id=case.root_id)), (Role.ACT, Scope(OTHER)),
        (Role.REGULATOR, Scope()),
    ]  # fmt: skip

    seen = []
    for role, scope in scopes:
        async with db.reading(role, scope) as tx:
            seen.append(len(await clocks.of_root(tx, case.root_id)))

    assert [1, 0, 1, 0, 1, 0, 1] == seen


async def test_a_deadline_in_a_year_not_announced_is_provisional(db: Database) -> None:
    """Never a crash: weekdays count until the State Council speaks."""
    case = case_ref()
    async with db.transaction(Role.WORKER) as tx:
        due = await clocks.start(tx, case, "DECISION", TEN, at=shanghai("2026-12-24 10:00"))

    assert (date(2027, 1, 7), True) == (due.due_on, due.provisional)


async def pause_and_resume(tx: Tx, case: CaseRef, pauses: list[pure.Pause]) -> None:
    for pause in pauses:
        assert pause.to_at is not None
        await clocks.pause(tx, case, "DECISION", proof_id=new_id(), at=pause.from_at)
        await clocks.resume(tx, case.case_id, "DECISION", at=pause.to_at)


async def test_many_pauses_are_stored_as_the_rule_counts_them(db: Database) -> None:
    """The database adds nothing and loses nothing, however often a clock is paused."""
    _, calendar = await _stored_calendar(db)
    for gap in range(1, 60, 7):
        case = case_ref()
        await started(db, case)
        begins = [START.timestamp() + 3600 * gap * n for n in range(1, 5)]
        pauses = [
            pure.Pause(datetime.fromtimestamp(b, START.tzinfo), datetime.fromtimestamp(b + 1800 * gap, START.tzinfo))
            for b in begins
        ]
        async with db.transaction(Role.WORKER) as tx:
            await pause_and_resume(tx, case, pauses)
        expected = pure.due(pure.Clock(START, TEN.limit, tuple(pauses)), calendar)

        assert expected is not None
        assert expected.due_on == (await state_and_due(db, case))[1]


async def _stored_calendar(db: Database) -> tuple[int, Calendar]:
    async with db.reading(Role.WORKER) as tx:
        return await clocks.calendar_on(tx, date(2025, 9, 25))
