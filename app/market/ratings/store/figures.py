"""What firms said, added up by bank or by branch since an instant. Over published views and this room's own tables."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from app.infra.db import ReadTx

BY: Final = ("bank_id", "branch_id")
# A group → (value, of): suborders that were complained of, of those pushed. The few are looked up, the many counted.
COMPLAINED: Final = """
with complained as (
  select distinct c.suborder_id from complaints_v_facts c where c.suborder_id is not null and c.state <> 'withdrawn'),
     few as (
  select s.{by} as key, count(*) as value from complained c join orders_v_suborders s on s.suborder_id = c.suborder_id
   where s.pushed_at >= $1 group by 1)
select p.key, coalesce(f.value, 0) as value, p.of
  from (select s.{by} as key, count(*) as of from orders_v_suborders s where s.pushed_at >= $1 group by 1) p
  left join few f on f.key = p.key
"""
# Complaints answered in time, of those answered or late. What a firm took back before the day counts for nobody.
ANSWERED: Final = """
select c.{by} as key, count(*) filter (where c.answered_at is not null and not c.is_answer_late) as value,
       count(*) as of
  from complaints_v_facts c
 where c.filed_at >= $1 and c.{by} is not null and (c.answered_at is not null or c.is_answer_late) group by 1
"""
GOOD: Final = """
select r.{by} as key, count(*) filter (where r.stars >= $2) as value, count(*) as of
  from ratings r where r.rated_at >= $1 group by 1
"""
FOLLOWED: Final = """
select w.{by} as key, count(*) filter (where k.state = 'met') as value, count(*) as of
  from work_orders w join clocks_v_clocks k on k.root_id = w.rating_id and k.kind = 'RATING_FOLLOW'
 where w.opened_at >= $1 and k.state in ('met', 'breached') group by 1
"""
SATISFIED: Final = """
select b.{by} as key, count(*) filter (where b.state = 'satisfied') as value, count(*) as of
  from callbacks b where b.done_at >= $1 and b.state in ('satisfied', 'not') group by 1
"""
OPEN: Final = """
select c.{by} as key, count(*) as value, count(*) as of from complaints_v_facts c
 where c.{by} is not null and c.state not in ('accepted', 'closed', 'withdrawn') group by 1
"""
ALL: Final[Mapping[str, str]] = {
    "complained": COMPLAINED, "answered": ANSWERED, "good": GOOD, "followed": FOLLOWED, "satisfied": SATISFIED,
    "open": OPEN,
}  # fmt: skip


async def read(tx: ReadTx, name: str, by: str, since: datetime, good_min: int) -> Mapping[object, tuple[int, int]]:
    """One figure by its groups. `by` is one of `BY`."""
    assert by in BY, "a column of ours"
    arguments = (since, good_min) if name == "good" else () if name == "open" else (since,)
    rows = await tx.fetch(ALL[name].format(by=by), *arguments)
    return {row["key"]: (row["value"], row["of"]) for row in rows}
