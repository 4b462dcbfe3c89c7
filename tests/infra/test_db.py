"""What a unit of work promises."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import asyncpg
import pytest

from app.infra.db import ACQUIRE_SECONDS_MAX, Database, Role, Scope, Tx
from app.kernel.errors import Refusal


async def test_a_unit_of_work_that_raises_leaves_nothing(db: Database):
    """Nothing is half done: an act either commits whole or never was."""
    with pytest.raises(ZeroDivisionError):
        async with db.transaction(Role.OPS) as tx:
            await tx.execute("insert into business_clock (frozen_at) values (now())")
            raise ZeroDivisionError

    async with db.reading(Role.OPS) as tx:
        assert await tx.value("select count(*) from business_clock") == 0


async def test_a_read_cannot_write(db: Database):
    """A GET runs read-only, so that no page changes anything by being looked at."""
    async with db.reading(Role.OPS) as tx:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await tx.value("insert into business_clock (id) values (1) returning id")


async def test_settings_of_one_unit_never_reach_the_next(db: Database):
    """Pooled connections are shared: one organisation's scope must end with its transaction, cancelled or not."""

    async def work(cancel: bool) -> None:
        async with db.transaction(Role.BANK, Scope(org_id=uuid4())) as tx:
            await tx.value("select 1")
            if cancel:
                raise asyncio.CancelledError

    for cancel in (False, True) * 20:
        with pytest.raises(asyncio.CancelledError) if cancel else _nothing():
            await work(cancel)
        async with db.reading(Role.BANK) as tx:
            assert await tx.value("select app_org()") is None


async def test_a_full_pool_says_so_instead_of_waiting_for_ever(db: Database):
    """Overload is a clean 503, not a hanging page."""
    db.acquire_seconds_max = ACQUIRE_SECONDS_MAX
    async with db.reading(Role.PUBLIC), db.reading(Role.PUBLIC):
        with pytest.raises(Refusal) as refused:
            async with db.reading(Role.PUBLIC):
                pass

    assert refused.value.code == "overloaded"


async def test_the_business_clock_can_stand_still_and_run_ahead(db: Database):
    """Demo and journeys move the business clock; the wall clock stays what it is."""
    async with db.transaction(Role.OPS) as tx:
        await tx.execute("insert into business_clock (ahead) values ('10 days')")

    async with db.reading(Role.WORKER) as tx:
        assert (tx.now - tx.wall).days == 10


def _nothing():
    import contextlib

    return contextlib.nullcontext()


async def test_a_savepoint_undoes_only_its_inside(db: Database):
    """One line of many may fail without taking the others along."""
    async with db.transaction(Role.OPS) as tx:
        await tx.execute("insert into business_clock (ahead) values ('1 day')")
        with pytest.raises(asyncpg.UniqueViolationError):
            async with tx.savepoint():
                await tx.execute("insert into business_clock (ahead) values ('2 days')")

    async with db.reading(Role.OPS) as tx:
        assert await tx.value("select ahead = '1 day' from business_clock")


async def test_what_is_gathered_is_written_together_before_the_commit(db: Database):
    """Traces and facts of one unit of work are a statement and not a round trip each; what is undone leaves none."""
    written: list[list[str]] = []

    async def write(tx: Tx, found: Sequence[str]) -> None:
        written.append([await tx.value("select 'now'"), *found])

    async with db.transaction(Role.OPS) as tx:
        tx.gather(write, "first")
        with pytest.raises(ZeroDivisionError):
            async with tx.savepoint():
                tx.gather(write, "undone")
                raise ZeroDivisionError
        tx.gather(write, "second")
        before = list(written)
    with pytest.raises(ZeroDivisionError):
        async with db.transaction(Role.OPS) as tx:
            tx.gather(write, "rolled back")
            raise ZeroDivisionError

    assert ([], [["now", "first", "second"]]) == (before, written)


async def test_a_glance_is_one_statement_that_knows_nobody(db: Database):
    """A session is looked up before anybody is known; nothing of an earlier unit of work may show."""
    async with db.reading(Role.AUTH, Scope(org_id=uuid4(), actor_id=uuid4())) as tx:
        await tx.value("select app_org()")

    row = await db.glance(Role.AUTH, "select app_org() as org, app_actor() as actor, $1::int as n", 7)

    assert row is not None
    assert (None, None, 7) == (row["org"], row["actor"], row["n"])
    with pytest.raises(AssertionError):
        await db.glance(Role.AUTH, "delete from sessions")
