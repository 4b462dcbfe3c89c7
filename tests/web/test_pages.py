"""Pages: headers, languages, escapes, flash messages, assets, cursors, the OpenAPI document, logs."""

import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import jinja2
import markupsafe
import pytest
import structlog
from litestar import Litestar

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra import log
from app.infra.db import Database
from app.infra.resources import resource_dir
from app.web import idempotency, pages, static
from tests.web.app_for_tests import client_of, make_org, make_seat, sign

HTML = {"accept": "text/html"}


@pytest.mark.parametrize("path", ["/login", "/health/live", "/nowhere", "/forgotten", "/schema/openapi.json"])
async def test_every_answer_has_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    """Refusals and machine answers too; nothing inline, nothing from outside, no framing, no caching."""
    headers = (await client.get(path, headers=HTML)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert ("nosniff", "no-store") == (headers["x-content-type-options"], headers["cache-control"])


async def test_pages_hold_nothing_inline_and_nothing_from_outside(firm: httpx.AsyncClient) -> None:
    """What the policy would block must not be there at all."""
    for path in ("/login", "/seats", "/problems", "/nowhere"):
        text = (await firm.get(path, headers=HTML)).text
        assert [] == re.findall(r"""\sstyle=|\son[a-z]+=|<style|javascript:|(?:src|href)=["'](?:https?:)?//""", text)
        assert [] == re.findall(r"<script(?![^>]* src=)", text)


async def test_assets_are_kept_for_ever_under_a_name_that_changes(client: httpx.AsyncClient) -> None:
    """All that a page names is there; an old name is not cached, a path leads nowhere."""
    text = (await client.get("/login", headers=HTML)).text
    named = sorted(set(re.findall(r'"(/static/[^"]+)"', text)))

    answers = [await client.get(path) for path in named]

    assert len(named) == len(static.SOURCES)
    assert {200} == {answer.status_code for answer in answers}
    assert {True} == {"immutable" in answer.headers["cache-control"] for answer in answers}
    assert {True} == {len(answer.content) > 100 for answer in answers}
    old = await client.get("/static/000000000000/app.css")
    assert (200, "no-store") == (old.status_code, old.headers["cache-control"])
    for bad in ("/static/0/../app.js", "/static/0/..%2fapp.js", "/static/0/unheard.css", "/static/0/%2e%2e%2fbody.py"):
        assert 404 == (await client.get(bad)).status_code


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "expected"),
    [
        ("", "", "", "zh-Hans"),
        ("", "", "en-GB,en;q=0.8", "en"),
        ("", "zh", "en", "zh-Hans"),
        ("?lang=en", "zh", "zh", "en"),
        ("?lang=fr", "", "", "zh-Hans"),
    ],
)
async def test_the_language_is_what_was_asked_for(
    client: httpx.AsyncClient, query: str, cookie: str, accept: str, expected: str
) -> None:
    """Address, then cookie, then the browser's wish, then Chinese."""
    if cookie:
        client.cookies.set("lang", cookie)

    text = (await client.get(f"/login{query}", headers={**HTML, "accept-language": accept})).text

    assert f'<html lang="{expected}">' in text


async def test_a_chosen_language_stays(client: httpx.AsyncClient) -> None:
    """One press on the language, not one on every page."""
    await client.get("/login?lang=en", headers=HTML)

    assert '<html lang="en">' in (await client.get("/login", headers=HTML)).text


async def test_a_flash_message_is_shown_once_and_escaped(firm: httpx.AsyncClient) -> None:
    """It comes back through the visitor's hands, so it is sealed, and a forged one is not shown."""
    fields = {"note": "a", "_key": idempotency.mint_key(), "_csrf": firm.headers["x-csrf-token"]}
    await firm.post("/things/form", data=fields)

    first = (await firm.get("/things/page", headers=HTML)).text
    second = (await firm.get("/things/page", headers=HTML)).text
    firm.cookies.set("flash", "Zm9yZ2VkIHdvcmRzIG9mIGEgbG9uZyBlbm91Z2ggdGV4dA")
    forged = (await firm.get("/things/page", headers=HTML)).text

    assert [True, False, False] == ["已保存 &lt;b&gt;" in first, "已保存" in second, "forged" in forged]


@pytest.mark.parametrize("name", ["csrftoken", "flash", "lang", "session"])
async def test_no_cookie_is_shown_on_a_page(client: httpx.AsyncClient, name: str) -> None:
    """Whoever plants a cookie plants no markup (CVE-2026-48060)."""
    client.cookies.set(name, 'x"><script>alert(1)</script>')

    assert "<script>alert" not in (await client.get("/login", headers=HTML)).text


async def test_stored_markup_stays_text(db: Database, app: Litestar) -> None:
    """Bad input 29: an organisation's name is shown, not run."""
    name = "<script>alert(1)</script>{{7*7}}"
    seat = await make_seat(db, SeatRole.BANK_ADMIN, await make_org(db, OrgKind.BANK, name), login="xy-admin")
    async with client_of(app) as client:
        await sign(db, client, seat)
        text = (await client.get("/seats", headers=HTML)).text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in text


@pytest.mark.parametrize(
    ("url", "expected"),
    [("/a?b=1", "/a?b=1"), ("//e.example", "/"), ("https://e.example", "/"), ("/\\e.example", "/"), ("", "/")],
)
async def test_no_redirect_leads_elsewhere(url: str, expected: str) -> None:
    """`next` is anybody's word."""
    assert expected == pages.own_path(url)


async def test_cursors_are_tied_to_list_order_and_firm(db: Database, app: Litestar, firm: httpx.AsyncClient) -> None:
    """Bad input 27, and 8 for cursors."""
    cursor = (await firm.get("/things?limit=5")).json()["next"]
    again = await firm.get("/things", params={"limit": 5, "cursor": cursor})
    seat = await make_seat(db, SeatRole.BUSINESS, await make_org(db, OrgKind.BUSINESS), login="xy-other")
    async with client_of(app) as other:
        await sign(db, other, seat)
        foreign = await other.get("/things", params={"cursor": cursor})

    assert ["2026-01-01", 7] == again.json()["after"]
    assert (400, "bad-cursor") == (foreign.status_code, foreign.json()["code"])
    edited = cursor[:-3] + ("AAA" if cursor[-3:] != "AAA" else "BBB")
    for params in ({"cursor": edited}, {"cursor": cursor, "order": "note"}, {"cursor": "é"}, {"cursor": "a" * 2000}):
        answer = await firm.get("/things", params=params)
        assert (400, "bad-cursor") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1000000000", "limit=-1", "limit=1e2", "limit=٣", "order=password", "q=' OR 1=1"]
)
async def test_a_strange_query_is_refused(firm: httpx.AsyncClient, query: str) -> None:
    """Nothing unknown is silently ignored."""
    answer = await firm.get(f"/things?{query}")

    assert (400, "bad-query") == (answer.status_code, answer.json()["code"])


async def test_the_openapi_document_says_what_is_refused(client: httpx.AsyncClient) -> None:
    """Closed bodies, problems as the only shape of error, limits of every field."""
    document = (await client.get("/schema/openapi.json")).json()

    thing = document["components"]["schemas"]["Thing"]
    amount = thing["properties"]["amount"]
    assert (False, 1, 10**12) == (thing["additionalProperties"], amount["minimum"], amount["maximum"])
    responses = [
        operation["responses"] for operations in document["paths"].values() for operation in operations.values()
    ]
    assert {True} == {"default" in answer and "400" not in answer for answer in responses}
    assert "/login" not in document["paths"]


def test_every_template_compiles() -> None:
    """A misspelt tag must not wait for its first visitor."""
    environment = pages._environment()

    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)

    assert isinstance(environment.undefined("x"), jinja2.StrictUndefined)
    assert (resource_dir("templates") / "base.html").exists()


async def test_the_log_holds_one_line_a_request_and_no_personal_data(client: httpx.AsyncClient) -> None:
    """Fields that are not on the list are dropped; a line break in a value makes no second line."""
    out = io.StringIO()
    log.configure(out)
    try:
        await client.get("/nowhere?name=XY张三%0d%0aforged")
        structlog.get_logger().info("said", login="XY张三", count=3, reason="a\r\nb")
    finally:
        log.configure(level=50)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]

    assert ["request", "said"] == [line["event"] for line in lines]
    assert {
        "event",
        "level",
        "method",
        "ms",
        "problem",
        "route",
        "seat_role",
        "status",
        "timestamp",
        "trace_id",
    } == set(lines[0])
    assert (404, "not-found", "none") == (lines[0]["status"], lines[0]["problem"], lines[0]["seat_role"])
    assert ("a\r\nb", 1, 3) == (lines[1]["reason"], lines[1]["dropped"], lines[1]["count"])
    assert "张三" not in out.getvalue()
    assert datetime.fromisoformat(lines[0]["timestamp"]).tzinfo == UTC


async def test_readiness_compares_the_schema(client: httpx.AsyncClient, app: Litestar) -> None:
    """Code and schema of different releases are not ready for each other."""
    answers: list[Any] = [(await client.get("/health/ready")).status_code]
    app.state.revision = "9999"
    answers.append((await client.get("/health/ready")).status_code)

    assert [200, 503] == answers


@pytest.mark.parametrize("typed", ["<b>粗</b>", "100%", "%(name)s", "%d", "{{ 7*7 }}"])
def test_what_somebody_typed_is_escaped_where_words_are_translated(typed: str) -> None:
    """A page translates a word that is ours or a firm's own: Jinja's own gettext takes both for markup and slots."""
    env = pages._environment()

    shown = env.from_string("{{ _(typed) }}|{{ _('每页条数须为 1 至 {n}。') }}").render(typed=typed)

    assert shown.split("|")[0] == str(markupsafe.escape(typed))
