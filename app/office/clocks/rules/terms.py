"""What a clock is: its limit, its pauses, and the answers that are given about it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.kernel.workdays import WORKDAYS_MAX, Calendar

RUNGS: Final = (70, 90, 100, 150)  # Percent of counted time: yellow, red, breached, and again where the case lives on.
DAY: Final = timedelta(days=1)
INSTANT: Final = timedelta(microseconds=1)


class LimitUnit(StrEnum):
    WORKDAYS = "workdays"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"
    MINUTES = "minutes"  # All time outside pauses.
    WORKING_MINUTES = "working_minutes"  # The time inside the slots of the calendar, outside pauses.
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a promise runs: `n` of the unit, or, for `INSTANT`, until `at`."""

    unit: LimitUnit
    n: int = 0
    at: datetime | None = None

    def __post_init__(self) -> None:
        assert (self.unit is LimitUnit.INSTANT) == (self.at is not None), "an instant, and only it, has `at`"
        assert self.unit is LimitUnit.INSTANT or self.n >= 1, "a limit is at least one"
        assert self.unit is not LimitUnit.WORKDAYS or self.n <= WORKDAYS_MAX, "no promise is longer"


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch that does not count, open while `to_at` is None."""

    from_at: datetime
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    started_at: datetime
    limit: Limit
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class Edition:
    """By what a clock is counted: a calendar's key, its version, and the version of the one that it inherits (or 0)."""

    key: str
    version: int
    base_version: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """Shown as `due_on` 24:00 (for minutes and instants: the day in which `due_at` falls)."""

    due_on: date
    due_at: datetime
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """`share` percent of the counted time is used up at `at`; None while an open pause stands before it."""

    share: int
    at: datetime | None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Used:
    """Counted time of a clock: whole days that have ended, all of it (a counted day is 24 h), and its share."""

    days: int
    time: timedelta
    share_ppm: int


class LineKind(StrEnum):
    START = "start"
    COUNTED = "counted"
    MAKE_UP = "make_up"  # Counted: a weekend day that is worked.
    PROVISIONAL = "provisional"  # Counted for now: the year is not announced.
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class SlotLine:
    """A piece of a day's open time, in the calendar's zone: `counted` of it counts, `total` is counted with it."""

    from_at: datetime
    to_at: datetime
    counted: timedelta
    total: timedelta


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day of the explanation. `n` is the number of counted days with this one, None when it does not count.

    A promise in working minutes has the day's `slots` instead, and no `n`.
    """

    day: date
    kind: LineKind
    n: int | None = None
    name: str = ""  # The holiday, or what the make-up day stands for.
    slots: tuple[SlotLine, ...] = ()


def merged(pauses: Sequence[Pause]) -> list[tuple[datetime, datetime | None]]:
    """Pauses in order of time, overlapping and touching ones made one, empty ones dropped."""
    found: list[tuple[datetime, datetime | None]] = []
    for pause in sorted(pauses, key=lambda one: one.from_at):
        if pause.to_at is not None and pause.to_at <= pause.from_at:
            continue
        if found and ((end := found[-1][1]) is None or pause.from_at <= end):
            longer = None if end is None or pause.to_at is None else max(end, pause.to_at)
            found[-1] = (found[-1][0], longer)
        else:
            found.append((pause.from_at, pause.to_at))
    return found


def day_of(at: datetime, calendar: Calendar) -> date:
    return at.astimezone(calendar.tz).date()


def day_ending(at: datetime, calendar: Calendar) -> date:
    """The day that ends at `at` or in which it falls: the first whose 24:00 is not before it."""
    return day_of(at - INSTANT, calendar)


def ppm(time: timedelta, whole: timedelta) -> int:
    return time * 1_000_000 // whole if whole else 1_000_000
