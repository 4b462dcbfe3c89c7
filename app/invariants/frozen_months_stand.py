"""A frozen month is as it was frozen: its facts, the sums of them, and the digest of everything that it says."""

from app.infra.db import ReadTx
from app.market.supervision import find_damage


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each month and what of it was touched."""
    return await find_damage(tx)
