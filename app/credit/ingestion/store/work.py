"""SQL of what people do before and after a load: profiles, cancelling, the rows put aside as a work list, the score."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.credit.ingestion.rules.receipts import Profile
from app.infra.db import ReadTx, Tx

PROFILE: Final = tuple(field.name for field in fields(Profile))
PUT_PROFILE: Final = f"""
insert into batch_profiles (batch_id, {", ".join(PROFILE)})
select $1, {", ".join(f"${n}" for n in range(2, len(PROFILE) + 2))}
where exists (select 1 from batches where batch_id = $1 and state = 'offered')
on conflict (batch_id) do update set ({", ".join(PROFILE)}) = row({", ".join(f"excluded.{name}" for name in PROFILE)})
"""  # noqa: S608 — the columns are ours
WITHOUT_PROFILE: Final = """
select b.batch_id from batches b where b.state = 'offered'
  and not exists (select 1 from batch_profiles p where p.batch_id = b.batch_id) order by b.stored_at limit $1
"""
TWINS: Final = """
select b.batch_id, b.kind, b.list_kind, b.file_name, b.state, b.stored_at from batches b
where b.sha256 = $1 and b.batch_id <> $2 order by b.stored_at limit 5
"""


async def write_profile(tx: Tx, batch_id: UUID, profile: Profile) -> bool:
    """Keep what a load would do; False when the batch no longer waits for a decision."""
    values = (getattr(profile, name) for name in PROFILE)
    return await tx.execute(PUT_PROFILE, batch_id, *values) == 1


async def read_profile(tx: ReadTx, batch_id: UUID) -> Profile | None:
    sql = f"select {', '.join(PROFILE)} from batch_profiles where batch_id = $1"  # noqa: S608
    row = await tx.row(sql, batch_id)
    return None if row is None else Profile(**dict(row))


async def drop_profile(tx: Tx, batch_id: UUID) -> None:
    await tx.execute("delete from batch_profiles where batch_id = $1", batch_id)


async def read_ids_without_profile(tx: ReadTx, most: int) -> list[UUID]:
    return [row["batch_id"] for row in await tx.fetch(WITHOUT_PROFILE, most)]


async def read_twins(tx: ReadTx, sha256: str, batch_id: UUID) -> list[Any]:
    """Other batches of the same bytes that the caller may see."""
    return await tx.fetch(TWINS, sha256, batch_id)


async def ask_to_cancel(tx: Tx, batch_id: UUID, by_id: UUID, now: datetime) -> None:
    sql = "insert into batch_cancels (batch_id, asked_by, asked_at) values ($1, $2, $3) on conflict do nothing"
    await tx.execute(sql, batch_id, by_id, now)


async def is_cancelled(tx: ReadTx, batch_id: UUID) -> bool:
    return bool(await tx.value("select exists (select 1 from batch_cancels where batch_id = $1)", batch_id))


async def forget_cancel(tx: Tx, batch_id: UUID) -> None:
    await tx.execute("delete from batch_cancels where batch_id = $1", batch_id)
