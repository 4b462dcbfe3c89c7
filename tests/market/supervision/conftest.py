"""A regulator's browser, on the first morning and on a city with a history."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Database
from app.market.supervision import http
from app.market.supervision.pages import cards, cases, exports, month_files, months, morning, overview, searching
from app.portal import verify
from tests.replay.city import play
from tests.support import shanghai
from tests.web.app_for_tests import client_of, create_test_app, make_org, make_seat, sign

CITY = 36  # Suborders: enough for late decisions and pauses.
AS_OF = shanghai("2025-11-20 12:00")
HANDLERS = (
    http.list_figures, http.list_cases, http.read_case_file,
    overview.show_overview, cases.show_cases, cases.show_case_file, morning.show_morning, morning.show_list,
    exports.download_chart, exports.download_cases, searching.show_search,
    months.show_months, months.show_month, months.show_restated, months.submit_proposal, months.submit_approval,
    cards.show_card, cards.submit_card, months.submit_rejection, month_files.submit_document,
    month_files.download_document,
    verify.show_form, verify.show_document, verify.compare_document,
)  # fmt: skip


@pytest.fixture
async def regulator(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    """On the first morning: nothing has happened."""
    org_id = await make_org(db, OrgKind.REGULATOR, "XY 监管局")
    seat = await make_seat(db, SeatRole.REGULATOR, org_id, login="regulator-1")
    async with client_of(create_test_app(db, *HANDLERS)) as client:
        await sign(db, client, seat)
        yield client


@pytest.fixture
async def city(db: Database, regulator: httpx.AsyncClient) -> httpx.AsyncClient:
    """Two banks with two months behind them."""
    await play(db, 2, CITY, AS_OF)
    return regulator
