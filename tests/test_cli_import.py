"""`xinyidai import` as a stranger at a desk meets it: a table, a receipt, or one clear line and exit code 2."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli_import import app
from app.infra.migrate import migrate
from app.infra.postgres import ServerFailed
from tests.conftest import SECRET, Cluster
from tests.credit.ingestion.dirt import LIST, MASKED, REGISTRY, SOLD, org_code, uscc

NAME = "xinyidai_import"
ROWS = "\n".join(
    [
        REGISTRY,
        f"山城一有限公司,{uscc(1)},2019-01-02,N/A,50(万),测试,重庆,渝中,渝中区",
        f"山城二有限公司,{uscc(2)[:17]},2019-01-02,N/A,50(万),测试,重庆,渝中,渝中区",
    ]
)


@pytest.fixture(scope="module")
def installed(cluster: Cluster) -> Iterator[str]:
    """The product's own database on the tests' server."""
    asyncio.run(migrate(cluster.url, SECRET, database=NAME, prefix="xinyidai"))
    yield cluster.address(NAME)
    asyncio.run(cluster.drop(NAME))


@pytest.fixture
def run(installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", installed)
    monkeypatch.setenv("XINYIDAI_SECRET", SECRET.decode())
    monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path / "home"))

    def _run(kind: str, text: str | bytes | None, *options: str, name: str = "f.csv") -> Result:
        file = tmp_path / name
        if text is not None:
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return CliRunner().invoke(app, [kind, str(file), *options])

    return _run


def test_a_file_comes_in_and_what_was_not_taken_is_shown(run):
    """A person sees the counts and each row that needs a look; --json is the whole receipt; a resend is the same."""
    shown = run("registry", ROWS)
    again = json.loads(run("registry", ROWS, "--json").stdout)

    assert shown.exit_code == 0, shown.output
    assert "2 rows read, 1 accepted (0 normalised), 1 quarantined, 1 new." in shown.stdout
    assert uscc(2)[:17] in shown.stdout
    assert "uscc_malformed" in shown.stdout
    assert again["rows"] == {"read": 2, "accepted": 1, "normalised": 0, "quarantined": 1, "new": 1}
    assert [(row["row"], row["code"]) for row in again["rejected"]] == [(3, "uscc_malformed")]


def test_a_list_comes_in(run):
    """Without --kind the rows name their reasons."""
    shown = run("list", f"{LIST}\n山城一有限公司,500103000012345,{org_code(1)},,失信被执行人名单\n")

    assert shown.exit_code == 0, shown.output
    assert "no_uscc" in shown.stdout


@pytest.mark.parametrize(
    ("kind", "text", "options", "words"),
    [
        ("registry", None, (), "there is no file"),
        ("registry", "", (), "文件是空的"),
        ("registry", MASKED, (), "lacks columns that are needed (统一社会信用代码、注册日期)"),
        ("registry", b"\x89PNG\x00", (), "a picture or a program"),
        ("registry", b"\x81\x00\xff\xff\xfe", (), "refused whole"),
        ("registry", b"PK\x03\x04", (), "no xlsx workbook"),
        ("list", f"{LIST}\n", ("--kind", "nowhere"), "No rule is in force"),
        ("masked", f"{MASKED}\nE1,***,A,否\n", ("--bank", "无此银行"), "no bank called"),
        ("invoices", f"{SOLD}\nE1,1,2020/1/1,B1,1,0,1,有效发票\n", (), "bring in its firms first"),
    ],
)
def test_bad_input_ends_with_one_clear_line(run, kind, text, options, words):
    """Exit code 2, one line on stderr, no trace of the inside."""
    failed = run(kind, text, *options)

    assert failed.exit_code == 2
    assert words in failed.stderr
    assert len(failed.stderr.strip().splitlines()) == 1
    assert "Traceback" not in failed.output


def test_a_database_that_is_not_set_up_is_said_so(run, cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    """The first thing a stranger forgets."""
    monkeypatch.setenv("DATABASE_URL", cluster.address("not_there"))

    failed = run("registry", ROWS)

    assert isinstance(failed.exception, ServerFailed)  # `main` makes it one line and exit code 2.
    assert "run `xinyidai migrate`" in str(failed.exception)


@pytest.mark.parametrize("content", [None, b"<html>", "登录,企业\n".encode("gbk"), b"login,firm\nxy,\x00\xff\n"])
def test_what_is_no_file_of_accounts_is_refused_in_one_line(tmp_path: Path, content: bytes | None):
    """A folder, a page, another encoding: exit code 2 and a sentence, before any server is asked for."""
    file = tmp_path / "accounts.csv"
    if content is not None:
        file.write_bytes(content)

    result = CliRunner().invoke(app, ["accounts", str(file if content is not None else tmp_path)])

    assert (2, 1) == (result.exit_code, len(result.stderr.strip().splitlines()))


def test_a_list_of_one_reason_is_told_how_to_be_named(run):
    """Most official lists have no column of reasons; the refusal says what to do."""
    result = run("list", "企业名称,统一社会信用代码\n山城一有限公司,x\n")

    assert (2, True) == (result.exit_code, "--kind" in result.stderr)
