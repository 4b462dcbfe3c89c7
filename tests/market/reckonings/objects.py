"""A what-if that has its answer, for the access matrix and the pages' walk."""

from datetime import date
from uuid import UUID

from app.access.seats import Seat
from app.infra.db import Database, Role, Scope
from app.market import reckonings
from app.market.reckonings import WhatIfBody
from app.replay.what_if import compute

ASKED = WhatIfBody(
    promise="DECISION", limit=7, pause_cap=10, from_on=date(2025, 7, 1), to_on=date(2025, 9, 30)
)  # fmt: skip


async def asked(db: Database, seat: Seat, body: WhatIfBody = ASKED) -> UUID:
    async with db.transaction(Role.REGULATOR, Scope(seat.org_id, seat.person_id)) as tx:
        return await reckonings.ask_what_if(tx, body, by=seat)


async def answered(db: Database, seat: Seat) -> UUID:
    """Asked and, by the worker's job, answered."""
    found = await asked(db, seat)
    while await reckonings.run_waiting(db, compute):
        pass
    return found
