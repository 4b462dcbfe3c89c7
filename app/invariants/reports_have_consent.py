"""No bank had a report assembled without a consent that covered it then."""

from app.infra.db import ReadTx

SQL = """
select format('report of subject %s for bank %s at %s rests on no consent that covers it', e.subject_id, e.org_id,
              e.business_at) as line
  from audit_events e join banks b on b.bank_id = e.org_id
 where e.act = 'report.read' and not exists (
   select 1 from consents c
    where c.consent_id::text = e.detail ->> 'consent_id' and c.bank_id = e.org_id
      and coalesce(c.person_subject_id, c.grantor_subject_id) = e.subject_id
      and c.valid_from <= e.business_at and e.business_at < c.valid_to
      and (c.revoked_at is null or e.business_at <= c.revoked_at)
      and string_to_array(e.detail ->> 'classes', ',') <@ c.data_classes)
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
