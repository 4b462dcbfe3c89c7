"""The score of a provider: a month of its files beside the month before."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.credit.ingestion.rules import Fault
from app.credit.ingestion.store import quarantine as store
from app.infra.db import ReadTx
from app.kernel.clock import SHANGHAI

CAUSES_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Month:
    """What came in during a month. `age_days`: how old the data were when they came (median of `dated` files)."""

    begins_on: date
    files: int
    refused: int
    rows: int
    accepted: int
    normalised: int
    quarantined: int
    dated: int
    age_days: int | None
    last_at: datetime | None

    @property
    def plain(self) -> int:
        """Rows taken as they were."""
        return self.accepted - self.normalised

    def share_ppm(self, part: int) -> int:
        """A share of the rows read, in millionths; 0 where there are none."""
        return part * 1_000_000 // self.rows if self.rows else 0


@dataclass(frozen=True, slots=True)
class Score:
    now: Month
    before: Month
    causes: list[tuple[Fault, int, int]]  # The cause, its rows this month and the month before.


def month_before(begins_on: date) -> date:
    """
    >>> month_before(date(2026, 1, 1)), month_before(date(2026, 12, 1))
    (datetime.date(2025, 12, 1), datetime.date(2026, 11, 1))
    """
    return date(begins_on.year - (begins_on.month == 1), (begins_on.month - 2) % 12 + 1, 1)


def month_after(begins_on: date) -> date:
    """
    >>> month_after(date(2025, 12, 1))
    datetime.date(2026, 1, 1)
    """
    return date(begins_on.year + begins_on.month // 12, begins_on.month % 12 + 1, 1)


async def score(tx: ReadTx, begins_on: date, provider_id: UUID | None) -> Score:
    """A month (by its first day) and the one before; of one provider, or of all that the caller may see."""
    first, before, after = begins_on, month_before(begins_on), month_after(begins_on)
    rows = await store.read_score_causes(
        tx, _begin(before), _begin(first), _begin(after), provider_id, CAUSES_SHOWN
    )  # fmt: skip
    return Score(
        await _month(tx, first, after, provider_id),
        await _month(tx, before, first, provider_id),
        [(Fault(row["code"]), row["now"], row["before"]) for row in rows],
    )


async def _month(tx: ReadTx, begins_on: date, ends_on: date, provider_id: UUID | None) -> Month:
    row = await store.read_score(tx, _begin(begins_on), _begin(ends_on), provider_id)
    return Month(begins_on, **dict(row))


def _begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
