"""A group's figures by month: out of its sums, and of what is not folded yet."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final

from app.infra.db import ReadTx
from app.market.supervision.store.folded import EXTRA, GROUPS, STANDS

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
select month, figure,
       case when figure in ('workdays_to_decision', 'contact_seconds') then bucket else 0 end as bucket,
       sum(value)::bigint as value, sum(whole)::bigint as whole
  from parts group by 1, 2, 3 having sum(value) <> 0 or sum(whole) <> 0 order by 1, 2, 3
"""  # noqa: S608 — the text is ours
# The values inside the hours in which a month's median lies.
HOURS: Final = f"""
with {EXTRA},
wanted as (select w.month, w.bucket from unnest($4::date[], $5::integer[]) w (month, bucket)),
found as (
  select f.* from (
    select w.month, f.bucket, f.value, f.bank_id, f.branch_id, f.product_id, f.district, f.industry, f.size,
           f.loan_type, f.told_on
      from wanted w join supervision_facts f on f.figure = 'contact_seconds' and f.bucket = w.bucket
       and f.told_on >= w.month and f.told_on < w.month + interval '1 month' where {STANDS}
    union all
    select w.month, f.bucket, f.value, f.bank_id, f.branch_id, f.product_id, f.district, f.industry, f.size,
           f.loan_type, f.told_on
      from wanted w join extra f on f.figure = 'contact_seconds' and f.bucket = w.bucket
       and f.told_on >= w.month and f.told_on < w.month + interval '1 month') f {GROUPS}
   where g."by" = $2 and g.key = $3)
select month, bucket, value from found order by month, bucket, value
"""  # noqa: S608


async def read_hours(
    tx: ReadTx, as_of: datetime, by: str, key: str, places: Collection[tuple[date, int]]
) -> dict[tuple[date, int], list[int]]:
    """Seconds until the first contact of one group, by month and hour, of these alone; in order."""
    found: dict[tuple[date, int], list[int]] = {place: [] for place in places}
    wanted = [month for month, _hour in places], [hour for _month, hour in places]
    for month, hour, value in await tx.fetch(HOURS, as_of, by, key, *wanted):
        found[month, hour].append(value)
    return found


async def read_months(
    tx: ReadTx, as_of: datetime, by: str, key: str, first: date, last: date
) -> list[tuple[date, str, int, int, int]]:
    """(month, figure, bucket, value, of) of one group; workdays to a decision by their
    number and waiting for a contact by its hours, for the medians."""
    return [tuple(row) for row in await tx.fetch(MONTHS, as_of, by, key, first, last)]
