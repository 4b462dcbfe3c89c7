"""The log's heads for everybody: a page, JSON, proofs; and a witness that signs from the platform's address alone."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner

from app.access import audit
from app.access.audit.rules import heads
from app.access.audit.rules.heads import read_head
from app.access.audit.rules.merkle import continues
from app.cli_audit import app as program
from app.infra.db import Database
from app.infra.settings import Environment, Settings
from app.main import create_app
from tests.access.audit.test_tampers import live, write
from tests.conftest import SECRET

CASE = {number: UUID(int=number) for number in range(1, 10)}


@pytest.fixture
async def stranger(db: Database, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a seat."""
    settings = Settings(
        home=tmp_path, environment=Environment.DEVELOPMENT, database_url=None, secret=SECRET,
        issuer="http://127.0.0.1", hosts=("127.0.0.1",), webhook_loopback=(), movable_clock=True,
    )  # fmt: skip
    transport = httpx.ASGITransport(app=create_app(settings, db), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def test_before_the_first_head_the_page_says_so(stranger: httpx.AsyncClient):
    """An empty state, and no proof of nothing."""
    page, shown = await stranger.get("/audit/heads"), await stranger.get("/audit/heads.json")
    proof = await stranger.get("/audit/consistency.json?old=1&new=1")

    assert "还没有封存过" in page.text
    assert (shown.json(), proof.status_code, proof.json()["code"]) == ({"heads": []}, 400, "bad-query")


async def test_everybody_sees_the_heads_and_who_witnessed_them(
    db: Database, stranger: httpx.AsyncClient, tmp_path: Path
):
    """With the key that verifies each, and a proof between any two."""
    await live(db, tmp_path)
    page, shown = await stranger.get("/audit/heads"), (await stranger.get("/audit/heads.json")).json()["heads"]
    newest, oldest = shown[0], shown[-1]
    old, new = oldest["head"]["size"], newest["head"]["size"]
    proof = (await stranger.get(f"/audit/consistency.json?old={old}&new={new}")).json()

    assert newest["head"]["root"][:16] in page.text
    assert "监管" in page.text
    assert all(heads.head_holds(read_head(one), heads.decode(one["key"])) for one in shown)
    assert ["监管"] == [who["name"] for one in shown for who in one["witnesses"]]
    path = [bytes.fromhex(step) for step in proof["path"]]
    roots = bytes.fromhex(oldest["head"]["root"]), bytes.fromhex(newest["head"]["root"])
    assert continues(old, roots[0], new, roots[1], path)


@pytest.mark.parametrize(
    "query", ["old=x", "old=1", "old=-1&new=2", "old=2&new=1", "old=1&new=99999999999999999999", "old=٣&new=9"]
)
async def test_a_size_is_a_number_that_the_log_has_reached(stranger: httpx.AsyncClient, query: str):
    """Anything else is refused with a word, not a failure."""
    answer = await stranger.get(f"/audit/consistency.json?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad-query")


async def test_a_witness_needs_nothing_but_the_address(db: Database, stranger: httpx.AsyncClient, tmp_path: Path):
    """It asks for the newest head and the proof, signs, and refuses a platform that shows another past."""
    sealer = audit.Sealer(db, tmp_path / "outside")
    shown: dict[str, bytes] = {}

    async def seal_more(case: int) -> None:
        await write(db, f"thing.n{case}", CASE[case])
        await sealer.tick()
        sizes = [one["head"]["size"] for one in (await stranger.get("/audit/heads.json")).json()["heads"]]
        for url in ("/audit/heads.json", *(f"/audit/consistency.json?old={old}&new={sizes[0]}" for old in sizes)):
            shown[url] = (await stranger.get(url)).content

    with serving(shown) as address:
        words = ["witness", address, "--file", str(tmp_path / "w.jsonl"), "--key", str(tmp_path / "w.key")]
        none = await asyncio.to_thread(CliRunner().invoke, program, words)
        await seal_more(3)
        first = await asyncio.to_thread(CliRunner().invoke, program, words)
        await seal_more(5)
        await seal_more(7)
        second = await asyncio.to_thread(CliRunner().invoke, program, words)
        await seal_more(9)
        shown[next(url for url in shown if url.endswith("old=6&new=8"))] = json.dumps({"path": ["00" * 32]}).encode()
        refused = await asyncio.to_thread(CliRunner().invoke, program, words)

    assert [2, 0, 0, 1] == [one.exit_code for one in (none, first, second, refused)], second.output
    assert [2, 6] == [json.loads(line)["head"]["size"] for line in (tmp_path / "w.jsonl").read_text().splitlines()]
    assert "a fork" in refused.stderr


@contextmanager
def serving(shown: dict[str, bytes]) -> Iterator[str]:
    """A server that answers with these bytes, on an address of its own."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = shown.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
