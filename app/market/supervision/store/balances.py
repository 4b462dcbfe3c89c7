"""What is owed at the end of a month, by group: out of the sums of its changes, and of what is not folded yet."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final

from app.infra.db import ReadTx
from app.market.supervision.store.folded import EXTRA, GROUPS

CHANGES: Final = f"""
with {EXTRA},
moving as (
  select f.bank_id, f.branch_id, f.product_id, f.district, f.industry, f.size, f.loan_type, f.told_on, f.value, f.whole
    from extra f where f.figure = 'outstanding_fen'
  union all
  select f.bank_id, f.branch_id, f.product_id, f.district, f.industry, f.size, f.loan_type, f.told_on, -f.value,
         -f.whole from gone f where f.figure = 'outstanding_fen'),
parts as (
  select s."by", s.key, s.told_on as month, s.value, s.whole from supervision_sums s
   where s."by" = any($2) and s.grain = 'month' and s.told_on <= $3 and s.figure = 'outstanding_fen'
  union all
  select g."by", g.key, date_trunc('month', f.told_on)::date, f.value, f.whole from moving f {GROUPS}
   where g."by" = any($2) and f.told_on <= $3)
select "by", key, month, sum(value)::bigint as value, sum(whole)::bigint as whole
  from parts group by 1, 2, 3 order by 1, 2, 3
"""  # noqa: S608 — the text is ours


async def read_changes(
    tx: ReadTx, as_of: datetime, by: Collection[str], last: date
) -> list[tuple[str, str, date, int, int]]:
    """(group, key, month, by how much what is owed changed, by how many loans), until a day."""
    return [tuple(row) for row in await tx.fetch(CHANGES, as_of, list(by), last)]
