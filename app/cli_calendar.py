"""`xinyidai calendar`: what a deadline is and why, for people at a desk and for machines."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypeVar

import typer

from app.cli_calendar_answers import answer_due, answer_elapsed, answer_lines, day_members, in_two_languages
from app.cli_calendar_asked import (
    Unclear,
    load_calendar,
    read_document,
    read_end,
    read_limit,
    read_moment,
    read_pause,
)
from app.kernel.calendar_documents import EXAMPLE
from app.kernel.workdays import Calendar

__all__ = ["app", "load_calendar"]
Found = TypeVar("Found")
app = typer.Typer(
    help="Working time on dated calendars: the State Council's (holidays, make-up workdays) or one of your own.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
_DASHED: Final = {"ignore_unknown_options": True}  # So that a count of -3 gets our own line, not the parser's.
Of = Annotated[
    Path | None,
    typer.Option("--calendar", help="A calendar document (docs/calendars.md); without it the State Council's."),
]
Held = Annotated[
    list[str] | None,
    typer.Option("--pause", help="FROM/TO: a stretch that does not count; FROM/ while it is open. May be repeated."),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Say of every day, and of every slot, what it counted for and why.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Lines = Annotated[
    str | None,
    typer.Option("--lines", help="Instead of START …: a file of JSON lines, or - for stdin; one answer a line."),
]


@app.command("due", context_settings=_DASHED)
def show_due(
    start: Annotated[str | None, typer.Argument(help="YYYY-MM-DD, or YYYY-MM-DD HH:MM with or without offset.")] = None,
    limit: Annotated[list[str] | None, typer.Argument(help="Like 10 (workdays), '480 minutes', '1 month'.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of a bare number: workdays (if not given), days, months or minutes.")
    ] = None,
    calendar: Of = None,
    pauses: Held = None,
    explain: Explain = False,
    as_json: Json = False,
    lines: Lines = None,
) -> None:
    """Tell when a promise that began at START and runs for LIMIT is due.

    LIMIT is a number and a unit: workdays (10wd, 10 working days, 10个工作日), calendar days (15 days, 2 weeks) and
    months, which move to the next workday from a closed day, a month to its last day at most; working minutes and
    hours, which count the time inside the calendar's slots (480min, 8h, 8h30m, PT8H); clock minutes, all time.

    Days: the day of the event does not count, and a deadline is met until 24:00 of its day. A counted day is skipped
    when a pause stands at its 24:00. Minutes: counting begins at START or the next opening (a START without a time is
    its 00:00), and a count that ends with a slot is due at that very end, 17:00 and not the next morning.

    Times without an offset are on the wall clock of the calendar's zone. A deadline is marked provisional when it
    rests on a year that is not announced yet. A line of --lines is {"start", "limit", "pauses", "id"}; a bad one is
    answered by {"line", "error"}, and the exit code is 2 at the end.

    Example: xinyidai calendar due 2025-09-25 10 --explain

    Example: xinyidai calendar due '2026-03-06 16:20' '8 hours' --calendar branch.json --explain
    """
    found = _understood(lambda: load_calendar(calendar))
    if lines is not None:
        _no_more(start, limit, pauses)
        _answer_all("due", lines, found, explain=explain)
        return
    if start is None or not limit:
        _refuse("give START and LIMIT, or --lines FILE; see --help.")
    held = _understood(lambda: tuple(read_pause(one, found) for one in pauses or ()))
    answer = _understood(
        lambda: answer_due(read_moment("START", start, found), read_limit(" ".join(limit), unit), held, found)
    )
    if as_json:
        _print_object(answer.members() | ({"days": day_members(answer.lines())} if explain else {}))
        return
    for line in answer.lines() if explain else ():
        typer.echo(in_two_languages(line))
    typer.echo(answer.shown())


@app.command("elapsed", context_settings=_DASHED)
def show_elapsed(
    start: Annotated[str | None, typer.Argument(help="YYYY-MM-DD (its 00:00), or with a time.")] = None,
    end: Annotated[str | None, typer.Argument(help="YYYY-MM-DD (its 24:00), or with a time.")] = None,
    calendar: Of = None,
    pauses: Held = None,
    explain: Explain = False,
    as_json: Json = False,
    lines: Lines = None,
) -> None:
    """Count workdays, calendar days and working minutes from START to END.

    Days: those after the day of START, up to and including the day of END. Working minutes: all time inside the
    calendar's slots from START to END. Pauses are left out of each. A line of --lines is {"start", "end", "pauses",
    "id"}.

    Example: xinyidai calendar elapsed 2025-09-25 2025-10-15

    Example: xinyidai calendar elapsed '2026-03-06 16:20' '2026-03-09 10:00' --calendar branch.json --explain
    """
    found = _understood(lambda: load_calendar(calendar))
    if lines is not None:
        _no_more(start, end, pauses)
        _answer_all("elapsed", lines, found, explain=explain)
        return
    if start is None or end is None:
        _refuse("give START and END, or --lines FILE; see --help.")
    answer = _understood(
        lambda: answer_elapsed(
            read_moment("START", start, found),
            read_end("END", end, found),
            tuple(read_pause(one, found) for one in pauses or ()),
            found,
        )
    )
    if as_json:
        days = {"days": day_members(answer.lines(), answer.slot_lines())} if explain else {}
        _print_object(answer.members() | days)
        return
    if explain:
        for line in (*answer.lines(), *(one for one in answer.slot_lines() if one.slots)):
            typer.echo(in_two_languages(line))
    typer.echo(answer.shown())


@app.command("check")
def check_file(
    file: Annotated[Path, typer.Argument(help="A calendar document.")],
    as_json: Json = False,
) -> None:
    """Say whether a file is a calendar, and what it holds; else one line that says what is wrong (exit code 2).

    Example: xinyidai calendar check branch.json
    """
    found = _understood(lambda: load_calendar(file))
    key, version, _body = _understood(lambda: read_document(file))
    week = {name: [str(slot) for slot in hours] for name, hours in zip(_WEEK, found.week, strict=True)}
    if as_json:
        _print_object(
            {
                "key": key,
                "version": version,
                "zone": found.zone,
                "week": week,
                "years": sorted(found.years),
                "holidays": len(found.holidays),
                "make_up": len(found.make_up),
            }
        )
        return
    for name, slots in week.items():
        typer.echo(f"{name}  {', '.join(slots) or 'closed'}")
    years = ", ".join(map(str, sorted(found.years))) or "none"
    typer.echo(f"{found.zone}; announced: {years}; {len(found.holidays)} days off, {len(found.make_up)} made up.")


@app.command("example")
def show_example() -> None:
    """Print a calendar document with a lunch break, holidays and make-up workdays, to begin one's own with.

    Example: xinyidai calendar example > branch.json
    """
    _print_object(EXAMPLE, indent=2)


@app.command("load")
def load_file(
    file: Annotated[Path, typer.Argument(help="A calendar document with its version and notices.")],
    key: Annotated[str | None, typer.Option(help="Which calendar it is; cn is the State Council's.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
) -> None:
    """Add a new version of a calendar to the database; the worker recounts open deadlines within a minute.

    A version that is there already never changes. An announced year cannot be dropped. Every day that changes is told.

    Example: xinyidai calendar load notice-2027.json --dry-run
    """
    from app.cli_calendar_loading import load_version

    for line in _understood(lambda: load_version(file, key, dry_run=dry_run)):
        typer.echo(line)


_WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _answer_all(what: str, source: str, calendar: Calendar, *, explain: bool) -> None:
    """Answers as they come; a bad line does not stop the others, but the exit code tells of it."""
    bad = 0
    with _opened(source) as lines:
        block: list[str] = []
        for text, understood in answer_lines(what, lines, calendar, explain=explain):
            block.append(text)
            bad += not understood
            if len(block) >= 1_000:
                _write(block)
        _write(block)
    if bad:
        typer.echo(f"{bad} lines could not be understood; their answers say why.", err=True)
        raise typer.Exit(2)


@contextmanager
def _opened(source: str) -> Iterator[Iterable[bytes]]:
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(source).open("rb") as lines:
            yield lines
    except OSError as problem:
        _refuse(f"{source[:80]} cannot be read: {(problem.strerror or type(problem).__name__).lower()}.")


def _write(block: list[str]) -> None:
    if block:
        sys.stdout.write("\n".join(block) + "\n")
        sys.stdout.flush()
        block.clear()


def _no_more(*others: object) -> None:
    if any(others):
        _refuse("--lines takes all from its lines; leave out START, the rest and --pause.")


def _understood(ask: Callable[[], Found]) -> Found:
    try:
        return ask()
    except Unclear as problem:
        _refuse(str(problem))


def _print_object(members: object, indent: int | None = None) -> None:
    typer.echo(json.dumps(members, ensure_ascii=False, indent=indent))


def _refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(2)
