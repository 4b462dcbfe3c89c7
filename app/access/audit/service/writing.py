"""Writing the audit log."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from app.access.audit import store
from app.infra.db import Database, Role, Scope, Tx
from app.kernel.errors import Refusal
from app.web.context import RequestContext

_ACT: Final = re.compile(r"[a-z][a-z0-9_.-]{1,63}")
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


async def write(
    tx: Tx,
    act: str,
    *,
    subject_id: UUID | None = None,
    case_id: UUID | None = None,
    detail: Mapping[str, str] = _NOTHING,
) -> None:
    """Add an event with the caller's commit, so that the act and its trace stand or fall together.

    `act` is a short verb phrase such as `package.read`; `detail` holds codes and ids, no names and no free text.
    """
    assert _ACT.fullmatch(act), f"not an act: {act!r}"
    tx.gather(store.insert_events, store.Entry(act, subject_id, case_id, detail))


async def write_refusal(db: Database, request: RequestContext, refusal: Refusal) -> None:
    """Note a refusal of consent, sign-in or rate in a transaction of its own, since the request's is rolled back."""
    seat = request.seat
    scope = Scope(
        org_id=seat.org_id if seat else None,
        actor_id=request.visitor.person_id if request.visitor else None,
        request_id=request.trace_id,
    )
    reason = refusal.extra.get("reason")
    detail = {"code": refusal.code} | ({"reason": reason} if isinstance(reason, str) else {})
    case_id = refusal.extra.get("case_id")
    async with db.transaction(Role.AUTH, scope) as tx:
        await write(tx, "request.refused", case_id=case_id if isinstance(case_id, UUID) else None, detail=detail)
