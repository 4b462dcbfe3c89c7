"""B3: telling the rungs of clocks that are due, exactly once, with facts, listeners' deliveries and traces.

Ours is what the worker runs (`office.clocks`), over `BENCH_B3_OPEN` clocks of which `BENCH_B3_DUE` come due at once:
each effect marks the rung, writes one event to the outbox with a delivery per listener, and one audit event. After
each round the three are counted. The references do the same by a job per timer, each in a transaction of its own and
by one statement: pgqueuer, procrastinate, and a plain loop that claims a row at a time. They hold nothing but what is
due, which is in their favour. What an order's own clocks do (lapse, release money, push the next bank) is judged case
by case under the order's lock and is not measured here.
"""

import asyncio
import logging
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import procrastinate
from pgqueuer import AsyncpgPoolDriver, PgQueuer, Queries
from pgqueuer.models import Job
from pgqueuer.types import QueueExecutionMode

from app.infra import postgres
from app.infra.db import Database
from app.infra.migrate import APPLICATION, migrate
from app.infra.places import NAME
from app.kernel.clock import WALL
from app.office.clocks.service.ladders import tell_due
from app.wiring import make_bus
from bench.table import Row, compare

OPEN: Final = int(os.environ.get("BENCH_B3_OPEN", "1000000"))
DUE: Final = int(os.environ.get("BENCH_B3_DUE", "100000"))
JOBS: Final = int(os.environ.get("BENCH_B3_JOBS", "4000"))
PAIRS: Final = int(os.environ.get("BENCH_B3_PAIRS", "3"))
SWEEPS: Final = 2  # Workers side by side, as many as processors.
AT_ONCE: Final = 8  # Jobs of a reference under way at once, each on a connection of its own.
# A clock and its next rung each; a tenth of them (DUE of OPEN) comes due at a time.
CLOCKS: Final = """
insert into clocks (clock_id, root_id, case_kind, case_id, kind, gen, owner, state, unit, count, started_at, due_on,
                    due_at, is_provisional, policy_version, calendar_version, policy_key, business_id, bank_id,
                    branch_id)
select gen_random_uuid(), gen_random_uuid(), 'suborder', gen_random_uuid(), 'DECISION', 1, 'bank', 'running',
       'workdays', 10, $2::timestamptz - interval '20 days', ($2::timestamptz + interval '20 days')::date,
       $2 + interval '20 days',
       false, 1, 1, 'DECISION', gen_random_uuid(), gen_random_uuid(), gen_random_uuid()
  from generate_series(1, $1::integer)
"""
RUNGS: Final = """
insert into clock_rungs (clock_id, share, root_id, case_id, told, rung_at, business_id, bank_id)
select clock_id, 70, root_id, case_id, array['branch'], due_at - interval '5 days', business_id, bank_id from clocks
"""
COME_DUE: Final = """
update clock_rungs r set rung_at = $2::timestamptz - interval '1 minute' from (
  select clock_id from clock_rungs where told_at is null limit $1) as chosen where r.clock_id = chosen.clock_id
"""
COUNTS: Final = """
select (select count(*) from outbox where kind = 'RungReached') as facts,
       (select count(distinct (body ->> 'clock_id', body ->> 'share')) from outbox where kind = 'RungReached') as apart,
       (select count(*) from outbox_deliveries) as deliveries,
       (select count(*) from audit_events where act = 'clock.rung') as traces,
       (select count(*) from clock_rungs where told_at is not null) as told
"""
# The references' timers, in a schema of their own, with tables of the same shape; one statement does all.
PEERS: Final = """
create schema peers;
create table peers.timers (timer_id bigint primary key, root_id uuid not null, due_at timestamptz not null,
                           told_at timestamptz);
create index on peers.timers (due_at) where told_at is null;
create table peers.outbox (like public.outbox including all);
create table peers.outbox_deliveries (like public.outbox_deliveries including all);
create table peers.audit_events (like public.audit_events including all);
create function peers.effect(one bigint) returns integer language sql as $$
  with told as (update peers.timers set told_at = now() where timer_id = one and told_at is null returning *),
  fact as (insert into peers.outbox (stream_id, kind, body, at)
           select root_id, 'RungReached', jsonb_build_object('timer_id', timer_id, 'due_at', due_at), due_at from told
           returning seq, stream_id),
  owed as (insert into peers.outbox_deliveries (listener, seq, stream_id)
           select 'announcements.announce_rung', seq, stream_id from fact),
  trace as (insert into peers.audit_events (recorded_at, business_at, act, case_id, request_id, detail)
            select now(), due_at, 'clock.rung', root_id, '', '{}' from told)
  select count(*)::integer from told $$;
"""
NEW_TIMERS: Final = """
insert into peers.timers select $1::bigint + n, gen_random_uuid(), now() from generate_series(1, $2::integer) n
"""
CLAIM: Final = """
select timer_id from peers.timers where told_at is null order by due_at limit 1 for no key update skip locked
"""


def rows() -> list[Row]:
    """Measure ours against all references, on a server of their own."""
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    logging.getLogger("pgqueuer").setLevel(logging.ERROR)
    home = Path(tempfile.mkdtemp(prefix="xyd-bench-"))
    home.chmod(0o755)
    try:
        with postgres.running(home / "postgres") as server:
            return asyncio.run(_rounds(server.url))
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _rounds(server_url: str) -> list[Row]:
    secret = secrets.token_urlsafe(48)
    url = await migrate(server_url, secret.encode(), database=NAME, prefix=NAME)
    db = Database(url, secret.encode(), make_bus(), prefix=NAME, application_name="xinyidai-bench")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        admin = await asyncpg.connect(url, server_settings={"application_name": APPLICATION})
        stack.push_async_callback(admin.close)
        await admin.execute(CLOCKS, OPEN, WALL.now(), timeout=600)
        await admin.execute(RUNGS, timeout=600)
        await admin.execute("vacuum (analyze) clocks, clock_rungs", timeout=600)
        peers = await stack.enter_async_context(Peers(url, admin))
        ways = (peers.pgqueuer, peers.procrastinate, peers.loop)
        taken = [(await _ours(db, admin), *[await peers.rate(way) for way in ways]) for _ in range(PAIRS)]
    work = f"rungs told, {OPEN:,} clocks open, {DUE:,} due at once"
    names = (("pgqueuer", "≥ 5, ours ≥ 20,000/s"), ("procrastinate", "≥ 5"), ("a loop of rows", "≥ 1"))
    return [
        compare("B3", f"{work}, against {name}", "/s", budget, [(one[0], one[n]) for one in taken])
        for n, (name, budget) in enumerate(names, 1)
    ]


async def _ours(db: Database, admin: "asyncpg.Connection[asyncpg.Record]") -> float:
    """Effects a second until nothing is due; raises unless each was told once, with its fact, trace and deliveries."""
    told_before = await admin.fetchval("select count(*) from clock_rungs where told_at is not null")
    now = WALL.now()
    assert await admin.execute(COME_DUE, DUE, now, timeout=600) == f"UPDATE {DUE}"
    await admin.execute("vacuum (analyze) clock_rungs", timeout=600)
    began = time.perf_counter()

    async def sweep() -> int:
        done = 0
        while told := await tell_due(db, now):
            done += told
        return done

    done = sum(await asyncio.gather(*(sweep() for _ in range(SWEEPS))))
    took = time.perf_counter() - began
    found = await admin.fetchrow(COUNTS)
    assert found is not None, "counts give a row"
    owed = found["told"] * len(db.bus.after[_kind(db)])
    assert (done, found["told"]) == (DUE, told_before + DUE)
    assert (found["facts"], found["apart"], found["traces"], found["deliveries"]) == (*[found["told"]] * 3, owed)
    return DUE / took


def _kind(db: Database) -> Any:
    return db.bus.kinds["RungReached"]


class Peers:
    """The references over `peers.timers`."""

    def __init__(self, url: str, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.url, self.admin = url, admin
        self.first = 0

    async def __aenter__(self) -> "Peers":
        await self.admin.execute(PEERS)
        self.pool = await asyncpg.create_pool(
            self.url, min_size=AT_ONCE, max_size=AT_ONCE, server_settings={"application_name": APPLICATION}
        )
        await Queries(AsyncpgPoolDriver(self.pool)).install()
        self.app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=self.url, min_size=AT_ONCE, max_size=AT_ONCE, kwargs={"application_name": APPLICATION}
            )
        )
        await self.app.open_async()
        await self.app.schema_manager.apply_schema_async()

        @self.app.task(name="tell")
        async def tell(timer_id: int) -> None:
            await self.effect(timer_id)

        self.tell = tell
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.app.close_async()
        await self.pool.close()

    async def effect(self, timer_id: int) -> None:
        await self.pool.execute("select peers.effect($1)", timer_id)

    async def rate(self, way: Callable[[range], Awaitable[float]]) -> float:
        """Effects a second of one way over fresh timers; raises unless each was done once."""
        timers = range(self.first + 1, self.first + JOBS + 1)
        await self.admin.execute(NEW_TIMERS, self.first, JOBS)
        self.first += JOBS
        took = await way(timers)
        facts = await self.admin.fetchval("select count(*) from peers.outbox")
        told = await self.admin.fetchval("select count(*) from peers.timers where told_at is not null")
        assert (facts, told) == (self.first, self.first), f"{facts} facts of {self.first} timers"
        return JOBS / took

    async def pgqueuer(self, timers: range) -> float:
        queue = PgQueuer(AsyncpgPoolDriver(self.pool))

        @queue.entrypoint("tell")
        async def tell(job: Job) -> None:
            assert job.payload is not None
            await self.effect(int(job.payload))

        await queue.qm.queries.enqueue(["tell"] * len(timers), [str(n).encode() for n in timers], [0] * len(timers))
        began = time.perf_counter()
        await queue.run(
            dequeue_timeout=timedelta(seconds=1), batch_size=AT_ONCE * 10, mode=QueueExecutionMode.drain,
        )  # fmt: skip
        return time.perf_counter() - began

    async def procrastinate(self, timers: range) -> float:
        await self.tell.batch_defer_async(*({"timer_id": n} for n in timers))
        began = time.perf_counter()
        await self.app.run_worker_async(
            wait=False, concurrency=AT_ONCE, install_signal_handlers=False, delete_jobs="successful"
        )
        return time.perf_counter() - began

    async def loop(self, _: range) -> float:
        began = time.perf_counter()

        async def claim() -> None:
            async with self.pool.acquire() as connection:
                while True:
                    async with connection.transaction():
                        timer_id = await connection.fetchval(CLAIM)
                        if timer_id is None:
                            return
                        await connection.execute("select peers.effect($1)", timer_id)

        await asyncio.gather(*(claim() for _ in range(AT_ONCE)))
        return time.perf_counter() - began
