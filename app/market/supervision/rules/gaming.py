"""Which branches stand out by conduct that could game the promises: robust against peers, careful with few cases. Pure.

Every measure is a share that is the more suspicious the higher it is; what each counts stands in `MEASURES`. A branch
stands out when it has enough cases, its share is at least the floor, the low end of its interval lies above the share
of all other branches together, and it lies so many robust deviations above the median branch. That interval is wider
than the 95 % that are shown, since many branches are compared at once: of a thousand honest ones 25 would lie above it.
Nothing is ranked below the least number of cases, and nothing stands out where there are too few branches to compare.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import median
from typing import Any, Final
from uuid import UUID

from app.kernel.shares import PPM, Z_95, share

NORMAL: Final = 1.4826  # Makes the median absolute deviation comparable to a standard deviation.


class Measure(StrEnum):
    """A share of facts (`gaming_facts`): value over whole, told by the day on which the act was done.

    PAUSED: workdays on which DECISION stood still / workdays between acceptance and the case leaving the branch's work.
    LAST_TENTH: offers and refusals from the red rung on and before the deadline / offers and refusals before it.
    AFTER_RED: promises kept only from the red rung on, in time or late / promises kept (answer, contact, decision,
    signing, first payment).
    REOPENED: decisions undone afterwards (offer retracted, case moved to another branch, appeal upheld) / decisions.
    COPIED: refusals whose words are nearly those the branch wrote to another firm before / refusals.
    PICKED: the accept rate of firms graded A or B less that of firms graded C or D; compared with the city's own gap.
    DENIED: contacts of which the firm says that they never were / contacts.
    HIDDEN: withdrawals at work shortly before the deadline, or that the firm says a bank caused / cases that left by
    offer, refusal or withdrawal.
    """

    PAUSED = "paused"
    LAST_TENTH = "last_tenth"
    AFTER_RED = "after_red"
    REOPENED = "reopened"
    COPIED = "copied"
    PICKED = "picked"
    DENIED = "denied"
    HIDDEN = "hidden"


AB, CD = "accept_ab", "accept_cd"
PARTS: Final[Mapping[Measure, tuple[str, ...]]] = {
    **{one: (one.value,) for one in Measure},
    Measure.PICKED: (AB, CD),
}


@dataclass(frozen=True, slots=True)
class Sums:
    """Facts of one branch added up; squares are sums of value², value × whole and whole²."""

    cases: int = 0
    value: int = 0
    whole: int = 0
    value_square: int = 0
    value_whole: int = 0
    whole_square: int = 0

    def plus(self, other: "Sums") -> "Sums":
        return Sums(
            self.cases + other.cases, self.value + other.value, self.whole + other.whole,
            self.value_square + other.value_square, self.value_whole + other.value_whole,
            self.whole_square + other.whole_square,
        )  # fmt: skip


OfBranch = Mapping[str, Sums]  # By part of a measure.


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share, or a gap of two, in ppm with its 95 % interval; None where there is nothing to take a share of."""

    value: int
    whole: int
    cases: int
    ppm: int | None
    low_ppm: int | None
    high_ppm: int | None


@dataclass(frozen=True, slots=True)
class Norm:
    """`least`: below so many cases nothing is ranked. `floor_ppm`: what is less is no matter. `spread_ppm`: branches
    that are closer together than this count as this far apart."""

    least: int
    floor_ppm: int
    spread_ppm: int


@dataclass(frozen=True, slots=True)
class PanelNorms:
    """`days`: how far the panel looks back. `peers`: so many branches with enough cases are needed to compare.
    `sure_hundredths`: how wide the interval is by which a branch is named, in standard deviations."""

    days: int
    peers: int
    z_tenths: int
    measures: Mapping[Measure, Norm]
    sure_hundredths: int = 196


@dataclass(frozen=True, slots=True)
class BadPanel:
    """Why a policy body is not understood, in one line."""

    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One branch. `others` is the share of all other branches together; `z_tenths` is None where it is not compared."""

    branch_id: UUID
    bank_id: UUID
    estimate: Estimate
    others: Estimate
    is_small: bool
    z_tenths: int | None
    stands_out: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A measure over all branches: who stands out first, then by share; those with few cases behind, unranked."""

    measure: Measure
    norm: Norm
    city: Estimate
    median_ppm: int | None
    lines: tuple[Line, ...]

    @property
    def out(self) -> tuple[Line, ...]:
        return tuple(one for one in self.lines if one.stands_out)

    @property
    def ranked(self) -> tuple[Line, ...]:
        return tuple(one for one in self.lines if not one.is_small)


def parse_panel(body: Mapping[str, Any]) -> PanelNorms | BadPanel:
    """
    >>> parse_panel({"days": 92})
    BadPanel(why='not readable: KeyError')
    """
    try:
        norms = {
            one: Norm(*(int(body["measures"][one.value][name]) for name in ("least", "floor_ppm", "spread_ppm")))
            for one in Measure
        }
        sure = int(body.get("sure_hundredths", 196))
        panel = PanelNorms(int(body["days"]), int(body["peers"]), int(body["z_tenths"]), norms, sure)
    except (KeyError, TypeError, ValueError) as problem:
        return BadPanel(f"not readable: {type(problem).__name__}")
    good = panel.days >= 1 and panel.peers >= 2 and panel.z_tenths >= 1 and panel.sure_hundredths >= 1
    if not good or any(one.least < 1 or one.spread_ppm < 1 or not 0 < one.floor_ppm <= PPM for one in norms.values()):
        return BadPanel("days, least, spread and z at least 1, peers at least 2, floors in 1 … 1 000 000")
    return panel


def total(rows: Iterable[OfBranch]) -> OfBranch:
    """Facts of several branches added up, part by part."""
    found: dict[str, Sums] = {}
    for parts in rows:
        for name, sums in parts.items():
            found[name] = found.get(name, Sums()).plus(sums)
    return found


def estimate(measure: Measure, parts: OfBranch, z: float = Z_95) -> Estimate:
    """The share of a measure with its interval, `z` standard deviations wide on each side.

    Counted cases: Wilson. Shares of days: one case's days hang together, so the interval is that of a ratio of sums
    over cases. Gaps: Newcombe's, out of the two shares' own.

    >>> estimate(Measure.DENIED, {"denied": Sums(10, 9, 10, 9, 9, 10)})
    Estimate(value=9, whole=10, cases=10, ppm=900000, low_ppm=595850, high_ppm=982124)
    """
    if measure is Measure.PICKED:
        return _gap(parts.get(AB, Sums()), parts.get(CD, Sums()), z)
    sums = parts.get(measure.value, Sums())
    if measure is Measure.PAUSED:
        return _ratio(sums, z)
    found = share(sums.value, sums.whole, z)
    return Estimate(sums.value, sums.whole, sums.cases, found.ppm, found.low_ppm, found.high_ppm)


def _ratio(sums: Sums, z: float) -> Estimate:
    if sums.whole == 0:
        return Estimate(0, 0, sums.cases, None, None, None)
    ratio = sums.value / sums.whole
    spread = sums.value_square - 2 * ratio * sums.value_whole + ratio * ratio * sums.whole_square
    more = sums.cases / (sums.cases - 1) if sums.cases > 1 else 0.0
    reach = z * sqrt(max(0.0, spread) * more) / sums.whole if sums.cases > 1 else 1.0
    low, high = max(0.0, ratio - reach), min(1.0, ratio + reach)
    return Estimate(
        sums.value, sums.whole, sums.cases, sums.value * PPM // sums.whole, round(low * PPM), round(high * PPM)
    )


def _gap(ab: Sums, cd: Sums, z: float) -> Estimate:
    one, two = share(ab.value, ab.whole, z), share(cd.value, cd.whole, z)
    cases = 2 * min(ab.cases, cd.cases)  # As good as the smaller of the two.
    if one.ppm is None or two.ppm is None:
        return Estimate(ab.value, ab.whole, cases, None, None, None)
    first, second = ab.value / ab.whole, cd.value / cd.whole
    lows, highs = (one.low_ppm or 0, two.low_ppm or 0), (one.high_ppm or 0, two.high_ppm or 0)
    down = sqrt((first - lows[0] / PPM) ** 2 + (highs[1] / PPM - second) ** 2)
    up = sqrt((highs[0] / PPM - first) ** 2 + (second - lows[1] / PPM) ** 2)
    gap = first - second
    low, high = max(-1.0, gap - down), min(1.0, gap + up)
    return Estimate(ab.value, ab.whole, cases, round(gap * PPM), round(low * PPM), round(high * PPM))


def compare(measure: Measure, branches: Mapping[tuple[UUID, UUID], OfBranch], panel: PanelNorms) -> Compared:
    """Every branch (bank, branch) against all others."""
    norm, city = panel.measures[measure], total(branches.values())
    found = {key: estimate(measure, parts) for key, parts in branches.items()}
    known = {key: one for key, one in found.items() if one.ppm is not None}
    enough = [one.ppm for one in known.values() if one.cases >= norm.least and one.ppm is not None]
    middle, deviation = _middle(enough, norm) if len(enough) >= panel.peers else (None, 1.0)
    lines = []
    for key, one in known.items():
        others = estimate(measure, _less(city, branches[key]))
        small = one.cases < norm.least
        z = None if small or middle is None or one.ppm is None else round(10 * (one.ppm - middle) / deviation)
        surely = estimate(measure, branches[key], panel.sure_hundredths / 100)
        lines.append(Line(key[1], key[0], one, others, small, z, _stands_out(surely, others, norm, z, panel)))
    return Compared(
        measure, norm, estimate(measure, city), None if middle is None else round(middle), tuple(_in_order(lines))
    )


def _middle(shares: Sequence[int], norm: Norm) -> tuple[float, float]:
    """The median share, and the robust deviation around it."""
    middle = median(shares)
    return middle, max(float(norm.spread_ppm), NORMAL * median(abs(one - middle) for one in shares))


def _less(city: OfBranch, own: OfBranch) -> OfBranch:
    return {
        name: Sums(*(getattr(sums, field) - getattr(own.get(name, Sums()), field) for field in Sums.__slots__))
        for name, sums in city.items()
    }


def _stands_out(one: Estimate, others: Estimate, norm: Norm, z: int | None, panel: PanelNorms) -> bool:
    if z is None or one.ppm is None or one.low_ppm is None or others.ppm is None:
        return False
    return one.ppm >= norm.floor_ppm and one.low_ppm > others.ppm and z >= panel.z_tenths


def _in_order(lines: Sequence[Line]) -> list[Line]:
    by_id = sorted(lines, key=lambda one: str(one.branch_id))
    return sorted(by_id, key=lambda one: (one.is_small, not one.stands_out, -(one.estimate.ppm or 0)))
