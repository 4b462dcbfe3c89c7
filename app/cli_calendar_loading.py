"""Adding a version of a calendar to the database: checked against the one before it, each changed day told."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from app.cli_calendar_asked import Unclear, read_document
from app.infra import places
from app.infra.db import Role
from app.infra.migrate import add_version
from app.infra.outbox import Bus
from app.infra.settings import Settings, load
from app.kernel.calendars import TABLE_FIRST, TABLE_LAST, Calendar, Hours, hours_of
from app.kernel.workdays import BadCalendar, inherited_key, parse_calendar
from app.office import policies

KIND: Final = "calendar"
SHOWN_MAX: Final = 400
Versions = Mapping[str, list[dict[str, Any]]]


def load_version(file: Path, key: str | None, *, dry_run: bool) -> list[str]:
    """Add the version, and say what changes by it. Raises Unclear when it may not be added."""
    stated_key, version, body = read_document(file)
    key = key or stated_key
    if key is None:
        raise Unclear(f"{file.name} does not say which calendar it is: give --key, cn is the State Council's.")
    if stated_key not in (None, key):
        raise Unclear(f"{file.name} is the calendar {stated_key!r}, not {key!r}.")
    if version is None:
        raise Unclear(f"{file.name} states no `version`.")
    settings = load()
    with places.server_address(settings) as server_url:
        try:
            found = asyncio.run(_read_versions(settings, server_url))
        except (OSError, asyncpg.PostgresError) as problem:
            raise Unclear(
                f"the database is not ready ({type(problem).__name__}); run xinyidai migrate first."
            ) from None
        row, lines = judge_version(file.name, key, version, body, found)
        if row is None:
            return lines
        if not dry_run:
            asyncio.run(_add(settings, server_url, row))
    done = "Nothing was loaded (--dry-run)." if dry_run else "Loaded. The worker counts open deadlines again now."
    return [*lines, done]


def judge_version(
    file: str, key: str, version: int, body: Mapping[str, Any], found: Versions
) -> tuple[dict[str, Any] | None, list[str]]:
    """The row to add (None when it is there already) and what it changes; Unclear when it may not be added."""
    older = found.get(key, [])
    base_key = inherited_key(body)
    base = None
    if base_key is not None:
        if not found.get(base_key):
            raise Unclear(f"{file} inherits {base_key!r}, which is not loaded.")
        base = _read(file, found[base_key][-1]["version"], found[base_key][-1]["body"], None)
    new = _read(file, version, body, base)
    _check_notices(file, body)
    same = next((row for row in older if row["version"] == version), None)
    if same is not None:
        if same["body"] == dict(body):
            return None, [f"Version {version} of {key} is there already; nothing to do."]
        raise Unclear(f"version {version} of {key} is there already, with another body; a version never changes.")
    if older and version < older[-1]["version"]:
        raise Unclear(f"version {version} of {key} is older than {older[-1]['version']}, which is in force.")
    before = _read(file, older[-1]["version"], older[-1]["body"], base if base_key else None) if older else None
    if before and (dropped := sorted(before.years - new.years)):
        raise Unclear(f"version {version} of {key} drops the year {dropped[0]}, which was announced.")
    row = {"key": key, "version": version, "valid_from": _valid_from(file, body, older, new), "valid_to": None}
    return row | {"body": dict(body)}, list(_told(before, new))


def _read(file: str, version: int, body: Mapping[str, Any], base: Calendar | None) -> Calendar:
    found = parse_calendar(version, body, base if inherited_key(body) else None)
    if isinstance(found, BadCalendar):
        raise Unclear(f"{file} is no calendar: {found.why}.")
    return found


def _check_notices(file: str, body: Mapping[str, Any]) -> None:
    for year in body.get("years", ()):
        if not any(year.get(name) for name in ("notices", "notice", "source")):
            raise Unclear(f"{file}: the year {year['year']} names no notice that it rests on.")


def _valid_from(file: str, body: Mapping[str, Any], older: list[dict[str, Any]], new: Calendar) -> date:
    """As stated, else as before, else from the first year that it announces."""
    stated = body.get("valid_from")
    try:
        if stated is not None:
            return date.fromisoformat(str(stated))
    except ValueError:
        raise Unclear(f"{file}: `valid_from` is a day written YYYY-MM-DD, not {str(stated)[:40]!r}.") from None
    if older:
        found: date = older[0]["valid_from"]
        return found
    return date(min(new.years, default=2018), 1, 1)


def _told(before: Calendar | None, new: Calendar) -> Iterator[str]:
    """Years that are new, then every day that is worked otherwise than before."""
    years = new.years - (before.years if before else frozenset())
    yield f"Announced anew: {', '.join(map(str, sorted(years))) or 'no year'}."
    if before is None:
        return
    changed = [
        (day, was, now)
        for day in map(date.fromordinal, range(TABLE_FIRST, TABLE_LAST + 1))
        if (was := hours_of(before, day)) != (now := hours_of(new, day))
    ]
    for day, was, now in changed[:SHOWN_MAX]:
        yield f"{day}  {_words(was)} -> {_words(now)}  {new.holidays.get(day) or new.make_up.get(day, '')}".rstrip()
    if len(changed) > SHOWN_MAX:
        yield f"… and {len(changed) - SHOWN_MAX} more days."


def _words(hours: Hours) -> str:
    return ", ".join(map(str, hours)) or "closed"


async def _read_versions(settings: Settings, server_url: str) -> Versions:
    """Every version of every calendar that is loaded, by key, the oldest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with (
        places.open_database(settings, server_url, Bus(), "xinyidai-calendar") as db,
        db.reading(Role.WORKER) as tx,
    ):
        for one in await policies.all_versions(tx, KIND):
            row = {
                "version": one.version,
                "valid_from": one.valid_from,
                "valid_to": one.valid_to,
                "body": dict(one.body),
            }
            found.setdefault(one.key, []).append(row)
    return found


async def _add(settings: Settings, server_url: str, row: dict[str, Any]) -> None:
    url = places.database_address(settings, server_url)
    database = urlsplit(url).path.strip("/")
    await add_version(url, settings.secret, KIND, row, database=database, prefix=places.NAME)
