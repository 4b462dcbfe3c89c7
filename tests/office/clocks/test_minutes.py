"""Working minutes: cases written by hand, the laws of addition, and an oracle that walks minute by minute."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.workdays import Calendar, parse_calendar
from app.kernel.worktime import (
    add_working_minutes_each,
    add_working_time,
    is_open,
    working_time_between,
)
from app.office.clocks.rules import (
    Clock,
    Limit,
    LimitUnit,
    LineKind,
    Pause,
    due,
    pause_days_used,
    rungs,
    time_used,
    trace,
    working_time,
)

MINUTE = timedelta(minutes=1)
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = {
    "year": 2025,
    "holidays": ["2025-05-01", {"name": "feast", "from": "2025-10-01", "to": "2025-10-08"}],
    "make_up": [
        {"on": "2025-04-27", "for": "feast"},
        {"on": "2025-09-28", "for": "feast", "slots": ["10:00-11:30", "14:00-15:00"]},
        {"on": "2025-10-11", "for": "feast", "like": "fri"},
    ],
}
LUNCH = {
    "zone": "Asia/Shanghai",
    "week": {"mon-thu": ["09:00-12:00", "13:30-17:00"], "fri": ["08:30-12:00", "13:00-15:00"]},
    "years": [YEAR, {"year": 2026}],
}
THREE = {
    "zone": "Europe/Berlin",
    "week": {"mon-sat": ["00:00-02:30", "07:15-07:45", "22:00-24:00"], "sun": ["01:30-03:10"]},
    "years": [{"year": 2025, "holidays": ["2025-06-09"]}],
}
HALF_HOUR = {"zone": "Australia/Lord_Howe", "weekend": [], "slots": ["01:00-02:15", "12:00-12:01"], "years": []}
WHOLE = {"zone": "America/New_York", "weekend": [6, 7], "years": [{"year": 2025}]}
DOCUMENTS = [LUNCH, THREE, HALF_HOUR, WHOLE]


def read(body) -> Calendar:
    found = parse_calendar(1, body)
    assert isinstance(found, Calendar), found
    return found


CALENDARS = [read(body) for body in DOCUMENTS]
LUNCHES = CALENDARS[0]


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def clock(started_at: datetime, minutes: int, *pauses: tuple[datetime, datetime | None]) -> Clock:
    return Clock(started_at, Limit(LimitUnit.WORKING_MINUTES, minutes), tuple(Pause(*one) for one in pauses))


@pytest.mark.parametrize(
    ("start", "minutes", "ends"),
    [
        ("2025-03-03 09:00", 390, "2025-03-03 17:00"),  # The exact end of a slot: it stays.
        ("2025-03-03 09:00", 391, "2025-03-04 09:01"),
        ("2025-03-03 09:00", 180, "2025-03-03 12:00"),  # Before lunch, not after it.
        ("2025-03-03 12:00", 1, "2025-03-03 13:31"),  # From the end of a slot, and from inside lunch.
        ("2025-03-03 12:40", 1, "2025-03-03 13:31"),
        ("2025-03-03 06:00", 1, "2025-03-03 09:01"),
        ("2025-03-07 14:59", 2, "2025-03-10 09:01"),  # A short Friday, then a weekend.
        ("2025-04-25 14:30", 60, "2025-04-27 09:30"),  # A make-up Sunday with the hours of a normal day.
        ("2025-09-26 15:00", 150, "2025-09-28 15:00"),  # One with its own.
        ("2025-09-26 15:00", 151, "2025-09-29 09:01"),
        ("2025-09-30 17:00", 1, "2025-10-09 09:01"),  # Over a week of holidays.
        ("2025-10-10 15:00", 330, "2025-10-11 15:00"),  # One that is like a Friday.
        ("2025-10-04 10:00", 210, "2025-10-09 14:00"),  # Begun on a holiday.
        ("2025-03-03 09:00:30", 1, "2025-03-03 09:01:30"),
    ],
)
def test_a_deadline_in_working_minutes_is_where_the_hand_counts_it(start, minutes, ends):
    """Slot edges, lunch, short days, make-up days with own or normal hours, holidays."""
    found = due(clock(at(start), minutes), LUNCHES)

    assert (at(ends), date.fromisoformat(ends[:10])) == (found.due_at, found.due_on)


@pytest.mark.parametrize(
    ("pauses", "ends"),
    [
        ([("2025-03-03 11:00", "2025-03-03 14:00")], "2025-03-04 10:30"),  # 60 + 30 open minutes are held.
        ([("2025-03-03 17:30", "2025-03-04 08:00")], "2025-03-03 17:00"),  # After hours: nothing.
        ([("2025-03-03 17:00", "2025-03-04 12:00")], "2025-03-03 17:00"),  # From the deadline on: too late.
        ([("2025-03-03 16:59", "2025-03-04 12:00")], "2025-03-04 13:31"),
        ([("2025-03-03 16:00", "2025-03-03 18:00")], "2025-03-04 10:00"),
        ([("2025-03-01 00:00", "2025-03-03 10:00")], "2025-03-04 10:00"),  # Begun before the clock was.
        ([("2025-03-03 10:00", "2025-03-03 11:00"), ("2025-03-03 10:30", "2025-03-03 11:30")], "2025-03-04 10:30"),
        ([("2025-03-03 10:00", "2025-03-03 10:00")], "2025-03-03 17:00"),
        ([("2025-03-03 10:00", None)], None),
        ([("2025-03-03 17:00", None)], "2025-03-03 17:00"),
    ],
)
def test_a_pause_takes_exactly_its_own_open_time_out(pauses, ends):
    """390 minutes from 9:00: the whole of a Monday."""
    held = [(at(from_at), at(to_at) if to_at else None) for from_at, to_at in pauses]

    found = due(clock(at("2025-03-03 09:00"), 390, *held), LUNCHES)

    assert (at(ends) if ends else None) == (found and found.due_at)


def open_minutes(body, first: datetime, days: int) -> list[bool]:
    """The oracle: each minute by the wall clock of its zone and the rows of the document, nothing else."""
    zone, names = ZoneInfo(body["zone"]), ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    off, extra = set(), {}
    for year in body["years"]:
        for row in year.get("holidays", ()):
            day, last = (row, row) if isinstance(row, str) else (row["from"], row["to"])
            while day <= last:
                off.add(day)
                day = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        extra |= {row["on"]: row for row in year.get("make_up", ())}

    def slots(day: date) -> list[str]:
        row = extra.get(day.isoformat())
        weekday = names[day.weekday()]
        if row:
            weekday = row.get("like", "mon")
            if "slots" in row:
                return row["slots"]
        elif day.isoformat() in off:
            return []
        if "week" in body:
            for span, hours in body["week"].items():
                ends = [names.index(one) for one in span.split("-")]
                if ends[0] <= names.index(weekday) <= ends[-1]:
                    return hours
            return []
        worked = day.isoweekday() not in body["weekend"]
        return body.get("slots", ["00:00-24:00"]) if worked else []

    known: dict[date, list[tuple[str, str]]] = {}
    found = []
    for ahead in range(days * 1_440):
        local = (first + ahead * MINUTE).astimezone(zone)
        if local.date() not in known:
            known[local.date()] = [tuple(one.split("-")) for one in slots(local.date())]
        wall = f"{local:%H:%M}"
        found.append(any(begin <= wall < end for begin, end in known[local.date()]))
    return found


def walk(opened: list[bool], start: int, minutes: int, pauses: list[tuple[int, int]]) -> int | None:
    """Minute after minute: the end of the minute with which the count is full."""
    held = [False] * len(opened)
    for begin, end in pauses:
        for place in range(max(begin, 0), min(end, len(held))):
            held[place] = True
    for place in range(start, len(opened)):
        if opened[place] and not held[place]:
            minutes -= 1
            if not minutes:
                return place + 1
    return None


def test_ten_thousand_deadlines_agree_with_walking_minute_by_minute():
    """Four calendars (lunch and make-up days; three slots and summer time; half-hour summer time; whole days)."""
    dice = random.Random(17)
    for body, calendar in zip(DOCUMENTS, CALENDARS, strict=True):
        for month, day in (
            (3, 20),
            (4, 20),
            (9, 22),
        ):  # The clock is changed in two of them, weekends are worked in two.
            first = datetime(2025, month, day, tzinfo=UTC)
            opened = open_minutes(body, first, 45)
            for _ in range(834):
                start, minutes = dice.randrange(20_000), dice.choice((1, 30, 180, 390, dice.randint(1, 3_000)))
                pauses = []
                for _n in range(dice.choice((0, 0, 1, 2, 3))):
                    begin = start + dice.randrange(-500, 9_000)
                    pauses.append((begin, begin + dice.choice((0, 1, 45, 200, 1_440, 4_000))))

                expected = walk(opened, start, minutes, pauses)

                held = [(first + begin * MINUTE, first + end * MINUTE) for begin, end in pauses]
                found = due(clock(first + start * MINUTE, minutes, *held), calendar)
                if expected is not None:
                    case = (body["zone"], first + start * MINUTE, minutes, held)
                    assert first + expected * MINUTE == found.due_at, case


calendars = st.sampled_from(CALENDARS)
moments = st.integers(0, 900_000 * 60).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
counts = st.integers(1, 20_000)


@given(calendars, moments, counts, counts)
def test_adding_in_two_steps_is_adding_at_once(calendar, start, a, b):
    """From any start: the first step ends in the closure of open time, where nothing is lost."""
    first = add_working_time(calendar, start, a * MINUTE)

    assert add_working_time(calendar, start, (a + b) * MINUTE) == add_working_time(calendar, first, b * MINUTE)
    assert [add_working_time(calendar, start, a * MINUTE)] == add_working_minutes_each(calendar, [start], [a])


@given(calendars, moments, counts)
def test_what_is_promised_is_what_will_be_measured(calendar, start, minutes):
    """Between is the inverse of adding, and no deadline lies outside the closure of open time."""
    ends = add_working_time(calendar, start, minutes * MINUTE)

    assert minutes * MINUTE == working_time_between(calendar, start, ends)
    assert -minutes * MINUTE == working_time_between(calendar, ends, start)
    assert is_open(calendar, ends)


@given(calendars, moments, moments, counts, counts)
def test_later_or_longer_is_never_due_earlier(calendar, one, other, a, b):
    """Monotone in both arguments."""
    (first, second), (short, long) = sorted((one, other)), sorted((a, b))

    assert add_working_time(calendar, first, a * MINUTE) <= add_working_time(calendar, second, a * MINUTE)
    assert add_working_time(calendar, one, short * MINUTE) <= add_working_time(calendar, one, long * MINUTE)


@given(calendars, moments)
def test_nothing_added_is_the_next_open_instant(calendar, start):
    """Inside a slot and at its ends one stays; anywhere else the next slot begins."""
    found = add_working_time(calendar, start, timedelta())

    assert found >= start
    assert is_open(calendar, found)
    assert (found == start) == is_open(calendar, start)
    assert not working_time_between(calendar, start, found)


@given(calendars, moments, counts, st.integers(0, 30_000), st.integers(0, 30_000))
def test_pause_and_resume_shift_by_the_open_time_of_the_pause(calendar, start, minutes, wait, length):
    """What is left at the pause is counted from its end on."""
    from_at, to_at = start + wait * MINUTE, start + (wait + length) * MINUTE
    held = clock(start, minutes, (from_at, to_at))

    ends = due(held, calendar)

    before = working_time_between(calendar, start, from_at)
    if minutes * MINUTE <= before:
        assert ends == due(clock(start, minutes), calendar)
    else:
        assert add_working_time(calendar, to_at, minutes * MINUTE - before) == ends.due_at
    assert minutes * MINUTE == working_time(held, calendar, ends.due_at)
    assert time_used(held, calendar, ends.due_at).share_ppm == 1_000_000


@given(calendars, moments, counts, st.integers(0, 30_000), st.integers(0, 30_000))
def test_the_account_sums_up_to_the_promise(calendar, start, minutes, wait, length):
    """Pieces in order, none twice, counted ones sum to the limit, paused ones to what a cap counts."""
    held = clock(start, minutes, (start + wait * MINUTE, start + (wait + length) * MINUTE))
    ends = due(held, calendar).due_at

    pieces = [piece for line in trace(held, calendar, ends) for piece in line.slots]

    assert minutes * MINUTE == sum((piece.counted for piece in pieces), timedelta()) == pieces[-1].total
    paused = sum(
        (one.to_at.astimezone(UTC) - one.from_at.astimezone(UTC) for one in pieces if not one.counted), timedelta()
    )
    assert paused // MINUTE == pause_days_used(held, calendar, ends)
    instants = [edge.astimezone(UTC) for piece in pieces for edge in (piece.from_at, piece.to_at)]
    assert instants == sorted(instants)
    assert [rung.at for rung in rungs(held, calendar)][2] == ends


def test_the_account_names_every_day():
    """Holiday, weekend, make-up day, and a day on which the event came too late to count."""
    held = clock(at("2025-09-26 15:30"), 200)

    lines = trace(held, LUNCHES, due(held, LUNCHES).due_at)

    assert [(line.day.day, line.kind) for line in lines] == [
        (26, LineKind.START),
        (27, LineKind.WEEKEND),
        (28, LineKind.MAKE_UP),
        (29, LineKind.COUNTED),
    ]
    assert [str(piece.counted) for piece in lines[2].slots] == ["1:30:00", "1:00:00"]


@pytest.mark.parametrize("day", ["2025-03-30", "2025-10-26"])
def test_a_slot_in_the_hour_of_the_change_has_the_time_that_passes(day):
    """Berlin, Sunday 1:30-3:10: 40 minutes in March, when 2:00 is 3:00; 160 in October, when 2:00 comes twice."""
    begin = at(f"{day} 00:00", "Europe/Berlin")

    found = working_time_between(CALENDARS[1], begin, begin.astimezone(UTC) + timedelta(hours=9))

    assert (40 if day == "2025-03-30" else 160) * MINUTE == found


def test_a_start_before_all_and_a_count_beyond_all_have_answers():
    """The functions are total: None beyond the table."""
    assert add_working_time(LUNCHES, datetime(1990, 1, 1, tzinfo=UTC), MINUTE) is not None
    assert add_working_time(LUNCHES, EPOCH, timedelta(days=400_000)) is None
    assert add_working_time(LUNCHES, datetime(2300, 1, 1, tzinfo=UTC), MINUTE) is None
    assert add_working_time(LUNCHES, datetime(2300, 1, 1, tzinfo=UTC), timedelta()) is None
    assert due(clock(datetime(2098, 1, 1, tzinfo=UTC), 3_000_000), LUNCHES) is None
