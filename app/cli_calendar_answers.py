"""The answers of `xinyidai calendar`: for people as lines, for machines as objects, in bulk as JSON lines."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.cli_calendar_asked import Moment, Unclear, read_end, read_moment, read_pauses, read_stated_limit
from app.kernel.workdays import Calendar, add_workdays, due_at, is_provisional
from app.office.clocks.rules import (
    Clock,
    DayLine,
    Due,
    Limit,
    LimitUnit,
    Pause,
    due,
    line_in_words,
    minutes_in_words,
    pause_days_used,
    time_used,
    trace,
    working_time,
)

LINE_BYTES_MAX: Final = 1_000_000
PROVISIONAL: Final = "  (provisional 暂定: rests on a year whose calendar is not announced)"
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_BY_DAY: Final = (LimitUnit.WORKDAYS, LimitUnit.CALENDAR_DAYS, LimitUnit.MONTHS)


@dataclass(frozen=True, slots=True)
class DueAnswer:
    """A deadline with what it was reckoned from; `ends` is None while an open pause stands before it."""

    start: Moment
    clock: Clock
    calendar: Calendar
    ends: Due | None
    until: datetime  # To which it is explained.

    @property
    def in_days(self) -> bool:
        return self.clock.limit.unit in _BY_DAY

    def shown(self) -> str:
        """The deadline for a person, on the calendar's wall clock."""
        if self.ends is None:
            return "no deadline while the pause is open 暂停未结束，尚无期限"
        if self.in_days:
            return f"{self.ends.due_on} 24:00{PROVISIONAL if self.ends.provisional else ''}"
        zone = "" if self.calendar.zone == "Asia/Shanghai" else f" {self.calendar.zone}"
        warning = PROVISIONAL if self.ends.provisional else ""
        return f"{self.ends.due_on} {wall(self.ends.due_at, self.ends.due_on, self.calendar)}{zone}{warning}"

    def lines(self) -> tuple[DayLine, ...]:
        return trace(self.clock, self.calendar, self.until)

    def members(self) -> dict[str, object]:
        """The same for a machine. `due_at` is UTC; the deadline is met before it and breached from it on."""
        ends, limit = self.ends, self.clock.limit
        return {
            "start_on": self.start.on.isoformat(),
            **({} if self.start.is_day else {"start_at": self.start.at.isoformat()}),
            "n": limit.n,
            "unit": unit_name(limit.unit),
            "due_on": ends and ends.due_on.isoformat(),
            "due_at": ends and ends.due_at.isoformat(),
            "due_local": ends and ends.due_at.astimezone(self.calendar.tz).isoformat(),
            "provisional": bool(ends and ends.provisional),
            "calendar_version": self.calendar.version,
            "zone": self.calendar.zone,
        }


@dataclass(frozen=True, slots=True)
class ElapsedAnswer:
    """Time from START to END, counted in every way; the day of the event counts for minutes alone."""

    start: Moment
    end: Moment
    pauses: tuple[Pause, ...]
    calendar: Calendar

    def _clock(self, unit: LimitUnit) -> Clock:
        return Clock(self.start.at, Limit(unit, 1), self.pauses)

    def counted(self, unit: LimitUnit) -> int:
        """Days of a kind up to and including the day of END."""
        return -(-time_used(self._clock(unit), self.calendar, self.end.at).time // _DAY)

    def minutes(self) -> timedelta:
        return working_time(self._clock(LimitUnit.WORKING_MINUTES), self.calendar, self.end.at)

    @property
    def in_minutes(self) -> bool:
        """Whether working minutes say anything that days do not."""
        return self.calendar.has_slots or not (self.start.is_day and self.end.is_day)

    def members(self) -> dict[str, object]:
        on = {} if self.start.is_day else {"start_at": self.start.at.isoformat()}
        to = {} if self.end.is_day else {"end_at": self.end.at.isoformat()}
        workdays = self._clock(LimitUnit.WORKDAYS)
        return {
            "start_on": self.start.on.isoformat(),
            "end_on": self.end.on.isoformat(),
            **on,
            **to,
            "workdays": self.counted(LimitUnit.WORKDAYS),
            "workdays_ended": time_used(workdays, self.calendar, self.end.at).days,
            "workdays_paused": pause_days_used(workdays, self.calendar, self.end.at),
            "calendar_days": self.counted(LimitUnit.CALENDAR_DAYS),
            "working_minutes": as_number(self.minutes() / _MINUTE),
            "provisional": is_provisional(self.calendar, self.start.on, max(self.start.on, self.end.on)),
            "calendar_version": self.calendar.version,
            "zone": self.calendar.zone,
        }

    def shown(self) -> str:
        found = self.members()
        minutes = f", {minutes_in_words(self.minutes())} working minutes" if self.in_minutes else ""
        warning = PROVISIONAL if found["provisional"] else ""
        return f"{found['workdays']} workdays in {found['calendar_days']} calendar days{minutes}{warning}"

    def lines(self) -> tuple[DayLine, ...]:
        return trace(self._clock(LimitUnit.WORKDAYS), self.calendar, self.end.at)

    def slot_lines(self) -> tuple[DayLine, ...]:
        return trace(self._clock(LimitUnit.WORKING_MINUTES), self.calendar, self.end.at) if self.in_minutes else ()


def answer_due(start: Moment, limit: Limit, pauses: tuple[Pause, ...], calendar: Calendar) -> DueAnswer:
    """Raises Unclear when the deadline lies beyond the years of the table."""
    clock = Clock(start.at, limit, pauses)
    ends = due(clock, calendar)
    if ends is not None:
        return DueAnswer(start, clock, calendar, ends, ends.due_at)
    since = max((pause.from_at for pause in pauses if pause.to_at is None), default=None)
    if since is None:
        raise Unclear("the deadline lies beyond 2099, where the calendar's table ends.")
    return DueAnswer(start, clock, calendar, None, max(since, start.at))


def answer_elapsed(start: Moment, end: Moment, pauses: tuple[Pause, ...], calendar: Calendar) -> ElapsedAnswer:
    if end.at < start.at or end.on < start.on:
        shown = (start.on, end.on) if start.on != end.on else (start.at.isoformat(), end.at.isoformat())
        raise Unclear(f"END {shown[1]} lies before START {shown[0]}.")
    return ElapsedAnswer(start, end, pauses, calendar)


def unit_name(unit: LimitUnit) -> str:
    return {
        LimitUnit.CALENDAR_DAYS: "days",
        LimitUnit.WORKING_MINUTES: "minutes",
        LimitUnit.MINUTES: "clock minutes",
    }.get(unit, unit.value)


def wall(at: datetime, on: date, calendar: Calendar) -> str:
    """The wall clock of an instant of the day `on`; the midnight after it is its 24:00."""
    local = at.astimezone(calendar.tz)
    if local.date() > on:
        return "24:00"
    return f"{local:%H:%M:%S}" if local.second or local.microsecond else f"{local:%H:%M}"


def as_number(figure: float) -> int | float:
    return int(figure) if figure == int(figure) else figure


def in_two_languages(line: DayLine) -> str:
    return f"{line.day}  {line_in_words(line)} | {line_in_words(line, english=True)}"


def day_members(lines: Iterable[DayLine], slot_lines: Iterable[DayLine] = ()) -> list[dict[str, object]]:
    """Days for a machine; the pieces of slots of a second account of the same days stand with them."""
    slots = {line.day: line for line in slot_lines}
    return [_as_members(line, slots.get(line.day, line)) for line in lines]


def _as_members(line: DayLine, pieces: DayLine) -> dict[str, object]:
    found: dict[str, object] = {
        "day": line.day.isoformat(),
        "kind": line.kind.value,
        "n": line.n,
        "zh": line_in_words(line),
        "en": line_in_words(line, english=True),
    }
    if pieces.slots:
        found["slots"] = [
            {
                "from": one.from_at.isoformat(),
                "to": one.to_at.isoformat(),
                "kind": "counted" if one.counted else "paused",
                "minutes": as_number(one.counted / _MINUTE),
                "total_minutes": as_number(one.total / _MINUTE),
            }
            for one in pieces.slots
        ]
    return found


def answer_lines(what: str, lines: Iterable[bytes], calendar: Calendar, *, explain: bool) -> Iterator[tuple[str, bool]]:
    """One answer a line, as JSON text, with whether the line was understood. `what` is due or elapsed."""
    answer = _due_line if what == "due" else _elapsed_line
    for number, line in enumerate(lines, 1):
        stated: Any = None
        try:
            stated = _stated(line)
            text = answer(stated, calendar, explain)
        except Unclear as problem:
            error: dict[str, object] = {"line": number, "error": str(problem)}
            if isinstance(stated, dict) and "id" in stated:
                error["id"] = stated["id"]
            yield json.dumps(error, ensure_ascii=False), False
            continue
        yield text, True


def _stated(line: bytes) -> dict[str, Any]:
    if len(line) > LINE_BYTES_MAX:
        raise Unclear(f"the line has more than {LINE_BYTES_MAX} bytes.")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # Bad UTF-8 is a ValueError too.
        raise Unclear("the line is no JSON.") from None
    if not isinstance(found, dict):
        raise Unclear("the line is no JSON object.")
    return found


_DUE_MEMBERS: Final = frozenset({"id", "start", "limit", "unit", "pauses"})
_ELAPSED_MEMBERS: Final = frozenset({"id", "start", "end", "pauses"})


def _check(stated: Mapping[str, Any], allowed: frozenset[str]) -> None:
    if not stated.keys() <= allowed:
        unknown = min(stated.keys() - allowed)
        raise Unclear(f"a line has {', '.join(sorted(allowed))}; {unknown[:40]!r} is unknown.")


def _due_line(stated: dict[str, Any], calendar: Calendar, explain: bool) -> str:
    _check(stated, _DUE_MEMBERS)
    start = read_moment("START", stated.get("start"), calendar)
    limit = read_stated_limit(stated.get("limit"), stated.get("unit"))
    pauses = read_pauses(stated.get("pauses"), calendar)
    if limit.unit is LimitUnit.WORKDAYS and not pauses and not explain and "id" not in stated:
        try:
            found = add_workdays(calendar, start.on, limit.n)
        except IndexError:
            raise Unclear("the deadline lies beyond 2099, where the calendar's table ends.") from None
        return _workday_text(found.due_on, found.provisional, calendar.zone)
    answer = answer_due(start, limit, pauses, calendar)
    members = _with_id(stated, _brief(answer.ends, calendar.zone))
    if explain:
        members["days"] = day_members(answer.lines())
    return json.dumps(members, ensure_ascii=False)


def _brief(ends: Due | None, zone: str) -> dict[str, object]:
    if ends is None:
        return {"due_on": None, "due_at": None, "due_local": None, "provisional": False}
    return {
        "due_on": ends.due_on.isoformat(),
        "due_at": ends.due_at.isoformat(),
        "due_local": ends.due_at.astimezone(ZoneInfo(zone)).isoformat(),
        "provisional": ends.provisional,
    }


@lru_cache(maxsize=65_536)
def _workday_text(due_on: date, provisional: bool, zone: str) -> str:
    """The answer of a promise in workdays: the same for all that are due on that day."""
    return json.dumps(_brief(Due(due_on, due_at(due_on, ZoneInfo(zone)), provisional), zone))


def _elapsed_line(stated: dict[str, Any], calendar: Calendar, explain: bool) -> str:
    _check(stated, _ELAPSED_MEMBERS)
    start, end = read_moment("START", stated.get("start"), calendar), read_end("END", stated.get("end"), calendar)
    answer = answer_elapsed(start, end, read_pauses(stated.get("pauses"), calendar), calendar)
    members = _with_id(stated, answer.members())
    if explain:
        members["days"] = day_members(answer.lines(), answer.slot_lines())
    return json.dumps(members, ensure_ascii=False)


def _with_id(stated: Mapping[str, Any], members: dict[str, object]) -> dict[str, object]:
    return {"id": stated["id"], **members} if "id" in stated else members
