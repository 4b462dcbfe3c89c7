"""Every accepted suborder has its DECISION clock, started when it was accepted, or before by the branch that it came
from."""

from app.infra.db import ReadTx

SQL = """
select format('suborder %s was accepted at %s and has no such DECISION clock', m.suborder_id, m.at) as line
  from suborder_moves m join suborders s using (suborder_id)
 where m.act = 'accept' and not exists (
   select 1 from clocks c where c.case_id = m.suborder_id and c.kind = 'DECISION'
      and (c.started_at = m.at or (s.origin = 'moved' and c.started_at < m.at)))
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
