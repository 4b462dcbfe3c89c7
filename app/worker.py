"""Everything that happens later: listeners after commit, due clocks, deliveries, batches.

Each job loops on its own, so that a slow bank never delays a clock. A NOTIFY wakes the outbox, and the outbox the
deliveries; a poll each second makes sure, and is all that the other jobs need. A job that fails is logged and tried
again: it kept nothing half done, since its transaction rolled back.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import structlog

from app.infra.db import OUTCOME_UNKNOWN, Database
from app.infra.heartbeat import Pulse
from app.infra.outbox import CHANNEL, drain

POLL_SECONDS = 1.0
REST_SECONDS_MAX = 10.0
TOLD_BY_OUTBOX = "deliveries"  # Listeners write notices. Every other job waits for time, not for events.
Job = Callable[[], Awaitable[int]]
log = structlog.get_logger(__name__)


async def work(db: Database, jobs: Mapping[str, Job], stop: asyncio.Event) -> None:
    """Run the outbox and the other jobs until `stop` is set. Each job returns how much it did."""

    async def outbox() -> int:
        done = await drain(db, most=500)
        if done and TOLD_BY_OUTBOX in wake:
            wake[TOLD_BY_OUTBOX].set()
        return done

    all_jobs: dict[str, Job] = {"outbox": outbox, **jobs}
    pulse = Pulse(db)
    wake = {name: asyncio.Event() for name in all_jobs}
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_hear(db, wake["outbox"], stop))
        for name, job in all_jobs.items():
            tasks.create_task(_loop(name, job, wake[name], stop, pulse))


def every(seconds: float, job: Job) -> Job:
    """The same job, but at most once in `seconds` of this process, the first time at once."""
    next_at = 0.0

    async def sometimes() -> int:
        nonlocal next_at
        if time.monotonic() < next_at:
            return 0
        await job()
        next_at = time.monotonic() + seconds
        return 0  # Nothing is left over, however much was done.

    return sometimes


async def _loop(name: str, job: Job, wake: asyncio.Event, stop: asyncio.Event, pulse: Pulse) -> None:
    rest = POLL_SECONDS
    while not stop.is_set():
        wake.clear()
        done, failed, began = 0, None, time.monotonic()
        try:
            done = await job()
            rest = POLL_SECONDS
        except Exception as error:  # noqa: BLE001 - a worker outlives every failure of one round
            rest = min(rest * 2, REST_SECONDS_MAX)
            failed = type(error).__name__
            log.warning("job_failed", job=name, error=failed)
        try:
            await pulse.beat(name, time.monotonic() - began, done, failed)
        except Exception as error:  # noqa: BLE001 - a beat that is missed is what the operator sees
            log.warning("beat_failed", job=name, error=type(error).__name__)
        if not done:
            await _first_of(wake, stop, rest)


async def _hear(db: Database, wake: asyncio.Event, stop: asyncio.Event) -> None:
    """Turn each NOTIFY into a wake-up; reconnect for ever, because the poll carries on meanwhile."""
    heard = asyncio.Event()
    while not stop.is_set():
        with suppress(*OUTCOME_UNKNOWN):
            async with db.listening(CHANNEL, heard):
                while not stop.is_set():
                    await _first_of(heard, stop, REST_SECONDS_MAX)
                    if heard.is_set():
                        heard.clear()
                        wake.set()
        await _first_of(stop, stop, POLL_SECONDS)


async def _first_of(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.ensure_future(one.wait()), asyncio.ensure_future(other.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set, so that the round under way ends in peace."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
