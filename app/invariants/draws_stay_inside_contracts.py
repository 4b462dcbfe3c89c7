"""Draws never exceed their contract, nor the contract its offer; what a suborder tells of each is what stands there."""

from app.infra.db import ReadTx

SQL = """
select format('suborder %s drew %s of a contract over %s', c.suborder_id, sum(d.amount_fen), c.amount_fen) as line
  from contracts c join draws d using (suborder_id) group by c.suborder_id, c.amount_fen
having sum(d.amount_fen) > c.amount_fen
union all
select format('contract of suborder %s is over %s, its offer over %s', c.suborder_id, c.amount_fen, f.amount_fen)
  from contracts c join suborders s using (suborder_id) join offers f on f.offer_id = s.offer_id
 where c.amount_fen > f.amount_fen
union all
select format('suborder %s tells offered %s, signed %s, paid %s of %s, %s, %s', s.suborder_id, s.offered_fen,
              s.signed_fen, s.paid_fen, f.amount_fen, c.amount_fen, d.paid)
  from suborders s left join offers f on f.offer_id = s.offer_id left join contracts c on c.suborder_id = s.suborder_id
  left join (select suborder_id, sum(amount_fen) as paid from draws group by suborder_id) d
    on d.suborder_id = s.suborder_id
 where (s.offered_fen, s.paid_fen) is distinct from (coalesce(f.amount_fen, 0), coalesce(d.paid, 0))
    or (s.loan_type <> 'deferral' and s.signed_fen is distinct from coalesce(c.amount_fen, 0))
union all
select format('draw %s over %s stands in the pool with %s', coalesce(d.draw_id, e.draw_id), d.amount_fen, e.amount_fen)
  from draws d full join (select bank_id, draw_id, amount_fen from pool_entries where kind = 'post') e
    using (bank_id, draw_id)
 where d.amount_fen is distinct from e.amount_fen
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
