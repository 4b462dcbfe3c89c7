"""A simulated year with faults: whatever happens outside, the machine stays safe, and it comes to rest."""

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import SystemRandom

import pytest

from app.market.orders.rules import facts
from tests.market.orders.world import Setting, World, fire_due
from tests.simulation.city import Broken, Year, kept_seeds

SEEDS = tuple(kept_seeds((Path(__file__).parent / "seeds.txt").read_text()))
STEPS = int(os.environ.get("SIMULATION_STEPS", "36000"))  # A seed; three seeds are more than a hundred thousand.
ONE = os.environ.get("SIMULATION_SEED")  # Run this one again, or, if it says `new`, one that nobody has seen.
if ONE:
    SEEDS = (SystemRandom().getrandbits(32) if ONE == "new" else int(ONE),)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_year_with_faults_is_safe_and_comes_to_rest(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Safety after every step, liveness at the end; a failing line names its seed."""
    seen = Year(seed, STEPS).run()

    with capsys.disabled():
        print(f"\n  seed {seed}: {seen.steps} steps, {dict(seen.kinds.most_common())}, ends {dict(seen.states)}")
    assert seen.steps >= STEPS
    faults = {"lost", "late", "sent twice", "repeated", "worker goes away", "fired", "refused"}
    assert not [kind for kind in faults if not seen.kinds[kind]]
    assert {"serviced", "refused", "lapsed", "passed_over", "withdrawn", "moved"} <= set(seen.states)


def test_an_act_that_does_not_fire_first_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """With that rule off the outcome depends on when the worker ran."""
    monkeypatch.setattr("tests.simulation.city.fire_due", _every_other(fire_due))

    with pytest.raises(Broken):
        Year(SEEDS[0], STEPS).run()


def _every_other(fire: Callable[[World, Setting], World]) -> Callable[[World, Setting], World]:
    calls = count()
    return lambda world, setting: fire(world, setting) if next(calls) % 2 else world


def test_a_place_filled_twice_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suborder whose DECISION breached keeps its place: then a reserve is never asked, or one too many is."""
    monkeypatch.setattr(facts.Part, "takes_a_place", property(lambda part: part.is_live and bool(part.accepted_at)))

    with pytest.raises((Broken, AssertionError)):
        Year(SEEDS[0], STEPS).run()
