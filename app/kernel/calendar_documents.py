"""Working calendars as dated documents: zone, slots of the week, holidays, make-up workdays 调休, and their notices.

A document is data with a version, and says (docs/calendars.md has the whole shape):

- `zone`, and either `weekend` (ISO weekdays that are not worked) or `week` (slots per weekday; not named is closed);
- `slots`: the hours of every worked day, several a day (a lunch break lies between two). Without any hours a worked
  day is open for the whole of it, 00:00-24:00;
- `years`: what has been announced, each with its notices, holidays and make-up workdays. A make-up workday has slots
  of its own, or those of a normal day: of the weekday it is `like`, else of the week's first worked day;
- `days`: single days with the last word (a branch closed for stocktaking, short hours on the eve of a feast);
- `inherits`: another document, whose years hold here too. So a branch's hours follow the national year.

A slot lies within one day and slots of a day do not overlap; work past midnight is two slots on two days.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.kernel.calendars import (
    DAY_MINUTES,
    TABLE_FROM,
    TABLE_TO,
    WHOLE_DAY,
    BadCalendar,
    Calendar,
    Hours,
    Slot,
    clock_face,
    count_days,
    hours_of,
    in_table,
)

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ONE_DAY: Final = timedelta(days=1)
_NO_TIME: Final = timedelta()
LEFT_OUT: Final = "换日"  # What the days off are called that a zone never had.
_REMARKS: Final = {"name", "title", "source", "notice", "notices", "note", "comment"}
_TOP: Final = _REMARKS | {
    "zone", "weekend", "week", "slots", "make_up_slots", "years", "days", "inherits", "key", "version", "valid_from",
    "valid_to",
}  # fmt: skip
_YEAR: Final = _REMARKS | {"year", "holidays", "make_up"}
_HOLIDAY: Final = _REMARKS | {"from", "to", "on"}
_MAKE_UP: Final = _REMARKS | {"on", "for", "slots", "like"}
_SPECIAL: Final = _REMARKS | {"on", "for", "slots"}
EXAMPLE: Final[Mapping[str, Any]] = {
    "version": 1,
    "name": "a branch that is open on Saturday mornings",
    "inherits": "cn",
    "zone": "Asia/Shanghai",
    "week": {"mon-thu": ["09:00-12:00", "13:30-17:00"], "fri": ["09:00-12:00", "13:30-16:30"], "sat": ["09:00-12:00"]},
    "make_up_slots": ["09:00-12:00", "13:30-17:00"],
    "years": [
        {
            "year": 2026,
            "notices": ["opening hours for 2026"],
            "holidays": [{"name": "moving house", "from": "2026-06-11", "to": "2026-06-12"}],
            "make_up": [{"on": "2026-06-14", "for": "moving house", "slots": ["10:00-15:00"]}],
        }
    ],
    "days": [{"on": "2026-12-31", "slots": ["09:00-12:00"], "for": "eve of the New Year"}],
}
_TIME: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_Days = tuple[dict[date, str], dict[date, str], dict[date, Hours]]


class _NotReadable(Exception):
    """Carries the line of a BadCalendar to `parse_calendar`."""


def parse_calendar(version: int, body: Mapping[str, Any], base: Calendar | None = None) -> Calendar | BadCalendar:
    """Read a document; `base` is the calendar that it inherits, already read."""
    try:
        return _read(version, body, base)
    except _NotReadable as problem:
        return BadCalendar(str(problem))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        return BadCalendar(f"not readable: {problem!r}"[:160])


def inherited_key(body: Mapping[str, Any]) -> str | None:
    """The key of the document that this one inherits, or None."""
    stated = body.get("inherits")
    if isinstance(stated, Mapping):
        stated = stated.get("key")
    return None if stated is None else str(stated)


def _read(version: int, body: Mapping[str, Any], base: Calendar | None) -> Calendar:
    _known(body, _TOP, "the document")
    if base is None and (key := inherited_key(body)) is not None:
        raise _NotReadable(f"it inherits {key!r}, which is not at hand")
    zone = _zone(body, base)
    week = _week(body, base)
    weekend = frozenset(day for day in range(1, 8) if not week[day - 1])
    normal = next(hours for hours in week if hours)
    if "make_up_slots" in body:
        normal = _hours(body["make_up_slots"], "make_up_slots")
    if base is None and "years" not in body:
        raise _NotReadable("not readable: `years` lists what is announced, [] when nothing is")
    entries = _list(body, "years", "the document")
    years = [_year(entry) for entry in entries]
    if len(set(years)) != len(years):
        raise _NotReadable("a year occurs twice")
    announced = frozenset(years) | (base.years if base else frozenset())
    holidays = {day: name for entry in entries for day, name in _holidays(entry)}
    make_up, own = _make_up(entries, week, normal)
    _agree(weekend, announced, holidays, make_up)
    if base is not None:
        holidays, make_up, own = _inherit(base, weekend, normal, (holidays, make_up, own), own_week=_has_week(body))
    _apply_days(_list(body, "days", "the document"), weekend, holidays, make_up, own)
    for day in _left_out(zone):
        make_up.pop(day, None)
        own.pop(day, None)
        holidays[day] = LEFT_OUT
    notices = dict(base.notices) if base else {}
    for entry in entries:
        notices[int(entry["year"])] = (*notices.get(int(entry["year"]), ()), *_notices(entry))
    table = count_days(weekend, frozenset(holidays), frozenset(make_up), announced)
    return Calendar(version, zone, weekend, holidays, make_up, announced, notices, table, week, own)


def _known(entry: Any, allowed: set[str], where: str) -> None:
    """A member that is spelled wrong must not silently mean that there is none."""
    if not isinstance(entry, Mapping):
        raise _NotReadable(f"{where} is an object with members, not {str(entry)[:40]!r}")
    if unknown := sorted(str(name) for name in entry if name not in allowed and not str(name).startswith("_")):
        raise _NotReadable(f"{where} has no member {unknown[0]!r}; it may have {', '.join(sorted(allowed - _REMARKS))}")


def _list(entry: Mapping[str, Any], member: str, where: str) -> list[Any]:
    stated = entry.get(member, [])
    if not isinstance(stated, list | tuple):
        raise _NotReadable(f"`{member}` of {where} is a list, not {str(stated)[:40]!r}")
    return list(stated)


def _year(entry: Any) -> int:
    _known(entry, _YEAR, f"year {entry.get('year')}" if isinstance(entry, Mapping) else "an entry of `years`")
    if not re.fullmatch(r"[0-9]{4}", year := str(entry.get("year"))):
        raise _NotReadable(f"`year` of an entry of `years` is a number like 2026, not {year[:40]!r}")
    return int(year)


@lru_cache(maxsize=64)
def _left_out(zone: str) -> tuple[date, ...]:
    """Days that a zone never had, since it went over to the other side of the date line: nobody works on them."""
    tz = ZoneInfo(zone)
    found: list[date] = []
    for year in range(TABLE_FROM.year, TABLE_TO.year + 1):
        first, after = datetime(year, 1, 1, tzinfo=tz), datetime(year + 1, 1, 1, tzinfo=tz)
        if (after.utcoffset() or _NO_TIME) - (first.utcoffset() or _NO_TIME) > timedelta(hours=20):
            days = [first + n * _ONE_DAY for n in range(366)]  # On the wall clock.
            found += [one.date() for one in days if one.astimezone(UTC) >= (one + _ONE_DAY).astimezone(UTC)]
    return tuple(found)


def _zone(body: Mapping[str, Any], base: Calendar | None) -> str:
    if base is None and "zone" not in body:
        raise _NotReadable("not readable: it names no `zone`")
    zone = str(body["zone"] if base is None else body.get("zone", base.zone))
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _NotReadable(f"not readable: {zone[:40]!r} is no time zone; write one like Asia/Shanghai") from None
    return zone


def _has_week(body: Mapping[str, Any]) -> bool:
    return any(name in body for name in ("week", "weekend", "slots"))


def _week(body: Mapping[str, Any], base: Calendar | None) -> tuple[Hours, ...]:
    """Hours per weekday, Monday first."""
    stated = {_weekend_day(day) for day in _list(body, "weekend", "the document")} if "weekend" in body else None
    if stated is not None and not stated < set(range(1, 8)):
        raise _NotReadable("the weekend is a set of ISO weekdays that leaves one to work")
    if "week" in body:
        week = _pattern(body["week"])
        if "slots" in body:
            raise _NotReadable("`slots` and `week` both state the hours; keep one")
        closed = {day for day in range(1, 8) if not week[day - 1]}
        if len(closed) == 7:
            raise _NotReadable("the week leaves no day to work")
        if stated is not None and stated != closed:
            raise _NotReadable(f"`weekend` and `week` disagree on {_WEEKDAYS[min(stated ^ closed) - 1]}")
        return week
    if stated is None and base is None:
        raise _NotReadable("say which weekdays are worked, by `weekend` or `week`: not readable without")
    if base is not None and not _has_week(body):
        return base.week
    hours = _hours(body["slots"], "slots") if "slots" in body else WHOLE_DAY
    if not hours:
        raise _NotReadable("`slots` is empty: a worked day has at least one slot")
    closed = stated if stated is not None else set(base.weekend if base else ())
    return tuple(() if day in closed else hours for day in range(1, 8))


def _pattern(stated: Any) -> tuple[Hours, ...]:
    """`week`: weekday or range of weekdays (mon, mon-fri, 1-5) to its slots."""
    if not isinstance(stated, Mapping):
        raise _NotReadable("`week` gives slots per weekday, as in {'mon-fri': ['09:00-12:00', '13:00-17:00']}")
    found: dict[int, Hours] = {}
    for name, slots in stated.items():
        for day in _weekdays(str(name)):
            if day in found:
                raise _NotReadable(f"{_WEEKDAYS[day - 1]} stands twice in `week`")
            found[day] = _hours(slots, str(name))
    return tuple(found.get(day, ()) for day in range(1, 8))


def _weekdays(name: str) -> Iterator[int]:
    first, _dash, last = name.strip().lower().partition("-")
    days = _weekday(first), _weekday(last or first)
    if days[0] > days[1]:
        raise _NotReadable(f"{name!r} runs over the end of the week; write two ranges")
    yield from range(days[0], days[1] + 1)


def _weekend_day(stated: Any) -> int:
    return _weekday(stated) if isinstance(stated, str) else int(stated)


def _weekday(name: str) -> int:
    text = name.strip().lower()
    if text in {"1", "2", "3", "4", "5", "6", "7"}:
        return int(text)
    if len(text) >= 3:
        for number, short in enumerate(_WEEKDAYS, 1):
            full = {"tue": "tuesday", "wed": "wednesday", "thu": "thursday", "sat": "saturday"}.get(
                short, short + "day"
            )
            if full.startswith(text):
                return number
    raise _NotReadable(f"{name!r} is no weekday; write mon … sun or 1 … 7")


def _hours(stated: Any, where: str) -> Hours:
    """Slots in any of their spellings, sorted: '09:00-12:00', ['09:00', '12:00'], {'from': …, 'to': …}; 'whole'."""
    if isinstance(stated, str):
        word = stated.strip().lower()
        if word in ("whole", "whole day", "24h"):
            return WHOLE_DAY
        stated = [] if word in ("", "closed") else stated.split(",")
    if stated is None or not isinstance(stated, Sequence):
        raise _NotReadable(f"{where}: slots are a list like ['09:00-12:00', '13:00-17:00'], empty when closed")
    if len(stated) == 2 and all(isinstance(one, str) and _TIME.fullmatch(one.strip()) for one in stated):
        stated = [stated]
    slots = sorted(_slot(one, where) for one in stated)
    for before, after in pairwise(slots):
        if after.from_minute < before.to_minute:
            raise _NotReadable(f"{where}: the slots {before} and {after} overlap")
    return tuple(slots)


def _slot(stated: Any, where: str) -> Slot:
    if isinstance(stated, str):
        ends: Sequence[Any] = re.split(r"\s*[-–~]\s*", stated.strip())
    elif isinstance(stated, Mapping):
        _known(stated, {"from", "to"}, f"{where}: a slot")
        ends = [stated["from"], stated["to"]]
    else:
        ends = stated
    if not isinstance(ends, Sequence) or len(ends) != 2:
        raise _NotReadable(f"{where}: {str(stated)[:40]!r} is no slot; write '09:00-12:00'")
    begin, end = (_minute(one, where) for one in ends)
    if end == begin:
        raise _NotReadable(f"{where}: the slot {clock_face(begin)}-{clock_face(end)} is empty")
    if end < begin:
        raise _NotReadable(
            f"{where}: the slot {clock_face(begin)}-{clock_face(end)} passes midnight; "
            f"write {clock_face(begin)}-24:00 and, on the next day, 00:00-{clock_face(end)}"
        )
    return Slot(begin, end)


def _minute(stated: Any, where: str) -> int:
    hit = _TIME.fullmatch(str(stated).strip())
    minute = int(hit[1]) * 60 + int(hit[2]) if hit and int(hit[2]) < 60 else DAY_MINUTES + 1
    if minute > DAY_MINUTES:
        raise _NotReadable(f"{where}: {str(stated)[:40]!r} is no time of a day, 00:00 to 24:00")
    return minute


def _day(stated: Any) -> date:
    text = str(stated)
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        found = None
    if found is None:
        raise _NotReadable(f"not readable: {text[:40]!r} is no day written YYYY-MM-DD")
    return found


def _notices(entry: Mapping[str, Any]) -> Iterable[str]:
    stated = next((entry[name] for name in ("notices", "notice", "source") if name in entry), ())
    return (stated,) if isinstance(stated, str) else tuple(map(str, stated))


def _holidays(entry: Mapping[str, Any]) -> Iterator[tuple[date, str]]:
    for row in _list(entry, "holidays", f"year {entry['year']}"):
        if isinstance(row, str):
            yield _day(row), ""
            continue
        _known(row, _HOLIDAY, "a holiday")
        if not {"on", "from"} & set(row):
            raise _NotReadable(
                f"a holiday says when it is, by `on` or by `from` and `to`: {str(dict(row))[:60]} does not"
            )
        first = _day(row["on"] if "on" in row else row["from"])
        last = _day(row.get("to", row.get("on", row.get("from"))))
        if not 0 <= (last - first).days <= 366:
            raise _NotReadable(f"the holiday from {first} to {last} does not run forward within a year")
        for ahead in range((last - first).days + 1):
            yield first + ahead * _ONE_DAY, str(row.get("name", ""))


def _make_up(
    entries: Iterable[Mapping[str, Any]], week: tuple[Hours, ...], normal: Hours
) -> tuple[dict[date, str], dict[date, Hours]]:
    names: dict[date, str] = {}
    own: dict[date, Hours] = {}
    for row in (row for entry in entries for row in _list(entry, "make_up", f"year {entry['year']}")):
        stated: Mapping[str, Any] = {"on": row} if isinstance(row, str) else row
        _known(stated, _MAKE_UP, "a make-up workday")
        _says(stated, "on", "a make-up workday")
        day = _day(stated["on"])
        if day in names:
            raise _NotReadable(f"{day} is made up for twice")
        names[day] = str(stated.get("for", stated.get("name", "")))
        own[day] = normal
        if "slots" in stated:
            own[day] = _hours(stated["slots"], f"make-up {day}")
        elif "like" in stated:
            own[day] = week[_weekday(str(stated["like"])) - 1]
        if not own[day]:
            raise _NotReadable(f"the make-up workday {day} has no slot to work in")
    return names, own


def _agree(weekend: frozenset[int], years: frozenset[int], holidays: Iterable[date], make_up: Iterable[date]) -> None:
    """Raise when the rows of a document contradict one another."""
    for day in (*holidays, *make_up):
        if not in_table(day) or day.year not in years:
            raise _NotReadable(f"{day} lies in no announced year of the table")
    if both := sorted(set(holidays) & set(make_up)):
        raise _NotReadable(f"{both[0]} is a holiday and a make-up day at once")
    if idle := sorted(day for day in make_up if day.isoweekday() not in weekend):
        raise _NotReadable(f"{idle[0]} is made up for, yet it is a workday anyhow")


def _says(row: Mapping[str, Any], member: str, where: str) -> None:
    if member not in row:
        raise _NotReadable(f"{where} has `{member}`; {str(dict(row))[:60]} has none")


def _inherit(base: Calendar, weekend: frozenset[int], normal: Hours, mine: _Days, *, own_week: bool) -> _Days:
    """The base's days below one's own. Its make-up workdays are worked by one's own hours, if one has any."""
    holidays, make_up, own = mine
    below = {day: name for day, name in base.make_up.items() if day.isoweekday() in weekend and day not in holidays}
    hours = {day: normal if own_week else hours_of(base, day) for day in below}
    if not own_week:
        hours |= {day: found for day, found in base.own_hours.items() if day not in holidays and day not in make_up}
    kept = {day: name for day, name in base.holidays.items() if day not in make_up}
    return kept | holidays, below | make_up, hours | own


def _apply_days(
    stated: Iterable[Any], weekend: frozenset[int], holidays: dict[date, str], make_up: dict[date, str],
    own: dict[date, Hours],
) -> None:  # fmt: skip
    """Single days with the last word: closed, opened, or open at other hours."""
    seen: set[date] = set()
    for row in stated:
        _known(row, _SPECIAL, "a day of `days`")
        _says(row, "on", "a day of `days`")
        _says(row, "slots", "a day of `days`")
        day = _day(row["on"])
        if day in seen or not in_table(day):
            raise _NotReadable(f"{day} stands twice in `days`" if day in seen else f"{day} lies outside the table")
        seen.add(day)
        hours, name = _hours(row["slots"], f"day {day}"), str(row.get("for", row.get("name", "")))
        was_open = day in make_up or (day.isoweekday() not in weekend and day not in holidays)
        if not hours:
            make_up.pop(day, None)
            own.pop(day, None)
            holidays[day] = name
            continue
        holidays.pop(day, None)
        own[day] = hours
        if not was_open and day.isoweekday() in weekend:
            make_up[day] = name
