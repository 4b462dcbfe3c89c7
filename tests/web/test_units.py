"""The unit of work of a request: who it runs as, when it may write, when it ends."""

import asyncio

import asyncpg
import httpx
import pytest

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.web.deps import AUDIENCES


def test_every_seat_has_an_audience() -> None:
    """A new role without one would fall over at its first request."""
    assert {role.value for role in SeatRole} == set(AUDIENCES)


async def test_a_get_cannot_write(firm: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    """Whatever its handler tries."""
    answer = await firm.get("/writes")

    assert 500 == answer.status_code
    assert 0 == await admin.fetchval("select count(*) from audit_events where act = 'thing.read'")


async def test_postgresql_itself_refuses_a_write_in_a_reading_unit(db: Database) -> None:
    """The type is a courtesy; the transaction is READ ONLY."""
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with db.reading(Role.AUTH) as tx:
            await tx.value("insert into rate_buckets values ('a', now()) returning 1")


async def test_a_get_that_records_access_may_write(firm: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    """Reading a package leaves its trace in the same transaction."""
    answer = await firm.get("/logs")

    assert 200 == answer.status_code
    assert 1 == await admin.fetchval("select count(*) from audit_events where act = 'thing.read'")


async def test_a_unit_knows_who_acts(firm: httpx.AsyncClient, seat: Seat, admin: asyncpg.Connection) -> None:
    """Actor, organisation and request of every audit event are those of the request."""
    answer = await firm.get("/logs")

    row = await admin.fetchrow("select actor_id, org_id, request_id from audit_events where act = 'thing.read'")
    assert (seat.person_id, seat.org_id, answer.headers["x-trace-id"]) == tuple(row)


async def test_a_failing_neighbour_leaves_no_unit_open(firm: httpx.AsyncClient) -> None:
    """The framework abandons what it opened when another dependency raises; a few of those would empty the pool."""
    answers = await asyncio.wait_for(asyncio.gather(*(firm.get("/abandons") for _ in range(12))), timeout=20)
    after = await firm.get("/counts?n=3")

    assert {404} == {answer.status_code for answer in answers}
    assert "3" == after.text


async def test_a_commit_that_fails_is_no_success(
    db: Database, firm: httpx.AsyncClient, admin: asyncpg.Connection
) -> None:
    """Planted: a constraint that speaks only at COMMIT. The answer must not have been sent by then."""
    await admin.execute(
        """
        create function spoil() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
        create constraint trigger spoil after insert on audit_events deferrable initially deferred
          for each row execute function spoil();
        """
    )

    answer = await firm.post("/things", json={"amount": 1}, headers={"idempotency-key": "0123456789abcdef"})

    assert (500, 0) == (answer.status_code, await admin.fetchval("select count(*) from idempotency"))


async def test_a_killed_connection_in_a_change_is_an_unknown_outcome(
    firm: httpx.AsyncClient, admin: asyncpg.Connection
) -> None:
    """Planted: the server ends the session in mid-act. 503, come back, same key."""
    request = asyncio.create_task(
        firm.post("/things", json={"amount": 1, "note": "slow"}, headers={"idempotency-key": "0123456789abcdef"})
    )
    await asyncio.sleep(0.4)
    killed = await admin.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename like '%business'"
        " and state = 'active' and datname = current_database()"
    )

    answer = await request

    assert (1, 503, "outcome-unknown", "2") == (
        killed, answer.status_code, answer.json()["code"], answer.headers["retry-after"],
    )  # fmt: skip


async def test_an_away_database_is_503_within_two_seconds(db: Database, firm: httpx.AsyncClient) -> None:
    """Liveness stays, readiness and every call say 503 (P7)."""
    await db.close()
    db.url = "postgresql://127.0.0.1:1/none"

    started = asyncio.get_running_loop().time()
    answers = [await firm.get(path) for path in ("/counts?n=3", "/health/ready", "/health/live")]

    assert [503, 503, 200] == [answer.status_code for answer in answers]
    assert asyncio.get_running_loop().time() - started < 2
    assert "overloaded" == answers[0].json()["code"]


async def test_without_context_no_row_is_seen(db: Database, firm: httpx.AsyncClient, seat: Seat) -> None:
    """Row-level security of who acts, by raw SQL per role (P16)."""
    counts = {}
    for role in (Role.BUSINESS, Role.BANK, Role.AUTH, Role.PUBLIC):
        for table in ("orgs", "seats"):
            for scope in (Scope(), Scope(org_id=seat.org_id)):
                try:
                    async with db.reading(role, scope) as tx:
                        counts[role, table, scope.org_id] = await tx.value(f"select count(*) from {table}")
                except asyncpg.InsufficientPrivilegeError:
                    counts[role, table, scope.org_id] = None

    assert {
        (Role.BUSINESS, "orgs", None): 0, (Role.BUSINESS, "orgs", seat.org_id): 1,
        (Role.BUSINESS, "seats", None): 0, (Role.BUSINESS, "seats", seat.org_id): 1,
        (Role.BANK, "orgs", None): 0, (Role.BANK, "orgs", seat.org_id): 1,
        (Role.BANK, "seats", None): 0, (Role.BANK, "seats", seat.org_id): 1,
        (Role.AUTH, "orgs", None): 1, (Role.AUTH, "orgs", seat.org_id): 1,
        (Role.AUTH, "seats", None): 1, (Role.AUTH, "seats", seat.org_id): 1,
        (Role.PUBLIC, "orgs", None): None, (Role.PUBLIC, "orgs", seat.org_id): None,
        (Role.PUBLIC, "seats", None): None, (Role.PUBLIC, "seats", seat.org_id): None,
    } == counts  # fmt: skip
