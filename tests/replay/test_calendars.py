"""The replay's own reading of calendars: every day of a document, and by which version a promise was counted when."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.kernel import workdays
from app.kernel.calendar_documents import EXAMPLE, parse_calendar
from app.replay.calendars import Begun, Calendars, Counted, Edition, read_calendar
from tests.support import REPOSITORY, shanghai

CASE, FROM = UUID(int=1), UUID(int=2)
NATIONAL = json.loads((REPOSITORY / "migrations/policies/calendar.json").read_text())[-1]["body"]
OWN_WEEK = {
    "inherits": "cn",
    "week": {"tue-sun": ["09:00-12:00"], "mon": []},
    "days": [
        {"on": "2026-10-01", "slots": ["10:00-11:00"]},
        {"on": "2026-09-22", "slots": []},
        {"on": "2026-09-21", "slots": "whole"},
        {"on": "2026-10-05", "slots": ["09:00-10:00"]},
    ],
}
TURNED = {
    "inherits": "cn",
    "weekend": ["fri", "6"],
    "slots": ["09:00-10:00"],
    "years": [
        {"year": 2026, "notices": ["x"], "holidays": ["2026-09-20", {"on": "2026-06-01"}], "make_up": ["2026-10-02"]}
    ],
}


@pytest.mark.parametrize("body", [NATIONAL, EXAMPLE, OWN_WEEK, TURNED, {"inherits": "cn"}])
def test_both_readers_agree_on_every_day(body: Any) -> None:
    """One for the clocks and one for the replay, which share no line."""
    base = parse_calendar(1, NATIONAL)
    assert isinstance(base, workdays.Calendar)
    theirs = parse_calendar(2, body, base if "inherits" in body else None)
    assert isinstance(theirs, workdays.Calendar)

    ours = read_calendar(body, read_calendar(NATIONAL) if "inherits" in body else None)

    days = [date(2025, 12, 1) + timedelta(n) for n in range(450)]
    assert [workdays.is_workday(theirs, day) for day in days] == [ours.is_workday(day) for day in days]


def edition(key: str, version: int, known: str | None, body: Any = NATIONAL) -> Edition:
    return Edition(key, version, date(2018, 1, 1), None, None if known is None else shanghai(known), body)


BRANCH = "branch/b"
ALL = Calendars(
    {
        "cn": (edition("cn", 1, None), edition("cn", 2, "2026-03-01 00:00", NATIONAL | {"weekend": [7]})),
        BRANCH: (edition(BRANCH, 1, "2026-02-01 00:00", {"inherits": "cn", "weekend": [6, 7, 1]}),),
    },
    {
        (CASE, "DECISION"): (Counted(shanghai("2026-03-02 00:00"), "cn", 2, 0),),
        (FROM, "DECISION"): (Counted(shanghai("2026-02-20 00:00"), "cn", 2, 0),),
    },
)
OLD, NEW, OWN = {5, 6}, {6}, {5, 6, 0}


@pytest.mark.parametrize(
    ("stated", "began", "code", "ids", "as_of", "closed"),
    [
        ("national", "2026-02-25 10:00", "SIGN", (CASE,), "2026-06-01 00:00", OLD),  # Nobody counted it again.
        ("national", "2026-02-25 10:00", "DECISION", (CASE,), "2026-03-01 23:00", OLD),  # Not yet.
        ("national", "2026-02-25 10:00", "DECISION", (CASE,), "2026-06-01 00:00", NEW),
        ("national", "2026-03-01 00:00", "SIGN", (CASE,), "2026-06-01 00:00", NEW),  # Known when it began.
        ("national", "2026-03-03 00:00", "DECISION", (CASE,), "2026-06-01 00:00", NEW),
        ("national", "2026-02-15 00:00", "DECISION", (FROM, CASE), "2026-02-21 00:00", NEW),  # At the branch before.
        ("branch", "2026-01-20 00:00", "SIGN", (CASE,), "2026-06-01 00:00", OLD),  # Its hours came later.
        ("branch", "2026-02-25 00:00", "SIGN", (CASE,), "2026-06-01 00:00", OWN),
        (BRANCH, "2026-02-25 00:00", "SIGN", (CASE,), "2026-06-01 00:00", OWN),
    ],
)
def test_a_promise_goes_by_what_was_known_and_what_it_was_counted_by_again(
    stated: str, began: str, code: str, ids: tuple[UUID, ...], as_of: str, closed: set[int]
) -> None:
    """A later version holds for it only from the instant that the log says so."""
    found = ALL.of(Begun(code, stated, "b", ids, shanghai(began)), shanghai(as_of))

    assert closed == set(found.closed)
