"""What a working calendar is: days and the hours of each, ready to be counted. `calendar_documents` reads one.

A day is worked or closed; a worked day has slots of hours, or is open for the whole of it. Tables of sums over all days
make counting quick, however long the count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

TABLE_FROM: Final = date(2000, 1, 1)
TABLE_TO: Final = date(2079, 12, 31)
TABLE_FIRST: Final = TABLE_FROM.toordinal()
TABLE_LAST: Final = date(2099, 12, 31).toordinal()  # Room for the longest count and its pauses from TABLE_TO on.
DAY_MINUTES: Final = 1_440


class DayKind(StrEnum):
    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"  # A weekend day that is worked, against a holiday elsewhere.


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """Open from one minute of the local day up to another, 0 … 1440."""

    from_minute: int
    to_minute: int

    def __str__(self) -> str:
        """
        >>> str(Slot(540, 1440))
        '09:00-24:00'
        """
        return f"{clock_face(self.from_minute)}-{clock_face(self.to_minute)}"


Hours = tuple[Slot, ...]
WHOLE_DAY: Final[Hours] = (Slot(0, DAY_MINUTES),)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline that is met until `due_on` 24:00. Provisional: it rests on a year not announced."""

    due_on: date
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Prefix sums over every day of the table; index 0 is `TABLE_FROM`."""

    seen: list[int]  # Workdays up to and including the day.
    unannounced: list[int]  # Days of unannounced years up to and including the day.
    deadlines: list[Deadline]  # The k-th workday of the table, from 1; place 0 is empty room.
    trusted_from: int  # From here on only days after the last announced one are unannounced.


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of a working calendar. Made by `parse_calendar`."""

    version: int
    zone: str
    weekend: frozenset[int]  # ISO weekdays that are not worked: 6 Saturday, 7 Sunday.
    holidays: Mapping[date, str]
    make_up: Mapping[date, str]
    years: frozenset[int]  # Announced.
    notices: Mapping[int, tuple[str, ...]]
    table: Table = field(repr=False, compare=False)
    week: tuple[Hours, ...] = (WHOLE_DAY,) * 5 + ((),) * 2  # Monday first; empty for a weekend day.
    own_hours: Mapping[date, Hours] = field(default_factory=dict)  # Days with other hours than their weekday.
    openings: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)  # Of `worktime`, by zone.

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def has_slots(self) -> bool:
        """Whether a worked day has hours, or is simply a day."""
        return any(hours and hours != WHOLE_DAY for hours in (*self.week, *self.own_hours.values()))


@dataclass(frozen=True, slots=True)
class BadCalendar:
    """Why a document is no calendar: one clear line."""

    why: str


def day_kind(calendar: Calendar, day: date) -> DayKind:
    if day in calendar.make_up:
        return DayKind.MAKE_UP
    if day in calendar.holidays:
        return DayKind.HOLIDAY
    return DayKind.WEEKEND if day.isoweekday() in calendar.weekend else DayKind.WORKDAY


def is_workday(calendar: Calendar, day: date) -> bool:
    return day_kind(calendar, day) in (DayKind.WORKDAY, DayKind.MAKE_UP)


def hours_of(calendar: Calendar, day: date) -> Hours:
    """The slots of a day, in order; none on a closed one."""
    own = calendar.own_hours.get(day)
    if own is not None:
        return own
    return () if day in calendar.holidays else calendar.week[day.weekday()]


def in_table(day: date) -> bool:
    """Whether arithmetic may be asked about this day."""
    return TABLE_FROM <= day <= TABLE_TO


def clock_face(minute: int) -> str:
    """A minute of the day as people write it, 24:00 for its end."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


@lru_cache(maxsize=32)
def count_days(
    weekend: frozenset[int], holidays: frozenset[date], make_up: frozenset[date], years: frozenset[int]
) -> Table:
    seen: list[int] = []
    unannounced: list[int] = []
    deadlines = [Deadline(TABLE_FROM)]
    worked = unknown = trusted_from = 0
    hole_at: int | None = None
    for place in range(TABLE_LAST - TABLE_FIRST + 1):
        day = date.fromordinal(TABLE_FIRST + place)
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
    return Table(seen, unannounced, deadlines, trusted_from)
