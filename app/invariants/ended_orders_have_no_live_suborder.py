"""An order that has ended has no live suborder, and at most one suborder was ever picked."""

from app.infra.db import ReadTx

SQL = """
select format('order %s ended as %s, but suborder %s is %s', o.order_id, o.end_state, s.suborder_id, s.state) as line
  from orders o join suborders s using (order_id)
 where o.end_state is not null and s.state not in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'moved')
union all
select format('%s suborders of order %s were picked', count(*), m.order_id)
  from suborder_moves m where m.act = 'pick' group by m.order_id having count(*) > 1
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
