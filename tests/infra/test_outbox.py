"""What the outbox promises to whoever listens (P11)."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from app.infra import outbox
from app.infra.db import Database, Role, Scope, Tx
from app.kernel.clock import Clock
from app.kernel.events import Event
from app.kernel.ids import new_id

ORDER, OTHER = UUID(int=1), UUID(int=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersFiled(Event):
    """An event of these tests: `page` tells one from the next."""

    page: int


class Listeners:
    """Ears that write down what they hear, and fail where they are told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[UUID, int]] = []
        self.poison: set[tuple[UUID, int]] = set()

    async def __call__(self, tx: Tx, event: PapersFiled) -> None:
        if (event.stream_id, event.page) in self.poison:
            raise ValueError("this one cannot be read")
        self.heard.append((event.stream_id, event.page))


@pytest.fixture
def ears(db: Database) -> Listeners:
    db.bus = outbox.Bus()
    ears = Listeners()
    db.bus.listen_after("ears", PapersFiled, ears)
    return ears


async def file(db: Database, stream: UUID, *pages: int, role: Role = Role.ACT) -> None:
    async with db.transaction(role) as tx:
        for page in pages:
            await outbox.record(tx, PapersFiled(stream_id=stream, at=tx.now, page=page))


async def drain_for_ever(db: Database, tries: int = outbox.ATTEMPTS_MAX) -> None:
    """Drain while the wall clock jumps over every back-off."""
    for _ in range(tries):
        await outbox.drain(db)
        db.wall = later(db.wall)


def later(wall: Clock) -> Clock:
    return Clock(read=lambda: wall.now() + timedelta(minutes=10))


async def test_a_rollback_leaves_no_event(db: Database, ears: Listeners):
    """An event says that something happened; what was rolled back did not."""

    async def file_and_fail() -> None:
        async with db.transaction(Role.ACT) as tx:
            await outbox.record(tx, PapersFiled(stream_id=ORDER, at=tx.now, page=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await file_and_fail()

    assert await outbox.drain(db) == 0
    assert ears.heard == []


async def test_a_listener_in_the_transaction_sees_what_it_wrote(db: Database):
    """An accepted order without its clock cannot exist: both are one transaction."""
    db.bus = outbox.Bus()
    seen = []

    async def look(tx: Tx, event: PapersFiled) -> None:
        seen.append((tx, await tx.value("select count(*) from business_clock"), event.page))

    db.bus.listen_in_tx(PapersFiled, look)

    async with db.transaction(Role.OPS) as tx:
        await tx.execute("insert into business_clock (ahead) values ('1 day')")
        await outbox.record(tx, PapersFiled(stream_id=ORDER, at=tx.now, page=7))

    assert seen == [(tx, 1, 7)]


async def test_a_listener_in_the_transaction_that_fails_undoes_all_of_it(db: Database, admin: asyncpg.Connection):
    """It never refuses; when it breaks, the act it belongs to has not happened either."""
    db.bus = outbox.Bus()

    async def fail(tx: Tx, event: PapersFiled) -> None:
        raise ValueError

    db.bus.listen_in_tx(PapersFiled, fail)

    with pytest.raises(ValueError):
        await file(db, ORDER, 1)

    assert await admin.fetchval("select count(*) from outbox") == 0


async def test_a_listener_after_the_commit_runs_once(db: Database, ears: Listeners):
    """Its work and the note that it is done are one transaction."""
    await file(db, ORDER, 1)

    assert [await outbox.drain(db), await outbox.drain(db)] == [1, 0]
    assert ears.heard == [(ORDER, 1)]


async def test_what_a_failed_listener_wrote_is_undone_before_the_next_try(db: Database, admin: asyncpg.Connection):
    """Half the work of a first try plus the whole of a second would be one and a half."""
    db.bus = outbox.Bus()
    tries = 0

    async def clumsy(tx: Tx, event: PapersFiled) -> None:
        nonlocal tries
        tries += 1
        sql = "insert into leases (name, holder, until_at) values ($1, $2, $3)"
        await tx.execute(sql, f"try {tries}", ORDER, tx.wall)
        if tries < 3:
            raise ValueError

    db.bus.listen_after("clumsy", PapersFiled, clumsy)
    await file(db, ORDER, 1)

    await drain_for_ever(db)

    assert [r["name"] for r in await admin.fetch("select name from leases")] == ["try 3"]


async def test_events_of_one_stream_come_in_order(db: Database, ears: Listeners):
    """A later fact is told only after the earlier one, even when the earlier one needs a second try."""
    ears.poison = {(ORDER, 1)}
    await file(db, ORDER, 1, 2)
    await file(db, ORDER, 3)
    await outbox.drain(db)
    assert ears.heard == []

    ears.poison = set()
    await drain_for_ever(db, tries=2)

    assert ears.heard == [(ORDER, 1), (ORDER, 2), (ORDER, 3)]


async def test_a_poison_event_is_parked_and_blocks_its_own_stream_alone(db: Database, ears: Listeners):
    """One order that cannot be told must hold back nobody else's, and nobody else who listens to it."""
    others = Listeners()
    db.bus.listen_after("others", PapersFiled, others)
    ears.poison = {(ORDER, 1)}
    await file(db, ORDER, 1, 2)
    await file(db, OTHER, 1, 2)

    await drain_for_ever(db)

    assert ears.heard == [(OTHER, 1), (OTHER, 2)]
    assert sorted(others.heard) == [(ORDER, 1), (ORDER, 2), (OTHER, 1), (OTHER, 2)]
    (row,) = await outbox.parked(db, Scope())
    assert (row["listener"], row["stream_id"], row["attempts"], row["error"]) == ("ears", ORDER, 8, "ValueError")


async def test_an_event_is_not_parked_before_its_eighth_try(db: Database, ears: Listeners):
    """A short outage must not need a person."""
    ears.poison = {(ORDER, 1)}
    await file(db, ORDER, 1)

    await drain_for_ever(db, tries=7)

    assert await outbox.parked(db, Scope()) == []


async def test_a_try_that_failed_waits_before_the_next(db: Database, ears: Listeners):
    """Without a back-off a poison event would spin the worker."""
    ears.poison = {(ORDER, 1)}
    await file(db, ORDER, 1)

    assert [await outbox.drain(db), await outbox.drain(db)] == [1, 0]


async def test_a_parked_event_is_tried_again_when_a_person_says_so(db: Database, ears: Listeners):
    """After the cause is mended the stream goes on where it stood."""
    ears.poison = {(ORDER, 1)}
    await file(db, ORDER, 1, 2)
    await drain_for_ever(db)
    ears.poison = set()
    (row,) = await outbox.parked(db, Scope())

    async with db.transaction(Role.OPS) as tx:
        unparked = [await outbox.unpark(tx, row["seq"], "ears"), await outbox.unpark(tx, row["seq"], "ears")]
    await outbox.drain(db)

    assert unparked == [True, False]
    assert ears.heard == [(ORDER, 1), (ORDER, 2)]


async def test_an_event_that_nobody_knows_any_more_is_parked_not_lost(db: Database, ears: Listeners):
    """A release that forgets a listener must be seen by an operator."""
    await file(db, ORDER, 1)
    db.bus = outbox.Bus()

    await drain_for_ever(db)

    assert [r["error"] for r in await outbox.parked(db, Scope())] == ["LookupError"]


async def test_a_listener_that_fails_only_at_the_commit_blocks_nobody_else(db: Database, admin: asyncpg.Connection):
    """A deferred constraint speaks last of all; unless that counts as a try, the worker stands still for ever."""
    db.bus = outbox.Bus()
    await admin.execute("create table once (page int unique deferrable initially deferred)")
    await admin.execute("insert into once values (1)")
    await admin.execute("grant insert on once to xyd_worker")

    async def note(tx: Tx, event: PapersFiled) -> None:
        await tx.execute("insert into once values ($1)", event.page)

    db.bus.listen_after("note", PapersFiled, note)
    await file(db, ORDER, 1)
    await file(db, OTHER, 2)

    await drain_for_ever(db)

    assert [r["page"] for r in await admin.fetch("select page from once order by 1")] == [1, 2]
    assert [r["error"] for r in await outbox.parked(db, Scope())] == ["UniqueViolationError"]


async def test_two_workers_never_tell_the_same_event_twice(db: Database, ears: Listeners):
    """Workers are many and stateless; each delivery is locked by the one that makes it, and order still holds."""
    streams = [new_id() for _ in range(5)]
    for page in range(10):
        for stream in streams:
            await file(db, stream, page)

    delivered = await asyncio.gather(*(outbox.drain(db) for _ in range(3)))

    while await outbox.drain(db):  # what a worker had to leave because another one was at its stream
        pass
    assert sum(delivered) <= 50
    assert len(ears.heard) == 50
    assert all([page for s, page in ears.heard if s == stream] == list(range(10)) for stream in streams)


async def test_a_slow_commit_is_not_skipped(db: Database, ears: Listeners):
    """Numbers are drawn before the commit, so a lower one may appear later; its delivery is a row, not a mark."""
    async with db.transaction(Role.ACT) as slow:
        await outbox.record(slow, PapersFiled(stream_id=ORDER, at=slow.now, page=1))
        await file(db, OTHER, 2)
        await outbox.drain(db)
    await outbox.drain(db)

    assert ears.heard == [(OTHER, 2), (ORDER, 1)]


@pytest.mark.parametrize("role", [Role.AUTH, Role.BUSINESS, Role.BANK, Role.REGULATOR, Role.ACT, Role.LOADER])
async def test_audiences_can_record_but_not_read(db: Database, ears: Listeners, role: Role):
    """The outbox holds everybody's events, so the audiences may add to it and see nothing of it."""
    await file(db, ORDER, 1, role=role)

    for table in ("outbox", "outbox_deliveries"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.reading(role) as tx:
                await tx.fetch(f"select * from {table}")
    assert await outbox.drain(db) == 1


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.REPORTER, Role.SEALER])
async def test_who_only_reads_cannot_record(db: Database, ears: Listeners, role: Role):
    """A page for everybody has nothing to announce."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await file(db, ORDER, 1, role=role)


async def test_a_worker_that_waits_is_woken_by_a_commit(db: Database, ears: Listeners):
    """NOTIFY is the hint that makes an event arrive at once instead of at the next look."""
    heard = asyncio.Event()

    async with db.listening(outbox.CHANNEL, heard):
        await file(db, ORDER, 1)
        await asyncio.wait_for(heard.wait(), timeout=5)

    assert heard.is_set()


def test_two_events_may_not_share_a_name():
    """The name is what is stored; two shapes under one name could not be read back."""
    bus = outbox.Bus()
    bus.listen_in_tx(PapersFiled, Listeners())
    twin = type("PapersFiled", (Event,), {})

    with pytest.raises(AssertionError):
        bus.listen_in_tx(twin, Listeners())


def test_a_listener_has_one_name_per_event():
    """The name is its progress: two under one name would each do half of the work."""
    bus = outbox.Bus()
    bus.listen_after("ears", PapersFiled, Listeners())

    with pytest.raises(AssertionError):
        bus.listen_after("ears", PapersFiled, Listeners())
