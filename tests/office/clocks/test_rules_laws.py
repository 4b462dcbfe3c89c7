"""Clocks: the laws that hold for any start, limit and pause, and two oracles that walk day by day."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli_calendar import load_calendar
from app.kernel.workdays import due_at, is_workday
from app.office.clocks.rules import (
    Clock,
    Limit,
    LimitUnit,
    LineKind,
    Pause,
    Used,
    due,
    pause_days_used,
    rungs,
    time_used,
    trace,
)
from tests.support import shanghai

CALENDAR = load_calendar()
ONE_DAY = timedelta(days=1)


def midnight_after(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=16)


def walk(one: Clock, n: int) -> date | None:
    """The oracle: day after day, asking at each 24:00 whether the clock is paused."""
    day = one.started_at.astimezone(CALENDAR.tz).date()
    while n:
        day += ONE_DAY
        if day.year > 2032:
            return None
        if not is_workday(CALENDAR, day):
            continue
        ends = midnight_after(day)
        n -= not any(held.from_at <= ends and (held.to_at is None or ends < held.to_at) for held in one.pauses)
    return day


def random_clock(dice: random.Random) -> Clock:
    started_at = shanghai("2024-06-01 00:00") + timedelta(minutes=dice.randrange(600_000))
    pauses = []
    for _ in range(dice.choice((0, 0, 1, 1, 2, 3))):
        from_at = started_at + timedelta(minutes=dice.randrange(40_000))
        if dice.random() < 0.3:  # On midnight sharp.
            from_at = midnight_after(from_at.date())
        length = timedelta(minutes=dice.choice((0, 1, 300, 1_440, 5_000, 20_000)))
        pauses.append(Pause(from_at, None if dice.random() < 0.05 else from_at + length))
    return Clock(started_at, Limit(LimitUnit.WORKDAYS, dice.randint(1, 15)), tuple(pauses))


def test_ten_thousand_clocks_agree_with_walking_day_by_day():
    """Deadlines, skipped days, used days and the trace against an oracle that shares no code with them."""
    dice = random.Random(7)
    for _ in range(10_000):
        one = random_clock(dice)

        expected = walk(one, one.limit.n)

        found = due(one, CALENDAR)
        assert expected == (found and found.due_on), one


def test_the_trace_the_used_time_and_the_skipped_days_agree():
    """Three answers out of one rule: the last counted line, the whole days used, the paused lines."""
    dice = random.Random(8)
    for _ in range(400):
        one = random_clock(dice)
        until = midnight_after((one.started_at + timedelta(days=dice.randrange(1, 40))).date())

        lines = trace(one, CALENDAR, until)

        counted = [line for line in lines if line.n is not None]
        assert time_used(one, CALENDAR, until).days == len(counted), one
        assert pause_days_used(one, CALENDAR, until) == sum(line.kind is LineKind.PAUSED for line in lines), one
        assert [line.n for line in counted] == list(range(1, len(counted) + 1))
        assert lines[-1].day == until.astimezone(CALENDAR.tz).date() - ONE_DAY


moments = st.integers(0, 1_700_000).map(lambda minutes: shanghai("2023-01-01 00:00") + timedelta(minutes=minutes))
lengths = st.timedeltas(timedelta(), timedelta(days=20))


@given(moments, st.integers(1, 20), lengths, lengths)
def test_pausing_and_resuming_shifts_the_deadline_by_the_days_skipped(started_at, n, wait, length):
    """Pause and resume is a shift: n counted days plus the skipped ones, never earlier."""
    free = Clock(started_at, Limit(LimitUnit.WORKDAYS, n))
    held = Clock(started_at, free.limit, (Pause(started_at + wait, started_at + wait + length),))

    ends = due(held, CALENDAR)

    skipped = pause_days_used(held, CALENDAR, ends.due_at)
    assert ends.due_on == due(Clock(started_at, Limit(LimitUnit.WORKDAYS, n + skipped)), CALENDAR).due_on
    assert ends.due_on >= due(free, CALENDAR).due_on
    assert is_workday(CALENDAR, ends.due_on)
    assert time_used(held, CALENDAR, ends.due_at) == Used(n, timedelta(days=n), 1_000_000)


@given(moments, st.integers(1, 20), lengths, st.integers(0, 86_399))
def test_asking_and_taking_back_on_the_same_day_buys_nothing(started_at, n, wait, seconds):
    """A pause inside one day, whenever it starts, leaves every rung where it was."""
    from_at = started_at + wait
    ends_at = min(from_at + timedelta(seconds=seconds), midnight_after(from_at.astimezone(CALENDAR.tz).date()))
    free = Clock(started_at, Limit(LimitUnit.WORKDAYS, n))
    from_later = max(from_at, midnight_after(from_at.astimezone(CALENDAR.tz).date() - ONE_DAY) + timedelta(seconds=1))

    held = Clock(started_at, free.limit, (Pause(from_later, ends_at),))

    assert due(free, CALENDAR) == due(held, CALENDAR)
    assert rungs(free, CALENDAR) == rungs(held, CALENDAR)


units = st.one_of(
    st.builds(Limit, st.just(LimitUnit.WORKDAYS), st.integers(1, 20)),
    st.builds(Limit, st.just(LimitUnit.CALENDAR_DAYS), st.integers(1, 30)),
    st.builds(Limit, st.just(LimitUnit.MONTHS), st.integers(1, 4)),
    st.builds(Limit, st.just(LimitUnit.MINUTES), st.integers(1, 10_000)),
)


@given(moments, units, lengths, lengths)
def test_rungs_rise_and_the_hundredth_is_the_deadline(started_at, limit, wait, length):
    """In every unit, paused or not; at a rung the used share is the rung's."""
    one = Clock(started_at, limit, (Pause(started_at + wait, started_at + wait + length),))

    found = rungs(one, CALENDAR)

    instants = [rung.at for rung in found]
    assert instants == sorted(instants)
    assert due(one, CALENDAR).due_at == instants[2]
    assert time_used(one, CALENDAR, instants[2]).share_ppm == 1_000_000


@given(moments, units, lengths, lengths, st.lists(lengths, min_size=2, max_size=2))
def test_used_time_never_runs_back_outside_the_day_of_a_pause(started_at, limit, wait, length, at):
    """Whole counted days only grow with time."""
    one = Clock(started_at, limit, (Pause(started_at + wait, started_at + wait + length),))
    first, second = sorted(at)

    assert time_used(one, CALENDAR, started_at + first).days <= time_used(one, CALENDAR, started_at + second).days


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_a_zone_with_summer_time_has_days_of_23_and_25_hours_and_the_laws_hold(zone):
    """The calendar names its zone; a counted day is a day, however long it was."""
    abroad, dice = replace(CALENDAR, zone=zone), random.Random(9)
    for _ in range(300):
        started_at = shanghai("2025-03-20 00:00") + timedelta(minutes=dice.randrange(500_000))
        from_at = started_at + timedelta(minutes=dice.randrange(20_000))
        held = Pause(from_at, from_at + timedelta(minutes=dice.randrange(9_000)))
        one = Clock(started_at, Limit(LimitUnit.WORKDAYS, dice.randint(1, 15)), (held,))

        ends = due(one, abroad)

        local = ends.due_at.astimezone(abroad.tz)
        assert (0, 0, ends.due_on + ONE_DAY) == (local.hour, local.minute, local.date())
        assert ends.due_at == due_at(ends.due_on, abroad.tz) == rungs(one, abroad)[2].at
        assert time_used(one, abroad, ends.due_at) == Used(one.limit.n, timedelta(days=one.limit.n), 1_000_000)
        assert trace(one, abroad, ends.due_at)[-1].n == one.limit.n
