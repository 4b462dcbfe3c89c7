"""The working calendar: against two outside calendars, an oracle that walks day by day, and its own laws."""

import json
import random
from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.infra.resources import resource_dir
from app.kernel.workdays import (
    TABLE_FROM,
    TABLE_TO,
    BadCalendar,
    Calendar,
    DayKind,
    Deadline,
    add_calendar_days,
    add_months,
    add_workdays,
    add_workdays_each,
    day_kind,
    due_at,
    is_provisional,
    is_workday,
    month_later,
    next_workday,
    parse_calendar,
    workday_at,
    workdays_between,
    workdays_seen,
)
from tests.support import real_data

DOCUMENTS = json.loads((resource_dir("migrations") / "policies" / "calendar.json").read_text("utf-8"))
BODY = DOCUMENTS[-1]["body"]
ONE_DAY = timedelta(days=1)
FIRST, LAST = date(2018, 1, 1), date(2026, 12, 31)


def read(body=BODY, version=1) -> Calendar:
    found = parse_calendar(version, body)
    assert isinstance(found, Calendar), found
    return found


CALENDAR = read()
days = st.dates(date(2016, 1, 1), date(2030, 12, 31))
counts = st.integers(1, 60)


def walk(start_on: date, n: int) -> Deadline:
    """The oracle: one day after the other, from the document's own rows."""
    off, on = set(), set()
    for entry in BODY["years"]:
        for row in entry["holidays"]:
            day = date.fromisoformat(row["from"])
            while day <= date.fromisoformat(row["to"]):
                off.add(day)
                day += ONE_DAY
        on |= {date.fromisoformat(row["on"]) for row in entry["make_up"]}
    announced = {entry["year"] for entry in BODY["years"]}
    day, unknown = start_on, False
    while n:
        day += ONE_DAY
        unknown = unknown or day.year not in announced
        if day in on or (day.weekday() < 5 and day not in off):
            n -= 1
    return Deadline(day, unknown)


@pytest.mark.parametrize(
    ("start_on", "n", "due_on"),
    [
        ("2025-09-25", 10, "2025-10-15"),
        ("2026-09-28", 10, "2026-10-16"),
        ("2026-09-24", 7, "2026-10-12"),
        ("2026-02-12", 7, "2026-02-28"),
        ("2026-04-30", 3, "2026-05-08"),
        ("2026-11-20", 10, "2026-12-04"),
    ],
)
def test_a_deadline_falls_on_the_day_written_by_hand(start_on, n, due_on):
    """Literals counted on paper, across National Day, Spring Festival and make-up Saturdays."""
    expected = Deadline(date.fromisoformat(due_on), provisional=False)

    assert expected == add_workdays(CALENDAR, date.fromisoformat(start_on), n)


def test_a_deadline_in_a_year_not_announced_is_provisional_and_no_crash():
    """In late December the next notice may be missing; the promise still needs a day."""
    assert Deadline(date(2027, 1, 4), provisional=True) == add_workdays(CALENDAR, date(2026, 12, 24), 7)
    assert Deadline(date(2026, 12, 31), provisional=False) == add_workdays(CALENDAR, date(2026, 12, 24), 5)
    assert Deadline(date(2018, 1, 2), provisional=False) == add_workdays(CALENDAR, date(2017, 12, 31), 1)
    assert add_workdays(CALENDAR, date(2017, 12, 28), 2).provisional


DAY_KINDS = [
    ("2018-02-11", DayKind.MAKE_UP),
    ("2018-12-29", DayKind.MAKE_UP),
    ("2019-05-04", DayKind.HOLIDAY),
    ("2019-05-05", DayKind.MAKE_UP),
    ("2020-01-31", DayKind.HOLIDAY),
    ("2020-02-02", DayKind.HOLIDAY),
    ("2020-02-03", DayKind.WORKDAY),
    ("2020-10-08", DayKind.HOLIDAY),
    ("2022-12-31", DayKind.HOLIDAY),
    ("2023-10-07", DayKind.MAKE_UP),
    ("2024-02-09", DayKind.WORKDAY),
    ("2024-10-12", DayKind.MAKE_UP),
    ("2025-09-27", DayKind.WEEKEND),
    ("2025-09-28", DayKind.MAKE_UP),
    ("2025-10-08", DayKind.HOLIDAY),
    ("2025-10-11", DayKind.MAKE_UP),
    ("2026-01-04", DayKind.MAKE_UP),
    ("2026-02-14", DayKind.MAKE_UP),
    ("2026-02-23", DayKind.HOLIDAY),
    ("2026-02-28", DayKind.MAKE_UP),
    ("2026-05-09", DayKind.MAKE_UP),
    ("2026-09-20", DayKind.MAKE_UP),
    ("2026-10-10", DayKind.MAKE_UP),
    ("2027-01-01", DayKind.WORKDAY),
]


@pytest.mark.parametrize(("day", "kind"), DAY_KINDS)
def test_holidays_and_make_up_days_are_those_announced(day, kind):
    """Late changes too: Labour Day of 2019, Spring Festival of 2020. 2027 is not announced: a weekday."""
    assert kind is day_kind(CALENDAR, date.fromisoformat(day))


def test_every_day_agrees_with_an_outside_calendar():
    """The package is an oracle, never a source at run time."""
    span = [FIRST + timedelta(days=ahead) for ahead in range((LAST - FIRST).days + 1)]

    assert [] == [day for day in span if is_workday(CALENDAR, day) != chinese_calendar.is_workday(day)]


@pytest.mark.parametrize("year", range(2018, 2026))
def test_every_year_agrees_with_the_collected_notices(year):
    """A year's file can hold days of the year before; each of its rows must agree."""
    rows = json.loads(real_data(f"holidays/holiday-cn_{year}.json").read_text("utf-8"))["days"]

    expected = {row["date"]: not row["isOffDay"] for row in rows}

    assert expected == {day: is_workday(CALENDAR, date.fromisoformat(day)) for day in expected}


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_year_has_248_workdays(year):
    """A figure published by others."""
    assert workdays_between(CALENDAR, date(year - 1, 12, 31), date(year, 12, 31)) == 248


def test_ten_thousand_deadlines_agree_with_walking_day_by_day():
    """The prefix sums against an oracle that shares no code with them."""
    dice = random.Random(20260101)
    cases = [(date(2017, 6, 1) + timedelta(days=dice.randrange(3_700)), dice.randint(1, 40)) for _ in range(300)]
    spread = [(start_on, n) for start_on, most in cases for n in range(1, most + 1)][:10_000]
    while len(spread) < 10_000:
        spread.append((date(2017, 6, 1) + timedelta(days=dice.randrange(3_700)), dice.randint(1, 9)))

    one_by_one = [add_workdays(CALENDAR, start_on, n) for start_on, n in spread]

    assert len(one_by_one) == 10_000
    assert [walk(start_on, n) for start_on, n in spread] == one_by_one
    assert one_by_one == add_workdays_each(CALENDAR, [one[0] for one in spread], [one[1] for one in spread])


def test_the_bulk_function_takes_nothing_and_the_trusted_years_alone():
    """The fast path starts where no unannounced year lies between; both paths give the same."""
    starts = [date(2024, 1, 1) + timedelta(days=ahead) for ahead in range(1_500)]

    assert [] == add_workdays_each(CALENDAR, [], [])
    assert [walk(day, 7) for day in starts] == add_workdays_each(CALENDAR, starts, [7] * len(starts))


@given(days, counts, counts)
def test_adding_in_two_steps_is_adding_at_once(start_on, a, b):
    """The law of addition: add(a + b) = add(add a) b."""
    at_once = add_workdays(CALENDAR, start_on, a + b)

    assert at_once.due_on == add_workdays(CALENDAR, add_workdays(CALENDAR, start_on, a).due_on, b).due_on


@given(days, counts)
def test_between_is_the_inverse_of_adding(start_on, n):
    """What is promised is what will be measured."""
    due_on = add_workdays(CALENDAR, start_on, n).due_on

    assert n == workdays_between(CALENDAR, start_on, due_on)
    assert -n == workdays_between(CALENDAR, due_on, start_on)
    assert due_on == workday_at(CALENDAR, workdays_seen(CALENDAR, due_on))


@given(days, days, counts, counts)
def test_later_or_longer_is_never_due_earlier(one, other, a, b):
    """Monotone in both arguments."""
    (first, second), (short, long) = sorted((one, other)), sorted((a, b))

    assert add_workdays(CALENDAR, first, a).due_on <= add_workdays(CALENDAR, second, a).due_on
    assert add_workdays(CALENDAR, one, short).due_on <= add_workdays(CALENDAR, one, long).due_on


@given(days, counts)
def test_no_deadline_falls_on_a_closed_day(start_on, n):
    """Neither for workdays nor for calendar days and months, which move on."""
    assert is_workday(CALENDAR, add_workdays(CALENDAR, start_on, n).due_on)
    for moved, raw in (
        (add_calendar_days(CALENDAR, start_on, n), start_on + timedelta(days=n)),
        (add_months(CALENDAR, start_on, n), month_later(start_on, n)),
    ):
        assert is_workday(CALENDAR, moved.due_on)
        assert moved.due_on == next_workday(CALENDAR, raw)
        assert workdays_between(CALENDAR, raw - ONE_DAY, moved.due_on) == 1
        assert moved.provisional == is_provisional(CALENDAR, raw - ONE_DAY, moved.due_on)


@pytest.mark.parametrize(
    ("start_on", "n", "due_on"),
    [
        ("2025-09-16", 15, "2025-10-09"),
        ("2025-09-13", 15, "2025-09-28"),
        ("2025-09-12", 15, "2025-09-28"),
        ("2026-01-01", 1, "2026-01-04"),
    ],
)
def test_calendar_days_move_to_the_next_workday(start_on, n, due_on):
    """The end on a holiday moves behind it; a make-up Sunday is a day to end on."""
    assert Deadline(date.fromisoformat(due_on)) == add_calendar_days(CALENDAR, date.fromisoformat(start_on), n)


@pytest.mark.parametrize(
    ("start_on", "n", "due_on"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 3, "2026-04-30"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2025-11-30", 3, "2026-02-28"),
        ("2025-12-31", 2, "2026-02-28"),
        ("2025-09-01", 1, "2025-10-09"),
        ("2026-03-31", 12, "2027-03-31"),
    ],
)
def test_months_keep_the_day_number_or_the_months_end(start_on, n, due_on):
    """31 January and one month is the end of February."""
    assert date.fromisoformat(due_on) == add_months(CALENDAR, date.fromisoformat(start_on), n).due_on


def test_a_deadline_ends_at_midnight_in_shanghai():
    """Stored in UTC: 16:00 of the same day."""
    assert datetime(2025, 10, 15, 16, tzinfo=UTC) == due_at(date(2025, 10, 15))


def test_the_edges_of_the_table_hold():
    """The longest promise from the last day that callers let through."""
    assert add_workdays(CALENDAR, TABLE_TO, 2_500).provisional
    assert add_workdays(CALENDAR, TABLE_FROM, 1).due_on == date(2000, 1, 3)


@settings(max_examples=30)
@given(st.sets(st.integers(2018, 2026), min_size=1, max_size=5), days, counts)
def test_years_announced_with_gaps_between_are_provisional_across_a_gap(years, start_on, n):
    """Any unannounced day that was counted over makes the deadline provisional."""
    gappy = read(BODY | {"years": [entry for entry in BODY["years"] if entry["year"] in years]})

    found = add_workdays(gappy, start_on, n)

    passed = {(start_on + timedelta(days=ahead)).year for ahead in range(1, (found.due_on - start_on).days + 1)}
    assert found.provisional == bool(passed - years)
    assert [found] == add_workdays_each(gappy, [start_on], [n])


def year(**changes) -> dict:
    return {"year": 2026, "notices": ["通知"], "holidays": [], "make_up": []} | changes


BAD_DOCUMENTS = [
    ({}, "not readable"),
    (BODY | {"zone": "Asia/Nowhere"}, "not readable"),
    (BODY | {"weekend": [1, 2, 3, 4, 5, 6, 7]}, "weekend"),
    (BODY | {"weekend": [0]}, "weekend"),
    (BODY | {"years": [year(), year()]}, "twice"),
    (BODY | {"years": [year(holidays=[{"name": "元旦", "from": "2026-02-30", "to": "2026-03-01"}])]}, "not readable"),
    (BODY | {"years": [year(holidays=[{"name": "元旦", "from": "2027-01-01", "to": "2027-01-01"}])]}, "no announced"),
    (BODY | {"years": [year(make_up=[{"on": "2026-01-05", "for": "元旦"}])]}, "workday anyhow"),
    (
        BODY
        | {
            "years": [
                year(
                    holidays=[{"name": "元旦", "from": "2026-01-03", "to": "2026-01-04"}],
                    make_up=[{"on": "2026-01-04", "for": "元旦"}],
                )
            ]
        },
        "at once",
    ),
]


@pytest.mark.parametrize(("body", "why"), BAD_DOCUMENTS)
def test_a_document_that_contradicts_itself_is_no_calendar(body, why):
    """A typing slip in a notice must not move a thousand deadlines."""
    found = parse_calendar(1, body)

    assert isinstance(found, BadCalendar)
    assert why in found.why


def test_the_shipped_documents_are_calendars_with_their_notices():
    """Every announced year names the notices that it was written from."""
    assert [] == [one for one in DOCUMENTS if isinstance(parse_calendar(one["version"], one["body"]), BadCalendar)]
    assert set(range(2018, 2027)) == CALENDAR.years == set(CALENDAR.notices)
    assert all(CALENDAR.notices.values())
