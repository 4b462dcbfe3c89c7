"""A head office's pools: reconciled when it wants."""

from datetime import date

import asyncpg
import httpx

from app.infra.db import Database
from tests.market.parties.test_http import clients, world  # noqa: F401 - fixtures
from tests.market.parties.world import WAN, World, make_world, open_pool

PAGE = {"accept": "text/html"}


async def test_a_head_office_reconciles_its_own_pools_when_it_wants(
    db: Database,
    clients: dict[str, httpx.AsyncClient],  # noqa: F811
    world: World,  # noqa: F811
    admin: asyncpg.Connection,
):
    """By a button: what differs from its ledger is frozen and said; another bank's pools are not its business."""
    await open_pool(db, world, 100 * WAN, date(2026, 10, 1))
    await make_world(db, name="样品山城银行")
    healthy = await clients["maker"].post("/bank/pools/reconciliation", data={}, headers=PAGE)
    await admin.execute("update pools set posted_fen = posted_fen + 1")

    found = await clients["maker"].post("/bank/pools/reconciliation", data={}, headers=PAGE)

    assert (303, 303) == (healthy.status_code, found.status_code)
    frozen = {row["bank_id"] == world.bank_id: row["is_frozen"] for row in await admin.fetch("select * from pools")}
    assert {True: True, False: False} == frozen
