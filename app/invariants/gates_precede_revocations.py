"""Every revoked consent has its gate, and no gate stays half way."""

from app.infra.db import ReadTx

SQL = """
select format('consent %s was revoked without a gate', c.consent_id) as line
  from consents c where c.revoked_at is not null and not exists (
    select 1 from consent_gates g where g.consent_id = c.consent_id)
union all
select format('the gate of consent %s was closed at %s and nothing followed', g.consent_id, g.closed_at)
  from consent_gates g join consents c using (consent_id)
 where c.revoked_at is null and g.recorded_at < $1::timestamptz - interval '2 minutes'
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL, tx.wall)]
