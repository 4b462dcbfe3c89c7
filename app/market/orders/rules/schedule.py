"""What is paid when: an offer as the payments of its months, to the fen. Pure.

The same payments that an offer's cost is reckoned from (`rules.cost`), told apart into principal, interest and fees.
What is left to pay falls to nothing with the last payment, which settles what rounding left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.market.orders.rules.cost import Fee, Repayment, interest_of, payments_of


@dataclass(frozen=True, slots=True)
class Instalment:
    """The payments of one month after the loan is paid out (0: on that very day). `left_fen`: principal still owed."""

    month: int
    principal_fen: int
    interest_fen: int
    fees_fen: int
    left_fen: int

    @property
    def paid_fen(self) -> int:
        return self.principal_fen + self.interest_fen + self.fees_fen


def schedule_of(
    amount_fen: int, rate_ppm: int, term_months: int, repayment: Repayment, fees: Sequence[Fee]
) -> tuple[Instalment, ...]:
    """Every month from the first payment to the last, also those in which nothing is paid; fees in their months.

    >>> [(one.month, one.principal_fen, one.interest_fen) for one in
    ...  schedule_of(100_00, 120_000, 3, Repayment.INSTALMENTS, ())]
    [(1, 3300, 100), (2, 3333, 67), (3, 3367, 34)]
    >>> [one.paid_fen for one in schedule_of(100_00, 120_000, 2, Repayment.BULLET, (Fee("评估费", 5_00),))]
    [500, 0, 10200]
    """
    payments = payments_of(amount_fen, rate_ppm, term_months, repayment)
    due: dict[int, int] = {}
    for fee in fees:
        due[fee.months] = due.get(fee.months, 0) + fee.amount_fen
    rows, owed = [], amount_fen
    if 0 in due:
        rows.append(Instalment(0, 0, 0, due.pop(0), owed))
    for month in range(1, max([term_months, *due]) + 1):
        paid = payments[month - 1] if month <= term_months else 0
        interest = _interest_part(paid, owed, rate_ppm, repayment, is_last=month == term_months)
        owed -= paid - interest
        rows.append(Instalment(month, paid - interest, interest, due.get(month, 0), owed))
    return tuple(rows)


def _interest_part(paid: int, owed: int, rate_ppm: int, repayment: Repayment, *, is_last: bool) -> int:
    """How much of a month's payment is interest; the last payment repays all that is owed, its rest is interest."""
    if paid == 0:
        return 0
    if is_last:
        return paid - owed
    return paid if repayment is Repayment.INTEREST_FIRST else interest_of(owed, rate_ppm)
