"""What the worker does for pools."""

from app.infra.db import Tx
from app.market.parties.service.pools import Difference, reconcile


async def reconcile_pools(tx: Tx) -> tuple[Difference, ...]:
    """Hold every pool's counters against its ledger and freeze what differs; nightly and on demand (P4)."""
    return await reconcile(tx, now=tx.now)
