"""The loan under a suborder, and what is done to it after signing. Frozen shapes.

Outstanding is a fold over draws and repayments and is stored nowhere.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.kernel.workdays import month_later


class LoanType(StrEnum):
    """What kind of loan an order asks for; each is matched on the published lists of its own type."""

    NEW = "new"  # 新贷
    RENEWAL = "renewal"  # 续贷: of a serviced loan, asked of its bank only.
    DEFERRAL = "deferral"  # 延期还本付息: a new schedule for a serviced loan, by its bank; holds and draws nothing.
    RECOMMENDED = "recommended"  # 推荐清单: of a firm that was recommended by the five criteria.
    AGRI = "agri"  # 三农: of an agricultural subject.


OF_A_LOAN: Final = frozenset({LoanType.RENEWAL, LoanType.DEFERRAL})  # They point to a loan, and go to its bank only.


@dataclass(frozen=True, slots=True, kw_only=True)
class Lending:
    """The dated policy `lending`: what differs by type, and how far a loan may be extended.

    Extensions of a loan come to at most a share of its first term: the short one's up to `short_months`, else the long
    one's.
    """

    agri_kinds: frozenset[str]
    recommended_days: int  # How long after the recommendation an order may be posted under it.
    short_months: int
    extension_short_percent: int
    extension_long_percent: int
    write_off_words_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """What the entries of a loan come to; money in fen.

    `overdue_fen`: the newest mark less what was repaid since. `term_ends_on`: the last day by the contract or by the
    newest deferral; `ends_on`: the last day with its extensions.
    """

    repaid_fen: int = 0
    written_off_fen: int = 0
    overdue_fen: int = 0
    overdue_since_on: date | None = None
    starts_on: date | None = None  # Of the first draw.
    newest_on: date | None = None  # Of the newest draw or repayment.
    term_ends_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Repay:
    """Principal came back on `on`; the bank names the entry, so that it never counts twice."""

    suborder_id: UUID
    entry_id: UUID
    amount_fen: int
    on: date
    today: date


@dataclass(frozen=True, slots=True)
class Extend:
    """Agreed on `on` before the loan is due: `amount_fen` is due by `until_on`, at most `latest_on`."""

    suborder_id: UUID
    entry_id: UUID
    amount_fen: int
    on: date
    until_on: date
    latest_on: date
    today: date


@dataclass(frozen=True, slots=True)
class Defer:
    """A deferral that was agreed puts its new schedule on the loan."""

    suborder_id: UUID
    entry_id: UUID
    amount_fen: int
    on: date
    until_on: date
    by_suborder_id: UUID


@dataclass(frozen=True, slots=True)
class MarkOverdue:
    """`amount_fen` of principal was due on `since_on` and did not come."""

    suborder_id: UUID
    entry_id: UUID
    amount_fen: int
    since_on: date
    today: date


@dataclass(frozen=True, slots=True)
class Settle:
    """The loan is over on `on`: nothing is owed, or what is owed is written off for a reason in words."""

    suborder_id: UUID
    entry_id: UUID
    on: date
    reason: str
    reason_min: int
    today: date


@dataclass(frozen=True, slots=True)
class Reschedule:
    """A deferral is agreed in writing on `on`. `owed_fen`, `ends_on`: what its loan still owes and its last day, read
    under that loan's lock."""

    suborder_id: UUID
    on: date
    owed_fen: int
    until_on: date
    today: date
    ends_on: date | None = None


def latest_extension(lending: Lending, starts_on: date, term_ends_on: date) -> date:
    """The last day to which a loan may be extended: its first term again, or a share of it, in whole months.

    >>> dated = Lending(agri_kinds=frozenset(), recommended_days=14, short_months=12,
    ...     extension_short_percent=100, extension_long_percent=50, write_off_words_min=10)
    >>> latest_extension(dated, date(2025, 3, 1), date(2025, 9, 1))
    datetime.date(2026, 3, 1)
    >>> latest_extension(dated, date(2025, 3, 31), date(2027, 3, 31))
    datetime.date(2028, 3, 31)
    """
    months = (term_ends_on.year - starts_on.year) * 12 + term_ends_on.month - starts_on.month
    share = lending.extension_short_percent if months <= lending.short_months else lending.extension_long_percent
    return month_later(term_ends_on, months * share // 100)
