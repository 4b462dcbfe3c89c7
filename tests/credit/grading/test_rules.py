"""The public grade: every point explained, unknown never clean, caps never argued with."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credit.grading.rules import (
    RANK,
    Evidence,
    Facts,
    Formula,
    Grade,
    GradeLetter,
    LineKind,
    evaluate,
    judge_formula,
    parse_formula,
)

POLICIES = json.loads((Path(__file__).parents[3] / "migrations/policies/grading.json").read_text())
FORMULA = parse_formula(POLICIES[0]["version"], POLICIES[0]["body"])
DAY = date(2025, 9, 25)
ALL = frozenset(data_class for group in FORMULA.groups for data_class in group.classes)
A, B, C, D = GradeLetter


def grade(*evidence: Evidence, collected: frozenset[str] = ALL, formula: Formula = FORMULA) -> Grade:
    """The grade of a subject with these records."""
    return evaluate(formula, Facts(evidence, collected, DAY))


def ago(item_code: str, days: int = 0, value: str | int | None = None, *, in_use: bool = True) -> Evidence:
    """A record of that item, so many days old."""
    return Evidence(item_code, value, DAY - timedelta(days), in_use)


NOBODY: frozenset[str] = frozenset()
REGISTERED = frozenset({"registration"})
TAX_A = ago("tax.credit_level", 0, "A")
TABLE = [
    # what the case shows                      evidence                                     collected   grade score thin
    ("clean and collected",                    (TAX_A, ago("registry.years", 0, "5")),       ALL,        A, 925, False),
    ("clean, collected, no bonus",             (),                                          ALL,        B, 860, False),
    ("nobody knows it",                        (),                                          NOBODY,     B, 700, True),
    ("good news alone",                        (ago("honour.awarded"), ago("list.red")),    NOBODY,     B, 750, True),
    ("clean, but only two groups collected",   (ago("list.red"),),                          REGISTERED, B, 730, True),
    ("one minor penalty today",                (ago("penalty.minor"),),                     ALL,        B, 840, False),
    ("six minor penalties are bounded",        (ago("penalty.minor"),) * 6,                 ALL,        B, 780, False),
    ("a minor penalty fades",                  (ago("penalty.minor", 91),),                 ALL,        B, 850, False),
    ("and is forgotten",                       (ago("penalty.minor", 183),),                ALL,        B, 860, False),
    ("a serious penalty",                      (ago("penalty.serious"),),                   ALL,        C, 680, False),
    ("tax credit D",                           (ago("tax.credit_level", 0, "D"),),          ALL,        B, 760, False),
    ("abnormal list is at most C",             (ago("list.abnormal"),),                     ALL,        C, 760, False),
    ("abnormal list once it ended",            (ago("list.abnormal", in_use=False),),       ALL,        B, 860, False),
    ("a serious list is D",                    (ago("list.serious"),),                      ALL,        D, 510, False),
    ("a serious list is D whatever else",      (ago("list.serious"), ago("list.red"), TAX_A), ALL,     D, 580, False),
    ("a dishonest debtor is D",                (ago("judicial.dishonest"),),                ALL,        D, 660, False),
    ("a revoked licence is at most C",         (ago("list.licence_revoked"), TAX_A),        ALL,        C, 700, False),
    ("a serious list, nothing else known",     (ago("list.serious"),),                      NOBODY,     D, 440, True),
    ("a serious list once it ended",           (ago("list.serious", in_use=False),),        ALL,        B, 860, False),
    ("an item nobody weighs",                  (ago("weather.rain"),),                      ALL,        B, 860, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "collected", "letter", "score", "thin"), [c[1:] for c in TABLE], ids=[c[0] for c in TABLE]
)
def test_a_grade_follows_from_the_formula_alone(
    evidence: tuple[Evidence, ...], collected: frozenset[str], letter: GradeLetter, score: int, thin: bool
) -> None:
    """Computed by hand from the dated formula; a change of the formula is a new version and a new table."""
    outcome = grade(*evidence, collected=collected)

    assert (letter, score, thin) == (outcome.grade, outcome.score, outcome.thin_file)


def test_every_formula_in_the_house_is_sound() -> None:
    """A formula that two people put in force must give every score a letter and the unknown a B."""
    for policy in POLICIES:
        flaws = judge_formula(parse_formula(policy["version"], policy["body"]))

        assert flaws == ()


FLAWS = [
    ("a line without a group", replace(FORMULA, weighs=(replace(FORMULA.weighs[0], group="weather"),)), "no group"),
    ("ages that do not rise", replace(FORMULA, weighs=(replace(FORMULA.weighs[0], fades=((9, 1), (3, 0))),)), "rising"),
    ("a share above one", replace(FORMULA, weighs=(replace(FORMULA.weighs[0], fades=((9, 1001),)),)), "share"),
    ("floors upside down", replace(FORMULA, floors=((A, 0), (B, 1), (C, 2), (D, 3))), "fall"),
    ("a score without a letter", replace(FORMULA, floors=((A, 9), (B, 8), (C, 7), (D, 1))), "no grade"),
    ("unknown counts as clean", replace(FORMULA, floors=((A, 700), (B, 600), (C, 500), (D, 0))), "nobody knows"),
    (
        "more than all",
        replace(FORMULA, groups=(replace(FORMULA.groups[0], unknown=351), *FORMULA.groups[1:])),
        "outside",
    ),
]


@pytest.mark.parametrize(("formula", "words"), [case[1:] for case in FLAWS], ids=[case[0] for case in FLAWS])
def test_a_flawed_formula_is_told_apart(formula: Formula, words: str) -> None:
    """Weights are edited by people; what would misgrade a whole city is said before it is in force."""
    assert any(words in flaw for flaw in judge_formula(formula))


def test_the_lines_add_up_to_the_score() -> None:
    """The explanation is the computation, not a story told beside it."""
    outcome = grade(ago("penalty.general", 10), ago("tax.credit_level", 0, "B"), ago("judicial.enforced", 400))

    by_group = {
        group.code: sum(line.points for line in outcome.lines if line.group == group.code) for group in FORMULA.groups
    }

    assert outcome.score == sum(min(max(by_group[g.code], 0), g.points) for g in FORMULA.groups)


def test_a_repaired_record_weighs_nothing_and_says_so() -> None:
    """The subject sees that its repair counted."""
    outcome = grade(ago("penalty.serious", in_use=False))

    expected = [(0, 1)]
    assert expected == [(line.points, line.count) for line in outcome.lines if line.kind is LineKind.ENDED]


def test_a_thin_file_says_so_in_its_explanation() -> None:
    """Thin is not bad: the line tells the subject what the letter rests on."""
    assert "thin_file" in {line.code for line in grade(collected=NOBODY).lines}


ITEMS = sorted({weigh.item_code for weigh in FORMULA.weighs})
evidences = st.builds(
    Evidence,
    st.sampled_from(ITEMS),
    st.sampled_from([None, "A", "B", "C", "D", "1", "3", "5"]),
    st.none() | st.dates(date(2015, 1, 1), DAY),
    st.booleans(),
)
histories = st.lists(evidences, max_size=12)
collections = st.frozensets(st.sampled_from(sorted(ALL)))


@given(histories, collections)
def test_the_score_is_whole_and_inside_its_scale(history: list[Evidence], collected: frozenset[str]) -> None:
    """Whatever was reported: integers, between nothing and everything."""
    outcome = grade(*history, collected=collected)

    assert isinstance(outcome.score, int)
    assert 0 <= outcome.score <= outcome.full_points


@given(histories, collections, st.sampled_from([w.item_code for w in FORMULA.weighs if w.points < 0]))
def test_one_more_adverse_record_never_helps(history: list[Evidence], collected: frozenset[str], item: str) -> None:
    """Nobody climbs by doing worse, however old the deed and however little else is known."""
    before, after = grade(*history, collected=collected), grade(*history, ago(item, 4000), collected=collected)

    assert RANK[after.grade] >= RANK[before.grade]
    assert after.score <= before.score


@given(histories, collections)
def test_ended_records_weigh_nothing(history: list[Evidence], collected: frozenset[str]) -> None:
    """Repair ends use everywhere at once; the grade with ended records is the grade without them."""
    live = [one for one in history if one.in_use]

    with_ended, without = grade(*history, collected=collected), grade(*live, collected=collected)

    assert (without.grade, without.score, without.thin_file) == (
        with_ended.grade,
        with_ended.score,
        with_ended.thin_file,
    )


@given(histories, collections)
def test_a_thin_file_is_never_an_a(history: list[Evidence], collected: frozenset[str]) -> None:
    """Unknown is not clean."""
    outcome = grade(*history, collected=collected)

    assert not (outcome.thin_file and outcome.grade is A)
