"""All SQL of drafts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

INSERT = """
insert into product_drafts (product_id, bank_id, body, revision, edited_by, edited_at) values ($1, $2, $3, 1, $4, $5)
on conflict (product_id) do nothing
"""
UPDATE = """
update product_drafts set body = $2, revision = revision + 1, edited_by = $3, edited_at = $4
where product_id = $1 and revision = $5
"""


async def read_draft(tx: ReadTx, product_id: UUID) -> Record | None:
    return await tx.row("select * from product_drafts where product_id = $1", product_id)


async def read_drafted(tx: ReadTx) -> dict[UUID, datetime]:
    """When each draft that the audience may see was last written in."""
    return {row["product_id"]: row["edited_at"] for row in await tx.fetch("select * from product_drafts")}


async def insert_draft(
    tx: Tx, product_id: UUID, bank_id: UUID, body: Mapping[str, Any], by: UUID, at: datetime
) -> bool:
    return await tx.execute(INSERT, product_id, bank_id, dict(body), by, at) == 1


async def update_draft(
    tx: Tx, product_id: UUID, body: Mapping[str, Any], by: UUID, at: datetime, revision: int
) -> bool:
    """False when somebody wrote in it since that revision."""
    return await tx.execute(UPDATE, product_id, dict(body), by, at, revision) == 1


async def delete_draft(tx: Tx, product_id: UUID) -> int:
    return await tx.execute("delete from product_drafts where product_id = $1", product_id)
