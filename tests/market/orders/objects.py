"""Orders of two organisations, for the access matrix."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import Database, Role, Scope
from app.kernel.clock import shanghai_date
from app.kernel.ids import new_id
from app.market import parties
from app.market.orders import Draft
from app.market.orders.service.postings import Tick, sign_and_post
from app.market.parties import Branch
from app.market.parties.schemas import ListBody
from app.office import proposals
from tests.credit.firm import register
from tests.market.parties.world import WAN, World, product

Seats = Mapping[SeatRole, Seat]


@dataclass(frozen=True, slots=True)
class Posted:
    order_id: UUID
    suborder_id: UUID
    consent_id: UUID


async def posted_order(db: Database, seats: Seats, number: int) -> Posted:
    """An order of the business, pushed to a branch of the bank."""
    bank = await _bank(db, seats)
    firm = seats[SeatRole.BUSINESS]
    async with db.reading(Role.OPS) as tx:
        now = tx.now
        org = await orgs.get_org(tx, firm.org_id)
    if org.subject_id is None:
        subject = await register(db, number, now - timedelta(days=1), founded_on=date(2019, 9, 26))
        async with db.transaction(Role.OPS) as tx:
            await orgs.bind_subject(tx, firm.org_id, subject.subject_id)
    draft = Draft(
        order_id=new_id(), amount_fen=50 * WAN, term_months=12, purpose="原材料", collateral="none",
        district_code=None, until_on=shanghai_date(now) + timedelta(days=60), places=1,
    )  # fmt: skip
    tick = Tick(bank.branch_id, bank.product_id, ("registration",))
    async with db.transaction(Role.ACT, Scope(firm.org_id, firm.person_id)) as tx:
        await sign_and_post(tx, draft, [tick], by=firm, now=tx.now)
    await outbox.drain(db)
    async with db.reading(Role.REPORTER) as tx:
        row = await tx.row("select suborder_id, consent_id from suborders where order_id = $1", draft.order_id)
    assert row is not None, "the worker has pushed it"
    return Posted(draft.order_id, row["suborder_id"], row["consent_id"])


async def _bank(db: Database, seats: Seats) -> World:
    """The seats' bank with the clerks' branch, a product, and a list that is in force."""
    maker = replace(seats[SeatRole.BANK_ADMIN], person_id=new_id())
    world = World(maker.org_id, UUID(int=0), UUID(int=0), maker, replace(maker, person_id=new_id()), None)
    branch_id = seats[SeatRole.BRANCH_CLERK].branch_id
    assert branch_id is not None, "a clerk has a branch"
    async with db.transaction(Role.OPS) as tx:
        if maker.org_id not in await parties.shelf.banks(tx):
            name = f"渝江第{maker.org_id.hex}银行"
            await parties.outlets.register_bank(tx, maker.org_id, name, valid_from=date(2022, 3, 1))
        if branch_id not in {branch.branch_id for branch in await parties.shelf.branches_of(tx, maker.org_id)}:
            branch = Branch(branch_id, maker.org_id, "示范支行", None, None, None, date(2022, 3, 1), None)
            await parties.outlets.open_branch(tx, branch)
    async with db.transaction(Role.WORKER) as tx:
        made = await parties.shelf.add_product(tx, product(maker.org_id, code=f"XY-{new_id().hex[-12:]}"))
    world = replace(world, branch_id=branch_id, product_id=made.product_id)
    async with db.transaction(Role.BANK, world.scope()) as tx:
        body = ListBody(
            branch_id=branch_id, product_id=made.product_id, amount_min_fen=5 * WAN, ceiling_fen=200 * WAN,
            approval_level_fen=100 * WAN, term_months_max=36, rate_min_ppm=34_500, rate_max_ppm=96_000,
            valid_from=shanghai_date(tx.now),
        )  # fmt: skip
        proposal = await parties.changes.propose_list(tx, body, by=world.maker, now=tx.now)
    async with db.transaction(Role.BANK, world.scope(world.checker)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=world.checker, now=tx.now)
    return world
