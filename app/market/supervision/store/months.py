"""All SQL of frozen months: freezing, what was frozen, and which suborders have changed a figure since."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.market.supervision.rules.frozen import Frozen, last_day
from app.market.supervision.store.folded import EXTRA, STANDS

FIRST: Final = "select min(told_on) from supervision_sums where \"by\" = 'all' and grain = 'month'"
HEADS: Final = """
select m.month, m.number, m.frozen_at, m.recorded_at, m.last_seq, m.facts, m.facts_sha256, m.sha256, m.formula,
       m.policies, m.names, m.made_by, m.checked_by
  from supervision_months m where $1::date is null or m.month = $1 order by m.month desc
"""
LOCK: Final = "select pg_advisory_xact_lock(20250025, $1::date - date '2000-01-01')"
FACTS: Final = """
  select f.figure, f.suborder_id, f.mark, f.order_id, f.bank_id, f.branch_id, f.product_id, f.district, f.industry,
         f.size, f.loan_type, f.at, f.value, f.whole
    from supervision_facts f where {stands} and f.told_on >= $2 and f.told_on <= $3 {narrowed}
  union all
  select f.figure, f.suborder_id, f.mark, f.order_id, f.bank_id, f.branch_id, f.product_id, f.district, f.industry,
         f.size, f.loan_type, f.at, f.value, f.whole
    from extra f where f.told_on >= $2 and f.told_on <= $3 {narrowed}
"""
# What each loan owes at the end of the month: the sum of its changes until then.
BALANCES: Final = f"""
  select 'balance_fen', f.suborder_id, 1, f.order_id, f.bank_id, f.branch_id, f.product_id, f.district, f.industry,
         f.size, f.loan_type, (($3::date + 1)::timestamp at time zone 'Asia/Shanghai') - interval '1 microsecond',
         sum(f.value)::bigint, sum(f.whole)::bigint
    from (select suborder_id, order_id, bank_id, branch_id, product_id, district, industry, size, loan_type, value,
                 whole
            from supervision_facts f where {STANDS} and f.figure = 'outstanding_fen' and f.told_on <= $3
          union all
          select suborder_id, order_id, bank_id, branch_id, product_id, district, industry, size, loan_type, value,
                 whole
            from extra f where f.figure = 'outstanding_fen' and f.told_on <= $3) f
   group by f.suborder_id, f.order_id, f.bank_id, f.branch_id, f.product_id, f.district, f.industry, f.size,
            f.loan_type
  having sum(f.value) <> 0 or sum(f.whole) <> 0
"""  # noqa: S608 — the text is ours
VOICES: Final = """
select $2::date, v.figure, v.voice_id, v.suborder_id, v.order_id, v.bank_id, v.branch_id, v.product_id, v.district,
       v.industry, v.size, v.loan_type, v.at, v.value, v.whole
  from supervision_v_voices($1, $2::timestamp at time zone 'Asia/Shanghai',
                            ($3::date + 1)::timestamp at time zone 'Asia/Shanghai') v
"""
FREEZE: Final = f"""
with {EXTRA},
said as (
  insert into supervision_frozen_voices (month, figure, voice_id, suborder_id, order_id, bank_id, branch_id, product_id,
                                         district, industry, size, loan_type, at, value, whole) {VOICES})
insert into supervision_frozen_facts (month, figure, suborder_id, mark, order_id, bank_id, branch_id, product_id,
                                      district, industry, size, loan_type, at, value, whole)
select $2::date, f.* from ({FACTS.format(stands=STANDS, narrowed="")} union all {BALANCES}) f
"""  # noqa: S608
ADD_UP: Final = """
with kept as (
  select figure, bank_id, branch_id, product_id, district, industry, size, loan_type, value, whole
    from supervision_frozen_facts where month = $1
  union all
  select figure, bank_id, branch_id, product_id, district, industry, size, loan_type, value, whole
    from supervision_frozen_voices where month = $1),
grouped as (
  select g."by", g.key, f.figure, f.value, f.whole
    from kept f cross join lateral (values
      ('all', ''), ('bank', f.bank_id::text), ('branch', f.branch_id::text), ('product', f.product_id::text),
      ('district', f.district), ('industry', f.industry), ('size', f.size), ('type', f.loan_type)) g ("by", key)
   where g.key is not null)
select "by", key, figure, sum(value)::bigint as value, sum(whole)::bigint as whole
  from grouped group by "by", key, figure having sum(value) <> 0 or sum(whole) <> 0
union all
select "by", key, figure || '_median_x2', (2 * percentile_cont(0.5) within group (order by value))::bigint, count(*)
  from grouped where figure in ('workdays_to_decision', 'contact_seconds') group by "by", key, figure
"""
KEEP: Final = f"""
insert into supervision_frozen_figures (month, "by", key, figure, value, whole) select $1, f.* from ({ADD_UP}) f
returning "by", key, figure, value, whole
"""  # noqa: S608
# Facts of suborders by figure, then what was said by figure; a month without anything said has the facts alone.
FACTS_DIGEST: Final = """
with lines as (
  select 1 as part, figure, suborder_id as id, mark,
         concat_ws(E'\\t', figure, suborder_id, mark, order_id, bank_id, branch_id, product_id, district, industry,
                   size, loan_type, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), value, whole) as line
    from supervision_frozen_facts where month = $1
  union all
  select 2, figure, voice_id, 1,
         concat_ws(E'\\t', figure, voice_id, coalesce(suborder_id::text, ''), coalesce(order_id::text, ''), bank_id,
                   coalesce(branch_id::text, ''), coalesce(product_id::text, ''), coalesce(district, ''),
                   coalesce(industry, ''), coalesce(size, ''), coalesce(loan_type, ''),
                   to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), value, whole)
    from supervision_frozen_voices where month = $1)
select count(*)::integer as facts,
       encode(sha256(convert_to(coalesce(string_agg(
         line, E'\\n' order by part, figure collate "C", id, mark), ''), 'UTF8')), 'hex') as sha256
  from lines
"""
LAST_SEQ: Final = "select coalesce(max(seq), 0) from orders_v_moves"
ADD: Final = """
insert into supervision_months (month, number, frozen_at, recorded_at, last_seq, facts, facts_sha256, sha256, formula,
                                policies, names, by_org, made_by, checked_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
FIGURES: Final = """
select "by", key, figure, value, whole from supervision_frozen_figures
 where month = $1 and ($2::text[] is null or "by" = any($2)) order by 1, 2, 3
"""
GROUP: Final = """
   and f.figure = $4
   and case $5::text when 'all' then true when 'bank' then f.bank_id::text = $6
                     when 'branch' then f.branch_id::text = $6 when 'product' then f.product_id::text = $6
                     when 'district' then f.district = $6 when 'industry' then f.industry = $6
                     when 'size' then f.size = $6 when 'type' then f.loan_type = $6 else false end
"""
# By the index of facts by figure and instant; a day of Shanghai ends eight hours before UTC's.
CHANGED: Final = f"""
with {EXTRA},
present as materialized ({FACTS.format(stands=STANDS, narrowed=GROUP + "and f.at >= $7 and f.at < $8")}),
frozen as materialized (select f.* from supervision_frozen_facts f where f.month = $2 {GROUP})
select coalesce(p.suborder_id, z.suborder_id) as suborder_id, z.value as was_value, z.whole as was_whole,
       p.value as is_value, p.whole as is_whole
  from frozen z full join present p on p.suborder_id = z.suborder_id and p.mark = z.mark
 where (z.value, z.whole) is distinct from (p.value, p.whole) order by 1 limit $9
"""  # noqa: S608
WAITING: Final = "select case_id from proposals_v_proposals where kind = $1 and state = 'open'"
PARTS: Final = """
select s.suborder_id, s.bank_id, s.branch_id, s.product_id, s.state from orders_v_suborders s
 where s.suborder_id = any($1)
"""
MOVES: Final = """
select suborder_id, at, act, from_state, to_state, cause from orders_v_moves
 where suborder_id = any($1) and (seq > $2 or at > $3) order by seq
"""


async def read_first(tx: ReadTx) -> date | None:
    """The first month that has a settled fact."""
    found: date | None = await tx.value(FIRST)
    return found


async def read_heads(tx: ReadTx, month: date | None = None) -> list[Record]:
    """Frozen months, the newest first; or the one."""
    return await tx.fetch(HEADS, month)


async def lock(tx: Tx, month: date) -> None:
    """Whoever freezes this month waits for the other."""
    await tx.value(LOCK, month)


async def freeze_facts(tx: Tx, month: date, as_of: datetime) -> int:
    """Keep what every suborder adds to this month, in one statement and so of one instant; returns how many facts."""
    return await tx.execute(FREEZE, as_of, month, last_day(month))


async def freeze_figures(tx: Tx, month: date) -> list[tuple[str, str, str, int, int]]:
    """Add up the facts that were kept, keep the sums and return them."""
    return [tuple(row) for row in await tx.fetch(KEEP, month)]


async def add_up(tx: ReadTx, month: date) -> list[tuple[str, str, str, int, int]]:
    """The sums of the facts that were kept, anew."""
    return [tuple(row) for row in await tx.fetch(ADD_UP, month)]


async def digest_facts(tx: ReadTx, month: date) -> tuple[int, str]:
    """(how many facts were kept, the digest of their lines)."""
    row = await tx.row(FACTS_DIGEST, month)
    assert row is not None, "an aggregate has a row"
    return row["facts"], row["sha256"]


async def read_last_seq(tx: ReadTx) -> int:
    return int(await tx.value(LAST_SEQ))


async def add_month(
    tx: Tx, month: Frozen, sha256: str, last_seq: int, *, org_id: UUID, made_by: UUID, checked_by: UUID
) -> None:
    await tx.execute(
        ADD, month.month, month.number, month.frozen_at, tx.wall, last_seq, month.facts, month.facts_sha256, sha256,
        month.formula, dict(month.policies), dict(month.names), org_id, made_by, checked_by,
    )  # fmt: skip


async def read_figures(
    tx: ReadTx, month: date, by: Collection[str] | None
) -> list[tuple[str, str, str, int, int]]:  # fmt: skip
    """(group, key, figure, value, of) as they were frozen."""
    return [tuple(row) for row in await tx.fetch(FIGURES, month, None if by is None else list(by))]


async def read_changed(
    tx: ReadTx, as_of: datetime, month: date, figure: str, group: tuple[str, str], span: tuple[datetime, datetime],
    limit: int,
) -> list[Record]:  # fmt: skip
    """Suborders that add another value to a figure today than when it was frozen. `span`: the month's instants."""
    return await tx.fetch(CHANGED, as_of, month, last_day(month), figure, *group, *span, limit)


async def read_waiting(tx: ReadTx, kind: str) -> frozenset[UUID]:
    """The cases that wait for a second person, as far as the caller's office may see them."""
    return frozenset(row["case_id"] for row in await tx.fetch(WAITING, kind))


async def read_parts(tx: ReadTx, suborder_ids: Collection[UUID]) -> Mapping[UUID, Record]:
    return {row["suborder_id"]: row for row in await tx.fetch(PARTS, list(suborder_ids))}


async def read_moves_since(
    tx: ReadTx, suborder_ids: Collection[UUID], last_seq: int, at: datetime
) -> dict[UUID, list[Any]]:
    """What happened to each of them after a month was frozen, in order."""
    found: dict[UUID, list[Any]] = {}
    for row in await tx.fetch(MOVES, list(suborder_ids), last_seq, at):
        found.setdefault(row["suborder_id"], []).append(row)
    return found
