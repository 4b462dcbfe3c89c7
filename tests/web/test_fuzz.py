"""Nonsense of every kind, at every route, as everybody: never a 500, and every refusal is a listed problem (P26)."""

import asyncio
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from litestar import Litestar

from app.access.seats import SeatRole
from app.infra.db import Database
from app.infra.settings import Environment, Settings
from app.kernel.problems import PROBLEMS
from app.main import create_app
from tests.conftest import SECRET
from tests.web.app_for_tests import sign
from tests.web.objects import MAKERS, Made
from tests.web.test_access_matrix import ROWS, routes_of, seats_of

CALLS = 2_000
SEED = 20260901
NASTY: list[Any] = [
    *(None, True, False, 0, -1, 1, 10**12, 10**13, 2**63, -(2**63) - 1, 10**400, 1.5, 1e308, [], {}, [[]], [1, "1"]),
    *("", " ", "a", "A" * 3000, "\x00", "\ud800", "\u202e", "é", "重庆", "' OR 1=1 --", "%", "_", "(((((", "{{7*7}}"),
    *("=cmd()", "<script>", "../../etc/passwd", "a\r\nb", "2026-02-30", "2026-02-28T10:00:00", "9999-12-31T23:59:59Z"),
    *("0001-01-01", "+26:00", "NaN", str(UUID(int=7, version=4)), str(UUID(int=0)), {"a": {"b": []}}, [{}] * 50),
]
FORM = "multipart/form-data"
HEADERS: list[dict[str, str]] = [
    *({}, {"accept": "text/html"}, {"accept": "*/*, ;q="}, {"accept-language": "x" * 4000}, {"hx-request": "true"}),
    *(
        {"content-type": kind}
        for kind in ("text/plain", "application/json; charset=utf-16", FORM, FORM + "; boundary=x")
    ),
    *({"content-type": "application/x-www-form-urlencoded"}, {"content-encoding": "gzip"}, {"expect": "100-continue"}),
    *({"cookie": "session=\x7f; lang=; flash=a"}, {"idempotency-key": "é"}, {"x-csrf-token": "é"}, {"host": "\xff"}),
    *({"authorization": "Bearer " + "a" * 3000}, {"authorization": "\xff"}, {"range": "bytes=0-9"}, {"origin": "null"}),
]
BODIES = [b"", b"[" * 5000, b"{", b"\xff", b"null", b'{"a":1,"a":2}', b'{"a":NaN}', b"a=1&a=2&%00=%ff"]


class Nonsense:
    """A stream of requests that follows from its seed."""

    def __init__(self, app: Litestar, things: dict[str, Made]) -> None:
        self.dice = random.Random(SEED)
        self.routes = sorted(key for key, _ in routes_of(app))
        self.names = field_names(app)
        self.things = things

    def text(self) -> str:
        return "".join(c for c in str(self.dice.choice(NASTY)) if c not in "/?#\x00\r\n\ud800")[:200] or "x"

    def path(self, key: str) -> str:
        """The route with ids that exist, mine or another's, with ids that do not, or with nonsense for ids."""
        row = ROWS.get(key)
        made = self.things.get(row.object) if row else None
        known: dict[str, str] = dict(self.dice.choice([made.own, made.own, made.foreign])) if made else {}
        kind = self.dice.random()
        parts = [
            part if not part.startswith("{")
            else known[part[1:-1]] if kind < 0.7 and part[1:-1] in known
            else str(uuid4()) if kind < 0.85
            else self.text()
            for part in key.split(" ", 1)[1].split("/")
        ]  # fmt: skip
        return "/".join(parts)

    def body(self, key: str) -> bytes:
        if self.dice.random() < 0.1:
            return self.dice.choice(BODIES)
        if key in ROWS and ROWS[key].object and self.dice.random() < 0.3:
            return ROWS[key].body.replace("{param}", str(uuid4())).encode()  # A good one, out of its turn.
        fields = {name: self.dice.choice(NASTY) for name in self.names.get(key, []) if self.dice.random() < 0.9}
        if self.dice.random() < 0.2:
            fields["is_admin"] = True
        return json.dumps(fields).encode("utf-8", "surrogatepass")

    def role(self, key: str) -> SeatRole | None:
        """Mostly somebody who is let in, so that nonsense reaches the rooms."""
        everybody = [None, *SeatRole]
        inside = [role for role in everybody if key in ROWS and ROWS[key].lets_in(role)]
        return self.dice.choice(inside if inside and self.dice.random() < 0.8 else everybody)

    def request(self, key: str) -> dict[str, Any]:
        method = key.split(" ", 1)[0]
        headers = {"content-type": "application/json", "idempotency-key": uuid4().hex}
        if self.dice.random() < 0.4:
            headers |= self.dice.choice(HEADERS)
        params = [(self.dice.choice(["limit", "order", "cursor", "lang", "q", "kind"]), self.text())]
        return {
            "method": method,
            "url": self.path(key),
            "params": params if self.dice.random() < 0.4 else None,
            "headers": [(k.encode(), v.encode("latin-1", "replace")) for k, v in headers.items()],
            "content": self.body(key) if method != "GET" else None,
        }


def field_names(app: Litestar) -> dict[str, list[str]]:
    """The field names of every JSON body, so that nonsense gets past the first look."""
    document = app.openapi_schema.to_schema()
    schemas = document["components"]["schemas"]
    found = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}) if isinstance(operation, dict) else {}
            for media in content.values():
                schema = media.get("schema", {})
                shape = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], schema)
                found[f"{method.upper()} {path}"] = list(shape.get("properties", {}))
    return found


def settings_for(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path, environment=Environment.DEVELOPMENT, database_url=None, secret=SECRET,
        issuer="http://127.0.0.1", hosts=("127.0.0.1",), webhook_loopback=(), movable_clock=True,
    )  # fmt: skip


def fault_of(answer: httpx.Response) -> str:
    """Why an answer is not acceptable, or nothing."""
    if answer.status_code >= 500:
        return f"{answer.status_code}"
    if answer.status_code < 400 or answer.headers["content-type"].startswith("text/html"):
        return ""
    problem = answer.json()
    listed = problem["code"] in PROBLEMS and problem["type"] == f"/problems/{problem['code']}"
    same = problem["status"] == answer.status_code and problem["trace_id"] == answer.headers["x-trace-id"]
    quiet = not any(word in answer.text for word in ("Traceback", "asyncpg", "select ", "site-packages"))
    return "" if listed and same and quiet else f"{answer.status_code} {answer.text[:200]}"


async def test_nonsense_is_refused_and_never_breaks_anything(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls from a fixed seed; a failing one is printed whole."""
    monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path))
    app = create_app(settings_for(tmp_path), db)
    seats, others = await seats_of(db, "mine"), await seats_of(db, "other")
    nonsense = Nonsense(app, {name: await MAKERS[name](db, seats, others) for name in sorted(MAKERS)})
    clients: dict[SeatRole | None, httpx.AsyncClient] = {}
    for role in (None, *SeatRole):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        if role is not None:
            await sign(db, client, seats[role], secret=SECRET)
        clients[role] = client
    faults, statuses = [], Counter[int]()

    for _ in range(CALLS):
        key = nonsense.dice.choice(nonsense.routes)
        request, client = nonsense.request(key), clients[nonsense.role(key)]
        if request["method"] == "DELETE" or request["url"].startswith(("/logout", "/login", "/session")):
            client = clients[None]  # Nobody loses a session to nonsense.
        answer = await client.request(**request)
        statuses[answer.status_code] += 1
        if fault := fault_of(answer):
            faults.append(f"{fault}: {request}")
    for client in clients.values():
        await client.aclose()
    print(sorted(statuses.items()))

    assert [] == faults[:5]


async def test_two_lengths_of_one_request_are_refused(db: Database, tmp_path: Path) -> None:
    """Bad input 30: what a proxy and we could read differently is not read at all."""
    config = uvicorn.Config(create_app(settings_for(tmp_path), db), port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    writer.write(
        b"POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    )
    first = await asyncio.wait_for(reader.readline(), 5)
    rest = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    server.should_exit = True
    await serving

    assert b" 400 " in first
    assert b'"status":"ok"' not in rest
