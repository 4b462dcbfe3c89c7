"""The reference receiver as a program, as its README tells a bank's engineer to run it."""

import json
import subprocess
import sys
from pathlib import Path

from app.access.clients import KeyFault, Use
from app.access.clients.rules import judge_key
from tests.support import REPOSITORY


def run(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "examples.bank", *words], cwd=REPOSITORY, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_the_keys_it_makes_can_be_registered_and_stay_private(tmp_path: Path) -> None:
    """What is printed goes to the head office; what is private stays in the folder, readable by its owner only."""
    out, _ = run("keys", str(tmp_path / "keys")).communicate(timeout=60)

    shown = json.loads(out)
    faults: list[KeyFault | None] = [
        judge_key(shown["signing_key"], Use.SIGNING), judge_key(shown["encryption_key"], Use.ENCRYPTION),
    ]  # fmt: skip
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()}
    assert (faults, modes) == ([None, None], {0o600})


def test_it_listens_where_it_says(tmp_path: Path) -> None:
    """The configuration of the README, with a free port."""
    run("keys", str(tmp_path / "my-keys")).communicate(timeout=60)
    config = {
        "platform": "http://127.0.0.1:9", "issuer": "http://127.0.0.1:9", "bank_id": "b", "client_id": "c",
        "keys": "my-keys", "notice_keys": [], "port": 0,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))

    program = run("run", str(tmp_path / "config.json"))
    try:
        assert program.stdout is not None
        line = program.stdout.readline()
    finally:
        program.terminate()
        program.communicate(timeout=30)

    assert line.startswith("listening on http://127.0.0.1:")


def test_the_readme_shows_the_configuration_that_the_program_reads() -> None:
    """Documentation that is not run goes stale."""
    text = (REPOSITORY / "examples" / "bank" / "README.md").read_text()
    block = text.split("```json")[1].split("```")[0]

    names = set(json.loads(block))

    assert names == {
        "platform", "issuer", "bank_id", "client_id", "keys", "notice_keys", "host", "port",
    }  # fmt: skip
