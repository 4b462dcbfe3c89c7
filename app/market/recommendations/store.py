"""All SQL of recommendations. Takes a transaction, never ends one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.market.recommendations.rules import Recommendation

COLUMNS: Final = "recommendation_id, subject_id, list_id, source, recommended_at"


async def read_newest(tx: ReadTx, subject_id: UUID) -> Recommendation | None:
    row = await tx.row(
        f"select {COLUMNS} from recommendations where subject_id = $1 order by recommended_at desc limit 1",  # noqa: S608
        subject_id,
    )
    return None if row is None else Recommendation(**row)


async def read_page(tx: ReadTx, after: tuple[datetime, UUID] | None, limit: int) -> list[Record]:
    """Recommendations, the newest first, beyond `after`, with the orders that were posted under each so far."""
    return await tx.fetch(
        f"select {COLUMNS}, district_code from recommendations"  # noqa: S608
        " where $1::timestamptz is null or (recommended_at, recommendation_id) < ($1, $2)"
        " order by recommended_at desc, recommendation_id desc limit $3",
        *(after or (None, None)), limit,
    )  # fmt: skip


async def insert(tx: Tx, rows: Sequence[Sequence[object]]) -> None:
    await tx.executemany(
        "insert into recommendations (recommendation_id, subject_id, list_id, criteria, source, district_code,"
        " recommended_at, listed_by) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        rows,
    )
