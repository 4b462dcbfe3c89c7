"""The application on a socket, and bytes sent to it as no client library would send them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back before the connection was closed."""

    status: int
    headers: dict[str, str]
    body: str
    rest: bytes  # Whatever followed the first answer.

    @property
    def code(self) -> str:
        """The problem's code, empty where it is none."""
        return json.loads(self.body).get("code", "") if "problem+json" in self.headers.get("content-type", "") else ""


@dataclass(frozen=True, slots=True)
class Wire:
    port: int

    async def send(self, *parts: bytes, pause: float = 0.02) -> Heard:
        """Send bytes in pieces; read until the peer closes or falls silent for a second."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
        except ConnectionError:
            pass  # Refused while still sending: what it answered is there to be read.
        heard = b""
        try:
            while chunk := await asyncio.wait_for(reader.read(1 << 16), 1.5 if heard else 10):
                heard += chunk
        except (TimeoutError, ConnectionError):
            pass
        writer.close()
        return split(heard)

    async def request(self, line: str, *headers: str, body: bytes = b"", host: str = "127.0.0.1") -> Heard:
        head = "\r\n".join([f"{line} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]).encode("latin-1")
        return await self.send(head + b"\r\n\r\n" + body)

    async def post(self, path: str, body: bytes, *headers: str, length: int | None = None) -> Heard:
        """`length` is what is declared, when it is not that of the body."""
        declared = f"Content-Length: {len(body) if length is None else length}"
        return await self.request(f"POST {path}", "Content-Type: application/json", declared, *headers, body=body)


def split(heard: bytes) -> Heard:
    head, _, rest = heard.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    length = int(headers.get("content-length", len(rest)))
    status = int(lines[0].split(" ")[1]) if lines[0].startswith("HTTP/1.") else 0
    return Heard(status, headers, rest[:length].decode("utf-8", "replace"), rest[length:])


@asynccontextmanager
async def wired(app: Any) -> AsyncIterator[Wire]:
    """Serve as `xinyidai serve` does."""
    config = uvicorn.Config(
        app, port=0, log_config=None, access_log=False, server_header=False, lifespan="off", proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield Wire(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        await serving
