"""A bank's endpoint for tests: a loopback server that answers as it is told and keeps what it was sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def status(code: int, extra: str = "") -> Answer:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {code} Said\r\ncontent-length: 0\r\n{extra}\r\n".encode())
        await writer.drain()

    return say


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def cut(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def gibibyte(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@dataclass
class Endpoint:
    """`answers` are used up one by one; the last one stays."""

    url: str = ""
    answers: list[Answer] = field(default_factory=lambda: [status(204)])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@asynccontextmanager
async def endpoint(*answers: Answer) -> AsyncIterator[Endpoint]:
    bank = Endpoint(answers=list(answers) or [status(204)])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            pairs = [line.partition(":") for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            bank.got.append((headers, await reader.readexactly(int(headers["content-length"]))))
            answer = bank.answers.pop(0) if len(bank.answers) > 1 else bank.answers[0]
            await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    bank.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/notices"
    try:
        yield bank
    finally:
        server.close()
