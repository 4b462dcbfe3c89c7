"""A supervisor has another branch go on with a case, from its file."""

import re
from uuid import UUID

import pytest

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.market.supervision.pages import cases
from tests.market.orders.conftest import City, city, keys
from tests.market.orders.test_following import second_branch
from tests.support import shanghai
from tests.web.app_for_tests import client_of, create_test_app, make_org, make_seat, sign

__all__ = ["city", "keys"]
PAGE = {"accept": "text/html"}


@pytest.mark.parametrize("is_early", [True, False])
async def test_a_supervisor_moves_a_case_while_nothing_is_decided(city: City, is_early: bool):
    """To a branch that publishes the product, leading to the file of the case that goes on; a case that is over has no
    such button."""
    branch_id = await second_branch(city)
    part: UUID = (await city.parts(await city.post(0)))[0]["suborder_id"]
    await city.set_clock(shanghai("2025-09-25 09:00"))
    if not is_early:
        await city.work(shanghai("2025-10-09 09:00"))
    org_id = await make_org(city.db, OrgKind.REGULATOR, "XY 监管局")
    seat = await make_seat(city.db, SeatRole.REGULATOR, org_id, login="regulator-1")
    async with client_of(create_test_app(city.db, cases.show_case_file, cases.submit_reassignment)) as client:
        await sign(city.db, client, seat)
        shown = (await client.get(f"/supervision/cases/{part}", headers=PAGE)).text
        sent = {"branch_id": str(branch_id), "_key": "a-move-by-a-supervisor", "_csrf": client.headers["x-csrf-token"]}
        moved = await client.post(f"/supervision/cases/{part}/reassignment", data=sent, headers=PAGE)
        options = re.findall(rf'<option value="{branch_id}"', shown)
        rows = await city.rows("select branch_id, state, origin_id from suborders order by pushed_at desc limit 1")

        if is_early:
            assert (1, 303) == (len(options), moved.status_code)
            assert [(branch_id, "pushed", part)] == rows
            assert 200 == (await client.get(moved.headers["location"], headers=PAGE)).status_code
        else:
            assert (0, 409, "lapsed") == (len(options), moved.status_code, rows[0][1])
