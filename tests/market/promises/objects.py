"""A change of a promise that waits for its second person."""

from datetime import date, timedelta
from uuid import UUID

from app.access.seats import Seat
from app.infra.db import Database, Role, Scope
from app.kernel.clock import WALL, shanghai_date
from app.market import promises
from app.market.promises import Change
from app.market.promises.rules import Rung

RUNGS = (Rung(50, ("branch",)), Rung(100, ("head_office", "supervisor")))


def scope(seat: Seat) -> Scope:
    return Scope(seat.org_id, seat.person_id)


def seven_days(valid_from: date, count: int = 7) -> Change:
    return Change(valid_from, "workdays", count, 10, RUNGS)


async def waiting_change(db: Database, seat: Seat, key: str, valid_from: date | None = None) -> UUID:
    """Seven workdays instead of ten, from a day on: the day after tomorrow unless another is named."""
    start = valid_from or shanghai_date(WALL.now()) + timedelta(days=2)
    async with db.transaction(Role.REGULATOR, scope(seat)) as tx:
        return await promises.propose_change(tx, key, seven_days(start), "试行七个工作日", by=seat)
