"""The replay is checked by hand and against the clocks, so that it is worth checking the clocks with."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel import workdays
from app.kernel.workdays import parse_calendar
from app.office.clocks import rules as clocks
from app.replay.calendars import Calendar, read_calendar
from app.replay.documents import DatedPromise, Promise
from app.replay.rules import Case, Judged, Move, Outcome, Row, compare, judge, reckon
from tests.support import shanghai


def days(*texts: str) -> frozenset[date]:
    """`09-28` is that day of 2025, `10-01..10-08` all of these."""
    found = set()
    for text in texts:
        first, _, last = text.partition("..")
        day = date.fromisoformat(f"2025-{first}")
        while day <= date.fromisoformat(f"2025-{last or first}"):
            found.add(day)
            day += timedelta(1)
    return frozenset(found)


# Written by hand from the State Council's notice for 2025.
CALENDAR = Calendar(days("01-01", "10-01..10-08"), days("09-28", "10-11"))
DECISION = Promise("DECISION", "accept", ("offer", "refuse"), 10, pause_cap=10)
ACCEPT = Promise("ACCEPT", "push", ("accept", "refuse"), 2)
PROMISES = {one.code: (DatedPromise(one, 1, date(2022, 3, 1), None),) for one in (ACCEPT, DECISION)}
STATES = {
    "push": "pushed",
    "accept": "accepted",
    "contact": "contacted",
    "offer": "offered",
    "refuse": "refused",
    "withdraw": "withdrawn",
    "lapse": "lapsed",
    "pick": "picked",
    "sign": "signed",
    "pay_out": "paying",
}


def case(*acts: tuple[str, str], bank: str = "b", n: int = 1, **more: object) -> Case:
    """A suborder with these acts at these Shanghai times of 2025; acts that keep the state say `same`."""
    moves = tuple(
        Move(
            UUID(int=n), seq, act, STATES.get(act, "same"), shanghai(f"2025-{at}"), rate_ppm=50_000,
            is_first=act == "pay_out", **more,  # type: ignore[arg-type]
        )
        for seq, (act, at) in enumerate(acts)
    )  # fmt: skip
    sealed = tuple(move.at for move in moves if (move.act, n) == ("accept", 1))
    return Case(
        UUID(int=n), bank, "branch", "product", "500103", moves, "C", "small", "new", 300_000_00, True, sealed
    )  # fmt: skip


def decided(one: Case, as_of: str) -> Judged:
    """DECISION of that case as of a Shanghai time of 2025."""
    found = judge(one, PROMISES["DECISION"], CALENDAR, shanghai(f"2025-{as_of}"))
    assert found is not None
    return found


HOLIDAY = [
    # National Day 2025: ten workdays after Thursday 25 September end on Wednesday 15 October.
    ("the last instant", [("offer", "10-15 23:59")], "10-31 12:00", Outcome.MET, 10, 0),
    ("24:00 is too late", [("offer", "10-16 00:00")], "10-31 12:00", Outcome.BREACHED, 11, 0),
    ("nothing happened", [], "10-16 00:00", Outcome.BREACHED, 11, 0),
    ("not yet", [], "10-15 23:59", Outcome.RUNNING, 10, 0),
    ("on the make-up Sunday", [("offer", "09-28 17:00")], "10-31 12:00", Outcome.MET, 2, 0),
    ("the same day", [("offer", "09-25 17:00")], "10-31 12:00", Outcome.MET, 0, 0),
    ("withdrawn in time", [("withdraw", "10-10 12:00")], "10-31 12:00", Outcome.VOID, 6, 0),
    ("withdrawn too late", [("withdraw", "10-16 12:00")], "10-31 12:00", Outcome.BREACHED, 11, 0),
    (
        "a pause over the holiday skips its workdays only",  # 29 and 30 September; back at work on the 9th.
        [("ask_papers", "09-29 10:00"), ("bring_papers", "10-09 10:00"), ("offer", "10-17 23:59")],
        "10-31 12:00", Outcome.MET, 10, 2,
    ),
    (
        "and one day more is late",
        [("ask_papers", "09-29 10:00"), ("bring_papers", "10-09 10:00"), ("offer", "10-18 00:00")],
        "10-31 12:00", Outcome.BREACHED, 10, 2,
    ),
    (
        "asked and brought on one day buys nothing",
        [("ask_papers", "09-29 09:00"), ("bring_papers", "09-29 17:00"), ("offer", "10-16 00:00")],
        "10-31 12:00", Outcome.BREACHED, 11, 0,
    ),
    (
        "a pause that ends at 24:00 sharp skips that day no more",
        [("ask_papers", "09-29 09:00"), ("cap_papers", "10-01 00:00"), ("offer", "10-16 23:59")],
        "10-31 12:00", Outcome.MET, 10, 1,
    ),
    (
        "the offer ends the pause",
        [("ask_papers", "09-29 09:00"), ("offer", "10-11 09:00")],
        "10-31 12:00", Outcome.MET, 3, 4,
    ),
    ("paused and open", [("ask_papers", "09-29 09:00")], "10-10 12:00", Outcome.RUNNING, 3, 3),
    ("the cap ends an endless pause", [("ask_papers", "09-26 09:00")], "10-31 12:00", Outcome.BREACHED, 12, 10),
]  # fmt: skip


@pytest.mark.parametrize(
    ("acts", "as_of", "outcome", "used", "paused"), [c[1:] for c in HOLIDAY], ids=[c[0] for c in HOLIDAY]
)
def test_a_promise_over_the_national_day(
    acts: list[tuple[str, str]], as_of: str, outcome: Outcome, used: int, paused: int
) -> None:
    """Every figure counted by hand on a paper calendar."""
    found = decided(case(("push", "09-24 09:00"), ("accept", "09-25 10:00"), *acts), as_of)

    assert (outcome, used, paused) == (found.outcome, found.used, found.paused)


def test_the_deadline_is_the_one_of_the_domain_page() -> None:
    """Accepted on 2025-09-25: due on 2025-10-15, 24:00 in Shanghai."""
    found = decided(case(("push", "09-24 09:00"), ("accept", "09-25 10:00")), "12-31 12:00")

    assert shanghai("2025-10-16 00:00") == found.due_at


def test_a_case_starts_under_the_newest_policy_of_its_day() -> None:
    """A shorter promise does not reach back to cases that began before it."""
    shorter = DatedPromise(Promise("DECISION", "accept", ("offer", "refuse"), 5), 2, date(2025, 9, 26), None)
    versions = (*PROMISES["DECISION"], shorter)
    as_of = shanghai("2025-10-13 12:00")

    old = judge(case(("accept", "09-25 10:00")), versions, CALENDAR, as_of)
    new = judge(case(("accept", "09-26 10:00")), versions, CALENDAR, as_of)

    assert (old and old.outcome, new and new.outcome) == (Outcome.RUNNING, Outcome.BREACHED)


CITY = (
    case(("push", "09-24 09:00"), ("accept", "09-24 10:00"), ("contact", "09-24 12:00"), ("offer", "09-26 10:00"),
         ("pick", "09-29 10:00"), ("sign", "09-30 10:00"), ("pay_out", "10-09 10:00"), ("pay_out", "10-10 10:00"),
         amount_fen=100_000_00, n=1),
    case(("push", "09-24 09:00"), ("accept", "09-25 10:00"), ("refuse", "10-16 00:00"), reason_code="C1", n=2),
    case(("push", "09-24 09:00"), ("refuse", "09-24 10:00"), reason_code="I2", has_evidence=False, bank="c", n=3),
    case(("push", "09-24 09:00"), ("lapse", "09-27 00:00"), cause="ACCEPT", bank="c", n=4),
    case(("push", "09-24 09:00"), ("withdraw", "09-24 18:00"), bank="c", n=5),
)  # fmt: skip

FIGURES = """
funnel:push 5 5
funnel:accept 2 2
funnel:contact 1 1
funnel:offer 1 1
funnel:pick 1 1
funnel:sign 1 1
funnel:pay_out 1 1
accepted 2 4
answered_in_time 3 4
decided_in_time 1 2
workdays_to_decision 13 2
workdays_to_decision_median_x2 13 2
contact_seconds 7200 1
contact_seconds_median_x2 14400 1
granted_fen 10000000 1
signed_fen 10000000 1
paid_out_fen 20000000 2
refused:C1 1 1
refused:I2 0 1
refused_without_evidence 1 2
paused_workdays 0 13
asked_fen 150000000 5
mean_rate 5000000000 100000
unsecured_fen 10000000 10000000
first_loan 1 1
packages 1 1
outstanding_fen 20000000 1
"""


def test_a_small_city_by_hand() -> None:
    """Five suborders whose every figure a person can check."""
    rows = reckon(CITY, PROMISES, CALENDAR, shanghai("2025-10-31 12:00"))

    expected = sorted((name, int(value), int(of)) for name, value, of in map(str.split, FIGURES.split("\n")[1:-1]))
    assert expected == sorted((row.figure, row.value, row.of) for row in rows if row.by == "all")


def test_groups_add_up_to_all() -> None:
    """No suborder is lost between the banks, and none counts twice."""
    rows = reckon(CITY, PROMISES, CALENDAR, shanghai("2025-10-31 12:00"))

    for by in ("bank", "branch", "product", "district", "industry", "size", "type", "month"):
        for figure in ("funnel:push", "accepted", "decided_in_time", "paid_out_fen"):
            pairs = [(row.value, row.of) for row in rows if (row.by, row.figure) == (by, figure)]
            whole = next((row.value, row.of) for row in rows if (row.by, row.figure) == ("all", figure))
            assert whole == (sum(value for value, _ in pairs), sum(of for _, of in pairs))


def test_the_first_difference_names_its_place() -> None:
    """Whoever runs it must know where to look."""
    ours = (Row("bank", "b", "accepted", 2, 2), Row("all", "", "accepted", 2, 4))
    shown = (Row("bank", "b", "accepted", 1, 2), Row("all", "", "accepted", 2, 4), Row("all", "", "silent", 0, 0))

    assert compare(ours, shown) == ("bank b accepted: replayed 2/2, shown 1/2",)


DOCUMENT = json.loads((Path(__file__).parents[2] / "migrations/policies/calendar.json").read_text())[-1]
OURS = read_calendar(DOCUMENT["body"])


def their_calendar() -> workdays.Calendar:
    """The same document, read by the kernel."""
    found = parse_calendar(1, DOCUMENT["body"])
    assert isinstance(found, workdays.Calendar)
    return found


THEIRS = their_calendar()
PAPERS = st.lists(st.tuples(st.integers(1, 30 * 24), st.integers(1, 7 * 24)), max_size=3)


@given(start=st.integers(0, 24 * 20), stretches=PAPERS, at=st.integers(1, 24 * 60))
def test_the_walk_agrees_with_the_clocks_arithmetic(start: int, stretches: list[tuple[int, int]], at: int) -> None:
    """Two implementations that share no line give the same deadline, whatever the pauses."""
    began = datetime(2025, 9, 15, tzinfo=UTC) + timedelta(hours=start)
    acts, pauses, free = [("accept", began)], [], began
    for after, long in stretches:
        asked = free + timedelta(hours=after)
        free = asked + timedelta(hours=long)
        acts += [("ask_papers", asked), ("bring_papers", free)]
        pauses.append(clocks.Pause(asked, free))
    moves = tuple(Move(UUID(int=1), seq, act, "same", when) for seq, (act, when) in enumerate(acts))
    uncapped = DatedPromise(Promise("DECISION", "accept", ("offer",), 10, pause_cap=999), 1, date(2022, 3, 1), None)
    as_of = began + timedelta(hours=at)

    ours = judge(Case(UUID(int=1), "", "", "", "", moves), [uncapped], OURS, as_of)
    clock = clocks.Clock(began, clocks.Limit(clocks.LimitUnit.WORKDAYS, 10), tuple(pauses))
    due = clocks.due(clock, THEIRS)

    assert ours is not None
    assert due is not None
    assert (due.due_at if due.due_at <= as_of else None) == ours.due_at
