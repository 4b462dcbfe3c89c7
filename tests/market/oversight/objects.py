"""Urges and circulars of two casts, for the access matrix."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.kernel.clock import shanghai_date
from app.kernel.ids import new_id
from app.market import parties
from app.market.oversight import circulars, urges
from app.market.oversight.rules.circulars import Act
from app.market.oversight.rules.urges import About, Addressee
from app.market.oversight.rules.urges import Act as UrgeAct
from app.market.oversight.service.circulars import Draft
from app.market.parties import Branch
from app.office import proposals
from app.office.proposals import Proposal

Seats = Mapping[SeatRole, Seat]


async def bank_of(db: Database, seats: Seats) -> tuple[UUID, UUID]:
    """The cast's bank and the clerks' branch, there if they are not yet."""
    bank_id, branch_id = seats[SeatRole.BANK_ADMIN].org_id, seats[SeatRole.BRANCH_CLERK].branch_id
    assert branch_id is not None, "a clerk has a branch"
    async with db.transaction(Role.OPS) as tx:
        if bank_id not in await parties.shelf.banks(tx):
            name = f"渝江第{bank_id.hex}银行"
            await parties.outlets.register_bank(tx, bank_id, name, valid_from=date(2022, 3, 1))
        if branch_id not in {one.branch_id for one in await parties.shelf.branches_of(tx, bank_id)}:
            branch = Branch(branch_id, bank_id, "示范支行", None, None, None, date(2022, 3, 1), None)
            await parties.outlets.open_branch(tx, branch)
    return bank_id, branch_id


async def issued_urge(db: Database, seats: Seats) -> UUID:
    """An urge of the cast's branch, by a regulator's hand."""
    _bank_id, branch_id = await bank_of(db, seats)
    by = seats[SeatRole.REGULATOR]
    async with db.transaction(Role.ACT, Scope(by.org_id, by.person_id)) as tx:
        subject = await urges.subject_of(tx, About.BRANCH, branch_id)
        return await urges.issue(tx, subject, Addressee.BRANCH, "请说明为何多次逾期", by=by, now=tx.now)


async def circular_draft(db: Database, seats: Seats) -> Proposal:
    """A circular about the cast's bank that waits for its second person."""
    bank_id, _branch_id = await bank_of(db, seats)
    by = replace(seats[SeatRole.REGULATOR], person_id=new_id())
    async with db.transaction(Role.REGULATOR, Scope(by.org_id, by.person_id)) as tx:
        today = shanghai_date(tx.now)
        draft = Draft(
            "关于办结时限的通报", "请对照整改并回复。", "decided_in_time", today.replace(day=1),
            await circulars.find_who(tx, [bank_id]), today + timedelta(days=20), to_all=False,
        )  # fmt: skip
        return await circulars.propose(tx, draft, by=by, now=tx.now)


async def answered_circular(db: Database, seats: Seats) -> tuple[UUID, UUID]:
    """A published circular that the cast's bank has answered: (circular, bank)."""
    proposal = await circular_draft(db, seats)
    by, head = seats[SeatRole.REGULATOR], seats[SeatRole.BANK_ADMIN]
    async with db.transaction(Role.REGULATOR, Scope(by.org_id, by.person_id)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=by, now=tx.now)
    async with db.transaction(Role.BANK, Scope(head.org_id, head.person_id)) as tx:
        await circulars.act(tx, proposal.case_id, head.org_id, Act.ANSWER, "已整改到位", by=head, now=tx.now)
    return proposal.case_id, head.org_id


async def oversee(db: Database, bank_id: UUID, branch_id: UUID, pair: tuple[Seat, Seat]) -> None:
    """Two regulators at work: an urge that a branch answers, one that its bank does not, a circular answered."""
    by, second = pair
    head, clerk = (
        Seat(new_id(), bank_id, SeatRole.BANK_ADMIN),
        Seat(new_id(), bank_id, SeatRole.BRANCH_CLERK, branch_id),
    )
    for about, about_id, to in (
        (About.BRANCH, branch_id, Addressee.BRANCH), (About.BANK, bank_id, Addressee.HEAD_OFFICE),
    ):  # fmt: skip
        async with db.transaction(Role.ACT, Scope(by.org_id, by.person_id)) as tx:
            subject = await urges.subject_of(tx, about, about_id)
            urge_id = await urges.issue(tx, subject, to, "请说明为何多次逾期", by=by, now=tx.now)
        if about is About.BRANCH:
            async with db.transaction(Role.ACT, Scope(bank_id, clerk.person_id, branch_id)) as tx:
                await urges.act_with(
                    tx, urge_id, UrgeAct.REPLY, "已逐笔补办并调整排班", rectified=True, by=clerk, now=tx.now
                )
    async with db.transaction(Role.REGULATOR, Scope(by.org_id, by.person_id)) as tx:
        today = shanghai_date(tx.now)
        draft = Draft(
            "关于办结时限的通报", "请对照整改并回复。", "decided_in_time", today.replace(day=1),
            await circulars.find_who(tx, [bank_id, branch_id]), today + timedelta(days=20), to_all=True,
        )  # fmt: skip
        proposal = await circulars.propose(tx, draft, by=by, now=tx.now)
    async with db.transaction(Role.REGULATOR, Scope(second.org_id, second.person_id)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=second, now=tx.now)
    async with db.transaction(Role.BANK, Scope(bank_id, head.person_id)) as tx:
        await circulars.act(tx, proposal.case_id, bank_id, Act.ANSWER, "已整改到位", by=head, now=tx.now)
