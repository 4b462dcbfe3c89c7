"""What the regulator's figures are called, how sure they are, and what stands behind them.

Pure. A figure is `value` of `of`; a share of few cases carries the interval in which the true share plausibly lies.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.kernel.shares import PPM as PPM
from app.kernel.shares import Share as Share
from app.kernel.shares import share as share


class By(StrEnum):
    """Groups a figure is told for."""

    ALL = "all"
    BANK = "bank"
    BRANCH = "branch"
    PRODUCT = "product"
    DISTRICT = "district"
    MONTH = "month"
    INDUSTRY = "industry"  # A section of GB/T 4754, "" where it was not collected.
    SIZE = "size"  # As statistics tell it, "" where it was not collected.
    TYPE = "type"  # Of the loan.


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
    ASKED = "asked_fen"
    UNSECURED = "unsecured_fen"  # Of what was granted.
    MEAN_RATE = "mean_rate"  # Rates in ppm weighted by yuan granted, over those yuan.
    FIRST_LOAN = "first_loan"
    RENEWED = "renewed"
    PACKAGES = "packages"


FUNNEL_ACTS: Final = ("push", "accept", "contact", "investigate", "offer", "pick", "sign", "pay_out")
FUNNEL: Final = "funnel:"
REFUSED: Final = "refused:"


@dataclass(frozen=True, slots=True)
class Tally:
    """One figure of one group."""

    value: int = 0
    of: int = 0


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
    URGE = "urge"
    COMPLAINT = "complaint"
    RATING = "rating"
    CALL = "call"
    NOTICE = "notice"
    MESSAGE = "message"
    AUDIT = "audit"
    FLAG = "flag"


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
