"""What a change of a promise may be. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

UNITS: Final = ("workdays", "calendar_days", "months", "minutes", "working_minutes")
TOLD: Final = ("branch", "head_office", "customer_service", "supervisor", "firm")
NAMED_BY_THE_ACT: Final = "until"  # The unit of a clock whose last day the act itself names.


class Fault(StrEnum):
    """Why a change is none."""

    TOO_SOON = "too_soon"  # Not after today.
    BEFORE_NEWEST = "before_newest"  # A newer version would begin later and hide it, or be hidden.
    NOTHING_NEW = "nothing_new"
    LIMIT_OF_THE_ACT = "limit_of_the_act"  # The act names this limit; the rule has none to change.
    NO_LIMIT = "no_limit"  # A limit of nothing would be over before it begins.
    RUNGS = "rungs"  # Two rungs of one share, or a rung that tells nobody.


@dataclass(frozen=True, slots=True)
class Rung:
    """At this share of the counted time, in percent, these are told."""

    share: int
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A promise as it shall be from a day on. `count` in units of `unit`; `pause_cap` in workdays."""

    valid_from: date
    unit: str
    count: int
    pause_cap: int
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a promise: its number, first and last day, and its whole body."""

    number: int
    valid_from: date
    valid_to: date | None
    body: Mapping[str, Any]


def act_names_limit(body: Mapping[str, Any]) -> bool:
    """Whether the limit is not the rule's: an offer's validity, the last day of a contract's draws."""
    return bool(body["unit"] == NAMED_BY_THE_ACT or body["count"] == 0)


def body_of(change: Change, newest: Mapping[str, Any]) -> dict[str, Any]:
    """The newest body with what the change says; all other words of it stay."""
    rungs = [{"share": one.share, "told": list(one.told)} for one in sorted(change.rungs, key=lambda one: one.share)]
    return dict(newest) | {
        "unit": change.unit, "count": change.count, "pause_cap": change.pause_cap, "rungs": rungs
    }  # fmt: skip


def judge(change: Change, versions: Sequence[Version], today: date) -> Fault | None:
    """Whether a promise with these versions, oldest first, may become so; None when it may."""
    newest = versions[-1]
    if change.valid_from <= today:
        return Fault.TOO_SOON
    if change.valid_from < newest.valid_from:
        return Fault.BEFORE_NEWEST
    named = act_names_limit(newest.body)
    if named and (change.unit, change.count) != (newest.body["unit"], newest.body["count"]):
        return Fault.LIMIT_OF_THE_ACT
    if not named and change.count == 0:
        return Fault.NO_LIMIT
    shares = [one.share for one in change.rungs]
    if len(set(shares)) < len(shares) or not all(one.told for one in change.rungs):
        return Fault.RUNGS
    if body_of(change, newest.body) == dict(newest.body):
        return Fault.NOTHING_NEW
    return None
