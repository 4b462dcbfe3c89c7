"""Ranking by published weights: explained, stable, and open to no favour."""

import json
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.market.orders.rules.ranking import FULL, Candidate, Factor, Need, Weights, factors_of, rank
from app.market.orders.schemas import read_weights
from tests.support import REPOSITORY

SHIPPED = json.loads((REPOSITORY / "migrations/policies/ranking.json").read_text())[0]
WEIGHTS = read_weights(SHIPPED["version"], SHIPPED["body"])
NEED = Need(50_000_000, 12, "原材料", "500103")


def candidate(n: int, **changed: object) -> Candidate:
    base = Candidate(
        UUID(int=n), UUID(int=100 + n), UUID(int=200 + n), 100_000_000, 45_000, 5, 24, frozenset(), frozenset()
    )
    return replace(base, **changed)  # type: ignore[arg-type]


CHEAP = candidate(1, rate_min_ppm=34_500, promised_workdays=9)
QUICK = candidate(2, rate_min_ppm=60_000, promised_workdays=1)
NEAR = candidate(3, districts=frozenset({"500103"}))


def order_of(weights: Weights, *who: Candidate) -> list[tuple[int, str]]:
    return [(one.candidate.bank_id.int, one.deciding) for one in rank(NEED, who, weights, "seed")]


def test_the_reason_names_the_factor_that_decided() -> None:
    """A firm sees why one bank stands before another, and the figure is the larger weighted lead."""
    assert [(3, "district"), (2, "speed"), (1, "rate")] == order_of(WEIGHTS, CHEAP, QUICK, NEAR)


def test_another_weight_gives_another_order() -> None:
    """The weights decide, not the code: they are dated data."""
    for_rate = replace(WEIGHTS, of={**WEIGHTS.of, Factor.RATE: 3000})

    assert [1, 3, 2] == [who for who, _ in order_of(for_rate, CHEAP, QUICK, NEAR)]


def test_a_branch_under_the_amount_is_never_listed() -> None:
    """It could not decide the order; one fen is enough."""
    under = candidate(4, ceiling_fen=NEED.amount_fen - 1, rate_min_ppm=1)
    just = candidate(5, ceiling_fen=NEED.amount_fen)

    assert [5] == [who for who, _ in order_of(WEIGHTS, under, just)]


def test_a_tie_is_broken_by_a_seeded_hash_and_says_so() -> None:
    """Equals take turns from order to order, and the same order always gives the same list."""
    twins = (candidate(6), candidate(7))
    lists = {seed: [one.candidate.bank_id.int for one in rank(NEED, twins, WEIGHTS, seed)] for seed in "abcdefgh"}

    assert {(6, 7), (7, 6)} == {tuple(found) for found in lists.values()}
    assert "tie" == rank(NEED, twins, WEIGHTS, "a")[0].deciding
    assert lists["a"] == [one.candidate.bank_id.int for one in rank(NEED, reversed(twins), WEIGHTS, "a")]  # type: ignore[arg-type]


candidates = st.builds(
    candidate,
    st.integers(1, 50),
    ceiling_fen=st.integers(1, 200_000_000),
    rate_min_ppm=st.integers(0, 200_000),
    promised_workdays=st.integers(1, 20),
    term_months_max=st.integers(1, 60),
    districts=st.sampled_from([frozenset(), frozenset({"500103"}), frozenset({"500112"})]),
)


@given(st.lists(candidates, max_size=8, unique_by=lambda c: c.bank_id), st.text(max_size=5))
def test_one_bank_more_or_less_turns_no_two_others_around(who: list[Candidate], seed: str) -> None:
    """Else a bank could be pushed down by inviting a third one."""
    full = [one.candidate for one in rank(NEED, who, WEIGHTS, seed)]

    for left_out in who:
        rest = rank(NEED, [one for one in who if one != left_out], WEIGHTS, seed)
        assert [one for one in full if one != left_out] == [one.candidate for one in rest]


@given(candidates)
def test_each_factor_is_a_share(who: Candidate) -> None:
    """No weight can hide behind a unit."""
    assert all(0 <= value <= FULL for value in factors_of(NEED, who, WEIGHTS).values())
