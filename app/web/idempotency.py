"""A repeated request has one effect (P5).

    order_id = await idempotency.once(request, tx, lambda: service.post_order(tx, data, by=seat, now=tx.now))
    return idempotency.answer(request, OrderView.of(await service.get_order(tx, order_id)))

The row of (actor, key) is written first in the same transaction, so it is there if and only if the effect is. A
repetition finds it and gets the same resource, status and Location; the body is made afresh. Nothing of a refused or
failed request stays, so its key may be used again. A key is remembered for seven days.
"""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType

from app.infra.db import Tx
from app.kernel.errors import Refusal
from app.web import csrf

HEADER: Final = "idempotency-key"
FIELD: Final = "_key"
KEPT_FOR: Final = timedelta(days=7)
_KEY: Final = re.compile(r"[A-Za-z0-9._:-]{8,100}")
_STATE: Final = "idempotency_outcome"
T = TypeVar("T")


def mint_key() -> str:
    """A key for a form, made with its page."""
    return secrets.token_urlsafe(18)


async def once(
    request: Request[Any, Any, Any],
    tx: Tx,
    act: Callable[[], Awaitable[UUID]],
    *,
    location: str | None = None,
    status: int = 201,
) -> UUID:
    """Run `act` unless this very request was accepted before; return the id of its resource either way.

    `location` is a path with `{}` for that id. Refuses with `idempotency-key-missing`, `-invalid`, `-reused` (other
    body or route), `-in-progress` (the first one has not ended; Retry-After 1), and with whatever `act` refuses.
    """
    key = await _key_of(request)
    taken = await _take(tx, key, await _fingerprint(request))
    if taken is not None:
        request.scope["state"][_STATE] = (taken["status"], taken["location"], True)
        resource_id: UUID = taken["resource_id"]
        return resource_id
    try:
        resource_id = await act()
    except Refusal as refusal:
        if refusal.keep:  # The rest is committed, so the key must be given back by hand.
            await tx.execute("delete from idempotency where actor_id = $1 and key = $2", tx.actor_id, key)
        raise
    place = location.format(resource_id) if location else None
    rows = await tx.execute(
        "update idempotency set status = $3, resource_id = $4, location = $5 where actor_id = $1 and key = $2",
        *(tx.actor_id, key, status, resource_id, place),
    )
    assert rows == 1, "the idempotency row is ours"
    request.scope["state"][_STATE] = (status, place, False)
    return resource_id


def answer(request: Request[Any, Any, Any], view: T) -> Response[T]:
    """`view` with the status and Location of the first time."""
    status, place, repeated = request.scope["state"][_STATE]
    headers = {"location": place} if place else {}
    if repeated:
        headers["idempotency-replayed"] = "true"
    return Response(view, status_code=status, headers=headers)


async def forget(tx: Tx, wall: datetime) -> int:
    """Drop keys older than seven days; the worker's housekeeping. Returns how many."""
    return await tx.execute("delete from idempotency where created_at < $1", wall - KEPT_FOR)


async def _key_of(request: Request[Any, Any, Any]) -> str:
    """The one key of a request: header, or hidden field of a form."""
    keys = request.headers.getall(HEADER, [])
    if not keys and csrf.is_form(request):
        keys = [value for value in (await request.form()).getall(FIELD, []) if isinstance(value, str)]
    if not keys:
        raise Refusal("idempotency-key-missing", "请在 Idempotency-Key 头中给出本次请求的唯一标识。")
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise Refusal("idempotency-key-invalid", "Idempotency-Key 须为一个 8 至 100 位的字母、数字或 . _ : - 。")
    return keys[0]


async def _fingerprint(request: Request[Any, Any, Any]) -> bytes:
    """What must be the same for a repetition: method, path, query (a file's particulars stand in it), and the body
    to the byte.

    A form's own token is part of its body; it is the same as long as the session is. Of a form with files the parts
    count and not the bytes between them: a browser draws a new boundary each time it sends the same form.
    """
    parts = csrf.is_form(request) and request.content_type[0] == RequestEncodingType.MULTI_PART
    body = await _digest_of_parts(request) if parts else hashlib.sha256(await request.body()).digest()
    query: bytes = request.scope["query_string"]
    route = f"{request.method} {request.scope['path']}?".encode() + query + b"\n"
    return hashlib.sha256(route + body).digest()


async def _digest_of_parts(request: Request[Any, Any, Any]) -> bytes:
    whole = hashlib.sha256()
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            await value.seek(0)
            content, kind = await value.read(), f"{value.filename}\n{value.content_type}"
            await value.seek(0)
        else:
            content, kind = str(value).encode(), ""
        for part in (name.encode(), kind.encode(), content):
            whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()


async def _take(tx: Tx, key: str, fingerprint: bytes) -> Any | None:
    """None when the key is now ours; the row of the first time when that was accepted."""
    assert tx.actor_id is not None, "an idempotent act has an actor"
    try:
        row = await tx.row("select * from take_idempotency_key($1, $2, $3)", key, fingerprint, tx.wall)
    except asyncpg.LockNotAvailableError:
        raise Refusal("idempotency-in-progress", retry_after=1) from None
    assert row is not None
    if row["fresh"]:
        return None
    if row["known_fingerprint"] is None:  # Gone between the two looks: the first one has just been refused.
        raise Refusal("idempotency-in-progress", retry_after=1)
    if row["known_fingerprint"] != fingerprint:
        raise Refusal("idempotency-key-reused")
    assert row["status"] is not None, "only accepted requests are kept"
    return row
