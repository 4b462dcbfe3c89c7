"""Figures out of what is kept of them: sums of settled facts, and the few facts that time may still change.

The answer is that of `supervision_v_figures` for an instant that is not past, and takes no longer when the history
does. Over a bank's, a product's or a district's part alone the settled facts of that part are added up.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.market.supervision.rules import Within

EARLIEST, LATEST = date(1, 1, 1), date(9999, 12, 31)
FOLD: Final = "select supervision_fold($1, $2)"

# What is not in the sums: touched or overdue suborders, reckoned now, and the days of DECISION clocks that still run.
RECKONED: Final = """
live as materialized (select unnest(supervision_live($1)) as suborder_id),
reckoned as materialized (select * from {facts_of}($1, array(select suborder_id from live)))
"""
SAME: Final = """
   (k.suborder_id, k.figure, k.mark, k.at, k.value, k.whole) = (r.suborder_id, r.figure, r.mark, r.at, r.value, r.whole)
"""
FRESH: Final = f"not exists (select 1 from supervision_facts k where {SAME})"  # noqa: S608 — the text is ours
# Facts that are kept and no longer so, by an act that is not folded yet: an offer retracted, a contact denied.
GONE: Final = f"""
gone as materialized (
  select k.* from supervision_facts k
   where k.suborder_id in (select suborder_id from live) and not exists (select 1 from reckoned r where {SAME}))
"""  # noqa: S608
STANDS: Final = """
   not exists (select 1 from gone k where (k.suborder_id, k.figure, k.mark) = (f.suborder_id, f.figure, f.mark))
"""
TRAITS: Final = "f.industry, f.size, f.loan_type"
EXTRA: Final = f"""
{RECKONED.format(facts_of="supervision_facts_of")},
{GONE},
today as (select ($1 at time zone 'Asia/Shanghai')::date as day),
days as materialized (
  select d.* from today, supervision_days((select min(start_on) - 1 from supervision_open), today.day) d),
extra as materialized (
  select r.suborder_id, r.order_id, r.bank_id, r.branch_id, r.product_id, r.district, r.figure, r.at,
         (r.at at time zone 'Asia/Shanghai')::date as told_on, r.value, r.whole,
         supervision_bucket(r.figure, r.value) as bucket, r.mark, r.industry, r.size, r.loan_type
    from reckoned r
   where {FRESH}
  union all
  select o.suborder_id, o.order_id, o.bank_id, o.branch_id, o.product_id, o.district, 'paused_workdays',
         coalesce(o.broken_at, $1), (coalesce(o.broken_at, $1) at time zone 'Asia/Shanghai')::date,
         o.skipped + greatest(0, coalesce(yesterday.seen - before.seen, 0)), greatest(0, now.seen - began.seen), 0, 1,
         o.industry, o.size, o.loan_type
    from supervision_open o cross join today
    join days began on began.day = o.start_on join days now on now.day = today.day
    left join days yesterday on yesterday.day = today.day - 1 left join days before on before.day = o.paused_on - 1
   where not exists (select 1 from live where live.suborder_id = o.suborder_id))
"""  # noqa: S608 — the text is ours
WITHIN: Final = """
   ($3::date is null or f.told_on >= $3) and ($4::date is null or f.told_on <= $4)
   and ($5::uuid is null or f.bank_id = $5) and ($6::uuid is null or f.product_id = $6)
   and (cardinality($7::text[]) = 0 or f.district = any($7))
"""
GROUPS: Final = """
cross join lateral (values
  ('all', ''), ('bank', f.bank_id::text), ('branch', f.branch_id::text), ('product', f.product_id::text),
  ('district', f.district), ('month', to_char(f.told_on, 'YYYY-MM')), ('industry', f.industry), ('size', f.size),
  ('type', f.loan_type)) g ("by", key)
"""
# All time by sums of its own, so that it takes no longer when the history does; otherwise whole months by theirs, the
# days before and after them by day.
OF_ALL_TIME: Final = f"($3 = date '{EARLIEST.isoformat()}' and $4 = date '{LATEST.isoformat()}')"
KEPT_SUMS: Final = f"""
  select s."by", s.key, s.figure, s.bucket, s.value, s.whole from supervision_sums s
   where s."by" = any($2) and s.grain = 'ever' and {OF_ALL_TIME}
  union all
  select s."by", s.key, s.figure, s.bucket, s.value, s.whole from supervision_sums s
   where s."by" = any($2) and s.grain = 'month' and s.told_on >= $8 and s.told_on < $9 and not {OF_ALL_TIME}
  union all
  select s."by", s.key, s.figure, s.bucket, s.value, s.whole from supervision_sums s
   where s."by" = any($2) and s.grain = 'day' and s.told_on >= $3 and s.told_on < $8
  union all
  select s."by", s.key, s.figure, s.bucket, s.value, s.whole from supervision_sums s
   where s."by" = any($2) and s.grain = 'day' and s.told_on >= $9 and s.told_on <= $4
  union all
  select 'month', to_char(s.told_on, 'YYYY-MM'), s.figure, s.bucket, s.value, s.whole from supervision_sums s
   where 'month' = any($2) and s."by" = 'all' and s.grain = 'month' and s.told_on >= $8 and s.told_on < $9
  union all
  select 'month', to_char(s.told_on, 'YYYY-MM'), s.figure, s.bucket, s.value, s.whole from supervision_sums s
   where 'month' = any($2) and s."by" = 'all' and s.grain = 'day' and s.told_on >= $3 and s.told_on < $8
  union all
  select 'month', to_char(s.told_on, 'YYYY-MM'), s.figure, s.bucket, s.value, s.whole from supervision_sums s
   where 'month' = any($2) and s."by" = 'all' and s.grain = 'day' and s.told_on >= $9 and s.told_on <= $4
"""  # noqa: S608 — the text is ours
KEPT_FACTS: Final = """
  select g."by", g.key, f.figure, f.bucket, f.value, f.whole from supervision_facts f {groups}
   where g."by" = any($2) and {within} and $8::date is not null and $9::date is not null
"""
SUMS: Final = """
with {extra},
parts as (
  {kept}
  union all
  select g."by", g.key, f.figure, f.bucket, f.value, f.whole
    from (select f.bank_id, f.branch_id, f.product_id, f.district, {traits}, f.told_on, f.figure, f.bucket,
                 sum(f.value) as value, sum(f.whole) as whole
            from (select bank_id, branch_id, product_id, district, {traits}, told_on, figure, bucket, value, whole
                    from extra f
                  union all
                  select bank_id, branch_id, product_id, district, {traits}, told_on, figure, bucket, -value, -whole
                    from gone f) f
           where {within} group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) f {groups}
   where g."by" = any($2)),
totals as (
  select "by", key, figure, bucket, sum(value) as value, sum(whole) as whole from parts group by 1, 2, 3, 4)
"""
SUMMED: Final = """
select "by", key, figure, sum(value)::bigint as value, sum(whole)::bigint as whole
  from totals group by "by", key, figure having sum(value) <> 0 or sum(whole) <> 0
"""
# A median stands between two ranks: workdays are their own buckets; for seconds, the values of those hours are ranked.
MEDIANS: Final = """,
counted as (
  select *, sum(whole) over (partition by "by", key, figure order by bucket) as upto,
         sum(whole) over (partition by "by", key, figure) as total
    from totals where figure in ('workdays_to_decision', 'contact_seconds')),
ranked as (
  select c."by", c.key, c.figure, c.bucket, c.total, div(r.rank, 1) - (c.upto - c.whole) as nth
    from counted c cross join lateral (values (div(c.total + 1, 2)), (div(c.total + 2, 2))) r (rank)
   where r.rank > c.upto - c.whole and r.rank <= c.upto),
hours as (select distinct "by", key, bucket from ranked where figure = 'contact_seconds'),
found as (
  {found}
  union all
  select h."by", h.key, h.bucket, f.value from extra f {groups}
    join hours h on h."by" = g."by" and h.key = g.key and h.bucket = f.bucket
   where f.figure = 'contact_seconds' and {within}),
inside as (
  select *, row_number() over (partition by "by", key, bucket order by value) as nth from found)
{summed}
union all
select "by", key, 'workdays_to_decision_median_x2', sum(bucket)::bigint, max(total)::bigint
  from ranked where figure = 'workdays_to_decision' group by "by", key
union all
select r."by", r.key, 'contact_seconds_median_x2', sum(i.value)::bigint, max(r.total)::bigint
  from ranked r join inside i on i."by" = r."by" and i.key = r.key and i.bucket = r.bucket and i.nth = r.nth
 where r.figure = 'contact_seconds' group by r."by", r.key
"""
# The values of a group's hour, each by its own index.
OF_GROUP: Final = {
    "all": "true",
    "bank": "f.bank_id = case when h.\"by\" = 'bank' then h.key::uuid end",
    "branch": "f.branch_id = case when h.\"by\" = 'branch' then h.key::uuid end",
    "product": "f.product_id = case when h.\"by\" = 'product' then h.key::uuid end",
    "district": "f.district = h.key",
    "month": "f.told_on >= to_date(case when h.\"by\" = 'month' then h.key end, 'YYYY-MM')"
    " and f.told_on < to_date(case when h.\"by\" = 'month' then h.key end, 'YYYY-MM') + interval '1 month'",
    "industry": "f.industry = h.key",
    "size": "f.size = h.key",
    "type": "f.loan_type = h.key",
}
FOUND_HOUR: Final = """
select h."by", h.key, h.bucket, f.value from hours h join supervision_facts f
    on f.figure = 'contact_seconds' and f.bucket = h.bucket and {same}
 where h."by" = '{by}' and {within} and {stands}
"""
FOUND_HOURS: Final = "union all".join(
    FOUND_HOUR.format(same=same, by=by, within=WITHIN, stands=STANDS) for by, same in OF_GROUP.items()
)


def _figures(kept: str, *, medians: bool) -> str:
    """The statement behind a board: out of the sums or the facts that are kept, with or without medians."""
    sums = SUMS.format(extra=EXTRA, kept=kept, groups=GROUPS, within=WITHIN, traits=TRAITS)
    last = MEDIANS.format(groups=GROUPS, within=WITHIN, found=FOUND_HOURS, summed=SUMMED) if medians else SUMMED
    return f"{sums}{last}order by 1, 2, 3"


KEPT: Final = {
    True: KEPT_FACTS.format(groups=GROUPS, within=WITHIN),
    False: KEPT_SUMS,
}  # By whether the part is narrow.
STATEMENTS: Final = {
    (narrow, medians): _figures(kept, medians=medians) for narrow, kept in KEPT.items() for medians in (True, False)
}
CHOSEN: Final = """
   f.figure = $2
   and case $3::text when 'all' then true when 'bank' then f.bank_id::text = $4
                     when 'branch' then f.branch_id::text = $4 when 'product' then f.product_id::text = $4
                     when 'district' then f.district = any(string_to_array($4, ',', ''))
                     when 'month' then to_char(f.told_on, 'YYYY-MM') = $4 when 'industry' then f.industry = $4
                     when 'size' then f.size = $4 when 'type' then f.loan_type = $4 else false end
   and ($5::smallint is null or (f.value > 0) = ($5 = 1))
   and ($6::timestamptz is null or (f.at, f.suborder_id) < ($6, $7::uuid))
   and ($9::date is null or f.told_on >= $9) and ($10::date is null or f.told_on <= $10)
   and ($11::uuid is null or f.bank_id = $11) and ($12::uuid is null or f.product_id = $12)
   and (cardinality($13::text[]) = 0 or f.district = any($13))
 order by f.at desc, f.suborder_id desc limit $8
"""
COLUMNS: Final = (
    "f.suborder_id, f.order_id, f.bank_id, f.branch_id, f.product_id, f.district, f.at, f.value, f.whole, f.figure"
)
CASES_FOUND: Final = """
with {extra},
found as (
  (select {columns} from supervision_facts f where {stands} and {chosen})
  union all
  (select {columns} from extra f where {chosen}))
select f.suborder_id, f.order_id, f.bank_id, f.branch_id, f.product_id, f.district, f.at, f.value, f.whole,
       s.state, s.amount_fen
  from found f join orders_v_suborders s on s.suborder_id = f.suborder_id
 order by f.at desc, f.suborder_id desc limit $8
"""
CASES: Final = CASES_FOUND.format(extra=EXTRA, columns=COLUMNS, chosen=CHOSEN, stands=STANDS)


async def fold(tx: Tx, most: int) -> int:
    """Fold so many touched suborders; returns how many there were."""
    return int(await tx.value(FOLD, tx.now, most))


async def read_figures(
    tx: ReadTx, as_of: datetime, by: Collection[str], within: Within, *, medians: bool
) -> list[tuple[str, str, str, int, int]]:
    """(group, key, figure, value, of) as of an instant that is not past, over a part of the city."""
    first, last = within.from_on or EARLIEST, within.to_on or LATEST
    narrow = within.bank_id is not None or within.product_id is not None or bool(within.districts)
    part = (first, last, within.bank_id, within.product_id, list(within.districts))
    asked = (as_of, list(by), *part, *whole_months(first, last))
    return [tuple(record) for record in await tx.fetch(STATEMENTS[narrow, medians], *asked)]


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
    part = (within.from_on, within.to_on, within.bank_id, within.product_id, list(within.districts))
    return await tx.fetch(CASES, as_of, figure, *group, flag, at, suborder_id, limit, *part)


def whole_months(first: date, last: date) -> tuple[date, date]:
    """The months that lie whole within two days: (first day of the first, first day after the last). Without one, both
    are the day after `last`.

    >>> [day.isoformat() for day in whole_months(date(2026, 1, 15), date(2026, 4, 30))]
    ['2026-02-01', '2026-05-01']
    >>> [day.isoformat() for day in whole_months(date(2026, 1, 15), date(2026, 2, 3))]
    ['2026-02-01', '2026-02-01']
    >>> [day.isoformat() for day in whole_months(date(2026, 1, 15), date(2026, 1, 20))]
    ['2026-01-21', '2026-01-21']
    """
    after_last = last if last == LATEST else last + timedelta(days=1)
    begin = first if first.day == 1 else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    end = after_last if last == LATEST else after_last.replace(day=1)
    return (begin, end) if begin <= end else (after_last, after_last)
