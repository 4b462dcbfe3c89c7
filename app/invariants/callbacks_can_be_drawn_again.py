"""Drawn again from its seed, every draw of call-backs chooses the same firms: nobody was added, nobody left out."""

from uuid import UUID

from app.infra.db import ReadTx
from app.market.ratings import number_of

CANDIDATES = """
select c.suborder_id, c.draw_id, c.factors, c.number_ppm, c.share_ppm, c.is_drawn, d.seed, p.body,
       b.callback_id is not null as is_called
  from callback_candidates c join callback_draws d on d.draw_id = c.draw_id
  join policies p on p.kind = 'callback' and p.key = 'sampling' and p.version = d.policy_version
  left join callbacks b on b.suborder_id = c.suborder_id and b.draw_id = c.draw_id
"""
UNDRAWN = """
select format('call-back %s stood in no draw', b.callback_id) as line from callbacks b
 where not exists (select 1 from callback_candidates c where c.suborder_id = b.suborder_id and c.draw_id = b.draw_id)
union all
select format('draw %s tells %s of %s, its candidates are %s of %s', d.draw_id, d.drawn, d.candidates,
              count(*) filter (where c.is_drawn), count(c.suborder_id))
  from callback_draws d left join callback_candidates c on c.draw_id = d.draw_id
 group by d.draw_id, d.drawn, d.candidates
having (d.drawn, d.candidates) <> (count(*) filter (where c.is_drawn), count(c.suborder_id))
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each candidate whose number, chance or fate is another than seed and policy give."""
    broken = [record["line"] for record in await tx.fetch(UNDRAWN)]
    for row in await tx.fetch(CANDIDATES):
        who: UUID = row["suborder_id"]
        number = number_of(row["seed"], who)
        chances = [row["body"]["risks"].get(factor, 0) for factor in row["factors"]]
        share = max([row["body"]["base_ppm"], *chances])
        expected = (number, share, number < share, number < share)
        if expected != (row["number_ppm"], row["share_ppm"], row["is_drawn"], row["is_called"]):
            broken.append(f"suborder {who} in draw {row['draw_id']} should have {expected}")
    return broken
