"""When a clock is due, what it has used, and why: day by day.

Pure. A clock has a start, a limit and pauses. The day of the event does not count; counted days run 00:00-24:00.
A counted day is skipped when the clock is paused at its 24:00, where a pause holds from its start up to, but not at,
its end: asking and taking back on the same day buys nothing, and a pause that ends at 24:00 sharp skips that day no
more. A deadline is met when the stop is earlier than `due_at`, breached from `due_at` on.

Limits: *workdays* count worked days; *calendar days* and *months* count every day, months by the same day number
clamped to the month's end, and both move on to the next workday that is not paused; *minutes* count all time outside
pauses, *working minutes* that of it which lies in the calendar's slots (`minutes`); a fixed *instant* stands whatever
is paused.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from app.kernel.workdays import (
    TABLE_LAST,
    Calendar,
    DayKind,
    day_kind,
    due_at,
    is_provisional,
    is_workday,
    month_later,
    starts_at,
    workday_at,
    workdays_seen,
)
from app.office.clocks.rules.minutes import (
    MINUTE,
    instant_after,
    paused_working_time,
    provisional_at,
    working_due,
    working_time,
    working_trace,
)
from app.office.clocks.rules.terms import (
    DAY,
    INSTANT,
    RUNGS,
    Clock,
    DayLine,
    Due,
    LimitUnit,
    LineKind,
    Rung,
    Used,
    day_ending,
    day_of,
    merged,
    ppm,
)


def due(clock: Clock, calendar: Calendar) -> Due | None:
    """The deadline as the pauses stand, or None while an open pause before it has no end.

    None also when it would lie beyond the calendar's table, which no promise of a policy does.
    A pause that starts at or after the deadline changes nothing: the clock has fired by then.
    """
    limit = clock.limit
    if limit.at is not None:
        return Due(day_ending(limit.at, calendar), limit.at)
    if limit.unit is LimitUnit.MINUTES:
        at = _instant_after(clock, timedelta(minutes=limit.n))
        return None if at is None else Due(day_ending(at, calendar), at)
    if limit.unit is LimitUnit.WORKING_MINUTES:
        return working_due(clock, calendar)
    start_on = day_of(clock.started_at, calendar)
    counted = _days_in_limit(clock, calendar)
    end_on = _counted_day(clock, calendar, counted)
    if end_on is None:
        return None
    if limit.unit is LimitUnit.WORKDAYS:
        return Due(end_on, due_at(end_on, calendar.tz), is_provisional(calendar, start_on, end_on))
    due_on = _rolled(clock, calendar, end_on)
    if due_on is None:
        return None
    return Due(due_on, due_at(due_on, calendar.tz), is_provisional(calendar, end_on - DAY, due_on))


def rungs(clock: Clock, calendar: Calendar, shares: Sequence[int] = RUNGS) -> tuple[Rung, ...]:
    """When each share of the counted time is used up.

    With N counted days in the promise (days it was moved on over closed days included), share s lies at
    N x s / 100 counted days: inside the day whose number is that figure rounded up, at the fraction left over of its
    00:00-24:00; a whole figure is that day's 24:00. So 100 is `due_at`, 70 of ten workdays is the seventh day's
    24:00, 70 of two workdays is 09:36 on the second. A pause inside a day that counts does not move a rung; a rung
    told before its day was skipped stays told. Past the deadline counting goes on by the same rule. Minutes and
    instants take the share of their time.
    """
    return tuple(_rung(clock, calendar, share) for share in shares)


def time_used(clock: Clock, calendar: Calendar, until: datetime) -> Used:
    """Counted time up to `until`, from what was known then: the day under way counts so far unless paused now."""
    if clock.limit.unit in (LimitUnit.MINUTES, LimitUnit.INSTANT):
        paused = clock.limit.unit is LimitUnit.MINUTES
        time = max(timedelta(), until - clock.started_at - (_paused_time(clock, until) if paused else timedelta()))
        whole = (clock.limit.at - clock.started_at) if clock.limit.at else timedelta(minutes=clock.limit.n)
        return Used(time // DAY, time, ppm(time, whole))
    if clock.limit.unit is LimitUnit.WORKING_MINUTES:
        time = working_time(clock, calendar, until)
        return Used(time // DAY, time, ppm(time, clock.limit.n * MINUTE))
    today = day_of(until, calendar)
    start_on = day_of(clock.started_at, calendar)
    days = _counted_until(clock, calendar, today - DAY)
    time = days * DAY
    if today > start_on and _counts(clock, calendar, today) and not _paused_at(clock, until):
        begins, ends = starts_at(today, calendar.tz), due_at(today, calendar.tz)
        time += INSTANT * ((until - begins) // INSTANT * (DAY // INSTANT) // ((ends - begins) // INSTANT))
    return Used(days, time, ppm(time, DAY * (_days_promised(clock, calendar) or _days_in_limit(clock, calendar))))


def pause_days_used(clock: Clock, calendar: Calendar, until: datetime) -> int:
    """Days of the limit's kind that ended by `until` and were skipped: what a cap on pauses counts.

    A pause begun on a workday and ended by a PAPERS clock of n workdays (at its 24:00) uses n of them. For working
    minutes: whole minutes of open time that were paused.
    """
    if clock.limit.unit is LimitUnit.WORKING_MINUTES:
        return paused_working_time(clock, calendar, until) // MINUTE
    if clock.limit.unit in (LimitUnit.MINUTES, LimitUnit.INSTANT):
        return 0
    last = day_of(until, calendar) - DAY
    start_on = day_of(clock.started_at, calendar)
    if last <= start_on:
        return 0
    return (
        _position(clock, calendar, last) - _position(clock, calendar, start_on) - _counted_until(clock, calendar, last)
    )


def trace(clock: Clock, calendar: Calendar, until: datetime) -> tuple[DayLine, ...]:
    """Every day from the start to the one that `until` ends or falls in, and what it counted for.

    With `until` = `due_at` the last line is `due_on`. The day under way is paused when the clock is paused at `until`.
    For calendar days, a closed day on which the limit ran out keeps its number and says why the deadline moved on.
    """
    if clock.limit.unit is LimitUnit.WORKING_MINUTES:
        return working_trace(clock, calendar, until)
    start_on, last = day_of(clock.started_at, calendar), day_ending(until, calendar)
    lines = [DayLine(start_on, LineKind.START)]
    n = 0
    for ahead in range(1, (last - start_on).days + 1):
        day = start_on + ahead * DAY
        kind = day_kind(calendar, day)
        name = calendar.holidays.get(day) or calendar.make_up.get(day, "")
        closed = kind in (DayKind.WEEKEND, DayKind.HOLIDAY)
        if closed and not _counts(clock, calendar, day):
            lines.append(DayLine(day, LineKind(kind.value), None, name))
        elif _paused_at(clock, min(due_at(day, calendar.tz), until)):
            lines.append(DayLine(day, LineKind.PAUSED))
        else:
            n += 1
            lines.append(DayLine(day, _counted_kind(clock, calendar, day, n), n, name))
    return tuple(lines)


def _counted_kind(clock: Clock, calendar: Calendar, day: date, n: int) -> LineKind:
    kind = day_kind(calendar, day)
    if clock.limit.unit is not LimitUnit.WORKDAYS:
        ran_out = clock.limit.unit in (LimitUnit.CALENDAR_DAYS, LimitUnit.MONTHS) and n >= _days_in_limit(
            clock, calendar
        )
        return LineKind(kind.value) if ran_out and not is_workday(calendar, day) else LineKind.COUNTED
    if kind is DayKind.MAKE_UP:
        return LineKind.MAKE_UP
    return LineKind.COUNTED if day.year in calendar.years else LineKind.PROVISIONAL


def _rung(clock: Clock, calendar: Calendar, share: int) -> Rung:
    limit = clock.limit
    if limit.at is not None:
        return Rung(share, clock.started_at + (limit.at - clock.started_at) * share / 100)
    if limit.unit is LimitUnit.MINUTES:
        return Rung(share, _instant_after(clock, timedelta(minutes=limit.n) * share / 100))
    if limit.unit is LimitUnit.WORKING_MINUTES:
        at = instant_after(clock, calendar, limit.n * MINUTE * share / 100)
        return Rung(share, at, provisional_at(clock, calendar, at))
    promised = _days_promised(clock, calendar)
    if promised is None:
        return Rung(share, None)
    hundredths = promised * share
    nth = -(-hundredths // 100)
    day = _counted_day(clock, calendar, nth)
    if day is None:
        return Rung(share, None)
    begins, ends = starts_at(day, calendar.tz), due_at(day, calendar.tz)
    at = begins + (ends - begins) * (hundredths - (nth - 1) * 100) / 100
    return Rung(share, at, is_provisional(calendar, day_of(clock.started_at, calendar), day))


def _days_in_limit(clock: Clock, calendar: Calendar) -> int:
    """Counted days that the limit names: for months, the days to the same day number."""
    if clock.limit.unit is LimitUnit.MONTHS:
        start_on = day_of(clock.started_at, calendar)
        return (month_later(start_on, clock.limit.n) - start_on).days
    return clock.limit.n


def _days_promised(clock: Clock, calendar: Calendar) -> int | None:
    """Counted days to the deadline, those included over which it was moved on. None while that is open."""
    if clock.limit.unit is LimitUnit.WORKDAYS:
        return clock.limit.n
    ends = due(clock, calendar)
    return None if ends is None else _counted_until(clock, calendar, ends.due_on)


def _position(clock: Clock, calendar: Calendar, day: date) -> int:
    """The place of a day among the days of the limit's kind."""
    return workdays_seen(calendar, day) if clock.limit.unit is LimitUnit.WORKDAYS else day.toordinal()


def _day_at(clock: Clock, calendar: Calendar, position: int) -> date | None:
    """The day at a place, None beyond the table."""
    if clock.limit.unit is LimitUnit.WORKDAYS:
        return workday_at(calendar, position) if position < len(calendar.table.deadlines) else None
    return date.fromordinal(position) if position <= TABLE_LAST else None


def _counts(clock: Clock, calendar: Calendar, day: date) -> bool:
    return clock.limit.unit is not LimitUnit.WORKDAYS or is_workday(calendar, day)


def _counted_day(clock: Clock, calendar: Calendar, nth: int) -> date | None:
    """The day that is the `nth` to count, or None when an open pause skips all from before it."""
    position = _position(clock, calendar, day_of(clock.started_at, calendar)) + nth
    day = _day_at(clock, calendar, position)
    for first, last in _skips(clock, calendar):
        if day is None or day < first:
            break
        if last is None:
            return None
        position += _position(clock, calendar, last) - _position(clock, calendar, first - DAY)
        day = _day_at(clock, calendar, position)
    return day


def _counted_until(clock: Clock, calendar: Calendar, last: date) -> int:
    """Counted days after the start up to and including `last`."""
    start_on = day_of(clock.started_at, calendar)
    if last <= start_on:
        return 0
    counted = _position(clock, calendar, last) - _position(clock, calendar, start_on)
    for first, end in _skips(clock, calendar):
        if first <= last:
            stop = last if end is None else min(end, last)
            counted -= _position(clock, calendar, stop) - _position(clock, calendar, first - DAY)
    return counted


def _rolled(clock: Clock, calendar: Calendar, end_on: date) -> date | None:
    """`end_on` or the first day after it that is worked and not paused at its 24:00."""
    day, skips = end_on, _skips(clock, calendar)
    while True:
        skip = next((one for one in skips if one[0] <= day and (one[1] is None or day <= one[1])), None)
        if skip is None and is_workday(calendar, day):
            return day
        if (skip is not None and skip[1] is None) or day.toordinal() >= TABLE_LAST:
            return None
        day += DAY


def _skips(clock: Clock, calendar: Calendar) -> tuple[tuple[date, date | None], ...]:
    """Stretches of days (first, last) whose 24:00 is paused: in order, apart, after the start; last None if open."""
    if not clock.pauses:
        return ()
    earliest = day_of(clock.started_at, calendar) + DAY
    found: list[tuple[date, date | None]] = []
    for from_at, to_at in merged(clock.pauses):
        first = max(earliest, day_ending(from_at, calendar))
        last = None if to_at is None else day_ending(to_at, calendar) - DAY
        if last is None or first <= last:
            found.append((first, last))
    return tuple(found)


def _paused_at(clock: Clock, at: datetime) -> bool:
    return any(pause.from_at <= at and (pause.to_at is None or at < pause.to_at) for pause in clock.pauses)


def _instant_after(clock: Clock, time: timedelta) -> datetime | None:
    """When `time` outside pauses has passed since the start, or None when an open pause comes before that."""
    at = clock.started_at + time
    for from_at, to_at in merged(clock.pauses):
        if at <= from_at:
            break
        if to_at is None:
            return None
        at += max(timedelta(), to_at - max(from_at, clock.started_at))
    return at


def _paused_time(clock: Clock, until: datetime) -> timedelta:
    stretches = (min(until, to_at or until) - max(from_at, clock.started_at) for from_at, to_at in merged(clock.pauses))
    return sum((max(timedelta(), stretch) for stretch in stretches), timedelta())
