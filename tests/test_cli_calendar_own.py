"""`xinyidai calendar` on calendars of one's own: lunch breaks, odd weeks, other zones, pauses, and lines in bulk."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from app import cli_calendar
from app.cli_calendar_asked import Unclear, read_limit
from app.cli_calendar_loading import judge_version
from app.infra.db import Database, Role
from app.infra.migrate import add_version
from app.kernel.calendar_documents import EXAMPLE
from app.office import policies
from app.office.clocks.rules import Limit, LimitUnit
from tests.conftest import SECRET, Cluster

PROGRAM = typer.Typer()
PROGRAM.add_typer(cli_calendar.app, name="calendar")
BODY: dict[str, Any] = {
    "version": 3,
    "zone": "Europe/Berlin",
    "week": {"mon-fri": ["09:00-12:00", "13:00-17:00"], "sat": ["10:00-13:00"]},
    "years": [
        {
            "year": 2026,
            "notice": "house rules",
            "holidays": [{"name": "outing", "from": "2026-07-06", "to": "2026-07-07"}, "2026-12-25"],
            "make_up": [{"on": "2026-07-12", "for": "outing", "slots": ["10:00-12:00"]}],
        }
    ],
}


def call(*words: str, typed: str | None = None) -> tuple[int, str, str]:
    done = CliRunner().invoke(PROGRAM, ["calendar", *words], input=typed)
    return done.exit_code, done.stdout.strip(), done.stderr.strip()


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(BODY), "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("start", "limit", "shown"),
    [
        ("2026-07-03 16:00", "60 minutes", "2026-07-03 17:00 Europe/Berlin"),
        ("2026-07-03 16:00", "4 hours", "2026-07-04 13:00 Europe/Berlin"),
        ("2026-07-03 16:00", "4h1min", "2026-07-08 09:01 Europe/Berlin"),
        ("2026-07-03T14:00:00Z", "PT61M", "2026-07-04 10:01 Europe/Berlin"),
        ("2026-07-11 12:30", "90min", "2026-07-12 11:00 Europe/Berlin"),
        ("2026-07-03", "1 wd", "2026-07-04 24:00"),
        ("2026-07-03", "2 working days", "2026-07-08 24:00"),
        ("2026-07-03", "3个工作日", "2026-07-09 24:00"),
        ("2026-07-03", "3 days", "2026-07-08 24:00"),
        ("2026-07-03", "P2D", "2026-07-08 24:00"),
        ("2026-06-05", "1 month", "2026-07-08 24:00"),
        ("2026-07-03 16:00", "90 clock minutes", "2026-07-03 17:30 Europe/Berlin"),
    ],
)
def test_a_deadline_on_a_calendar_of_ones_own(file, start, limit, shown):
    """Saturday is worked, an outing is made up for on a Sunday of two hours."""
    assert (0, shown, "") == call("due", start, limit, "--calendar", file)


def test_every_slot_is_explained_with_what_it_counted_for(file):
    """For a person in both languages, for a machine as members that sum up."""
    words = (
        "due",
        "2026-07-03 16:00",
        "5h",
        "--calendar",
        file,
        "--pause",
        "2026-07-04 11:00/2026-07-04 12:00",
        "--explain",
    )

    _code, said, _ = call(*words)
    answer = json.loads(call(*words, "--json")[1])

    assert said.splitlines()[1] == (
        "2026-07-04  周六 10:00-11:00 计 60 分钟；11:00-12:00 暂停，不计；12:00-13:00 计 60 分钟；累计 180 分钟"
        " | Sat 10:00-11:00 counts 60 min; 11:00-12:00 paused; 12:00-13:00 counts 60 min; 180 min so far"
    )
    assert said.splitlines()[-1] == "2026-07-08 11:00 Europe/Berlin"
    assert [day["kind"] for day in answer["days"]] == ["counted", "counted", "weekend", "holiday", "holiday", "counted"]
    pieces = [piece for day in answer["days"] for piece in day.get("slots", ())]
    assert (300, 300) == (sum(piece["minutes"] for piece in pieces), pieces[-1]["total_minutes"])
    assert (answer["due_at"], answer["due_local"], answer["unit"]) == (
        "2026-07-08T09:00:00+00:00",
        "2026-07-08T11:00:00+02:00",
        "minutes",
    )


def test_elapsed_time_is_counted_in_every_way(file):
    """The inverse of a deadline, with pauses left out of each count."""
    words = ("elapsed", "2026-07-03 16:00", "2026-07-08 11:00", "--calendar", file)

    found = json.loads(call(*words, "--pause", "2026-07-04 11:00/2026-07-04 12:00", "--json", "--explain")[1])

    assert (300, 2, 1, 5) == tuple(
        found[name] for name in ("working_minutes", "workdays", "workdays_ended", "calendar_days")
    )
    assert found["days"][0]["slots"][0]["minutes"] == 60
    assert call(*words)[1] == "2 workdays in 5 calendar days, 360 working minutes"
    assert "0 workdays in 1 calendar days" in call("elapsed", "2026-07-04", "2026-07-05", "--calendar", file)[1]


def test_a_day_that_a_zone_never_had_is_worked_by_nobody(tmp_path):
    """Samoa went over the date line: after 29 December 2011 came the 31st."""
    path = tmp_path / "apia.json"
    body = {"zone": "Pacific/Apia", "week": {"mon-sat": ["08:00-12:00"]}, "years": [{"year": 2011}]}
    path.write_text(json.dumps(body), "utf-8")
    of = ("--calendar", str(path))

    assert (0, "2011-12-31 24:00", "") == call("due", "2011-12-29 10:00", "1", *of)
    assert (0, "2011-12-31 10:00 Pacific/Apia", "") == call("due", "2011-12-29 10:00", "4h", *of)
    assert (2, "", "START 2011-12-30 does not occur in Pacific/Apia: the date line was moved over it.") == call(
        "due", "2011-12-30", "1", *of
    )
    assert "1 workdays" in call("elapsed", "2011-12-29 08:00", "2011-12-31 12:00", *of)[1]


def test_a_weekend_may_be_named(tmp_path):
    """Friday and Saturday off, one slot on every other day."""
    path = tmp_path / "gulf.json"
    path.write_text(
        json.dumps({"zone": "Asia/Dubai", "weekend": ["fri", "sat"], "slots": "08:00-14:00", "years": []}), "utf-8"
    )

    code, said, _ = call("due", "2026-07-02 13:00", "2h", "--calendar", str(path))

    assert (0, True) == (code, said.startswith("2026-07-05 09:00 Asia/Dubai"))


def test_a_paused_clock_has_no_deadline_yet(file):
    """FROM/ is a pause that has not ended."""
    code, said, _ = call("due", "2026-07-03 16:00", "5h", "--calendar", file, "--pause", "2026-07-03 16:30/", "--json")

    assert (0, None) == (code, json.loads(said)["due_at"])


def test_a_branch_inherits_the_national_year(tmp_path):
    """Its hours on Saturdays; National Day from the shipped document; a make-up Sunday at its normal hours."""
    path = tmp_path / "branch.json"
    path.write_text(json.dumps(EXAMPLE), "utf-8")

    assert call("due", "2026-09-30 16:00", "90min", "--calendar", str(path))[1] == "2026-10-08 09:30"
    assert call("due", "2026-09-19 11:30", "60min", "--calendar", str(path))[1] == "2026-09-20 09:30"
    assert call("due", "2026-12-31 11:00", "60min", "--calendar", str(path))[1].startswith("2026-12-31 12:00")


def test_lines_are_answered_one_by_one_and_bad_ones_tell_why(file):
    """From stdin and from a file: one object in, one out, in order; the exit code tells of bad ones."""
    lines = [
        '{"start": "2026-07-03", "limit": "2 workdays"}',
        '{"start": "2026-07-03 16:00", "limit": "5h", "pauses": ["2026-07-04 11:00/2026-07-04 12:00"], "id": "a"}',
        '{"start": "2026-07-03", "limit": 3, "unit": "days", "id": 7}',
        '{"start": "2026-07-03", "limit": "3 moons", "id": 8}',
        "nonsense",
        "",
        '{"start": "2026-07-03", "limit": "3 days", "colour": 1}',
    ]

    code, said, complained = call("due", "--lines", "-", "--calendar", file, typed="\n".join(lines) + "\n")

    found = [json.loads(line) for line in said.splitlines()]
    assert (2, 7, 1) == (code, len(found), len(complained.splitlines()))
    assert [one.get("due_local") for one in found[:3]] == [
        "2026-07-09T00:00:00+02:00",
        "2026-07-08T11:00:00+02:00",
        "2026-07-09T00:00:00+02:00",
    ]
    assert [(one.get("line"), one.get("id")) for one in found] == [
        (None, None), (None, "a"), (None, 7), (4, 8), (5, None), (6, None), (7, None)
    ]  # fmt: skip
    assert all("error" in one for one in found[3:])


def test_elapsed_lines_agree_with_the_single_answer(file):
    """And good lines alone end with 0."""
    stated = {
        "start": "2026-07-03 16:00",
        "end": "2026-07-08 11:00",
        "pauses": [["2026-07-04 11:00", "2026-07-04 12:00"]],
    }

    code, said, _ = call("elapsed", "--lines", "-", "--calendar", file, typed=json.dumps(stated))

    assert (0, 300) == (code, json.loads(said)["working_minutes"])


def test_a_workday_line_is_the_long_way_round_too(file):
    """The quick path for workdays gives what the explained one gives."""
    lines = "".join(json.dumps({"start": f"2026-{month:02d}-{day:02d}", "limit": n}) + "\n"
                    for month in range(1, 13) for day in (1, 7, 28) for n in (1, 5, 30))  # fmt: skip

    quick = [json.loads(line) for line in call("due", "--lines", "-", "--calendar", file, typed=lines)[1].splitlines()]
    slow = [
        json.loads(line)
        for line in call("due", "--lines", "-", "--explain", "--calendar", file, typed=lines)[1].splitlines()
    ]

    assert quick == [{name: one[name] for name in one if name != "days"} for one in slow]


BAD_DOCUMENTS: list[tuple[Any, str]] = [
    ("{", "no JSON"),
    ("[]", "neither a document"),
    ('{"zone": "Asia/Shanghai", "zone": "UTC"}', "twice"),
    (BODY | {"zone": "Mars/Base"}, "no time zone"),
    (BODY | {"week": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "overlap"),
    (BODY | {"week": {"mon": ["22:00-02:00"]}}, "passes midnight"),
    (BODY | {"week": {"mon": ["09:00-25:00"]}}, "no time of a day"),
    (BODY | {"week": {"mon": ["09:00-09:00"]}}, "empty"),
    (BODY | {"week": {"mon-wed": ["09:00-12:00"], "tue": []}}, "twice"),
    (BODY | {"week": {"monday": "nine to five"}}, "no slot"),
    (BODY | {"week": {"funday": ["09:00-12:00"]}}, "no weekday"),
    (BODY | {"week": {}}, "no day to work"),
    (BODY | {"weekend": [6, 7]}, "disagree on sat"),
    (BODY | {"holiday": []}, "no member 'holiday'"),
    (BODY | {"years": {"2026": []}}, "`years` of the document is a list"),
    (BODY | {"years": [None]}, "an entry of `years` is an object"),
    (BODY | {"years": [{"year": "soon"}]}, "a number like 2026, not 'soon'"),
    (BODY | {"years": [{"year": 2026, "holidays": "2026-10-01"}]}, "`holidays` of year 2026 is a list"),
    (BODY | {"years": [{"year": 2026, "holidays": [{"name": "x"}]}]}, "a holiday says when it is"),
    (BODY | {"years": [{"year": 2026, "make_up": [{"for": "x"}]}]}, "a make-up workday has `on`"),
    (BODY | {"days": {}}, "`days` of the document is a list"),
    (BODY | {"days": [{"on": "2026-07-01"}]}, "a day of `days` has `slots`"),
    (BODY | {"years": [{"year": 2026, "make_up": [{"on": "2026-07-11"}]}]}, "workday anyhow"),
    (BODY | {"years": [{"year": 2026, "make_up": ["2026-07-12", "2026-07-12"]}]}, "twice"),
    (BODY | {"years": [{"year": 2026, "holidays": ["2027-01-01"]}]}, "no announced year"),
    (BODY | {"years": [{"year": 2026, "holidays": [{"from": "2026-07-09", "to": "2026-07-01"}]}]}, "forward"),
    (BODY | {"inherits": "nowhere"}, "no calendar 'nowhere'"),
    (BODY | {"inherits": "own.json"}, "circle"),
    (BODY | {"days": [{"on": "2026-07-13", "slots": ["12:00-11:00"]}]}, "passes midnight"),
    (BODY | {"version": "three"}, "whole number"),
]


@pytest.mark.parametrize(("body", "why"), BAD_DOCUMENTS)
def test_a_bad_document_is_one_clear_line(tmp_path, body, why):
    """Exit code 2, nothing on stdout, no traceback; `check` says the same."""
    path = tmp_path / "own.json"
    path.write_text(body if isinstance(body, str) else json.dumps(body), "utf-8")

    for words in (("due", "2026-07-03", "1 wd", "--calendar", str(path)), ("check", str(path))):
        code, said, complained = call(*words)
        assert (2, "", 1) == (code, said, len(complained.splitlines())), complained
        assert why in complained
        assert len(complained) < 300


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("due", "2026-03-29 02:30", "1h"), "does not occur"),
        (("due", "2026-07-03", "1 m"), "min for minutes"),
        (("due", "2026-07-03", "1 fortnight"), "N is"),
        (("due", "2026-07-03", "1.5 workdays"), "N is"),
        (("due", "2026-07-03", "5 days", "--unit", "minutes"), "another unit"),
        (("due", "2026-07-03", "1h", "--pause", "2026-07-03"), "FROM/TO"),
        (("due", "2026-07-03", "1h", "--pause", "2026-07-05/2026-07-04"), "after it starts"),
        (("due", "2026-07-03 25:00", "1h"), "START"),
        (("due", "2079-12-31", "3600000 minutes"), "beyond 2099"),
        (("due",), "give START"),
        (("due", "2026-07-03", "1h", "--lines", "-"), "leave out START"),
        (("due", "--lines", "/nowhere/lines"), "cannot be read"),
        (("elapsed", "2026-07-03 12:00", "2026-07-03 11:59"), "before"),
    ],
)
def test_a_bad_question_is_one_clear_line(file, words, hint):
    """The same on every calendar."""
    code, said, complained = call(*words, "--calendar", file)

    assert (2, "", 1) == (code, said, len(complained.splitlines())), complained
    assert hint in complained


@pytest.mark.parametrize(
    ("text", "unit", "n"),
    [
        ("10", "workdays", 10),
        ("10wd", "workdays", 10),
        ("10 Business Days", "workdays", 10),
        ("2 working weeks", "workdays", 10),
        ("10个工作日", "workdays", 10),
        ("15d", "calendar_days", 15),
        ("15天", "calendar_days", 15),
        ("2 weeks", "calendar_days", 14),
        ("1mo", "months", 1),
        ("1个月", "months", 1),
        ("1 year", "months", 12),
        ("P1Y2M", "months", 14),
        ("P3W", "calendar_days", 21),
        ("480", "minutes", 480),
        ("480 minutes", "working_minutes", 480),
        ("8h", "working_minutes", 480),
        ("1.5 hours", "working_minutes", 90),
        ("8小时", "working_minutes", 480),
        ("480分钟", "working_minutes", 480),
        ("PT8H30M", "working_minutes", 510),
        ("2 clock hours", "minutes", 120),
    ],
)
def test_a_limit_may_be_spelled_in_many_ways(text, unit, n):
    """What people write in contracts and machines in messages."""
    if text == "480":
        assert Limit(LimitUnit.WORKING_MINUTES, n) == read_limit(text, "minutes")
    else:
        assert Limit(LimitUnit(unit), n) == read_limit(text)


def row(body: dict[str, Any], version: int) -> dict[str, Any]:
    return {"version": version, "valid_from": date(2026, 1, 1), "valid_to": None, "body": body}


def test_a_version_is_loaded_only_if_nothing_announced_is_lost():
    """Each changed day is told; the same again is nothing; another body under the same number is refused."""
    older = {"own": [row(BODY, 3)]}
    more = BODY | {"years": [*BODY["years"], {"year": 2027, "notice": "house rules", "holidays": ["2027-01-01"]}]}

    added, lines = judge_version("own.json", "own", 4, more, older)

    assert (date(2026, 1, 1), 4) == (added["valid_from"], added["version"])
    assert lines == ["Announced anew: 2027.", "2027-01-01  09:00-12:00, 13:00-17:00 -> closed"]
    assert judge_version("own.json", "own", 3, BODY, older)[0] is None
    for version, body, why in (
        (3, more, "never changes"), (2, BODY, "older than 3"), (4, BODY | {"years": []}, "drops the year 2026"),
        (4, BODY | {"years": [{"year": 2026}]}, "no notice"), (4, BODY | {"inherits": "cn"}, "not loaded"),
    ):  # fmt: skip
        with pytest.raises(Unclear, match=why):
            judge_version("own.json", "own", version, body, older)


async def test_a_loaded_version_is_in_the_database_for_good(cluster: Cluster, database_name: str, db: Database):
    """As its owner, who alone may add one; adding it again changes nothing."""
    names = {"database": database_name, "prefix": "xyd"}
    added, _lines = judge_version("own.json", "own", 3, BODY, {})

    await add_version(cluster.url, SECRET, "calendar", added, **names)
    await add_version(cluster.url, SECRET, "calendar", added | {"body": {}}, **names)

    async with db.reading(Role.WORKER) as tx:
        found = [one for one in await policies.all_versions(tx, "calendar") if one.key == "own"]
    assert [(3, BODY)] == [(one.version, one.body) for one in found]
