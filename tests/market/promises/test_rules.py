"""What a change of a promise may be."""

from datetime import date

import pytest

from app.market.promises.rules import Change, Fault, Rung, Version, body_of, judge

TODAY = date(2026, 3, 2)
BODY = {
    "owner": "bank", "unit": "workdays", "count": 10, "pause_cap": 10, "starts": [{"on": "SuborderAccepted"}],
    "rungs": [{"share": 70, "told": ["branch"]}],
}  # fmt: skip
NAMED = BODY | {"count": 0}
VERSIONS = (Version(1, date(2022, 3, 1), date(2025, 12, 31), BODY), Version(2, date(2026, 1, 1), None, BODY))
AHEAD = (*VERSIONS, Version(3, date(2026, 6, 1), None, BODY | {"count": 8}))


def change(on: str = "2026-04-01", unit: str = "workdays", count: int = 7, *rungs: Rung) -> Change:
    return Change(date.fromisoformat(on), unit, count, 10, rungs or (Rung(70, ("branch",)),))


@pytest.mark.parametrize(
    ("asked", "versions", "expected"),
    [
        (change(), VERSIONS, None),
        (change("2026-03-03"), VERSIONS, None),
        (change("2026-03-02"), VERSIONS, Fault.TOO_SOON),
        (change("2025-03-02"), VERSIONS, Fault.TOO_SOON),
        (change("2026-05-31"), AHEAD, Fault.BEFORE_NEWEST),
        (change("2026-06-01"), AHEAD, None),
        (change(count=10), VERSIONS, Fault.NOTHING_NEW),
        (change(count=8), AHEAD, Fault.BEFORE_NEWEST),
        (change("2026-07-01", count=8), AHEAD, Fault.NOTHING_NEW),
        (change("2026-07-01", count=10), AHEAD, None),
        (change(count=0), VERSIONS, Fault.NO_LIMIT),
        (change(unit="working_minutes", count=480), VERSIONS, None),
        (change("2026-04-01", "workdays", 7, Rung(70, ("branch",)), Rung(70, ("firm",))), VERSIONS, Fault.RUNGS),
        (change("2026-04-01", "workdays", 7, Rung(70, ())), VERSIONS, Fault.RUNGS),
        (change(count=5), (Version(1, date(2022, 3, 1), None, NAMED),), Fault.LIMIT_OF_THE_ACT),
        (change("2026-04-01", "workdays", 0, Rung(90, ("firm",))), (Version(1, date(2022, 3, 1), None, NAMED),), None),
    ],
)
def test_a_change_begins_later_and_changes_something(asked: Change, versions: tuple[Version, ...], expected: object):
    """No promise changes behind anybody's back, and on every day the newest valid version counts."""
    assert judge(asked, versions, TODAY) == expected


def test_a_change_keeps_what_starts_and_stops_the_clock():
    """Only limit, unit, cap and rungs are the office's to change; rungs stand in their order."""
    body = body_of(change("2026-04-01", "workdays", 7, Rung(100, ("supervisor",)), Rung(50, ("branch",))), BODY)

    assert body == BODY | {
        "count": 7, "rungs": [{"share": 50, "told": ["branch"]}, {"share": 100, "told": ["supervisor"]}]
    }  # fmt: skip
