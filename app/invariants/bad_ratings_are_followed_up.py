"""Every bad rating has its work order with its clock, and a rating is its last mark, with the worst one remembered."""

from app.infra.db import ReadTx

MARKS = """
select format('rating %s shows %s stars (worst %s) after %s marks, its marks say %s (worst %s, %s marks)',
              r.rating_id, r.stars, r.worst, r.marks, m.last, m.worst, m.many) as line
  from ratings r cross join lateral (
    select (array_agg(stars order by n desc))[1] as last, min(stars) as worst, count(*) as many
      from rating_marks k where k.rating_id = r.rating_id) m
 where (r.stars, r.worst, r.marks) is distinct from (m.last, m.worst, m.many::int)
"""
FOLLOWED = """
select format('rating %s had %s stars and has no work order', r.rating_id, r.worst) as line
  from ratings r join policies p on p.kind = 'rating' and p.key = 'marks' and p.version = r.policy_version
 where r.worst <= (p.body ->> 'bad_max')::int
   and not exists (select 1 from work_orders w where w.rating_id = r.rating_id)
union all
select format('work order %s has no clock, or one that does not fit', w.rating_id)
  from work_orders w
 where not exists (select 1 from clocks k where k.root_id = w.rating_id and k.kind = 'RATING_FOLLOW'
                      and (k.stopped_at is null) = (w.closed_at is null))
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for sql in (MARKS, FOLLOWED) for record in await tx.fetch(sql)]
