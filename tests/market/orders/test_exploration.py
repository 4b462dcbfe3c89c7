"""The pure machine, explored to the end: every act in every order, with time as an act and the worker early or late."""

from collections import deque
from dataclasses import dataclass, field

import pytest

from app.market.orders.rules import fold
from app.market.orders.rules.loans import LoanType
from app.market.orders.rules.states import TERMINAL, State
from tests.market.orders.world import Setting, World, begin, broken, fire_due, steps, tick

SETTINGS = [
    Setting(1, 1, until=3, turns=True, split=False),
    Setting(1, 1, until=3, delivery=True),
    Setting(2, 1, until=3, papers=False, split=False),
    Setting(2, 1, until=2, split=False),
    Setting(2, 2, until=3, papers=False, split=False),
    Setting(3, 1, until=2, papers=False, split=False),
    Setting(1, 1, until=3, split=False, back=True),
    Setting(2, 1, until=2, papers=False, split=False, back=True),
    Setting(1, 1, until=3, split=False, moves=True),
    Setting(2, 1, until=2, papers=False, split=False, moves=True),
    Setting(2, 1, until=2, papers=False, split=False, appeals=True),
    Setting(1, 1, until=2, papers=False, split=False, moves=True, appeals=True),
    Setting(2, 1, until=2, papers=False, split=False, loan_type=LoanType.DEFERRAL),
]
Key = tuple[object, ...]


@dataclass
class Explored:
    """What a search saw: how each world was reached, where a day leads, where two and three unwatched days lead."""

    cause: dict[Key, tuple[Key | None, str]]
    next_day: dict[Key, Key] = field(default_factory=dict)
    unwatched: dict[Key, tuple[Key, Key]] = field(default_factory=dict)
    stands: dict[Key, frozenset[State]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)

    def note(self, kind: str, key: Key) -> None:
        if kind not in self.found:
            names, at = [], key
            while at is not None:
                at, name = self.cause[at]
                names.append(name)
            self.found[kind] = " · ".join(reversed(names))


def explore(setting: Setting, *, wanted: str = "I", most: int = 1_000_000) -> Explored:
    """Visit every reachable world, until a kind of violation that is `wanted` is found; keep its shortest history."""
    first = begin(setting)
    seen = Explored({first.key(): (None, "posted")})
    queue = deque([(first.key(), first)])
    while queue and len(seen.cause) < most:
        key, world = queue.popleft()
        seen.stands[key] = frozenset(part.state for part in world.case.parts)
        for kind in broken(world, setting):
            seen.note(kind, key)
        if any(kind.startswith(wanted) for kind in seen.found):
            break
        for name, after in steps(world, setting):
            after_key = after.key()
            if world.case.end is not None and fold(after.case) is not fold(world.case):
                seen.note("I7 an order left its end", key)
            if name == "tick":
                seen.next_day[key] = after_key
                late = tick(tick(world, setting), setting)
                seen.unwatched[key] = _told(fire_due(late, setting)), _told(fire_due(tick(late, setting), setting))
            if after_key not in seen.cause:
                seen.cause[after_key] = (key, name)
                queue.append((after_key, after))
    if not queue:
        _look_at_time(seen)
    return seen


def _told(world: World) -> Key:
    """What others can see of a world: all but the ghost that counts days as they pass."""
    return _without_ghost(world.key())


def _without_ghost(key: Key) -> Key:
    return (*key[:6], *key[7:])


def _look_at_time(seen: Explored) -> None:
    """I15: two or three days without a worker end as those days with one. I6: days alone end every suborder."""
    ended: dict[Key, Key] = {}
    for key, (after_two, after_three) in seen.unwatched.items():
        second = _days(seen, key, 2)
        if (_without_ghost(second), _without_ghost(_days(seen, second, 1))) != (after_two, after_three):
            seen.note("I15 the outcome depends on when the worker ran", key)
    for key in seen.stands:
        path, at = [], key
        while at in seen.next_day and at not in ended:
            path.append(at)
            at = seen.next_day[at]
        last = ended.get(at, at)
        ended.update(dict.fromkeys(path, last))
        if seen.stands[last] - TERMINAL - {State.SERVICED}:
            seen.note("I6 no clock ends a suborder", key)


def _days(seen: Explored, key: Key, count: int) -> Key:
    for _ in range(count):
        key = seen.next_day.get(key, key)
    return key


@pytest.mark.parametrize("setting", SETTINGS, ids=repr)
def test_no_history_breaks_an_invariant(setting: Setting) -> None:
    """The machine is small enough to be looked at whole, so nothing is left to chance."""
    seen = explore(setting)

    assert {} == seen.found
    print(f"{len(seen.cause)} situations")
