"""Figures of what was said and urged, by group; and the voices behind one of them. Read from the published function."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from app.infra.db import ReadTx, Record
from app.kernel.clock import SHANGHAI
from app.market.supervision.rules import Within

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=SHANGHAI), datetime(9000, 1, 1, tzinfo=SHANGHAI)
PART: Final = """
   ($4::uuid is null or v.bank_id = $4) and ($5::uuid is null or v.product_id = $5)
   and (cardinality($6::text[]) = 0 or v.district = any($6))
"""
GROUPS: Final = """
cross join lateral (values
  ('all', ''), ('bank', v.bank_id::text), ('branch', v.branch_id::text), ('product', v.product_id::text),
  ('district', v.district), ('month', to_char(v.at at time zone 'Asia/Shanghai', 'YYYY-MM')),
  ('industry', v.industry), ('size', v.size), ('type', v.loan_type)) g ("by", key)
"""
SUMS: Final = f"""
select g."by", g.key, v.figure, sum(v.value)::bigint as value, sum(v.whole)::bigint as whole
  from supervision_v_voices($1, $2, $3) v {GROUPS}
 where g."by" = any($7) and g.key is not null and {PART} group by 1, 2, 3 order by 1, 2, 3
"""  # noqa: S608 — the text is ours
MONTHS: Final = f"""
select date_trunc('month', v.at at time zone 'Asia/Shanghai')::date as month, v.figure, sum(v.value)::bigint as value,
       sum(v.whole)::bigint as whole
  from supervision_v_voices($1, $2, $3) v {GROUPS} where g."by" = $4 and g.key = $5 group by 1, 2 order by 1, 2
"""  # noqa: S608
CASES: Final = f"""
select v.figure, v.voice_id, v.suborder_id, v.order_id, v.bank_id, v.branch_id, v.product_id, v.district, v.at,
       v.value, v.whole, coalesce(s.state, '') as state, s.amount_fen
  from supervision_v_voices($1, $2, $3) v {GROUPS} left join orders_v_suborders s on s.suborder_id = v.suborder_id
 where {PART} and v.figure = $7 and g."by" = $8 and g.key = any(string_to_array($9, ',', ''))
   and ($10::smallint is null or (v.value > 0) = ($10 = 1)) order by v.at desc, v.voice_id desc limit $11
"""  # noqa: S608


def span(first: date | None, last: date | None) -> tuple[datetime, datetime]:
    """The instants from which on and before which, of days that are both included."""
    begin = EARLIEST if first is None else datetime(first.year, first.month, first.day, tzinfo=SHANGHAI)
    after = None if last is None else last + timedelta(days=1)
    return begin, LATEST if after is None else datetime(after.year, after.month, after.day, tzinfo=SHANGHAI)


def _part(as_of: datetime, within: Within) -> tuple[object, ...]:
    days = span(within.from_on, within.to_on)
    return as_of, *days, within.bank_id, within.product_id, list(within.districts)


async def read_figures(
    tx: ReadTx, as_of: datetime, by: Collection[str], within: Within
) -> list[tuple[str, str, str, int, int]]:
    """(group, key, figure, value, of) as of an instant, over a part of the city."""
    return [tuple(row) for row in await tx.fetch(SUMS, *_part(as_of, within), list(by))]


async def read_months(
    tx: ReadTx, as_of: datetime, by: str, key: str, first: date, last: date
) -> list[tuple[date, str, int, int]]:
    """(month, figure, value, of) of one group."""
    return [tuple(row) for row in await tx.fetch(MONTHS, as_of, *span(first, last), by, key)]


async def read_cases(
    tx: ReadTx, as_of: datetime, figure: str, group: tuple[str, str], counts: bool | None, within: Within, limit: int
) -> list[Record]:
    """The voices behind a figure, the newest first."""
    by, key = group
    flag = None if counts is None else int(counts)
    return await tx.fetch(CASES, *_part(as_of, within), figure, by, key, flag, limit)
