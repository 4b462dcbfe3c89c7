"""Working time to the microsecond: counting what lies inside the slots of a calendar.

An instant is open when the wall clock of the calendar's zone shows a time inside a slot of that day. So a day of 23
or 25 hours has as much working time as really passes in its slots, a slot over an hour that is skipped is shorter,
and one over an hour that comes twice is open as often as the clock shows it.

A count that uses up a slot to its very end **stays at that end**: 17:00, not 09:00 of the next morning. Both instants
have the same working time before them, and the earlier is the one that people mean. Results therefore lie in the
*closure* of open time: inside a slot or at one of its ends. A start outside any slot waits for the next one.

Nothing here can fail: a count that runs beyond the table (2099) has no answer, which is None.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from app.kernel.calendars import TABLE_FIRST, TABLE_LAST, Calendar, hours_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_DAY_SECONDS: Final = 86_400
_STEP_SECONDS: Final = 900  # No zone changes its clock twice within a quarter of an hour.


@dataclass(frozen=True, slots=True)
class Openings:
    """All stretches of open time, as microseconds since 1970 in UTC, in order and apart (they may touch).

    `before[i]` is the open time before stretch i; `upto[i]` that up to its end.
    """

    begins: list[int]
    ends: list[int]
    before: list[int]
    upto: list[int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """One piece of open time: a slot, or what is left of it."""

    from_at: datetime
    to_at: datetime


def add_working_time(calendar: Calendar, start_at: datetime, time: timedelta) -> datetime | None:
    """When `time` of open time has passed since `start_at`; nothing of it: the first open instant from there on."""
    opened = openings(calendar)
    at = _micros(start_at)
    found = _after(opened, _seen(opened, at) + time // _MICRO, at)
    return None if found is None else _instant(found)


def add_working_minutes_each(
    calendar: Calendar, starts: Sequence[datetime], minutes: Sequence[int]
) -> list[datetime | None]:
    """`add_working_time` for many pairs at once; the two sequences are equally long."""
    opened = openings(calendar)
    begins, ends, before, upto = opened.begins, opened.ends, opened.before, opened.upto
    found: list[datetime | None] = []
    for start_at, count in zip(starts, minutes, strict=True):
        at = (start_at - _EPOCH) // _MICRO
        place = bisect_right(begins, at) - 1
        seen = 0 if place < 0 else before[place] + min(at, ends[place]) - begins[place]
        target = seen + count * _MINUTE
        place = bisect_left(upto, target)
        if count <= 0 or place == len(upto):
            late = _after(opened, target, at)
            found.append(None if late is None else _instant(late))
        else:
            found.append(_EPOCH + _MICRO * (begins[place] + target - before[place]))
    return found


def working_time_between(calendar: Calendar, from_at: datetime, to_at: datetime) -> timedelta:
    """Open time from one instant to another; negative when the second comes first."""
    return _MICRO * (time_seen(calendar, to_at) - time_seen(calendar, from_at))


def time_seen(calendar: Calendar, at: datetime) -> int:
    """Open time of the table before `at`, in microseconds: the difference of two is the open time between."""
    return _seen(openings(calendar), _micros(at))


def instant_of(calendar: Calendar, seen: int) -> datetime | None:
    """The first instant with so much open time before it: the end of a slot rather than the next one's start."""
    found = _after(openings(calendar), seen, None)
    return None if found is None else _instant(found)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether `at` lies in the closure of open time: inside a slot, or at either of its ends."""
    opened = openings(calendar)
    micros = _micros(at)
    place = bisect_right(opened.begins, micros) - 1
    return place >= 0 and micros <= opened.ends[place]


def stretches(calendar: Calendar, from_at: datetime, to_at: datetime) -> Iterator[Stretch]:
    """The open time between two instants, cut at both."""
    opened = openings(calendar)
    first, last = _micros(from_at), _micros(to_at)
    place = bisect_right(opened.ends, first)
    while place < len(opened.begins) and opened.begins[place] < last:
        yield Stretch(_instant(max(first, opened.begins[place])), _instant(min(last, opened.ends[place])))
        place += 1


def openings(calendar: Calendar) -> Openings:
    """All open time of the table, reckoned at the first question and kept with the calendar."""
    found = calendar.openings.get(calendar.zone)
    if found is None:
        found = calendar.openings[calendar.zone] = _openings(calendar)
    assert isinstance(found, Openings)
    return found


def _seen(opened: Openings, at: int) -> int:
    place = bisect_right(opened.begins, at) - 1
    return 0 if place < 0 else opened.before[place] + min(at, opened.ends[place]) - opened.begins[place]


def _after(opened: Openings, target: int, start: int | None) -> int | None:
    """The first instant with `target` before it; not before `start`, which counts for an empty promise alone."""
    place = bisect_left(opened.upto, max(target, 1))
    if place < len(opened.upto):
        at = opened.begins[place] + max(target, 0) - opened.before[place]
        if start is None or at >= start:
            return at
    if start is None:
        return None
    place = bisect_left(opened.ends, start)
    if place < len(opened.ends) and _seen(opened, start) == target:
        return max(start, opened.begins[place])
    return None


def _openings(calendar: Calendar) -> Openings:
    begins: list[int] = []
    ends: list[int] = []
    zone = calendar.tz
    midnights = [_midnight(day, zone) for day in range(TABLE_FIRST, TABLE_LAST + 2)]
    for place, day in enumerate(range(TABLE_FIRST, TABLE_LAST + 1)):
        on = date.fromordinal(day)
        if midnights[place + 1] - midnights[place] == _DAY_SECONDS:
            for slot in hours_of(calendar, on):
                begins.append((midnights[place] + slot.from_minute * 60) * _SECOND)
                ends.append((midnights[place] + slot.to_minute * 60) * _SECOND)
            continue
        for begin, end in _on_odd_day(calendar, zone, midnights[place], midnights[place + 1]):
            begins.append(begin * _SECOND)
            ends.append(end * _SECOND)
    before, upto, total = [], [], 0
    for begin, end in zip(begins, ends, strict=True):
        before.append(total)
        total += end - begin
        upto.append(total)
    return Openings(begins, ends, before, upto)


def _on_odd_day(calendar: Calendar, zone: tzinfo, begins: int, ends: int) -> Iterator[tuple[int, int]]:
    """Open time between two midnights among which the clock was changed: each piece of one offset by itself."""
    for first, last, offset in _pieces(zone, begins, ends):
        local = first + offset
        while local < last + offset:
            midnight = local - local % _DAY_SECONDS
            on = date.fromordinal(_EPOCH.toordinal() + midnight // _DAY_SECONDS)
            for slot in hours_of(calendar, on):
                begin = max(first, midnight + slot.from_minute * 60 - offset)
                end = min(last, midnight + slot.to_minute * 60 - offset)
                if begin < end:
                    yield begin, end
            local = midnight + _DAY_SECONDS


def _pieces(zone: tzinfo, begins: int, ends: int) -> Iterator[tuple[int, int, int]]:
    """(from, to, offset from UTC) in seconds, cut wherever the zone changes its clock."""
    since, offset, at = begins, _offset(zone, begins), begins
    while at < ends:
        step = min(at + _STEP_SECONDS, ends)
        if step < ends and _offset(zone, step) != offset:
            low, high = at, step
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            yield since, high, offset
            since, offset, step = high, _offset(zone, high), high
        at = step
    if since < ends:
        yield since, ends, offset


def _offset(zone: tzinfo, at: int) -> int:
    found = (_EPOCH + timedelta(seconds=at)).astimezone(zone).utcoffset()
    assert found is not None, "the zone of a calendar knows its offset"
    return int(found.total_seconds())


def _midnight(day: int, zone: tzinfo) -> int:
    """Seconds since 1970 at which the day begins."""
    on = date.fromordinal(day)
    return (datetime(on.year, on.month, on.day, tzinfo=zone) - _EPOCH) // timedelta(seconds=1)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICRO


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
