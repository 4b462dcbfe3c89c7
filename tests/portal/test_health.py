"""The facts behind the health page, read from a real database, and the worker's pulse."""

import asyncio

import asyncpg

from app.infra import facts, outbox
from app.infra.db import Database, Role
from app.infra.heartbeat import Pulse
from app.infra.migrate import head
from app.worker import work


async def test_the_age_of_anybodys_oldest_transaction_is_seen(db: Database):
    """The operator's role sees nobody's session; a function of the owner tells the age alone."""
    async with db.transaction(Role.LOADER) as held:
        await held.value("select 1")
        await asyncio.sleep(1.2)
        async with db.reading(Role.OPS) as tx:
            found = await facts.database_facts(tx)

    assert found.oldest_seconds is not None
    assert found.oldest_seconds >= 1
    assert (found.revision, found.fsync in ("on", "off"), found.size_bytes > 0) == (head(), True, True)


async def test_a_job_that_runs_and_one_that_fails_are_told_apart(db: Database):
    """By the class of the error, never its words."""
    stop = asyncio.Event()

    async def fail() -> int:
        raise LookupError("示例甲有限公司")

    async def do() -> int:
        stop.set() if beaten.is_set() else None
        beaten.set()
        return 0

    beaten = asyncio.Event()
    await asyncio.wait_for(work(db, {"good": do, "bad": fail}, stop), 20)
    async with db.reading(Role.REPORTER) as tx:
        runs = {one.job: one for one in await facts.job_runs(tx)}

    assert {"outbox", "good", "bad"} <= set(runs)
    assert (runs["good"].error, runs["bad"].error) == (None, "LookupError")
    assert runs["bad"].failed_at is not None


async def test_a_busy_loop_writes_its_pulse_seldom(db: Database, admin: asyncpg.Connection):
    """A beat each second of each job would be most of the writing there is; a failure is noted at once."""
    pulse = Pulse(db)
    for _ in range(20):
        await pulse.beat("clocks", 0.01, 1)
    first = await admin.fetchrow("select xmin::text, done, error from job_runs")

    await pulse.beat("clocks", 0.01, 0, "OSError")

    second = await admin.fetchrow("select xmin::text, done, error from job_runs")
    assert (first["done"], first["error"]) == (1, None)
    assert (second["done"], second["error"], first["xmin"] != second["xmin"]) == (19, "OSError", True)


async def test_the_queue_counts_what_waits_and_what_is_parked(db: Database, admin: asyncpg.Connection):
    """A parked event is no lag: it waits for a person."""
    await admin.execute(
        "insert into outbox (stream_id, kind, body, at)"
        " select gen_random_uuid(), 'X', '{}', now() from generate_series(1, 3)"
    )
    await admin.execute(
        "insert into outbox_deliveries (listener, seq, stream_id, attempts, parked_at)"
        " select 'xy', seq, stream_id, seq % 3, case when seq % 3 = 2 then now() end from outbox"
    )
    async with db.reading(Role.OPS) as tx:
        before = await outbox.queue(tx)
    async with db.transaction(Role.OPS) as tx:
        put_back = await outbox.unpark_all(tx)
    async with db.reading(Role.OPS) as tx:
        after = await outbox.queue(tx)

    assert (before.waiting, before.failing, before.parked, put_back) == (2, 1, 1, 1)
    assert (after.waiting, after.failing, after.parked, after.oldest_at is not None) == (3, 1, 0, True)
