"""Sealing: every committed event comes under a signed head, once, in an order that no slow commit upsets."""

import asyncio
import itertools
import time
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from app.access import audit
from app.access.audit.rules.checking import Verdict, check
from app.access.audit.rules.known import Known, read_known
from app.access.audit.service import sealing
from app.access.audit.service.exporting import export_lines
from app.access.audit.service.sealing import Forked, Sealer, seal_batch
from app.access.audit.store import seals
from app.infra import outbox
from app.infra.db import Database, Role
from app.market.orders.events import OrderEnded

ORDER, SOMEBODY = UUID(int=77), UUID(int=88)


async def write(db: Database, *acts: str) -> None:
    async with db.transaction(Role.WORKER) as tx:
        for act in acts:
            await audit.write(tx, act, case_id=ORDER, subject_id=SOMEBODY, detail={"code": act})


async def export(db: Database) -> list[bytes]:
    async with db.reading(Role.REPORTER) as tx:
        return [line async for line in export_lines(tx)]


async def checked(db: Database, known: tuple[Known, ...] = ()) -> Verdict:
    return check(await export(db), known)


async def order_of(db: Database) -> list[str]:
    """The acts in the order of the log."""
    async with db.reading(Role.REPORTER) as tx:
        sql = "select a.act from audit_leaves l join audit_events a on a.seq = l.seq and l.source = 0 order by number"
        return [row["act"] for row in await tx.fetch(sql)]


@pytest.fixture
def sealer(db: Database, tmp_path: Path) -> Sealer:
    return Sealer(db, tmp_path / "audit")


async def test_what_was_committed_is_covered_and_proven(db: Database, sealer: Sealer):
    """Audit events and the events of cases, under one head after the other, each following the last."""
    await write(db, "thing.one", "thing.two")
    async with db.transaction(Role.WORKER) as tx:
        await outbox.record(
            tx, OrderEnded(stream_id=ORDER, at=tx.now, order_id=ORDER, business_id=SOMEBODY, end="lapsed")
        )
    assert await sealer.tick() == 3
    await write(db, "thing.three")
    assert await sealer.tick() == 1
    assert await sealer.tick() == 0

    found = await checked(db)

    assert (found.wrong, found.events, found.heads, found.erased) == (None, 4, 2, 0)


async def test_a_slow_commit_is_neither_skipped_nor_waited_for(db: Database, sealer: Sealer):
    """The slow one took its number and its transaction first; what commits meanwhile is sealed at once."""
    async with db.transaction(Role.WORKER) as slow:
        await audit.write(slow, "thing.slow")
        await write(db, "thing.fast")
        await sealer.tick()
        before = await order_of(db)
        await write(db, "thing.faster")
        await sealer.tick()
    await write(db, "thing.last")
    await sealer.tick()

    assert (["thing.fast"], ["thing.fast", "thing.faster", "thing.slow", "thing.last"]) == (before, await order_of(db))
    assert (await checked(db)).wrong is None


async def test_a_number_taken_before_its_transaction_is_not_lost(
    db: Database, admin: asyncpg.Connection, sealer: Sealer
):
    """A row's number is drawn before the transaction has one: reading on from the highest number would skip it."""
    low = await admin.fetchval("select nextval('audit_events_seq_seq')")
    await write(db, "thing.later")
    await sealer.tick()
    await admin.execute(
        "insert into audit_events (seq, recorded_at, business_at, act, request_id, detail) overriding system value"
        " values ($1, now(), now(), 'thing.early', '', '{}')",
        low,
    )

    await sealer.tick()

    assert ["thing.later", "thing.early"] == await order_of(db)


@pytest.mark.parametrize("most", [1, 2, 3, 6])
async def test_a_batch_that_is_cut_goes_on_where_it_stopped(db: Database, sealer: Sealer, most: int):
    """Between two transactions, inside one, and exactly at the end of all."""
    await write(db, "thing.a", "thing.b", "thing.c")
    await write(db, "thing.d", "thing.e", "thing.f")
    rounds = []

    while True:
        async with db.transaction(Role.SEALER) as tx:
            rounds.append(await seal_batch(tx, await seals.read_last(tx), most))
            if len(rounds) == 1:
                await write(db, "thing.g")
        if not rounds[-1]:
            break

    assert "abcdefg" == "".join(act[-1] for act in await order_of(db))
    assert max(rounds) <= most
    found = await checked(db)
    assert (found.wrong, found.events) == (None, 7)


async def test_of_two_sealers_one_seals(db: Database, sealer: Sealer):
    """Leaves are numbered without a gap, so the second waits for its next round."""
    await write(db, *(f"thing.n{n}" for n in range(300)))

    done = await asyncio.gather(*(sealer.tick() for _ in range(2)), return_exceptions=True)
    while await sealer.tick():
        pass

    assert 300 == sum(one for one in done if isinstance(one, int))
    found = await checked(db)
    assert (found.wrong, found.events) == (None, 300)


async def test_heads_stand_outside_the_database_with_their_leaves(db: Database, sealer: Sealer):
    """Also those that a process could not write before it died, and a half-written line is cut off."""
    await write(db, "thing.one")
    await sealer.tick()
    file = next(sealer.folder.iterdir())
    async with db.transaction(Role.SEALER) as tx:
        await audit_more(db)
        await seal_batch(tx, await seals.read_last(tx))
    with file.open("ab") as half:
        half.write(b'{"head":{"log":')
    await write(db, "thing.three")
    await sealer.tick()

    known = read_known(file.read_bytes().splitlines())

    assert isinstance(known, tuple)
    assert [1, 2, 3] == [one.signed.head.size for one in known]
    assert (await checked(db, known)).wrong is None


async def audit_more(db: Database) -> None:
    await write(db, "thing.two")


async def test_a_database_set_back_is_not_sealed_on(db: Database, admin: asyncpg.Connection, sealer: Sealer):
    """Signing on from an older state would sign a fork; the worker's job fails instead, which the operator sees."""
    for act in ("thing.one", "thing.two"):
        await write(db, act)
        await sealer.tick()
    await admin.execute("set session_replication_role = replica")
    await admin.execute("delete from audit_heads where no = 1")
    await admin.execute("delete from audit_salts where number = 1")
    await admin.execute("delete from audit_leaves where number = 1")
    await write(db, "thing.instead")

    with pytest.raises(Forked):
        await sealer.tick()


async def test_sealing_follows_within_five_seconds(db: Database, sealer: Sealer):
    """Each event is covered at most a round after its commit; a burst of a thousand does not delay it."""

    async def work() -> None:
        for n in range(40):
            await write(db, *(f"thing.w{n}" for _ in range(25)))
            await asyncio.sleep(0.01)

    task, began = asyncio.create_task(work()), time.monotonic()
    while not task.done() or await sealer.tick():
        await sealer.tick()
        await asyncio.sleep(0.05)
    async with db.reading(Role.REPORTER) as tx:
        sql = (
            "select max(extract(epoch from h.sealed_at - a.recorded_at))::integer from audit_leaves l"
            " join audit_events a on a.seq = l.seq and l.source = 0 cross join lateral"
            " (select sealed_at from audit_heads where size > l.number order by size limit 1) h"
        )
        seconds, behind = await tx.value(sql), await audit.waiting(tx)

    assert (await checked(db)).events == 1000
    assert seconds < 5
    assert (behind.events, behind.oldest_at) == (0, None)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("table", "verb"),
    [
        (table, verb)
        for table, verb in itertools.product(
            "outbox audit_leaves audit_nodes audit_heads audit_logs audit_witnesses audit_cosignatures".split(),
            ("delete from {}", "truncate {} cascade", "update {} set {}"),
        )
    ],
)
async def test_sealed_rows_stay_as_they_were_written(admin: asyncpg.Connection, table: str, verb: str):
    """No role has the grant, and the triggers refuse even a superuser (42501)."""
    column = await admin.fetchval(
        "select column_name from information_schema.columns where table_name = $1 and is_identity = 'NO' limit 1", table
    )

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await admin.execute(verb.format(table, f"{column} = {column}"))
    granted = await admin.fetchval(
        "select count(*) from information_schema.role_table_grants where table_name = $1 and grantee <> 'xyd_owner'"
        " and privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')",
        table,
    )
    assert granted == 0


async def test_what_is_erased_leaves_the_tree_as_it_is(db: Database, sealer: Sealer):
    """The personal part can be shown no more; plain part, leaf and heads stand, and an event of the log says why."""
    await write(db, "thing.one", "thing.two")
    await sealer.tick()
    async with db.transaction(Role.WORKER) as tx:
        assert await audit.erase(tx, SOMEBODY) == 2
    await sealer.tick()

    lines = await export(db)
    found = check(lines)

    assert (found.wrong, found.erased, found.events) == (None, 2, 3)
    assert not any(str(SOMEBODY).encode() in line for line in lines)


async def test_an_erasure_that_nobody_ordered_is_found(db: Database, admin: asyncpg.Connection, sealer: Sealer):
    """Else deleting a salt would hide that the personal part was changed."""
    await write(db, "thing.one", "thing.two")
    await sealer.tick()
    await admin.execute("delete from audit_salts where number = 1")

    wrong = (await checked(db)).wrong

    assert wrong is not None
    assert ("erased", 1) == (wrong.what, wrong.number)


def test_one_batch_is_bounded():
    """A transaction of the sealer's may last ten seconds."""
    assert sealing.BLOCK <= 10_000
