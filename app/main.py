"""Composition: settings and rooms become an HTTP application, or a worker's jobs."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import uvicorn
from litestar import Litestar
from litestar.handlers import BaseRouteHandler

from app.access import audit, clients, seats
from app.infra import log, vault
from app.infra.db import Database, Role
from app.infra.places import open_database
from app.infra.settings import BadSettings, Environment, Settings
from app.kernel.clock import shanghai_date
from app.navigation import NAVIGATION
from app.office import policies
from app.web.openapi import strict_document
from app.web.plugin import WebPlugin
from app.wiring import make_bus, worker_jobs
from app.worker import stop_on_signals, work

HANDLER_MODULES: Final = (
    "app.access.seats.http",
    "app.access.seats.pages",
    "app.access.clients.http",
    "app.access.audit.http",
    "app.access.audit.pages",
    "app.office.deliveries.http",
    "app.office.proposals.http",
    "app.office.proposals.pages",
    "app.office.messages.pages",
    "app.credit.ingestion.http",
    "app.credit.ingestion.pages.batches",
    "app.credit.ingestion.pages.quarantine",
    "app.market.parties.http",
    "app.market.parties.pages.pools",
    "app.market.parties.pages.lists",
    "app.market.parties.pages.list_files",
    "app.market.parties.pages.outlets",
    "app.market.parties.describing",
    "app.market.limits.http",
    "app.market.limits.pages",
    "app.market.products.pages.shelf",
    "app.market.products.pages.editing",
    "app.market.orders.pages.shelf",
    "app.market.orders.pages.wizard",
    "app.market.orders.pages.consenting",
    "app.market.orders.pages.mine",
    "app.market.orders.pages.papers",
    "app.market.orders.pages.letters",
    "app.market.orders.pages.desk",
    "app.market.orders.pages.desk_inbox",
    "app.market.orders.pages.desk_acts",
    "app.market.orders.pages.desk_proposals",
    "app.market.orders.pages.desk_corrections",
    "app.market.orders.pages.desk_lending",
    "app.market.recommendations.pages",
    "app.market.orders.pages.objections",
    "app.market.orders.pages.appeals",
    "app.market.complaints.pages.lists",
    "app.market.complaints.pages.cases",
    "app.market.ratings.pages.firm",
    "app.market.ratings.pages.lists",
    "app.market.ratings.pages.calls",
    "app.market.packages.http",
    "app.market.orders.http",
    "app.portal.outbox",
    "app.portal.health",
    "app.portal.style",
    "app.portal.verify",
    "app.market.oversight.http",
    "app.market.oversight.pages.desk",
    "app.market.oversight.pages.urges",
    "app.market.oversight.pages.circulars",
    "app.market.reckonings.pages",
    "app.market.promises.pages",
    "app.market.supervision.http",
    "app.market.supervision.pages.cards",
    "app.market.supervision.pages.cases",
    "app.market.supervision.pages.exports",
    "app.market.supervision.pages.gaming",
    "app.market.supervision.pages.head_office",
    "app.market.supervision.pages.month_files",
    "app.market.supervision.pages.months",
    "app.market.supervision.pages.morning",
    "app.market.supervision.pages.overview",
    "app.market.supervision.pages.refusals",
    "app.market.supervision.pages.searching",
)
GRACE_SECONDS: Final = 10


def create_app(settings: Settings, db: Database) -> Litestar:
    """The HTTP application over an open database."""
    return Litestar(
        route_handlers=handlers(),
        plugins=[
            WebPlugin(
                db=db,
                secret=settings.secret,
                hosts=settings.hosts,
                secure_cookies=settings.production,
                authenticate=seats.authenticate,
                bearer=_bearer(db),
                noted=audit.write_refusal,
                limit=_limit(db),
                navigation=NAVIGATION,
            )
        ],
    )


def handlers() -> list[BaseRouteHandler]:
    """Every route handler that the listed modules define, in their order."""
    modules: list[ModuleType] = [import_module(name) for name in HANDLER_MODULES]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, BaseRouteHandler) and value.fn.__module__ == module.__name__
    ]


def _bearer(db: Database) -> Callable[[str], Awaitable[seats.Seat | None]]:
    """Turn an access token into a seat, in a short transaction before the audience is known."""

    async def find(token: str) -> seats.Seat | None:
        async with db.reading(Role.AUTH) as tx:
            return await clients.authenticate(tx, token)

    return find


def _limit(db: Database) -> Callable[[str, str, str], Awaitable[None]]:
    """Count a call of a class; how many are let through, and how soon one more, is dated policy (`rate`)."""

    async def count(kind: str, name: str, trace_id: str) -> None:
        async with db.reading(Role.AUTH) as tx:
            policy = await policies.in_force(tx, "rate", kind, shanghai_date(tx.wall))
        body = seats.RateBody.model_validate(dict(policy.body))
        refill = timedelta(milliseconds=body.refill_ms)
        await seats.limit_rate(db, kind, name, burst=body.burst, refill=refill, request_id=trace_id)

    return count


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a process's one coroutine to its end, on uvloop where there is one: statements come back sooner."""
    loops = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    with asyncio.Runner(loop_factory=loops) as runner:
        runner.run(work)


async def serve(settings: Settings, server_url: str, host: str, port: int) -> None:
    """Answer HTTP until SIGTERM or SIGINT; requests under way get `GRACE_SECONDS` to end."""
    log.configure()
    vault.unlock(settings.home / "keys")
    listening = _listen(host, port)
    async with open_database(settings, server_url, make_bus(), "xinyidai-web") as db:
        config = uvicorn.Config(
            create_app(settings, db), host=host, port=port, log_config=None, access_log=False, server_header=False,
            date_header=True, timeout_graceful_shutdown=GRACE_SECONDS, proxy_headers=False,
        )  # fmt: skip
        await uvicorn.Server(config).serve(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """The socket to answer on. Raises BadSettings where it may not be had."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise BadSettings(f"{host} port {port} cannot be listened on: {error.strerror}.") from error


async def work_until_stopped(settings: Settings, server_url: str) -> None:
    """Run the worker's jobs until SIGTERM or SIGINT."""
    log.configure()
    vault.unlock(settings.home / "keys")
    async with (
        open_database(settings, server_url, make_bus(), "xinyidai-worker") as db,
        worker_jobs(settings, db) as jobs,
    ):
        await work(db, jobs, stop_on_signals())


def openapi_document() -> Mapping[str, Any]:
    """The OpenAPI document, made without a database."""
    settings = Settings(
        home=Path("/nonexistent"), environment=Environment.DEVELOPMENT, database_url=None, secret=b"-" * 32,
        issuer="", hosts=(), webhook_loopback=(), movable_clock=False,
    )  # fmt: skip
    app = create_app(settings, Database(url="postgresql://", secret=b"-", bus=make_bus()))
    return strict_document(app.openapi_schema.to_schema())
