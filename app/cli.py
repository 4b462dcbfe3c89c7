"""`xinyidai`: the one command line. Each command imports what it needs, so that `--help` is quick."""

import json
import socket
import sys
from typing import Annotated, NoReturn

import typer

from app.infra.settings import BadSettings, Settings, load

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="信易贷·渝惠融: a loan marketplace for small firms on consented public-credit data.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine instead of text for a person.")]


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Answer HTTP until stopped. Starts the embedded PostgreSQL unless DATABASE_URL names one."""
    from app.infra.places import server_address
    from app.main import run
    from app.main import serve as serve_http

    settings = load()
    with server_address(settings) as server_url:
        run(serve_http(settings, server_url, host, port))


@cli.command()
def worker() -> None:
    """Do what happens later: events, due clocks, deliveries, batches. Run one or several beside `serve`."""
    from app.infra.places import server_address
    from app.main import run, work_until_stopped

    settings = load()
    with server_address(settings) as server_url:
        run(work_until_stopped(settings, server_url))


@cli.command()
def migrate() -> None:
    """Make roles, database and tables, or bring them to the newest version. Safe to repeat."""
    from app.infra.migrate import head
    from app.infra.places import NAME, server_address

    settings = load()
    with server_address(settings) as server_url:
        _migrate(settings, server_url)
        typer.echo(f"{NAME} is at version {head()}.")


@cli.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the main job instead of serving.")] = False,
    port: Annotated[int, typer.Option(help="Port to serve on.", min=1, max=65535)] = 8000,
) -> None:
    """Make the invented city, live the main job in it over HTTP, then serve it with logins printed."""
    from app.demo.run import run_demo

    run_demo(once=once, port=port)


@cli.command()
def openapi() -> None:
    """Print the OpenAPI document of the HTTP interface."""
    from app.main import openapi_document

    typer.echo(json.dumps(openapi_document(), ensure_ascii=False, indent=2))


def _migrate(settings: Settings, server_url: str) -> None:
    from urllib.parse import urlsplit

    from app.infra.migrate import migrate_now
    from app.infra.places import NAME

    database = urlsplit(settings.database_url).path.strip("/") if settings.database_url else NAME
    migrate_now(server_url, settings.secret, database=database or NAME, prefix=NAME)


def _add_parts() -> None:
    """Sub-commands that rooms' composition files bring along."""
    from app.cli_audit import app as audit
    from app.cli_calendar import app as calendar
    from app.cli_import import app as files
    from app.cli_invariants import check_invariants
    from app.cli_replay import app as replay
    from app.cli_uscc import app as uscc

    cli.add_typer(audit, name="audit")
    cli.add_typer(calendar, name="calendar")
    cli.add_typer(files, name="import")
    cli.add_typer(replay, name="replay")
    cli.add_typer(uscc, name="uscc")
    cli.command("check-invariants")(check_invariants)


def main() -> NoReturn:
    """Entry point: expected failures end with exit code 2 and one clear line, without a stack trace."""
    from app.infra.migrate import NotDurable
    from app.infra.postgres import ServerFailed
    from app.infra.vault import BadKeys

    _add_parts()
    try:
        cli()
    except (BadSettings, BadKeys, ServerFailed, NotDurable) as error:
        typer.echo(f"xinyidai: {error}", err=True)
        sys.exit(2)
    except (ConnectionError, socket.gaierror) as error:
        typer.echo(f"xinyidai: no database answers: {error.strerror or error}.", err=True)
        sys.exit(2)
    sys.exit(0)


if __name__ == "__main__":
    main()
