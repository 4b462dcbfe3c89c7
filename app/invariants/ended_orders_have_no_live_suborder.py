"""An order that has ended has no live suborder and tells how they ended; at most one suborder was ever picked; a bank's
order is the firm's."""

from app.infra.db import ReadTx

SQL = """
select format('order %s ended as %s, but suborder %s is %s', o.order_id, o.end_state, s.suborder_id, s.state) as line
  from orders o join suborders s using (order_id)
 where o.end_state is not null and s.state not in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'moved')
union all
select format('%s suborders of order %s were picked', count(*), m.order_id)
  from suborder_moves m where m.act = 'pick' group by m.order_id having count(*) > 1
union all
select format('order %s ended as %s and was %s', order_id, end_state, became)
  from (select o.order_id, o.end_state,
               case when o.withdrawn_at is not null then 'withdrawn'
                    when exists (select 1 from suborders s where s.order_id = o.order_id and s.state = 'refused')
                    then 'refused'
                    when o.ended_at >= o.until_at then 'lapsed' else 'unmatched' end as became
          from orders o where o.end_state is not null) ended
 where end_state <> became
union all
select format('suborder %s is over %s for %s months, its order over %s for %s', s.suborder_id, s.amount_fen,
              s.term_months, o.amount_fen, o.term_months)
  from orders o join suborders s using (order_id)
 where (s.amount_fen, s.term_months) is distinct from (o.amount_fen, o.term_months)
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
