"""Web, worker and database are killed while firms post: nothing acknowledged is lost, nothing happens twice or early.

`CRASH_POSTINGS` (300) sets the length; `make crash` runs this alone. How to read the table: docs/crash.md.
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from app.kernel.clock import WALL
from tests.crash import judge
from tests.crash.clients import Ledger, Town, load_town, signed_in
from tests.crash.rig import Rig, rigged, started
from tests.support import eventually

POSTINGS = int(os.environ.get("CRASH_POSTINGS", "300"))
SEED = 20260301
ACCEPT_EVERY = 5
ACCEPTED_MAX = 200  # What the pools hold without end.
IN_FLIGHT = 4
MOMENT_SECONDS = 0.15
AFTER_EVERYTHING = timedelta(days=40)  # Past ACCEPT, CONTACT and DECISION of places and reserves; before until-when.
pytestmark = [pytest.mark.crash, pytest.mark.timeout(120 + 2 * POSTINGS)]
Kill = Callable[[str], Coroutine[None, None, None]]


@dataclass(slots=True)
class Storm:
    """Clients that post at the pace of the kills, so that every kill meets work."""

    rig: Rig
    town: Town
    ledger: Ledger
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))
    allowed: int = 0
    begun: int = 0
    accepted: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def rage(self) -> None:
        """Post all; kill between the postings, in an order that the seed decides."""
        strikes = self.strikes()
        async with asyncio.TaskGroup() as tasks:
            clients = [tasks.create_task(self.client(number)) for number in range(IN_FLIGHT)]
            for number, strike in enumerate(strikes, 1):
                await strike(POSTINGS * number // len(strikes))
                self.rig.say(f"{len(self.ledger.acknowledged)} acknowledged")
            await self.allow(POSTINGS)
            await asyncio.gather(*clients)

    def strikes(self) -> list[Callable[[int], Awaitable[None]]]:
        """Three kills of each process at any time, and three between COMMIT and answer; more in a longer storm."""
        rig, rounds = self.rig, max(1, POSTINGS // 300)
        at_random = [
            self.at_random("web", rig.kill_web), self.at_random("worker", rig.kill_worker),
            self.at_random("postmaster", rig.kill_postmaster),
        ]  # fmt: skip
        held = [
            self.held("web", rig.kill_web, b"OrderPosted"), self.held("worker", rig.kill_worker, b"SuborderPushed"),
        ]  # fmt: skip
        once = [self.held("postmaster", rig.kill_postmaster, b"OrderPosted")]
        strikes = (at_random * 3 + held * 3 + once) * rounds
        self.dice.shuffle(strikes)
        return strikes

    def at_random(self, place: str, kill: Kill) -> Callable[[int], Awaitable[None]]:
        """A kill at any moment of the work."""

        async def strike(goal: int) -> None:
            before = len(self.ledger.acknowledged)
            await self.allow(goal)
            await self.until_acknowledged(self.dice.randint(before, goal - 1))
            await asyncio.sleep(self.dice.random() * MOMENT_SECONDS)
            since = time.monotonic()
            await kill(place)
            await self.until_back(place, since)
            await self.until_acknowledged(goal)

        return strike

    def held(self, place: str, kill: Kill, said: bytes) -> Callable[[int], Awaitable[None]]:
        """A kill after PostgreSQL has committed and before the process that asked for it knows."""
        where = f"{place} between COMMIT and answer"
        proxy = self.rig.worker_proxy if place == "worker" else self.rig.web_proxy

        async def strike(goal: int) -> None:
            struck = asyncio.Event()
            since = 0.0

            async def now() -> None:
                nonlocal since
                since = time.monotonic()
                await kill(where)
                struck.set()

            self.rig.say(f"armed: {where}")
            proxy.arm(now, after=said)
            await self.allow(goal)
            await asyncio.wait_for(struck.wait(), 90)
            await self.until_back(where, since)
            await self.until_acknowledged(goal)

        return strike

    async def until_back(self, where: str, since: float) -> None:
        if where.startswith("worker"):
            await self.rig.until_worker_is_back(since, where)
        else:
            await self.rig.until_web_is_back(since, where)

    async def allow(self, goal: int) -> None:
        async with self.changed:
            self.allowed = max(self.allowed, goal)
            self.changed.notify_all()

    async def until_acknowledged(self, goal: int) -> None:
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: len(self.ledger.acknowledged) >= goal), 120)

    async def client(self, number: int) -> None:
        """Post one need after the other, as far as the storm has come; have every fifth accepted."""
        firm = self.town.firms[number % len(self.town.firms)]
        while (mine := await self.next_number()) is not None:
            key = f"posting-{mine:06d}"
            await self.town.post(firm, key, self.ledger)
            async with self.changed:
                self.changed.notify_all()
            if mine % ACCEPT_EVERY == 0 and self.accepted < ACCEPTED_MAX:
                self.accepted += 1
                await self.town.accept(self.rig, self.ledger.acknowledged[key], f"acceptance-{mine:06d}")

    async def next_number(self) -> int | None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.begun < self.allowed or self.begun >= POSTINGS)
            if self.begun >= POSTINGS:
                return None
            self.begun += 1
            return self.begun


async def test_no_kill_loses_doubles_or_hurries_anything(capsys: pytest.CaptureFixture[str]) -> None:
    """P1, P5, P8 and P11 at once: acknowledged is kept, once is once, and no deadline fires before its time."""
    async with rigged() as rig:
        await rig.move_clock(timedelta())
        loaded = await load_town(rig)
        async with started(rig.web, rig.worker):
            await eventually(rig.web_answers, 120)
            async with signed_in(rig, loaded) as town:
                storm = Storm(rig, town, Ledger(rig.home / "ledger"))
                await storm.rage()
            await drained(rig)
            await until_just_before_the_first_deadline(rig)
            await past_every_deadline(rig)
            await drained(rig)
            found = await judged(rig, storm)
        with capsys.disabled():
            print("\n" + judge.report(rig, found, town.told))
        judge.judge_kills(rig)
        assert town.told["replayed"] >= rig.kills["web between COMMIT and answer"], "an unknown outcome is found again"
        back = [seconds for each in rig.back_seconds.values() for seconds in each]
        assert statistics.median(back) <= judge.BACK_SECONDS_MAX


async def drained(rig: Rig) -> None:
    """Everything that happens later has happened."""

    async def done() -> bool:
        return await rig.value("select count(*) from outbox_deliveries where parked_at is null") == 0

    await rig.until(done)


async def until_just_before_the_first_deadline(rig: Rig) -> None:
    """A minute before: several rounds of a worker that is killed once more, and nothing may fire."""
    first = (await rig.fetch("select min(due_at) from clocks where state = 'running'"))[0][0]
    await rig.move_clock(first - timedelta(minutes=1) - WALL.now())
    rounds = rig.worker_proxy.commits + 20
    await rig.kill_worker("worker")

    async def worked() -> bool:
        return rig.worker_proxy.commits >= rounds

    await rig.until(worked)
    assert await rig.value("select count(*) from outbox where kind = 'ClockBreached'") == 0, "a clock fired early"


async def past_every_deadline(rig: Rig) -> None:
    """Clocks fire, a block of orders in a transaction: the worker dies between such a COMMIT and its answer."""
    where = "worker between COMMIT and answer"
    struck = asyncio.Event()

    async def strike() -> None:
        await rig.kill_worker(where)
        struck.set()

    rig.worker_proxy.arm(strike, after=b"ClockBreached")
    await rig.move_clock(AFTER_EVERYTHING)
    await asyncio.wait_for(struck.wait(), 90)

    async def fired() -> bool:
        return await judge.overdue(rig) == 0

    await rig.until(fired)


async def judged(rig: Rig, storm: Storm) -> dict[str, str]:
    acknowledged = storm.ledger.read()
    assert acknowledged == storm.ledger.acknowledged, "the ledger on disk is what the clients believe"
    assert len(acknowledged) == POSTINGS
    found = await judge.judge_orders(rig, acknowledged)
    found |= await judge.judge_pushes(rig, POSTINGS)
    found |= await judge.judge_endings(rig)
    found |= await judge.judge_clocks(rig)
    found |= await judge.judge_money(rig, storm.accepted)
    found |= await judge.check_invariants(rig)
    return found
