"""Every urge is in the state of its last move, and its reply is owed exactly while its newest clock is not stopped."""

from app.infra.db import ReadTx

SQL = """
with last as (
  select distinct on (urge_id) urge_id, to_state from urge_moves order by urge_id, seq desc),
clock as (
  select distinct on (case_id) case_id, state, stopped_at from clocks where case_kind = 'urge'
   order by case_id, gen desc)
select format('urge %s is %s, its last move led to %s', u.urge_id, u.state, coalesce(l.to_state, 'nothing')) as line
  from urges u left join last l using (urge_id) where l.to_state is distinct from u.state
union all
select format('urge %s is %s, its clock is %s', u.urge_id, u.state, coalesce(c.state, 'not there'))
  from urges u left join clock c on c.case_id = u.urge_id
 where c.case_id is null or (u.state in ('issued', 'received', 'sent_back')) is distinct from (c.stopped_at is null)
union all
select format('two urges of case %s and rung %s %s are open', about_id, clock, share)
  from urges where state not in ('closed', 'withdrawn') group by about_id, clock, share having count(*) > 1
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
