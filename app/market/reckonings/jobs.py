"""What the worker does: ask for the nightly check, and run what waits."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias

import structlog

from app.infra.db import Database, ReadTx, Role, Tx
from app.market.reckonings import service, store
from app.office import clocks

log = structlog.get_logger(__name__)
LEASE: Final = timedelta(minutes=1)  # Of a question that tells its progress,
LEASE_OF_CHECK: Final = timedelta(minutes=30)  # and of one that does not.
Tell: TypeAlias = Callable[[int, int], Awaitable[None]]
Compute: TypeAlias = Callable[[ReadTx, str, Mapping[str, Any], Tell], Awaitable[Mapping[str, Any]]]


async def ask_nightly(tx: Tx) -> int:
    return int(await service.ask_nightly(tx))


async def run_waiting(db: Database, compute: Compute) -> int:
    """Run the oldest question, if there is one; return how many were run.

    The reading transaction lasts as long as the reckoning; progress and answer are transactions of their own. What
    fails is told as failed, with the error's class alone.
    """
    async with db.transaction(Role.WORKER) as tx:
        # What is shown takes it that due clocks have fired; a check that overtakes them would cry wolf.
        unfired = bool(await clocks.find_due(tx, None, now=tx.now, limit=1))
        claimed = await store.claim(tx, tx.wall, LEASE, LEASE_OF_CHECK, but_checks=unfired)
    if claimed is None:
        return 0
    asked = claimed["reckoning_id"]

    async def tell(done: int, whole: int) -> None:
        async with db.transaction(Role.WORKER) as tx:
            await store.tell(tx, asked, done, whole, tx.wall + LEASE)

    result: Mapping[str, Any] | None = None
    try:
        async with db.reading(Role.REPORTER) as snapshot:
            result = await compute(snapshot, claimed["kind"], claimed["body"], tell)
    except Exception as error:  # noqa: BLE001 - whoever waits is told that nothing will come
        log.error("reckoning_failed", kind=claimed["kind"], error=type(error).__name__)
    async with db.transaction(Role.WORKER) as tx:
        await store.end(tx, asked, "failed" if result is None else "done", result, tx.now)
    if claimed["kind"] == "check" and result is not None and result["difference_count"]:
        log.error("figures_differ", differences=result["difference_count"])
    return 1
