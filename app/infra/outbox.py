"""The outbox is the bus: facts to tell others, written in the transaction that made them true.

Two kinds of listener are wired at the composition root: *in the transaction* (never refuses) and *after commit* (run
by the worker, in order per stream, each event once per listener; an event that keeps failing is parked, which holds
back its own stream for that listener only, and is shown to the operator).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import structlog
from pydantic import TypeAdapter

from app.infra.db import OUTCOME_UNKNOWN, Database, ReadTx, Record, Role, Scope, Tx
from app.kernel.events import Event

ATTEMPTS_MAX: Final = 8
BLOCK: Final = 10  # Events in one transaction: enough to share the cost of its commit, too few to hold locks for long.
CHANNEL: Final = "outbox"
E = TypeVar("E", bound=Event)
Listener = Callable[[Tx, Any], Awaitable[None]]
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Bus:
    """Who listens to what. Filled once at start-up, then only read."""

    in_tx: dict[type[Event], list[Listener]] = field(default_factory=dict)
    after: dict[type[Event], dict[str, Listener]] = field(default_factory=dict)
    kinds: dict[str, type[Event]] = field(default_factory=dict)

    def listen_in_tx(self, kind: type[E], listener: Callable[[Tx, E], Awaitable[None]]) -> None:
        """Run `listener` inside the transaction that records such an event. It never refuses."""
        self._know(kind)
        self.in_tx.setdefault(kind, []).append(listener)

    def listen_after(self, name: str, kind: type[E], listener: Callable[[Tx, E], Awaitable[None]]) -> None:
        """Run `listener` after the commit, by the worker, in a transaction of its own. `name` is its progress."""
        self._know(kind)
        assert name not in self.after.setdefault(kind, {}), f"{name} listens to {kind.__name__} already"
        self.after[kind][name] = listener

    def _know(self, kind: type[Event]) -> None:
        known = self.kinds.setdefault(kind.__name__, kind)
        assert known is kind, f"two events are called {kind.__name__}"


async def record(tx: Tx, event: Event) -> None:
    """Run the in-transaction listeners; with the commit goes the event, and a delivery per after-commit listener."""
    tx.gather(_write, event)
    for listener in tx.bus.in_tx.get(type(event), ()):
        await listener(tx, event)


async def _write(tx: Tx, events: Sequence[Event]) -> None:
    """The events of a unit of work in the order in which they were recorded."""
    ears = [(kind.__name__, name) for kind in {type(event) for event in events} for name in tx.bus.after.get(kind, {})]
    await tx.value(
        "select record_facts($1, $2, $3, $4, $5, $6)",
        [type(event).__name__ for event in events], [event.stream_id for event in events],
        [_shape(type(event)).dump_python(event, mode="json") for event in events], [event.at for event in events],
        [kind for kind, _ in ears], [name for _, name in ears],
    )  # fmt: skip


async def record_block(tx: Tx, events: Sequence[Event], names: Sequence[str]) -> None:
    """Write events of one kind in one statement, for these listeners after commit and nobody in the transaction."""
    if events:
        kind = type(events[0])
        shape = _shape(kind)
        await tx.value(
            "select record_events($1, $2, $3, $4, $5)", kind.__name__, [event.stream_id for event in events],
            [shape.dump_python(event, mode="json") for event in events], [event.at for event in events], list(names),
        )  # fmt: skip


def listeners(tx: Tx, kind: type[Event]) -> list[str]:
    """Who listens to such events after commit, for rooms whose SQL records many of them at once (`record_events`)."""
    assert not tx.bus.in_tx.get(kind), f"{kind.__name__} is recorded by the block, so nobody listens in the transaction"
    return list(tx.bus.after.get(kind, {}))


CLAIM = """
select d.seq, d.listener, d.attempts, o.kind, o.body
from outbox_deliveries d join outbox o on o.seq = d.seq
where d.parked_at is null and d.next_at <= $1
  and not exists (select 1 from outbox_deliveries e
                  where e.listener = d.listener and e.stream_id = d.stream_id and e.seq < d.seq)
order by d.seq limit $2 for no key update of d skip locked
"""


CROSS_OFF = """
delete from outbox_deliveries d using unnest($1::bigint[], $2::text[]) as done (seq, listener)
where d.seq = done.seq and d.listener = done.listener
"""


async def deliver_one(db: Database) -> bool:
    """Hand the oldest deliverable event to its listener; return whether there was one."""
    claimed: tuple[int, str] | None = None
    done = False
    try:
        async with db.transaction(Role.WORKER) as tx:
            if (row := await tx.row(CLAIM, tx.wall, 1)) is None:
                return False
            claimed = row["seq"], row["listener"]
            await _hand_over(tx, row)
            await _cross_off(tx, [row])
            done = True
    except Exception as error:
        # What fails at the commit (a deferred constraint) is the listener's fault too, else it would block everybody;
        # only a commit that was cut off says nothing about the event.
        if claimed is None or (done and isinstance(error, OUTCOME_UNKNOWN)):
            raise
        await _postpone(db, *claimed, error)
    return True


async def _deliver_block(db: Database, most: int) -> int:
    """Hand the oldest deliverable events to their listeners in one transaction; return how many.

    All or nothing: when one fails, none of the block has happened, and its events are delivered one by one.
    """
    async with db.transaction(Role.WORKER) as tx:
        rows = await tx.fetch(CLAIM, tx.wall, most)
        for row in rows:
            await _hand_over(tx, row)
        if rows:
            await _cross_off(tx, rows)
    return len(rows)


async def _hand_over(tx: Tx, row: Record) -> None:
    """Let the listener do its work; the caller crosses the delivery off in the same transaction."""
    name = row["listener"]
    kind = tx.bus.kinds.get(row["kind"])
    listener = tx.bus.after.get(kind, {}).get(name) if kind else None
    if kind is None or listener is None:
        raise LookupError(f"{name} no longer listens to {row['kind']}")
    await listener(tx, _shape(kind).validate_python(row["body"]))


async def _cross_off(tx: Tx, rows: Sequence[Record]) -> None:
    done = [row["seq"] for row in rows], [row["listener"] for row in rows]
    touched = await tx.execute(CROSS_OFF, *done)
    assert touched == len(rows), "what was claimed is locked until it is crossed off"


async def _postpone(db: Database, seq: int, name: str, error: Exception) -> None:
    """Try again later, later each time; after the last try park it for the operator."""
    log.warning("event_failed", seq=seq, listener=name, error=type(error).__name__)
    async with db.transaction(Role.WORKER) as tx:
        row = await tx.row("select attempts from outbox_deliveries where seq = $1 and listener = $2", seq, name)
        if row is None:
            return
        attempts = row["attempts"] + 1
        await tx.execute(
            "update outbox_deliveries set attempts = $3, next_at = $4, error = $5, parked_at = $6"
            " where seq = $1 and listener = $2",
            seq, name, attempts, tx.wall + timedelta(seconds=min(2**attempts, 300)), type(error).__name__,
            tx.wall if attempts >= ATTEMPTS_MAX else None,
        )  # fmt: skip


async def drain(db: Database, most: int = 100_000) -> int:
    """Deliver until nothing is deliverable now; return how many. Bounded, so that a worker still sweeps."""
    count = 0
    while count < most:
        block = min(BLOCK, most - count)
        try:
            done = await _deliver_block(db, block)
        except Exception as error:  # noqa: BLE001 - one by one each event answers for itself
            log.info("event_block_failed", error=type(error).__name__)
            done = 0
            while done < block and await deliver_one(db):
                done += 1
        if not done:
            break
        count += done
    return count


async def unpark(tx: Tx, seq: int, listener: str) -> bool:
    """Let a parked event be tried again; return whether it was parked."""
    sql = (
        "update outbox_deliveries set parked_at = null, attempts = 0, next_at = $3"
        " where seq = $1 and listener = $2 and parked_at is not null"
    )
    return await tx.execute(sql, seq, listener, tx.wall) == 1


async def unpark_all(tx: Tx) -> int:
    """Let every parked event be tried again; return how many."""
    sql = "update outbox_deliveries set parked_at = null, attempts = 0, next_at = $1 where parked_at is not null"
    return await tx.execute(sql, tx.wall)


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits: deliveries whose turn comes, the oldest of them, and deliveries that were parked.

    `failing`: of those that wait, how many have failed before.
    """

    waiting: int
    failing: int
    parked: int
    oldest_at: datetime | None


async def queue(tx: ReadTx) -> Queue:
    """How long the queue is; the oldest event that waits for a try, parked ones and those behind them left out."""
    row = await tx.row(
        "select count(*) filter (where d.parked_at is null)::integer as waiting,"
        " count(*) filter (where d.parked_at is null and d.attempts > 0)::integer as failing,"
        " count(*) filter (where d.parked_at is not null)::integer as parked,"
        " min(o.recorded_at) filter (where d.parked_at is null) as oldest_at"
        " from outbox_deliveries d join outbox o on o.seq = d.seq"
    )
    assert row is not None, "a count gives a row"
    return Queue(**dict(row))


async def parked(db: Database, scope: Scope) -> list[Record]:
    """The events that wait for an operator, oldest first."""
    async with db.reading(Role.OPS, scope) as tx:
        return await tx.fetch(
            "select d.seq, d.listener, o.kind, d.stream_id, d.attempts, d.error, d.parked_at"
            " from outbox_deliveries d join outbox o on o.seq = d.seq where d.parked_at is not null order by d.seq"
        )


_SHAPES: dict[type[Event], "TypeAdapter[Event]"] = {}


def _shape(kind: type[Event]) -> "TypeAdapter[Event]":
    if kind not in _SHAPES:
        _SHAPES[kind] = TypeAdapter(kind)
    return _SHAPES[kind]
