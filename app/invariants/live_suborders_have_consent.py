"""Every live suborder before signing rests on an unrevoked consent for its bank and order."""

from app.infra.db import ReadTx

SQL = """
select format('suborder %s (%s) has no unrevoked consent for its bank, branch and order', s.suborder_id, s.state)
       as line
  from suborders s
 where s.state in ('pushed', 'accepted', 'contacted', 'investigating', 'offered', 'picked') and not exists (
   select 1 from consents c
    where c.consent_id = s.consent_id and c.order_id = s.order_id and c.bank_id = s.bank_id
      and s.branch_id = coalesce((
        select a.branch_id from consent_amendments a where a.consent_id = c.consent_id
         order by a.seq desc limit 1), c.branch_id)
      and c.revoked_at is null)
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
