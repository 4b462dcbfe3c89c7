"""Pools, proposals and outlets of two organisations, for the access matrix."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, ReadTx, Role, Scope
from app.kernel.clock import shanghai_date
from app.kernel.ids import new_id
from app.market import parties
from app.market.parties import Branch
from app.market.parties.rules import quarter_of
from app.market.parties.schemas import ListBody, ListsBody, PoolOpening
from app.market.parties.service.outlets import OutletEntry
from app.office import proposals
from app.office.proposals import Proposal
from tests.market.parties.world import WAN, World, product

Seats = Mapping[SeatRole, Seat]


async def bank_of_seats(db: Database, seats: Seats) -> World:
    """Make the administrator's organisation a bank of the marketplace with a branch and a product."""
    maker = replace(seats[SeatRole.BANK_ADMIN], person_id=new_id())
    checker = replace(maker, person_id=new_id())
    branch = Branch(new_id(), maker.org_id, "示范支行", None, None, None, date(2022, 3, 1), None)
    async with db.transaction(Role.OPS) as tx:
        name = f"渝江第{maker.org_id.hex}银行"
        if maker.org_id not in await parties.shelf.banks(tx):
            await parties.outlets.register_bank(tx, maker.org_id, name, valid_from=date(2022, 3, 1))
        await parties.outlets.open_branch(tx, branch)
    async with db.transaction(Role.WORKER) as tx:
        made = await parties.shelf.add_product(tx, product(maker.org_id, code=f"XY-{new_id().hex[-12:]}"))
    return World(maker.org_id, branch.branch_id, made.product_id, maker, checker, None)


async def propose_pool(db: Database, seats: Seats) -> tuple[World, Proposal, datetime]:
    world = await bank_of_seats(db, seats)
    async with db.transaction(Role.BANK, world.scope()) as tx:
        body = PoolOpening(
            branch_id=world.branch_id, product_id=world.product_id, quarter=quarter_of(shanghai_date(tx.now)),
            cap_fen=100 * WAN, why="季度计划",
        )  # fmt: skip
        return world, await parties.changes.propose_pool(tx, body, by=world.maker, now=tx.now), tx.now


async def frozen_pool(db: Database, seats: Seats) -> UUID:
    """A pool that may be thawed."""
    world, proposal, now = await propose_pool(db, seats)
    async with db.transaction(Role.BANK, world.scope(world.checker)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=world.checker, now=now)
        pool = await parties.pools.pool_of(tx, world.key, shanghai_date(now))
        assert pool is not None
        await parties.pools.freeze(tx, pool.pool_id, "核查", by_id=world.maker.person_id, now=now)
    return pool.pool_id


async def queued_outlet(db: Database, seats: Seats) -> tuple[UUID, UUID]:
    """A bank, and an outlet that waits for a person."""
    world = await bank_of_seats(db, seats)
    async with db.transaction(Role.OPS) as tx:
        before = {one.outlet_id for one in await parties.outlets.outlet_queue(tx)}
        await parties.outlets.place_outlets(tx, [OutletEntry(f"某某第{new_id().hex}营业部")], now=tx.now)
        (waiting,) = [one for one in await parties.outlets.outlet_queue(tx) if one.outlet_id not in before]
    return world.bank_id, waiting.outlet_id


async def put_aside(db: Database, outlet_id: UUID, by: Seat) -> None:
    """An operator says that it is no outlet of a bank."""
    async with db.transaction(Role.OPS, Scope(org_id=by.org_id, actor_id=by.person_id)) as tx:
        await parties.outlets.dismiss_outlet(tx, outlet_id, by_id=by.person_id, now=tx.now)


async def published_list(db: Database, seats: Seats) -> UUID:
    """A list in force."""
    world = await bank_of_seats(db, seats)
    async with db.transaction(Role.BANK, world.scope()) as tx:
        proposal = await parties.changes.propose_list(tx, _list_body(world, tx), by=world.maker, now=tx.now)
    async with db.transaction(Role.BANK, world.scope(world.checker)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=world.checker, now=tx.now)
        (listing,) = [
            one for one in await parties.lists_for(tx, shanghai_date(tx.now), bank_id=world.bank_id)
            if one.entry.product_id == world.product_id
        ]  # fmt: skip
    return listing.entry.list_id


async def lists_change(db: Database, seats: Seats) -> UUID:
    """A change of many lists that waits for its second person."""
    world = await bank_of_seats(db, seats)
    async with db.transaction(Role.BANK, world.scope()) as tx:
        body = ListsBody(rows=[_list_body(world, tx)])
        return (await parties.changes.propose_lists(tx, body, by=world.maker, now=tx.now)).proposal_id


def _list_body(world: World, tx: ReadTx) -> ListBody:
    return ListBody(
        branch_id=world.branch_id, product_id=world.product_id, amount_min_fen=5 * WAN, ceiling_fen=100 * WAN,
        approval_level_fen=50 * WAN, term_months_max=12, rate_min_ppm=36_500, rate_max_ppm=90_000,
        valid_from=shanghai_date(tx.now),
    )  # fmt: skip
