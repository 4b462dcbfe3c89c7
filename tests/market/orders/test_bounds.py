"""How far an order may go is dated: its shape, and which edition judges which order."""

import json
from datetime import date
from typing import Any

import asyncpg
import pytest
from pydantic import ValidationError

from app.infra.db import Database, Role
from app.market.orders.rules.cost import Repayment
from app.market.orders.schemas import read_bounds
from app.market.orders.service import decisions
from app.market.orders.service.bounds import bounds_on
from tests.market.orders.conftest import WAN, City
from tests.support import shanghai
from tests.test_tidy import REPOSITORY

SHIPPED: dict[str, Any] = json.loads((REPOSITORY / "migrations/policies/order.json").read_text())[-1]["body"]
FROM = date(2025, 10, 1)  # The second edition, for orders posted from this day on.


def test_the_edition_that_ships_is_read():
    """What was promised since the first edition: three banks at once, two in reserve, 5 to 30 workdays, 180 days."""
    bounds = read_bounds(SHIPPED)

    assert (3, 2, 90) == (bounds.places_max, bounds.reserves_max, bounds.until_days_max)
    assert (5, 30, 180) == (bounds.offer_workdays_min, bounds.offer_workdays_max, bounds.draw_days_max)
    assert 240_000 == bounds.apr_max_ppm


@pytest.mark.parametrize(
    "changed",
    [
        {"amount_min_fen": SHIPPED["amount_max_fen"] + 1}, {"offer_workdays_min": 31}, {"until_days_suggested": 45},
        {"until_days": [15, 91]}, {"until_days": [30, 15]}, {"until_days": []}, {"term_months": [12, 12]},
        {"term_months_max": 35}, {"places_suggested": 4}, {"places_max": 21}, {"draw_days_max": 0},
        {"draw_days_max": "180"}, {"reserves_max": -1}, {"surprise": 1},
    ],
)  # fmt: skip
def test_an_edition_that_contradicts_itself_is_no_edition(changed: dict[str, Any]):
    """Nobody is offered a choice that is refused later."""
    with pytest.raises(ValidationError):
        read_bounds({**SHIPPED, **changed})


async def _second_edition(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    body = {**SHIPPED, "places_max": 4, "offer_workdays_min": 2, "offer_workdays_max": 40, "draw_days_max": 200}
    sql = "select load_policy('order', 'bounds', 99, $1, null, $2::jsonb)"
    await admin.execute(sql, FROM, json.dumps(body))


async def test_the_day_says_which_edition_counts(db: Database, admin: "asyncpg.Connection[asyncpg.Record]"):
    """Also when the process has read the first one already."""
    async with db.reading(Role.BUSINESS) as tx:
        before = await bounds_on(tx, FROM)
    await _second_edition(admin)

    async with db.reading(Role.BUSINESS) as tx:
        old, new = await bounds_on(tx, date(2025, 9, 30)), await bounds_on(tx, FROM)

    assert (before, 3, 4) == (old, old.places_max, new.places_max)


async def test_an_order_is_judged_by_the_edition_of_its_first_day(
    city: City, admin: "asyncpg.Connection[asyncpg.Record]"
):
    """The rules of a running order don't change under it; the next order goes by the new ones."""
    old = await city.post(0, at=shanghai("2025-09-30 10:00"))
    await _second_edition(admin)
    new = await city.post(1, at=shanghai("2025-10-09 10:00"), amount_fen=10 * WAN)
    offer = {"valid_workdays": 2, "amount_fen": 10 * WAN}

    parts = [(await city.parts(order_id))[n]["suborder_id"] for n, order_id in enumerate((old, new))]
    for n, part in enumerate(parts):
        await city.accept(part, n, shanghai("2025-10-09 11:00"))
        await city.contact(part, n, shanghai("2025-10-09 12:00"))
    at = shanghai("2025-10-09 15:00")

    refused = await city.refused(lambda tx: _offer(city, tx, parts[0], offer, at), city.clerk(0), at)
    await city.offer(parts[1], 1, at, **offer)

    assert "terms-out-of-range" == refused
    assert "offered" == (await city.parts(new))[1]["state"]


async def _offer(city: City, tx: Any, part: Any, offer: dict[str, Any], at: Any) -> Any:
    made = decisions.Offered(
        rate_ppm=48_000, term_months=12, repayment=Repayment.INTEREST_FIRST, fees=(), **offer
    )  # fmt: skip
    return await decisions.make_offer(tx, part, made, by=city.clerk(0), now=at)
