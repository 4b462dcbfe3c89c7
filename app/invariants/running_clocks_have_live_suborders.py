"""No clock runs for a suborder that has ended."""

from app.infra.db import ReadTx

SQL = """
select format('clock %s of suborder %s is %s, but the suborder is %s', c.kind, c.case_id, c.state, s.state) as line
  from clocks c join suborders s on s.suborder_id = c.case_id
 where c.state in ('running', 'paused')
   and s.state in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'moved', 'settled')
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
