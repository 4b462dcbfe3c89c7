"""B7: deadlines in workdays and in working minutes, against `businesstimedelta` on the same cases and closed days.

The reference is given every help it knows: one eight-hour block on each of the seven weekdays, and the closed days
(weekends that are not worked and holidays) as a set, so that make-up days come out right. It starts at the end of the
day of the event, and n workdays are 8 n hours. Both sides must give the same days, or the bench fails. Our side does
all cases; the reference, far slower, does the first of them. One row lets the reference forget holidays and count few
days, where it is fastest. Working minutes run over two slots with a lunch break between; there too both sides must
give the same instants. Rates are deadlines per second.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytz
from businesstimedelta import BusinessTimeDelta, HolidayRule, LunchTimeRule, Rules, WorkDayRule

from app.cli_calendar import load_calendar
from app.kernel.clock import SHANGHAI
from app.kernel.workdays import BadCalendar, Calendar, add_workdays, add_workdays_each, is_workday, parse_calendar
from app.kernel.worktime import add_working_minutes_each, add_working_time
from app.office.clocks.rules import Clock, Limit, LimitUnit, Pause, due
from bench.table import Row, compare

CASES: Final = 500_000
REFERENCE_CASES: Final = 400
CLOCKS: Final = 20_000
PAIRS: Final = 5
_ZONE: Final = pytz.timezone("Asia/Shanghai")

Case = tuple[date, int]
Way = Callable[[], float]


def rows() -> list[Row]:
    """Measure the ways to ask for a deadline, each in alternating pairs with the reference."""
    calendar, cases = load_calendar(), make_cases(CASES)
    starts, counts = [one[0] for one in cases], [one[1] for one in cases]
    few, rule, bare = cases[:REFERENCE_CASES], closed_days_rule(calendar), weekdays_rule()
    theirs = [_reference_due(rule, *one) for one in few]
    assert theirs == [one.due_on for one in add_workdays_each(calendar, starts[: len(few)], counts[: len(few)])]
    short = [(start_on, n % 3 + 1) for start_on, n in cases]
    clocks = [_clock(*one) for one in cases[:CLOCKS]]

    def same() -> float:
        return _rate(len(few), lambda: [_reference_due(rule, *one) for one in few])

    def fastest() -> float:
        return _rate(len(few), lambda: [_reference_due(bare, *one) for one in short[: len(few)]])

    def one_by_one(asked: Sequence[Case]) -> float:
        return _rate(len(asked), lambda: [add_workdays(calendar, day, n) for day, n in asked])

    ways: list[tuple[str, str, Way, Way]] = [
        ("in bulk", "≥ 1 M/s", lambda: _rate(CASES, lambda: add_workdays_each(calendar, starts, counts)), same),
        ("one by one", "≥ 100 k/s", lambda: one_by_one(cases), same),
        ("1-3 days, reference blind to holidays", "≥ 100 k/s", lambda: one_by_one(short), fastest),
        ("clocks with a pause", "–", lambda: _rate(CLOCKS, lambda: [due(one, calendar) for one in clocks]), same),
    ]
    return [
        compare("B7", f"deadlines {work}", "/s", budget, [(ours(), reference()) for _ in range(PAIRS)])
        for work, budget, ours, reference in (*ways, *_minute_ways(calendar, cases))
    ]


def _minute_ways(national: Calendar, cases: Sequence[Case]) -> list[tuple[str, str, Way, Way]]:
    """The national days with the hours of a branch: 9:00-12:00 and 13:30-17:00."""
    calendar, rule = branch_hours(national), branch_rule(national)
    starts = [_noon(day) + timedelta(minutes=n) for day, n in cases]
    counts = [n * 37 for _day, n in cases]
    few = list(zip(starts, counts, strict=True))[:REFERENCE_CASES]
    theirs = [_reference_at(rule, *one) for one in few]
    assert theirs == add_working_minutes_each(calendar, [one[0] for one in few], [one[1] for one in few])
    lengths = [timedelta(minutes=n) for n in counts]
    clocks = [_held(Limit(LimitUnit.WORKING_MINUTES, n), at) for at, n in zip(starts, counts, strict=True)][:CLOCKS]

    def same() -> float:
        return _rate(len(few), lambda: [_reference_at(rule, *one) for one in few])

    def singly() -> float:
        pairs = zip(starts, lengths, strict=True)
        return _rate(CASES, lambda: [add_working_time(calendar, at, length) for at, length in pairs])

    return [
        (
            "in working minutes, in bulk",
            "≥ 100 k/s",
            lambda: _rate(CASES, lambda: add_working_minutes_each(calendar, starts, counts)),
            same,
        ),
        ("in working minutes, one by one", "≥ 100 k/s", singly, same),
        (
            "clocks in working minutes with a pause",
            "–",
            lambda: _rate(CLOCKS, lambda: [due(one, calendar) for one in clocks]),
            same,
        ),
    ]


def run() -> dict[str, Any]:
    """The same as plain data, for a caller that wants JSON."""
    return {"bench": "b7", "rows": [asdict(row) for row in rows()]}


def make_cases(size: int) -> list[Case]:
    """Starts of announced years with promises of 1 to 20 workdays that end within them."""
    dice = random.Random(7)
    span = (date(2026, 10, 31) - date(2018, 1, 1)).days
    return [(date(2018, 1, 1) + timedelta(days=dice.randrange(span)), dice.randint(1, 20)) for _ in range(size)]


def weekdays_rule() -> WorkDayRule:
    """The reference at its fastest: Monday to Friday, no holiday. Its answers differ around holidays."""
    return WorkDayRule(start_time=_at(9), end_time=_at(17), working_days=[0, 1, 2, 3, 4], tz=_ZONE)


def closed_days_rule(calendar: Calendar) -> Rules:
    """Eight hours on every day that our calendar calls worked."""
    return Rules(_worked_days(calendar))


def _worked_days(calendar: Calendar) -> list[Any]:
    span = [date(2018, 1, 1) + timedelta(days=ahead) for ahead in range(10 * 366)]
    closed = {day for day in span if not is_workday(calendar, day)}
    every_day = WorkDayRule(start_time=_at(9), end_time=_at(17), working_days=list(range(7)), tz=_ZONE)
    return [every_day, HolidayRule(closed, tz=_ZONE)]


def branch_hours(national: Calendar) -> Calendar:
    """A branch that follows the national days."""
    found = parse_calendar(1, {"slots": ["09:00-12:00", "13:30-17:00"]}, national)
    assert not isinstance(found, BadCalendar), found.why
    return found


def branch_rule(calendar: Calendar) -> Rules:
    lunch = LunchTimeRule(start_time=_at(12), end_time=_at(13, 30), working_days=list(range(7)), tz=_ZONE)
    return Rules([*_worked_days(calendar), lunch])


def _reference_at(rule: Rules, start_at: datetime, minutes: int) -> datetime:
    ends: datetime = start_at.astimezone(_ZONE) + BusinessTimeDelta(rule, seconds=minutes * 60)
    return ends


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)


def _reference_due(rule: Rules | WorkDayRule, start_on: date, n: int) -> date:
    ends: datetime = _ZONE.localize(datetime.combine(start_on, _at(17))) + BusinessTimeDelta(rule, hours=8 * n)
    return ends.astimezone(_ZONE).date()


def _at(hour: int, minute: int = 0) -> Any:
    return datetime(2018, 1, 1, hour, minute).time()  # noqa: DTZ001


def _clock(start_on: date, n: int) -> Clock:
    return _held(Limit(LimitUnit.WORKDAYS, n), _noon(start_on))


def _held(limit: Limit, started_at: datetime) -> Clock:
    asked_at = started_at + timedelta(days=1)
    return Clock(started_at, limit, (Pause(asked_at, asked_at + timedelta(days=3)),))


def _rate(size: int, ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return size / (time.perf_counter() - began)


def _markdown(measured: Sequence[Row]) -> str:
    lines = ["| work | ours /s | reference /s | ratio | budget |", "|---|---:|---:|---:|---|"]
    lines += [
        f"| {r.work} | {r.ours:,.0f}{r.unit} | {r.reference:,.0f}{r.unit} | {r.ratio:,.0f} | {r.budget} |"
        for r in measured
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(_markdown(rows()))
