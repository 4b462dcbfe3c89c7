"""Figures that a regulator may trust: whole numbers, honest intervals, nothing ranked on three cases."""

from hypothesis import given
from hypothesis import strategies as st

from app.market.supervision.rules import Reason, Tally, arrange, funnel, mean_hundredths, refusals, share


def test_the_interval_of_a_small_number_is_wide() -> None:
    """Three of three is not a hundred percent: the textbook interval of Wilson begins at 43.85 %."""
    found = share(3, 3)

    assert (1_000_000, 438_503, 1_000_000) == (found.ppm, found.low_ppm, found.high_ppm)
    assert found.is_small(30)


def test_the_interval_of_a_large_number_is_narrow() -> None:
    """900 of 1 000: 87.98 % to 91.71 %."""
    found = share(900, 1000)

    assert (879_848, 917_091) == (found.low_ppm, found.high_ppm)
    assert not found.is_small(30)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_share_lies_in_its_interval(value: int, rest: int) -> None:
    """Whatever the counts, and inside 0 to 1."""
    found = share(value, value + rest)

    if found.ppm is not None and found.low_ppm is not None and found.high_ppm is not None:
        assert 0 <= found.low_ppm <= found.ppm + 1
        assert found.ppm <= found.high_ppm + 1 <= 1_000_001


def test_nothing_has_no_share() -> None:
    """0 of 0 is neither 0 % nor 100 %."""
    assert share(0, 0).ppm is None
    assert mean_hundredths(Tally()) is None


def test_the_funnel_names_every_step_even_empty_ones() -> None:
    """An empty step is a finding, not a missing line."""
    steps = funnel({"funnel:push": Tally(4, 4), "funnel:accept": Tally(3, 3)})

    assert ["push", "accept", "contact", "investigate", "offer", "pick", "sign", "pay_out"] == [s.act for s in steps]
    assert [4, 3, 0, 0, 0, 0, 0, 0] == [step.count for step in steps]


def test_refusals_come_by_frequency() -> None:
    """What is refused most stands first; ties by code, so that a page does not dance."""
    figures = {"refused:C1": Tally(1, 1), "refused:A1": Tally(0, 1), "refused:I2": Tally(3, 5), "accepted": Tally(9, 9)}

    assert refusals(figures) == (Reason("I2", 5, 2), Reason("A1", 1, 1), Reason("C1", 1, 0))


def test_a_board_keeps_groups_apart() -> None:
    """Two banks' figures under one name are two tallies."""
    board = arrange([("bank", "a", "accepted", 1, 2), ("bank", "b", "accepted", 2, 2)])

    assert Tally(1, 2) == board["bank", "a"]["accepted"]
    assert Tally(2, 2) == board["bank", "b"]["accepted"]
