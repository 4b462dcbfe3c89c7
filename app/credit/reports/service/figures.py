"""How each figure of the catalogue is read off what is on record. Pure.

Dates are whole numbers YYYYMMDD, flags 0 or 1, sums fen, shares ppm: a report holds text and whole numbers only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.credit.records import CreditRecord, Features
from app.credit.reports.rules import Known
from app.credit.subjects import Subject

REGISTER: Final = "registry"
INVOICES: Final = "invoices"


@dataclass(frozen=True, slots=True)
class Count:
    """A figure that counts (or sums, or dates) the records in use of some items, in a window of months."""

    item_codes: tuple[str, ...]
    months: int | None = None
    sums: str | None = None  # The member of the records that is added up.


PENALTIES: Final = ("penalty.minor", "penalty.general", "penalty.serious")
COUNTS: Final[Mapping[str, Count]] = {
    "penalties.count_6m": Count(PENALTIES, 6),
    "penalties.count_12m": Count(PENALTIES, 12),
    "penalties.count_36m": Count(PENALTIES, 36),
    "penalties.fined_36m_fen": Count(PENALTIES, 36, "fined_fen"),
    "penalties.coercion_count_36m": Count(("penalty.coercion",), 36),
    "penalties.failed_check_count_12m": Count(("penalty.check_failed",), 12),
    "judicial.dishonest_count": Count(("judicial.dishonest",)),
    "judicial.enforcement_count": Count(("judicial.enforced",)),
    "judicial.enforcement_open_fen": Count(("judicial.enforced",), None, "open_fen"),
    "judicial.defendant_count_36m": Count(("judicial.judgment",), 36),
    "licences.valid_count": Count(("licence.granted",)),
    "honours.count": Count(("honour.awarded",)),
    "honours.reward_count": Count(("honour.rewarded",)),
    "commitments.made_count": Count(("commitment.kept", "commitment.broken")),
    "commitments.broken_count": Count(("commitment.broken",)),
    "contracts.breach_count_36m": Count(("contract.broken",), 36),
    "qualifications.valid_count": Count(("qualification.held",)),
    "registration.change_count_12m": Count(("registry.change",), 12),
}
FLAGS: Final[Mapping[str, str]] = {
    "judicial.spending_limited": "judicial.consumption_limited",
    "judicial.dishonest_listed": "judicial.dishonest",
}


def as_number(day: date) -> int:
    """A day as YYYYMMDD.

    >>> as_number(date(2025, 9, 5))
    20250905
    """
    return day.year * 10_000 + day.month * 100 + day.day


def months_between(first: date, last: date) -> int:
    """Whole months from one day to another.

    >>> months_between(date(2019, 5, 31), date(2019, 6, 30)), months_between(date(2019, 5, 30), date(2019, 6, 30))
    (0, 1)
    """
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)


def of_subject(subject: Subject, on: date) -> dict[str, Known]:
    """What the register says of a subject; empty cells are no values. The age counts to the day of the report."""
    values: dict[str, str | int | None] = {
        "registration.name": subject.name,
        "registration.uscc": subject.uscc,
        "registration.kind": subject.kind.value,
        "registration.entity_type": subject.entity_type,
        "registration.district_code": subject.district_code,
        "registration.place_as_written": subject.place_as_written,
        "registration.address": subject.address,
        "registration.scope": subject.scope,
        "registration.capital_fen": subject.capital_fen if subject.capital_currency == "CNY" else None,
    }
    known = {path: Known(value, None, REGISTER) for path, value in values.items() if value not in (None, "")}
    if subject.founded_on is not None and subject.founded_on <= on:
        known["registration.founded_on"] = Known(as_number(subject.founded_on), on, REGISTER)
        known["registration.age_months"] = Known(months_between(subject.founded_on, on), on, REGISTER)
    return known


def of_features(features: Features | None) -> dict[str, Known]:
    """The figures kept from invoices; they speak of the twelve months up to the newest one, and are as old as it."""
    if features is None:
        return {}
    values = {
        "newest_on": as_number(features.newest_on),
        "turnover_12m_fen": features.turnover_12m_fen,
        "purchases_12m_fen": features.purchases_12m_fen,
        "sold_count_12m": features.sold_count_12m,
        "void_share_ppm": features.void_share_ppm,
        "return_share_ppm": features.return_share_ppm,
        "upstream_count": features.upstream_count,
        "downstream_count": features.downstream_count,
        "active_months": features.active_months,
    }
    return {
        f"invoices.{name}": Known(value, features.newest_on, INVOICES)
        for name, value in values.items()
        if value is not None
    }


def of_records(records: Iterable[CreditRecord], on: date) -> dict[str, Known]:
    """What the records in use say: the newest record's own figures, then counts and flags over all of them.

    A record keeps a figure under its report path. A count with no record behind it is no value: whether that means
    "none" or "unknown" is told by coverage.
    """
    used = [one for one in records if one.in_use]
    known: dict[str, Known] = {}
    for record in sorted(used, key=_freshness):
        own = {path: value for path, value in record.values.items() if value is not None}
        known |= {path: Known(value, record.as_of_on, record.source) for path, value in own.items()}
    for path, count in COUNTS.items():
        known |= _counted(path, count, used, on)
    for path, item_code in FLAGS.items():
        known |= _newest(path, [one for one in used if one.item_code == item_code], lambda _: 1)
    dated = [one for one in used if one.item_code in PENALTIES and one.as_of_on is not None]
    return known | _newest("penalties.newest_on", dated, lambda one: as_number(one.as_of_on or on))


def _freshness(record: CreditRecord) -> tuple[date, object]:
    return record.as_of_on or date.min, record.first_reported_at


def _counted(path: str, count: Count, used: Iterable[CreditRecord], on: date) -> dict[str, Known]:
    hits = [one for one in used if one.item_code in count.item_codes and _in_window(one, count.months, on)]
    if count.sums is None:
        return _newest(path, hits, lambda _: len(hits))
    sums = [value for one in hits if isinstance(value := one.values.get(count.sums), int)]
    return _newest(path, hits, lambda _: sum(sums)) if sums else {}


def _in_window(record: CreditRecord, months: int | None, on: date) -> bool:
    """A record without a day can't be shown to be older than the window, so it counts."""
    return months is None or record.as_of_on is None or months_between(record.as_of_on, on) < months


def _newest(path: str, hits: Sequence[CreditRecord], value: Callable[[CreditRecord], int]) -> dict[str, Known]:
    if not hits:
        return {}
    newest = max(hits, key=_freshness)
    return {path: Known(value(newest), newest.as_of_on, newest.source)}
