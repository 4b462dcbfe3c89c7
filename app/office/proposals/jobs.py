"""What the worker does for proposals."""

from app.infra.db import Tx
from app.office.proposals import service


async def expire_proposals(tx: Tx) -> int:
    """One block of the sweep; return how many it closed."""
    return await service.expire_due(tx, now=tx.now)
