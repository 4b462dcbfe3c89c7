"""A year of orders over the pure machine, with what goes wrong outside it: a worker that is away, acts that are lost on
their way, arrive late, arrive twice, or are repeated by somebody who never saw the answer.

Everything is decided by one seed. An order is a `World`; its twin is the same order with a worker that is never away.
What others can see of the two is the same after every act, since an act fires first what is due.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from app.market.orders.rules import facts, judge, push_first
from app.market.orders.rules.states import TERMINAL, State
from tests.market.orders.test_exploration import _told as told
from tests.market.orders.world import (
    NOW,
    Setting,
    World,
    apply,
    begin,
    broken,
    commands,
    do,
    due,
    fire_due,
    tick,
    uphold,
    with_context,
)

WORKDAYS: Final = 250
POSTED_MAX: Final = 8  # A day.
AWAY_DAYS_MAX: Final = 4
SETTLING_DAYS: Final = 40  # Within so many quiet days everything that runs must have ended.
LOST, LATE, TWICE = 0.05, 0.10, 0.10  # Shares of the acts.
INFORMED: Final = 0.7  # Share of the tries by somebody who knows what the state allows.
SELDOM: Final = {
    "withdraw": 0.02,
    "revoke": 0.02,
    "refuse": 0.1,
    "let": 0.2,
    "retract": 0.2,
    "reassign": 0.2,
    "deny": 0.2,
}


@dataclass(frozen=True, slots=True)
class Request:
    """An act on its way, with the key under which it is repeated."""

    key: int
    name: str
    command: facts.Command


@dataclass(slots=True)
class Order:
    """One order and its twin; `answered` is what the idempotency table holds."""

    setting: Setting
    world: World
    twin: World
    answered: dict[int, bool] = field(default_factory=dict)
    waiting: deque[Request] = field(default_factory=deque)

    @property
    def runs(self) -> bool:
        return bool(self.world.clocks) or any(part.state not in DONE for part in self.world.case.parts)


DONE: Final = TERMINAL | {State.SERVICED}


@dataclass(slots=True)
class Seen:
    """What happened, by kind; `steps` counts everything that could have changed something."""

    steps: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)


class Broken(AssertionError):
    """One line that says which seed to run again."""


@dataclass(slots=True)
class Year:
    """One seed's year. `run` lives it: orders come in, everybody acts at random, then the faults stop."""

    seed: int
    steps_min: int
    dice: Random = field(init=False)
    orders: list[Order] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    away_until: int = 0

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)

    def run(self) -> Seen:
        day = 0
        while self.seen.steps < self.steps_min or day < WORKDAYS:
            self.live_a_day(day)
            day += 1
        self.settle()
        return self.seen

    def live_a_day(self, day: int) -> None:
        for _ in range(self.dice.randint(0, POSTED_MAX)):
            self.orders.append(self.posted())
        if day >= self.away_until and self.dice.random() < 0.1:
            self.away_until = day + self.dice.randint(1, AWAY_DAYS_MAX)
            self.seen.kinds["worker goes away"] += 1
        is_away = day < self.away_until
        for order in self.orders:
            for _ in range(self.dice.randint(0, 6)):
                self.send(order)
                self.deliver(order)
            self.appeal(order)
            self.pass_a_day(order, is_away=is_away)
        self.retire()

    def posted(self) -> Order:
        setting = Setting(
            self.dice.randint(1, 3), self.dice.randint(1, 2), until=self.dice.randint(2, 6), papers=True,
            delivery=self.dice.random() < 0.3, split=self.dice.random() < 0.5, back=self.dice.random() < 0.5,
            moves=self.dice.random() < 0.3, appeals=self.dice.random() < 0.3,
        )  # fmt: skip
        world = begin(setting)
        self.seen.kinds["posted"] += 1
        return Order(setting, world, world)

    def send(self, order: Order) -> None:
        """Somebody tries something; some of it is lost, some comes late, some is sent again under the same key."""
        choice = [one for one in commands(order.world, order.setting) if self.wants(one[0])]
        if self.dice.random() < INFORMED:
            case = with_context(order.world)
            choice = [one for one in choice if not isinstance(judge(case, one[1], NOW), facts.Refused)]
        if not choice:
            return
        request = Request(self.dice.getrandbits(48), *self.dice.choice(choice))
        fate = self.dice.random()
        if fate < LOST:
            self.seen.kinds["lost"] += 1
            return
        order.waiting.append(request)
        if fate > 1 - TWICE:
            self.seen.kinds["sent twice"] += 1
            order.waiting.append(request)

    def wants(self, name: str) -> bool:
        """People seldom do what ends a case."""
        return self.dice.random() < SELDOM.get(name.split(" ")[0], 1.0)

    def deliver(self, order: Order) -> None:
        """What has arrived is judged, in no particular order; what comes late stays on its way."""
        waiting = list(order.waiting)
        order.waiting.clear()
        self.dice.shuffle(waiting)
        for request in waiting:
            if self.dice.random() < LATE:
                self.seen.kinds["late"] += 1
                order.waiting.append(request)
            else:
                self.judge(order, request)

    def judge(self, order: Order, request: Request) -> None:
        """The way of every act: a key that was accepted acts no more; what is due fires; then the rule answers."""
        self.seen.steps += 1
        if order.answered.get(request.key):
            self.seen.kinds["repeated"] += 1
            return
        order.world, order.twin = self.fired(order, order.world), self.fired(order, order.twin)
        after = do(order.world, with_context(order.world), request.command, order.setting)
        twin = do(order.twin, with_context(order.twin), request.command, order.setting)
        self.check(order, (after is None) == (twin is None), f"{request.name}: the twin answers otherwise")
        if after is None or twin is None:
            self.seen.kinds["refused"] += 1
            return
        order.answered[request.key] = True
        self.seen.kinds[request.name.split(" ")[0]] += 1
        order.world, order.twin = after, twin
        self.look(order)

    def appeal(self, order: Order) -> None:
        """Now and then a second person finds that a bank should not have refused."""
        if not order.setting.appeals or self.dice.random() > 0.3:
            return
        order.world, order.twin = self.fired(order, order.world), self.fired(order, order.twin)
        case = with_context(order.world)
        for part in case.parts:
            if can_be_upheld(order.world, part):
                self.seen.steps += 1
                self.seen.kinds["upheld"] += 1
                order.world = uphold(order.world, case, part, order.setting)
                order.twin = uphold(order.twin, with_context(order.twin), part, order.setting)
                self.look(order)
                return

    def pass_a_day(self, order: Order, *, is_away: bool) -> None:
        """The first push, then the night: the twin's worker fires what is due, the other one where it is there."""
        self.seen.steps += 1
        if not order.world.case.parts and order.world.case.end is None and not is_away:
            order.world = apply(order.world, push_first(with_context(order.world), NOW), order.setting)
            order.twin = apply(order.twin, push_first(with_context(order.twin), NOW), order.setting)
            self.look(order)
        order.world, order.twin = tick(order.world, order.setting), self.fired(order, tick(order.twin, order.setting))
        if not is_away:
            order.world = self.fired(order, order.world)
        self.look(order)

    def fired(self, order: Order, world: World) -> World:
        count = len(due(world))
        self.seen.kinds["fired"] += count
        self.seen.steps += count
        return fire_due(world, order.setting) if count else world

    def look(self, order: Order) -> None:
        """Safety: every invariant holds, and whoever looks cannot tell whether the worker had been away."""
        current = self.fired(order, order.world)
        for why in broken(current, order.setting):
            self.check(order, False, why)
        self.check(order, told(current) == told(self.fired(order, order.twin)), "it matters when the worker ran")

    def check(self, order: Order, holds: bool, why: str) -> None:
        if not holds:
            raise Broken(f"seed {self.seed}, step {self.seen.steps}: {why} ({order.setting})")

    def retire(self) -> None:
        """Orders that are over are counted and forgotten, so that a year stays small."""
        for order in [one for one in self.orders if not one.runs and (one.world.case.parts or one.world.case.end)]:
            self.count(order)
            self.orders.remove(order)

    def count(self, order: Order) -> None:
        self.seen.states.update(part.state.value for part in order.world.case.parts)

    def settle(self) -> None:
        """Liveness: nobody acts any more, the worker is there, and within some days nothing runs."""
        for order in self.orders:
            order.waiting.clear()
            for _ in range(SETTLING_DAYS):
                self.pass_a_day(order, is_away=False)
                if not order.runs:
                    break
            self.check(order, not order.runs, "something never ends although nobody is away")
            self.count(order)


def can_be_upheld(world: World, part: facts.Part) -> bool:
    return (
        part.state is State.REFUSED and part.origin is not facts.Origin.APPEAL and part.offer_id is None
        and part.suborder_id not in world.overturned
    )  # fmt: skip


def kept_seeds(text: str) -> Iterator[int]:
    """The seeds of `seeds.txt`."""
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield int(line)
