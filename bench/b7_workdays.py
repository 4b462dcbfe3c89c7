"""B7: workday deadlines, against `businesstimedelta` on the same cases with the same closed days.

The reference is given every help it knows: one eight-hour block on each of the seven weekdays, and the closed days
(weekends that are not worked and holidays) as a set, so that make-up days come out right. It starts at the end of the
day of the event, and n workdays are 8 n hours. Both sides must give the same days, or the bench fails. Our side does
all cases; the reference, far slower, does the first of them. One row lets the reference forget holidays and count few
days, where it is fastest. Rates are deadlines per second.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytz
from businesstimedelta import BusinessTimeDelta, HolidayRule, Rules, WorkDayRule

from app.cli_calendar import load_calendar
from app.kernel.clock import SHANGHAI
from app.kernel.workdays import Calendar, add_workdays, add_workdays_each, is_workday
from app.office.clocks.rules import Clock, Limit, LimitUnit, Pause, due
from bench.table import Row, compare

CASES: Final = 500_000
REFERENCE_CASES: Final = 400
CLOCKS: Final = 20_000
PAIRS: Final = 5
_ZONE: Final = pytz.timezone("Asia/Shanghai")

Case = tuple[date, int]


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

    ways: list[tuple[str, str, Callable[[], float], Callable[[], float]]] = [
        ("in bulk", "≥ 1 M/s", lambda: _rate(CASES, lambda: add_workdays_each(calendar, starts, counts)), same),
        ("one by one", "≥ 100 k/s", lambda: one_by_one(cases), same),
        ("1-3 days, reference blind to holidays", "≥ 100 k/s", lambda: one_by_one(short), fastest),
        ("clocks with a pause", "–", lambda: _rate(CLOCKS, lambda: [due(one, calendar) for one in clocks]), same),
    ]
    return [
        compare("B7", f"deadlines {work}", "/s", budget, [(ours(), reference()) for _ in range(PAIRS)])
        for work, budget, ours, reference in ways
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
    span = [date(2018, 1, 1) + timedelta(days=ahead) for ahead in range(10 * 366)]
    closed = {day for day in span if not is_workday(calendar, day)}
    every_day = WorkDayRule(start_time=_at(9), end_time=_at(17), working_days=list(range(7)), tz=_ZONE)
    return Rules([every_day, HolidayRule(closed, tz=_ZONE)])


def _reference_due(rule: Rules | WorkDayRule, start_on: date, n: int) -> date:
    ends: datetime = _ZONE.localize(datetime.combine(start_on, _at(17))) + BusinessTimeDelta(rule, hours=8 * n)
    return ends.astimezone(_ZONE).date()


def _at(hour: int) -> Any:
    return datetime(2018, 1, 1, hour).time()  # noqa: DTZ001


def _clock(start_on: date, n: int) -> Clock:
    started_at = datetime(start_on.year, start_on.month, start_on.day, 10, tzinfo=SHANGHAI)
    asked_at = started_at + timedelta(days=1)
    return Clock(started_at, Limit(LimitUnit.WORKDAYS, n), (Pause(asked_at, asked_at + timedelta(days=3)),))


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
