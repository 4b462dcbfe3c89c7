"""All SQL of supervision: published views and the two published functions, nothing of other rooms' tables."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record
from app.market.supervision.rules import Within

FIGURES: Final = """
with facts as (
  select f.*, (f.at at time zone 'Asia/Shanghai')::date as told_on from supervision_v_facts($1) f),
chosen as (
  select * from facts f
   where ($3::date is null or f.told_on >= $3) and ($4::date is null or f.told_on <= $4)
     and ($5::uuid is null or f.bank_id = $5) and ($6::uuid is null or f.product_id = $6)
     and (cardinality($7::text[]) = 0 or f.district = any($7))),
grouped as (
  select g."by", g.key, f.figure, f.value, f."of"
    from chosen f cross join lateral (values
      ('all', ''), ('bank', f.bank_id::text), ('branch', f.branch_id::text), ('product', f.product_id::text),
      ('district', f.district), ('month', to_char(f.told_on, 'YYYY-MM')), ('industry', f.industry), ('size', f.size),
      ('type', f.loan_type)) g ("by", key)
   where g."by" = any($2))
select "by", key, figure, sum(value)::bigint as value, sum("of")::bigint as whole
  from grouped group by "by", key, figure having sum(value) <> 0 or sum("of") <> 0
union all
select "by", key, figure || '_median_x2', (2 * percentile_cont(0.5) within group (order by value))::bigint, count(*)
  from grouped where figure in ('workdays_to_decision', 'contact_seconds') group by "by", key, figure
order by 1, 2, 3
"""
# The cases behind one figure of one group, newest first. `$5`: only those that count (1), only those that do not (0).
CASES: Final = """
select f.suborder_id, f.order_id, f.bank_id, f.branch_id, f.product_id, f.district, f.at, f.value, f."of" as whole,
       s.state, s.amount_fen
  from supervision_v_facts($1) f join orders_v_suborders s on s.suborder_id = f.suborder_id
 where f.figure = $2
   and case $3::text when 'all' then true when 'bank' then f.bank_id::text = $4
                     when 'branch' then f.branch_id::text = $4 when 'product' then f.product_id::text = $4
                     when 'district' then f.district = any(string_to_array($4, ',', ''))
                     when 'month' then to_char(f.at at time zone 'Asia/Shanghai', 'YYYY-MM') = $4
                     when 'industry' then f.industry = $4 when 'size' then f.size = $4
                     when 'type' then f.loan_type = $4 else false end
   and ($5::smallint is null or (f.value > 0) = ($5 = 1))
   and ($6::timestamptz is null or (f.at, f.suborder_id) < ($6, $7::uuid))
   and ($9::date is null or (f.at at time zone 'Asia/Shanghai')::date >= $9)
   and ($10::date is null or (f.at at time zone 'Asia/Shanghai')::date <= $10)
   and ($11::uuid is null or f.bank_id = $11) and ($12::uuid is null or f.product_id = $12)
   and (cardinality($13::text[]) = 0 or f.district = any($13))
 order by f.at desc, f.suborder_id desc limit $8
"""
# From code to code by the index, however many refusals there are of each.
REASON_WORDS: Final = """
with recursive newest as (
  (select reason_code, reason_zh, reason_en from orders_v_refusals order by reason_code, refused_at desc limit 1)
  union all
  select r.* from newest n cross join lateral (
    select reason_code, reason_zh, reason_en from orders_v_refusals where reason_code > n.reason_code
     order by reason_code, refused_at desc limit 1) r)
select reason_code, reason_zh, reason_en from newest
"""
SUBORDER: Final = """
select s.suborder_id, s.order_id, s.business_id, s.subject_id, s.bank_id, s.branch_id, s.product_id, s.state,
       s.amount_fen, s.term_months, s.district_code, s.pushed_at, s.ended_at, coalesce(f.name, '') as firm,
       coalesce(f.uscc, f.org_code, '') as firm_code
  from orders_v_suborders s left join subjects_v_firms f on f.subject_id = s.subject_id where s.suborder_id = $1
"""
MOVES: Final = """
select at, act, from_state, to_state, cause, by_org from orders_v_moves where suborder_id = $1 order by seq
"""
CLOCKS: Final = """
select kind, owner, state, started_at, due_on, due_at, stopped_at, is_provisional, policy_version, calendar_version
  from clocks_v_clocks where case_id = $1 order by started_at, kind
"""
PAUSES: Final = "select kind, paused_at, resumed_at from clocks_v_pauses where case_id = $1 order by paused_at"
RECOUNTS: Final = """
select kind, recounted_at, outcome, from_version, to_version, old_due_on, due_on
  from clocks_v_recounts where case_id = $1 order by recounted_at, kind
"""
READS: Final = "select read_at, manner, client_id from packages_v_reads where suborder_id = $1 order by read_at"
SEALED: Final = "select sealed_at, items, sha256 from packages_v_packages where suborder_id = $1 order by sealed_at"
OFFERS: Final = """
select made_at, amount_fen, rate_ppm, term_months, apr_ppm, total_cost_fen, valid_until_on
  from orders_v_offers where suborder_id = $1 order by made_at
"""
CONTRACTS: Final = """
select recorded_at, amount_fen, signed_on, draw_until_on from orders_v_contracts where suborder_id = $1
"""
DRAWS: Final = "select recorded_at, amount_fen, paid_on from orders_v_draws where suborder_id = $1 order by recorded_at"
REFUSAL: Final = """
select reason_code, reason_zh, reason_en, said, claim, evidence from orders_v_refusals where suborder_id = $1
"""
PROPOSALS: Final = """
select kind, made_at, closed_at, state from proposals_v_proposals
 where root_id = $1 and (case_id = $2 or org_id = $3) order by made_at
"""
# About the case itself, or about a complaint of it.
URGES: Final = """
select m.urge_id, m.addressee, m.act, m.at, m.said, u.clock, u.share
  from oversight_v_urge_moves m join oversight_v_urges u on u.urge_id = m.urge_id
 where m.about_id = $1
    or m.about_id = any(array(select c.complaint_id from complaints_v_facts c where c.order_id = $2
                              and c.suborder_id = $1))
 order by m.seq
"""
COMPLAINTS: Final = """
select m.complaint_id, m.act, m.at, m.side, c.category
  from complaints_v_facts c join complaints_v_moves m on m.complaint_id = c.complaint_id
 where c.order_id = $2 and c.suborder_id = $1 order by m.seq
"""
RATINGS: Final = """
select 'mark' as what, m.at, m.n, m.stars, '' as side
  from ratings_v_facts r join ratings_v_marks m on m.rating_id = r.rating_id where r.suborder_id = $1
union all
select d.what, d.at, 0, 0, d.side
  from ratings_v_facts r join ratings_v_work_orders w on w.rating_id = r.rating_id
 cross join lateral (values
   ('opened', w.opened_at, ''), ('followed', w.closed_at, w.closed_side)) d (what, at, side)
 where r.suborder_id = $1 and d.at is not null
 order by 2, 1
"""
CALLS: Final = """
select callback_id, state, attempts, drawn_at, done_at, complaint_id from ratings_v_callbacks where suborder_id = $1
"""
NOTICES: Final = """
select happened_at, kind, state, tries from deliveries_v_notices where stream_id = $1 and bank_id = $2
 order by happened_at, notice_id
"""
# What other banks of the same order did stays out of this bank's file.
AUDIT: Final = """
select e.business_at, e.act, e.org_id from audit_v_events e
 where e.case_id in ($1, $2)
   and not exists (select 1 from parties_v_names n where n.kind = 'bank' and n.id = e.org_id and n.id <> $3)
 order by e.seq
"""


async def read_figures(
    tx: ReadTx, as_of: datetime, by: Collection[str], within: Within
) -> list[tuple[str, str, str, int, int]]:
    """(group, key, figure, value, of) as of an instant, over a part of the city."""
    return [tuple(record) for record in await tx.fetch(FIGURES, as_of, list(by), *_part(within))]


def _part(within: Within) -> tuple[object, ...]:
    return within.from_on, within.to_on, within.bank_id, within.product_id, list(within.districts)


async def read_cases(
    tx: ReadTx,
    as_of: datetime,
    figure: str,
    group: tuple[str, str],
    counts: bool | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
    within: Within,
) -> list[Record]:
    """The suborders behind a figure; `counts` picks those in (True) or out of (False) its numerator."""
    flag = None if counts is None else int(counts)
    at, suborder_id = after or (None, None)
    return await tx.fetch(CASES, as_of, figure, *group, flag, at, suborder_id, limit, *_part(within))


async def read_names(tx: ReadTx) -> dict[str, tuple[str, str]]:
    """(kind, name) of banks, branches and products by id as text."""
    found = await tx.fetch("select id, kind, name from parties_v_names")
    return {str(record["id"]): (record["kind"], record["name"]) for record in found}


async def read_reason_words(tx: ReadTx) -> dict[str, tuple[str, str]]:
    """The newest words, Chinese and English, with which each reason was told."""
    return {row["reason_code"]: (row["reason_zh"], row["reason_en"]) for row in await tx.fetch(REASON_WORDS)}


async def read_suborder(tx: ReadTx, suborder_id: UUID) -> Record | None:
    return await tx.row(SUBORDER, suborder_id)


async def read_moves(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    return await tx.fetch(MOVES, suborder_id)


async def read_clocks(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    return await tx.fetch(CLOCKS, suborder_id)


async def read_pauses(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    return await tx.fetch(PAUSES, suborder_id)


async def read_recounts(tx: ReadTx, suborder_id: UUID) -> list[Record]:
    return await tx.fetch(RECOUNTS, suborder_id)


async def read_packages(tx: ReadTx, suborder_id: UUID) -> tuple[list[Record], list[Record]]:
    """(sealed packages, reads of them)."""
    return await tx.fetch(SEALED, suborder_id), await tx.fetch(READS, suborder_id)


async def read_money(tx: ReadTx, suborder_id: UUID) -> tuple[list[Record], list[Record], list[Record]]:
    """(offers, contracts, draws)."""
    return (
        await tx.fetch(OFFERS, suborder_id),
        await tx.fetch(CONTRACTS, suborder_id),
        await tx.fetch(DRAWS, suborder_id),
    )


async def read_refusal(tx: ReadTx, suborder_id: UUID) -> Record | None:
    return await tx.row(REFUSAL, suborder_id)


async def read_proposals(tx: ReadTx, order_id: UUID, suborder_id: UUID, bank_id: UUID) -> list[Record]:
    """What two people of the bank decided about this case."""
    return await tx.fetch(PROPOSALS, order_id, suborder_id, bank_id)


async def read_urges(tx: ReadTx, order_id: UUID, suborder_id: UUID) -> list[Record]:
    """What was urged about this case or a complaint of it, act by act."""
    return await tx.fetch(URGES, suborder_id, order_id)


async def read_voices(tx: ReadTx, order_id: UUID, suborder_id: UUID) -> tuple[list[Record], list[Record], list[Record]]:
    """(moves of complaints, marks and what followed bad ones, call-backs) about this case."""
    return (
        await tx.fetch(COMPLAINTS, suborder_id, order_id),
        await tx.fetch(RATINGS, suborder_id),
        await tx.fetch(CALLS, suborder_id),
    )


async def read_notices(tx: ReadTx, order_id: UUID, bank_id: UUID) -> list[Record]:
    return await tx.fetch(NOTICES, order_id, bank_id)


async def read_audit(tx: ReadTx, suborder_id: UUID, order_id: UUID, bank_id: UUID) -> list[Record]:
    return await tx.fetch(AUDIT, suborder_id, order_id, bank_id)
