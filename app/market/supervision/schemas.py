"""What the regulator may ask of figures: which days, group and part of the city, and which cases behind which one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from app.kernel.errors import Refusal
from app.kernel.workdays import in_table
from app.market.supervision.rules import EVERYTHING, By, Within

TEXT_LENGTH_MAX: Final = 240
PART: Final = ("period", "from", "to", "bank", "product", "district")  # What narrows figures and stays in the address.
CASE_FILTERS: Final = frozenset({"figure", "by", "key", "counts", *PART})
PERIOD: Final = re.compile(r"(20[0-7]\d)(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?")
CODE: Final = re.compile(r"[0-9a-z-]{1,20}")
RANGE: Final = "range"
SORTS: Final = ("decided", "answered", "accepted", "contacted", "workdays", "unproved", "cases", "name")


@dataclass(frozen=True, slots=True)
class CasesAsked:
    """The cases behind `figure` of a group; `counts` picks those in (True) or out of (False) its numerator."""

    figure: str
    by: By = By.ALL
    key: str = ""
    counts: bool | None = None
    within: Within = EVERYTHING


def read_group(query: Mapping[str, str]) -> By:
    """The group that a query names, over all by default; `bad-query` for one that there is not."""
    try:
        return By(query.get("by", By.ALL.value))
    except ValueError:
        raise Refusal("bad-query", parameter="by", allowed=[one.value for one in By]) from None


def read_cases_asked(query: Mapping[str, str]) -> CasesAsked:
    """The cases that a query asks for; `bad-query` names what is not understood."""
    figure, counts = query.get("figure", ""), query.get("counts", "")
    if not 0 < len(figure) <= TEXT_LENGTH_MAX:
        raise Refusal("bad-query", "请指明指标。", parameter="figure")
    if counts not in ("", "0", "1"):
        raise Refusal("bad-query", parameter="counts", allowed=["0", "1"])
    key = query.get("key", "")[:TEXT_LENGTH_MAX]
    counted = None if counts == "" else counts == "1"
    return CasesAsked(figure, read_group(query), key, counted, read_part(query).within)


def read_place(after: Sequence[str | int] | None) -> tuple[datetime, UUID] | None:
    """Where a page of cases begins: behind this instant and suborder. (A cursor is sealed, so it is as we wrote it.)"""
    return None if after is None else (datetime.fromisoformat(str(after[0])), UUID(str(after[1])))


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the city that is looked at, as it stands in the address, and as the figures take it."""

    period: str
    values: Mapping[str, str]
    within: Within

    def url(self, path: str, **changes: str) -> str:
        """`path` with this part, some of it changed; an empty value leaves it out."""
        kept = {name: value for name, value in {**self.values, **changes}.items() if value}
        return f"{path}?{urlencode(kept)}" if kept else path


def read_part(query: Mapping[str, str]) -> Part:
    """The part that a query names; `bad-query` says which of its words is not understood."""
    values = {name: query[name] for name in PART if query.get(name)}
    period = values.get("period", "")
    if period == RANGE:
        first, last = _day(values, "from"), _day(values, "to")
        if first and last and first > last:
            raise Refusal("bad-query", "开始日期晚于结束日期。", parameter="from")
    else:
        first, last = days_of(period)
        values = {name: value for name, value in values.items() if name not in ("from", "to")}
    district = values.get("district", "")
    if district and not CODE.fullmatch(district):
        raise Refusal("bad-query", parameter="district")
    within = Within(first, last, _id(values, "bank"), _id(values, "product"), (district,) if district else ())
    return Part(period, values, within)


def days_of(period: str) -> tuple[date | None, date | None]:
    """First and last day of a year, quarter or month; nothing for all time.

    >>> days_of("2025-Q4"), days_of("2024-02"), days_of("")
    ((datetime.date(2025, 10, 1), datetime.date(2025, 12, 31)), (datetime.date(2024, 2, 1), datetime.date(2024, 2, 29)), (None, None))
    """  # noqa: E501
    if not period:
        return None, None
    found = PERIOD.fullmatch(period)
    if found is None:
        raise Refusal("bad-query", parameter="period")
    year, month, quarter = int(found[1]), found[2], found[3]
    start, months = (int(month), 1) if month else (int(quarter) * 3 - 2, 3) if quarter else (1, 12)
    after = date(year + (start + months - 1) // 12, (start + months - 1) % 12 + 1, 1)
    return date(year, start, 1), after - timedelta(days=1)


def periods_until(today: date, *, months: int = 12, quarters: int = 6, years: int = 3) -> list[str]:
    """Periods to choose from, the newest first: months, quarters, years.

    >>> periods_until(date(2025, 2, 3), months=3, quarters=2, years=1)
    ['2025-02', '2025-01', '2024-12', '2025-Q1', '2024-Q4', '2025']
    """
    serial = today.year * 12 + today.month - 1
    of_month = [f"{(serial - n) // 12}-{(serial - n) % 12 + 1:02d}" for n in range(months)]
    of_quarter = [f"{(serial // 3 - n) // 4}-Q{(serial // 3 - n) % 4 + 1}" for n in range(quarters)]
    return of_month + of_quarter + [str(today.year - n) for n in range(years)]


def read_day(query: Mapping[str, str], name: str, otherwise: date) -> date:
    return _day(query, name) or otherwise


def read_sort(query: Mapping[str, str]) -> tuple[str, bool]:
    """(column, highest first); the lowest share first when nothing is asked."""
    text = query.get("sort", "decided")
    column = text.removeprefix("-")
    if column not in SORTS:
        raise Refusal("bad-query", parameter="sort", allowed=list(SORTS))
    return column, text.startswith("-")


def _day(values: Mapping[str, str], name: str) -> date | None:
    text = values.get(name, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad-query", "日期须写作 2025-09-25。", parameter=name) from None
    if not in_table(day):
        raise Refusal("bad-query", parameter=name)
    return day


def _id(values: Mapping[str, str], name: str) -> UUID | None:
    try:
        return UUID(values[name]) if name in values else None
    except ValueError:
        raise Refusal("bad-query", parameter=name) from None


def read_month(text: str) -> date:
    """The first day of a month that is written YYYY-MM; refused (`not-found`) otherwise.

    >>> read_month("2026-07")
    datetime.date(2026, 7, 1)
    """
    found = PERIOD.fullmatch(text)
    if found is None or not found[2]:
        raise Refusal("not-found")
    return date(int(found[1]), int(found[2]), 1)
