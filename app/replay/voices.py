"""What was said and urged, reckoned a second time: complaints, ratings, call-backs, urges. Pure.

From the moves and marks and the limits of the policies alone; each deadline by walking the calendar day by day.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.replay.calendars import DAY, Begun, Calendar, Calendars
from app.replay.moves import china_day
from app.replay.rules import Fact, day_end

OVER: Final = frozenset({"accepted", "closed", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Limit:
    """Until when something is owed to whoever spoke; calendar days end on a workday. Valid from and to are included."""

    count: int
    is_workdays: bool
    version: int
    valid_from: date
    valid_to: date | None
    calendar: str = "national"


Days = Callable[[str, str, datetime], Calendar]  # By whose days a clock counts: its name, its policy's word, its start.


@dataclass(frozen=True, slots=True)
class Terms:
    """The limits by the name of their clock, and from which day on how many stars at most are bad, the newest last."""

    limits: dict[str, tuple[Limit, ...]]
    bad_max: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class Word:
    """One move of a complaint or an urge, one mark of a rating (`stars`), the end of a call-back."""

    at: datetime
    act: str
    to_state: str = ""
    stars: int = 0


@dataclass(frozen=True, slots=True)
class Voice:
    """`places` are the groups that it counts for, without the month; of a bank as a whole there are fewer."""

    voice_id: UUID
    kind: str  # complaint, rating, urge or call
    places: tuple[tuple[str, str], ...]
    words: tuple[Word, ...]


def facts_of(voice: Voice, terms: Terms, calendar: Calendar | Calendars, as_of: datetime) -> Iterator[Fact]:
    """What a voice adds: (figure, the instant by which its month is told, value, of)."""
    branch = dict(voice.places).get("branch", "")

    def days(clock: str, stated: str, start: datetime) -> Calendar:
        return calendar.of(Begun(clock, stated, branch, (voice.voice_id,), start), as_of)

    words = [word for word in voice.words if word.at <= as_of]
    if words:
        yield from READ[voice.kind](words, terms, days, as_of)


def _complaint(words: Sequence[Word], terms: Terms, days: Days, as_of: datetime) -> Iterator[Fact]:
    filed = words[0].at
    yield "complaints", filed, 1, 1
    over = next((word.at for word in words if word.to_state in OVER), None)
    for figure, clock, acts in (
        ("complaint_seen_in_time", "COMPLAINT_ACK", {"acknowledge", "answer"}),
        ("complaint_answered_in_time", "COMPLAINT", {"answer"}),
    ):
        done = next((word.at for word in words if word.act in acts), None)
        yield from _settled(figure, due(terms, clock, filed, days), done, over, as_of)


def _rating(words: Sequence[Word], terms: Terms, days: Days, as_of: datetime) -> Iterator[Fact]:
    marks = [word for word in words if word.act == "mark"]
    bad = next((word.at for word in marks if word.stars <= _bad_max(terms, word.at)), None)
    yield "stars", marks[0].at, marks[-1].stars, 1
    yield "bad_ratings", marks[0].at, int(bad is not None), 1
    if bad is not None:
        followed = next((word.at for word in words if word.act == "followed"), None)
        limit = due(terms, "RATING_FOLLOW", bad, days)
        yield from _settled("bad_rating_followed_in_time", limit, followed, None, as_of)


def _urge(words: Sequence[Word], terms: Terms, days: Days, as_of: datetime) -> Iterator[Fact]:
    """Taken back, it should not have been. Put right counts when no reply was late before."""
    if any(word.act == "withdraw" for word in words):
        return
    yield "urges", words[0].at, 1, 1
    missed = []
    for place, word in enumerate(words):
        if word.act in ("issue", "send_back"):
            replied = next((later.at for later in words[place + 1 :] if later.act == "reply"), None)
            limit = due(terms, "URGE", word.at, days)
            if limit <= as_of and (replied is None or replied >= limit):
                missed.append(limit)
    rectified = next((word.at for word in words if word.act == "rectify"), None)
    late = min(missed, default=None)
    if rectified is not None and (late is None or rectified < late):
        yield "urge_rectified_in_time", rectified, 1, 1
    elif late is not None:
        yield "urge_rectified_in_time", late, 0, 1


def _call(words: Sequence[Word], terms: Terms, days: Days, as_of: datetime) -> Iterator[Fact]:
    (word,) = words
    if word.act in ("satisfied", "not"):
        yield "satisfied", word.at, int(word.act == "satisfied"), 1


READ: Final = {"complaint": _complaint, "rating": _rating, "urge": _urge, "call": _call}


def _settled(
    figure: str, limit: datetime, done: datetime | None, over: datetime | None, as_of: datetime
) -> Iterator[Fact]:
    """Kept before the deadline, broken at it; what was over before it without being kept counts nowhere."""
    if done is not None and done < limit:
        yield figure, done, 1, 1
    elif limit <= as_of and (over is None or over >= limit):
        yield figure, limit, 0, 1


def due(terms: Terms, clock: str, start: datetime, days: Days) -> datetime:
    """24:00 of the last day of a limit that was in force on the day it began."""
    day = china_day(start)
    valid = [
        one for one in terms.limits[clock] if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)
    ]
    limit = max(valid, key=lambda one: one.version)
    left, calendar = limit.count, days(clock, limit.calendar, start)
    while left:
        day += DAY
        left -= not limit.is_workdays or calendar.is_workday(day)
    while not calendar.is_workday(day):
        day += DAY
    return day_end(day)


def _bad_max(terms: Terms, at: datetime) -> int:
    return max((valid_from, stars) for valid_from, stars in terms.bad_max if valid_from <= china_day(at))[1]
