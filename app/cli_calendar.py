"""`xinyidai calendar`: what a deadline is and why, for people at a desk and for machines."""

import json
import re
from datetime import date, datetime
from typing import Annotated, Final, NoReturn

import typer

from app.infra.resources import resource_dir
from app.kernel.clock import SHANGHAI
from app.kernel.workdays import (
    TABLE_FROM,
    TABLE_TO,
    WORKDAYS_MAX,
    BadCalendar,
    Calendar,
    in_table,
    is_provisional,
    parse_calendar,
    workdays_between,
)
from app.office.clocks.rules import Clock, DayLine, Limit, LimitUnit, due, line_in_words, trace

app = typer.Typer(
    help="Working-day arithmetic on the State Council calendar (holidays and make-up workdays).",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
_DASHED: Final = {"ignore_unknown_options": True}  # So that a count of -3 gets our own line, not the parser's.
_WRITTEN: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNITS: Final = {"workdays": LimitUnit.WORKDAYS, "days": LimitUnit.CALENDAR_DAYS, "months": LimitUnit.MONTHS}
_UNITS_MAX: Final = {"workdays": WORKDAYS_MAX, "days": 3_650, "months": 120}


@app.command("due", context_settings=_DASHED)
def show_due(
    start: Annotated[str, typer.Argument(help="Day of the event, YYYY-MM-DD. It does not count itself.")],
    n: Annotated[str, typer.Argument(help="How many days (or months) the promise runs: 1 or more.")],
    unit: Annotated[
        str,
        typer.Option(help="workdays; or days / months, which move to the next workday from a closed day."),
    ] = "workdays",
    explain: Annotated[bool, typer.Option("--explain", help="Say of every day whether it counted, and why.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell the last day of a deadline of N workdays that began on START.

    The deadline is met until 24:00 of that day in Shanghai. It is marked provisional when it rests on a year whose
    calendar is not announced yet; then it may still move.

    Example: xinyidai calendar due 2025-09-25 10 --explain
    """
    start_on, calendar = _day("START", start), load_calendar()
    if unit not in _UNITS:
        _refuse(f"--unit is workdays, days or months, not {unit[:40]!r}.")
    most = _UNITS_MAX[unit]
    if not (n.isascii() and n.isdigit()) or len(n) > 6 or not 1 <= int(n) <= most:
        _refuse(f"N is a whole number from 1 to {most}, not {n[:40]!r}.")
    clock = Clock(
        datetime(start_on.year, start_on.month, start_on.day, 12, tzinfo=SHANGHAI), Limit(_UNITS[unit], int(n))
    )
    ends = due(clock, calendar)
    assert ends is not None, "a clock without pauses has a deadline"
    lines = trace(clock, calendar, ends.due_at) if explain else ()
    if as_json:
        shown: dict[str, object] = {
            "start_on": start_on.isoformat(),
            "n": int(n),
            "unit": unit,
            "due_on": ends.due_on.isoformat(),
            "due_at": ends.due_at.isoformat(),
            "provisional": ends.provisional,
            "calendar_version": calendar.version,
        }
        typer.echo(
            json.dumps(shown | ({"days": [_as_members(line) for line in lines]} if explain else {}), ensure_ascii=False)
        )
        return
    for line in lines:
        typer.echo(f"{line.day}  {line_in_words(line)} | {line_in_words(line, english=True)}")
    typer.echo(f"{ends.due_on} 24:00{_warning(ends.provisional)}")


@app.command("elapsed", context_settings=_DASHED)
def show_elapsed(
    start: Annotated[str, typer.Argument(help="Day of the event, YYYY-MM-DD. It does not count itself.")],
    end: Annotated[str, typer.Argument(help="Last day that counts, YYYY-MM-DD.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count the workdays after START up to and including END.

    Example: xinyidai calendar elapsed 2025-09-25 2025-10-15
    """
    start_on, end_on, calendar = _day("START", start), _day("END", end), load_calendar()
    if end_on < start_on:
        _refuse(f"END {end_on} lies before START {start_on}.")
    workdays, days = workdays_between(calendar, start_on, end_on), (end_on - start_on).days
    provisional = is_provisional(calendar, start_on, end_on)
    if as_json:
        shown = {
            "start_on": start_on.isoformat(),
            "end_on": end_on.isoformat(),
            "workdays": workdays,
            "calendar_days": days,
            "provisional": provisional,
            "calendar_version": calendar.version,
        }
        typer.echo(json.dumps(shown))
        return
    typer.echo(f"{workdays} workdays in {days} calendar days{_warning(provisional)}")


def load_calendar() -> Calendar:
    """The newest calendar that ships with the product. A running server may have a newer one in its policies."""
    document = json.loads((resource_dir("migrations") / "policies" / "calendar.json").read_text("utf-8"))[-1]
    calendar = parse_calendar(document["version"], document["body"])
    assert not isinstance(calendar, BadCalendar), calendar.why
    return calendar


def _as_members(line: DayLine) -> dict[str, object]:
    return {
        "day": line.day.isoformat(),
        "kind": line.kind.value,
        "n": line.n,
        "zh": line_in_words(line),
        "en": line_in_words(line, english=True),
    }


def _warning(provisional: bool) -> str:
    return "  (provisional 暂定: rests on a year whose calendar is not announced)" if provisional else ""


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text) if _WRITTEN.fullmatch(text) else None  # Not 2026-W01-1, which is ISO too.
    except ValueError:
        day = None
    if day is None:
        _refuse(f"{name} is a day written YYYY-MM-DD, not {text[:40]!r}.")
    if not in_table(day):
        _refuse(f"{name} lies between {TABLE_FROM} and {TABLE_TO}, {day} does not.")
    return day


def _refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(2)
