"""All SQL of consents. Takes a transaction, never commits one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.credit.consents.rules import Consent, Grant, Purpose, Use
from app.infra.db import ReadTx, Tx

# The branch that stands in the letter, or the one that the newest amendment puts in its place.
BRANCH: Final = """coalesce((select a.branch_id from consent_amendments a where a.consent_id = c.consent_id
    order by a.seq desc limit 1), c.branch_id)"""
COLUMNS: Final = f"""c.consent_id, c.business_id, c.grantor_subject_id, c.bank_id, {BRANCH} as branch_id, c.order_id,
    c.purpose, c.data_classes, c.person_subject_id, c.valid_from, c.valid_to, c.text_version, c.text_hash, c.granted_at,
    c.revoked_at, exists (select 1 from consent_gates g where g.consent_id = c.consent_id) as gated"""  # noqa: S608

INSERT: Final = """
insert into consents (consent_id, business_id, grantor_subject_id, person_subject_id, bank_id, branch_id, order_id,
    purpose, data_classes, sign_method, signed_by, text_version, text_hash, letter, valid_from, valid_to, granted_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
on conflict (order_id, bank_id, purpose, coalesce(person_subject_id, grantor_subject_id)) where revoked_at is null
do nothing
"""

# Every condition stands here, so that a consent that does not hold is never locked: a reader who was too late must
# not make the revoker wait. The lock makes the revocation wait for readers who are inside. When the row changed
# while we waited for it, PostgreSQL judges the new version again, so `revoked_at is null` is the last word.
LOCK_FOR_USE: Final = f"""
select {COLUMNS}
  from consents c
 where c.consent_id = $1 and c.bank_id = $2 and {BRANCH} = $3 and c.purpose = $4
   and c.valid_from <= $5 and $5 < c.valid_to and c.revoked_at is null
   and not exists (select 1 from consent_gates g where g.consent_id = c.consent_id)
   and $6::text[] <@ c.data_classes
   and ($7::uuid is null or coalesce(c.person_subject_id, c.grantor_subject_id) = $7)
   for share of c
"""  # noqa: S608 — the columns are ours


def _consent(record: Any) -> Consent:
    fields = dict(record)
    fields["purpose"] = Purpose(fields["purpose"])
    fields["data_classes"] = tuple(fields["data_classes"])
    return Consent(**fields)


async def insert(
    tx: Tx, consent_id: UUID, grant: Grant, letter: tuple[int, str, str], *, by: UUID, now: datetime
) -> bool:
    """Write a signed letter: (text version, rendered text, its hash).

    False when one that was not revoked covers this order, bank, purpose and subject already.
    """
    version, text, text_hash = letter
    rows = await tx.execute(
        INSERT,
        consent_id,
        grant.business_id,
        grant.grantor_subject_id,
        grant.person_subject_id,
        grant.bank_id,
        grant.branch_id,
        grant.order_id,
        grant.purpose.value,
        list(grant.data_classes),
        grant.sign_method.value,
        by,
        version,
        text_hash,
        text,
        grant.valid_from,
        grant.valid_to,
        now,
    )
    return rows == 1


async def read(tx: ReadTx, consent_id: UUID) -> Consent | None:
    """The letter as it stands, without a lock."""
    record = await tx.row(f"select {COLUMNS} from consents c where c.consent_id = $1", consent_id)  # noqa: S608
    return None if record is None else _consent(record)


async def read_for_orders(tx: ReadTx, order_ids: Sequence[UUID]) -> tuple[Consent, ...]:
    """Every letter of these orders that the caller's audience may see, oldest first."""
    sql = f"select {COLUMNS} from consents c where c.order_id = any ($1) order by c.granted_at, c.consent_id"  # noqa: S608
    return tuple(_consent(record) for record in await tx.fetch(sql, list(order_ids)))


async def read_letter(tx: ReadTx, consent_id: UUID) -> str | None:
    """The rendered text that was signed."""
    letter: str | None = await tx.value("select letter from consents where consent_id = $1", consent_id)
    return letter


async def lock_for_use(tx: ReadTx, consent_id: UUID, use: Use) -> Consent | None:
    """Lock the consent FOR SHARE when it allows the use; None when it does not (then nothing is locked)."""
    record = await tx.row(
        LOCK_FOR_USE,
        consent_id,
        use.bank_id,
        use.branch_id,
        use.purpose,
        use.at,
        list(use.data_classes),
        use.subject_id,
    )
    return None if record is None else _consent(record)


async def insert_amendment(tx: Tx, consent: Consent, branch_id: UUID, *, by: UUID, now: datetime) -> None:
    """From now on another branch of the bank; the letter itself stays as it was signed."""
    await tx.execute(
        "insert into consent_amendments (consent_id, business_id, bank_id, order_id, branch_id, amended_by, amended_at)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        consent.consent_id, consent.business_id, consent.bank_id, consent.order_id, branch_id, by, now,
    )  # fmt: skip


async def insert_gate(tx: Tx, consent: Consent, *, by: UUID, now: datetime) -> bool:
    """Close the gate; False when it was closed before. Never waits for a reader: readers lock the letter only."""
    sql = """insert into consent_gates (consent_id, business_id, bank_id, order_id, closed_by, closed_at)
             values ($1, $2, $3, $4, $5, $6) on conflict (consent_id) do nothing"""
    ids = (consent.consent_id, consent.business_id, consent.bank_id, consent.order_id)
    return await tx.execute(sql, *ids, by, now) == 1


async def mark_revoked(tx: Tx, consent_id: UUID, *, now: datetime) -> bool:
    """Write `revoked_at` once, after waiting for every reader inside; False when it stands already."""
    sql = """update consents set revoked_at = $2 where consent_id = $1 and revoked_at is null
                and exists (select 1 from consent_gates g where g.consent_id = $1)"""
    return await tx.execute(sql, consent_id, now) == 1


async def find_half_revoked(tx: ReadTx, *, before: datetime) -> tuple[tuple[UUID, UUID], ...]:
    """(consent, order) of gates closed before that real instant whose revocation was never written."""
    sql = """select g.consent_id, g.order_id from consent_gates g join consents c using (consent_id)
              where c.revoked_at is null and g.recorded_at <= $1 order by g.recorded_at limit 100"""
    return tuple((record["consent_id"], record["order_id"]) for record in await tx.fetch(sql, before))
