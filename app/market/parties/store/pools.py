"""SQL of pools and their ledger. A decision is one statement: the counter is guarded, the entry written beside it.

Every statement that ends or moves money returns how many pools and entries it touched; the callers assert both.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

# The pool's own row lock serialises holds; the condition is judged again on the row as the holder before left it.
HOLD = """
with p as (
  update pools set held_fen = held_fen + $7
  where branch_id = $1 and product_id = $2 and quarter = $3 and not is_frozen and held_fen + posted_fen + $7 <= cap_fen
  returning pool_id, bank_id),
r as (
  insert into reservations (reservation_id, pool_id, bank_id, order_id, suborder_id, held_fen, opened_at)
  select $4, pool_id, bank_id, $5, $6, $7, $8 from p
  on conflict (suborder_id) where closed_at is null do nothing
  returning reservation_id, bank_id, order_id),
e as (
  insert into pool_entries (reservation_id, bank_id, order_id, kind, amount_fen, at)
  select reservation_id, bank_id, order_id, 'hold', $7, $8 from r returning seq)
select (select count(*) from p) as pools, (select count(*) from r) as reservations, (select count(*) from e) as entries
"""
SHRINK = """
with r as (
  update reservations set held_fen = $2 where suborder_id = $1 and closed_at is null and held_fen > $2
  returning reservation_id, pool_id, bank_id, order_id, old.held_fen - new.held_fen as amount),
p as (update pools set held_fen = pools.held_fen - r.amount from r where pools.pool_id = r.pool_id returning 1),
e as (
  insert into pool_entries (reservation_id, bank_id, order_id, kind, amount_fen, at)
  select reservation_id, bank_id, order_id, 'shrink', amount, $3 from r returning seq)
select r.amount, (select count(*) from p) as pools, (select count(*) from e) as entries from r
"""
POST = """
with r as (
  update reservations
  set held_fen = held_fen - $3, closed_at = case when held_fen = $3 then $4::timestamptz end
  where suborder_id = $1 and closed_at is null and held_fen >= $3
  returning reservation_id, pool_id, bank_id, order_id, held_fen),
p as (
  update pools set held_fen = pools.held_fen - $3, posted_fen = pools.posted_fen + $3
  from r where pools.pool_id = r.pool_id returning 1),
e as (
  insert into pool_entries (reservation_id, bank_id, order_id, kind, amount_fen, draw_id, at)
  select reservation_id, bank_id, order_id, 'post', $3, $2, $4 from r
  on conflict (bank_id, draw_id) where draw_id is not null do nothing
  returning seq)
select r.held_fen, (select count(*) from p) as pools, (select count(*) from e) as entries from r
"""
END = """
with r as (
  update reservations set held_fen = 0, closed_at = $3
  where suborder_id = $1 and closed_at is null
  returning reservation_id, pool_id, bank_id, order_id, old.held_fen as amount),
p as (update pools set held_fen = pools.held_fen - r.amount from r where pools.pool_id = r.pool_id returning 1),
e as (
  insert into pool_entries (reservation_id, bank_id, order_id, kind, amount_fen, at)
  select reservation_id, bank_id, order_id, $2, amount, $3 from r returning seq)
select r.amount, (select count(*) from p) as pools, (select count(*) from e) as entries from r
"""
OPEN_RESERVATION = """
select r.reservation_id, r.pool_id, r.order_id, r.suborder_id, r.held_fen, r.opened_at, p.quarter
from reservations r join pools p using (pool_id) where r.suborder_id = $1 and r.closed_at is null
"""
LOCK_POOLS = """
select pool_id from pools
where pool_id in (select pool_id from reservations where suborder_id = any($1) and closed_at is null)
order by pool_id for no key update
"""
OF_QUARTER = "select * from pools where branch_id = $1 and product_id = $2 and quarter = $3"
OF_BANK = "select * from pools where bank_id = $1 and quarter = $2 order by branch_id, product_id"
INSERT_POOL = """
insert into pools (pool_id, bank_id, branch_id, product_id, quarter, cap_fen) values ($1, $2, $3, $4, $5, $6)
on conflict (branch_id, product_id, quarter) do nothing
"""
RAISE = "update pools set cap_fen = cap_fen + $2 where pool_id = $1 returning cap_fen"
LOWER = """
update pools set cap_fen = cap_fen - $2 where pool_id = $1 and held_fen + posted_fen <= cap_fen - $2 returning cap_fen
"""
FREEZE = "update pools set is_frozen = true where pool_id = $1 and not is_frozen returning cap_fen"
THAW = "update pools set is_frozen = false where pool_id = $1 and is_frozen returning cap_fen"
INSERT_CHANGE = """
insert into pool_changes (change_id, pool_id, bank_id, kind, amount_fen, cap_after_fen, why, made_by, checked_by, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
# The ledger's sums beside the counters: one statement, so one snapshot of both.
DIFFERENCES = """
with per_reservation as (
  select r.reservation_id, r.pool_id, r.held_fen,
         coalesce(sum(case e.kind when 'hold' then e.amount_fen else -e.amount_fen end), 0)::bigint as held_entries,
         coalesce(sum(e.amount_fen) filter (where e.kind = 'post'), 0)::bigint as posted_entries
  from reservations r left join pool_entries e using (reservation_id)
  where r.pool_id in (select pool_id from pools where ($1::uuid is null or pool_id = $1)
                                                  and ($2::date is null or quarter >= $2))
  group by r.reservation_id),
per_pool as (
  select pool_id, sum(held_entries)::bigint as held, sum(posted_entries)::bigint as posted,
         count(*) filter (where held_entries <> held_fen) as bad
  from per_reservation group by pool_id),
caps as (
  select pool_id, sum(case kind when 'lower' then -amount_fen else amount_fen end)::bigint as cap
  from pool_changes group by pool_id)
select p.pool_id, p.bank_id, p.is_frozen, p.cap_fen, p.held_fen, p.posted_fen, coalesce(c.cap, 0) as cap_ledger_fen,
       coalesce(l.held, 0) as held_ledger_fen, coalesce(l.posted, 0) as posted_ledger_fen,
       coalesce(l.bad, 0) as reservations_off
from pools p left join per_pool l using (pool_id) left join caps c using (pool_id)
where ($1::uuid is null or p.pool_id = $1) and ($2::date is null or p.quarter >= $2)
  and (p.cap_fen <> coalesce(c.cap, 0) or p.held_fen <> coalesce(l.held, 0)
       or p.posted_fen <> coalesce(l.posted, 0) or coalesce(l.bad, 0) > 0)
order by p.pool_id
"""


async def insert_hold(
    tx: Tx, key: tuple[UUID, UUID, date], reservation_id: UUID, order_id: UUID, suborder_id: UUID, amount_fen: int,
    at: datetime,
) -> tuple[int, int, int]:  # fmt: skip
    """Rows touched in pools, reservations and entries: all 1, or no pool, or a pool but no reservation."""
    row = await tx.row(HOLD, *key, reservation_id, order_id, suborder_id, amount_fen, at)
    assert row is not None
    return row["pools"], row["reservations"], row["entries"]


async def shrink(tx: Tx, suborder_id: UUID, to_fen: int, at: datetime) -> Record | None:
    return _whole(await tx.row(SHRINK, suborder_id, to_fen, at))


async def post(tx: Tx, suborder_id: UUID, draw_id: UUID, amount_fen: int, at: datetime) -> Record | None:
    """None: nothing open that large. A row with 0 entries: the draw was posted before (the caller rolls back)."""
    row = await tx.row(POST, suborder_id, draw_id, amount_fen, at)
    assert row is None or row["pools"] == 1, "a reservation without its pool"
    return row


async def end(tx: Tx, suborder_id: UUID, kind: str, at: datetime) -> Record | None:
    return _whole(await tx.row(END, suborder_id, kind, at))


def _whole(row: Record | None) -> Record | None:
    assert row is None or (row["pools"], row["entries"]) == (1, 1), "counter and entry go together"
    return row


async def read_open(tx: ReadTx, suborder_id: UUID) -> Record | None:
    return await tx.row(OPEN_RESERVATION, suborder_id)


async def lock_pools_of(tx: Tx, suborder_ids: Sequence[UUID]) -> None:
    """Lock, by id, the pools in which these suborders hold money, before any of their reservations is touched."""
    await tx.fetch(LOCK_POOLS, list(suborder_ids))


async def read_of_quarter(tx: ReadTx, branch_id: UUID, product_id: UUID, quarter: date) -> Record | None:
    return await tx.row(OF_QUARTER, branch_id, product_id, quarter)


async def list_of_bank(tx: ReadTx, bank_id: UUID, quarter: date) -> list[Record]:
    return await tx.fetch(OF_BANK, bank_id, quarter)


async def read_holds(tx: ReadTx, bank_id: UUID) -> list[Record]:
    """Open holds of a bank by pool and by the day on which their time is over; None where no decision is owed."""
    return await tx.fetch(
        "select r.pool_id, c.due_on, count(*) as holds, sum(r.held_fen)::bigint as held_fen from reservations r"
        " left join clocks_v_clocks c on c.case_id = r.suborder_id and c.root_id = r.order_id and c.kind = 'DECISION'"
        " and c.state in ('running', 'paused')"
        " where r.bank_id = $1 and r.closed_at is null group by 1, 2 order by 2 nulls last",
        bank_id,
    )


async def read_changes(tx: ReadTx, pool_id: UUID) -> list[Record]:
    """How a pool came to its cap, the latest first."""
    return await tx.fetch(
        "select kind, amount_fen, cap_after_fen, why, made_by, checked_by, at from pool_changes"
        " where pool_id = $1 order by at desc, change_id desc",
        pool_id,
    )


async def read_pool(tx: ReadTx, pool_id: UUID) -> Record | None:
    return await tx.row("select * from pools where pool_id = $1", pool_id)


async def lock_pool(tx: Tx, pool_id: UUID) -> None:
    await tx.row("select 1 from pools where pool_id = $1 for no key update", pool_id)


async def insert_pool(
    tx: Tx, pool_id: UUID, bank_id: UUID, branch_id: UUID, product_id: UUID, quarter: date, cap_fen: int
) -> bool:
    """False when that branch has a pool of that product and quarter already."""
    return await tx.execute(INSERT_POOL, pool_id, bank_id, branch_id, product_id, quarter, cap_fen) == 1


async def change(tx: Tx, statement: str, pool_id: UUID, *amount: int) -> int | None:
    """The cap after RAISE, LOWER, FREEZE or THAW; None when its guard did not hold."""
    value = await tx.value(statement, pool_id, *amount)
    return None if value is None else int(value)


async def insert_change(tx: Tx, *fields: object) -> None:
    assert await tx.execute(INSERT_CHANGE, *fields) == 1, "a pool change was not written"


async def read_differences(tx: ReadTx, pool_id: UUID | None = None, since: date | None = None) -> list[Record]:
    """Of one pool, or of those of quarters from `since` on, or of all."""
    return await tx.fetch(DIFFERENCES, pool_id, since)
