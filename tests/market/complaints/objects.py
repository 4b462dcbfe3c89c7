"""Complaints of two organisations, for the access matrix."""

from collections.abc import Mapping
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.kernel.ids import new_id
from app.market import complaints, papers
from app.market.complaints import Act
from app.market.complaints.service import about_suborder, evidence
from tests.market.orders import objects as orders
from tests.market.papers.samples import pdf


async def filed_complaint(db: Database, seats: Mapping[SeatRole, Seat], number: int) -> UUID:
    """A complaint of the business about the branch of the bank."""
    posted = await orders.posted_order(db, seats, number)
    firm = seats[SeatRole.BUSINESS]
    async with db.transaction(Role.ACT, Scope(firm.org_id, firm.person_id)) as tx:
        about = await about_suborder(tx, posted.suborder_id, by=firm)
        return await complaints.file_complaint(
            tx, new_id(), about, category="no_contact", said="两个星期没有人联系我们公司", by=firm, now=tx.now
        )


async def disputed_complaint(
    db: Database, seats: Mapping[SeatRole, Seat], number: int, *, escalate: bool = False
) -> UUID:
    """One that was answered, with which the firm is not content; or that lies with the regulator."""
    complaint_id = await filed_complaint(db, seats, number)
    said = "经核实已由主管致歉并恢复办理"
    acts = [(Act.ANSWER, SeatRole.BRANCH_CLERK), (Act.DISPUTE, SeatRole.BUSINESS), (Act.ESCALATE, SeatRole.SERVICE)]
    for act, role in acts if escalate else acts[:2]:
        by = seats[role]
        async with db.transaction(Role.ACT, Scope(by.org_id, by.person_id, by.branch_id)) as tx:
            await complaints.act_on(tx, complaint_id, act, by=by, now=tx.now, said=said)
    return complaint_id


async def complaint_paper(db: Database, seats: Mapping[SeatRole, Seat], number: int) -> tuple[UUID, UUID]:
    """A complaint with a file that the firm added."""
    complaint_id = await filed_complaint(db, seats, number)
    firm = seats[SeatRole.BUSINESS]
    async with db.transaction(Role.ACT, Scope(firm.org_id, firm.person_id)) as tx:
        limits = await papers.limits_on(tx, tx.now)
        files = await papers.check([papers.Upload("通话记录.pdf", "application/pdf", pdf())], limits)
        await evidence.add(tx, complaint_id, files, limits, by=firm, now=tx.now)
        (kept,) = await evidence.list_of(tx, complaint_id)
    return complaint_id, kept.paper_id
