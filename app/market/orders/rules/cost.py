"""What an offer costs: the dated flows, the total, and the annual rate that makes them equal. Pure.

Total cost is interest and fees in fen. The annual rate (APR) is the internal rate of return over all dated flows and
fees, actual/365, in ppm. Interest is simple within a month: a twelfth of the yearly rate on what is owed, to the fen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

import pyxirr

from app.kernel.workdays import month_later

_YEAR_PPM: Final = 12_000_000
APR_MAX: Final = 10.0  # Ten times the loan in a year: beyond what any edition of the policy may allow.
_ANY_DAY: Final = date(2025, 1, 1)


class Repayment(StrEnum):
    INSTALMENTS = "instalments"  # 等额本息: equal payments of principal and interest.
    INTEREST_FIRST = "interest_first"  # 先息后本: interest each month, principal at the end.
    BULLET = "bullet"  # 到期一次还本付息: everything at the end.


@dataclass(frozen=True, slots=True)
class Fee:
    """Money asked for beside the interest, `months` after the loan is paid out (0: taken at once)."""

    name: str
    amount_fen: int
    months: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """What the firm gets (above nothing) or pays (below) on a day."""

    on: date
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Cost:
    interest_fen: int
    total_cost_fen: int
    first_payment_fen: int
    apr_ppm: int
    flows: tuple[Flow, ...]


def cost_of(
    amount_fen: int, rate_ppm: int, term_months: int, repayment: Repayment, fees: Sequence[Fee], start_on: date
) -> Cost:
    """The cost of a loan paid out in full on `start_on`.

    >>> cost = cost_of(100_000_00, 48_000, 12, Repayment.INTEREST_FIRST, (), date(2025, 3, 1))
    >>> cost.interest_fen, cost.total_cost_fen, cost.first_payment_fen
    (480000, 480000, 40000)
    >>> cost_of(100_000_00, 48_000, 12, Repayment.BULLET, (Fee("评估费", 200_00),), date(2025, 3, 1)).total_cost_fen
    500000
    """
    assert amount_fen > 0
    assert term_months > 0
    payments = payments_of(amount_fen, rate_ppm, term_months, repayment)
    interest_fen = sum(payments) - amount_fen
    fees_fen = sum(fee.amount_fen for fee in fees)
    flows = _flows(amount_fen, payments, fees, start_on)
    first = next(paid for paid in payments if paid)
    return Cost(interest_fen, interest_fen + fees_fen, first, _apr_ppm(flows), flows)


def can_be_priced(amount_fen: int, rate_ppm: int, term_months: int, repayment: Repayment, fees: Sequence[Fee]) -> bool:
    """Whether fees leave a loan at all, and one whose cost of a year can be told: fees kept back at once may make it
    endless.

    >>> can_be_priced(100_000_00, 48_000, 12, Repayment.BULLET, (Fee("评估费", 200_00),))
    True
    >>> [can_be_priced(100_00, 48_000, 1, Repayment.BULLET, (Fee("评估费", fee),)) for fee in (50_00, 99_00, 100_00)]
    [False, False, False]
    """
    kept_back = sum(fee.amount_fen for fee in fees if fee.months == 0)
    if kept_back >= amount_fen:
        return False
    rate = _rate(_flows(amount_fen, payments_of(amount_fen, rate_ppm, term_months, repayment), fees, _ANY_DAY))
    return rate is not None and rate <= APR_MAX


def _flows(amount_fen: int, payments: Sequence[int], fees: Sequence[Fee], start_on: date) -> tuple[Flow, ...]:
    return (
        Flow(start_on, amount_fen),
        *(Flow(month_later(start_on, n), -paid) for n, paid in enumerate(payments, 1) if paid),
        *(Flow(month_later(start_on, fee.months), -fee.amount_fen) for fee in fees),
    )


def payments_of(amount_fen: int, rate_ppm: int, term_months: int, repayment: Repayment) -> list[int]:
    """What is paid at the end of each month, principal and interest together, in fen."""
    monthly = interest_of(amount_fen, rate_ppm)
    match repayment:
        case Repayment.INTEREST_FIRST:
            return [monthly] * (term_months - 1) + [monthly + amount_fen]
        case Repayment.BULLET:
            whole = _rounded(Decimal(amount_fen) * rate_ppm * term_months / _YEAR_PPM)
            return [0] * (term_months - 1) + [whole + amount_fen]
        case Repayment.INSTALMENTS:
            return _instalments(amount_fen, rate_ppm, term_months)


def _instalments(amount_fen: int, rate_ppm: int, term_months: int) -> list[int]:
    """Equal payments, rounded to the fen; the last one settles what rounding left."""
    if rate_ppm == 0:
        level = _rounded(Decimal(amount_fen) / term_months)
    else:
        rate = Decimal(rate_ppm) / _YEAR_PPM
        level = _rounded(Decimal(amount_fen) * rate / (1 - (1 + rate) ** -term_months))
    owed, payments = amount_fen, []
    for _ in range(term_months - 1):
        payments.append(level)
        owed -= level - interest_of(owed, rate_ppm)
    return [*payments, owed + interest_of(owed, rate_ppm)]


def interest_of(owed_fen: int, rate_ppm: int) -> int:
    return _rounded(Decimal(owed_fen) * rate_ppm / _YEAR_PPM)


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _apr_ppm(flows: Sequence[Flow]) -> int:
    rate = _rate(flows)
    assert rate is not None, "one amount comes in and the rest goes out, so one rate makes them equal"
    return round(rate * 1_000_000)


def _rate(flows: Sequence[Flow]) -> float | None:
    """The yearly rate that makes the flows equal; None where none is found."""
    if sum(flow.amount_fen for flow in flows) == 0:
        return 0.0
    return pyxirr.xirr([flow.on for flow in flows], [float(flow.amount_fen) for flow in flows], silent=True)
