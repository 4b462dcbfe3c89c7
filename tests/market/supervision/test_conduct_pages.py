"""The pages and files of conduct show what the journal gives, and lead on to an urge or a circular."""

import csv
import io
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import asyncpg
import httpx
import pytest

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Database
from app.market.oversight.pages import circulars, urges
from app.market.supervision.pages import gaming
from app.market.supervision.rules.gaming import Measure
from tests.market.supervision.conduct import measured
from tests.market.supervision.test_gaming import stir
from tests.replay.city import play
from tests.support import shanghai
from tests.web.app_for_tests import client_of, create_test_app, make_org, make_seat, sign

Admin = asyncpg.Connection
PAGE = {"accept": "text/html"}
HANDLERS = (
    gaming.show_conduct, gaming.show_measure, gaming.show_conduct_cases, gaming.download_conduct, urges.show_new,
    circulars.show_new,
)  # fmt: skip
WHEN = "period=range&from=2025-09-01&to=2025-11-30"


@pytest.fixture
async def regulator(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    org_id = await make_org(db, OrgKind.REGULATOR, "XY 监管局")
    seat = await make_seat(db, SeatRole.REGULATOR, org_id, login="regulator-1")
    async with client_of(create_test_app(db, *HANDLERS)) as client:
        await sign(db, client, seat)
        yield client


async def test_on_the_first_morning_every_page_is_empty_and_says_so(regulator: httpx.AsyncClient) -> None:
    """No figure, no error."""
    for path in ("", *(f"/branches?measure={one.value}" for one in Measure), "/cases"):
        answer = await regulator.get(f"/supervision/conduct{path}", headers=PAGE)
        assert (200, False) == (answer.status_code, "None" in answer.text), path


async def test_every_share_of_every_branch_is_that_of_a_second_reckoning(
    db: Database, admin: "Admin[Any]", regulator: httpx.AsyncClient
) -> None:
    """What the table says, its file says too, and both are what the moves give."""
    await play(db, 2, 70, shanghai("2025-11-20 12:00"))
    await stir(admin, 2)
    facts = await measured(admin)
    for measure in Measure:
        if measure is Measure.PICKED:
            continue
        answer = await regulator.get(f"/supervision/conduct-files/{measure.value}.csv?{WHEN}")
        lines = [line for line in answer.content.decode("utf-8-sig").splitlines() if not line.startswith("# ")]
        rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
        page = unescape((await regulator.get(f"/supervision/conduct/branches?measure={measure.value}&{WHEN}")).text)
        own = [one for one in facts if one[1] == measure.value]

        assert (sum(one[2] for one in own), sum(one[3] for one in own)) == (
            sum(int(row["计入"]) for row in rows), sum(int(row["总数"]) for row in rows)
        ), measure  # fmt: skip
        assert sorted(f"{row['计入']}/{row['总数']}" for row in rows) == sorted(re.findall(r'small">(\d+/\d+) ', page))


async def test_the_cases_behind_a_share_add_up_to_it_page_by_page(
    db: Database, admin: "Admin[Any]", regulator: httpx.AsyncClient
) -> None:
    """Every case once, the newest first."""
    await play(db, 3, 60, shanghai("2025-11-20 12:00"))
    facts = await measured(admin)
    url, found = f"/supervision/conduct/cases?measure=after_red&counts=1&limit=5&{WHEN}", []
    while url:
        text = unescape((await regulator.get(url)).text)
        found += re.findall(r'/supervision/cases/([0-9a-f-]{36})"', text)
        more = re.search(r'class="more"><a [^>]*href="([^"]+)"', text)
        url = f"{more[1]}&limit=5" if more else ""

    assert sorted(one[0] for one in facts if one[1] == "after_red" and one[2]) == sorted(found)


async def test_a_row_leads_to_an_urge_and_to_a_circular_about_its_branch(
    db: Database, admin: "Admin[Any]", regulator: httpx.AsyncClient
) -> None:
    """The form is filled in with what was seen."""
    await play(db, 3, 40, shanghai("2025-11-20 12:00"))
    text = unescape((await regulator.get(f"/supervision/conduct/branches?measure=paused&{WHEN}")).text)

    assert re.search(r"/oversight/urges/new\?about=branch&id=[0-9a-f-]{36}&said=", text)
    assert re.search(r"/oversight/circular-drafts/new\?who=[0-9a-f-]{36}&measure=conduct\.paused&month=2025-11", text)


@pytest.mark.parametrize(
    "path",
    ["?x=1", "/branches?measure=none", "/cases?branch=1", "/cases?counts=2", "?period=2025-13"],
)
async def test_what_is_not_understood_is_refused(regulator: httpx.AsyncClient, path: str) -> None:
    """By name, not by an error."""
    answer = await regulator.get(f"/supervision/conduct{path}")

    assert (400, "bad-query") == (answer.status_code, answer.json()["code"])
