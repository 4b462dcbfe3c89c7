"""Workday arithmetic on a dated calendar: weekends, State Council holidays and make-up workdays 调休.

A calendar is data with a version: the same start, count and version give the same deadline for ever. The day of the
event does not count. A deadline is a date (`due_on`); its instant is the 00:00 after it (`due_at`); it is met when the
stop is earlier than that instant. A year that is not announced yet is counted by its weekdays alone and the deadline
is marked *provisional*: the notice of the next year may move it. (A notice may also touch the last days of the year
before it; a new version of the calendar then moves what is still open.)

Days are asked between `TABLE_FROM` and `TABLE_TO`; callers check dates that people type with `in_table`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.kernel.clock import SHANGHAI

TABLE_FROM: Final = date(2000, 1, 1)
TABLE_TO: Final = date(2079, 12, 31)
WORKDAYS_MAX: Final = 2_500  # Ten years: no promise is longer.
_ONE_DAY: Final = timedelta(days=1)
_FIRST: Final = TABLE_FROM.toordinal()
_LAST: Final = date(2099, 12, 31).toordinal()  # Room for the longest count and its pauses from TABLE_TO on.


class DayKind(StrEnum):
    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"  # A weekend day that is worked, against a holiday elsewhere.


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline that is met until `due_on` 24:00. Provisional: it rests on a year not announced."""

    due_on: date
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class _Table:
    """Prefix sums over every day of the table; index 0 is `TABLE_FROM`."""

    seen: list[int]  # Workdays up to and including the day.
    unannounced: list[int]  # Days of unannounced years up to and including the day.
    deadlines: list[Deadline]  # The k-th workday of the table, from 1; place 0 is empty room.
    trusted_from: int  # From here on only days after the last announced one are unannounced.


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of the working calendar. Made by `parse_calendar`."""

    version: int
    zone: str
    weekend: frozenset[int]  # ISO weekdays: 6 Saturday, 7 Sunday.
    holidays: Mapping[date, str]
    make_up: Mapping[date, str]
    years: frozenset[int]  # Announced.
    notices: Mapping[int, tuple[str, ...]]
    table: _Table = field(repr=False, compare=False)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class BadCalendar:
    """Why a document is no calendar: one clear line."""

    why: str


def parse_calendar(version: int, body: Mapping[str, Any]) -> Calendar | BadCalendar:
    """Read the body of a dated `calendar` policy: zone, weekend and, per announced year, holidays and make-up days."""
    try:
        zone = str(body["zone"])
        ZoneInfo(zone)
        weekend = frozenset(int(day) for day in body["weekend"])
        years = {int(entry["year"]): entry for entry in body["years"]}
        holidays = {day: name for entry in years.values() for day, name in _holidays(entry)}
        make_up = {
            date.fromisoformat(row["on"]): str(row["for"]) for entry in years.values() for row in entry["make_up"]
        }
        notices = {year: tuple(map(str, entry["notices"])) for year, entry in years.items()}
    except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError) as problem:
        return BadCalendar(f"not readable: {problem!r}")
    if (why := _contradiction(weekend, years, holidays, make_up)) is not None or len(years) != len(body["years"]):
        return BadCalendar(why or "a year occurs twice")
    table = _table(weekend, frozenset(holidays), frozenset(make_up), frozenset(years))
    return Calendar(version, zone, weekend, holidays, make_up, frozenset(years), notices, table)


def _holidays(entry: Mapping[str, Any]) -> Iterable[tuple[date, str]]:
    for row in entry["holidays"]:
        first, last = date.fromisoformat(row["from"]), date.fromisoformat(row["to"])
        for ahead in range((last - first).days + 1):
            yield first + timedelta(days=ahead), str(row["name"])


def _contradiction(
    weekend: frozenset[int], years: Mapping[int, Any], holidays: Mapping[date, str], make_up: Mapping[date, str]
) -> str | None:
    if not weekend < frozenset(range(1, 8)):
        return "the weekend is a set of ISO weekdays that leaves one to work"
    for day in (*holidays, *make_up):
        if not in_table(day) or day.year not in years:
            return f"{day} lies in no announced year of the table"
    if both := sorted(holidays.keys() & make_up.keys()):
        return f"{both[0]} is a holiday and a make-up day at once"
    if idle := sorted(day for day in make_up if day.isoweekday() not in weekend):
        return f"{idle[0]} is made up for, yet it is a workday anyhow"
    return None


@lru_cache(maxsize=8)
def _table(
    weekend: frozenset[int], holidays: frozenset[date], make_up: frozenset[date], years: frozenset[int]
) -> _Table:
    seen: list[int] = []
    unannounced: list[int] = []
    deadlines = [Deadline(TABLE_FROM)]
    worked = unknown = trusted_from = 0
    hole_at: int | None = None
    for place in range(_LAST - _FIRST + 1):
        day = date.fromordinal(_FIRST + place)
        announced = day.year in years
        if not announced:
            unknown += 1
            hole_at = place
        elif hole_at is not None:
            trusted_from, hole_at = hole_at, None
        if day in make_up or (day.isoweekday() not in weekend and day not in holidays):
            worked += 1
            deadlines.append(Deadline(day, provisional=not announced))
        seen.append(worked)
        unannounced.append(unknown)
    return _Table(seen, unannounced, deadlines, trusted_from)


def in_table(day: date) -> bool:
    """Whether arithmetic may be asked about this day."""
    return TABLE_FROM <= day <= TABLE_TO


def day_kind(calendar: Calendar, day: date) -> DayKind:
    if day in calendar.make_up:
        return DayKind.MAKE_UP
    if day in calendar.holidays:
        return DayKind.HOLIDAY
    return DayKind.WEEKEND if day.isoweekday() in calendar.weekend else DayKind.WORKDAY


def is_workday(calendar: Calendar, day: date) -> bool:
    return day_kind(calendar, day) in (DayKind.WORKDAY, DayKind.MAKE_UP)


def workdays_seen(calendar: Calendar, day: date) -> int:
    """Workdays of the table up to and including `day`: the difference of two counts the workdays between."""
    place = day.toordinal() - _FIRST
    assert place >= 0, "the day lies before the table"
    return calendar.table.seen[place]


def workday_at(calendar: Calendar, nth: int) -> date:
    """The `nth` workday of the table: the inverse of `workdays_seen` on workdays."""
    assert nth >= 1, "workdays are counted from one"
    return calendar.table.deadlines[nth].due_on


def is_provisional(calendar: Calendar, start_on: date, due_on: date) -> bool:
    """Whether a count over the days after `start_on` up to `due_on` meets a year that is not announced."""
    unannounced = calendar.table.unannounced
    place, until = start_on.toordinal() - _FIRST, due_on.toordinal() - _FIRST
    assert 0 <= place <= until, "a count runs forward, inside the table"
    return unannounced[until] != unannounced[place]


def add_workdays(calendar: Calendar, start_on: date, n: int) -> Deadline:
    """The `n`-th workday after `start_on`, which itself does not count."""
    table = calendar.table
    place = start_on.toordinal() - _FIRST
    assert place >= 0 < n <= WORKDAYS_MAX, "the start lies in the table and n in 1 … WORKDAYS_MAX"
    found = table.deadlines[table.seen[place] + n]
    if place >= table.trusted_from or found.provisional:
        return found
    return Deadline(found.due_on, is_provisional(calendar, start_on, found.due_on))


def add_workdays_each(calendar: Calendar, starts: Sequence[date], counts: Sequence[int]) -> list[Deadline]:
    """`add_workdays` for many pairs at once; the two sequences are equally long."""
    assert len(starts) == len(counts), "a count for each start"
    if not starts:
        return []
    earliest = min(starts).toordinal() - _FIRST
    assert earliest >= 0 < min(counts), "see add_workdays"
    assert max(counts) <= WORKDAYS_MAX, "see add_workdays"
    if earliest < calendar.table.trusted_from:
        return [add_workdays(calendar, start_on, n) for start_on, n in zip(starts, counts, strict=True)]
    seen, deadlines = calendar.table.seen, calendar.table.deadlines
    return [deadlines[seen[day.toordinal() - _FIRST] + n] for day, n in zip(starts, counts, strict=True)]


def workdays_between(calendar: Calendar, start_on: date, end_on: date) -> int:
    """Workdays after `start_on` up to and including `end_on`; negative when the end comes first."""
    return workdays_seen(calendar, end_on) - workdays_seen(calendar, start_on)


def next_workday(calendar: Calendar, on: date) -> date:
    """`on` itself if it is worked, else the first workday after it."""
    seen = workdays_seen(calendar, on)
    return on if is_workday(calendar, on) else workday_at(calendar, seen + 1)


def add_calendar_days(calendar: Calendar, start_on: date, n: int) -> Deadline:
    """`n` days after `start_on`, moved to the next workday when it falls on a closed day."""
    return _rolled(calendar, start_on + timedelta(days=n))


def add_months(calendar: Calendar, start_on: date, n: int) -> Deadline:
    """The same day number `n` months later, clamped to the month's end, moved to the next workday."""
    return _rolled(calendar, month_later(start_on, n))


def month_later(day: date, n: int) -> date:
    """The same day number `n` months later, at most the last day of that month.

    >>> month_later(date(2026, 1, 31), 3), month_later(date(2025, 11, 30), 3)
    (datetime.date(2026, 4, 30), datetime.date(2026, 2, 28))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - _ONE_DAY).day
    return date(year, month + 1, min(day.day, last))


def _rolled(calendar: Calendar, day: date) -> Deadline:
    due_on = next_workday(calendar, day)
    return Deadline(due_on, is_provisional(calendar, day - _ONE_DAY, due_on))


def starts_at(day: date, zone: ZoneInfo = SHANGHAI) -> datetime:
    """The instant (UTC) at which `day` begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def due_at(due_on: date, zone: ZoneInfo = SHANGHAI) -> datetime:
    """The instant (UTC) from which a deadline on `due_on` is breached: 00:00 after it.

    >>> due_at(date(2025, 10, 15)).isoformat()
    '2025-10-15T16:00:00+00:00'
    """
    return starts_at(due_on + _ONE_DAY, zone)
