"""Which months may be frozen, the text behind the digest, and what counts as a change. Tables, no database."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.market.supervision.rules import Tally
from app.market.supervision.rules.frozen import (
    ALPHABET,
    BadTerms,
    Frozen,
    Restated,
    Terms,
    canonical,
    digest,
    freezes_from,
    last_day,
    months_over,
    number_of,
    parse_terms,
    restated,
)

JULY = Frozen(
    date(2026, 7, 1), "M202607-0000-0000-0001", datetime(2026, 8, 3, 1, 0, 0, 250, tzinfo=UTC), 1,
    {"clock/DECISION": 1, "calendar/cn": 2}, {"bank:b": "示例银行"}, 3, "ab" * 32,
)  # fmt: skip
FIGURES = {("all", "", "accepted"): Tally(2, 4), ("bank", "b", "accepted"): Tally(2, 4)}
TEXT = """month\t2026-07
number\tM202607-0000-0000-0001
frozen_at\t2026-08-03T01:00:00.000250Z
formula\t1
facts\t3\tabababababababababababababababababababababababababababababababab
policy\tcalendar/cn\t2
policy\tclock/DECISION\t1
name\tbank:b\t示例银行
figure\tall\t\taccepted\t2\t4
figure\tbank\tb\taccepted\t2\t4
"""


def test_the_digest_is_of_a_text_that_anybody_can_write() -> None:
    """Whoever holds the figures checks them without this program: the lines are sorted and separated by tabs."""
    assert TEXT == canonical(JULY, FIGURES).decode()
    assert 64 == len(digest(JULY, FIGURES))


@pytest.mark.parametrize(
    "other",
    [
        (replace(JULY, number="M202607-0000-0000-0002"), FIGURES),
        (replace(JULY, formula=2), FIGURES),
        (replace(JULY, policies={**JULY.policies, "clock/DECISION": 2}), FIGURES),
        (replace(JULY, names={"bank:b": "另一银行"}), FIGURES),
        (replace(JULY, facts_sha256="cd" * 32), FIGURES),
        (JULY, FIGURES | {("all", "", "accepted"): Tally(3, 4)}),
        (JULY, {("all", "", "accepted"): Tally(2, 4)}),
    ],
)
def test_whatever_is_changed_changes_the_digest(other: tuple[Frozen, dict[tuple[str, str, str], Tally]]) -> None:
    """A figure, a name, a rule, an instant: nothing of a frozen month is outside its digest."""
    assert digest(JULY, FIGURES) != digest(*other)


def test_only_months_that_are_over_are_told() -> None:
    """The month of today is never among them, and none before the first fact."""
    assert (date(2026, 7, 1), date(2026, 6, 1)) == months_over(date(2026, 6, 30), date(2026, 8, 31))
    assert () == months_over(None, date(2026, 8, 31))
    assert () == months_over(date(2026, 8, 1), date(2026, 8, 31))
    assert date(2024, 2, 29) == last_day(date(2024, 2, 1))
    assert date(2026, 1, 3) == freezes_from(date(2025, 12, 1), Terms(3))


@pytest.mark.parametrize("body", [{}, {"from_day": 0}, {"from_day": 29}, {"from_day": "x"}, {"from_day": None}])
def test_terms_that_are_not_understood_are_told(body: dict[str, object]) -> None:
    """Day 29 is not in every month."""
    assert isinstance(parse_terms(body), BadTerms)


def test_a_number_is_as_long_as_its_chance() -> None:
    """Sixty bits: a million tries a second would take tens of thousands of years."""
    number = number_of("202607", b"\xff" * 8)

    assert "202607-ZZZZ-ZZZZ-ZZZZ" == number
    assert 32 == len(set(ALPHABET))


def test_what_is_another_today_is_told_and_nothing_else() -> None:
    """A figure that came, one that went, one that moved; 0 of 0 is no figure."""
    then = {("all", "", "a"): Tally(1, 2), ("all", "", "b"): Tally(1, 1), ("bank", "x", "a"): Tally(0, 0)}
    now = {("all", "", "a"): Tally(1, 2), ("all", "", "c"): Tally(5, 5), ("bank", "y", "a"): Tally(1, 1)}

    found = restated(then, now, ["all"])

    assert (Restated("all", "", "b", Tally(1, 1), None), Restated("all", "", "c", None, Tally(5, 5))) == found
