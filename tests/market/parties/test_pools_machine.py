"""Pools on a real database walked beside a pure model: every answer and every counter must be the same."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from app.infra.db import Database, Role, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.parties.schemas import PoolAmount, PoolThaw
from app.office import proposals
from tests.conftest import Cluster, open_database
from tests.market.parties.world import Command, World, act, make_world, open_pool, pool_figures, two_people
from tests.support import shanghai, walk

QUARTERS = {
    "Q3": (date(2025, 7, 1), shanghai("2025-09-25 10:00")),
    "Q4": (date(2025, 10, 1), shanghai("2025-10-09 10:00")),
}
LATE = QUARTERS["Q4"][1]  # No reservation ends before it began.
ACTS = ("hold", "shrink", "post", "release", "expire", "release_all", "raise", "lower", "freeze", "thaw")
NEVER_REFUSED = {"release_all", "raise"}
SUBORDERS = st.integers(0, 3)
PICKS = st.integers(0, 9)  # Below 8: one of those that hold something, if any; so that acts are not mostly refused.
PERCENT = st.integers(1, 115)  # Of what is held.
AMOUNTS = st.integers(1, 40)
QUARTER = st.sampled_from(sorted(QUARTERS))


class Pools(RuleBasedStateMachine):
    """Four suborders, two quarters' pools of some hundred fen. The model is the state below and nothing else."""

    db: ClassVar[Database]
    loop: ClassVar[asyncio.AbstractEventLoop]
    told: ClassVar[Counter[tuple[str, bool]]] = Counter()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize(cap=st.integers(40, 160))
    def start(self, cap: int) -> None:
        self.world: World = self.run(make_world(self.db, None, name=f"渝江第{new_id().hex}银行"))
        self.pools = {q: self.run(open_pool(self.db, self.world, cap, on)) for q, (on, _) in QUARTERS.items()}
        self.cap = dict.fromkeys(QUARTERS, cap)
        self.posted = dict.fromkeys(QUARTERS, 0)
        self.frozen = dict.fromkeys(QUARTERS, False)
        self.ids = [new_id() for _ in range(4)]
        self.open: dict[int, tuple[str, int]] = {}
        self.drawn: list[UUID] = []

    def held(self, quarter: str) -> int:
        return sum(amount for q, amount in self.open.values() if q == quarter)

    def expect(self, name: str, expected: object, actual: object, *, accepted: bool) -> None:
        self.told[name, accepted] += 1
        assert expected == actual, f"{name}: the model says {expected}, the pools say {actual}"

    def do(self, n: int, command: Command) -> object:
        return self.run(act(self.db, self.ids[n], command))

    @rule(n=SUBORDERS, amount=AMOUNTS, quarter=QUARTER)
    def hold_more(self, n: int, amount: int, quarter: str) -> None:
        self.hold_some(n, amount, quarter)

    @rule(n=SUBORDERS, amount=AMOUNTS, quarter=QUARTER)
    def hold(self, n: int, amount: int, quarter: str) -> None:
        self.hold_some(n, amount, quarter)

    def hold_some(self, n: int, amount: int, quarter: str) -> None:
        at = QUARTERS[quarter][1]
        answer = self.do(n, lambda tx: parties.hold(tx, self.world.key, self.ids[n], amount, at, order_id=self.ids[n]))

        if self.frozen[quarter]:
            expected: object = "pool-frozen"
        elif self.held(quarter) + self.posted[quarter] + amount > self.cap[quarter]:
            expected = None
        else:
            expected = "conflict" if n in self.open else "held"
        if expected == "held":
            self.open[n] = (quarter, amount)
        told = "held" if isinstance(answer, UUID) else answer
        self.expect("hold", expected, told, accepted=expected == "held")

    @rule(pick=PICKS, percent=PERCENT)
    def shrink(self, pick: int, percent: int) -> None:
        n = self.pick(pick)
        to = self.share(n, percent)
        answer = self.do(n, lambda tx: parties.shrink(tx, self.ids[n], to_fen=to, at=LATE))

        if n not in self.open:
            return self.expect("shrink", "reservation-ended", answer, accepted=False)
        quarter, amount = self.open[n]
        if to > amount:
            return self.expect("shrink", "amount-exceeds-hold", answer, accepted=False)
        self.open[n] = (quarter, to)
        return self.expect("shrink", amount - to, answer, accepted=True)

    @rule(pick=PICKS, percent=PERCENT, again=st.sampled_from([False, False, False, True]))
    def post(self, pick: int, percent: int, again: bool) -> None:
        n = self.pick(pick)
        amount = self.share(n, percent)
        draw_id = self.drawn[-1] if again and self.drawn else new_id()
        answer = self.do(n, lambda tx: parties.post(tx, self.ids[n], draw_id, amount, LATE))

        if n not in self.open:
            return self.expect("post", "reservation-ended", answer, accepted=False)
        quarter, held = self.open[n]
        if amount > held:
            return self.expect("post", "amount-exceeds-hold", answer, accepted=False)
        if draw_id in self.drawn:
            return self.expect("post", "reservation-ended", answer, accepted=False)
        self.drawn.append(draw_id)
        self.posted[quarter] += amount
        self.open[n] = (quarter, held - amount)
        if held == amount:
            del self.open[n]
        return self.expect("post", held - amount, answer, accepted=True)

    @rule(pick=PICKS)
    def release(self, pick: int) -> None:
        self.end(self.pick(pick), "release")

    @rule(pick=PICKS)
    def expire(self, pick: int) -> None:
        self.end(self.pick(pick), "expire")

    def end(self, n: int, kind: str) -> None:
        command = parties.release if kind == "release" else parties.expire
        answer = self.do(n, lambda tx: command(tx, self.ids[n], LATE))

        expected: object = self.open.pop(n)[1] if n in self.open else "reservation-ended"
        self.expect(kind, expected, answer, accepted=expected != "reservation-ended")

    @precondition(lambda self: self.open)
    @rule(chosen=st.sets(SUBORDERS, min_size=1, max_size=2))
    def release_all(self, chosen: set[int]) -> None:
        ids = [self.ids[n] for n in chosen]

        async def work() -> object:
            async with self.db.transaction(Role.WORKER) as tx:
                return await parties.release_all(tx, ids, LATE)

        answer = self.run(work())

        expected = {self.ids[n]: self.open.pop(n)[1] for n in chosen if n in self.open}
        self.expect("release_all", expected, answer, accepted=True)

    @rule(quarter=QUARTER, amount=AMOUNTS, kind=st.sampled_from(["raise", "lower"]))
    def change_cap(self, quarter: str, amount: int, kind: str) -> None:
        amount *= 3 if kind == "lower" else 1
        answer = self.change(f"pool-{kind}", quarter, PoolAmount(amount_fen=amount, why="调整"))

        used = self.held(quarter) + self.posted[quarter]
        if kind == "lower" and self.cap[quarter] - amount < used:
            return self.expect(kind, "pool-below-used", answer, accepted=False)
        self.cap[quarter] += amount if kind == "raise" else -amount
        return self.expect(kind, "done", answer, accepted=True)

    @rule(quarter=QUARTER, kind=st.sampled_from(["freeze", "thaw"]))
    def ice(self, quarter: str, kind: str) -> None:
        self.freeze(quarter) if kind == "freeze" else self.thaw(quarter)

    @precondition(lambda self: any(self.frozen.values()))
    @rule()
    def thaw_frozen(self) -> None:
        self.thaw(next(quarter for quarter, frozen in self.frozen.items() if frozen))

    def freeze(self, quarter: str) -> None:
        async def work() -> str:
            try:
                async with self.db.transaction(Role.BANK, self.world.scope()) as tx:
                    by_id = self.world.maker.person_id
                    await parties.pools.freeze(tx, self.pools[quarter], "核查", by_id=by_id, now=tx.now)
            except Refusal as refusal:
                return refusal.code
            return "done"

        answer = self.run(work())

        expected = "wrong-state" if self.frozen[quarter] else "done"
        self.frozen[quarter] = True
        self.expect("freeze", expected, answer, accepted=expected == "done")

    def thaw(self, quarter: str) -> None:
        answer = self.change("pool-thaw", quarter, PoolThaw(why="已查明"))

        expected = "done" if self.frozen[quarter] else "wrong-state"
        self.frozen[quarter] = False
        self.expect("thaw", expected, answer, accepted=expected == "done")

    @invariant()
    def counters_agree(self) -> None:
        for quarter, pool_id in getattr(self, "pools", {}).items():
            expected = (self.cap[quarter], self.held(quarter), self.posted[quarter])
            assert expected == self.run(pool_figures(self.db, pool_id))

    def teardown(self) -> None:
        async def work() -> object:
            async with self.db.transaction(Role.WORKER) as tx:
                return await parties.pools.reconcile(tx, now=tx.now)

        assert self.run(work()) == ()

    def pick(self, pick: int) -> int:
        holders = sorted(self.open)
        return holders[pick % len(holders)] if holders and pick < 8 else pick % 4

    def share(self, n: int, percent: int) -> int:
        return max(1, self.open[n][1] * percent // 100) if n in self.open else percent

    def change(self, kind: str, quarter: str, body: PoolAmount | PoolThaw) -> str:
        async def ask(tx: Tx) -> proposals.Proposal:
            return await parties.changes.propose_pool_change(
                tx, kind, self.pools[quarter], body, by=self.world.maker, now=tx.now
            )

        async def withdraw_refused() -> None:
            async with self.db.transaction(Role.WORKER) as tx:
                await proposals.void_open(tx, self.pools[quarter], now=tx.now)

        now = self.run(self.now())
        try:
            self.run(two_people(self.db, self.world, ask, now=now))
        except Refusal as refusal:
            self.run(withdraw_refused())
            return refusal.code
        return "done"

    async def now(self) -> datetime:
        async with self.db.reading(Role.REPORTER) as tx:
            return tx.now


def test_pools_and_their_model_never_part(cluster: Cluster) -> None:
    """P2, P3: at least 100 histories of 20 acts; each act accepted 30 times and, where it can be, refused 10."""
    loop = asyncio.new_event_loop()
    name = loop.run_until_complete(cluster.clone())
    Pools.db, Pools.loop = open_database(cluster, name), loop
    Pools.told.clear()
    try:
        walk(
            Pools,
            settings(
                max_examples=110, stateful_step_count=24, deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck),
            ),
            _been_everywhere,
        )  # fmt: skip
    finally:
        loop.run_until_complete(Pools.db.close())
        loop.run_until_complete(cluster.drop(name))
        loop.close()

    print("\nact          accepted  refused")
    for name in ACTS:
        print(f"{name:12} {Pools.told[name, True]:8} {Pools.told[name, False]:8}")
    assert _been_everywhere()


def _been_everywhere() -> bool:
    accepted = all(Pools.told[name, True] >= 30 for name in ACTS)
    return accepted and all(Pools.told[name, False] >= 10 for name in ACTS if name not in NEVER_REFUSED)
