"""The state of a suborder is where its last move led, and each move begins where the one before it ended."""

from app.infra.db import ReadTx

SQL = """
with chained as (
  select suborder_id, seq, from_state, to_state,
         lag(to_state) over (partition by suborder_id order by seq) as before,
         lead(seq) over (partition by suborder_id order by seq) as next_seq
    from suborder_moves)
select format('suborder %s is %s, its last move led to %s', s.suborder_id, s.state, coalesce(c.to_state, 'nothing'))
       as line
  from suborders s left join chained c on c.suborder_id = s.suborder_id and c.next_seq is null
 where c.to_state is distinct from s.state
union all
select format('move %s of suborder %s begins at %s, not at %s', seq, suborder_id, from_state, before)
  from chained where from_state <> coalesce(before, 'listed')
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
