"""B2: posting an order and pushing its first suborder, with everything on, against two other ways to write five rows.

Ours is one web and one worker process as in production: session, form token, idempotency, one signed consent per
ticked bank, ranking, order, outbox and audit in the first transaction; suborder, move, clocks and outbox in the
worker's. A rate is orders a second from the first request until the last order's first suborder is there. The
references write order, quota, clock, outbox and audit and do nothing else: `bench/peers/bare.py` by one statement in a
bare handler under the same server settings, and `bench/peers/drf` as its textbook would, under gunicorn. All use one
embedded server and one load generator; rounds alternate, and ratios are taken round by round.
"""

import asyncio
import json
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx

from app.demo.city import WAN, make_city
from app.demo.load import PASSWORD, load_city
from app.infra import postgres
from app.infra.db import Database, Role, with_user
from app.infra.migrate import APPLICATION, migrate
from app.infra.places import NAME
from app.kernel.clock import WALL, shanghai_date
from app.wiring import make_bus
from bench import load
from bench.peers.bare import SCHEMA
from bench.table import Row, compare

HOST: Final = "127.0.0.1"
PAIRS: Final = 5
CLIENTS: Final = 8
FIRMS, BANKS, TICKS = 8, 3, 2
ORDERS, BARE_ORDERS, DRF_ORDERS = 120, 1_500, 400
WARM: Final = 20
READY_SECONDS_MAX: Final = 60
CLASSES: Final = ["registration", "invoices", "tax"]
NEED: Final[dict[str, int | str]] = {
    "amount_fen": 10 * WAN,
    "term_months": 12,
    "purpose": "采购原材料",
    "collateral": "none",
}
PEER, PEER_DATABASE = "bench_peer", "bench_peers"
REPOSITORY: Final = Path(__file__).parents[1]


@dataclass(slots=True)
class Side:
    """One way to take an order: where it listens, and what is sent."""

    port: int
    path: str
    body: bytes
    headers: Sequence[Sequence[tuple[str, str]]]  # one list per sender

    def requests(self, count: int) -> list[bytes]:
        """Fresh requests, each with a key of its own."""
        return [
            load.request(
                "POST", self.path, self.body,
                [*self.headers[n % len(self.headers)], ("Idempotency-Key", str(uuid4()))],
            )
            for n in range(count)
        ]  # fmt: skip

    async def send(self, count: int) -> float:
        """Orders accepted a second; raises when one is not."""
        found = await load.run(self.port, self.requests(count), CLIENTS)
        assert sum(n for status, n in found.statuses.items() if status == 201) == count, found.statuses
        return found.per_second


def rows() -> list[Row]:
    """Measure ours against both references, on a server of their own."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    home = Path(tempfile.mkdtemp(prefix="xyd-bench-"))
    home.chmod(0o755)
    try:
        with postgres.running(home / "postgres") as server:
            return asyncio.run(_rounds(home, server.url))
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _rounds(home: Path, server_url: str) -> list[Row]:
    secret = secrets.token_urlsafe(48)
    url = await migrate(server_url, secret.encode(), database=NAME, prefix=NAME)
    peer_dsn = await _peers_database(server_url)
    db = Database(url, secret.encode(), make_bus(), prefix=NAME, application_name="xinyidai-bench")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        await _load_town(db, home)
        ours = await stack.enter_async_context(_ours(home, url, secret))
        bare = await stack.enter_async_context(_bare(home, peer_dsn))
        drf = await stack.enter_async_context(_drf(home, peer_dsn))
        await _until_pushed(db, ours, WARM)
        await bare.send(WARM)
        await drf.send(WARM)
        taken = [
            (await _until_pushed(db, ours, ORDERS), await bare.send(BARE_ORDERS), await drf.send(DRF_ORDERS))
            for _ in range(PAIRS)
        ]
    work = "an order posted and first pushed"
    return [
        compare("B2", f"{work}, against a bare handler", "/s", "≥ 0.5", [(a, b) for a, b, _ in taken]),
        compare("B2", f"{work}, against Django REST", "/s", "≥ 3", [(a, c) for a, _, c in taken]),
    ]


async def _until_pushed(db: Database, ours: Side, count: int) -> float:
    """Orders a second until the first suborder of the last one is there."""
    wanted = await _pushed(db) + count
    began = time.perf_counter()
    await ours.send(count)
    while await _pushed(db) < wanted:
        assert time.perf_counter() - began < READY_SECONDS_MAX, "the worker does not keep up"
        await asyncio.sleep(0.01)
    return count / (time.perf_counter() - began)


async def _pushed(db: Database) -> int:
    async with db.reading(Role.REPORTER) as tx:
        return int(await tx.value("select count(distinct order_id) from suborders"))


async def _load_town(db: Database, home: Path) -> None:
    """A few invented firms, and banks of one branch each."""
    city = make_city(shanghai_date(WALL.now()), firms=FIRMS)
    banks = tuple(replace(bank, branches=bank.branches[:1]) for bank in city.banks[:BANKS])
    await load_city(db, replace(city, banks=banks), home / "city", lambda *_: None)


@asynccontextmanager
async def _ours(home: Path, url: str, secret: str) -> AsyncIterator[Side]:
    port = free_port()
    env = {"DATABASE_URL": url, "XINYIDAI_SECRET": secret, "XINYIDAI_HOME": str(home / "files")}
    serve = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    work = [sys.executable, "-m", "app.cli", "worker"]
    async with process(serve, env, home / "web.log"), process(work, env, home / "worker.log"):
        await until_open(port)
        yield await _sign_in(port)


async def _sign_in(port: int) -> Side:
    """Sessions are opened and estimates made before; what is measured begins with the post."""
    headers: list[list[tuple[str, str]]] = []
    body: dict[str, Any] = {}
    for number in range(1, FIRMS + 1):
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=30, trust_env=False) as http:
            opened = await http.post("/session", json={"login": f"firm{number}", "password": PASSWORD})
            token = str(opened.json()["csrf_token"])
            estimated = await http.post(
                "/estimates", json={}, headers={"x-csrf-token": token, "idempotency-key": str(uuid4())}
            )
            assert estimated.is_success, estimated.text
            found = (await http.get("/matches", params=NEED)).json()["matches"]
            body = body or _body(found)
            cookie = f"session={http.cookies['session']}"
        headers.append([("Cookie", cookie), ("X-CSRF-Token", token), ("Content-Type", "application/json")])
    return Side(port, "/orders", json.dumps(body).encode(), headers)


def _body(matches: Sequence[dict[str, Any]]) -> dict[str, Any]:
    by_bank = {match["bank_id"]: match for match in reversed(matches)}
    banks = [
        {"branch_id": m["branch_id"], "product_id": m["product_id"], "data_classes": CLASSES}
        for m in list(by_bank.values())[:TICKS]
    ]
    until_on = shanghai_date(WALL.now()) + timedelta(days=60)
    return NEED | {"until_on": until_on.isoformat(), "places": 1, "banks": banks}


@asynccontextmanager
async def _bare(home: Path, dsn: str) -> AsyncIterator[Side]:
    connection = await asyncpg.connect(dsn)
    await connection.execute(SCHEMA)
    await connection.close()
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.peers.bare:app", "--port", str(port), "--no-access-log",
               "--log-level", "warning", "--no-server-header", "--no-proxy-headers"]  # fmt: skip
    body = json.dumps(NEED).encode()
    async with process(command, {"PEER_DSN": dsn}, home / "bare.log"):
        await until_open(port)
        yield Side(port, "/orders", body, [[("Content-Type", "application/json")]])


@asynccontextmanager
async def _drf(home: Path, dsn: str) -> AsyncIterator[Side]:
    env = {"PEER_DSN": dsn, "DJANGO_SETTINGS_MODULE": "bench.peers.drf.settings"}
    make = [sys.executable, "-m", "bench.peers.drf.wsgi"]
    await asyncio.to_thread(subprocess.run, make, cwd=REPOSITORY, env=_environment(env), check=True)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "bench.peers.drf.wsgi:application", "--bind", f"{HOST}:{port}",
               "--workers", "1", "--worker-class", "gthread", "--threads", "4", "--log-level", "warning"]  # fmt: skip
    body = json.dumps({"amount": 10 * WAN, "term_months": 12, "purpose": NEED["purpose"]}).encode()
    async with process(command, env, home / "drf.log"):
        await until_open(port)
        yield Side(port, "/orders", body, [[("Content-Type", "application/json")]])


async def _peers_database(server_url: str) -> str:
    """A database of the references' own, owned by a plain role; made in the migration step's name."""
    password = secrets.token_hex(16)
    connection = await asyncpg.connect(server_url, server_settings={"application_name": APPLICATION})
    try:
        await connection.execute(f"create role {PEER} login password '{password}'")
        await connection.execute(f"create database {PEER_DATABASE} owner {PEER}")
    finally:
        await connection.close()
    return with_user(server_url, PEER, password, PEER_DATABASE)


@asynccontextmanager
async def process(command: Sequence[str], env: dict[str, str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program of ours beside the bench, for as long as it is asked; what it says goes to `log`."""
    with log.open("wb") as file:
        running = await asyncio.create_subprocess_exec(
            *command, cwd=REPOSITORY, env=_environment(env), stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file
        )
    try:
        yield running
    finally:
        if running.returncode is not None:  # It ended by itself: what it said last tells why.
            print((await asyncio.to_thread(log.read_text, errors="replace"))[-2000:], file=sys.stderr)
        else:
            running.terminate()
        try:
            await asyncio.wait_for(running.wait(), 20)
        except TimeoutError:
            running.kill()
            await running.wait()


def _environment(more: dict[str, str]) -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | more


async def until_open(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens on port {port}"
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
