"""The regulator's pages and figures over HTTP: whole, linked to their cases, and nobody else's."""

import re
from html import unescape

import asyncpg
import httpx
import pytest

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Database
from tests.market.supervision.conftest import CITY, HANDLERS
from tests.web.app_for_tests import client_of, create_test_app, make_org, make_seat, sign

PAGE = {"accept": "text/html"}


@pytest.fixture
def client(city: httpx.AsyncClient) -> httpx.AsyncClient:
    return city


@pytest.fixture
def empty(regulator: httpx.AsyncClient) -> httpx.AsyncClient:
    return regulator


def links(page: str) -> list[str]:
    """Every way from the page to cases."""
    return [unescape(link) for link in re.findall(r'href="(/supervision/cases[^"]*)"', page)]


async def test_the_overview_is_whole_and_every_figure_opens_its_cases(client: httpx.AsyncClient) -> None:
    """Each link of the page answers with at least one case, or says that there is none."""
    overview = await client.get("/supervision/overview", headers=PAGE)
    found = links(overview.text)
    answers = [await client.get(link, headers=PAGE) for link in dict.fromkeys(found)]

    assert overview.status_code == 200
    assert len(found) > 20
    assert {200} == {answer.status_code for answer in answers}
    for link, answer in zip(dict.fromkeys(found), answers, strict=True):
        assert "<td>" in answer.text or "funnel" in link, link


@pytest.mark.parametrize("by", ["bank", "branch", "product", "district", "month"])
async def test_every_grouping_is_shown(client: httpx.AsyncClient, by: str) -> None:
    """The same figures by another group, in both languages."""
    for lang in ("zh", "en"):
        answer = await client.get(f"/supervision/overview?by={by}&lang={lang}", headers=PAGE)
        assert 200 == answer.status_code


async def test_the_cases_behind_a_figure_add_up_to_it(client: httpx.AsyncClient) -> None:
    """A regulator can count: the cases of a share are its denominator, those that count its numerator."""
    figures = (await client.get("/figures?by=bank")).json()["figures"]

    for one in figures:
        if not one["figure"].endswith(("_median_x2", "_seconds", "workdays")):
            cases = (await client.get(f"{one['cases']}&limit=200")).json()["cases"]
            assert (one["value"], one["of"]) == (sum(c["value"] for c in cases), sum(c["of"] for c in cases)), one


async def test_a_share_carries_its_interval(client: httpx.AsyncClient) -> None:
    """Small numbers are shown with what they leave open; sums are not."""
    figures = {one["figure"]: one for one in (await client.get("/figures")).json()["figures"]}

    decided = figures["decided_in_time"]
    assert decided["low_ppm"] < decided["value"] * 1_000_000 // decided["of"] < decided["high_ppm"]
    assert figures["granted_fen"]["low_ppm"] is None


async def test_a_case_file_is_one_column_of_time_and_leaves_a_trace(
    client: httpx.AsyncClient, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """Moves, clocks and pauses in order; whoever opens it is in the audit."""
    cases = (await client.get("/figures/cases?figure=paused_workdays&counts=1")).json()["cases"]

    file = (await client.get(f"/case-files/{cases[0]['suborder_id']}")).json()
    page = await client.get(f"/supervision/cases/{cases[0]['suborder_id']}", headers=PAGE)

    instants = [line["at"] for line in file["lines"]]
    assert instants == sorted(instants)
    assert {"move", "clock", "pause"} <= {line["kind"] for line in file["lines"]}
    assert 200 == page.status_code
    assert 2 == await admin.fetchval("select count(*) from audit_events where act = 'case-file.read'")


async def test_pages_of_cases_follow_each_other_without_a_gap(
    client: httpx.AsyncClient, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """Every case once, whatever the size of the page, also when all happened at one instant."""
    await admin.execute("update suborder_moves set at = '2025-09-15 01:00+00' where act = 'push'")
    whole = [
        c["suborder_id"] for c in (await client.get("/figures/cases?figure=funnel:push&limit=200")).json()["cases"]
    ]

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        part = (await client.get(f"/figures/cases?figure=funnel:push&limit=7{more}")).json()
        seen += [c["suborder_id"] for c in part["cases"]]
        cursor = part["next"]

    assert whole == seen
    assert CITY == len(set(seen))


BAD = ["/figures?by=planet", "/figures?x=1", "/figures/cases", "/figures/cases?figure=accepted&counts=2",
       "/figures/cases?figure=accepted&by=planet", "/figures/cases?figure=accepted&limit=1000000000",
       "/figures/cases?figure=accepted&cursor=edited"]  # fmt: skip


@pytest.mark.parametrize("url", BAD)
async def test_a_query_that_is_not_understood_is_refused(empty: httpx.AsyncClient, url: str) -> None:
    """One clear problem, never a guess."""
    answer = await empty.get(url)

    assert 400 == answer.status_code
    assert answer.json()["type"].endswith(("bad-query", "bad-cursor"))


async def test_a_case_that_is_not_there_is_not_found(empty: httpx.AsyncClient) -> None:
    """And no trace of a reading is left for it."""
    answer = await empty.get("/case-files/00000000-0000-7000-8000-000000000000")

    assert 404 == answer.status_code


@pytest.mark.parametrize("role", [SeatRole.BUSINESS, SeatRole.BANK_ADMIN, SeatRole.OPERATOR, SeatRole.SERVICE])
async def test_nobody_else_sees_the_figures(db: Database, role: SeatRole) -> None:
    """The regulator's side is the regulator's alone."""
    kinds = {SeatRole.BUSINESS: OrgKind.BUSINESS, SeatRole.BANK_ADMIN: OrgKind.BANK}
    seat = await make_seat(db, role, await make_org(db, kinds.get(role, OrgKind.PLATFORM)), login="somebody")
    async with client_of(create_test_app(db, *HANDLERS)) as client:
        await sign(db, client, seat)
        answers = [
            await client.get(url)
            for url in ("/supervision", "/supervision/overview", "/figures", "/figures/cases?figure=accepted")
        ]

    assert {403} == {answer.status_code for answer in answers}


async def test_an_empty_city_has_a_page_that_says_what_will_come(empty: httpx.AsyncClient) -> None:
    """The first morning: no figure, no crash, no zero that looks like a finding."""
    answer = await empty.get("/supervision/overview", headers=PAGE)

    assert 200 == answer.status_code
    assert "还没有推送给银行的需求" in answer.text
