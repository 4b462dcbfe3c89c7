"""`xinyidai replay sla`: lines for a person, one object for a machine, one line and exit 2 for bad input."""

import json

import pytest
import typer
from typer.testing import CliRunner

from app import cli_replay
from app.replay import Replay, Row
from tests.support import shanghai

PROGRAM = typer.Typer()
PROGRAM.add_typer(cli_replay.app, name="replay")
ROWS = (Row("all", "", "accepted", 2, 4), Row("bank", "b", "accepted", 1, 2))
SAME = Replay(shanghai("2025-10-16 00:00"), 4, ROWS, ())
OTHER = Replay(shanghai("2025-10-16 00:00"), 4, ROWS, ("bank b accepted: replayed 1/2, shown 2/2",))


def test_a_person_reads_lines_and_a_verdict() -> None:
    """The verdict stands last, where the eye is."""
    assert (
        "all\t-\taccepted\t2/4\nbank\tb\taccepted\t1/2\n2 figures of 4 suborders, all as shown."
        == cli_replay.as_text(SAME)
    )


def test_the_first_difference_is_named() -> None:
    """Whoever runs it at night must know where to look in the morning."""
    last = cli_replay.as_text(OTHER, "all").splitlines()[-1]

    assert "1 of the figures differ; the first: bank b accepted: replayed 1/2, shown 2/2" == last


def test_a_machine_reads_one_object() -> None:
    """Everything that the lines say, and all differences."""
    document = json.loads(cli_replay.as_document(OTHER, "bank"))

    assert [{"by": "bank", "key": "b", "figure": "accepted", "value": 1, "of": 2}] == document["figures"]
    assert "2025-10-15T16:00:00+00:00" == document["as_of"]
    assert 1 == len(document["differences"])


@pytest.mark.parametrize("words", [("--as-of", "soon"), ("--as-of", "2025-10-16T00:00:00"), ("--by", "moon")])
def test_what_is_not_understood_ends_with_one_line(words: tuple[str, str]) -> None:
    """Before any database is opened."""
    done = CliRunner().invoke(PROGRAM, ["replay", "sla", *words])

    assert (2, "") == (done.exit_code, done.stdout)
    assert 1 == len(done.stderr.strip().splitlines())
    assert done.stderr.startswith("xinyidai replay: ")
