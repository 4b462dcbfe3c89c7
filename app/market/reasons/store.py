"""All SQL of reasons. Rows are only ever added."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

FLAG: Final = (
    "flag_id, order_id, suborder_id, bank_id, branch_id, kind, reason_code, why, said, like_suborder_id, like_ppm, at"
)


async def insert_flag(tx: Tx, columns: Mapping[str, object]) -> None:
    """A copy is noted once per suborder; an attempt as often as it is made."""
    names = ", ".join(columns)
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    sql = f"insert into refusal_flags ({names}) values ({places}) on conflict do nothing"  # noqa: S608
    await tx.execute(sql, *columns.values())


async def read_flags(
    tx: ReadTx, kind: str | None, branch_id: UUID | None, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Record]:
    """Newest first, beyond `before`."""
    sql = f"""select {FLAG} from refusal_flags
               where ($1::text is null or kind = $1) and ($2::uuid is null or branch_id = $2)
                 and ($3::timestamptz is null or (at, flag_id) < ($3, $4))
               order by at desc, flag_id desc limit $5"""  # noqa: S608
    return await tx.fetch(sql, kind, branch_id, *(before or (None, None)), limit)


async def count_flags(tx: ReadTx, since: datetime) -> Sequence[Record]:
    """Per branch and kind, since an instant."""
    return await tx.fetch(
        "select bank_id, branch_id, kind, count(*) as flags from refusal_flags where at >= $1"
        " group by bank_id, branch_id, kind order by bank_id, branch_id, kind",
        since,
    )


async def read_of_suborder(tx: ReadTx, suborder_id: UUID) -> Sequence[Record]:
    sql = f"select {FLAG} from refusal_flags where suborder_id = $1 order by at, flag_id"  # noqa: S608
    return await tx.fetch(sql, suborder_id)
