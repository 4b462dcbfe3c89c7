"""SQL of refusals beyond one suborder."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.infra.db import ReadTx


async def read_said(
    tx: ReadTx, branch_id: UUID, but_of: UUID, since: datetime, before: datetime, most: int
) -> Sequence[tuple[UUID, str]]:
    """What a branch said when it refused other firms than `but_of`, the newest first: suborder and words."""
    rows = await tx.fetch(
        "select suborder_id, said from refusals where branch_id = $1 and business_id <> $2 and refused_at >= $3"
        " and refused_at < $4 order by refused_at desc limit $5",
        branch_id, but_of, since, before, most,
    )  # fmt: skip
    return [(row["suborder_id"], row["said"]) for row in rows]
