"""Worker and database are killed, stopped and restarted while timers come due: none is early, lost or double.

`CRASH_TIMERS` (1,000 in the suite, 5,000 by `make crash`) is how many rungs come due under the kills, beside the clocks
of orders and complaints. How to read the table: docs/crash.md.
"""

import asyncio
import os
import random
import time
from collections import Counter
from datetime import timedelta
from typing import Final

import pytest

from tests.crash import judge, timers
from tests.crash.rig import Rig, rigged, started
from tests.crash.timers import Timers

TIMERS: Final = int(os.environ.get("CRASH_TIMERS", "1000"))
ROUNDS: Final = 1 if TIMERS < 5_000 else 3
ORDERS: Final = max(8, TIMERS // 100)
LEAD: Final = timedelta(seconds=6)  # From the loading to the first rung: the worker starts meanwhile.
WINDOW: Final = timedelta(seconds=10 if ROUNDS == 1 else 75)
PAUSED: Final = 1.2 if ROUNDS == 1 else 4.0
BETWEEN_SECONDS: Final = 0.5 if ROUNDS == 1 else 3.0
TELLS: Final = b"announcements.announce_rung"  # An argument of the statement that tells rungs.
FIRES: Final = b"ClockBreached"
pytestmark = [pytest.mark.crash, pytest.mark.timeout(300 + TIMERS // 10)]
LEAST: Final = {"worker": 3, "worker between COMMIT and answer": 2, "postmaster": 1}


async def test_no_timer_is_early_lost_or_double_whatever_is_killed(capsys: pytest.CaptureFixture[str]) -> None:
    """P8: the effect is in the transaction that claims the timer: nothing to rescue, nothing to repeat."""
    async with rigged() as rig:
        waiting = Timers()
        city = await timers.load_city(rig)
        await timers.post_and_complain(city, waiting, ORDERS)
        begin = timers.MIDNIGHT - timedelta(hours=2)
        await timers.business_now_is(rig, begin)
        await timers.start_clocks(rig, waiting, TIMERS // len(timers.SHARES), begin + LEAD, WINDOW)
        async with started(rig.worker):
            await storm(rig)
            await until_fired(rig, waiting)
            await fire_the_rest(rig)
            found = await judged(rig, waiting)
        with capsys.disabled():
            print("\n" + judge.report(rig, found, Counter(), sorted(rig.kills)))
        missed = {place: rig.kills[place] for place, least in LEAST.items() if rig.kills[place] < least}
        assert not missed, f"too few kills: {missed}"
        assert rig.worker.ended_alone == 0


async def storm(rig: Rig) -> None:
    """While rungs come due: kill -9 at any moment and between COMMIT and answer, stop for seconds, restart."""
    await rig.until_worker_is_back(time.monotonic(), "worker: first start")
    dice = random.Random(20260301)
    strikes = [
        lambda: killed(rig, "worker"), lambda: held(rig, TELLS),
        lambda: rig.kill_postmaster("postmaster"), lambda: rig.pause_worker("worker stopped and continued", PAUSED),
        lambda: rig.pause_database("database stopped and continued", PAUSED),
        lambda: rig.restart_postmaster("database restarted"),
    ]  # fmt: skip
    for _ in range(ROUNDS):
        dice.shuffle(strikes)
        for strike in strikes:
            await strike()
            await works(rig)
            await asyncio.sleep(dice.random() * BETWEEN_SECONDS)


async def killed(rig: Rig, place: str) -> None:
    since = time.monotonic()
    await rig.kill_worker(place)
    await rig.until_worker_is_back(since, place)


async def held(rig: Rig, said: bytes) -> None:
    """kill -9 after PostgreSQL has committed such a transaction and before the worker knows."""
    where, struck, since = "worker between COMMIT and answer", asyncio.Event(), 0.0

    async def now() -> None:
        nonlocal since
        since = time.monotonic()
        await rig.kill_worker(where)
        struck.set()

    rig.worker_proxy.arm(now, after=said)
    await asyncio.wait_for(struck.wait(), 90)
    await rig.until_worker_is_back(since, where)


async def works(rig: Rig) -> None:
    """The worker ends units of work again."""
    before = rig.worker_proxy.commits

    async def on() -> bool:
        return rig.worker_proxy.commits > before

    await rig.until(on)


async def until_fired(rig: Rig, waiting: Timers) -> None:
    """Over the midnight at which orders and complaints come due; the worker dies between their COMMIT and answer."""

    async def past_the_last() -> bool:
        return await timers.business_now(rig) > waiting.last_at

    await rig.until(past_the_last)
    await nothing_left(rig)
    await timers.business_now_is(rig, timers.MIDNIGHT - timedelta(seconds=3))
    await held(rig, FIRES)
    await nothing_left(rig)


async def fire_the_rest(rig: Rig) -> None:
    """The next banks come due, then all that was ever started: the clock jumps, the worker dies on the way."""
    for at in (timers.SECOND + timedelta(seconds=1), timers.AFTER_ALL):
        await timers.business_now_is(rig, at)
        await rig.kill_worker("worker")
        await nothing_left(rig)


async def nothing_left(rig: Rig) -> None:
    """Nothing that is due waits: no clock, no rung, no delivery."""

    async def done() -> bool:
        now = await timers.business_now(rig)
        return await rig.value(timers.LEFT, now) == 0

    await rig.until(done)


async def judged(rig: Rig, waiting: Timers) -> dict[str, str]:
    found = await timers.judge_rungs(rig, waiting)
    found |= await timers.judge_orders(rig, waiting)
    found |= await timers.judge_complaints(rig, waiting)
    found |= await judge.judge_clocks(rig)
    return found | await judge.check_invariants(rig)
