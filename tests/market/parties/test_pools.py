"""Pools on a real database: holds that race, ends that race, quarters, freezing, and the ledger held to account."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.infra.db import Database, Role, Scope, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.parties.schemas import PoolAmount, PoolThaw
from app.market.parties.store import pools as store
from app.office import proposals
from tests.market.parties.world import (
    AT,
    WAN,
    World,
    act,
    check_double_hold_race,
    check_draw_race,
    check_end_race,
    check_hold_race,
    check_ledger,
    holding,
    make_world,
    open_pool,
    pool_figures,
    two_people,
)
from tests.support import shanghai


@pytest.fixture
async def world(db: Database) -> World:
    return await make_world(db)


async def test_of_fifty_holds_at_once_exactly_the_fitting_ones_pass(db: Database, world: World) -> None:
    """P2: the last one is over what remains by less than its amount and gets None."""
    await check_hold_race(db, world)


async def test_of_three_hundred_racing_ends_on_a_hundred_holds_a_hundred_win(db: Database, world: World) -> None:
    """P3: a reservation closes exactly once, whoever comes first."""
    await check_end_race(db, world)


async def test_of_ten_holds_for_one_suborder_one_passes(db: Database, world: World) -> None:
    """A suborder has at most one open reservation."""
    await check_double_hold_race(db, world)


async def test_a_draw_sent_ten_times_posts_once(db: Database, world: World) -> None:
    """P3: a draw carries its own id."""
    await check_draw_race(db, world)


async def test_one_fen_over_what_is_free_is_refused_and_what_is_free_is_held(db: Database, world: World) -> None:
    """The edge itself."""
    over, fits, nothing = new_id(), new_id(), new_id()

    answers = [
        await act(db, over, holding(world, over, 100 * WAN + 1)),
        await act(db, fits, holding(world, fits, 100 * WAN)),
        await act(db, nothing, holding(world, nothing, 1)),
    ]

    assert [True, False, True] == [answer is None for answer in answers]


async def test_a_reservation_shrinks_posts_and_closes_with_its_last_fen(db: Database, world: World) -> None:
    """Hold 50 at accept, 40 offered, 30 signed, drawn in two: nothing is held and 30 are posted."""
    assert world.pool_id is not None
    n = new_id()
    await act(db, n, holding(world, n, 50 * WAN))

    given_back = [
        await act(db, n, lambda tx: parties.shrink(tx, n, to_fen=40 * WAN, at=AT)),
        await act(db, n, lambda tx: parties.shrink(tx, n, to_fen=30 * WAN, at=AT)),
        await act(db, n, lambda tx: parties.shrink(tx, n, to_fen=30 * WAN, at=AT)),
        await act(db, n, lambda tx: parties.shrink(tx, n, to_fen=31 * WAN, at=AT)),
    ]
    left = [
        await act(db, n, lambda tx: parties.post(tx, n, new_id(), 30 * WAN + 1, AT)),
        await act(db, n, lambda tx: parties.post(tx, n, new_id(), 10 * WAN, AT)),
        await act(db, n, lambda tx: parties.post(tx, n, new_id(), 20 * WAN, AT)),
        await act(db, n, lambda tx: parties.post(tx, n, new_id(), 1, AT)),
        await act(db, n, lambda tx: parties.release(tx, n, AT)),
    ]

    assert [10 * WAN, 10 * WAN, 0, "amount-exceeds-hold"] == given_back
    assert ["amount-exceeds-hold", 20 * WAN, 0, "reservation-ended", "reservation-ended"] == left
    assert (100 * WAN, 0, 30 * WAN) == await pool_figures(db, world.pool_id)
    await check_ledger(db)


async def test_a_hold_of_one_quarter_is_drawn_in_the_next_and_posts_to_its_own(db: Database, world: World) -> None:
    """30 September 24:00 in Shanghai parts the quarters, not in UTC."""
    assert world.pool_id is not None
    next_pool = await open_pool(db, world, 7 * WAN, date(2025, 10, 1))
    old, new = new_id(), new_id()

    await act(db, old, holding(world, old, 5 * WAN, shanghai("2025-09-30 23:59")))
    await act(db, new, holding(world, new, 6 * WAN, shanghai("2025-10-01 00:00")))
    await act(db, old, lambda tx: parties.post(tx, old, new_id(), 2 * WAN, shanghai("2025-10-09 09:00")))

    assert (100 * WAN, 3 * WAN, 2 * WAN) == await pool_figures(db, world.pool_id)
    assert (7 * WAN, 6 * WAN, 0) == await pool_figures(db, next_pool)


async def test_without_a_pool_nothing_is_held(db: Database) -> None:
    """No pool is not an endless pool."""
    world = await make_world(db, None)
    n = new_id()

    assert await act(db, n, holding(world, n, 1)) is None


async def test_a_frozen_pool_refuses_holds_only(db: Database, world: World) -> None:
    """What is held may still be drawn and given back."""
    assert world.pool_id is not None
    n, late = new_id(), new_id()
    await act(db, n, holding(world, n, 50 * WAN))
    async with db.transaction(Role.BANK, world.scope()) as tx:
        await parties.pools.freeze(tx, world.pool_id, "核查", by_id=world.maker.person_id, now=AT)

    answers = [
        await act(db, late, holding(world, late, WAN)),
        await act(db, n, lambda tx: parties.shrink(tx, n, to_fen=40 * WAN, at=AT)),
        await act(db, n, lambda tx: parties.post(tx, n, new_id(), 10 * WAN, AT)),
        await act(db, n, lambda tx: parties.release(tx, n, AT)),
    ]

    assert ["pool-frozen", 10 * WAN, 30 * WAN, 30 * WAN] == answers
    assert 423 == Refusal("pool-frozen").problem.status


async def test_raising_lowering_and_thawing_need_two_people(db: Database, world: World) -> None:
    """Lowered to what is in use and not a fen below; a thaw ends a freeze."""
    assert world.pool_id is not None
    n = new_id()
    await act(db, n, holding(world, n, 60 * WAN))

    async def change(kind: str, body: PoolAmount | PoolThaw) -> str:
        async def ask(tx: Tx) -> proposals.Proposal:
            assert world.pool_id is not None
            return await parties.changes.propose_pool_change(tx, kind, world.pool_id, body, by=world.maker, now=AT)

        try:
            await two_people(db, world, ask)
        except Refusal as refusal:
            return refusal.code
        return "done"

    answers = [
        await change("pool-lower", PoolAmount(amount_fen=40 * WAN + 1, why="调减")),
        await change("pool-thaw", PoolThaw(why="未冻结")),
        await change("pool-raise", PoolAmount(amount_fen=10 * WAN, why="调增")),
    ]
    async with db.transaction(Role.BANK, world.scope()) as tx:
        await parties.pools.freeze(tx, world.pool_id, "核查", by_id=world.maker.person_id, now=AT)
    thawed = await change("pool-thaw", PoolThaw(why="已查明"))

    assert ["pool-below-used", "wrong-state", "done"] == answers
    assert "done" == thawed
    assert (110 * WAN, 60 * WAN, 0) == await pool_figures(db, world.pool_id)


async def test_lowered_to_what_is_in_use_and_nothing_more_is_free(db: Database, world: World) -> None:
    """cap = held + posted is allowed."""
    assert world.pool_id is not None
    n, late = new_id(), new_id()
    await act(db, n, holding(world, n, 60 * WAN))

    async def ask(tx: Tx) -> proposals.Proposal:
        assert world.pool_id is not None
        body = PoolAmount(amount_fen=40 * WAN, why="调减")
        return await parties.changes.propose_pool_change(tx, "pool-lower", world.pool_id, body, by=world.maker, now=AT)

    await two_people(db, world, ask)

    assert (60 * WAN, 60 * WAN, 0) == await pool_figures(db, world.pool_id)
    assert await act(db, late, holding(world, late, 1)) is None


async def test_a_second_pool_for_the_same_quarter_is_refused(db: Database, world: World) -> None:
    """Money of one branch, product and quarter stands in one row."""
    with pytest.raises(Refusal) as refused:
        await open_pool(db, world, WAN, date(2025, 7, 1))

    assert "already-exists" == refused.value.code


async def test_no_pool_is_opened_for_a_quarter_that_is_over(db: Database, world: World) -> None:
    """Money that nobody could have held would only make the past look better."""
    with pytest.raises(Refusal) as refused:
        await open_pool(db, world, WAN, date(2025, 4, 1))

    assert "bad-time" == refused.value.code


async def test_releasing_many_leaves_out_what_holds_nothing(db: Database, world: World) -> None:
    """A pick passes over several suborders, some of which never held."""
    order_id, first, second, never = (new_id() for _ in range(4))
    for suborder_id in (first, second):
        await act(
            db, order_id,
            lambda tx, n=suborder_id: parties.hold(tx, world.key, n, 3 * WAN, AT, order_id=order_id),
        )  # fmt: skip

    given_back = await act(db, order_id, lambda tx: parties.release_all(tx, [never, second, first], AT))

    assert {first: 3 * WAN, second: 3 * WAN} == given_back


async def test_two_orders_that_release_the_same_pools_crosswise_never_wait_in_a_circle(
    db: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pools are locked by id before any reservation is touched; ends are slowed so that the two surely meet."""
    other = await make_world(db, name="渝山示范银行")
    ids = [sorted(new_id() for _ in range(2)) for _ in range(2)]
    for (first, second), keys in zip(ids, ((world.key, other.key), (other.key, world.key)), strict=True):
        for suborder_id, key in zip((first, second), keys, strict=True):
            await act(
                db, first, lambda tx, n=suborder_id, k=key, o=first: parties.hold(tx, k, n, WAN, AT, order_id=o)
            )  # fmt: skip
    end = store.end

    async def slow_end(*args: Any) -> Any:
        ended = await end(*args)
        await asyncio.sleep(0.1)
        return ended

    monkeypatch.setattr(store, "end", slow_end)

    answers = await asyncio.gather(
        *(act(db, pair[0], lambda tx, p=pair: parties.release_all(tx, p, AT)) for pair in ids)
    )

    assert [dict.fromkeys(pair, WAN) for pair in ids] == answers


@pytest.mark.parametrize("role", [Role.BUSINESS, Role.PUBLIC, Role.AUTH])
async def test_a_firm_sees_no_pool(db: Database, world: World, role: Role) -> None:
    """How much money a bank has left is not for its customers."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.reading(role, Scope(org_id=new_id())) as tx:
            await tx.fetch("select 1 from pools")


async def test_another_bank_sees_no_pool_and_no_entry(db: Database, world: World) -> None:
    """Row-level security, by raw SQL."""
    n = new_id()
    await act(db, n, holding(world, n, WAN))

    async def count(org_id: UUID) -> list[int]:
        async with db.reading(Role.BANK, Scope(org_id=org_id)) as tx:
            tables = ("pools", "reservations", "pool_entries", "pool_changes")
            return [await tx.value(f"select count(*) from {table}") for table in tables]

    assert [1, 1, 1, 1] == await count(world.bank_id)
    assert [0, 0, 0, 0] == await count(new_id())


@pytest.mark.parametrize("role", [Role.ACT, Role.WORKER, Role.BANK])
async def test_nobody_may_change_or_delete_an_entry(db: Database, world: World, role: Role) -> None:
    """The ledger is only ever added to."""
    for statement in ("delete from pool_entries", "update pool_entries set amount_fen = 1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction(role, Scope(org_id=world.bank_id, case_id=new_id())) as tx:
                await tx.execute(statement)


async def test_a_pool_with_money_held_is_thawed_in_the_role_that_agrees(db: Database) -> None:
    """The checker's act belongs to no order, and still sees the whole ledger of its own bank, and of no other."""
    world, other = await make_world(db), await make_world(db, name="别家示范银行")
    for one in (world, other):
        suborder_id = new_id()
        assert isinstance(await act(db, suborder_id, holding(one, suborder_id, 10 * WAN)), UUID)
    pool_id = world.pool_id
    assert pool_id is not None
    async with db.transaction(Role.BANK, world.scope()) as tx:
        await parties.pools.freeze(tx, pool_id, "核查", by_id=world.maker.person_id, now=AT)
        proposal = await parties.changes.propose_pool_change(
            tx, parties.changes.POOL_THAW, pool_id, PoolThaw(why="已查明"), by=world.maker, now=AT
        )

    async with db.transaction(Role.ACT, world.scope(world.checker)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=world.checker, now=AT)
        seen = await tx.fetch("select distinct bank_id from reservations")

    async with db.reading(Role.BANK, world.scope()) as tx:
        assert not (await parties.pools.get_pool(tx, pool_id)).is_frozen
    assert [world.bank_id] == [row["bank_id"] for row in seen]
