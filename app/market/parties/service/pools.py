"""Pools: hold, shrink, post, release, expire; freezing; and the ledger held against its counters (P2, P3, P4).

A reservation belongs to the quarter in which it was taken, whenever it is drawn. A frozen pool refuses holds only.
Callers hold the order's lock; an act that ends several suborders uses `release_all`, which locks pools by id first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.access import audit
from app.infra import outbox
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.parties.events import PoolChanged
from app.market.parties.rules import PoolKey, quarter_of
from app.market.parties.store import pools as store

LEDGER = "ledger"  # Why the reconciliation froze a pool.


@dataclass(frozen=True, slots=True)
class Pool:
    pool_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    quarter: date
    cap_fen: int
    held_fen: int
    posted_fen: int
    is_frozen: bool

    @property
    def free_fen(self) -> int:
        return self.cap_fen - self.held_fen - self.posted_fen


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a suborder holds, and of which quarter's pool."""

    reservation_id: UUID
    pool_id: UUID
    order_id: UUID
    suborder_id: UUID
    held_fen: int
    opened_at: datetime
    quarter: date


@dataclass(frozen=True, slots=True)
class Difference:
    """A pool whose counters and ledger disagree; amounts in fen. `reservations_off`: how many differ by themselves."""

    pool_id: UUID
    bank_id: UUID
    cap_fen: int
    cap_ledger_fen: int
    held_fen: int
    held_ledger_fen: int
    posted_fen: int
    posted_ledger_fen: int
    reservations_off: int


async def hold(
    tx: Tx, key: PoolKey, suborder_id: UUID, amount_fen: int, at: datetime, *, order_id: UUID
) -> UUID | None:
    """Set money aside in the pool of the quarter of `at`; the reservation's id, or None when too little is free.

    None too when the branch has no pool for that product and quarter. Refuses `pool-frozen` (423) and, while the
    suborder has an open reservation, `conflict`.
    """
    assert amount_fen > 0, "a hold is an amount"
    where = (key.branch_id, key.product_id, quarter_of(shanghai_date(at)))
    reservation_id = new_id()
    pools, reservations, entries = await store.insert_hold(
        tx, where, reservation_id, order_id, suborder_id, amount_fen, at
    )
    if pools == 1 and reservations == 0:
        raise Refusal("conflict", "该分单已有占用。")
    if pools == 0:
        row = await store.read_of_quarter(tx, *where)
        if row is not None and row["is_frozen"]:
            raise Refusal("pool-frozen")
        return None
    assert (pools, reservations, entries) == (1, 1, 1), "counter, reservation and entry go together"
    return reservation_id


async def open_reservation(tx: ReadTx, suborder_id: UUID) -> Reservation | None:
    """What a suborder holds now; None when nothing is open."""
    row = await store.read_open(tx, suborder_id)
    return None if row is None else Reservation(**row)


async def shrink(tx: Tx, suborder_id: UUID, *, to_fen: int, at: datetime) -> int:
    """Give back what an offer or a contract does not need; return how much. To the same amount: nothing happens.

    Refuses `reservation-ended` when nothing is open and `amount-exceeds-hold` when more is wanted than is held.
    """
    assert to_fen > 0, "a hold of nothing is a release"
    if (row := await store.shrink(tx, suborder_id, to_fen, at)) is not None:
        return int(row["amount"])
    held = await _held(tx, suborder_id)
    if held < to_fen:
        raise Refusal("amount-exceeds-hold", held_fen=held)
    return 0


async def post(tx: Tx, suborder_id: UUID, draw_id: UUID, amount_fen: int, at: datetime) -> int:
    """Pay a draw out of the hold; return what is still held. The last fen closes the reservation.

    Refuses `reservation-ended` when nothing is open or the draw was posted before, `amount-exceeds-hold` when it is
    more than is held.
    """
    assert amount_fen > 0, "a draw is an amount"
    row = await store.post(tx, suborder_id, draw_id, amount_fen, at)
    if row is None:
        raise Refusal("amount-exceeds-hold", held_fen=await _held(tx, suborder_id))
    if row["entries"] == 0:
        raise Refusal("reservation-ended", "该笔放款已入账。")
    return int(row["held_fen"])


async def release(tx: Tx, suborder_id: UUID, at: datetime) -> int:
    """Give the rest back and close; return how much. Refuses `reservation-ended` when nothing is open."""
    return await _end(tx, suborder_id, "release", at)


async def expire(tx: Tx, suborder_id: UUID, at: datetime) -> int:
    """As `release`, because the time of the hold is over."""
    return await _end(tx, suborder_id, "expire", at)


async def release_all(tx: Tx, suborder_ids: Iterable[UUID], at: datetime) -> Mapping[UUID, int]:
    """Release whatever these suborders hold, pools locked by id first; those with nothing open are left out."""
    ids = sorted(suborder_ids)
    await store.lock_pools_of(tx, ids)
    ended = {suborder_id: await store.end(tx, suborder_id, "release", at) for suborder_id in ids}
    return {suborder_id: int(row["amount"]) for suborder_id, row in ended.items() if row is not None}


async def pool_of(tx: ReadTx, key: PoolKey, on: date) -> Pool | None:
    """A branch's pool for a product in the quarter of a day."""
    return _pool(await store.read_of_quarter(tx, key.branch_id, key.product_id, quarter_of(on)))


async def get_pool(tx: ReadTx, pool_id: UUID) -> Pool:
    """One pool; refuses `not-found`."""
    if (pool := _pool(await store.read_pool(tx, pool_id))) is None:
        raise Refusal("not-found")
    return pool


async def pools_of_bank(tx: ReadTx, bank_id: UUID, on: date) -> tuple[Pool, ...]:
    """All pools of a bank in the quarter of a day."""
    rows = await store.list_of_bank(tx, bank_id, quarter_of(on))
    return tuple(Pool(**row) for row in rows)


async def holds_of_bank(tx: ReadTx, bank_id: UUID) -> Sequence[Record]:
    """Open holds by pool and by the day on which they expire: (pool_id, due_on or None, holds, held_fen)."""
    return await store.read_holds(tx, bank_id)


async def changes_of(tx: ReadTx, pool_id: UUID) -> Sequence[Record]:
    """How a pool came to its cap, the latest first."""
    return await store.read_changes(tx, pool_id)


async def freeze(tx: Tx, pool_id: UUID, why: str, *, by_id: UUID | None, now: datetime) -> Pool:
    """Stop new holds at once: one person's act, or the reconciliation's (`by_id` None). Refuses `wrong-state`."""
    pool = await get_pool(tx, pool_id)
    cap_fen = await store.change(tx, store.FREEZE, pool_id)
    if cap_fen is None:
        raise Refusal("wrong-state", "额度池已冻结。")
    await note_change(tx, pool, "freeze", 0, cap_fen, why, made_by=by_id, checked_by=None, now=now)
    return await get_pool(tx, pool_id)


async def reconcile(tx: Tx, *, now: datetime, since: date | None = None) -> tuple[Difference, ...]:
    """Hold every counter against its entries; freeze what differs, at once and with an event. Return what differs.

    `since`: only pools of quarters that begin then or later. A bank's people reconcile their own bank's pools, as
    row-level security has it. One statement reads both sides, so nothing that runs meanwhile looks like a difference.
    """
    rows = await store.read_differences(tx, since=since)
    for row in rows:
        if not row["is_frozen"]:
            await freeze(tx, row["pool_id"], LEDGER, by_id=None, now=now)
    return tuple(_difference(row) for row in rows)


async def differs(tx: ReadTx, pool_id: UUID) -> bool:
    """Whether one pool's counters and ledger disagree now."""
    return bool(await store.read_differences(tx, pool_id))


async def note_change(
    tx: Tx,
    pool: Pool,
    kind: str,
    amount_fen: int,
    cap_after_fen: int,
    why: str,
    *,
    made_by: UUID | None,
    checked_by: UUID | None,
    now: datetime,
) -> None:
    """Write the change, its event and its audit line."""
    await store.insert_change(
        tx, new_id(), pool.pool_id, pool.bank_id, kind, amount_fen, cap_after_fen, why, made_by, checked_by, now
    )
    await outbox.record(
        tx, PoolChanged(stream_id=pool.pool_id, at=now, pool_id=pool.pool_id, bank_id=pool.bank_id, kind=kind, why=why)
    )
    await audit.write(tx, f"pool.{kind}", case_id=pool.pool_id, detail={"amount_fen": str(amount_fen)})


async def _end(tx: Tx, suborder_id: UUID, kind: str, at: datetime) -> int:
    row = await store.end(tx, suborder_id, kind, at)
    if row is None:
        raise Refusal("reservation-ended")
    return int(row["amount"])


async def _held(tx: Tx, suborder_id: UUID) -> int:
    row = await store.read_open(tx, suborder_id)
    if row is None:
        raise Refusal("reservation-ended")
    return int(row["held_fen"])


def _pool(row: Record | None) -> Pool | None:
    return None if row is None else Pool(**row)


def _difference(row: Record) -> Difference:
    return Difference(**{name: value for name, value in row.items() if name != "is_frozen"})
