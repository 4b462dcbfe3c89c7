"""Months that are frozen: which may be, the text that their digest is taken of, and what has changed since. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from app.market.supervision.rules import Tally
from app.market.supervision.rules.voices import SINCE_2

# What the figures mean; raised whenever one of them comes to mean something else. 2: with what was said and urged and
# what is owed; a deferral has no rate and no security of its own.
FORMULA: Final = 2
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Without letters that look like digits.
GROUP: Final = 4
DAYS_MAX: Final = 28
Figures = Mapping[tuple[str, str, str], Tally]  # (by, key, figure) → value of `of`.


@dataclass(frozen=True, slots=True)
class Terms:
    """From which day of the next month on a month may be frozen, so that what was done late at night is in it."""

    from_day: int


@dataclass(frozen=True, slots=True)
class BadTerms:
    why: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """A month as it was frozen. `policies`: the newest version by `kind/key`; `names`: by `by:key`, of the day.

    `facts` so many facts of single suborders stand behind the figures, with a digest of their own.
    """

    month: date
    number: str
    frozen_at: datetime
    formula: int
    policies: Mapping[str, int]
    names: Mapping[str, str]
    facts: int
    facts_sha256: str


@dataclass(frozen=True, slots=True)
class Restated:
    """A figure of a frozen month that is another today; None where there is, or was, no such figure."""

    by: str
    key: str
    figure: str
    then: Tally | None
    now: Tally | None


def parse_terms(body: Mapping[str, Any]) -> Terms | BadTerms:
    """
    >>> parse_terms({"from_day": 3}), parse_terms({"from_day": 31}).why
    (Terms(from_day=3), 'from_day in 1 … 28')
    """
    try:
        day = int(body["from_day"])
    except (KeyError, TypeError, ValueError) as problem:
        return BadTerms(f"not readable: {type(problem).__name__}")
    return Terms(day) if 1 <= day <= DAYS_MAX else BadTerms(f"from_day in 1 … {DAYS_MAX}")


def next_month(month: date) -> date:
    """
    >>> next_month(date(2026, 12, 1))
    datetime.date(2027, 1, 1)
    """
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def last_day(month: date) -> date:
    """
    >>> last_day(date(2024, 2, 1))
    datetime.date(2024, 2, 29)
    """
    return next_month(month) - timedelta(days=1)


def freezes_from(month: date, terms: Terms) -> date:
    """The first day on which a month may be frozen.

    >>> freezes_from(date(2026, 12, 1), Terms(3))
    datetime.date(2027, 1, 3)
    """
    return next_month(month).replace(day=terms.from_day)


def months_over(first: date | None, today: date) -> tuple[date, ...]:
    """Every month that is over, from that of `first` on, the newest first; none where nothing has happened.

    >>> [day.isoformat() for day in months_over(date(2025, 11, 15), date(2026, 2, 1))]
    ['2026-01-01', '2025-12-01', '2025-11-01']
    """
    found = []
    month = today.replace(day=1) if first is None else first.replace(day=1)
    while next_month(month) <= today:
        found.append(month)
        month = next_month(month)
    return tuple(reversed(found))


def number_of(start: str, chance: bytes) -> str:
    """A number that nobody guesses: `start`, then three groups of four out of 8 bytes of chance (60 bits of them).

    >>> number_of("202607", bytes(range(8)))
    '202607-000G-40R4-0M30'
    """
    bits = int.from_bytes(chance[:8], "big")
    letters = [ALPHABET[(bits >> (64 - 5 * (n + 1))) & 31] for n in range(3 * GROUP)]
    groups = ("".join(letters[n : n + GROUP]) for n in range(0, len(letters), GROUP))
    return "-".join((start, *groups))


def canonical(month: Frozen, figures: Figures) -> bytes:
    """The text that the digest of a month is taken of: its head, its rules, its names, its figures; lines by tabs.

    Sorted by code point, so that whoever holds the figures can write the same lines anywhere.
    """
    head = [
        f"month\t{month.month:%Y-%m}",
        f"number\t{month.number}",
        f"frozen_at\t{month.frozen_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        f"formula\t{month.formula}",
        f"facts\t{month.facts}\t{month.facts_sha256}",
    ]
    rules = [f"policy\t{name}\t{version}" for name, version in sorted(month.policies.items())]
    names = [f"name\t{key}\t{name}" for key, name in sorted(month.names.items())]
    rows = [f"figure\t{by}\t{key}\t{figure}\t{t.value}\t{t.of}" for (by, key, figure), t in sorted(figures.items())]
    return ("\n".join((*head, *rules, *names, *rows)) + "\n").encode()


def digest(month: Frozen, figures: Figures) -> str:
    return sha256(canonical(month, figures)).hexdigest()


def told_by(formula: int, figures: Figures) -> Figures:
    """Those of today's figures that a month frozen under a formula tells, too."""
    return {place: tally for place, tally in figures.items() if formula > 1 or place[2] not in SINCE_2}


def restated(then: Figures, now: Figures, by: Sequence[str]) -> tuple[Restated, ...]:
    """What differs, of these groups, in the order of group, key and figure. 0 of 0 is no figure."""
    nothing = Tally()
    places = sorted(place for place in {*then, *now} if place[0] in by)
    return tuple(
        Restated(*place, then.get(place), now.get(place))
        for place in places
        if then.get(place, nothing) != now.get(place, nothing)
    )


def as_figures(rows: Iterable[tuple[str, str, str, int, int]]) -> dict[tuple[str, str, str], Tally]:
    """Rows of (by, key, figure, value, of)."""
    return {(by, key, figure): Tally(value, of) for by, key, figure, value, of in rows}
