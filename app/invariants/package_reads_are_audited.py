"""Every reading of a package has exactly one audit event of its own, and the other way round."""

from app.infra.db import ReadTx

SQL = """
with told as (
  select detail ->> 'read_id' as read_id, count(*) as events from audit_events where act = 'package.read' group by 1)
select format('reading %s has %s audit events', coalesce(r.read_id::text, t.read_id), coalesce(t.events, 0)) as line
  from package_reads r full join told t on t.read_id = r.read_id::text
 where r.read_id is null or coalesce(t.events, 0) <> 1
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
