"""The past under another promise: judged by the very rule that judges the real one."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest

from app.replay.documents import DatedPromise, Promise
from app.replay.rules import Case, Outcome, judge
from app.replay.supposing import CURVE_DAYS, Supposition, tally, weigh
from tests.replay.test_rules import CALENDAR, DECISION, PROMISES, case
from tests.support import shanghai

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
AS_OF = shanghai("2025-12-20 12:00")
SEVEN = Supposition("DECISION", 7, 10, *YEAR)


def weighed(one: Case, asked: Supposition = SEVEN, as_of: object = AS_OF):
    return weigh(one, PROMISES["DECISION"], CALENDAR, as_of, asked)  # type: ignore[arg-type]


HOLIDAY = [  # Accepted on Thursday 25 September 2025: the seventh workday after is the made-up Saturday 11 October.
    ("kept under both", [("offer", "10-09 10:00")], Outcome.MET, Outcome.MET),
    ("the last instant of the seventh", [("offer", "10-11 23:59")], Outcome.MET, Outcome.MET),
    ("kept by ten, not by seven", [("offer", "10-12 00:00")], Outcome.MET, Outcome.BREACHED),
    ("broken under both", [], Outcome.BREACHED, Outcome.BREACHED),
    ("withdrawn between", [("withdraw", "10-13 09:00")], Outcome.VOID, Outcome.BREACHED),
    ("withdrawn before", [("withdraw", "10-09 09:00")], Outcome.VOID, Outcome.VOID),
]


@pytest.mark.parametrize(("title", "acts", "actual", "supposed"), HOLIDAY, ids=[row[0] for row in HOLIDAY])
def test_seven_days_instead_of_ten(title: str, acts: list[tuple[str, str]], actual: Outcome, supposed: Outcome) -> None:
    """By hand, across the National Day holiday."""
    found = weighed(case(("push", "09-24 09:00"), ("accept", "09-25 09:00"), *acts))

    assert found is not None
    assert (actual, supposed) == (found.actual.outcome, found.supposed.outcome)


def test_a_smaller_cap_on_pauses_brings_the_deadline_nearer() -> None:
    """Papers were out for four workdays; with none set aside the same offer comes too late."""
    one = case(
        ("push", "09-24 09:00"), ("accept", "09-25 09:00"), ("ask_papers", "09-26 09:00"),
        ("bring_papers", "10-10 09:00"), ("offer", "10-17 10:00"),
    )  # fmt: skip

    allowed, capped = (
        weighed(one, Supposition("DECISION", 10, 10, *YEAR)),
        weighed(one, Supposition("DECISION", 10, 0, *YEAR)),
    )

    assert allowed is not None
    assert capped is not None
    assert (Outcome.MET, Outcome.BREACHED) == (allowed.supposed.outcome, capped.supposed.outcome)


@pytest.mark.parametrize(
    ("days", "kept", "broken"),
    [("weekdays", "10-06 23:59", "10-07 00:00"), ("every_day", "10-02 23:59", "10-03 00:00"),
     ("", "10-11 23:59", "10-12 00:00")],
)  # fmt: skip
def test_seven_days_of_another_calendar(days: str, kept: str, broken: str) -> None:
    """Of Monday to Friday the holiday counts, and the made-up Saturday does not; of every day each does."""
    found = [
        weighed(
            case(("push", "09-24 09:00"), ("accept", "09-25 09:00"), ("offer", at)),
            Supposition("DECISION", 7, 10, *YEAR, days),
        )
        for at in (kept, broken)
    ]

    assert [Outcome.MET, Outcome.BREACHED] == [one.supposed.outcome for one in found if one]
    assert [Outcome.MET, Outcome.MET] == [one.actual.outcome for one in found if one]


@pytest.mark.parametrize(
    ("promise", "limit", "act", "kept", "broken"),
    [("ACCEPT", 1, "accept", "09-25 23:59", "09-26 00:00"), ("ACCEPT", 3, "accept", "09-28 23:59", "09-29 00:00"),
     ("CONTACT", 1, "contact", "09-26 23:59", "09-28 00:00"), ("CONTACT", 5, "contact", "10-09 23:59", "10-10 00:00")],
)  # fmt: skip
def test_other_promises_tighter_and_looser(promise: str, limit: int, act: str, kept: str, broken: str) -> None:
    """By hand: pushed on Wednesday 24 September, accepted on the 25th; Sunday the 28th is made up."""
    asked = Supposition(promise, limit, 0, *YEAR)
    own = Promise("CONTACT", "accept", ("contact", "refuse"), 3)
    versions = PROMISES.get(promise, (DatedPromise(own, 1, date(2022, 3, 1), None),))
    before = [("push", "09-24 09:00"), *([] if act == "accept" else [("accept", "09-25 09:00")])]
    found = [
        weigh(case(*before, (act, at)), versions, CALENDAR, AS_OF, asked) for at in (kept, broken)
    ]  # fmt: skip

    assert [Outcome.MET, Outcome.BREACHED] == [one.supposed.outcome for one in found if one]


def test_only_cases_that_started_between_the_days_count() -> None:
    """The day of the acceptance in China decides."""
    one = case(("push", "09-24 09:00"), ("accept", "09-30 23:59"), ("offer", "10-09 10:00"))

    third, fourth = Supposition("DECISION", 7, 10, date(2025, 7, 1), date(2025, 9, 30)), Supposition(
        "DECISION", 7, 10, date(2025, 10, 1), date(2025, 12, 31)
    )  # fmt: skip
    assert weighed(one, third) is not None
    assert weighed(one, fourth) is None


def histories(count: int) -> list[Case]:
    """Random cases of one autumn, some still open."""
    dice, found = Random(7), []
    for n in range(1, count + 1):
        day, acts = dice.randint(1, 20), []
        acts = [("push", f"09-{day:02} 09:00"), ("accept", f"09-{day:02} {dice.randint(9, 23):02}:30")]
        if dice.random() < 0.5:
            acts.append(("ask_papers", f"09-{day + 1:02} 10:00"))
            if dice.random() < 0.8:
                acts.append(("bring_papers", f"09-{dice.randint(day + 1, 30):02} 1{dice.randint(0, 9)}:00"))
        if dice.random() < 0.8:
            last = dice.choice(["offer", "refuse", "withdraw"])
            acts.append((last, f"10-{dice.randint(1, 31):02} {dice.randint(0, 23):02}:{dice.choice(['00', '59'])}"))
        found.append(case(*sorted(acts, key=lambda act: act[1]), bank=dice.choice("xyz"), n=n))
    return found


@pytest.mark.parametrize("as_of", ["10-08 12:00", "10-20 00:00", "12-20 12:00"])
def test_the_curve_is_what_judging_every_limit_gives(as_of: str) -> None:
    """One walk answers for thirty limits; thirty judgements must say the same."""
    instant, cases = shanghai(f"2025-{as_of}"), histories(150)
    found = tally(one for one in (weighed(each, SEVEN, instant) for each in cases) if one is not None)

    curve = []
    for days in range(1, CURVE_DAYS + 1):
        promise = DatedPromise(type(DECISION)(DECISION.code, DECISION.start, DECISION.stops, days, 10), 1, *YEAR)
        outcomes = [one.outcome for one in (judge(each, [promise], CALENDAR, instant) for each in cases) if one]
        met = outcomes.count(Outcome.MET)
        curve.append([days, met, met + outcomes.count(Outcome.BREACHED)])

    assert curve == found["curve"]
    assert [["", *_sums(cases, instant)]] == found["groups"]["all"]  # type: ignore[index]


def _sums(cases: list[Case], instant: object) -> list[int]:
    sums = [0, 0, 0, 0]
    for each in cases:
        one = weighed(each, SEVEN, instant)
        if one is not None:
            for place, judged in ((0, one.actual), (2, one.supposed)):
                sums[place] += judged.outcome is Outcome.MET
                sums[place + 1] += judged.outcome in (Outcome.MET, Outcome.BREACHED)
    return sums


@pytest.mark.parametrize(("moved_at", "owed"), [("09-30 10:00", True), ("10-09 00:00", False)])
def test_a_call_that_a_branch_failed_to_make_is_not_owed_again_after_a_move(moved_at: str, owed: bool) -> None:
    """The promise to call ends on the third workday, Tuesday 30 September; broken is broken, where it was broken."""
    contact = type(DECISION)("CONTACT", "accept", ("contact", "refuse"), 3)
    dated = [DatedPromise(contact, 1, *YEAR)]
    before = case(("push", "09-25 09:00"), ("accept", "09-26 09:00"), ("reassign", moved_at))
    after = replace(case(("push", moved_at), ("accept", "10-13 09:00"), n=2), origin="moved", before=before.moves)

    found = judge(after, dated, CALENDAR, AS_OF)

    assert owed == (found is not None)
