"""What `xinyidai calendar` is asked, from text: calendars in files, days and instants, limits, pauses.

Whatever cannot be understood is `Unclear`, with one line that says what was expected.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.infra.resources import resource_dir
from app.kernel.workdays import (
    TABLE_FROM,
    TABLE_TO,
    WORKDAYS_MAX,
    BadCalendar,
    Calendar,
    due_at,
    in_table,
    inherited_key,
    parse_calendar,
    starts_at,
)
from app.office.clocks.rules import Limit, LimitUnit, Pause

FILE_BYTES_MAX: Final = 4_000_000
DEPTH_MAX: Final = 5  # Documents that inherit one another.
PAUSES_MAX: Final = 1_000
UNITS: Final[Mapping[str, LimitUnit]] = {
    "workdays": LimitUnit.WORKDAYS,
    "days": LimitUnit.CALENDAR_DAYS,
    "months": LimitUnit.MONTHS,
    "minutes": LimitUnit.WORKING_MINUTES,
}
MOST: Final[Mapping[LimitUnit, int]] = {
    LimitUnit.WORKDAYS: WORKDAYS_MAX,
    LimitUnit.CALENDAR_DAYS: 3_650,
    LimitUnit.MONTHS: 120,
    LimitUnit.WORKING_MINUTES: WORKDAYS_MAX * 1_440,
    LimitUnit.MINUTES: 3_650 * 1_440,
}
_SPELLED: Final[Mapping[LimitUnit, tuple[tuple[int, str], ...]]] = {
    LimitUnit.WORKDAYS: (
        (1, "wd|bd|workdays?|(?:work|working|business) days?|working-days?|个?工作日"),
        (5, "(?:working|business|work) weeks?"),
    ),
    LimitUnit.CALENDAR_DAYS: (
        (1, "d|cd|days?|calendar days?|个?自然日|日|天"),
        (7, "w|wk|weeks?|calendar weeks?|周|个?星期"),
    ),
    LimitUnit.MONTHS: ((1, "mo|mos|months?|calendar months?|个?月"), (12, "y|yr|years?|calendar years?|年")),
    LimitUnit.WORKING_MINUTES: (
        (1, "min|mins|wm|minutes?|(?:work|working|business) min(?:ute)?s?|working-minutes?|个?(?:工作)?分钟?"),
        (60, "h|hrs?|wh|hours?|(?:work|working|business) (?:h|hrs?|hours?)|working-hours?|个?(?:工作)?小时|个?工时"),
    ),
    LimitUnit.MINUTES: (
        (1, "(?:clock|elapsed|wall) (?:min|mins|minutes?)"),
        (60, "(?:clock|elapsed|wall) (?:h|hrs?|hours?)"),
    ),
}
_UNIT_WORDS: Final = tuple(
    (re.compile(words), unit, factor) for unit, spelled in _SPELLED.items() for factor, words in spelled
)
_NUMBER: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,4})?)[ _-]*(\D.*)?")
_MIXED: Final = re.compile(r"([0-9]{1,6}) ?h(?:ours?)? ?([0-9]{1,6}) ?m(?:in(?:ute)?s?)?")
_ISO: Final = re.compile(
    r"p(?:(?:([0-9]{1,6})y)?(?:([0-9]{1,6})m)?|([0-9]{1,6})w|([0-9]{1,6})d|t(?:([0-9]{1,6})h)?(?:([0-9]{1,7})m)?)"
)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
SPELLINGS: Final = "10 workdays, 10wd, 480 minutes, 8 hours, 15 days, 2 weeks, 1 month, PT480M"


class Unclear(Exception):
    """Why the words cannot be understood: one line."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day or an instant that somebody wrote. `at` is the instant, for a day its 00:00 in the calendar's zone."""

    at: datetime
    on: date
    is_day: bool


def load_calendar(path: Path | None = None) -> Calendar:
    """The calendar of a file, or the newest that ships with the product (a server may have a newer one loaded)."""
    if path is None:
        path = resource_dir("migrations") / "policies" / "calendar.json"
        return _from_document(_newest(_read_json(path), "cn", path.name), path, 0)
    return _from_document(_newest(_read_json(path), None, path.name), path, 0)


def read_document(path: Path) -> tuple[str | None, int | None, Mapping[str, Any]]:
    """Key, version and body as they stand in a file; a bare body may state both among its members."""
    return _newest(_read_json(path), None, path.name)


def _read_json(path: Path) -> Any:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise Unclear(f"{path.name} has more than {FILE_BYTES_MAX // 1_000_000} MB; a calendar is smaller.")
        return json.loads(path.read_text("utf-8-sig"), object_pairs_hook=_once)
    except OSError as problem:
        raise Unclear(f"{path} cannot be read: {(problem.strerror or type(problem).__name__).lower()}.") from None
    except UnicodeDecodeError:
        raise Unclear(f"{path.name} is not UTF-8 text.") from None
    except RecursionError:
        raise Unclear(f"{path.name} is nested too deeply for a calendar.") from None
    except json.JSONDecodeError as problem:
        raise Unclear(f"{path.name} is no JSON: {problem.msg} in line {problem.lineno}.") from None
    except ValueError as problem:
        raise Unclear(f"{path.name} is no calendar: {str(problem)[:120]}.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON keeps the last of two equal members without a word; here that is a slip of the pen."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {twice[:40]!r} stands twice in one object")
    return found


def _newest(stated: Any, key: str | None, file: str) -> tuple[str | None, int | None, Mapping[str, Any]]:
    """A file is a list of dated versions (the newest counts), one of them, or a bare document."""
    rows = stated if isinstance(stated, list) else [stated]
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise Unclear(f"{file} is no calendar: it is neither a document nor a list of dated versions.")
    keys = {str(row["key"]) for row in rows if "key" in row}
    if key is None and len(keys) > 1:
        raise Unclear(f"{file} holds several calendars ({', '.join(sorted(keys))[:80]}); give one of them alone.")
    wanted = [row for row in rows if key is None or row.get("key", key) == key]
    if not wanted:
        raise Unclear(f"{file} has no calendar {key!r}.")
    for row in wanted:
        version = row.get("version")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 1):
            raise Unclear(f"{file}: `version` is a whole number from 1 on, not {str(version)[:40]!r}.")
    row = max(wanted, key=lambda one: one.get("version") or 0)
    body = row.get("body", row)
    if not isinstance(body, Mapping):
        raise Unclear(f"{file} is no calendar: its body is no object.")
    return row.get("key"), row.get("version"), body


def _from_document(
    document: tuple[str | None, int | None, Mapping[str, Any]], path: Path, depth: int
) -> Calendar:  # fmt: skip
    _key, version, body = document
    base = None
    if (inherited := inherited_key(body)) is not None:
        if depth >= DEPTH_MAX:
            raise Unclear(f"{path.name} inherits in a circle, or more than {DEPTH_MAX} deep.")
        base = _inherited(inherited, path, depth)
    found = parse_calendar(version or 1, body, base)
    if isinstance(found, BadCalendar):
        raise Unclear(f"{path.name} is no calendar: {found.why}.")
    return found


def _inherited(name: str, path: Path, depth: int) -> Calendar:
    """A file beside this one when it is named like one, else the shipped document of that key."""
    if name.endswith(".json"):
        beside = path.parent / name
        return _from_document(_newest(_read_json(beside), None, beside.name), beside, depth + 1)
    shipped = resource_dir("migrations") / "policies" / "calendar.json"
    return _from_document(_newest(_read_json(shipped), name, "the shipped calendars"), shipped, depth + 1)


def read_moment(name: str, text: object, calendar: Calendar) -> Moment:
    """A day, or an instant; without an offset it is the wall clock of the calendar's zone."""
    if not isinstance(text, str):
        raise Unclear(f"{name} is a day written YYYY-MM-DD or an instant, not {str(text)[:40]!r}.")
    zone = calendar.tz
    try:
        if _DAY.fullmatch(text):  # Not 2026-W01-1, which is ISO too.
            on = date.fromisoformat(text)
            _check_range(name, on)
            if starts_at(on, zone) >= due_at(on, zone):
                raise Unclear(f"{name} {on} does not occur in {zone.key}: the date line was moved over it.")
            return Moment(starts_at(on, zone), on, is_day=True)
        at = datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else None
    except ValueError:
        at = None
    if at is None:
        raise Unclear(f"{name} is a day written YYYY-MM-DD (or YYYY-MM-DD HH:MM), not {text[:40]!r}.")
    _check_range(name, at.date())
    if at.tzinfo is None:
        at = _wall(name, at, zone)
    at = at.astimezone(UTC)
    on = at.astimezone(zone).date()
    _check_range(name, on)
    return Moment(at, on, is_day=False)


def _check_range(name: str, on: date) -> None:
    if not in_table(on):
        raise Unclear(f"{name} lies between {TABLE_FROM} and {TABLE_TO}, {on} does not.")


def _wall(name: str, at: datetime, zone: ZoneInfo) -> datetime:
    """A wall clock as an instant: the first of two where the clock is set back, none where it is set forward."""
    found = at.replace(tzinfo=zone)
    if found.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at:
        raise Unclear(f"{name} {at:%Y-%m-%d %H:%M} does not occur in {zone.key}: the clock is set forward over it.")
    return found


def read_end(name: str, text: object, calendar: Calendar) -> Moment:
    """As `read_moment`, but a day means its 24:00."""
    found = read_moment(name, text, calendar)
    return Moment(due_at(found.on, calendar.tz), found.on, is_day=True) if found.is_day else found


def read_pause(stated: object, calendar: Calendar) -> Pause:
    """FROM/TO, or FROM/ while it has not ended; [from, to]; {"from": …, "to": …}. A day means its 00:00."""
    ends: object = stated
    if isinstance(stated, str):
        ends = stated.split("/")
    elif isinstance(stated, Mapping):
        if unknown := sorted(str(one) for one in stated if one not in ("from", "to")):
            raise Unclear(f"a pause has `from` and `to`, not {unknown[0][:40]!r}.")
        ends = [stated.get("from"), stated.get("to")]
    if not isinstance(ends, Sequence) or len(ends) != 2:
        raise Unclear(f"a pause is FROM/TO, not {str(stated)[:40]!r}.")
    from_at = read_moment("the pause's start", ends[0], calendar).at
    if ends[1] is None or ends[1] == "":
        return Pause(from_at)
    to_at = read_moment("the pause's end", ends[1], calendar).at
    if to_at < from_at:
        raise Unclear(f"a pause ends after it starts; {str(stated)[:80]!r} does not.")
    return Pause(from_at, to_at)


def read_pauses(stated: object, calendar: Calendar) -> tuple[Pause, ...]:
    """A list of pauses, or one of them."""
    if stated is None:
        return ()
    if isinstance(stated, str | Mapping):
        stated = [stated]
    if not isinstance(stated, Sequence) or len(stated) > PAUSES_MAX:
        raise Unclear(f"pauses are a list of at most {PAUSES_MAX}.")
    if len(stated) == 2 and all(isinstance(one, str) and "/" not in one for one in stated):
        stated = [stated]
    return tuple(read_pause(one, calendar) for one in stated)


@lru_cache(maxsize=4_096)
def read_limit(text: str, unit: str | None = None) -> Limit:
    """A number with its unit in any of the spellings; a bare number is of `unit` (workdays when there is none)."""
    words = " ".join(text.replace("\u3000", " ").lower().split())
    if unit is not None and unit not in UNITS:
        raise Unclear(f"--unit is workdays, days, months or minutes, not {unit[:40]!r}.")
    if hit := _MIXED.fullmatch(words):
        return _limit(text, Decimal(int(hit[1]) * 60 + int(hit[2])), LimitUnit.WORKING_MINUTES, unit)
    if len(words) > 1 and (hit := _ISO.fullmatch(words)):
        return _iso(text, hit.groups(), unit)
    hit = _NUMBER.fullmatch(words)
    if hit is None or (hit[2] is None and "." in hit[1]):
        raise Unclear(_not_a_limit(text, UNITS[unit or "workdays"]))
    if hit[2] is None:
        return _limit(text, Decimal(hit[1]), UNITS[unit or "workdays"], None)
    if hit[2].strip() == "m":
        raise Unclear(f"LIMIT {text[:40]!r}: write min for minutes or mo for months, m may be either.")
    for spelled, found, factor in _UNIT_WORDS:
        if spelled.fullmatch(hit[2].strip()):
            return _limit(text, Decimal(hit[1]) * factor, found, unit)
    raise Unclear(f"LIMIT {text[:40]!r}: N is a whole number with a unit that is known, like {SPELLINGS}.")


def _iso(text: str, parts: Sequence[str | None], unit: str | None) -> Limit:
    years, months, weeks, days, hours, minutes = (None if part is None else int(part) for part in parts)
    if years is not None or months is not None:
        return _limit(text, Decimal((years or 0) * 12 + (months or 0)), LimitUnit.MONTHS, unit)
    if weeks is not None or days is not None:
        return _limit(text, Decimal((weeks or 0) * 7 + (days or 0)), LimitUnit.CALENDAR_DAYS, unit)
    return _limit(text, Decimal((hours or 0) * 60 + (minutes or 0)), LimitUnit.WORKING_MINUTES, unit)


def _limit(text: str, n: Decimal, found: LimitUnit, unit: str | None) -> Limit:
    if unit is not None and UNITS[unit] is not found:
        raise Unclear(f"LIMIT {text[:40]!r} names another unit than --unit {unit}.")
    if n != int(n) or not 1 <= n <= MOST[found]:
        raise Unclear(_not_a_limit(text, found))
    return Limit(found, int(n))


def _not_a_limit(text: str, unit: LimitUnit) -> str:
    words = unit.value.replace("_", " ")
    return f"N is a whole number from 1 to {MOST[unit]} {words}, not {text[:40]!r}."


def read_stated_limit(stated: object, unit: object) -> Limit:
    """`limit` of a line: text, or a bare number with `unit`."""
    if isinstance(stated, int) and not isinstance(stated, bool):
        stated = str(stated)
    if not isinstance(stated, str) or not (unit is None or isinstance(unit, str)):
        raise Unclear(f"`limit` is like {SPELLINGS}, not {str(stated)[:40]!r}.")
    return read_limit(stated, unit)
