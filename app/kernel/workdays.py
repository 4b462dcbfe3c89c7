"""Workday arithmetic on a dated calendar: weekends, State Council holidays and make-up workdays 调休.

A calendar is data with a version: the same start, count and version give the same deadline for ever. The day of the
event does not count. A deadline is a date (`due_on`); its instant is the 00:00 after it (`due_at`); it is met when the
stop is earlier than that instant. A year that is not announced yet is counted by its weekdays alone and the deadline
is marked *provisional*: the notice of the next year may move it. (A notice may also touch the last days of the year
before it; a new version of the calendar then moves what is still open.)

Days are asked between `TABLE_FROM` and `TABLE_TO`; callers check dates that people type with `in_table`. Hours play no
part here: a workday is a day, however short; `worktime` counts the minutes of its slots.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.kernel.calendar_documents import inherited_key, parse_calendar
from app.kernel.calendars import (
    TABLE_FIRST,
    TABLE_FROM,
    TABLE_LAST,
    TABLE_TO,
    BadCalendar,
    Calendar,
    DayKind,
    Deadline,
    day_kind,
    in_table,
    is_workday,
)
from app.kernel.clock import SHANGHAI

__all__ = [
    "TABLE_FROM",
    "TABLE_LAST",
    "TABLE_TO",
    "WORKDAYS_MAX",
    "BadCalendar",
    "Calendar",
    "DayKind",
    "Deadline",
    "add_calendar_days",
    "add_months",
    "add_workdays",
    "add_workdays_each",
    "day_kind",
    "due_at",
    "in_table",
    "inherited_key",
    "is_provisional",
    "is_workday",
    "month_later",
    "next_workday",
    "parse_calendar",
    "starts_at",
    "workday_at",
    "workdays_between",
    "workdays_seen",
]
WORKDAYS_MAX: Final = 2_500  # Ten years: no promise is longer.
_ONE_DAY: Final = timedelta(days=1)


def workdays_seen(calendar: Calendar, day: date) -> int:
    """Workdays of the table up to and including `day`: the difference of two counts the workdays between."""
    place = day.toordinal() - TABLE_FIRST
    assert place >= 0, "the day lies before the table"
    return calendar.table.seen[place]


def workday_at(calendar: Calendar, nth: int) -> date:
    """The `nth` workday of the table: the inverse of `workdays_seen` on workdays."""
    assert nth >= 1, "workdays are counted from one"
    return calendar.table.deadlines[nth].due_on


def is_provisional(calendar: Calendar, start_on: date, due_on: date) -> bool:
    """Whether a count over the days after `start_on` up to `due_on` meets a year that is not announced."""
    unannounced = calendar.table.unannounced
    place, until = start_on.toordinal() - TABLE_FIRST, due_on.toordinal() - TABLE_FIRST
    assert 0 <= place <= until, "a count runs forward, inside the table"
    return unannounced[until] != unannounced[place]


def add_workdays(calendar: Calendar, start_on: date, n: int) -> Deadline:
    """The `n`-th workday after `start_on`, which itself does not count."""
    table = calendar.table
    place = start_on.toordinal() - TABLE_FIRST
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
    earliest = min(starts).toordinal() - TABLE_FIRST
    assert earliest >= 0 < min(counts), "see add_workdays"
    assert max(counts) <= WORKDAYS_MAX, "see add_workdays"
    if earliest < calendar.table.trusted_from:
        return [add_workdays(calendar, start_on, n) for start_on, n in zip(starts, counts, strict=True)]
    seen, deadlines = calendar.table.seen, calendar.table.deadlines
    return [deadlines[seen[day.toordinal() - TABLE_FIRST] + n] for day, n in zip(starts, counts, strict=True)]


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
