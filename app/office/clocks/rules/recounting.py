"""What a new version of the calendar does to a deadline that is still open. Pure.

The new version holds for every clock that runs. A deadline that it moves back moves back. One that it brings forward
comes forward only if whoever is bound by it still has the whole of the next workday: earlier than that, nobody could
have known, so the deadline stands as it was told and the clock stays with the version it was counted by.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from app.kernel.workdays import Calendar, add_workdays, due_at
from app.office.clocks.rules.deadlines import due
from app.office.clocks.rules.terms import Clock, Due, day_of


class Outcome(StrEnum):
    MOVED = "moved"
    CONFIRMED = "confirmed"  # Where it was, and from now on on announced days (or the other way round).
    KEPT = "kept"  # The new version would bring it forward at too short notice.
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Recount:
    """One deadline counted again at `at`, old to new. `counted_on` differs from `due_on` only where it was kept."""

    clock_id: UUID
    case_id: UUID
    kind: str
    at: datetime
    outcome: str
    from_version: int
    to_version: int
    old_due_on: date
    due_on: date
    was_provisional: bool
    is_provisional: bool
    counted_on: date


@dataclass(frozen=True, slots=True)
class Recounted:
    """`due` holds from now on; `counted` is what the new version alone would give."""

    outcome: Outcome
    due: Due
    counted: Due


def recounted(clock: Clock, calendar: Calendar, before: Due, now: datetime) -> Recounted:
    """The deadline of a running clock, `before` as it stands and later than `now`, by a new version of the calendar."""
    counted = due(clock, calendar)
    assert counted is not None, "a running clock has no open pause"
    if counted.due_at == before.due_at:
        outcome = Outcome.SAME if counted.provisional == before.provisional else Outcome.CONFIRMED
        return Recounted(outcome, counted, counted)
    if counted.due_at < before.due_at and counted.due_at < notice_until(calendar, now):
        return Recounted(Outcome.KEPT, before, counted)
    return Recounted(Outcome.MOVED, counted, counted)


def notice_until(calendar: Calendar, now: datetime) -> datetime:
    """The end of the next workday: no deadline is brought forward to before it."""
    return due_at(add_workdays(calendar, day_of(now, calendar), 1).due_on, calendar.tz)
