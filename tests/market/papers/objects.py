"""Papers of two organisations, for the access matrix."""

from collections.abc import Mapping
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.market import papers
from app.market.orders.service import acceptances, bringing
from app.market.papers import Upload
from tests.market.orders.objects import posted_order
from tests.market.papers.samples import pdf


async def brought_paper(db: Database, seats: Mapping[SeatRole, Seat], number: int) -> tuple[UUID, UUID]:
    """A suborder that is accepted and spoken about, and the file that its firm brought when asked."""
    posted = await posted_order(db, seats, number)
    clerk, firm, found = seats[SeatRole.BRANCH_CLERK], seats[SeatRole.BUSINESS], posted.suborder_id
    async with db.transaction(Role.ACT, Scope(clerk.org_id, clerk.person_id, clerk.branch_id)) as tx:
        await acceptances.accept_suborder(tx, found, by=clerk, now=tx.now)
        await acceptances.ask_papers(tx, found, items=["近三月流水"], note="", by=clerk, now=tx.now)
    async with db.transaction(Role.ACT, Scope(firm.org_id, firm.person_id)) as tx:
        limits = await papers.limits_on(tx, tx.now)
        files = await papers.check([Upload("流水.pdf", "application/pdf", pdf())], limits)
        await bringing.bring(tx, found, answer="", files=files, limits=limits, by=firm, now=tx.now)
        (paper,) = await papers.list_of_suborder(tx, found)
    return found, paper.paper_id
