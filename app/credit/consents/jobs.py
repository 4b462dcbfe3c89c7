"""What the worker does for consents."""

from datetime import datetime, timedelta

from app.credit.consents import service, store
from app.infra.db import Database, Role

GRACE = timedelta(seconds=30)  # A revocation takes two seconds at most; older than this its process has died.


async def finish_revocations(db: Database, *, now: datetime) -> int:
    """Write the second half of revocations whose process died between the halves; returns how many."""
    async with db.reading(Role.WORKER) as tx:
        consent_ids = await store.find_half_revoked(tx, before=now - GRACE)
    for consent_id in consent_ids:
        async with db.transaction(Role.WORKER) as tx:
            await service.finish_revocation(tx, consent_id, now=now)
    return len(consent_ids)
