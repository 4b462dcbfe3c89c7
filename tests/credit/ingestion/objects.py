"""Batches for tests of other rooms."""

from uuid import UUID

from app.access.seats import Seat
from app.credit.ingestion import FileKind, profile_waiting, store_batch
from app.infra.db import Database, Role, Scope
from tests.credit.ingestion.dirt import REGISTRY


async def stored_batch(db: Database, by: Seat, *, offer: bool = False) -> UUID:
    """A file that a data officer has handed in; not yet in force. `offer`: with its profile, before a decision."""
    place = "渝北区" if offer else "渝中区"
    text = f"{REGISTRY}\n山城测试有限公司,{by.org_id},2019-01-02,N/A,N/A,测试,重庆,渝中,{place}\n"
    async with db.transaction(Role.OPS, Scope(org_id=by.org_id, actor_id=by.person_id)) as tx:
        batch = await store_batch(
            tx, FileKind.REGISTRY, "f.csv", text.encode(), now=tx.now, provider_id=by.org_id, offer=offer
        )
    if offer:
        await profile_waiting(db)
    return batch.batch_id
