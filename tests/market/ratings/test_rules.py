"""What may be rated and until when; who is called back, and that it can be drawn again; what comes of a call."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from app.market.ratings import rules
from app.market.ratings.rules import About, Called, CallState, Candidate, Factor, Given, Heard, Refused, Why
from app.market.ratings.schemas import read_marks, read_questions, read_sampling
from tests.support import REPOSITORY, shanghai

NOW = shanghai("2026-03-10 10:00")
DAY = timedelta(days=1)


def shipped(kind: str, key: str) -> dict[str, object]:
    rows = json.loads((REPOSITORY / f"migrations/policies/{kind}.json").read_text())
    body: dict[str, object] = next(row["body"] for row in rows if row["key"] == key)
    return body


MARKS = read_marks(1, shipped("rating", "marks")).rules
SAMPLING = read_sampling(shipped("callback", "sampling"))
QUESTIONS = read_questions(1, shipped("callback", "questions")).rules
ANSWERS = dict.fromkeys(QUESTIONS.bad, "yes")


@pytest.mark.parametrize(
    ("given", "stars", "tags", "expected"),
    [
        (Given("refused", NOW), 1, ["slow"], About.REFUSED),
        (Given("lapsed", NOW - DAY), 5, [], About.ENDED),
        (Given("serviced", NOW - 179 * DAY), 3, [], About.ENDED),
        (Given("serviced", NOW - 180 * DAY), 3, [], Why.TOO_LATE),
        (Given("serviced", NOW - 400 * DAY, NOW + DAY), 3, [], About.ENDED),
        (Given("refused", NOW - 9 * DAY, NOW), 5, [], Why.FIXED),
        (Given("refused", NOW - 9 * DAY, NOW + timedelta(microseconds=1)), 5, [], About.REFUSED),
        (Given("investigating", NOW), 5, [], Why.NOT_ENDED),
        (Given("moved", NOW), 5, [], Why.NOT_ENDED),
        (Given("refused", NOW), 0, [], Why.STARS),
        (Given("refused", NOW), 6, [], Why.STARS),
        (Given("refused", NOW), 5, ["splendid"], Why.TAGS),
        (Given("refused", NOW), 5, ["fast", "fast"], Why.TAGS),
    ],
)
def test_what_may_be_rated_and_until_when(given: Given, stars: int, tags: list[str], expected: About | Why):
    """Once it ended, for half a year; then changed for seven days; only with what is offered."""
    found = rules.judge_rating(given, stars, tags, MARKS, NOW)

    assert (found.why if isinstance(found, Refused) else found) == expected


def test_two_stars_are_bad_and_the_worst_counts():
    """A rating that was talked up is followed up all the same."""
    assert [rules.needs_follow_up(stars, MARKS) for stars in range(1, 6)] == [True, True, False, False, False]


def test_a_draw_can_be_drawn_again_and_does_not_depend_on_who_else_stood_in_it():
    """The same seed gives the same numbers, in any company and any order."""
    many = [Candidate(UUID(int=n), ()) for n in range(2000)]
    first = rules.choose("seed", many, SAMPLING)

    again = rules.choose("seed", [*reversed(many)][:500], SAMPLING)
    other = rules.choose("another", many, SAMPLING)

    assert [one for one in first if one.candidate.suborder_id.int >= 1500] == again
    assert first != other
    assert 150 <= sum(one.is_drawn for one in first) <= 250  # One in ten.


@pytest.mark.parametrize("factor", Factor)
def test_each_factor_has_its_chance_and_the_largest_counts(factor: Factor):
    """A denied contact is always called back; a red clock every second time."""
    (one,) = rules.choose("seed", [Candidate(UUID(int=1), (factor,))], SAMPLING)
    (both,) = rules.choose("seed", [Candidate(UUID(int=1), (factor, Factor.CONTACT_DENIED))], SAMPLING)

    assert one.share_ppm == SAMPLING.risks[factor]
    assert (both.share_ppm, both.is_drawn) == (1_000_000, True)


def test_after_three_tries_nobody_is_reachable():
    """And what is done is done."""
    state, attempts, seen = CallState.WAITING, 0, []
    for _ in range(3):
        found = rules.judge_call(state, attempts, None, QUESTIONS)
        assert isinstance(found, Called)
        state, attempts = found.state, found.attempts
        seen.append(state)

    assert seen == [CallState.WAITING, CallState.WAITING, CallState.UNREACHABLE]
    assert rules.judge_call(state, attempts, Heard(True, ANSWERS), QUESTIONS) == Refused("wrong-state", Why.CLOSED)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (Heard(True, ANSWERS), CallState.SATISFIED),
        (Heard(False, ANSWERS), CallState.NOT),
        (Heard(True, {}), Why.TAGS),
        (Heard(True, {**ANSWERS, "more": "yes"}), Why.TAGS),
        (Heard(True, dict.fromkeys(ANSWERS, "maybe")), Why.TAGS),
        (Heard(False, ANSWERS, said=" ", complains=True), Why.WORDS),
        (Heard(False, ANSWERS, said="没人联系", complains=True), CallState.NOT),
    ],
)
def test_what_comes_of_a_call(heard: Heard, expected: CallState | Why):
    """Each question is answered, and a complaint needs the firm's own words."""
    found = rules.judge_call(CallState.WAITING, 0, heard, QUESTIONS)

    assert (found.why if isinstance(found, Refused) else found.state) == expected
