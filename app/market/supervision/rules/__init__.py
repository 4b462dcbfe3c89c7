"""What the regulator's figures are called, how sure they are, and what stands behind them.

Pure. A figure is `value` of `of`; a share of few cases carries the interval in which the true share plausibly lies.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from math import sqrt
from typing import Final
from uuid import UUID

PPM: Final = 1_000_000
Z_95: Final = 1.959964  # Two-sided 95 %.


class By(StrEnum):
    """Groups a figure is told for."""

    ALL = "all"
    BANK = "bank"
    BRANCH = "branch"
    PRODUCT = "product"
    DISTRICT = "district"
    MONTH = "month"


class Figure(StrEnum):
    """Figures with one name each; the funnel is `funnel:<act>`, refusals by reason are `refused:<code>`: those that
    their evidence bears out, of all.

    Shares: value of `of`. Means: the sum over `of` cases. `…_x2`: twice the median. Sums: fen over `of` acts. Sums of
    granted, signed and paid out money are three figures and never added together.
    """

    ACCEPTED = "accepted"
    ANSWERED_IN_TIME = "answered_in_time"
    CONTACTED_IN_TIME = "contacted_in_time"
    DECIDED_IN_TIME = "decided_in_time"
    SIGNED_IN_TIME = "signed_in_time"
    PAID_IN_TIME = "paid_in_time"
    WORKDAYS_TO_DECISION = "workdays_to_decision"
    WORKDAYS_TO_DECISION_MEDIAN = "workdays_to_decision_median_x2"
    CONTACT_SECONDS = "contact_seconds"
    CONTACT_SECONDS_MEDIAN = "contact_seconds_median_x2"
    GRANTED = "granted_fen"
    SIGNED = "signed_fen"
    PAID_OUT = "paid_out_fen"
    REFUSED_WITHOUT_EVIDENCE = "refused_without_evidence"
    PAUSED_WORKDAYS = "paused_workdays"


FUNNEL_ACTS: Final = ("push", "accept", "contact", "investigate", "offer", "pick", "sign", "pay_out")
FUNNEL: Final = "funnel:"
REFUSED: Final = "refused:"


@dataclass(frozen=True, slots=True)
class Tally:
    """One figure of one group."""

    value: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval (Wilson), all in ppm; None where there is nothing to take a share of."""

    value: int
    of: int
    ppm: int | None
    low_ppm: int | None
    high_ppm: int | None

    def is_small(self, least: int) -> bool:
        """Too few cases to be compared with others by the share alone."""
        return self.of < least


@dataclass(frozen=True, slots=True)
class Within:
    """The part of the city that figures are told for; None and empty leave open.

    The days are those by which a figure's month is told, in Shanghai, both included. `districts` are codes, since a
    district of today may be several of yesterday.
    """

    from_on: date | None = None
    to_on: date | None = None
    bank_id: UUID | None = None
    product_id: UUID | None = None
    districts: tuple[str, ...] = ()


EVERYTHING: Final = Within()
Board = Mapping[tuple[str, str], Mapping[str, Tally]]


def share(value: int, of: int) -> Share:
    """The share and the interval in which the true one lies with 95 % confidence (Wilson, without correction).

    >>> share(9, 10)
    Share(value=9, of=10, ppm=900000, low_ppm=595850, high_ppm=982124)
    >>> share(0, 0).ppm is None
    True
    """
    assert 0 <= value <= of, "a share is part of a whole"
    if of == 0:
        return Share(0, 0, None, None, None)
    part, square = value / of, Z_95 * Z_95
    centre = (part + square / (2 * of)) / (1 + square / of)
    reach = Z_95 * sqrt(part * (1 - part) / of + square / (4 * of * of)) / (1 + square / of)
    low, high = max(0.0, centre - reach), min(1.0, centre + reach)
    return Share(value, of, value * PPM // of, round(low * PPM), round(high * PPM))


def mean_hundredths(tally: Tally) -> int | None:
    """A mean in hundredths, rounded half up; None without cases.

    >>> mean_hundredths(Tally(13, 2)), mean_hundredths(Tally(0, 0))
    (650, None)
    """
    return None if tally.of == 0 else (200 * tally.value + tally.of) // (2 * tally.of)


def arrange(rows: Iterable[tuple[str, str, str, int, int]]) -> Board:
    """Rows of (by, key, figure, value, of) as a board: group → figure → tally."""
    board: dict[tuple[str, str], dict[str, Tally]] = {}
    for by, key, figure, value, of in rows:
        board.setdefault((by, key), {})[figure] = Tally(value, of)
    return board


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel: how many suborders reached it, and their share of those pushed."""

    act: str
    count: int
    share: Share


def funnel(figures: Mapping[str, Tally]) -> tuple[Step, ...]:
    """The funnel of a group. A later step never shows more than were pushed.

    >>> [(step.act, step.count) for step in funnel({"funnel:push": Tally(4, 4), "funnel:accept": Tally(2, 2)})][:3]
    [('push', 4), ('accept', 2), ('contact', 0)]
    """
    pushed = figures.get(FUNNEL + "push", Tally()).value
    counts = [(act, figures.get(FUNNEL + act, Tally()).value) for act in FUNNEL_ACTS]
    return tuple(Step(act, count, share(min(count, pushed), pushed)) for act, count in counts)


@dataclass(frozen=True, slots=True)
class Reason:
    """How often a reason was given, and how often without valid evidence."""

    code: str
    count: int
    unproved: int


def refusals(figures: Mapping[str, Tally]) -> tuple[Reason, ...]:
    """Refusals by reason, most frequent first, then by code.

    >>> refusals({"refused:D1": Tally(2, 5)})
    (Reason(code='D1', count=5, unproved=3),)
    """
    found = [
        Reason(name.removeprefix(REFUSED), tally.of, tally.of - tally.value)
        for name, tally in figures.items()
        if name.startswith(REFUSED)
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.code)))


class LineKind(StrEnum):
    """Where a line of a case file comes from."""

    MOVE = "move"
    CLOCK = "clock"
    PAUSE = "pause"
    MONEY = "money"
    READ = "read"
    PROPOSAL = "proposal"
    NOTICE = "notice"
    MESSAGE = "message"
    AUDIT = "audit"


ORDER: Final = {kind: place for place, kind in enumerate(LineKind)}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One thing that happened in a case. `what` is a code the page has words for; `detail` are codes and counts."""

    at: datetime
    kind: LineKind
    what: str
    detail: Mapping[str, str]


def one_column(lines: Iterable[CaseLine]) -> tuple[CaseLine, ...]:
    """Everything that happened, in one column of time; at one instant the move stands first, each kind in its order."""
    return tuple(sorted(lines, key=lambda line: (line.at, ORDER[line.kind])))
