"""A scorecard: a group's figures of a month beside those of the city, of its like, and of the months before. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final

from app.market.supervision.rules import PPM, Tally

WORKDAYS: Final = "workdays_to_decision"
WORKDAYS_MEDIAN: Final = "workdays_to_decision_median_x2"
SECONDS: Final = "contact_seconds"
SECONDS_MEDIAN: Final = "contact_seconds_median_x2"
Months = Mapping[date, Mapping[str, Tally]]


@dataclass(frozen=True, slots=True)
class CardLine:
    """One figure: of the month, of the whole city, the median of the groups of its kind, and month by month.

    `like` is over `likes` groups that have cases enough; None where there are fewer than two.
    """

    figure: str
    own: Tally
    city: Tally | None
    like: Tally | None
    likes: int
    months: tuple[Tally, ...]

    @property
    def before(self) -> Tally | None:
        """The month before, where it has the figure."""
        found = self.months[-2] if len(self.months) > 1 else Tally()
        return found if found != Tally() else None


Buckets = Mapping[tuple[date, str], Mapping[int, int]]


def by_month(rows: Iterable[tuple[date, str, int, int, int]]) -> tuple[Months, Buckets]:
    """Rows of (month, figure, bucket, value, of) as tallies, with the median of the workdays to a decision; and how
    many cases lie in each bucket of what a median is told of.

    >>> march = date(2026, 3, 1)
    >>> by_month([(march, WORKDAYS, 2, 4, 2), (march, WORKDAYS, 9, 9, 1)])[0][march][WORKDAYS_MEDIAN]
    Tally(value=4, of=3)
    """
    found: dict[date, dict[str, Tally]] = {}
    counted: dict[tuple[date, str], dict[int, int]] = {}
    for month, figure, bucket, value, of in rows:
        own = found.setdefault(month, {})
        before = own.get(figure, Tally())
        own[figure] = Tally(before.value + value, before.of + of)
        if figure in (WORKDAYS, SECONDS) and of:
            counted.setdefault((month, figure), {})[bucket] = of
    for (month, figure), buckets in counted.items():
        if figure == WORKDAYS:
            twice = sum(bucket for bucket, _nth in middles(buckets))
            found[month][WORKDAYS_MEDIAN] = Tally(twice, sum(buckets.values()))
    return found, counted


def middles(buckets: Mapping[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the two values of the middle lie, of values given by how many are in each bucket: (bucket, place in it).
    With an odd number of values both are the same one.

    >>> middles({3: 1, 1: 1, 2: 1}), middles({4: 1, 1: 1}), middles({0: 1, 5: 4})
    (((2, 1), (2, 1)), ((1, 1), (4, 1)), ((5, 2), (5, 2)))
    """
    total = sum(buckets.values())
    return _place(buckets, (total + 1) // 2), _place(buckets, (total + 2) // 2)


def _place(buckets: Mapping[int, int], rank: int) -> tuple[int, int]:
    upto = accumulate(buckets[bucket] for bucket in sorted(buckets))
    return next(
        (bucket, rank - seen + buckets[bucket])
        for bucket, seen in zip(sorted(buckets), upto, strict=True)
        if rank <= seen
    )


def median_of(tallies: Sequence[Tally], *, ratio: bool, small: int) -> tuple[Tally | None, int]:
    """(the median group's figure, of how many groups). A ratio counts groups with `small` cases and more, a sum all.

    >>> median_of([Tally(9, 10), Tally(5, 10), Tally(1, 1)], ratio=True, small=10)
    (Tally(value=700000, of=1000000), 2)
    >>> median_of([Tally(9, 10)], ratio=True, small=10)
    (None, 1)
    """
    enough = [one for one in tallies if not ratio or (one.of >= small and one.of > 0)]
    if len(enough) < 2:
        return None, len(enough)
    values = sorted(one.value * PPM // one.of if ratio else one.value for one in enough)
    middle = len(values) // 2
    value = values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) // 2
    return Tally(value, PPM if ratio else 1), len(enough)
