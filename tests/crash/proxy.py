"""A proxy in front of PostgreSQL that can hold the answer to a COMMIT: the moment in which outcomes are unknown."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

COMMIT = b"Q\x00\x00\x00\x0bcommit\x00"  # one simple query, as app.infra.db sends it
Struck = Callable[[], Awaitable[None]]


class CommitProxy:
    """Forwards bytes both ways. When armed, the next COMMIT is forwarded, its answer is held, and `strike` runs.

    The flag that holds answers is set *before* the COMMIT is forwarded; set later, the answer could slip through and
    the cut would prove nothing.
    """

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.strikes = 0
        self._strike: Struck | None = None
        self._armed_for: bytes = b""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "CommitProxy":
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def arm(self, strike: Struck, *, after: bytes = b"") -> None:
        """Strike at the next COMMIT of a connection in whose transaction the bytes `after` were sent."""
        self._strike, self._armed_for = strike, after

    @property
    def armed(self) -> bool:
        return self._strike is not None

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            writer.close()
            return
        held = asyncio.Event()
        pumps = [
            asyncio.ensure_future(self._forward(reader, up_writer, held)),
            asyncio.ensure_future(self._back(up_reader, writer, held)),
        ]
        self._tasks.update(pumps)
        with suppress(asyncio.CancelledError):
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
            self._tasks.discard(pump)
        for each in (writer, up_writer):
            with suppress(OSError):
                each.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, held: asyncio.Event) -> None:
        seen = b""
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                if chunk.startswith(b"Q") and b"begin" in chunk:
                    seen = b""
                seen = (seen + chunk)[-1_000_000:]
                strike = self._strike
                if strike is not None and COMMIT in chunk and self._armed_for in seen:
                    self._strike = None
                    held.set()
                    writer.write(chunk)
                    await writer.drain()
                    await asyncio.sleep(0.05)  # PostgreSQL commits and answers into our held side.
                    self.strikes += 1
                    await strike()
                    return
                writer.write(chunk)
                await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, held: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                if held.is_set():
                    continue
                writer.write(chunk)
                await writer.drain()
