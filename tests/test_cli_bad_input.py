"""Whatever is typed wrong, or is not there, is said in one line with exit code 2; nobody is shown the inside."""

import socket
import sys
from pathlib import Path

import pytest

from app.cli import main

NOBODY = "postgresql://nobody@127.0.0.1:1/none"


@pytest.mark.parametrize(
    ("command", "database", "said"),
    [
        ("serve", "somewhere", "DATABASE_URL is not of the form"),
        ("worker", NOBODY, "no database answers"),
        ("migrate", NOBODY, "no database answers"),
        ("check-invariants", NOBODY, "no database answers"),
        ("serve --port 65536", NOBODY, "--port"),
        ("serve --port -1", NOBODY, "--port"),
        ("serve --port TAKEN", NOBODY, "cannot be listened on"),
        ("replay sla --as-of 9999-12-31T23:59:59-14:00", NOBODY, "between the years"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    command: str, database: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A stack trace tells an operator nothing, and a port beyond the last one was once served as another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = command.replace("TAKEN", str(taken.getsockname()[1])).split()
        monkeypatch.setattr(sys, "argv", ["xinyidai", *words])
        monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path))
        monkeypatch.setenv("DATABASE_URL", database)

        with pytest.raises(SystemExit) as ended:
            main()

    assert 2 == ended.value.code
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
