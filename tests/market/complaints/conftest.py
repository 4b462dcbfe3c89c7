"""A city of orders with people who have names: a firm, clerks, head offices, customer service, a regulator."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra.db import Database
from tests.market.orders.conftest import City, city, keys
from tests.web.app_for_tests import make_org, make_seat

__all__ = ["city", "keys"]


@dataclass(frozen=True, slots=True)
class People:
    firm: Seat
    clerks: Mapping[int, Seat]
    heads: Mapping[int, Seat]
    service: Seat
    regulator: Seat


@pytest.fixture
async def people(db: Database, city: City) -> People:
    """Seats of real people: an answer names who gave it."""
    platform = await make_org(db, OrgKind.PLATFORM, "XY 平台")
    regulator = await make_org(db, OrgKind.REGULATOR, "XY 监管局")
    clerks, heads = {}, {}
    for n, bank in enumerate(city.banks):
        clerks[n] = await make_seat(
            db, SeatRole.BRANCH_CLERK, bank.bank_id, login=f"xy-clerk-{n}", branch_id=bank.branch_id
        )
        heads[n] = await make_seat(db, SeatRole.BANK_ADMIN, bank.bank_id, login=f"xy-head-{n}")
    return People(
        city.firm, clerks, heads,
        await make_seat(db, SeatRole.SERVICE, platform, login="xy-service"),
        await make_seat(db, SeatRole.REGULATOR, regulator, login="xy-regulator"),
    )  # fmt: skip
