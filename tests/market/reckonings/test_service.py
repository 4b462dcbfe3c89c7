"""The nightly check and what-ifs: asked, run by the worker, answered, and taken up again when its worker was killed."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, ReadTx, Role
from app.kernel.errors import Refusal
from app.market import reckonings
from app.market.reckonings import jobs
from app.replay.what_if import compute
from tests.market.reckonings.objects import ASKED, asked
from tests.replay.city import play
from tests.support import shanghai

REGULATOR = Seat(uuid4(), uuid4(), SeatRole.REGULATOR)


async def set_clock(db: Database, at: str) -> None:
    async with db.transaction(Role.OPS) as tx:
        await tx.execute(
            "insert into business_clock (frozen_at) values ($1) on conflict (id) do update set frozen_at = $1",
            shanghai(at),
        )


async def read(db: Database, kind: str) -> list[reckonings.Reckoning]:
    async with db.reading(Role.REGULATOR) as tx:
        heads = await reckonings.newest(tx, kind)
        return [await reckonings.get(tx, one.reckoning_id) for one in heads]


async def test_the_past_is_judged_under_another_promise_and_nothing_else_changes(db: Database) -> None:
    """A played city of autumn 2025: four days keep fewer than ten did, and every table stands as it stood."""
    await play(db, 11, 60, shanghai("2025-10-31 12:00"))
    await set_clock(db, "2025-10-31 12:00")
    tables = "select count(*), max(seq) from suborder_moves"
    async with db.reading(Role.REPORTER) as tx:
        before = await tx.row(tables)
    body = ASKED.model_copy(update={"limit": 4, "to_on": date(2025, 10, 31)})

    await asked(db, REGULATOR, body)
    assert 1 == await reckonings.run_waiting(db, compute)
    assert 0 == await reckonings.run_waiting(db, compute)

    (found,) = await read(db, "what_if")
    assert ("done", found.done) == (found.state, found.whole)
    assert found.result is not None
    ((_, was_met, was_of, would_met, would_of),) = found.result["groups"]["all"]
    assert 0 < would_met < was_met <= was_of <= would_of
    assert sum(row[1] for row in found.result["groups"]["bank"]) == was_met
    assert found.result["curve"][3][1:] == [would_met, would_of]
    assert found.result["changed_count"] >= was_met - would_met
    async with db.reading(Role.REPORTER) as tx:
        assert before == await tx.row(tables)


async def test_the_night_asks_once_and_finds_no_difference(db: Database) -> None:
    """From two o'clock on, once a day, whatever the worker's beat."""
    await play(db, 3, 20, shanghai("2025-10-20 12:00"))
    for at in ("2025-10-21 01:59", "2025-10-21 02:00", "2025-10-21 02:05", "2025-10-21 23:00", "2025-10-22 02:01"):
        await set_clock(db, at)
        async with db.transaction(Role.WORKER) as tx:
            await reckonings.ask_nightly(tx)
        await reckonings.run_waiting(db, compute)

    found = await read(db, "check")

    assert [shanghai("2025-10-22 02:01"), shanghai("2025-10-21 02:00")] == [one.asked_at for one in found]
    assert [("done", 0), ("done", 0)] == [(one.state, one.differences) for one in found]
    assert all(one.result and one.result["figures"] > 50 for one in found)


async def test_a_figure_that_is_shown_otherwise_is_found(db: Database, admin: asyncpg.Connection) -> None:
    """A planted off-by-one in what is shown: the check counts it, and says which."""
    await play(db, 3, 20, shanghai("2025-10-20 12:00"))
    await set_clock(db, "2025-10-21 03:00")
    await admin.execute("update clocks set state = 'met', stopped_at = due_at - interval '1 second'"
                        " where state = 'breached' and kind = 'DECISION'")  # fmt: skip
    async with db.transaction(Role.WORKER) as tx:
        await reckonings.ask_check(tx, by=None)

    await reckonings.run_waiting(db, compute)

    (found,) = await read(db, "check")
    assert found.differences > 0
    assert found.result is not None
    assert any("decided_in_time" in line for line in found.result["differences"])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"limit": 61}, "terms-out-of-range"),
        ({"pause_cap": 61}, "terms-out-of-range"),
        ({"to_on": date(2025, 6, 30)}, "bad-time"),
        ({"to_on": date(2099, 1, 1)}, "bad-time"),
        ({"from_on": date(2023, 1, 1)}, "bad-time"),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(
    db: Database, changed: Mapping[str, Any], code: str
) -> None:
    """The bounds are the policy's."""
    await set_clock(db, "2025-10-31 12:00")
    with pytest.raises(Refusal) as found:
        await asked(db, REGULATOR, ASKED.model_copy(update=changed))

    assert code == found.value.code


async def test_only_a_few_questions_wait_at_once(db: Database) -> None:
    """Whoever presses ten times does not keep the worker for a minute."""
    await set_clock(db, "2025-10-31 12:00")
    for _ in range(5):
        await asked(db, REGULATOR)
    with pytest.raises(Refusal) as found:
        await asked(db, REGULATOR)

    assert "rate-limited" == found.value.code


async def test_what_fails_is_told_and_what_was_killed_is_taken_up_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for an answer that will never come."""
    await set_clock(db, "2025-10-31 12:00")

    async def break_down(tx: ReadTx, kind: str, body: Mapping[str, Any], tell: jobs.Tell) -> Mapping[str, Any]:
        raise LookupError("示例甲有限公司")

    async def hang(tx: ReadTx, kind: str, body: Mapping[str, Any], tell: jobs.Tell) -> Mapping[str, Any]:
        await tell(1, 2)
        await asyncio.sleep(60)
        raise AssertionError("it is killed before")

    await asked(db, REGULATOR)
    await reckonings.run_waiting(db, break_down)
    await asked(db, REGULATOR)
    monkeypatch.setattr(jobs, "LEASE", timedelta(milliseconds=50))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reckonings.run_waiting(db, hang), 1)
    assert 1 == await reckonings.run_waiting(db, compute)

    states = [one.state for one in await read(db, "what_if")]
    assert ["done", "failed"] == states
