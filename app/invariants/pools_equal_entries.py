"""Every pool and every reservation holds and has posted what its entries say."""

from app.infra.db import ReadTx

SQL = """
with folded as (
  select r.pool_id, r.reservation_id, r.held_fen,
         coalesce(sum(case e.kind when 'hold' then e.amount_fen else -e.amount_fen end), 0) as held,
         coalesce(sum(e.amount_fen) filter (where e.kind = 'post'), 0) as posted
    from reservations r left join pool_entries e using (reservation_id) group by r.reservation_id)
select format('reservation %s holds %s, its entries say %s', reservation_id, held_fen, held) as line
  from folded where held_fen <> held
union all
select format('pool %s holds %s and posted %s, its entries say %s and %s', p.pool_id, p.held_fen, p.posted_fen,
              coalesce(sum(f.held), 0), coalesce(sum(f.posted), 0))
  from pools p left join folded f using (pool_id) group by p.pool_id
having p.held_fen <> coalesce(sum(f.held), 0) or p.posted_fen <> coalesce(sum(f.posted), 0)
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
