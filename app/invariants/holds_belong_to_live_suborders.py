"""No money is held for a suborder that has ended or has nothing more to draw."""

from app.infra.db import ReadTx

SQL = """
select format('reservation %s holds %s fen for suborder %s, which is %s', r.reservation_id, r.held_fen, s.suborder_id,
              s.state) as line
  from reservations r join suborders s using (suborder_id)
 where r.closed_at is null
   and s.state in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'moved', 'serviced', 'settled')
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
