"""`xinyidai check-invariants`: the truths that hold at every commit, checked on live data."""

import asyncio
import json
from typing import Annotated

import typer

from app.invariants import Checked

LINES_SHOWN = 10


def check_invariants(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check on live data what must hold at every commit: money, clocks, states, consents, audit, figures.

    Exit 0 when every truth holds, 1 when one is broken. Writes nothing; safe beside a running service.
    """
    from app.infra.places import open_database, server_address
    from app.infra.settings import load
    from app.invariants import check_all
    from app.wiring import make_bus

    async def run(server_url: str) -> tuple[Checked, ...]:
        async with open_database(load(), server_url, make_bus(), "xinyidai-invariants") as db:
            return await check_all(db)

    with server_address(load()) as server_url:
        found = asyncio.run(run(server_url))
    typer.echo(as_document(found) if as_json else as_text(found))
    if any(one.broken for one in found):
        raise typer.Exit(1)


def as_document(found: tuple[Checked, ...]) -> str:
    """The outcome as one JSON object."""
    truths = [{"name": one.name, "says": one.says, "broken": list(one.broken)} for one in found]
    return json.dumps({"holds": not any(one.broken for one in found), "truths": truths}, ensure_ascii=False)


def as_text(found: tuple[Checked, ...]) -> str:
    """The outcome as lines: each truth, then the first places where it is broken."""
    lines = []
    for one in found:
        lines.append(f"{'broken' if one.broken else 'holds '}  {one.name}: {one.says}")
        lines += [f"        {line}" for line in one.broken[:LINES_SHOWN]]
        if len(one.broken) > LINES_SHOWN:
            lines.append(f"        … and {len(one.broken) - LINES_SHOWN} more")
    return "\n".join(lines)
