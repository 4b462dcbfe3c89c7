"""What an operator said of an outlet is taken back while nothing rests on it."""

from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.parties.service.outlets import OutletEntry
from tests.market.parties.objects import frozen_pool
from tests.web.app_for_tests import make_org, make_seat


@pytest.fixture
async def operator(db: Database) -> Seat:
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, OrgKind.PLATFORM, "示例平台")
        person = await orgs.create_person(tx, "xy-operator", "示例运营")
        return await seats.create_seat(tx, person.person_id, org.org_id, SeatRole.OPERATOR)


def scope(seat: Seat) -> Scope:
    return Scope(org_id=seat.org_id, actor_id=seat.person_id)


async def waiting_outlet(db: Database, by: Seat) -> tuple[UUID, UUID, UUID]:
    """An outlet, and two banks whose it could be."""
    async with db.transaction(Role.OPS, scope(by)) as tx:
        banks = []
        for name in ("示例甲银行", "示例乙银行"):
            org = await orgs.create_org(tx, OrgKind.BANK, name)
            banks.append(
                (await parties.outlets.register_bank(tx, org.org_id, name, valid_from=date(2022, 3, 1))).bank_id
            )
        await parties.outlets.place_outlets(tx, [OutletEntry("某某大道营业部")], now=tx.now)
        (outlet,) = await parties.outlets.outlet_queue(tx)
    return outlet.outlet_id, banks[0], banks[1]


async def place(db: Database, by: Seat, outlet_id: UUID, bank_id: UUID) -> None:
    async with db.transaction(Role.OPS, scope(by)) as tx:
        await parties.outlets.place_outlet(tx, outlet_id, bank_id, by_id=by.person_id, now=tx.now)


async def test_an_outlet_placed_with_the_wrong_bank_is_placed_anew(db: Database, operator: Seat):
    """The branch it became goes with the mistake, and comes with the other bank."""
    outlet_id, wrong, right = await waiting_outlet(db, operator)
    await place(db, operator, outlet_id, wrong)
    async with db.transaction(Role.OPS, scope(operator)) as tx:
        await parties.outlets.reopen_outlet(tx, outlet_id, now=tx.now)
        between = await tx.value("select count(*) from branches")

    await place(db, operator, outlet_id, right)

    async with db.reading(Role.OPS, scope(operator)) as tx:
        banks = [row["bank_id"] for row in await tx.fetch("select bank_id from branches")]
    assert (between, banks) == (0, [right])


async def test_after_a_day_it_stands(db: Database, operator: Seat):
    """By then others rely on it."""
    outlet_id, bank_id, _ = await waiting_outlet(db, operator)
    await place(db, operator, outlet_id, bank_id)

    async with db.transaction(Role.OPS, scope(operator)) as tx:
        with pytest.raises(Refusal) as refused:
            await parties.outlets.reopen_outlet(tx, outlet_id, now=tx.now + timedelta(days=1, minutes=1))

    assert refused.value.code == "wrong-state"


async def test_a_branch_in_use_is_not_taken_from_its_bank(db: Database, operator: Seat, admin: asyncpg.Connection):
    """A pool stands on it."""
    admin_seat = await make_seat(db, SeatRole.BANK_ADMIN, await make_org(db, OrgKind.BANK), login="xy-admin")
    await frozen_pool(db, {SeatRole.BANK_ADMIN: admin_seat})
    outlet_id = new_id()
    async with db.transaction(Role.OPS, scope(operator)) as tx:
        now = tx.now
    await admin.execute(
        "insert into outlets (outlet_id, name, name_key, state, placed_by, branch_id, settled_by, settled_at)"
        " select $1, 'x', 'x', 'placed', 'operator', branch_id, $2, $3 from pools limit 1",
        outlet_id, operator.person_id, now,
    )  # fmt: skip

    async with db.transaction(Role.OPS, scope(operator)) as tx:
        with pytest.raises(Refusal) as refused:
            await parties.outlets.reopen_outlet(tx, outlet_id, now=tx.now)

    assert refused.value.code == "wrong-state"


async def test_what_the_machine_placed_is_not_undone_here(db: Database, operator: Seat):
    """Its name told the bank; that is mended at the source."""
    _, bank_id, _ = await waiting_outlet(db, operator)
    async with db.transaction(Role.OPS, scope(operator)) as tx:
        await parties.outlets.place_outlets(tx, [OutletEntry("示例甲银行某某支行")], now=tx.now)
        outlet_id = await tx.value("select outlet_id from outlets where placed_by = 'longest_name'")

    async with db.transaction(Role.OPS, scope(operator)) as tx:
        with pytest.raises(Refusal) as refused:
            await parties.outlets.reopen_outlet(tx, outlet_id, now=tx.now)

    assert (refused.value.code, bank_id is not None) == ("wrong-state", True)
