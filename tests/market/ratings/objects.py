"""A badly rated service of two organisations, and a firm to be called back, for the access matrix."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.market import ratings
from app.market.orders import withdrawals
from tests.market.orders import objects as orders


async def bad_rating(db: Database, seats: Mapping[SeatRole, Seat], number: int) -> UUID:
    """The business has withdrawn its order and gives one star."""
    posted = await orders.posted_order(db, seats, number)
    firm = seats[SeatRole.BUSINESS]
    scope = Scope(firm.org_id, firm.person_id)
    async with db.transaction(Role.ACT, scope) as tx:
        await withdrawals.withdraw_order(tx, posted.order_id, by=firm, now=tx.now)
    async with db.transaction(Role.ACT, scope) as tx:
        return await ratings.rating.rate(tx, posted.suborder_id, 1, tags=["slow"], said="没有人理", by=firm, now=tx.now)


async def waiting_callback(db: Database, seats: Mapping[SeatRole, Seat], number: int) -> UUID:
    """A firm that was drawn the day after."""
    rating_id = await bad_rating(db, seats, number)
    async with db.reading(Role.REPORTER) as tx:
        suborder_id = await tx.value("select suborder_id from ratings where rating_id = $1", rating_id)
        now = tx.now
    days = int(number)  # A draw of its own for each: there is one a day.
    seed = next(seed for seed in map(str, range(999)) if ratings.number_of(seed, suborder_id) < 100_000)
    async with db.transaction(Role.WORKER) as tx:
        await ratings.calling.draw(tx, seed=seed, now=now + timedelta(days=1 + days % 10))
    async with db.reading(Role.REPORTER) as tx:
        found: UUID = await tx.value("select callback_id from callbacks where suborder_id = $1", suborder_id)
    assert found is not None, "its number is below its chance"
    return found
