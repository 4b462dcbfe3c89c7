"""What a replay reads of calendars: which days are worked, and by which version a promise was counted when. Pure.

A reader of its own for the whole shape of the document, days alone: hours say only whether a day is worked at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

DAY: Final = timedelta(days=1)
WEEKEND: Final = frozenset({5, 6})  # As `date.weekday` counts.
NATIONAL: Final = "cn"
_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Begun:
    """A promise that began at `at`, as far as it says by whose days it is counted. `calendar` is its policy's word;
    `ids`: the suborders that it was about, the one that it came from too; `branch` is where it began."""

    code: str
    calendar: str
    branch: str
    ids: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days that are worked: all but the closed weekdays and the days off, and the make-up days besides."""

    days_off: frozenset[date]
    make_up_days: frozenset[date]
    closed: frozenset[int] = WEEKEND

    def is_workday(self, day: date) -> bool:
        if day in self.make_up_days:
            return True
        return day not in self.days_off and day.weekday() not in self.closed

    @property
    def national(self) -> Self:
        """The days in which figures are told."""
        return self

    def of(self, _begun: Begun, _as_of: datetime) -> Self:
        """By what a promise is counted: where there is one calendar, by that."""
        return self


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a calendar, of `known_at` on (always where it is None)."""

    key: str
    version: int
    valid_from: date
    valid_to: date | None
    known_at: datetime | None
    body: Mapping[str, Any]

    def holds(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Counted:
    """A promise about a suborder was counted again at `at`: from then on by this version, and of what it inherits."""

    at: datetime
    key: str
    version: int
    base_version: int


@dataclass(frozen=True, slots=True)
class Calendars:
    """Every calendar with its versions, the oldest first, and what was counted again, by suborder and promise."""

    editions: Mapping[str, Sequence[Edition]]
    again: Mapping[tuple[UUID, str], Sequence[Counted]]
    read: dict[tuple[str, int, int], Calendar] = field(default_factory=dict)

    @property
    def national(self) -> Calendar:
        """The State Council's newest days: figures in days are told in these, whatever a promise counts by."""
        return self._calendar(NATIONAL, self.editions[NATIONAL][-1].version, 0)

    def of(self, begun: Begun, as_of: datetime) -> Calendar:
        """By what a promise was counted as of an instant: what was known when it began, and was counted again since."""
        later = [
            one
            for suborder_id in begun.ids
            for one in self.again.get((suborder_id, begun.code), ())
            if begun.at <= one.at <= as_of
        ]
        if later:
            last = max(later, key=lambda one: one.at)
            return self._calendar(last.key, last.version, last.base_version)
        key = self._key(begun)
        edition = self._known(key, begun.at)
        assert edition is not None, f"there was a calendar {key}"
        base_key = edition.body.get("inherits")
        base = None if base_key is None else self._known(str(base_key), begun.at)
        return self._calendar(key, edition.version, 0 if base is None else base.version)

    def _key(self, begun: Begun) -> str:
        if begun.calendar == "branch":
            own = f"branch/{begun.branch}"
            return NATIONAL if self._known(own, begun.at) is None else own
        return NATIONAL if begun.calendar == "national" else begun.calendar

    def _known(self, key: str, at: datetime) -> Edition | None:
        valid = [one for one in self.editions.get(key, ()) if one.holds((at + timedelta(hours=8)).date())]
        known = [one for one in valid if one.known_at is None or one.known_at <= at]
        return known[-1] if known else None

    def _calendar(self, key: str, version: int, base_version: int) -> Calendar:
        place = key, version, base_version
        if place not in self.read:
            body = next(one.body for one in self.editions[key] if one.version == version)
            base_key = body.get("inherits")
            base = None if base_key is None else self._calendar(str(base_key), base_version, 0)
            self.read[place] = read_calendar(body, base)
        return self.read[place]


def read_calendar(body: Mapping[str, Any], base: Calendar | None = None) -> Calendar:
    """A calendar document as days; `base` are the days of the one that it inherits."""
    closed = _closed(body, base)
    years = body.get("years", ())
    off = {day for year in years for row in year.get("holidays", ()) for day in _span(row)}
    make_up = {date.fromisoformat(_on(row)) for year in years for row in year.get("make_up", ())}
    if base is not None:
        inherited = {day for day in base.make_up_days if day.weekday() in closed and day not in off}
        off |= base.days_off - make_up
        make_up |= inherited
    for row in body.get("days", ()):
        day = date.fromisoformat(row["on"])
        if not _is_open(row["slots"]):
            off.add(day)
            make_up.discard(day)
            continue
        if day in off or day.weekday() in closed:
            make_up.add(day)
        off.discard(day)
    return Calendar(frozenset(off), frozenset(make_up), closed)


def _closed(body: Mapping[str, Any], base: Calendar | None) -> frozenset[int]:
    if "week" in body:
        worked = {day for name, slots in body["week"].items() if _is_open(slots) for day in _weekdays(name)}
        return frozenset(range(7)) - worked
    if "weekend" in body:
        return frozenset(day for name in body["weekend"] for day in _weekdays(str(name)))
    return WEEKEND if base is None else base.closed


def _weekdays(name: str) -> Iterator[int]:
    first, _dash, last = name.strip().lower().partition("-")
    yield from range(_weekday(first), _weekday(last or first) + 1)


def _weekday(name: str) -> int:
    return int(name) - 1 if name.strip().isdigit() else _NAMES.index(name.strip()[:3])


def _span(row: str | Mapping[str, str]) -> Iterator[date]:
    if isinstance(row, str):
        yield date.fromisoformat(row)
        return
    day = date.fromisoformat(row["on"] if "on" in row else row["from"])
    last = date.fromisoformat(row["to"]) if "to" in row else day
    while day <= last:
        yield day
        day += DAY


def _on(row: str | Mapping[str, str]) -> str:
    return row if isinstance(row, str) else row["on"]


def _is_open(slots: object) -> bool:
    return bool(slots) and slots != "closed"
