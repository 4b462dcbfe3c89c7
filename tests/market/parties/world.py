"""A small invented bank with one branch, one product and one pool, made by the room's own commands."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.parties import Branch, PoolKey, Product
from app.market.parties.schemas import PoolOpening
from app.office import proposals
from tests.support import shanghai

AT = shanghai("2025-09-25 10:00")
WAN = 1_000_000
Command = Callable[[Tx], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class World:
    """Two administrators of one bank; `key` names its one pool."""

    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    maker: Seat
    checker: Seat
    pool_id: UUID | None

    @property
    def key(self) -> PoolKey:
        return PoolKey(self.branch_id, self.product_id)

    def scope(self, by: Seat | None = None) -> Scope:
        seat = by or self.maker
        return Scope(org_id=seat.org_id, actor_id=seat.person_id)


def product(bank_id: UUID, **more: object) -> Product:
    fields: dict[str, object] = {
        "product_id": new_id(), "bank_id": bank_id, "code": "XY-01", "name": "商户贷", "name_en": "Trader loan",
        "loan_type": "new", "amount_min_fen": 5 * WAN, "amount_max_fen": 300 * WAN, "term_months_min": 3,
        "term_months_max": 36, "rate_min_ppm": 34_500, "rate_max_ppm": 96_000, "repayment": "instalments",
        "is_unsecured": True, "promised_workdays": 5, "model_key": "invoices", "valid_from": date(2025, 1, 1),
        "valid_to": None,
    }  # fmt: skip
    return Product(**fields | more)  # type: ignore[arg-type]


async def make_world(db: Database, cap_fen: int | None = 100 * WAN, *, name: str = "渝江示范银行") -> World:
    """A bank with a pool of `cap_fen` for the third quarter of 2025; no pool when it is None."""
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, orgs.OrgKind.BANK, name)
        await parties.outlets.register_bank(tx, org.org_id, name, valid_from=date(2022, 3, 1))
        branch = Branch(new_id(), org.org_id, f"{name}示范支行", None, "500103", None, date(2022, 3, 1), None)
        await parties.outlets.open_branch(tx, branch)
    async with db.transaction(Role.WORKER) as tx:
        made = await parties.shelf.add_product(tx, product(org.org_id))
    maker = Seat(new_id(), org.org_id, SeatRole.BANK_ADMIN)
    checker = replace(maker, person_id=new_id())
    world = World(org.org_id, branch.branch_id, made.product_id, maker, checker, None)
    if cap_fen is None:
        return world
    return replace(world, pool_id=await open_pool(db, world, cap_fen, date(2025, 7, 1)))


async def open_pool(db: Database, world: World, cap_fen: int, quarter: date) -> UUID:
    body = PoolOpening(
        branch_id=world.branch_id, product_id=world.product_id, quarter=quarter, cap_fen=cap_fen, why="季度计划"
    )

    async def ask(tx: Tx) -> proposals.Proposal:
        return await parties.changes.propose_pool(tx, body, by=world.maker, now=AT)

    await two_people(db, world, ask)
    async with db.reading(Role.BANK, world.scope()) as tx:
        pool = await parties.pools.pool_of(tx, world.key, quarter)
    assert pool is not None
    return pool.pool_id


async def two_people(
    db: Database, world: World, ask: Callable[[Tx], Awaitable[proposals.Proposal]], *, now: datetime = AT
) -> None:
    async with db.transaction(Role.BANK, world.scope()) as tx:
        proposal = await ask(tx)
    async with db.transaction(Role.BANK, world.scope(world.checker)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=world.checker, now=now)


async def act(db: Database, order_id: UUID, command: Command) -> object:
    """Run one command in a transaction of the role that acts on orders; a refusal is its code.

    A crowd may have to wait for a connection longer than a person would: it asks again.
    """
    while True:
        try:
            async with db.transaction(Role.ACT, Scope(org_id=new_id(), case_id=order_id)) as tx:
                return await command(tx)
        except Refusal as refusal:
            if refusal.code != "overloaded":
                return refusal.code


def holding(world: World, suborder_id: UUID, amount_fen: int, at: datetime = AT) -> Command:
    """The command that holds; an order of one suborder has its id."""
    return lambda tx: parties.hold(tx, world.key, suborder_id, amount_fen, at, order_id=suborder_id)


async def pool_figures(db: Database, pool_id: UUID) -> tuple[int, int, int]:
    """cap, held and posted, in fen."""
    async with db.reading(Role.REPORTER) as tx:
        row = await tx.row("select cap_fen, held_fen, posted_fen from pools where pool_id = $1", pool_id)
    assert row is not None
    return row["cap_fen"], row["held_fen"], row["posted_fen"]


async def check_hold_race(db: Database, world: World) -> None:
    """50 at once, each of 2 万 and 1 fen into 100 万: 49 fit, the fiftieth is over by 50 fen and gets nothing."""
    assert world.pool_id is not None
    amount_fen = 2 * WAN + 1

    answers = await asyncio.gather(*(act(db, n, holding(world, n, amount_fen)) for n in (new_id() for _ in range(50))))

    held = [answer for answer in answers if isinstance(answer, UUID)]
    assert (49, 1) == (len(held), answers.count(None))
    assert (100 * WAN, 49 * amount_fen, 0) == await pool_figures(db, world.pool_id)


async def check_end_race(db: Database, world: World) -> None:
    """100 holds, each ended by three at once (release, expire, release): 100 winners, nothing left held."""
    assert world.pool_id is not None
    ids = [new_id() for _ in range(100)]
    for suborder_id in ids:
        assert isinstance(await act(db, suborder_id, holding(world, suborder_id, WAN // 2)), UUID)

    def ends(suborder_id: UUID) -> list[Awaitable[object]]:
        return [
            act(db, suborder_id, lambda tx: parties.release(tx, suborder_id, AT)),
            act(db, suborder_id, lambda tx: parties.expire(tx, suborder_id, AT)),
            act(db, suborder_id, lambda tx: parties.release(tx, suborder_id, AT)),
        ]

    answers = await asyncio.gather(*(end for suborder_id in ids for end in ends(suborder_id)))

    assert Counter({"reservation-ended": 200, WAN // 2: 100}) == Counter(answers)
    assert (100 * WAN, 0, 0) == await pool_figures(db, world.pool_id)
    await check_ledger(db)


async def check_double_hold_race(db: Database, world: World) -> None:
    """Ten at once for one suborder: one holds, the others are told so, and the pool counts it once."""
    assert world.pool_id is not None
    suborder_id = new_id()

    answers = await asyncio.gather(*(act(db, suborder_id, holding(world, suborder_id, WAN)) for _ in range(10)))

    assert 9 == answers.count("conflict")
    assert (100 * WAN, WAN, 0) == await pool_figures(db, world.pool_id)


async def check_draw_race(db: Database, world: World) -> None:
    """One draw sent by ten at once posts once."""
    assert world.pool_id is not None
    suborder_id, draw_id = new_id(), new_id()
    assert isinstance(await act(db, suborder_id, holding(world, suborder_id, 10 * WAN)), UUID)

    answers = await asyncio.gather(
        *(act(db, suborder_id, lambda tx: parties.post(tx, suborder_id, draw_id, WAN, AT)) for _ in range(10))
    )

    assert Counter({"reservation-ended": 9, 9 * WAN: 1}) == Counter(answers)
    assert (100 * WAN, 9 * WAN, WAN) == await pool_figures(db, world.pool_id)


async def check_ledger(db: Database) -> None:
    """The sums of the entries are the counters, for every pool and reservation."""
    async with db.transaction(Role.WORKER) as tx:
        assert () == await parties.pools.reconcile(tx, now=AT)
