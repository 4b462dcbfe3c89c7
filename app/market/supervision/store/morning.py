"""All SQL of the morning: what is red, what changed since an instant. Over published views only."""

from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record

# What lives, and what is told of a night, word for word as the indexes leave out the rest, which is the history.
# States of a suborder that lives: `orders` draws them in docs/order-machine.md.
LIVE: Final = "s.state in ('pushed', 'accepted', 'contacted', 'investigating', 'offered', 'picked', 'signed', 'paying')"
TOLD: Final = "m.act in ('breach', 'refuse', 'lapse', 'withdraw', 'revoke')"
# Broken promises by the suborders that live and have broken one, never by clocks, of which most are of suborders that
# are over; and what is just due and has not fired.
RED_CLOCKS: Final = f"""
red as (
  select c.bank_id, c.kind, c.due_at, s.suborder_id, s.branch_id, s.product_id, s.state, s.amount_fen
    from orders_v_suborders s
    join clocks_v_clocks c on c.case_kind = 'suborder' and c.case_id = s.suborder_id
   where s.breached <> '{{}}' and {LIVE} and c.state = 'breached' and c.stopped_at is null
     and c.owner in ('bank', 'platform')
  union all
  select c.bank_id, c.kind, c.due_at, s.suborder_id, s.branch_id, s.product_id, s.state, s.amount_fen
    from clocks_v_clocks c join orders_v_suborders s on s.suborder_id = c.case_id
   where c.state = 'running' and c.due_at <= $1 and c.case_kind = 'suborder' and c.stopped_at is null
     and c.owner in ('bank', 'platform') and {LIVE})
"""  # noqa: S608 — the text is ours
RED: Final = f"""
with {RED_CLOCKS}
select bank_id, kind, count(*) as cases, min(due_at) as oldest_at from red
 group by bank_id, kind order by bank_id, kind
"""  # noqa: S608 — the text is ours
RED_CASES: Final = f"""
with {RED_CLOCKS}
select suborder_id, bank_id, branch_id, product_id, state, amount_fen, kind as what, due_at as at from red
 where ($2::uuid is null or bank_id = $2) and ($3::text = '' or kind = $3)
   and ($4::timestamptz is null or (due_at, suborder_id) > ($4, $5::uuid))
 order by due_at, suborder_id limit $6
"""  # noqa: S608 — the text is ours
MOVED: Final = f"""
select m.act, case when m.act in ('breach', 'lapse') then m.cause else '' end as cause, count(*) as cases
  from orders_v_moves m where m.at >= $1 and m.at <= $2 and {TOLD} and m.act = any($3)
 group by 1, 2 order by 1, 2
"""  # noqa: S608 — the text is ours
MOVED_CASES: Final = f"""
select s.suborder_id, s.bank_id, s.branch_id, s.product_id, s.state, s.amount_fen,
       case when m.act in ('breach', 'lapse') then m.cause else '' end as what, m.at, m.seq
  from orders_v_moves m join orders_v_suborders s on s.suborder_id = m.suborder_id
 where m.at >= $1 and m.at <= $2 and {TOLD} and m.act = any($3) and ($4::text = '' or m.cause = $4)
   and ($5::timestamptz is null or (m.at, m.seq) < ($5, $6::bigint))
 order by m.at desc, m.seq desc limit $7
"""  # noqa: S608 — the text is ours
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
    return await tx.fetch(RED, now)


async def read_red_cases(
    tx: ReadTx, now: datetime, bank_id: UUID | None, kind: str, after: tuple[datetime, UUID] | None, limit: int
) -> list[Record]:
    """The longest overdue first."""
    return await tx.fetch(RED_CASES, now, bank_id, kind, *(after or (None, None)), limit)


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
