"""Firing due clocks when nobody acts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from app.infra.db import Database, Role
from app.market.orders import store
from app.market.orders.service import acting
from app.office import clocks

log = structlog.get_logger(__name__)
CASE_KINDS: Final = ("order", "suborder", "appeal")
BLOCK: Final = 50  # Orders in one transaction: far below its time limit, large enough to spread its cost.


async def sweep(db: Database, now: datetime | None = None) -> int:
    """Fire one block of due clocks; returns how many fired. Repeat until 0.

    Due clocks are found without locks; their orders are locked by id, those that somebody acts on now are left out
    (the act fires for itself), and what is due is looked at again under the lock.
    """
    async with db.reading(Role.WORKER) as tx:
        order_ids = await clocks.find_due(tx, CASE_KINDS, now=now or tx.now, limit=BLOCK)
    if not order_ids:
        return 0
    try:
        return await _fire(db, order_ids, now)
    except Exception as error:  # noqa: BLE001 - one order that cannot be fired must not hold back the others
        log.warning("sweep_block_failed", orders=len(order_ids), error=type(error).__name__)
    fired = 0
    for order_id in order_ids:
        try:
            fired += await _fire(db, [order_id], now)
        except Exception as error:  # noqa: BLE001 - it is told and tried again
            log.error("sweep_failed", order_id=str(order_id), error=type(error).__name__)
    return fired


async def _fire(db: Database, order_ids: Sequence[UUID], now: datetime | None) -> int:
    fired = 0
    async with db.transaction(Role.WORKER) as tx:
        for order_id in await store.lock_free(tx, order_ids):
            order = await store.read_order(tx, order_id)
            assert order is not None, "it was locked"
            fired += await acting.fire_due(tx, order, now=now or tx.now)
    return fired
