"""What a picture of figures says, as a verdict with its numbers; pages put it into words. Pure.

Nothing is said of few cases but that they are few, and no difference is called one while the intervals overlap.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.market.supervision.rules import Reason, Share, Step


class Turn(StrEnum):
    """How the last month compares with the one before."""

    NOTHING = "nothing"  # No month has a case.
    FEW = "few"  # The last month has too few to say a share of.
    ALONE = "alone"  # Nothing to compare with: no month before, or one of few cases.
    SAME = "same"
    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class MonthFound:
    """The last month that has cases. `points` are tenths of a percentage point against `before`; `is_sure` when the
    two intervals do not meet."""

    turn: Turn
    month: str = ""
    share: Share | None = None
    before: str = ""
    points: int = 0
    is_sure: bool = False


def judge_months(months: Sequence[tuple[str, Share]], least: int) -> MonthFound:
    """`months` are (YYYY-MM, share), the oldest first.

    >>> from app.market.supervision.rules import share
    >>> judge_months([("2025-09", share(80, 100)), ("2025-10", share(98, 100))], 30).points
    180
    """
    told = [(month, one) for month, one in months if one.of]
    if not told:
        return MonthFound(Turn.NOTHING)
    month, last = told[-1]
    if last.is_small(least):
        return MonthFound(Turn.FEW, month, last)
    before = next((one for name, one in months if name == month_before(month)), None)
    if before is None or before.is_small(least):
        return MonthFound(Turn.ALONE, month, last)
    points = tenths(last) - tenths(before)
    apart = _bounds(last)[0] > _bounds(before)[1] or _bounds(before)[0] > _bounds(last)[1]
    turn = Turn.SAME if points == 0 else Turn.HIGHER if points > 0 else Turn.LOWER
    return MonthFound(turn, month, last, month_before(month), abs(points), apart)


def month_before(month: str) -> str:
    """
    >>> month_before("2025-01"), month_before("2025-10")
    ('2024-12', '2025-09')
    """
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def tenths(one: Share) -> int:
    """A share in tenths of a percent, rounded half up; 0 of nothing."""
    return 0 if one.of == 0 else (2000 * one.value + one.of) // (2 * one.of)


def _bounds(one: Share) -> tuple[int, int]:
    return one.low_ppm or 0, one.high_ppm or 0


@dataclass(frozen=True, slots=True)
class FunnelFound:
    """How many were pushed and paid out, and the step before which most were lost; None without a loss."""

    pushed: int
    accepted: int
    paid: int
    worst: tuple[str, str] | None
    lost: int


def judge_funnel(steps: Sequence[Step]) -> FunnelFound:
    """Investigation is left out of the losses: a bank may offer without one."""
    counts = {step.act: step.count for step in steps}
    walked = [step for step in steps if step.act != "investigate"]
    losses = [(before.count - after.count, (before.act, after.act)) for before, after in itertools.pairwise(walked)]
    lost, worst = max(losses, key=lambda one: one[0], default=(0, None))
    worst = worst if lost > 0 else None
    return FunnelFound(counts.get("push", 0), counts.get("accept", 0), counts.get("pay_out", 0), worst, max(lost, 0))


@dataclass(frozen=True, slots=True)
class ReasonsFound:
    count: int
    unproved: int
    top: Reason | None


def judge_reasons(reasons: Sequence[Reason]) -> ReasonsFound:
    """`reasons` with the most frequent first."""
    count, unproved = sum(one.count for one in reasons), sum(one.unproved for one in reasons)
    return ReasonsFound(count, unproved, reasons[0] if reasons else None)


@dataclass(frozen=True, slots=True)
class GroupsFound:
    """Of `groups` so many have cases enough to be compared; `below` are those of them whose share is under the target,
    `surely` those whose whole interval is. `lowest` is the name of the lowest of them."""

    groups: int
    enough: int
    below: int
    surely: int
    lowest: str = ""
    share: Share | None = None


def judge_groups(groups: Sequence[tuple[str, Share]], least: int, target_ppm: int) -> GroupsFound:
    """
    >>> from app.market.supervision.rules import share
    >>> judge_groups([("A", share(50, 100)), ("B", share(1, 2)), ("C", share(99, 100))], 30, 950_000).surely
    1
    """
    enough = [(name, one) for name, one in groups if not one.is_small(least)]
    below = [(name, one) for name, one in enough if (one.ppm or 0) < target_ppm]
    surely = sum(_bounds(one)[1] < target_ppm for _, one in below)
    name, lowest = min(enough, key=lambda pair: (pair[1].ppm or 0, pair[0]), default=("", None))
    return GroupsFound(len(groups), len(enough), len(below), surely, name, lowest)
