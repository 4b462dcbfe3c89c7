"""Every refusal is a problem of the published list, and tells nothing that it should not (P26)."""

import json
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar
from litestar.exceptions import TooManyRequestsException

from app.kernel.errors import Refusal
from app.kernel.problems import PROBLEMS
from app.web.problems import refusal_from

SECRETS = ("secret words", "select ", "Traceback", "/app/", ".py", "asyncpg")


def error_of(kind: type[BaseException], words: str = "select secret words from /app/x.py") -> Exception:
    error = kind(words)
    assert isinstance(error, Exception)
    return error


MAPPED = {
    "bug": (error_of(RuntimeError), 500, "internal"),
    "assertion": (error_of(AssertionError), 500, "internal"),
    "recursion": (error_of(RecursionError), 400, "too-deep"),
    "unique": (error_of(asyncpg.UniqueViolationError), 409, "already-exists"),
    "check": (error_of(asyncpg.CheckViolationError), 409, "conflict"),
    "lock": (error_of(asyncpg.LockNotAvailableError), 409, "conflict"),
    "deadlock": (error_of(asyncpg.DeadlockDetectedError), 409, "conflict"),
    "data": (error_of(asyncpg.NumericValueOutOfRangeError), 400, "malformed-field"),
    "encode": (error_of(asyncpg.exceptions._base.DataError), 400, "malformed-field"),  # type: ignore[attr-defined]
    "rls": (error_of(asyncpg.InsufficientPrivilegeError), 403, "forbidden"),
    "slow": (error_of(asyncpg.QueryCanceledError), 503, "overloaded"),
    "gone": (error_of(asyncpg.ConnectionDoesNotExistError), 503, "overloaded"),
    "starting": (error_of(asyncpg.CannotConnectNowError), 503, "overloaded"),
    "socket": (error_of(ConnectionResetError), 503, "overloaded"),
    "busy": (TooManyRequestsException(detail="secret words"), 429, "rate-limited"),
    "group": (ExceptionGroup("secret words", [error_of(asyncpg.UniqueViolationError)]), 409, "already-exists"),
    "refusal": (Refusal("consent-missing", reason="revoked"), 403, "consent-missing"),
}


@pytest.mark.parametrize("kind", MAPPED)
async def test_every_exception_becomes_a_listed_problem(app: Litestar, client: httpx.AsyncClient, kind: str) -> None:
    """One map; what is not in it is `internal`, and no answer quotes the exception."""
    error, status, code = MAPPED[kind]
    app.state.boom = {kind: error}

    answer = await client.get("/boom", params={"kind": kind})

    assert (status, code, "application/problem+json") == (
        answer.status_code, answer.json()["code"], answer.headers["content-type"].split(";")[0],
    )  # fmt: skip
    assert answer.json()["trace_id"] == answer.headers["x-trace-id"]
    assert f"/problems/{code}" == answer.json()["type"]
    assert [] == [word for word in SECRETS if word in answer.text]
    assert (status == 503) == ("retry-after" in answer.headers) or code == "conflict"


@pytest.mark.parametrize("kind", MAPPED)
async def test_a_browser_gets_a_page_that_says_what_to_do(app: Litestar, client: httpx.AsyncClient, kind: str) -> None:
    """What happened, what was kept, what to do, and a trace number."""
    error, status, code = MAPPED[kind]
    app.state.boom = {kind: error}

    answer = await client.get("/boom", params={"kind": kind}, headers={"accept": "text/html"})

    assert (status, True) == (answer.status_code, answer.headers["content-type"].startswith("text/html"))
    expected = (PROBLEMS[code].title_zh, "已保留什么", "接下来怎么做", answer.headers["x-trace-id"])
    assert [] == [words for words in expected if words not in answer.text]
    assert [] == [word for word in SECRETS if word in answer.text.replace("static/", "")]


def test_a_connection_lost_after_the_start_of_a_change_is_an_unknown_outcome() -> None:
    """Never 'failed': the commit may have been written. Before the start, and when reading, nothing is at stake."""
    lost = asyncpg.ConnectionDoesNotExistError("gone")

    codes = [
        refusal_from(lost, method=method, begun=begun).code
        for method, begun in (("POST", True), ("POST", False), ("GET", True))
    ]

    assert ["outcome-unknown", "overloaded", "overloaded"] == codes


def test_a_statement_stopped_by_its_time_limit_is_certainly_undone() -> None:
    """PostgreSQL rolls back what it cancels."""
    cancelled = asyncpg.QueryCanceledError("stopped")

    assert "overloaded" == refusal_from(cancelled, method="POST", begun=True).code


async def test_the_list_is_published_in_both_languages(client: httpx.AsyncClient) -> None:
    """`type` leads to a page that explains it, in the reader's language."""
    rows = (await client.get("/problems")).json()
    page = await client.get("/problems/four-eyes?lang=en", headers={"accept": "text/html"})

    assert list(PROBLEMS) == [row["code"] for row in rows]
    assert len(rows) <= 60
    assert PROBLEMS["four-eyes"].title_en in page.text
    assert 404 == (await client.get("/problems/unheard-of")).status_code


async def test_a_problem_speaks_the_language_of_the_caller(client: httpx.AsyncClient) -> None:
    """Chinese unless asked otherwise."""
    titles = [
        (await client.get("/nowhere", headers={"accept-language": language})).json()["title"]
        for language in ("", "en-GB,en;q=0.9", "fr, en;q=0.5", "zh-CN")
    ]

    assert ["未找到", "Not found", "Not found", "未找到"] == titles


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/things/99999999999999999999999", 404, "not-found"),
        ("GET", "/things/00000000-0000-0000-0000-000000000008", 404, "not-found"),
        ("GET", "/THINGS", 404, "not-found"),
        ("DELETE", "/things", 405, "method-not-allowed"),
        ("GET", "/counts", 400, "bad-query"),
        ("GET", "/counts?n=x", 400, "bad-query"),
        ("POST", "/things", 400, "malformed-body"),
    ],
)
async def test_what_the_framework_refuses_is_a_problem_too(
    firm: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """No second shape of error."""
    answer = await firm.request(method, path)

    assert (status, code) == (answer.status_code, json.loads(answer.text)["code"])


async def test_a_missing_and_a_foreign_thing_answer_with_the_same_bytes(firm: httpx.AsyncClient) -> None:
    """Apart from the trace number, nothing tells them apart."""
    first, second = [
        (await firm.get(f"/things/00000000-0000-0000-0000-00000000000{n}")).json() | {"trace_id": ""} for n in (1, 2)
    ]

    assert first == second


async def test_a_huge_body_is_413(firm: httpx.AsyncClient, key: Any) -> None:
    """Also when it declares nothing and only streams."""

    async def stream() -> Any:
        for _ in range(40):
            yield b" " * 65536

    headers = {**key(), "content-type": "application/json"}
    declared = await firm.post("/things", content=b" " * 300_000, headers=headers)
    streamed = await firm.post("/things", content=stream(), headers=headers)

    assert [413, 413] == [declared.status_code, streamed.status_code]
    assert "too-large" == declared.json()["code"]
