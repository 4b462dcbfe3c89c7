"""Papers of two organisations, for the access matrix."""

from collections.abc import Mapping
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.kernel.ids import new_id
from app.market import papers
from app.market.orders import store
from app.market.papers import Case, Upload
from tests.market.orders.objects import posted_order
from tests.market.papers.samples import pdf


async def brought_paper(db: Database, seats: Mapping[SeatRole, Seat], number: int) -> tuple[UUID, UUID]:
    """A suborder in its branch's hands, and a file that its firm brought to it."""
    posted = await posted_order(db, seats, number)
    firm, found = seats[SeatRole.BUSINESS], posted.suborder_id
    async with db.transaction(Role.ACT, Scope(firm.org_id, firm.person_id, case_id=posted.order_id)) as tx:
        row = await store.read_suborder(tx, found)
        assert row is not None, "it was pushed"
        names = ("order_id", "suborder_id", "business_id", "bank_id", "branch_id", "subject_id")
        case = Case(**{name: row[name] for name in names}, request_id=new_id())
        limits = await papers.limits_on(tx, tx.now)
        files = await papers.check([Upload("流水.pdf", "application/pdf", pdf())], limits)
        await papers.keep(tx, case, files, limits, by=firm, now=tx.now)
        (paper,) = await papers.list_of_suborder(tx, found)
    return found, paper.paper_id
