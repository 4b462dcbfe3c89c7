"""SQL of loans after signing: their entries, and what these come to. Takes a transaction, never ends one."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from app.infra.db import ReadTx, Record, Tx
from app.kernel.errors import Refusal
from app.kernel.workdays import month_later
from app.market.orders.rules.facts import Case, Loan, Part
from app.market.orders.store import insert_child

# What is overdue: the newest mark, less what came back since; a deferral begins anew.
LOANS: Final = """
select s.suborder_id,
       (select min(d.paid_on) from draws d where d.suborder_id = s.suborder_id) as starts_on,
       (select max(d.paid_on) from draws d where d.suborder_id = s.suborder_id) as drawn_on,
       max(e.told_on) filter (where e.kind = 'repayment') as repaid_on,
       (select f.term_months from offers f where f.offer_id = s.offer_id) as term_months,
       coalesce(sum(e.amount_fen) filter (where e.kind = 'repayment'), 0)::bigint as repaid_fen,
       coalesce(sum(e.amount_fen) filter (where e.kind = 'settlement'), 0)::bigint as written_off_fen,
       (array_agg(e.until_on order by e.seq desc) filter (where e.kind in ('extension', 'deferral')))[1] as until_on,
       (array_agg(e.until_on order by e.seq desc) filter (where e.kind = 'deferral'))[1] as deferred_until_on,
       m.amount_fen as marked_fen, m.told_on as marked_on,
       coalesce(sum(e.amount_fen) filter (where e.kind = 'repayment' and e.seq > m.seq), 0)::bigint as since_fen,
       coalesce(bool_or(e.kind in ('deferral', 'settlement') and e.seq > m.seq), false) as is_cleared
  from suborders s left join loan_entries e using (suborder_id)
  left join lateral (select seq, amount_fen, told_on from loan_entries m
                      where m.suborder_id = s.suborder_id and m.kind = 'overdue' order by seq desc limit 1) m on true
 where s.suborder_id = any($1) group by s.suborder_id, m.seq, m.amount_fen, m.told_on
"""
# A firm's loans that it may ask to renew or to defer, the newest first.
OWN: Final = """
select suborder_id, order_id, bank_id, branch_id, product_id, offer_id, state, amount_fen, term_months, purpose,
       collateral, district_code, signed_fen, paid_fen, signed_on, loan_type
  from suborders where business_id = $1 and state = 'serviced' and loan_type <> 'deferral' order by picked_at desc
"""
ASKED: Final = """
select order_id from orders
 where of_suborder_id = $1 and loan_type = $2 and end_state is null and withdrawn_at is null
   and not exists (select 1 from suborders s where s.order_id = orders.order_id and s.state = 'settled')
 limit 1
"""
ENTRIES: Final = """
select entry_id, seq, kind, amount_fen, told_on, until_on, reason, by_suborder_id, terms, recorded_at
  from loan_entries where suborder_id = $1 order by seq
"""


async def read_loans(tx: ReadTx, suborder_ids: Sequence[UUID]) -> Mapping[UUID, Loan]:
    """What the entries of each loan come to."""
    return {row["suborder_id"]: _loan(row) for row in await tx.fetch(LOANS, suborder_ids)}


def _loan(row: Record) -> Loan:
    starts_on, until_on = row["starts_on"], row["until_on"]
    term_ends_on: date | None = row["deferred_until_on"]
    if term_ends_on is None and starts_on is not None and row["term_months"] is not None:
        term_ends_on = month_later(starts_on, row["term_months"])
    marked = 0 if row["is_cleared"] else (row["marked_fen"] or 0)
    overdue_fen = max(0, marked - row["since_fen"])
    return Loan(
        repaid_fen=row["repaid_fen"], written_off_fen=row["written_off_fen"], overdue_fen=overdue_fen,
        overdue_since_on=row["marked_on"] if overdue_fen else None, starts_on=starts_on,
        newest_on=max(filter(None, (row["drawn_on"], row["repaid_on"])), default=None), term_ends_on=term_ends_on,
        ends_on=until_on or term_ends_on,
    )  # fmt: skip


async def read_own(tx: ReadTx, business_id: UUID) -> list[Record]:
    """A firm's serviced loans, the newest first."""
    return await tx.fetch(OWN, business_id)


async def read_entries(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    return await tx.fetch(ENTRIES, suborder_id)


async def find_asked(tx: ReadTx, suborder_id: UUID, loan_type: str) -> UUID | None:
    """The order under way that asks the same of this loan already."""
    found: UUID | None = await tx.value(ASKED, suborder_id, loan_type)
    return found


async def append_entry(tx: Tx, case: Case, part: Part, columns: Mapping[str, object]) -> None:
    """A line of the loan's ledger; `already-exists` when the bank has used that mark before."""
    try:
        await insert_child(tx, "loan_entries", case, part, columns)
    except asyncpg.UniqueViolationError:
        raise Refusal("already-exists", "该笔登记已存在") from None
