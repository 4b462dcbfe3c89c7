"""Products of two banks, one with a version that waits, for the access matrix."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role
from app.kernel.clock import shanghai_date
from app.market import products
from tests.market.parties.objects import bank_of_seats


async def waiting_product(db: Database, seats: Mapping[SeatRole, Seat]) -> UUID:
    """A product whose next document waits for its second person."""
    world = await bank_of_seats(db, seats)
    by = world.maker
    async with db.transaction(Role.BANK, world.scope()) as tx:
        one = await products.shelved(tx, world.product_id, shanghai_date(tx.now), by=by)
        assert one.in_force is not None
        await products.save_draft(
            tx, world.product_id, {**one.in_force.body, "estimate_days": 20}, 0, by=by, now=tx.now
        )
        day = shanghai_date(tx.now) + timedelta(days=30)
        await products.propose_model(tx, world.product_id, day, by=by, now=tx.now)
    return world.product_id
