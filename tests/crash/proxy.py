"""A proxy in front of PostgreSQL that can hold the answer to a COMMIT: the moment in which outcomes are unknown."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

COMMIT = b"Q\x00\x00\x00\x0bcommit\x00"  # one simple query, as app.infra.db sends it
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"  # PostgreSQL's answer to it; a transaction that failed answers ROLLBACK
SEEN_MAX = 1_000_000
ANSWER_SECONDS_MAX = 20
Struck = Callable[[], Coroutine[None, None, None]]


@dataclass(slots=True)
class _Link:
    """One connection through the proxy. `held`: answers are kept back; `committed`: one that was kept says COMMIT."""

    held: asyncio.Event = field(default_factory=asyncio.Event)
    committed: asyncio.Event = field(default_factory=asyncio.Event)


class CommitProxy:
    """Forwards bytes both ways. When armed, the next fitting COMMIT is forwarded, its answer is held, `strike` runs.

    The flag that holds answers is set *before* the COMMIT is forwarded; set later, the answer could slip through and
    the cut would prove nothing. The strike runs *after* PostgreSQL has answered into the held side, so what it kills
    has certainly committed and certainly not been told.
    """

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.strikes = 0
        self.commits = 0  # answers to COMMIT that were let through
        self._strike: Struck | None = None
        self._armed_for = b""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "CommitProxy":
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        while tasks := list(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks.difference_update(tasks)

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def arm(self, strike: Struck, *, after: bytes = b"") -> None:
        """Strike at the next COMMIT of a connection in whose transaction the client sent the bytes `after`.

        asyncpg sends a statement's text once per connection and only its arguments afterwards, so `after` has to be
        an argument: `b"OrderPosted"`, say, the kind of an event that is recorded.
        """
        self._armed_for, self._strike = after, strike

    @property
    def armed(self) -> bool:
        return self._strike is not None

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        me = asyncio.current_task()
        assert me is not None
        self._tasks.add(me)
        try:
            await self._join(reader, writer)
        finally:
            self._tasks.discard(me)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            writer.transport.abort()
            return
        link = _Link()
        pumps = [
            asyncio.ensure_future(self._forth(reader, up_writer, link)),
            asyncio.ensure_future(self._back(up_reader, writer, link)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for each in (writer, up_writer):
                each.transport.abort()

    async def _forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link) -> None:
        seen = b""
        with suppress(OSError):
            while chunk := await reader.read(65536):
                if chunk.startswith(b"Q") and b"begin" in chunk:
                    seen = b""
                seen = (seen + chunk)[-SEEN_MAX:]
                strike = self._strike
                if strike is not None and COMMIT in chunk and self._armed_for in seen:
                    self._strike = None
                    link.held.set()
                    await self._hold(chunk, writer, link, strike)
                    return
                writer.write(chunk)
                await writer.drain()

    async def _hold(self, chunk: bytes, writer: asyncio.StreamWriter, link: _Link, strike: Struck) -> None:
        """Forward the COMMIT, wait until PostgreSQL has obeyed, strike. Where it did not obey, stay armed."""
        try:
            writer.write(chunk)
            await writer.drain()
            await asyncio.wait_for(link.committed.wait(), ANSWER_SECONDS_MAX)
        except (OSError, TimeoutError):
            self._strike = strike
            return
        self.strikes += 1
        striking = asyncio.ensure_future(strike())  # of its own: what it kills may end this connection first
        self._tasks.add(striking)
        striking.add_done_callback(self._tasks.discard)

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                if link.held.is_set():
                    if COMMITTED in chunk:
                        link.committed.set()
                    continue
                self.commits += COMMITTED in chunk
                writer.write(chunk)
                await writer.drain()
