"""Clocks: due days written by hand, pauses, rungs, and an oracle that walks day by day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.cli_calendar import load_calendar
from app.office.clocks.rules import (
    Clock,
    Due,
    Limit,
    LimitUnit,
    LineKind,
    Pause,
    Rung,
    Used,
    due,
    line_in_words,
    pause_days_used,
    rungs,
    time_used,
    trace,
)
from tests.support import shanghai

CALENDAR = load_calendar()
TEN = Limit(LimitUnit.WORKDAYS, 10)
MONTH = Limit(LimitUnit.MONTHS, 1)


def pause(from_at: str, to_at: str | None = None) -> Pause:
    return Pause(shanghai(from_at), shanghai(to_at) if to_at else None)


def clock(started_at: str, limit: Limit = TEN, *pauses: Pause) -> Clock:
    return Clock(shanghai(started_at), limit, pauses)


def midnight_after(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=16)


DUE_DAYS = [
    ("2025-09-25 10:00", 10, (), "2025-10-15"),
    ("2025-09-25 00:00", 10, (), "2025-10-15"),
    ("2025-09-25 23:59:59", 10, (), "2025-10-15"),
    ("2025-09-26 00:00", 10, (), "2025-10-16"),
    ("2025-09-27 12:00", 10, (), "2025-10-16"),
    ("2025-09-28 09:00", 2, (), "2025-09-30"),
    ("2026-09-28 10:00", 10, (), "2026-10-16"),
    ("2026-09-24 10:00", 7, (), "2026-10-12"),
    ("2026-02-12 10:00", 7, (), "2026-02-28"),
    ("2026-04-30 10:00", 3, (), "2026-05-08"),
    ("2026-11-20 10:00", 10, (), "2026-12-04"),
    # Paused over National Day: 29 and 30 September are skipped, the holiday did not count anyhow.
    ("2025-09-25 10:00", 10, (pause("2025-09-29 09:00", "2025-10-09 09:00"),), "2025-10-17"),
    # The pause ends on the 8th: the same two workdays.
    ("2025-09-25 10:00", 10, (pause("2025-09-29 09:00", "2025-10-08 23:00"),), "2025-10-17"),
    # A pause wholly inside the holiday buys nothing.
    ("2025-09-25 10:00", 10, (pause("2025-10-01 09:00", "2025-10-08 09:00"),), "2025-10-15"),
    # From the last evening before it: 30 September is skipped.
    ("2025-09-25 10:00", 10, (pause("2025-09-30 18:00", "2025-10-08 09:00"),), "2025-10-16"),
    # Asked and taken back on the same day, three times.
    (
        "2025-09-25 10:00",
        10,
        tuple(pause(f"2025-09-{day} 09:00", f"2025-09-{day} 23:59:59") for day in (26, 28, 29)),
        "2025-10-15",
    ),
    # Over the day's 24:00 by one second.
    ("2025-09-25 10:00", 10, (pause("2025-09-26 23:59:59", "2025-09-27 00:00:01"),), "2025-10-16"),
    # Up to 24:00 sharp, as a PAPERS clock ends it: that day counts.
    ("2025-09-25 10:00", 10, (pause("2025-09-26 09:00", "2025-09-27 00:00"),), "2025-10-15"),
    # Five workdays of PAPERS asked on the 28th end on Saturday 11 October 24:00, a make-up day, and skip five days.
    ("2025-09-25 10:00", 10, (pause("2025-09-28 15:00", "2025-10-12 00:00"),), "2025-10-22"),
    # On the day of the event itself nothing is skipped that would have counted.
    ("2025-09-25 10:00", 10, (pause("2025-09-25 11:00", "2025-09-26 09:00"),), "2025-10-15"),
    # Overlapping and touching pauses are one.
    (
        "2025-09-25 10:00",
        10,
        (pause("2025-09-30 09:00", "2025-10-10 09:00"), pause("2025-09-29 09:00", "2025-10-09 09:00")),
        "2025-10-20",
    ),
    # On the last day before its 24:00: that day is skipped, the next workday is the last.
    ("2025-09-25 10:00", 10, (pause("2025-10-15 23:59", "2025-10-16 00:01"),), "2025-10-16"),
    # After the deadline: nothing moves.
    ("2025-09-25 10:00", 10, (pause("2025-10-16 00:01", "2025-10-20 00:01"),), "2025-10-15"),
]


@pytest.mark.parametrize(("started_at", "n", "pauses", "due_on"), DUE_DAYS)
def test_a_workday_clock_is_due_on_the_day_written_by_hand(started_at, n, pauses, due_on):
    """Counted on paper from the notices."""
    day = date.fromisoformat(due_on)

    found = due(clock(started_at, Limit(LimitUnit.WORKDAYS, n), *pauses), CALENDAR)

    assert Due(day, midnight_after(day), provisional=False) == found


def test_a_clock_into_a_year_not_announced_is_provisional():
    """The worker needs an instant; the page says that it may move."""
    found = due(clock("2026-12-24 10:00", Limit(LimitUnit.WORKDAYS, 7)), CALENDAR)

    assert Due(date(2027, 1, 4), midnight_after(date(2027, 1, 4)), provisional=True) == found


def test_an_open_pause_before_the_deadline_leaves_none():
    """Nobody knows yet when it will be due; a pause after the deadline came too late."""
    assert due(clock("2025-09-25 10:00", TEN, pause("2025-10-15 23:59")), CALENDAR) is None
    assert due(clock("2025-09-25 10:00", TEN, pause("2025-09-25 10:01")), CALENDAR) is None
    late = due(clock("2025-09-25 10:00", TEN, pause("2025-10-16 00:01")), CALENDAR)
    assert late is not None
    assert date(2025, 10, 15) == late.due_on


@pytest.mark.parametrize(
    ("started_at", "limit", "pauses", "due_on"),
    [
        ("2025-09-16 10:00", Limit(LimitUnit.CALENDAR_DAYS, 15), (), "2025-10-09"),
        ("2025-09-13 10:00", Limit(LimitUnit.CALENDAR_DAYS, 15), (), "2025-09-28"),
        ("2025-09-08 10:00", Limit(LimitUnit.CALENDAR_DAYS, 15), (), "2025-09-23"),
        (
            "2025-09-08 10:00",
            Limit(LimitUnit.CALENDAR_DAYS, 15),
            (pause("2025-09-10 09:00", "2025-09-12 09:00"),),
            "2025-09-25",
        ),
        # The day that it moved to is paused: it moves on.
        (
            "2025-09-16 10:00",
            Limit(LimitUnit.CALENDAR_DAYS, 15),
            (pause("2025-10-09 09:00", "2025-10-10 09:00"),),
            "2025-10-10",
        ),
        ("2026-01-31 10:00", MONTH, (), "2026-02-28"),
        ("2025-09-01 10:00", MONTH, (), "2025-10-09"),
        (
            "2025-09-01 10:00",
            Limit(LimitUnit.MONTHS, 1),
            (pause("2025-09-05 10:00", "2025-09-06 10:00"),),
            "2025-10-09",
        ),
        (
            "2025-07-10 10:00",
            Limit(LimitUnit.MONTHS, 1),
            (pause("2025-07-15 10:00", "2025-07-16 10:00"),),
            "2025-08-11",
        ),
    ],
)
def test_calendar_days_and_months_count_every_day_and_move_on(started_at, limit, pauses, due_on):
    """The end on a closed day moves to the next workday that is not paused."""
    day = date.fromisoformat(due_on)

    assert Due(day, midnight_after(day)) == due(clock(started_at, limit, *pauses), CALENDAR)


def test_calendar_days_are_provisional_only_where_the_end_may_move():
    """Days are certain in any year; whether the last of them is worked is not."""
    fifteen = Limit(LimitUnit.CALENDAR_DAYS, 15)

    assert not due(clock("2026-12-16 10:00", fifteen), CALENDAR).provisional
    assert due(clock("2026-12-18 10:00", fifteen), CALENDAR).provisional
    assert not due(clock("2017-12-20 10:00", fifteen), CALENDAR).provisional


def test_calendar_days_paused_for_good_have_no_deadline():
    """Also when the pause starts between the end and the day that it moved to."""
    limit = Limit(LimitUnit.CALENDAR_DAYS, 15)

    assert due(clock("2025-09-16 10:00", limit, pause("2025-09-20 10:00")), CALENDAR) is None
    assert due(clock("2025-09-16 10:00", limit, pause("2025-10-03 10:00")), CALENDAR) is None


def test_minutes_count_all_time_outside_pauses():
    """Ten minutes for a delivery, less the time in which the bank's endpoint was down."""
    ten = Limit(LimitUnit.MINUTES, 10)

    assert shanghai("2025-10-01 00:05") == due(clock("2025-09-30 23:55", ten), CALENDAR).due_at
    paused = clock("2025-09-30 23:55", ten, pause("2025-09-30 23:57", "2025-10-01 02:57"))
    assert shanghai("2025-10-01 03:05") == due(paused, CALENDAR).due_at
    assert date(2025, 10, 1) == due(paused, CALENDAR).due_on
    before = clock("2025-09-30 23:55", ten, pause("2025-09-30 23:00", "2025-09-30 23:56"))
    assert shanghai("2025-10-01 00:06") == due(before, CALENDAR).due_at
    assert due(clock("2025-09-30 23:55", ten, pause("2025-09-30 23:57")), CALENDAR) is None


def test_a_fixed_instant_stands_whatever_is_paused():
    """Until-when is the firm's word; an instant at 24:00 belongs to the day that it ends."""
    limit = Limit(LimitUnit.INSTANT, at=shanghai("2025-11-01 00:00"))

    found = due(clock("2025-09-25 10:00", limit, pause("2025-09-26 10:00")), CALENDAR)

    assert Due(date(2025, 10, 31), shanghai("2025-11-01 00:00")) == found


@pytest.mark.parametrize(
    ("n", "share", "at"),
    [
        (10, 70, "2025-10-12 00:00"),
        (10, 90, "2025-10-15 00:00"),
        (10, 100, "2025-10-16 00:00"),
        (10, 150, "2025-10-23 00:00"),
        (2, 70, "2025-09-28 09:36"),
        (2, 90, "2025-09-28 19:12"),
        (2, 100, "2025-09-29 00:00"),
        (2, 150, "2025-09-30 00:00"),
        (1, 70, "2025-09-26 16:48"),
        (3, 150, "2025-10-09 12:00"),
    ],
)
def test_a_rung_is_a_share_of_counted_time(n, share, at):
    """Seven tenths of ten workdays is the seventh day's 24:00; of two it is 09:36 on the second."""
    found = rungs(clock("2025-09-25 10:00", Limit(LimitUnit.WORKDAYS, n)), CALENDAR, (share,))

    assert (Rung(share, shanghai(at)),) == found


def test_rungs_wait_behind_an_open_pause_and_move_with_a_closed_one():
    """What lies before the pause stands; the rest is not known."""
    limit = Limit(LimitUnit.WORKDAYS, 10)

    waiting = rungs(clock("2025-09-25 10:00", limit, pause("2025-10-13 09:00")), CALENDAR)
    moved = rungs(clock("2025-09-25 10:00", limit, pause("2025-10-13 09:00", "2025-10-14 09:00")), CALENDAR)

    assert [shanghai("2025-10-12 00:00"), None, None, None] == [one.at for one in waiting]
    assert [shanghai(f"2025-10-{day} 00:00") for day in (12, 16, 17, 24)] == [one.at for one in moved]


def test_rungs_of_minutes_instants_and_moved_calendar_days():
    """100 is the deadline in every unit."""
    ten = rungs(clock("2025-09-25 10:00", Limit(LimitUnit.MINUTES, 10)), CALENDAR)
    until = rungs(clock("2025-09-25 10:00", Limit(LimitUnit.INSTANT, at=shanghai("2025-09-25 20:00"))), CALENDAR)
    days = rungs(clock("2025-09-16 10:00", Limit(LimitUnit.CALENDAR_DAYS, 15)), CALENDAR)

    assert [shanghai(f"2025-09-25 10:{minute}") for minute in ("07", "09", "10", "15")] == [one.at for one in ten]
    assert [shanghai(f"2025-09-{at}") for at in ("25 17:00", "25 19:00", "25 20:00", "26 01:00")] == [
        one.at for one in until
    ]
    assert shanghai("2025-10-10 00:00") == days[2].at  # 23 days with the holiday it was moved over; 70 % of 23 = 16.1.
    assert shanghai("2025-10-03 02:24") == days[0].at


@pytest.mark.parametrize(
    ("until", "days", "hours"),
    [
        ("2025-09-25 23:00", 0, 0),
        ("2025-09-26 00:00", 0, 0),
        ("2025-09-26 12:00", 0, 12),
        ("2025-09-27 00:00", 1, 24),
        ("2025-09-27 15:00", 1, 24),
        ("2025-09-28 06:00", 1, 30),
        ("2025-10-05 15:00", 4, 96),
        ("2025-10-15 10:00", 9, 226),
        ("2025-10-16 00:00", 10, 240),
        ("2025-10-16 12:00", 10, 252),
    ],
)
def test_time_used_grows_on_counted_days_alone(until, days, hours):
    """The bar on the inbox: whole days ended, and the day under way."""
    expected = Used(days, timedelta(hours=hours), hours * 1_000_000 // 240)

    assert expected == time_used(clock("2025-09-25 10:00"), CALENDAR, shanghai(until))


def test_time_used_stands_still_while_paused_and_judges_only_what_was_known():
    """At 15:00 of the day on which papers were asked that day does not count; a later pause is not known yet."""
    paused = clock("2025-09-25 10:00", TEN, pause("2025-09-29 12:00", "2025-10-09 09:00"))

    assert timedelta(hours=2 * 24 + 11) == time_used(paused, CALENDAR, shanghai("2025-09-29 11:00")).time
    assert timedelta(hours=2 * 24) == time_used(paused, CALENDAR, shanghai("2025-09-29 15:00")).time
    assert timedelta(hours=2 * 24) == time_used(paused, CALENDAR, shanghai("2025-10-09 08:00")).time
    assert timedelta(hours=2 * 24 + 10) == time_used(paused, CALENDAR, shanghai("2025-10-09 10:00")).time


def test_time_used_of_minutes_and_instants_is_plain_time():
    """Minutes leave pauses out, an instant does not."""
    delivery = clock("2025-09-25 10:00", Limit(LimitUnit.MINUTES, 10), pause("2025-09-25 10:02", "2025-09-25 10:05"))
    until = clock(
        "2025-09-25 10:00", Limit(LimitUnit.INSTANT, at=shanghai("2025-09-29 10:00")), pause("2025-09-26 10:00")
    )

    assert Used(0, timedelta(minutes=4), 400_000) == time_used(delivery, CALENDAR, shanghai("2025-09-25 10:07"))
    assert Used(2, timedelta(days=2), 500_000) == time_used(until, CALENDAR, shanghai("2025-09-27 10:00"))
    assert pause_days_used(delivery, CALENDAR, shanghai("2025-10-25 10:07")) == 0


@pytest.mark.parametrize(
    ("from_at", "to_at", "until", "used"),
    [
        ("2025-09-28 15:00", "2025-10-12 00:00", "2025-10-20 00:00", 5),
        ("2025-09-28 15:00", None, "2025-09-28 23:59", 0),
        ("2025-09-28 15:00", None, "2025-09-29 00:00", 1),
        ("2025-09-28 15:00", None, "2025-10-08 12:00", 3),
        ("2025-09-28 15:00", "2025-09-28 18:00", "2025-10-20 00:00", 0),
        ("2025-09-25 15:00", "2025-09-27 12:00", "2025-10-20 00:00", 1),
        ("2025-10-01 15:00", "2025-10-08 12:00", "2025-10-20 00:00", 0),
    ],
)
def test_the_cap_counts_the_days_that_were_skipped(from_at, to_at, until, used):
    """Five workdays of PAPERS use five; asking and taking back the same day uses none."""
    paused = clock("2025-09-25 10:00", TEN, pause(from_at, to_at))

    assert used == pause_days_used(paused, CALENDAR, shanghai(until))


def test_the_trace_says_what_every_day_counted_for():
    """The explanation that nobody else gives: read by the bank, the firm and the regulator."""
    paused = clock("2025-09-25 10:00", Limit(LimitUnit.WORKDAYS, 4), pause("2025-09-29 12:00", "2025-10-09 09:00"))

    lines = trace(paused, CALENDAR, due(paused, CALENDAR).due_at)

    assert [
        "2025-09-25 Thu day of the event, not counted",
        "2025-09-26 Fri day 1",
        "2025-09-27 Sat weekend, not counted",
        "2025-09-28 Sun make-up workday for National Day, day 2",
        "2025-09-29 Mon paused at its 24:00, not counted",
        "2025-09-30 Tue paused at its 24:00, not counted",
        *(
            f"2025-10-0{day} {name} National Day and Mid-Autumn Festival holiday, not counted"
            for day, name in enumerate(("Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"), 1)
        ),
        "2025-10-09 Thu day 3",
        "2025-10-10 Fri day 4",
    ] == [f"{line.day} {line_in_words(line, english=True)}" for line in lines]


def test_the_trace_of_calendar_days_says_why_the_end_moved():
    """The fifteenth day falls on National Day."""
    days = clock("2025-09-16 10:00", Limit(LimitUnit.CALENDAR_DAYS, 15))

    lines = trace(days, CALENDAR, due(days, CALENDAR).due_at)

    assert "周三 计第 15 日，逢国庆节、中秋节放假，期限顺延" == line_in_words(lines[15])
    assert (date(2025, 10, 9), LineKind.COUNTED) == (lines[-1].day, lines[-1].kind)
    assert [LineKind.COUNTED] * 14 == [line.kind for line in lines[1:15]]


def test_the_trace_marks_days_of_a_year_not_announced():
    """Counted for now."""
    lines = trace(clock("2026-12-30 10:00"), CALENDAR, shanghai("2027-01-02 00:00"))

    assert [LineKind.START, LineKind.COUNTED, LineKind.PROVISIONAL] == [line.kind for line in lines]
    assert "2027 年放假安排未公布，暂计第 2 日" in line_in_words(lines[-1])
