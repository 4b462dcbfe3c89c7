"""Batches for tests of other rooms."""

from uuid import UUID

from app.access.seats import Seat
from app.credit.ingestion import FileKind, store_batch
from app.infra.db import Database, Role, Scope
from tests.credit.ingestion.dirt import REGISTRY


async def stored_batch(db: Database, by: Seat) -> UUID:
    """A file that a data officer has handed in; not yet in force."""
    text = f"{REGISTRY}\n山城测试有限公司,{by.org_id},2019-01-02,N/A,N/A,测试,重庆,渝中,渝中区\n"
    async with db.transaction(Role.OPS, Scope(org_id=by.org_id, actor_id=by.person_id)) as tx:
        batch = await store_batch(tx, FileKind.REGISTRY, "f.csv", text.encode(), now=tx.now, provider_id=by.org_id)
    return batch.batch_id
