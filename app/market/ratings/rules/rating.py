"""What a firm may rate, how long it may change its mind, and when somebody must follow it up. Pure.

A rating is never hidden and never taken back: a change is another mark beside the first. Whoever was rated badly once
is followed up, whatever the stars become.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

STARS: Final = (1, 2, 3, 4, 5)


class About(StrEnum):
    """What was rated: a refusal, or the service up to any other end."""

    REFUSED = "refused"
    ENDED = "ended"


class Why(StrEnum):
    """Why a rating or a follow-up is refused; judged in this order."""

    NOT_ENDED = "not_ended"
    TOO_LATE = "too_late"
    FIXED = "fixed"
    STARS = "stars"
    TAGS = "tags"
    CLOSED = "closed"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Marks:
    """The dated rules. `bad_max`: up to so many stars are bad; `states`: what a suborder that may be rated has come to,
    and what is rated then; `tags`: code → whether it fits good or bad ones."""

    bad_max: int
    good_min: int
    change_days: int
    open_days: int
    words_min: int
    states: Mapping[str, About]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """`first_at` is when it was rated first, None for never; `ended_at` when its suborder came to the state."""

    state: str
    ended_at: datetime | None
    changeable_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    code: str
    why: Why


def judge_rating(given: Given, stars: int, tags: Sequence[str], marks: Marks, now: datetime) -> About | Refused:
    """May the firm give these stars now?"""
    about = marks.states.get(given.state)
    if about is None or given.ended_at is None:
        return Refused("wrong-state", Why.NOT_ENDED)
    if given.changeable_until is None and now >= given.ended_at + timedelta(days=marks.open_days):
        return Refused("wrong-state", Why.TOO_LATE)
    if given.changeable_until is not None and now >= given.changeable_until:
        return Refused("wrong-state", Why.FIXED)
    if stars not in STARS:
        return Refused("malformed-field", Why.STARS)
    if len(set(tags)) < len(tags) or any(tag not in marks.tags for tag in tags):
        return Refused("malformed-field", Why.TAGS)
    return about


def needs_follow_up(worst: int, marks: Marks) -> bool:
    """Whether somebody must follow it up: by the worst stars it ever had."""
    return worst <= marks.bad_max


def judge_closure(closed_at: datetime | None, said: str, marks: Marks) -> Refused | None:
    """May a work order be closed with these words?"""
    if closed_at is not None:
        return Refused("wrong-state", Why.CLOSED)
    if sum(1 for one in said if one.isalnum()) < marks.words_min:
        return Refused("reason-empty", Why.WORDS)
    return None
