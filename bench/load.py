"""A small HTTP/1.1 load generator: keep-alive connections, prepared requests, answers counted by status.

Bounded in count; talks to loopback only. A general client would be slower than the server it measures.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What came back: how many per second, and how many answers of each status."""

    per_second: float
    statuses: Counter[int]


def request(method: str, path: str, body: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """One prepared HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def run(port: int, requests: Sequence[bytes], clients: int = 8) -> Load:
    """Send every request once over `clients` connections; raise when an answer cannot be read."""
    waiting = iter(requests)
    statuses: Counter[int] = Counter()
    began = time.perf_counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for each in waiting:
                writer.write(each)
                statuses[await _answer(reader)] += 1
        finally:
            writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return Load(len(requests) / (time.perf_counter() - began), statuses)


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ", 2)[1])
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
    if headers.get("transfer-encoding") == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    else:
        await reader.readexactly(int(headers.get("content-length", 0)))
    return status
