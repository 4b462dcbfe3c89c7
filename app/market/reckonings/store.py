"""All SQL of reckonings."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

COLUMNS: Final = "reckoning_id, kind, body, asked_by, asked_at, state, done, whole, ended_at, result"
HEADS: Final = COLUMNS.replace("result", "case when kind = 'check' then result end as result")
CLAIM: Final = f"""
update reckonings
   set state = 'running', lease_until = case kind when 'check' then $3::timestamptz else $2::timestamptz end
 where reckoning_id = (
  select reckoning_id from reckonings
   where (state = 'waiting' or (state = 'running' and lease_until < $1)) and (kind <> 'check' or not $4)
   order by asked_at, reckoning_id limit 1 for no key update skip locked)
returning {COLUMNS}
"""  # noqa: S608


async def insert(tx: Tx, reckoning_id: UUID, kind: str, body: Mapping[str, Any], by: UUID | None, at: datetime) -> None:
    await tx.execute(
        "insert into reckonings (reckoning_id, kind, body, asked_by, asked_at, state)"
        " values ($1, $2, $3, $4, $5, 'waiting')",
        reckoning_id, kind, dict(body), by, at,
    )  # fmt: skip


async def claim(
    tx: Tx, wall: datetime, lease: timedelta, lease_of_check: timedelta, *, but_checks: bool
) -> Record | None:
    """The oldest that waits, or whose worker is gone; nobody else takes it until the lease is over."""
    return await tx.row(CLAIM, wall, wall + lease, wall + lease_of_check, but_checks)


async def tell(tx: Tx, reckoning_id: UUID, done: int, whole: int, lease_until: datetime) -> None:
    sql = "update reckonings set done = $2, whole = $3, lease_until = $4 where reckoning_id = $1 and state = 'running'"
    assert await tx.execute(sql, reckoning_id, done, whole, lease_until) == 1, "it is ours while its lease lasts"


async def end(tx: Tx, reckoning_id: UUID, state: str, result: Mapping[str, Any] | None, at: datetime) -> None:
    touched = await tx.execute(
        "update reckonings set state = $2, result = $3, ended_at = $4, lease_until = null"
        " where reckoning_id = $1 and state = 'running'",
        reckoning_id, state, None if result is None else dict(result), at,
    )  # fmt: skip
    assert touched == 1, "it is ended once"


async def read(tx: ReadTx, reckoning_id: UUID) -> Record | None:
    return await tx.row(f"select {COLUMNS} from reckonings where reckoning_id = $1", reckoning_id)  # noqa: S608


async def read_newest(tx: ReadTx, kind: str, limit: int) -> list[Record]:
    """Newest first; the answers of what-ifs are long and left out."""
    sql = f"select {HEADS} from reckonings where kind = $1 order by asked_at desc, reckoning_id desc limit $2"  # noqa: S608
    return await tx.fetch(sql, kind, limit)


async def count_open(tx: ReadTx) -> int:
    count: int = await tx.value("select count(*) from reckonings where state in ('waiting', 'running')")
    return count
