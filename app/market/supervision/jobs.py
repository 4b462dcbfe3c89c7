"""What the worker does for supervision: folds what has moved into what is kept of figures."""

from typing import Final

from app.infra.db import Tx
from app.market.supervision.store import folded as store_folded
from app.market.supervision.store import gaming as store_gaming

BLOCK: Final = 500  # Suborders in one transaction: a fraction of a second.


async def fold(tx: Tx) -> int:
    """Fold one block; returns how many suborders it held. Repeat until 0."""
    return await store_folded.fold(tx, BLOCK)


async def measure(tx: Tx) -> int:
    """Measure the conduct in one block of suborders anew; returns how many it held. Repeat until 0."""
    return await store_gaming.fold(tx, BLOCK)
