"""What the worker does for pools, and what happens when outlets have come into force."""

from app.credit import subjects
from app.credit.ingestion.events import OutletsLanded
from app.infra.db import Tx
from app.market.parties.service.outlets import OutletEntry, place_outlets
from app.market.parties.service.pools import Difference, reconcile


async def reconcile_pools(tx: Tx) -> tuple[Difference, ...]:
    """Hold every pool's counters against its ledger and freeze what differs; nightly and on demand (P4)."""
    return await reconcile(tx, now=tx.now)


async def open_branches(tx: Tx, event: OutletsLanded) -> None:
    """Turn a batch of registered outlets into branches of their banks; the rest waits for a person."""
    rows = await subjects.outlet_rows(tx, event.batch_id)
    entries = [OutletEntry(s.name, s.uscc, s.district_code, s.address, s.founded_on) for s in rows]
    await place_outlets(tx, entries, now=event.at)
