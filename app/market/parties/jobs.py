"""What the worker does for pools, and what happens when outlets have come into force."""

from datetime import timedelta

from app.credit import subjects
from app.credit.ingestion.events import OutletsLanded
from app.infra.db import Tx
from app.kernel.clock import shanghai_date
from app.market.parties.rules import quarter_of
from app.market.parties.service.outlets import OutletEntry, place_outlets
from app.market.parties.service.pools import Difference, reconcile


async def reconcile_pools(tx: Tx) -> tuple[Difference, ...]:
    """Hold every pool's counters against its ledger and freeze what differs (P4)."""
    return await reconcile(tx, now=tx.now)


async def reconcile_newest(tx: Tx) -> tuple[Difference, ...]:
    """The same for the pools that take holds or are drawn from now: those of this quarter and the one before."""
    begun = quarter_of(shanghai_date(tx.now))
    return await reconcile(tx, now=tx.now, since=quarter_of(begun - timedelta(days=1)))


async def open_branches(tx: Tx, event: OutletsLanded) -> None:
    """Turn a batch of registered outlets into branches of their banks; the rest waits for a person."""
    rows = await subjects.outlet_rows(tx, event.batch_id)
    entries = [OutletEntry(s.name, s.uscc, s.district_code, s.address, s.founded_on) for s in rows]
    await place_outlets(tx, entries, now=event.at)
