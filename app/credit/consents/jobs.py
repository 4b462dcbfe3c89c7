"""What the worker does for consents."""

from datetime import timedelta

from app.credit.consents import service, store
from app.credit.consents.service import LockFirst
from app.infra.db import Database, Role, Scope

GRACE = timedelta(seconds=30)  # A revocation takes two seconds at most; after this its process has died.


async def finish_revocations(db: Database, *, lock_first: LockFirst | None = None, grace: timedelta = GRACE) -> int:
    """Write the second half of revocations whose process died between the halves; returns how many.

    Their age is real time, the instant written is the business clock's. `lock_first` as for `revoke`.
    """
    async with db.reading(Role.WORKER) as tx:
        waiting = await store.find_half_revoked(tx, before=tx.wall - grace)
    for consent_id, order_id in waiting:
        async with db.transaction(Role.WORKER, Scope(case_id=order_id)) as tx:
            if lock_first is not None and (consent := await store.read(tx, consent_id)) is not None:
                await lock_first(tx, consent)
            await service.finish_revocation(tx, consent_id, now=tx.now)
    return len(waiting)
