"""All SQL of the audit log. Rows are only ever added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.infra.db import Tx

INSERT = """
insert into audit_events (recorded_at, business_at, actor_id, org_id, act, subject_id, case_id, request_id, detail)
select $1, $2, $3, $4, act, subject_id, case_id, $5, detail
from unnest($6::text[], $7::uuid[], $8::uuid[], $9::jsonb[]) with ordinality as e (act, subject_id, case_id, detail, n)
order by n
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done, and on whom; who did it is known of the unit of work."""

    act: str
    subject_id: UUID | None
    case_id: UUID | None
    detail: Mapping[str, str]


async def insert_events(tx: Tx, entries: Sequence[Entry]) -> None:
    """Add events in their order; actor, organisation and request are those of the transaction."""
    rows = await tx.execute(
        INSERT, tx.wall, tx.now, tx.actor_id, tx.org_id, tx.request_id, [one.act for one in entries],
        [one.subject_id for one in entries], [one.case_id for one in entries], [dict(one.detail) for one in entries],
    )  # fmt: skip
    assert rows == len(entries), "an audit event was not written"
