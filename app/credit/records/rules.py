"""What a record is, and the figures that are kept from a firm's invoices. Pure.

The figures are computed set-based in the database at ingestion; `features_of` says the same in Python, and a test
holds the two against each other.
"""

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

PPM = 1_000_000


class RecordStatus(StrEnum):
    """Whether a record may be used, obeyed everywhere at one instant."""

    SHOWN = "shown"  # 公示: public, shared and used.
    SHARED = "shared"  # 共享: not public, shared and used.
    ENDED = "ended"  # 终止: repaired, withdrawn or run out; kept in the archive, used nowhere.
    HIDDEN = "hidden"  # 屏蔽: for a while used nowhere (a court's order, an objection upheld).


IN_USE = (RecordStatus.SHOWN, RecordStatus.SHARED)


@dataclass(frozen=True, slots=True)
class CreditRecord:
    """One record. `values` hold text and whole numbers only; `record_key` is the provider's own key for it."""

    record_id: UUID
    subject_id: UUID
    item_code: str
    record_key: str
    values: Mapping[str, str | int | None]
    as_of_on: date | None
    source: str
    status: RecordStatus
    edition: int
    first_reported_at: datetime
    status_at: datetime
    ended_at: datetime | None = None

    @property
    def in_use(self) -> bool:
        return self.status in IN_USE


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record as a provider hands it in."""

    subject_id: UUID
    item_code: str
    record_key: str
    values: Mapping[str, str | int | None]
    as_of_on: date | None
    source: str
    status: RecordStatus = RecordStatus.SHARED


@dataclass(frozen=True, slots=True)
class Coverage:
    """A provider reported on the subject under an item: without a record this is "nothing", not "unknown"."""

    item_code: str
    as_of_on: date
    source: str
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice, seen from the firm: `direction` input (bought) or output (sold), sums in fen without tax."""

    direction: str
    issued_on: date
    party: str
    amount_fen: int
    status: str


@dataclass(frozen=True, slots=True)
class Features:
    """What a firm's invoices say, over the twelve months up to its newest valid one. Sums in fen without tax.

    Turnover is net of returns; void and return shares are those of what was sold: by number and by amount. A share
    is None where nothing was sold: unknown, not zero.
    """

    newest_on: date
    turnover_12m_fen: int
    gross_12m_fen: int
    returns_12m_fen: int
    purchases_12m_fen: int
    sold_count_12m: int
    void_count_12m: int
    void_share_ppm: int | None
    return_share_ppm: int | None
    upstream_count: int
    downstream_count: int
    active_months: int
    known_at: datetime | None = None


def year_before(on: date) -> date:
    """The same day a year earlier; the window begins on the day after it.

    >>> year_before(date(2020, 2, 29)), year_before(date(2020, 1, 31))
    (datetime.date(2019, 2, 28), datetime.date(2019, 1, 31))
    """
    year = on.year - 1
    return date(year, on.month, min(on.day, calendar.monthrange(year, on.month)[1]))


def features_of(invoices: Iterable[Invoice]) -> Features | None:
    """The figures of one firm; None without a valid invoice.

    >>> sold = Invoice("output", date(2020, 1, 5), "B1", 100_00, "valid")
    >>> void = Invoice("output", date(2020, 1, 6), "B2", 50_00, "void")
    >>> back = Invoice("output", date(2020, 1, 7), "B1", -20_00, "valid")
    >>> found = features_of([sold, void, back])
    >>> (found.turnover_12m_fen, found.void_share_ppm, found.return_share_ppm) if found else None
    (8000, 333333, 200000)
    """
    rows = list(invoices)
    newest_on = max((one.issued_on for one in rows if one.status == "valid"), default=None)
    if newest_on is None:
        return None
    begins = year_before(newest_on)
    window = [one for one in rows if begins < one.issued_on <= newest_on]
    sold = [one for one in window if one.direction == "output"]
    valid = [one for one in sold if one.status == "valid"]
    bought = [one for one in window if one.direction == "input" and one.status == "valid"]
    gross = sum(one.amount_fen for one in valid if one.amount_fen > 0)
    returns = -sum(one.amount_fen for one in valid if one.amount_fen < 0)
    return Features(
        newest_on=newest_on,
        turnover_12m_fen=gross - returns,
        gross_12m_fen=gross,
        returns_12m_fen=returns,
        purchases_12m_fen=sum(one.amount_fen for one in bought),
        sold_count_12m=len(sold),
        void_count_12m=len(sold) - len(valid),
        void_share_ppm=(len(sold) - len(valid)) * PPM // len(sold) if sold else None,
        return_share_ppm=min(returns * PPM // gross, PPM) if gross else None,
        upstream_count=len({one.party for one in bought}),
        downstream_count=len({one.party for one in valid}),
        active_months=len({(one.issued_on.year, one.issued_on.month) for one in valid}),
    )
