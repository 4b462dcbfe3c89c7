"""A group's figures by month: out of its sums, and of what is not folded yet."""

from datetime import date, datetime
from typing import Final

from app.infra.db import ReadTx
from app.market.supervision.store.folded import EXTRA, GROUPS

MONTHS: Final = f"""
with {EXTRA},
moving as (
  select f.bank_id, f.branch_id, f.product_id, f.district, f.industry, f.size, f.loan_type, f.told_on, f.figure,
         f.bucket, f.value, f.whole from extra f
  union all
  select f.bank_id, f.branch_id, f.product_id, f.district, f.industry, f.size, f.loan_type, f.told_on, f.figure,
         f.bucket, -f.value, -f.whole from gone f),
parts as (
  select s.told_on as month, s.figure, s.bucket, s.value, s.whole from supervision_sums s
   where s."by" = $2 and s.key = $3 and s.grain = 'month' and s.told_on >= $4 and s.told_on <= $5
  union all
  select date_trunc('month', f.told_on)::date, f.figure, f.bucket, f.value, f.whole from moving f {GROUPS}
   where g."by" = $2 and g.key = $3 and f.told_on >= $4 and f.told_on <= $5)
select month, figure, case when figure = 'workdays_to_decision' then bucket else 0 end as bucket,
       sum(value)::bigint as value, sum(whole)::bigint as whole
  from parts group by 1, 2, 3 having sum(value) <> 0 or sum(whole) <> 0 order by 1, 2, 3
"""  # noqa: S608 — the text is ours


async def read_months(
    tx: ReadTx, as_of: datetime, by: str, key: str, first: date, last: date
) -> list[tuple[date, str, int, int, int]]:
    """(month, figure, bucket, value, of) of one group; workdays to a decision by their number, for the median."""
    return [tuple(row) for row in await tx.fetch(MONTHS, as_of, by, key, first, last)]
