"""The figures of a bank's branches by month, as its head office reads them: out of the same sums as the regulator's.

Row-level security gives a bank its own branches and nothing else; its folded sums are those by branch.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx
from app.market.supervision.store.folded import FRESH, GONE, RECKONED

BY_MONTH: Final = f"""
with {RECKONED.format(facts_of="supervision_own_facts_of")},
{GONE},
parts as (
  select s.key, s.told_on as month, s.figure, s.value, s.whole from supervision_sums s
   where s."by" = 'branch' and s.grain = 'month' and s.told_on >= $2 and s.figure = any($3) and s.key = any($4)
  union all
  select r.branch_id::text, date_trunc('month', r.at at time zone 'Asia/Shanghai')::date, r.figure, r.value, r.whole
    from reckoned r
   where r.figure = any($3) and (r.at at time zone 'Asia/Shanghai')::date >= $2 and r.branch_id::text = any($4)
     and {FRESH}
  union all
  select g.branch_id::text, date_trunc('month', g.told_on)::date, g.figure, -g.value, -g.whole from gone g
   where g.figure = any($3) and g.told_on >= $2 and g.branch_id::text = any($4))
select key::uuid as branch_id, month, figure, sum(value)::bigint as value, sum(whole)::bigint as whole
  from parts group by 1, 2, 3 order by 1, 2, 3
"""  # noqa: S608 — the text is ours


async def read_by_month(
    tx: ReadTx, as_of: datetime, since: date, figures: Collection[str], branch_ids: Collection[UUID]
) -> list[tuple[UUID, date, str, int, int]]:
    """(branch, first day of a month, figure, value, of) since a month, as of now; of the caller's own bank."""
    rows = await tx.fetch(BY_MONTH, as_of, since, list(figures), [str(one) for one in branch_ids])
    return [tuple(row) for row in rows]
