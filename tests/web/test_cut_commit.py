"""Connections cut around COMMIT: a client that repeats with its key is served exactly once (P5, finding 8)."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx

from app.access.seats import Seat
from tests.conftest import Cluster, open_database
from tests.web.app_for_tests import TOYS, client_of, create_test_app, sign

OPERATIONS, AT_ONCE, CHANCE = 150, 6, 0.25


@dataclass(slots=True)
class Scissors:
    """A TCP proxy before PostgreSQL that cuts at a commit: before it arrives, or after, with the reply held back."""

    port: int
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    armed: bool = False
    cuts: Counter[str] = field(default_factory=Counter)

    async def handle(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self.port)
        held = asyncio.Event()

        async def forth() -> None:
            while data := await client.read(65536):
                if self.armed and b"Q\x00\x00\x00\x0bcommit\x00" in data and self.dice.random() < CHANCE:
                    if self.dice.random() < 0.5:
                        self.cuts["before"] += 1
                        break
                    self.cuts["after"] += 1
                    held.set()  # Before the commit goes out, or its reply might slip through.
                    to_server.write(data)
                    await to_server.drain()
                    await asyncio.sleep(0.05)
                    break
                to_server.write(data)
                await to_server.drain()

        async def back() -> None:
            while data := await server.read(65536):
                if not held.is_set():
                    to_client.write(data)
                    await to_client.drain()

        tasks = [asyncio.create_task(forth()), asyncio.create_task(back())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for writer in (to_client, to_server):
            writer.transport.abort()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await task


@asynccontextmanager
async def scissors_before(url: str) -> AsyncIterator[tuple[Scissors, str]]:
    """The proxy, and the address of the same database behind it."""
    parts = urlsplit(url)
    assert parts.port is not None
    scissors = Scissors(parts.port)
    listener = await asyncio.start_server(scissors.handle, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield scissors, url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{port}")
    finally:
        listener.close()


async def insist(client: httpx.AsyncClient, note: str, seen: Counter[str]) -> None:
    """Repeat with the same key until accepted, as an honest client does."""
    headers = {"idempotency-key": uuid4().hex}
    for _ in range(40):
        answer = await client.post("/things", json={"amount": 1, "note": note}, headers=headers)
        if answer.status_code == 201:
            seen["replayed" if "idempotency-replayed" in answer.headers else "created"] += 1
            return
        seen[answer.json()["code"]] += 1
        assert answer.status_code in (409, 503), answer.text
    raise AssertionError(f"{note} was never accepted")


async def test_no_request_is_doubled_or_lost_by_a_cut(
    cluster: Cluster, database_name: str, seat: Seat, admin: asyncpg.Connection
) -> None:
    """Every operation has exactly one effect, though some were told that the outcome is unknown."""
    seen: Counter[str] = Counter()
    async with scissors_before(cluster.address(database_name)) as (scissors, url):
        db = open_database(cluster, database_name)
        db.url = url
        async with client_of(create_test_app(db, *TOYS)) as client:
            await sign(db, client, seat)
            scissors.armed = True
            gate = asyncio.Semaphore(AT_ONCE)

            async def one(number: int) -> None:
                async with gate:
                    await insist(client, f"n{number}", seen)

            await asyncio.gather(*(one(number) for number in range(OPERATIONS)))
            scissors.armed = False
        await db.close()
    notes = Counter(
        row["note"]
        for row in await admin.fetch("select detail->>'note' as note from audit_events where act = 'thing.made'")
    )
    print(dict(scissors.cuts), dict(seen))

    assert {f"n{number}": 1 for number in range(OPERATIONS)} == dict(notes)
    assert min(scissors.cuts["before"], scissors.cuts["after"], seen["outcome-unknown"], seen["replayed"]) > 0
