"""All SQL of the morning: what is red, what changed since an instant. Over published views only."""

from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record

# States of a suborder that lives: `orders` draws them in docs/order-machine.md.
LIVE: Final = ["pushed", "accepted", "contacted", "investigating", "offered", "picked", "signed", "paying"]
RED: Final = """
select c.bank_id, c.kind, count(*) as cases, min(c.due_at) as oldest_at
  from clocks_v_clocks c join orders_v_suborders s on s.suborder_id = c.case_id
 where c.stopped_at is null and c.owner in ('bank', 'platform') and s.state = any($2)
   and (c.state = 'breached' or (c.state = 'running' and c.due_at <= $1))
 group by c.bank_id, c.kind order by c.bank_id, c.kind
"""
RED_CASES: Final = """
select s.suborder_id, s.bank_id, s.branch_id, s.product_id, s.state, s.amount_fen, c.kind as what, c.due_at as at
  from clocks_v_clocks c join orders_v_suborders s on s.suborder_id = c.case_id
 where c.stopped_at is null and c.owner in ('bank', 'platform') and s.state = any($2)
   and (c.state = 'breached' or (c.state = 'running' and c.due_at <= $1))
   and ($3::uuid is null or c.bank_id = $3) and ($4::text = '' or c.kind = $4)
   and ($5::timestamptz is null or (c.due_at, s.suborder_id) > ($5, $6::uuid))
 order by c.due_at, s.suborder_id limit $7
"""
MOVED: Final = """
select m.act, case when m.act in ('breach', 'lapse') then m.cause else '' end as cause, count(*) as cases
  from orders_v_moves m where m.at >= $1 and m.at <= $2 and m.act = any($3)
 group by 1, 2 order by 1, 2
"""
MOVED_CASES: Final = """
select s.suborder_id, s.bank_id, s.branch_id, s.product_id, s.state, s.amount_fen,
       case when m.act in ('breach', 'lapse') then m.cause else '' end as what, m.at, m.seq
  from orders_v_moves m join orders_v_suborders s on s.suborder_id = m.suborder_id
 where m.at >= $1 and m.at <= $2 and m.act = any($3) and ($4::text = '' or m.cause = $4)
   and ($5::timestamptz is null or (m.at, m.seq) < ($5, $6::bigint))
 order by m.at desc, m.seq desc limit $7
"""
FREEZES: Final = """
select c.pool_id, c.bank_id, c.branch_id, c.product_id, c.why, c.at, c.is_frozen
  from parties_v_pool_changes c where c.kind = 'freeze' and c.at >= $1 and c.at <= $2 order by c.at desc limit 50
"""
FAILED: Final = """
select batch_id, kind, file_name, ended_at, refusal from ingestion_v_batches
 where state = 'refused' and ended_at >= $1 and ended_at <= $2 order by ended_at desc limit 50
"""
DEAD: Final = """
select n.notice_id, n.bank_id, n.stream_id, n.kind, n.tries, n.ended_at, s.suborder_id
  from deliveries_v_notices n left join orders_v_suborders s on s.order_id = n.stream_id and s.bank_id = n.bank_id
 where n.state = 'dead' and n.ended_at >= $1 and n.ended_at <= $2 order by n.ended_at desc limit 50
"""
PROVISIONAL: Final = """
select count(*) as clocks, min(due_on) as first_on from clocks_v_clocks
 where is_provisional and state in ('running', 'paused')
"""
WAITING: Final = """
select proposal_id, kind, made_at, expires_at from proposals_v_proposals
 where org_id = $1 and state = 'open' and expires_at > $2 order by made_at limit 50
"""


async def read_red(tx: ReadTx, now: datetime) -> list[Record]:
    return await tx.fetch(RED, now, LIVE)


async def read_red_cases(
    tx: ReadTx, now: datetime, bank_id: UUID | None, kind: str, after: tuple[datetime, UUID] | None, limit: int
) -> list[Record]:
    """The longest overdue first."""
    return await tx.fetch(RED_CASES, now, LIVE, bank_id, kind, *(after or (None, None)), limit)


async def read_moved(tx: ReadTx, since: datetime, now: datetime, acts: list[str]) -> list[Record]:
    return await tx.fetch(MOVED, since, now, acts)


async def read_moved_cases(
    tx: ReadTx, since: datetime, now: datetime, acts: list[str], cause: str, after: tuple[datetime, int] | None,
    limit: int,
) -> list[Record]:  # fmt: skip
    """The newest first."""
    return await tx.fetch(MOVED_CASES, since, now, acts, cause, *(after or (None, None)), limit)


async def read_freezes(tx: ReadTx, since: datetime, now: datetime) -> list[Record]:
    return await tx.fetch(FREEZES, since, now)


async def read_failed(tx: ReadTx, since: datetime, now: datetime) -> list[Record]:
    return await tx.fetch(FAILED, since, now)


async def read_dead(tx: ReadTx, since: datetime, now: datetime) -> list[Record]:
    return await tx.fetch(DEAD, since, now)


async def read_provisional(tx: ReadTx) -> Record:
    row = await tx.row(PROVISIONAL)
    assert row is not None, "an aggregate has a row"
    return row


async def read_waiting(tx: ReadTx, org_id: UUID | None, now: datetime) -> list[Record]:
    return await tx.fetch(WAITING, org_id, now)
