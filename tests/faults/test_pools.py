"""Planted faults in pools: each must turn the named test red, or be found and frozen."""

import asyncio
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from app.infra.db import Database, Role, Tx
from app.kernel.errors import Refusal
from app.kernel.workdays import starts_at
from app.market import parties
from app.market.parties.events import PoolChanged
from app.market.parties.jobs import reconcile_newest, reconcile_pools
from app.market.parties.schemas import PoolThaw
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
    holding,
    make_world,
    pool_figures,
    two_people,
)

Admin = Any  # asyncpg.Connection: a superuser
RED = (AssertionError, asyncpg.PostgresError)


@pytest.fixture
async def world(db: Database) -> World:
    return await make_world(db)


async def test_a_hold_without_its_guard_turns_the_hold_race_red(
    db: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table's CHECK still stops it, but not as an answer."""
    monkeypatch.setattr(store, "HOLD", store.HOLD.replace(" and held_fen + posted_fen + $7 <= cap_fen", ""))

    with pytest.raises(RED):
        await check_hold_race(db, world)


async def test_without_guard_and_check_the_pool_is_overdrawn_and_the_hold_race_sees_it(
    db: Database, world: World, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but the two keeps held + posted below the cap."""
    await admin.execute("alter table pools drop constraint pools_within_cap")
    monkeypatch.setattr(store, "HOLD", store.HOLD.replace(" and held_fen + posted_fen + $7 <= cap_fen", ""))

    with pytest.raises(AssertionError):
        await check_hold_race(db, world)


async def test_an_end_without_its_guard_turns_the_end_race_red(
    db: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second end would find the reservation closed and end it again."""
    monkeypatch.setattr(store, "END", store.END.replace(" and closed_at is null", ""))

    with pytest.raises(RED):
        await check_end_race(db, world)


async def test_without_one_open_reservation_per_suborder_the_double_hold_race_is_red(
    db: Database, world: World, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement that leans on the index is changed with it, as a careless change would."""
    await admin.execute("drop index reservations_one_open")
    conflict = "on conflict (suborder_id) where closed_at is null do nothing"
    assert conflict in store.HOLD
    monkeypatch.setattr(store, "HOLD", store.HOLD.replace(conflict, ""))

    with pytest.raises(AssertionError):
        await check_double_hold_race(db, world)


async def test_without_one_entry_per_draw_the_draw_race_is_red(
    db: Database, world: World, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draw sent twice would be paid twice."""
    await admin.execute("drop index pool_entries_one_draw")
    conflict = "on conflict (bank_id, draw_id) where draw_id is not null do nothing"
    assert conflict in store.POST
    monkeypatch.setattr(store, "POST", store.POST.replace(conflict, ""))

    with pytest.raises(AssertionError):
        await check_draw_race(db, world)


@pytest.mark.parametrize(
    "fault",
    [
        "update pools set held_fen = held_fen + 1",
        "update pools set posted_fen = posted_fen + 1",
        "update pools set cap_fen = cap_fen + 1",
        "update reservations set held_fen = held_fen - 1",
        "delete from pool_entries",
        "insert into pool_entries (reservation_id, bank_id, order_id, kind, amount_fen, at)"
        " select reservation_id, bank_id, order_id, 'shrink', 1, now() from reservations",
    ],
)
async def test_a_counter_that_its_entries_do_not_explain_freezes_its_pool(
    db: Database, world: World, admin: Admin, fault: str
) -> None:
    """P4: found on demand, frozen at once with an event, answered 423 from then on; the other pools go on."""
    assert world.pool_id is not None
    n = world.branch_id
    await act(db, n, holding(world, n, 10 * WAN))
    heard: list[PoolChanged] = []

    async def listen(_: object, event: PoolChanged) -> None:
        heard.append(event)

    db.bus.listen_in_tx(PoolChanged, listen)
    await admin.execute(fault)
    healthy = await make_world(db, name="渝山示范银行")

    async with db.transaction(Role.WORKER) as tx:
        found = await parties.pools.reconcile(tx, now=AT + timedelta(seconds=1))
    late = world.product_id
    answers = [
        await act(db, late, holding(world, late, 1)),
        await act(db, late, holding(healthy, late, 1)),
    ]

    assert [world.pool_id] == [difference.pool_id for difference in found]
    assert [("freeze", "ledger")] == [(event.kind, event.why) for event in heard if event.pool_id == world.pool_id]
    assert "pool-frozen" == answers[0]
    assert "pool-frozen" != answers[1]
    async with db.transaction(Role.WORKER) as tx:
        again = await parties.pools.reconcile(tx, now=AT + timedelta(seconds=2))
    assert found == again
    assert 1 == len([event for event in heard if event.pool_id == world.pool_id])


async def test_a_pool_is_not_thawed_while_it_differs_from_its_ledger(db: Database, world: World, admin: Admin) -> None:
    """Two people cannot wave through what nobody has explained; once it agrees they may thaw it."""
    assert world.pool_id is not None
    await admin.execute("update pools set held_fen = held_fen + 1")
    async with db.transaction(Role.WORKER) as tx:
        await parties.pools.reconcile(tx, now=AT)

    async def thaw() -> str:
        async def ask(tx: Tx) -> proposals.Proposal:
            assert world.pool_id is not None
            body = PoolThaw(why="已查明")
            return await parties.changes.propose_pool_change(
                tx, "pool-thaw", world.pool_id, body, by=world.maker, now=AT
            )

        try:
            await two_people(db, world, ask)
        except Refusal as refusal:
            async with db.transaction(Role.WORKER) as tx:
                await proposals.void_open(tx, world.pool_id, now=AT)
            return refusal.code
        return "thawed"

    wrong = await thaw()
    await admin.execute("update pools set held_fen = held_fen - 1")
    right = await thaw()

    assert ("wrong-state", "thawed") == (wrong, right)


async def test_a_healthy_pool_stays_open_while_acts_race_the_reconciliation(db: Database, world: World) -> None:
    """One statement reads counters and entries from one snapshot, so what runs meanwhile is no difference."""
    assert world.pool_id is not None

    async def turn(n: int) -> None:
        order_id = world.branch_id if n == 0 else world.product_id
        for _ in range(15):
            await act(db, order_id, holding(world, order_id, WAN))
            await act(db, order_id, lambda tx: parties.release(tx, order_id, AT))

    async def reconcile() -> int:
        found = 0
        for _ in range(15):
            async with db.transaction(Role.WORKER) as tx:
                found += len(await parties.pools.reconcile(tx, now=AT))
        return found

    _, _, found = await asyncio.gather(turn(0), turn(1), reconcile())

    assert 0 == found
    assert (100 * WAN, 0, 0) == await pool_figures(db, world.pool_id)


async def test_the_frequent_look_takes_in_this_quarter_and_the_one_before(
    db: Database, world: World, admin: Admin
) -> None:
    """What is held or drawn now is looked at every minute; what is older waits for the look at everything."""
    await admin.execute("update pools set held_fen = held_fen + 1")
    quarter: date = await admin.fetchval("select quarter from pools where pool_id = $1", world.pool_id)

    async def looked(on: date) -> int:
        async with db.transaction(Role.OPS) as tx:
            await tx.execute(
                "insert into business_clock (frozen_at) values ($1) on conflict (id) do update set frozen_at = $1",
                starts_at(on),
            )
        async with db.transaction(Role.WORKER) as tx:
            return len(await reconcile_newest(tx))

    half_a_year = quarter + timedelta(days=200)
    assert (1, 1, 0) == (await looked(quarter), await looked(quarter + timedelta(days=100)), await looked(half_a_year))
    async with db.transaction(Role.WORKER) as tx:
        assert 1 == len(await reconcile_pools(tx))
