"""What is paid when: whatever is offered, the parts add up to the whole, to the fen."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.market.orders.rules.cost import Fee, Repayment, cost_of
from app.market.orders.rules.schedule import schedule_of

WAN = 1_000_000
AMOUNTS = st.integers(100_00, 10**11)
RATES = st.integers(0, 240_000)
TERMS = st.integers(1, 120)
KINDS = st.sampled_from(Repayment)
FEES = st.lists(st.builds(Fee, st.just("评估费"), st.integers(1, 50_00), st.integers(0, 130)), max_size=4)


@given(amount=AMOUNTS, rate=RATES, term=TERMS, kind=KINDS, fees=FEES)
def test_a_schedule_repays_the_loan_and_costs_what_the_offer_says(
    amount: int, rate: int, term: int, kind: Repayment, fees: list[Fee]
):
    """Principal adds up to the loan, interest and fees to the total cost that stands beside the annual rate."""
    cost = cost_of(amount, rate, term, kind, (), date(2025, 3, 1))

    rows = schedule_of(amount, rate, term, kind, fees)

    assert (amount, 0) == (sum(row.principal_fen for row in rows), rows[-1].left_fen)
    assert cost.interest_fen == sum(row.interest_fen for row in rows)
    assert sum(fee.amount_fen for fee in fees) == sum(row.fees_fen for row in rows)


@given(amount=AMOUNTS, rate=RATES, term=TERMS, kind=KINDS)
def test_no_part_of_a_payment_is_below_nothing(amount: int, rate: int, term: int, kind: Repayment):
    """Nobody is paid to owe; what is left never grows."""
    rows = schedule_of(amount, rate, term, kind, ())

    assert all(min(row.principal_fen, row.interest_fen, row.left_fen) >= 0 for row in rows)
    assert sorted((row.left_fen for row in rows), reverse=True) == [row.left_fen for row in rows]


@given(amount=st.integers(WAN, 10**10), rate=RATES, term=st.integers(2, 60))
def test_equal_payments_are_equal_but_for_the_last(amount: int, rate: int, term: int):
    """The last one takes what rounding left: less than a fen for each month before."""
    paid = [row.paid_fen for row in schedule_of(amount, rate, term, Repayment.INSTALMENTS, ())]

    assert len(set(paid[:-1])) == 1
    assert abs(paid[-1] - paid[0]) <= 2 * term


def test_months_without_a_payment_stand_in_the_schedule():
    """A loan repaid at once at the end, with a fee before and one after: the empty months are seen as empty."""
    fees = (Fee("评估费", 100, 0), Fee("解押费", 200, 4))

    rows = schedule_of(10 * WAN, 48_000, 3, Repayment.BULLET, fees)

    assert [(0, 100), (1, 0), (2, 0), (3, 10 * WAN + 120_000), (4, 200)] == [(row.month, row.paid_fen) for row in rows]
