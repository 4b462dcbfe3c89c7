"""The stage of a journey: the application served on loopback, a worker that works when told, a clock moved by hand."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn

from app.demo.people import Person
from app.infra.db import Database, Role
from app.infra.http import Outgoing
from app.infra.outbox import drain
from app.infra.settings import Environment, Settings
from app.main import create_app
from app.market import orders
from app.office import deliveries
from tests.support import REPOSITORY, eventually

HOST = "127.0.0.1"
PASSWORD = "a passphrase for journeys"


@dataclass(slots=True)
class Stage:
    """One served application; `work` is one round of everything a worker does."""

    db: Database
    base_url: str
    outgoing: Outgoing
    people: dict[str, Person] = field(default_factory=dict)

    async def at(self, instant: datetime) -> None:
        """Let the business clock stand at an instant."""
        async with self.db.transaction(Role.OPS) as tx:
            await tx.execute(
                "insert into business_clock (frozen_at) values ($1) on conflict (id) do update set frozen_at = $1",
                instant,
            )

    async def work(self) -> None:
        while await drain(self.db) or await orders.sweep(self.db):
            pass
        while await deliveries.run_due(self.db, self.outgoing, self.db.wall.now()):
            await drain(self.db)

    def person(self, login: str, password: str = PASSWORD) -> Person:
        if login not in self.people:
            self.people[login] = Person(self.base_url, login, password)
        return self.people[login]


@asynccontextmanager
async def staged(db: Database, secret: bytes, home: Path) -> AsyncIterator[Stage]:
    """Serve the whole application over `db` on a free port, in this event loop."""
    listener = socket.create_server((HOST, 0))
    base_url = f"http://{HOST}:{listener.getsockname()[1]}"
    settings = Settings(
        home=home, environment=Environment.DEVELOPMENT, database_url=None, secret=secret, issuer=base_url,
        hosts=(HOST,), webhook_loopback=(HOST,), movable_clock=True,
    )  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(create_app(settings, db), log_config=None, access_log=False, lifespan="off"))
    task = asyncio.create_task(server.serve([listener]))
    async with Outgoing(loopback=[HOST], seconds_max=10) as outgoing:
        stage = Stage(db, base_url, outgoing)
        try:
            yield stage
        finally:
            for person in stage.people.values():
                await person.__aexit__()
            server.should_exit = True
            await task
            listener.close()


@dataclass(slots=True)
class BankMachine:
    """The reference receiver of examples/bank as a process of its own; `lines` are what it prints."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    @property
    def packages(self) -> list[str]:
        return [line for line in self.lines if line.startswith("package ")]

    @property
    def refusals(self) -> list[str]:
        return [line for line in self.lines if line.startswith("refused")]


def make_keys(folder: Path) -> dict[str, Any]:
    """Let the receiver make its keys; return the public halves."""
    made = subprocess.run(
        [sys.executable, "-m", "examples.bank", "keys", str(folder)], cwd=REPOSITORY, capture_output=True, check=True
    )
    keys: dict[str, Any] = json.loads(made.stdout)
    return keys


@asynccontextmanager
async def bank_machine(config: dict[str, Any], folder: Path) -> AsyncIterator[BankMachine]:
    """Run the receiver until the journey ends."""
    path = folder / "receiver.json"
    path.write_text(json.dumps(config))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "examples.bank", "run", str(path), cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    machine = BankMachine(process)

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            machine.lines.append(line.decode().strip())

    reading = asyncio.create_task(read())

    async def listening() -> bool:
        return bool(machine.lines)

    try:
        await eventually(listening, 30)
        assert machine.lines[0].startswith("listening"), machine.lines
        yield machine
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await reading


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def as_id(text: str) -> UUID:
    return UUID(text)
