"""What a report says about a subject, and the three kinds of nothing it keeps apart.

Pure. A figure has a value; or its item is collected and nothing was found (无记录); or nobody has collected it
(未采集). A class that was not asked for is not in the report at all: whoever may not see it can't tell which of the
three it is.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Status(StrEnum):
    """What stands behind a line."""

    VALUE = "value"
    NO_RECORD = "no_record"
    NOT_COLLECTED = "not_collected"


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure of the catalogue that belongs to an asked class and to the subject's kind."""

    path: str
    title: str
    unit: str
    item_code: str
    data_class: str


@dataclass(frozen=True, slots=True)
class Known:
    """A value that was on record at the instant of the report: what it is, of which day, from whom."""

    value: str | int
    as_of_on: date | None
    source: str


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One line. `path` is ASCII; `value` is text or a whole number in the figure's unit; `age_days` counts from
    `as_of_on` to the day of the report."""

    path: str
    item_code: str
    data_class: str
    title: str
    unit: str
    status: Status
    value: str | int | None = None
    as_of_on: date | None = None
    age_days: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a class is there, in figures."""

    data_class: str
    values: int
    no_record: int
    not_collected: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was known about a subject at `as_of`, in the asked classes; `gaps` are items that nobody collects."""

    subject_id: UUID
    as_of: datetime
    edition: int
    data_classes: tuple[str, ...]
    items: tuple[ReportItem, ...]
    coverage: tuple[Coverage, ...]
    gaps: tuple[str, ...]


def compose(
    asked: Iterable[Asked], known: Mapping[str, Known], collected: Collection[str], on: date
) -> tuple[ReportItem, ...]:
    """The lines of a report of that day, one per asked figure, in the order asked.

    `known` holds values by path, `collected` the codes of the items that somebody reports on for this subject. A value
    is proof that its item is collected.

    >>> line = Asked("tax.arrears_fen", "欠税余额", "fen", "tax.arrears", "tax")
    >>> [item.status.value for known in ({}, {"tax.arrears_fen": Known(0, date(2025, 9, 1), "tax office")})
    ...     for item in compose([line], known, (), date(2025, 9, 25))]
    ['not_collected', 'value']
    >>> compose([line], {}, {"tax.arrears"}, date(2025, 9, 25))[0].status.value
    'no_record'
    """
    return tuple(_line(one, known.get(one.path), one.item_code in collected, on) for one in asked)


def _line(one: Asked, known: Known | None, is_collected: bool, on: date) -> ReportItem:
    place = (one.path, one.item_code, one.data_class, one.title, one.unit)
    if known is None:
        return ReportItem(*place, status=Status.NO_RECORD if is_collected else Status.NOT_COLLECTED)
    age = None if known.as_of_on is None else (on - known.as_of_on).days
    return ReportItem(
        *place, status=Status.VALUE, value=known.value, as_of_on=known.as_of_on, age_days=age, source=known.source
    )


def cover(items: Iterable[ReportItem]) -> tuple[Coverage, ...]:
    """Counts per class, in the order in which the classes come."""
    counts: dict[str, Counter[Status]] = {}
    for item in items:
        counts.setdefault(item.data_class, Counter())[item.status] += 1
    return tuple(
        Coverage(data_class, count[Status.VALUE], count[Status.NO_RECORD], count[Status.NOT_COLLECTED])
        for data_class, count in counts.items()
    )


def find_gaps(items: Iterable[ReportItem]) -> tuple[str, ...]:
    """Codes of the items of which not one figure is collected, in the order in which they come."""
    collected: dict[str, bool] = {}
    for item in items:
        collected[item.item_code] = collected.get(item.item_code, False) or item.status is not Status.NOT_COLLECTED
    return tuple(code for code, is_collected in collected.items() if not is_collected)
