"""What an offer costs, held to figures worked out by hand and to laws."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.market.orders.rules.cost import Fee, Repayment, cost_of

START = date(2025, 3, 1)
WAN = 1_000_000


@pytest.mark.parametrize(
    ("repayment", "interest", "first"),
    [
        (Repayment.INSTALMENTS, 261_903, 855_159),  # 400 / (1 - 1.004^-12) = 8 551.586 a month
        (Repayment.INTEREST_FIRST, 480_000, 40_000),  # 400 a month
        (Repayment.BULLET, 480_000, 10_480_000),  # all at the end
    ],
)
def test_interest_and_first_payment(repayment: Repayment, interest: int, first: int) -> None:
    """Ten times ten thousand yuan for a year at 4.8 %."""
    cost = cost_of(10 * WAN, 48_000, 12, repayment, (), START)

    assert (interest, first) == (cost.interest_fen, cost.first_payment_fen)


def test_a_bullet_loan_of_a_year_costs_its_rate() -> None:
    """365 days, one payment: the annual rate is the rate itself."""
    assert 48_000 == cost_of(10 * WAN, 48_000, 12, Repayment.BULLET, (), START).apr_ppm


def test_fees_raise_the_annual_rate_and_the_total() -> None:
    """A fee taken at once counts in full although it is no interest."""
    bare = cost_of(10 * WAN, 48_000, 12, Repayment.BULLET, (), START)
    fee = cost_of(10 * WAN, 48_000, 12, Repayment.BULLET, (Fee("担保费", WAN // 10),), START)

    assert bare.total_cost_fen + WAN // 10 == fee.total_cost_fen
    assert 58_586 == fee.apr_ppm  # 104 800 / 99 000 - 1 = 0.0585858…


amounts = st.integers(WAN, 1000 * WAN)
rates = st.integers(0, 240_000)


@given(amounts, rates, st.integers(1, 60), st.sampled_from(Repayment), st.integers(0, 100_000))
def test_what_is_paid_is_the_loan_and_its_cost(
    amount: int, rate: int, months: int, repayment: Repayment, fee: int
) -> None:
    """No fen is lost to rounding, whatever the schedule."""
    fees = (Fee("手续费", fee),) if fee else ()

    cost = cost_of(amount, rate, months, repayment, fees, START)

    assert cost.total_cost_fen == -sum(flow.amount_fen for flow in cost.flows)
    assert cost.total_cost_fen == cost.interest_fen + fee
    assert cost.interest_fen >= 0


@given(amounts, rates, st.integers(2, 36))
def test_paying_back_earlier_costs_less_interest(amount: int, rate: int, months: int) -> None:
    """Instalments owe less on average than a principal that stands until the end."""
    instalments, last = (
        cost_of(amount, rate, months, how, (), START).interest_fen
        for how in (Repayment.INSTALMENTS, Repayment.INTEREST_FIRST)
    )

    assert instalments <= last + months
