"""`xinyidai replay`: figures reckoned a second time from what happened, and compared with what is shown."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, NoReturn

import typer

from app.replay import Replay

GROUPS = ("all", "bank", "branch", "product", "district", "industry", "size", "type", "month")
app = typer.Typer(
    help="Reckon published figures again from the recorded moves, and compare.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def replay() -> None:
    """Reckon published figures again from the recorded moves, and compare."""


@app.command()
def sla(
    as_of: Annotated[
        str, typer.Option(help="Instant with its zone, such as 2025-10-16T00:00:00+08:00; now if left out.")
    ] = "",
    by: Annotated[
        str,
        typer.Option(
            help="Print only this group: all, bank, branch, product, district, industry, size, type or month."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Reckon the figures of the promises to firms from moves, pauses, policies and the calendar alone.

    No clock is read. Exit 0 when supervision shows the same figures, 1 with the first difference when it does not, 2
    when the command was not understood.

    Example: xinyidai replay sla --by bank
    """
    from app.infra.places import open_database, server_address
    from app.infra.settings import load
    from app.replay import replay_sla
    from app.wiring import make_bus

    instant = _instant(as_of)
    if by not in ("", *GROUPS):
        _refuse(f"--by is {', '.join(GROUPS[:-1])} or {GROUPS[-1]}, not {by[:40]!r}.")

    async def run(server_url: str) -> Replay:
        async with open_database(load(), server_url, make_bus(), "xinyidai-replay") as db:
            return await replay_sla(db, as_of=instant)

    with server_address(load()) as server_url:
        found = asyncio.run(run(server_url))
    typer.echo(as_document(found, by) if as_json else as_text(found, by))
    if found.differences:
        raise typer.Exit(1)


def as_document(found: Replay, by: str = "") -> str:
    """The replay as one JSON object."""
    document = {
        "as_of": found.as_of.isoformat(),
        "suborders": found.cases,
        "figures": [
            {"by": row.by, "key": row.key, "figure": row.figure, "value": row.value, "of": row.of}
            for row in found.rows
            if by in ("", row.by)
        ],
        "differences": list(found.differences),
    }
    return json.dumps(document, ensure_ascii=False)


def as_text(found: Replay, by: str = "") -> str:
    """The replay as lines: group, key, figure, value of `of`; then the verdict."""
    lines = [
        f"{row.by}\t{row.key or '-'}\t{row.figure}\t{row.value}/{row.of}" for row in found.rows if by in ("", row.by)
    ]
    verdict = (
        f"{len(found.differences)} of the figures differ; the first: {found.differences[0]}"
        if found.differences
        else f"{len(found.rows)} figures of {found.cases} suborders, all as shown."
    )
    return "\n".join([*lines, verdict])


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        _refuse(f"--as-of is an instant with its zone, not {text[:40]!r}.")
    if instant.tzinfo is None:
        _refuse("--as-of needs its zone, such as +08:00.")
    if not 2000 <= instant.year < 2200:
        _refuse("--as-of lies between the years 2000 and 2200.")
    return instant


def _refuse(line: str) -> NoReturn:
    typer.echo(f"xinyidai replay: {line}", err=True)
    raise typer.Exit(2)
