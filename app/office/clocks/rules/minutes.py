"""Promises in working minutes: only the time inside the slots of the calendar counts, and of it none that is paused.

Pure. Counting begins at the instant of the event, or at the next opening. A limit that is used up at the very end of
a slot is due there, not at the next opening. A pause takes exactly its own open time out; one that begins at or after
the deadline changes nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from app.kernel.calendars import DayKind, day_kind, hours_of
from app.kernel.workdays import TABLE_FROM, Calendar, due_at, is_provisional, starts_at
from app.kernel.worktime import instant_of, stretches, time_seen, working_time_between
from app.office.clocks.rules.terms import (
    DAY,
    INSTANT,
    Clock,
    DayLine,
    Due,
    LineKind,
    SlotLine,
    day_ending,
    day_of,
    merged,
)

MINUTE: Final = timedelta(minutes=1)


def working_due(clock: Clock, calendar: Calendar) -> Due | None:
    """The deadline, or None while an open pause stands before it (or when it lies beyond the calendar's table)."""
    at = instant_after(clock, calendar, clock.limit.n * MINUTE)
    return None if at is None else Due(day_ending(at, calendar), at, _provisional(clock, calendar, at))


def instant_after(clock: Clock, calendar: Calendar, time: timedelta) -> datetime | None:
    """When so much open time outside pauses has passed since the start."""
    target = time_seen(calendar, clock.started_at) + time // INSTANT
    for from_at, to_at in merged(clock.pauses):
        held_from = time_seen(calendar, max(from_at, clock.started_at))
        if target <= held_from:
            break
        if to_at is None:
            return None
        target += max(0, time_seen(calendar, to_at) - held_from)
    return instant_of(calendar, target)


def provisional_at(clock: Clock, calendar: Calendar, at: datetime | None) -> bool:
    """Whether the count up to `at` meets a year that is not announced."""
    return at is not None and _provisional(clock, calendar, at)


def working_time(clock: Clock, calendar: Calendar, until: datetime) -> timedelta:
    """Open time outside pauses from the start to `until`."""
    if until <= clock.started_at:
        return timedelta()
    return working_time_between(calendar, clock.started_at, until) - paused_working_time(clock, calendar, until)


def paused_working_time(clock: Clock, calendar: Calendar, until: datetime) -> timedelta:
    """Open time inside pauses from the start to `until`."""
    total = timedelta()
    for from_at, to_at in merged(clock.pauses):
        begin, end = max(from_at, clock.started_at), min(until, to_at or until)
        if begin < end:
            total += working_time_between(calendar, begin, end)
    return total


def working_trace(clock: Clock, calendar: Calendar, until: datetime) -> tuple[DayLine, ...]:
    """Every day from the start to the one that `until` ends or falls in, each piece of its slots by itself."""
    start_on, last = day_of(clock.started_at, calendar), day_ending(until, calendar)
    cuts = [at for held in merged(clock.pauses) for at in (held[0], held[1] or until)]
    lines, total = [], timedelta()
    for ahead in range((last - start_on).days + 1):
        day = start_on + ahead * DAY
        slots = tuple(_pieces(clock, calendar, day, until, cuts, total))
        total = slots[-1].total if slots else total
        name = calendar.holidays.get(day) or calendar.make_up.get(day, "")
        lines.append(DayLine(day, _kind(calendar, day, slots), None, name, slots))
    return tuple(lines)


def _pieces(
    clock: Clock, calendar: Calendar, day: date, until: datetime, cuts: Sequence[datetime], total: timedelta
) -> Iterator[SlotLine]:
    begin = max(starts_at(day, calendar.tz), clock.started_at)
    end = min(due_at(day, calendar.tz), until)
    for open_time in stretches(calendar, begin, end):
        inside = sorted({at for at in cuts if open_time.from_at < at < open_time.to_at})
        for from_at, to_at in pairwise((open_time.from_at, *inside, open_time.to_at)):
            counted = timedelta() if _held(clock, from_at) else to_at - from_at
            total += counted
            yield SlotLine(from_at.astimezone(calendar.tz), to_at.astimezone(calendar.tz), counted, total)


def _kind(calendar: Calendar, day: date, slots: Sequence[SlotLine]) -> LineKind:
    kind = day_kind(calendar, day)
    if not hours_of(calendar, day):
        return LineKind(kind.value) if kind is not DayKind.WORKDAY else LineKind.WEEKEND
    if not slots:
        return LineKind.START  # The event came after the last slot of its day.
    if not any(slot.counted for slot in slots):
        return LineKind.PAUSED
    if day.year not in calendar.years:
        return LineKind.PROVISIONAL
    return LineKind.MAKE_UP if kind is DayKind.MAKE_UP else LineKind.COUNTED


def _held(clock: Clock, at: datetime) -> bool:
    return any(pause.from_at <= at and (pause.to_at is None or at < pause.to_at) for pause in clock.pauses)


def _provisional(clock: Clock, calendar: Calendar, at: datetime) -> bool:
    before = max(day_of(clock.started_at, calendar) - DAY, TABLE_FROM)
    return is_provisional(calendar, before, max(before, day_ending(at, calendar)))
