"""All SQL of the audit log. Rows are only ever added."""

from collections.abc import Mapping
from uuid import UUID

from app.infra.db import Tx

INSERT = """
insert into audit_events (recorded_at, business_at, actor_id, org_id, act, subject_id, case_id, request_id, detail)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def insert_event(
    tx: Tx, act: str, subject_id: UUID | None, case_id: UUID | None, detail: Mapping[str, str]
) -> None:
    """Add one event; actor, organisation and request are those of the transaction."""
    at = (tx.wall, tx.now, tx.actor_id, tx.org_id)
    rows = await tx.execute(INSERT, *at, act, subject_id, case_id, tx.request_id, dict(detail))
    assert rows == 1, "an audit event was not written"
