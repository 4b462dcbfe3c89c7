"""The regulator's morning: broken promises that are still open, what changed overnight, what waits for an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record
from app.kernel.clock import SHANGHAI, shanghai_date
from app.kernel.workdays import Calendar, is_workday, workdays_between
from app.market.supervision import service
from app.market.supervision.store import morning as store_morning
from app.office import clocks

OVERNIGHT: Final[Mapping[str, tuple[str, ...]]] = {
    "breach": ("breach",),
    "refuse": ("refuse",),
    "lapse": ("lapse",),
    "withdraw": ("withdraw", "revoke"),
}


@dataclass(frozen=True, slots=True)
class Red:
    """Open broken promises of one bank and one kind. `days` are workdays since the oldest deadline."""

    bank_id: UUID
    kind: str
    cases: int
    oldest_at: datetime
    days: int

    @property
    def oldest_on(self) -> date:
        """The oldest deadline is this day's 24:00."""
        return due_on(self.oldest_at)


@dataclass(frozen=True, slots=True)
class Changed:
    """What happened so often since the evening; `causes` are (kind of clock, count) where one has a cause."""

    what: str
    cases: int
    causes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Morning:
    since: datetime
    red: tuple[Red, ...]
    changed: tuple[Changed, ...]
    freezes: Sequence[Record]
    failed: Sequence[Record]
    dead: Sequence[Record]
    waiting: Sequence[Record]
    provisional: int
    provisional_first_on: date | None

    @property
    def red_cases(self) -> int:
        return sum(one.cases for one in self.red)


@dataclass(frozen=True, slots=True)
class Line:
    """A case on a list of the morning. `what` is the kind of clock, if there is one; `place` begins the next page."""

    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    state: str
    amount_fen: int
    what: str
    at: datetime
    days: int
    place: tuple[str, str | int]

    @property
    def due_on(self) -> date:
        """The day at whose 24:00 `at` is, when `at` is a deadline."""
        return due_on(self.at)


def due_on(due_at: datetime) -> date:
    """
    >>> from datetime import UTC
    >>> due_on(datetime(2025, 10, 11, 16, tzinfo=UTC))
    datetime.date(2025, 10, 11)
    """
    return shanghai_date(due_at - timedelta(microseconds=1))


def evening_before(calendar: Calendar, today: date, evening: time) -> datetime:
    """The evening of the last workday before `today`."""
    day = today - timedelta(days=1)
    while not is_workday(calendar, day):
        day -= timedelta(days=1)
    return datetime.combine(day, evening, SHANGHAI)


async def read_since(tx: ReadTx) -> datetime:
    """From when on something is overnight."""
    today = shanghai_date(tx.now)
    _version, calendar = await clocks.calendar_on(tx, today)
    return evening_before(calendar, today, (await service.read_norms(tx, today)).evening)


async def read_morning(tx: ReadTx) -> Morning:
    """The whole of the page, as of now."""
    since, now = await read_since(tx), tx.now
    _version, calendar = await clocks.calendar_on(tx, shanghai_date(now))
    provisional = await store_morning.read_provisional(tx)
    red = [
        Red(row["bank_id"], row["kind"], row["cases"], row["oldest_at"], _late(calendar, row["oldest_at"], now))
        for row in await store_morning.read_red(tx, now)
    ]
    acts = [act for acts in OVERNIGHT.values() for act in acts]
    moved = await store_morning.read_moved(tx, since, now, acts)
    return Morning(
        since=since,
        red=tuple(sorted(red, key=lambda one: (one.oldest_at, one.kind))),
        changed=tuple(_changed(what, moved) for what in OVERNIGHT),
        freezes=await store_morning.read_freezes(tx, since, now),
        failed=await store_morning.read_failed(tx, since, now),
        dead=await store_morning.read_dead(tx, since, now),
        waiting=await store_morning.read_waiting(tx, tx.org_id, now),
        provisional=provisional["clocks"],
        provisional_first_on=provisional["first_on"],
    )


async def find_red(
    tx: ReadTx, bank_id: UUID | None, kind: str, *, after: tuple[datetime, UUID] | None, limit: int
) -> tuple[Line, ...]:
    """The cases behind a red figure, the longest overdue first."""
    _version, calendar = await clocks.calendar_on(tx, shanghai_date(tx.now))
    found = await store_morning.read_red_cases(tx, tx.now, bank_id, kind, after, limit)
    return tuple(
        _line(row, _late(calendar, row["at"], tx.now), (row["at"].isoformat(), str(row["suborder_id"])))
        for row in found
    )


async def find_changed(
    tx: ReadTx, what: str, cause: str, *, since: datetime, after: tuple[datetime, int] | None, limit: int
) -> tuple[Line, ...]:
    """The cases behind a figure of the night, the newest first."""
    found = await store_morning.read_moved_cases(tx, since, tx.now, list(OVERNIGHT[what]), cause, after, limit)
    return tuple(_line(row, 0, (row["at"].isoformat(), row["seq"])) for row in found)


def _changed(what: str, moved: Sequence[Record]) -> Changed:
    own = [row for row in moved if row["act"] in OVERNIGHT[what]]
    causes = tuple((row["cause"], row["cases"]) for row in own if row["cause"])
    return Changed(what, sum(row["cases"] for row in own), causes)


def _late(calendar: Calendar, due_at: datetime, now: datetime) -> int:
    """Workdays that have begun since the deadline: a deadline is the 00:00 after its last day."""
    last = due_on(due_at)
    return workdays_between(calendar, last, max(last, shanghai_date(now)))


def _line(row: Record, days: int, place: tuple[str, str | int]) -> Line:
    return Line(
        row["suborder_id"], row["bank_id"], row["branch_id"], row["product_id"], row["state"], row["amount_fen"],
        row["what"], row["at"], days, place,
    )  # fmt: skip
