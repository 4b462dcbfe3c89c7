"""`xinyidai audit`: the log as a file, checked by anybody without a database; proofs; and the witness's signature."""

import asyncio
import json
import os
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from app.access.audit.rules.checking import Known, Verdict
    from app.access.audit.rules.known import Witnessed
    from app.infra.db import Database

T = TypeVar("T")
app = typer.Typer(
    help="Export the log, check an export, prove an event, co-sign heads.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def audit() -> None:
    """Export the log, check an export, prove an event, co-sign heads."""


@app.command()
def export(file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write the log with its heads, signatures and public keys, one JSON object a line.

    Nothing else is needed to check it: xinyidai audit verify FILE.
    """
    from app.access.audit.service.exporting import export_lines
    from app.infra.db import Role

    async def run(db: "Database") -> int:
        count = 0
        async with db.reading(Role.REPORTER) as tx:
            with draft.open("wb") as target:
                async for line in export_lines(tx):
                    target.write(line)
                    count += line.startswith(b'{"leaf"')
        return count

    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        count = _with_database(run)
        draft.replace(file)
    except OSError as error:
        _refuse(f"{file} cannot be written: {error.strerror}")
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    typer.echo(f"{count} events are in {file}.")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="An export.")],
    heads: Annotated[Path | None, typer.Option(help="Heads kept outside: the platform's file or a witness's.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="Id of a key of the platform that you know.")] = None,
    as_json: Json = False,
) -> None:
    """Check an export alone: every event, every head, their order and signatures. Needs no database.

    An export shows by itself that what is in it is whole. That nothing was cut off at its end, and that it was not
    written anew under another key, shows with --heads or --key: what you knew before.

    Exit 0 when all holds, 1 with the first wrong event when it does not, 2 when a file cannot be read.

    Example: xinyidai audit verify audit.jsonl --heads witness.jsonl
    """
    from app.access.audit.rules.checking import check

    known = _read_known(heads) if heads else ()
    try:
        with file.open("rb", buffering=1 << 20) as lines:
            found = check(lines, known, frozenset(key) if key else None)
    except OSError as error:
        _refuse(f"{file} cannot be read: {error.strerror}")
    typer.echo(as_document(found) if as_json else as_text(found))
    if found.wrong:
        raise typer.Exit(1)


@app.command()
def prove(
    seq: Annotated[int, typer.Argument(help="Number of the event's row.")],
    event: Annotated[bool, typer.Option("--event", help="A row of the outbox instead of the audit log.")] = False,
    since: Annotated[int, typer.Option(help="Also prove that the log continues its first SINCE events.")] = 0,
) -> None:
    """Print the proof that one event is in the log: the event, the path, the head and the key, as one JSON object."""
    from app.access.audit.rules import heads
    from app.access.audit.service.proving import continuation, include
    from app.infra.db import Role
    from app.kernel.errors import Refusal

    async def run(db: "Database") -> dict[str, object]:
        async with db.reading(Role.REPORTER) as tx:
            found = await include(tx, int(event), seq)
            size = found.signed.head.size
            document: dict[str, object] = {
                "event": json.loads(found.line), "number": found.number, "path": [step.hex() for step in found.path],
                **found.signed.as_object(), "key": heads.encode(found.x),
            }  # fmt: skip
            if since:
                path = await continuation(tx, since, size)
                document["continues"] = {"old": since, "new": size, "path": [step.hex() for step in path]}
        return document

    try:
        document = _with_database(run)
    except Refusal:
        _refuse(f"there is no sealed {'event' if event else 'audit event'} {seq}, or no such size", code=1)
    typer.echo(json.dumps(document, ensure_ascii=False))


@app.command()
def witness(
    source: Annotated[str, typer.Argument(help="The platform's address, or its file of heads.")],
    file: Annotated[Path, typer.Option(help="Heads that you signed; new ones are added.")],
    key: Annotated[Path, typer.Option(help="Your private key; made where there is none.")],
    platform_key: Annotated[str, typer.Option(help="Id of the platform's key, if you know it.")] = "",
) -> None:
    """Sign the platform's newest head, after a proof that it continues the head you signed last.

    For the regulator, on a machine of its own: no database is needed. Exit 1, and no signature, on a fork: keep both.

    Example: xinyidai audit witness https://loans.example --file witness.jsonl --key witness.key
    """
    from app.access.audit.rules import heads, known
    from app.access.audit.service.witnessing import judge_head
    from app.cli_audit_source import Unreadable, read_offer
    from app.infra.vault import open_key

    signed = _read_witnessed(file) if file.exists() else []
    last = signed[-1].signed if signed else None
    private = open_key(key)
    try:
        offer = read_offer(source, last)
    except Unreadable as error:
        _refuse(str(error))
    fault = judge_head(last, offer.signed, offer.x, offer.path)
    if platform_key and platform_key != offer.signed.head.kid:
        fault = "it is signed by another key than the platform's"
    if fault:
        _refuse(f"head {offer.signed.head.no} was not signed: {fault}.", code=1)
    if last is not None and last == offer.signed:
        typer.echo(f"Head {last.head.no} is signed already; there is no newer one.")
        return
    x = private.public_key().public_bytes_raw()
    one = known.Witnessed(offer.signed, heads.thumbprint(x), x, heads.sign_as_witness(offer.signed.head, private))
    with file.open("ab") as target:
        target.write(known.witness_line(one))
        target.flush()
        os.fsync(target.fileno())
    typer.echo(f"Head {one.signed.head.no}, {one.signed.head.size} events, is signed by {one.kid}.")


@app.command()
def cosign(
    file: Annotated[Path, typer.Argument(help="A witness's file.")],
    name: Annotated[str, typer.Option(help="Whose signatures these are.")],
) -> None:
    """Take a witness's signatures into the log, so that the public page and every export show them."""
    from app.access.audit.service.witnessing import keep_cosignatures
    from app.infra.db import Role

    found = _read_witnessed(file)

    async def run(db: "Database") -> int | str:
        async with db.transaction(Role.SEALER) as tx:
            return await keep_cosignatures(tx, found, name)

    kept = _with_database(run)
    if isinstance(kept, str):
        _refuse(kept, code=1)
    typer.echo(f"{kept} signatures of {name} were added.")


def as_document(found: "Verdict") -> str:
    """The outcome as one JSON object."""
    from app.access.audit.rules.checking import WHAT

    document: dict[str, object] = {
        "holds": found.wrong is None, "events": found.events, "heads": found.heads, "erased": found.erased,
        "witnessed": found.witnessed, "last": asdict(found.last.head) if found.last else None,
        "wrong": asdict(found.wrong) | {"says": WHAT[found.wrong.what]} if found.wrong else None,
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False)


def as_text(found: "Verdict") -> str:
    """The outcome in words."""
    from app.access.audit.rules.checking import WHAT

    wrong, last = found.wrong, found.last
    proven = f"{found.events} events under {found.heads} heads are as they were sealed."
    if wrong is None:
        more = [f"The last head is no. {last.head.no} of {last.head.at}, key {last.head.kid}."] if last else []
        more += [f"A witness signed head {found.witnessed}."] if found.witnessed is not None else []
        more += [f"{found.erased} personal parts were erased."] if found.erased else []
        return " ".join([proven, *more])
    place = f"number {wrong.number}" + (f" to {wrong.until}" if wrong.until > wrong.number else "")
    row = f" ({wrong.source} {wrong.seq})" if wrong.seq is not None else ""
    head = f", head {wrong.head}" if wrong.head is not None else ""
    return f"The first wrong event is {place}{row}{head}: {WHAT[wrong.what]}.\nBefore it, {proven}"


def _with_database(run: "Callable[[Database], Awaitable[T]]") -> T:
    from app.infra.places import open_database, server_address
    from app.infra.settings import load
    from app.wiring import make_bus

    async def opened(server_url: str) -> T:
        async with open_database(load(), server_url, make_bus(), "xinyidai-audit") as db:
            return await run(db)

    with server_address(load()) as server_url:
        return asyncio.run(opened(server_url))


def _read_known(file: Path) -> "tuple[Known, ...]":
    from app.access.audit.rules.known import read_known

    try:
        found = read_known(file.read_bytes().splitlines())
    except OSError as error:
        _refuse(f"{file} cannot be read: {error.strerror}")
    if isinstance(found, str):
        _refuse(f"{file}: {found}")
    return found


def _read_witnessed(file: Path) -> "list[Witnessed]":
    from app.access.audit.rules.known import read_witnessed

    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        _refuse(f"{file} cannot be read: {error.strerror}")
    found = [read_witnessed(line) for line in lines]
    if None in found:
        _refuse(f"{file}: line {found.index(None) + 1} holds no head with a good signature of a witness")
    return [one for one in found if one is not None]


def _refuse(line: str, code: int = 2) -> NoReturn:
    typer.echo(f"xinyidai audit: {line}", err=True)
    raise typer.Exit(code)
