"""The audit log: append-only, written with the act, readable in order without gaps."""

from uuid import UUID

import asyncpg
import pytest

from app.access import audit
from app.infra.db import Database, Role, Scope

ME = Scope(org_id=UUID(int=1), actor_id=UUID(int=2), request_id="abc")


async def test_an_event_carries_actor_organisation_and_request(db: Database, admin: asyncpg.Connection) -> None:
    """They are the transaction's, so a caller can't claim others."""
    async with db.transaction(Role.BUSINESS, ME) as tx:
        await audit.write(tx, "thing.made", subject_id=UUID(int=3), case_id=UUID(int=4), detail={"code": "x"})

    row = await admin.fetchrow(
        "select act, actor_id, org_id, subject_id, case_id, request_id, detail->>'code' from audit_events"
    )
    assert ("thing.made", UUID(int=2), UUID(int=1), UUID(int=3), UUID(int=4), "abc", "x") == tuple(row)


@pytest.mark.parametrize("role", [Role.BUSINESS, Role.BANK, Role.REGULATOR, Role.OPS, Role.ACT])
async def test_nobody_writes_in_anothers_name(db: Database, role: Role) -> None:
    """Row-level security compares actor and organisation with who acts."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(role, ME) as tx:
            await tx.execute(
                "insert into audit_events (recorded_at, business_at, actor_id, org_id, act, request_id, detail)"
                " values (now(), now(), $1, $2, 'forged', '', '{}'::jsonb)",
                *(UUID(int=9), UUID(int=1)),
            )


@pytest.mark.parametrize(
    "sql", ["update audit_events set act = 'x'", "delete from audit_events", "truncate audit_events"]
)
async def test_an_event_stays_as_it_was_written(db: Database, admin: asyncpg.Connection, sql: str) -> None:
    """No role has the grant, and the table refuses even a superuser."""
    async with db.transaction(Role.WORKER) as tx:
        await audit.write(tx, "thing.made")

    for role in Role:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction(role, ME) as tx:
                await tx.execute(sql)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await admin.execute(sql)


async def test_firms_and_banks_do_not_read_the_log(db: Database) -> None:
    """What concerns them is shown by the rooms that know the case."""
    for role in (Role.BUSINESS, Role.BANK, Role.OPS, Role.ACT, Role.PUBLIC, Role.AUTH):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.reading(role, ME) as tx:
                await tx.value("select count(*) from audit_events")


async def test_an_act_that_is_rolled_back_leaves_no_trace(db: Database, admin: asyncpg.Connection) -> None:
    """Act and trace stand or fall together."""

    async def act_and_fail() -> None:
        async with db.transaction(Role.BUSINESS, ME) as tx:
            await audit.write(tx, "thing.made")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await act_and_fail()

    assert 0 == await admin.fetchval("select count(*) from audit_events")


async def test_a_reader_in_order_waits_for_slow_commits(db: Database) -> None:
    """`xid` below the snapshot floor: the later event is not handed out before the earlier one can be."""
    floor = "select act from audit_events where xid < pg_snapshot_xmin(pg_current_snapshot()) order by seq"

    async def read() -> list[str]:
        async with db.reading(Role.SEALER) as tx:
            return [row["act"] for row in await tx.fetch(floor)]

    async with db.transaction(Role.WORKER) as slow:
        await audit.write(slow, "thing.slow")
        await slow.write_gathered()
        async with db.transaction(Role.WORKER) as fast:
            await audit.write(fast, "thing.fast")
        during = await read()

    assert ([], ["thing.slow", "thing.fast"]) == (during, await read())


async def test_an_act_is_a_code(db: Database) -> None:
    """Acts are counted and compared, so they are no sentences."""
    with pytest.raises(AssertionError):
        async with db.transaction(Role.WORKER) as tx:
            await audit.write(tx, "Somebody did something")
