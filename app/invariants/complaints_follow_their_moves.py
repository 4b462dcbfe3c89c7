"""A complaint is where its last move led, late by the breaches that were noted, and its clocks run just while owed."""

from app.infra.db import ReadTx

STATES = """
select format('complaint %s is %s, its last move led to %s', c.complaint_id, c.state, m.to_state) as line
  from complaints c join lateral (
    select to_state from complaint_moves m where m.complaint_id = c.complaint_id order by seq desc limit 1) m on true
 where c.state <> m.to_state
"""
CHAIN = """
select format('complaint %s: move %s begins in %s, the one before led to %s', complaint_id, seq, from_state, before)
         as line
  from (select complaint_id, seq, from_state,
               coalesce(lag(to_state) over (partition by complaint_id order by seq), 'none') as before
          from complaint_moves) m
 where from_state <> before
"""
LATE = """
select format('complaint %s is late in %s, its clocks say %s', c.complaint_id, c.late, k.late) as line
  from complaints c cross join lateral (
    select coalesce(array_agg(kind order by kind), '{}') as late from clocks
     where root_id = c.complaint_id and state = 'breached') k
 where (select coalesce(array_agg(one order by one), '{}') from unnest(c.late) one) <> k.late
"""
CLOCKS = """
select format('complaint %s is %s and %s is %s', c.complaint_id, c.state, k.kind, k.state) as line
  from complaints c join clocks k on k.root_id = c.complaint_id
 where k.state = 'running'
   and not (c.state = 'filed' or (c.state = 'acknowledged' and k.kind = 'COMPLAINT'))
union all
select format('complaint %s is %s and owes no answer by a clock', c.complaint_id, c.state)
  from complaints c
 where c.state in ('filed', 'acknowledged')
   and not exists (select 1 from clocks k where k.root_id = c.complaint_id and k.kind = 'COMPLAINT'
                      and k.state in ('running', 'breached'))
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for sql in (STATES, CHAIN, LATE, CLOCKS) for record in await tx.fetch(sql)]
