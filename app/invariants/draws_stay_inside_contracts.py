"""Draws never exceed their contract, nor the contract its offer."""

from app.infra.db import ReadTx

SQL = """
select format('suborder %s drew %s of a contract over %s', c.suborder_id, sum(d.amount_fen), c.amount_fen) as line
  from contracts c join draws d using (suborder_id) group by c.suborder_id, c.amount_fen
having sum(d.amount_fen) > c.amount_fen
union all
select format('contract of suborder %s is over %s, its offer over %s', c.suborder_id, c.amount_fen, f.amount_fen)
  from contracts c join suborders s using (suborder_id) join offers f on f.offer_id = s.offer_id
 where c.amount_fen > f.amount_fen
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
