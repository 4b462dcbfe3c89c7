"""`xinyidai calendar` and `xinyidai uscc`: what people and machines get, and one line when the input is bad."""

import json

import pytest
import typer
from typer.testing import CliRunner

from app import cli_calendar, cli_uscc

PROGRAM = typer.Typer()
PROGRAM.add_typer(cli_calendar.app, name="calendar")
PROGRAM.add_typer(cli_uscc.app, name="uscc")


def call(*words: str) -> tuple[int, str, str]:
    """Exit code, what stands on stdout, what stands on stderr."""
    done = CliRunner().invoke(PROGRAM, words)
    return done.exit_code, done.stdout.strip(), done.stderr.strip()


def test_a_deadline_is_one_line():
    """The day, until 24:00."""
    assert (0, "2025-10-15 24:00", "") == call("calendar", "due", "2025-09-25", "10")


def test_a_provisional_deadline_says_so():
    """2027 is not announced: an answer with a warning, exit 0."""
    code, said, _ = call("calendar", "due", "2026-12-24", "7")

    assert (0, True) == (code, said.startswith("2027-01-04 24:00") and "provisional" in said)


def test_a_machine_gets_one_object():
    """Dates, the instant and the version that it was computed with."""
    code, said, _ = call("calendar", "due", "2025-09-25", "2", "--json", "--explain")

    answer = json.loads(said)
    assert code == 0
    assert answer["days"][-1]["kind"] == "make_up"
    assert (answer["due_on"], answer["due_at"], answer["provisional"]) == (
        "2025-09-28",
        "2025-09-28T16:00:00+00:00",
        False,
    )


def test_days_and_months_move_to_the_next_workday():
    """A make-up Saturday is one."""
    assert call("calendar", "due", "2025-09-16", "15", "--unit", "days")[1] == "2025-10-09 24:00"
    assert call("calendar", "due", "2026-01-31", "1", "--unit", "months")[1] == "2026-02-28 24:00"


def test_every_day_is_explained():
    """In both languages, the last line is the answer."""
    _, said, _ = call("calendar", "due", "2025-09-25", "10", "--explain")

    lines = said.splitlines()
    assert len(lines) == 22
    assert lines[3] == "2025-09-28  周日 国庆节调休上班，计第 2 日 | Sun make-up workday for National Day, day 2"
    assert lines[-1] == "2025-10-15 24:00"


def test_elapsed_is_the_inverse():
    """The day of the event does not count."""
    assert (0, "10 workdays in 20 calendar days", "") == call("calendar", "elapsed", "2025-09-25", "2025-10-15")
    assert json.loads(call("calendar", "elapsed", "2025-09-25", "2025-10-15", "--json")[1])["workdays"] == 10


BAD_CALLS = [
    (("calendar", "due", "2026-02-30", "3"), "START"),
    (("calendar", "due", "20260203", "3"), "START"),
    (("calendar", "due", "2026-W01-1", "3"), "START"),
    (("calendar", "due", "tomorrow", "3"), "START"),
    (("calendar", "due", "", "3"), "START"),
    (("calendar", "due", "0001-01-01", "3"), "START"),
    (("calendar", "due", "9999-12-31", "3"), "START"),
    (("calendar", "due", "2026-02-03", "0"), "N is"),
    (("calendar", "due", "2026-02-03", "-3"), "N is"),
    (("calendar", "due", "2026-02-03", "3.5"), "N is"),
    (("calendar", "due", "2026-02-03", "1e3"), "N is"),
    (("calendar", "due", "2026-02-03", "٣"), "N is"),
    (("calendar", "due", "2026-02-03", "9" * 5_000), "N is"),
    (("calendar", "due", "2026-02-03", "2501"), "N is"),
    (("calendar", "due", "2026-02-03", "3", "--unit", "weeks"), "--unit"),
    (("calendar", "elapsed", "2026-02-03", "2026-02-02"), "before"),
    (("calendar", "elapsed", "2026-02-03", "x"), "END"),
    (("uscc", "check", ""), "is empty"),
    (("uscc", "check", "00000000000000000X"), "placeholder"),
    (("uscc", "check", "91500103MA0000015A"), "last check character"),
    (("uscc", "check", "-1"), "places"),
]


@pytest.mark.parametrize(("words", "hint"), BAD_CALLS)
def test_bad_input_exits_2_with_one_clear_line(words, hint):
    """No traceback, nothing on stdout."""
    code, said, complained = call(*words)

    assert (2, "") == (code, said)
    assert hint in complained
    assert len(complained.splitlines()) == 1
    assert len(complained) < 200


def test_a_code_is_told_with_its_kind_and_notes():
    """For a person; the machine gets the same as members."""
    code, said, _ = call("uscc", "check", "91500103ma00000159")

    assert code == 0
    assert said.startswith("91500103MA00000159: enterprise (企业)")
    assert json.loads(call("uscc", "check", "n2500235mf0000013d", "--json")[1]) == {
        "ok": True,
        "code": "N2500235MF0000013D",
        "kind": "collective",
        "authority": "N",
        "office": "500235",
        "org_code": "MF0000013",
        "notes": ["lower_case"],
    }


def test_a_refused_code_is_an_object_for_a_machine_and_never_repeats_a_personal_number():
    """The exit code is 2 for both readers."""
    code, said, complained = call("uscc", "check", "11010519491231002X", "--json")

    assert (2, "looks_like_citizen_id", "") == (code, json.loads(said)["fault"], complained)
    assert "19491231" not in said


@pytest.mark.parametrize("words", [("calendar",), ("calendar", "due"), ("calendar", "elapsed"), ("uscc", "check")])
def test_help_is_there_for_a_stranger(words):
    """With an example that can be typed."""
    code, said, _ = call(*words, "--help")

    assert code == 0
    assert len(words) == 1 or "Example: xinyidai" in said
