"""A bank's branches as its head office compares them: what is red first, then how the promise was kept. Pure.

What is few and what is aimed at are the norms of the regulator's league, so that both see the same mark.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from app.market.supervision.rules import Figure, Share, Tally, share

DECIDED: Final = Figure.DECIDED_IN_TIME.value
UNPROVED: Final = Figure.REFUSED_WITHOUT_EVIDENCE.value
FIGURES: Final = (DECIDED, UNPROVED)
SORTS: Final = ("red", "name", "open", "late", "today", "decided", "refused")
Sort = tuple[str, bool]  # A column of SORTS, and whether it falls.


@dataclass(frozen=True, slots=True)
class Work:
    """What a branch has in hand: suborders, those with a broken promise, those due today."""

    open: int = 0
    late: int = 0
    today: int = 0


@dataclass(frozen=True, slots=True)
class BranchLine:
    """One branch. `months` are its shares by month, as many as the picture shows, the oldest first.

    `refused` of which `unproved` without valid evidence.
    """

    branch_id: UUID
    name: str
    work: Work
    decided: Share
    is_small: bool
    refused: int
    unproved: int
    months: tuple[Share, ...]


def months_until(on: date, count: int) -> tuple[date, ...]:
    """The first days of so many months, the last that of `on`.

    >>> [day.isoformat() for day in months_until(date(2026, 2, 14), 3)]
    ['2025-12-01', '2026-01-01', '2026-02-01']
    """
    serial = on.year * 12 + on.month - count
    return tuple(date(at // 12, at % 12 + 1, 1) for at in range(serial, serial + count))


def by_branch(
    rows: Iterable[tuple[UUID, date, str, int, int]], months: Sequence[date]
) -> Mapping[UUID, Mapping[tuple[date, str], Tally]]:
    """Rows of (branch, month, figure, value, of) as tallies of each branch; months that are not shown are left out."""
    found: dict[UUID, dict[tuple[date, str], Tally]] = {}
    for branch_id, month, figure, value, of in rows:
        if month in months:
            found.setdefault(branch_id, {})[month, figure] = Tally(value, of)
    return found


def line(
    branch_id: UUID, name: str, work: Work, tallies: Mapping[tuple[date, str], Tally], months: Sequence[date],
    small: int,
) -> BranchLine:  # fmt: skip
    """A branch over these months."""
    decided = [tallies.get((month, DECIDED), Tally()) for month in months]
    refused = [tallies.get((month, UNPROVED), Tally()) for month in months]
    whole = share(sum(one.value for one in decided), sum(one.of for one in decided))
    return BranchLine(
        branch_id, name, work, whole, whole.is_small(small), sum(one.of for one in refused),
        sum(one.value for one in refused), tuple(share(one.value, one.of) for one in decided),
    )  # fmt: skip


def whole_bank(lines: Sequence[BranchLine], months: Sequence[date]) -> tuple[Share, ...]:
    """The shares of all branches together, month by month."""
    return tuple(
        share(sum(one.months[n].value for one in lines), sum(one.months[n].of for one in lines))
        for n in range(len(months))
    )


def arranged(lines: Iterable[BranchLine], sort: Sort) -> list[BranchLine]:
    """In an order of SORTS. `red`: most red first, then most due today, then most in hand. Whoever has too few cases
    stands behind the others and is not ranked by the share."""
    column, falls = sort
    by_name = sorted(lines, key=lambda one: (one.name, str(one.branch_id)))
    if column == "red":
        return sorted(by_name, key=lambda one: (-one.work.late, -one.work.today, -one.work.open))
    if column == "name":
        return by_name[::-1] if falls else by_name
    if column == "decided":
        enough = [one for one in by_name if not one.is_small]
        ranked = sorted(enough, key=lambda one: one.decided.ppm or 0, reverse=falls)
        return ranked + [one for one in by_name if one.is_small]
    counts = {
        one.branch_id: {
            "open": one.work.open, "late": one.work.late, "today": one.work.today, "refused": one.refused,
        }[column]
        for one in by_name
    }  # fmt: skip
    return sorted(by_name, key=lambda one: counts[one.branch_id], reverse=falls)
