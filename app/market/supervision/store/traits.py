"""All SQL of what an order notes of its firm."""

from typing import Final
from uuid import UUID

from app.infra.db import Tx

NOTE: Final = """
insert into supervision_traits (order_id, industry, size) values ($1, $2, $3) on conflict do nothing
"""


async def note(tx: Tx, order_id: UUID, industry: str, size: str) -> None:
    await tx.execute(NOTE, order_id, industry, size)
