"""`xinyidai audit` as somebody outside uses it: on files, without a database."""

import asyncio
import json
import random
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from app.access import audit
from app.access.audit.rules.checking import WHAT
from app.access.audit.rules.heads import read_head, read_json
from app.access.audit.rules.known import head_line
from app.cli_audit import app
from app.infra import vault
from app.infra.db import Database
from app.infra.migrate import migrate
from app.wiring import make_bus
from tests.access.audit import tampering
from tests.access.audit.tampering import Export
from tests.access.audit.test_tampers import export, live, write
from tests.conftest import SECRET, Cluster

NAME = "xinyidai_audit"
CASES = {number: UUID(int=number) for number in range(2, 11)}


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
async def good(db: Database, tmp_path: Path) -> Export:
    """A small history, its export in `export.jsonl`, its heads in `heads.jsonl`."""
    await live(db, tmp_path / "outside")
    lines = tuple(await export(db))
    (tmp_path / "export.jsonl").write_bytes(b"".join(lines))
    next((tmp_path / "outside").iterdir()).rename(tmp_path / "heads.jsonl")
    ring = vault.ring()
    return Export(lines, ring.sealers[ring.sealing_kid])


async def test_an_export_is_checked_alone(good: Export, tmp_path: Path):
    """A person reads what holds and up to which head; a machine reads one object."""
    file = tmp_path / "export.jsonl"

    shown, told = run("verify", file), json.loads(run("verify", file, "--json").stdout)

    assert shown.exit_code == 0
    assert "91 events under" in shown.stdout
    assert "1 personal parts were erased." in shown.stdout
    assert (told["holds"], told["events"], told["wrong"]) == (True, 91, None)
    assert told["last"]["root"] == good.heads[-1].head.root


async def test_the_first_wrong_event_is_named(good: Export, tmp_path: Path):
    """By its number in the log and by its row; exit 1."""
    file = tmp_path / "falsified.jsonl"
    line = good.events[17]
    file.write_bytes(b"".join(good.lines).replace(line, line.replace(b'"act":"', b'"act":"x')))

    shown, told = run("verify", file), json.loads(run("verify", file, "--json").stdout)

    row = json.loads(line)["plain"]
    assert (shown.exit_code, told["holds"]) == (1, False)
    assert f"The first wrong event is number 17 ({row['source']} {row['seq']}): {WHAT['changed']}." in shown.stdout
    assert (told["wrong"]["number"], told["wrong"]["what"]) == (17, "changed")


async def test_a_tail_that_is_cut_off_shows_against_the_heads(good: Export, tmp_path: Path):
    """And against nothing else, since what is left is whole."""
    late = (tampering.cut_at_a_head(good, random.Random(seed)) for seed in range(100))
    file, done = tmp_path / "short.jsonl", next(one for one in late if one.number > 70)
    file.write_bytes(b"".join(done.lines))

    alone, against = run("verify", file), run("verify", file, "--heads", tmp_path / "heads.jsonl")

    assert (alone.exit_code, against.exit_code) == (0, 1)
    assert f"number {done.number}" in against.stdout
    assert WHAT["cut"] in against.stdout


async def test_a_history_under_another_key_shows_against_a_key_that_is_known(good: Export, tmp_path: Path):
    """The key's id stands on the public page."""
    file, done = tmp_path / "new.jsonl", tampering.rewrite(good, random.Random(1))
    file.write_bytes(b"".join(done.lines))

    kid = good.heads[0].head.kid

    assert run("verify", tmp_path / "export.jsonl", "--key", kid).exit_code == 0
    assert run("verify", file).exit_code == 0
    assert run("verify", file, "--key", kid).exit_code == 1


async def test_what_cannot_be_read_ends_with_two(good: Export, tmp_path: Path):
    """One clear line, no stack; heads that were tampered with are no evidence."""
    bad = tmp_path / "bad.jsonl"
    lines = (tmp_path / "heads.jsonl").read_bytes().splitlines(keepends=True)
    bad.write_bytes(b"".join([lines[0].replace(b'"leaves":"', b'"leaves":"AAAA'), *lines[1:]]))
    (tmp_path / "empty").write_bytes(b"")

    assert run("verify", tmp_path / "nowhere").exit_code == 2
    assert run("verify", tmp_path / "export.jsonl", "--heads", tmp_path / "nowhere").exit_code == 2
    assert run("verify", tmp_path / "export.jsonl", "--heads", bad).exit_code == 2
    assert run("verify", tmp_path / "empty").exit_code == 1


async def test_a_witness_signs_what_continues_and_refuses_a_fork(db: Database, good: Export, tmp_path: Path):
    """It keeps its heads itself, so that nobody can make it forget; with them an export is checked as well."""
    heads, mine, key = tmp_path / "heads.jsonl", tmp_path / "witness.jsonl", tmp_path / "witness.key"
    words = ("witness", heads, "--file", mine, "--key", key)
    lines = heads.read_bytes().splitlines(keepends=True)
    heads.write_bytes(b"".join(lines[:-2]))
    first = run(*words)
    heads.write_bytes(b"".join(lines))
    second, again = run(*words), run(*words)
    forged = _forked(good, lines)
    heads.write_bytes(forged)

    refused = run(*words)

    assert [0, 0, 0, 1] == [one.exit_code for one in (first, second, again, refused)]
    assert "is signed already" in again.stdout
    assert "a fork" in refused.stderr
    assert 2 == len(mine.read_bytes().splitlines())
    assert run("verify", tmp_path / "export.jsonl", "--heads", mine).exit_code == 0
    assert key.stat().st_mode & 0o077 == 0


def _forked(good: Export, lines: list[bytes]) -> bytes:
    """The platform's file for a history that was written anew under the platform's own key."""
    done = tampering.fork(good, random.Random(3))
    leaves = [bytes.fromhex(json.loads(line)["leaf"]) for line in done.lines if line.startswith(b'{"leaf"')]
    signed = [read_head(json.loads(line)) for line in done.lines if line.startswith(b'{"head"')]
    x = good.platform.public_key().public_bytes_raw()
    size, found = 0, []
    for one in signed:
        assert one is not None
        found.append(head_line(one, x, leaves[size : one.head.size]))
        size = one.head.size
    assert len(found) == len(lines)
    return b"".join(found)


@pytest.fixture(scope="module")
def installed(cluster: Cluster) -> Iterator[str]:
    """The product's own database on the tests' server."""
    asyncio.run(migrate(cluster.url, SECRET, database=NAME, prefix="xinyidai"))
    yield cluster.address(NAME)
    asyncio.run(cluster.drop(NAME))


def test_the_log_leaves_the_database_by_the_command_line(
    installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Exported, proven event by event, signed by a witness, and taken back in with the signature."""
    monkeypatch.setenv("DATABASE_URL", installed)
    monkeypatch.setenv("XINYIDAI_SECRET", SECRET.decode())
    monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path / "home"))
    asyncio.run(_lived(installed, tmp_path))
    file, mine = tmp_path / "export.jsonl", tmp_path / "witness.jsonl"
    heads = next((tmp_path / "outside").iterdir())

    exported = run("export", file)
    proof = run("prove", "3", "--since", "2")
    unknown = run("prove", "999")
    run("witness", heads, "--file", mine, "--key", tmp_path / "key")
    taken = run("cosign", mine, "--name", "监管")
    again = run("export", file)

    assert [0, 0, 1, 0, 0] == [one.exit_code for one in (exported, proof, unknown, taken, again)], proof.output
    assert "5 events are in" in exported.stdout
    document = json.loads(proof.stdout)
    assert (document["event"]["plain"]["seq"], document["continues"]["old"]) == (3, 2)
    told = json.loads(run("verify", file, "--heads", mine, "--json").stdout)
    assert (told["holds"], told["witnessed"]) == (True, told["last"]["no"])
    assert read_json(mine.read_bytes().splitlines()[-1])["head"]["size"] == 5


async def _lived(url: str, folder: Path) -> None:
    db = Database(url=url, secret=SECRET, bus=make_bus(), prefix="xinyidai")
    sealer = audit.Sealer(db, folder / "outside")
    for case in (2, 4, 6, 8, 10):
        await write(db, f"thing.n{case}", CASES[case])
        await sealer.tick()
    await db.close()
