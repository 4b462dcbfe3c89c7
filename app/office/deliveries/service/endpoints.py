"""Endpoints of banks, and what is to be told to them. Sending itself is `sending.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.access import audit
from app.access.seats import Seat
from app.infra import vault
from app.infra.db import ReadTx, Record, Tx
from app.infra.http import CallRefused, Outgoing
from app.infra.settings import Settings
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.office.deliveries import rules, store
from app.office.deliveries.rules import Endpoint, Notice, NoticeState, Scheme
from app.office.deliveries.service import signing


def outgoing(settings: Settings) -> Outgoing:
    """The client that calls endpoints, with the loopback addresses of the settings (none in production)."""
    return Outgoing(loopback=settings.webhook_loopback, production=settings.production)


async def check_url(http: Outgoing, url: str) -> None:
    """Judge an address before it is registered; call it outside any transaction. Refuses `webhook-url-refused`."""
    try:
        await http.check(url)
    except CallRefused as refused:
        raise Refusal("webhook-url-refused", reason=refused.code) from None


async def register_endpoint(
    tx: Tx,
    url: str,
    *,
    kinds: Sequence[str],
    by: Seat,
    scheme: Scheme = Scheme.V1A,
    secret: str | None = None,
) -> tuple[Endpoint, str]:
    """Register a checked address of the caller's bank; returns it and what verifies its notices.

    That is the public key (v1a), or the shared secret (v1), which is shown this once. `secret` lets a bank bring its
    own for v1. Refuses `malformed-field` (kinds), `invalid-key` (secret) and `conflict` (twenty live ones already).
    """
    if await store.count_live(tx, by.org_id) >= rules.ENDPOINTS_MAX:
        raise Refusal("conflict", reason="too-many-endpoints")
    if not rules.judge_kinds(tuple(kinds)):
        raise Refusal("malformed-field", field="kinds")
    key = _key(scheme, secret)
    endpoint_id = new_id()
    await store.insert_endpoint(tx, (endpoint_id, by.org_id, url, list(kinds), scheme.value, by.person_id))
    await _keep_key(tx, endpoint_id, by.org_id, key)
    await audit.write(tx, "endpoint.register", detail={"endpoint_id": str(endpoint_id), "scheme": scheme.value})
    return Endpoint(endpoint_id, by.org_id, url, tuple(kinds), scheme, tx.wall, None, None), key.shown


async def verification_key(tx: ReadTx, endpoint_id: UUID) -> str:
    """What verifies the newest signatures: the public key (v1a) or the shared secret (v1). Refuses `not-found`."""
    scheme = await store.read_scheme(tx, endpoint_id)
    found = await store.read_keys(tx, endpoint_id, tx.wall)
    if scheme is None or not found:
        raise Refusal("not-found")
    material = await vault.unseal(tx, key_place(found[0]["key_id"], found[0]["bank_id"]), found[0]["material"])
    return signing.Key(Scheme(scheme), material).shown


async def rotate_key(tx: Tx, endpoint_id: UUID, *, by: Seat, secret: str | None = None) -> str:
    """Make (or take) the next key; both sign for 24 hours. Returns what verifies the new signatures."""
    endpoint = await _lock(tx, endpoint_id, by)
    key = _key(endpoint.scheme, secret)
    await store.end_key(tx, endpoint_id, tx.wall + rules.OVERLAP)
    await _keep_key(tx, endpoint_id, endpoint.bank_id, key)
    await audit.write(tx, "endpoint.rotate-key", detail={"endpoint_id": str(endpoint_id)})
    return key.shown


async def disable_endpoint(tx: Tx, endpoint_id: UUID, *, by: Seat) -> None:
    """Stop telling an endpoint; what waits becomes a dead letter. Refuses `not-found` or `wrong-state`."""
    await _lock(tx, endpoint_id, by)
    if not await store.disable_endpoint(tx, endpoint_id, "by-bank"):
        raise Refusal("wrong-state")
    await store.bury_pending(tx, endpoint_id, "endpoint-disabled")
    await audit.write(tx, "endpoint.disable", detail={"endpoint_id": str(endpoint_id)})


async def list_endpoints(tx: ReadTx) -> list[Endpoint]:
    """The endpoints that the caller's audience may see."""
    return [_endpoint(record) for record in await store.read_endpoints(tx)]


async def is_told(tx: ReadTx, bank_id: UUID, kind: str) -> bool:
    """Whether a bank has a live endpoint for a kind of event. A bank that has none only pulls."""
    return await store.is_told(tx, bank_id, kind)


async def tell(
    tx: Tx, bank_id: UUID, kind: str, ids: Mapping[str, UUID], *, stream_id: UUID, at: datetime
) -> list[UUID]:
    """Put a notice before every live endpoint of a bank that takes the kind; returns their ids, perhaps none.

    `stream_id` is the case it is about, `at` the business instant of the fact. Only ids are told.
    """
    assert rules.KIND.fullmatch(kind), f"not a kind of notice: {kind!r}"
    assert all(isinstance(value, UUID) for value in ids.values()), "a notice holds ids only"
    return await store.insert_notices(tx, bank_id, stream_id, kind, {k: str(v) for k, v in ids.items()}, at)


async def list_dead(tx: ReadTx, *, after: int = 0, limit: int = 100) -> list[Notice]:
    """Dead letters that the caller's audience may see, oldest first, after a `seq`."""
    return [_notice(record) for record in await store.read_dead(tx, after, limit)]


async def dead_by_bank(tx: ReadTx) -> list[Record]:
    """Of each bank with dead letters: how many (`notices`), since when, and why the newest was given up."""
    return await store.read_dead_by_bank(tx)


async def list_notices(tx: ReadTx, stream_id: UUID) -> list[Notice]:
    """Every notice about a case that the caller's audience may see."""
    return [_notice(record) for record in await store.read_notices_of(tx, stream_id)]


async def resend(tx: Tx, notice_id: UUID) -> None:
    """Try a dead letter again from the start, within 30 days. Refuses `not-found` or `wrong-state`."""
    if not await store.revive(tx, notice_id, tx.wall - rules.RESEND_WITHIN):
        raise Refusal("wrong-state" if await store.knows_notice(tx, notice_id) else "not-found")
    await audit.write(tx, "notice.resend", detail={"notice_id": str(notice_id)})


def _key(scheme: Scheme, secret: str | None) -> signing.Key:
    if secret is None:
        return signing.new_key(scheme)
    if scheme is not Scheme.V1:
        raise Refusal("invalid-key", reason="scheme")
    if fault := rules.judge_secret(secret):
        raise Refusal("invalid-key", reason=fault.value)
    return signing.given_key(secret)


async def _keep_key(tx: Tx, endpoint_id: UUID, bank_id: UUID, key: signing.Key) -> None:
    key_id = new_id()
    sealed = await vault.seal(tx, key_place(key_id, bank_id), key.material)
    await store.insert_key(tx, key_id, endpoint_id, bank_id, sealed)


def key_place(key_id: UUID, bank_id: UUID) -> vault.Place:
    """Where a signing key is sealed."""
    return vault.Place("endpoint_keys", "material", key_id, bank_id)


async def _lock(tx: Tx, endpoint_id: UUID, by: Seat) -> Endpoint:
    record = await store.lock_endpoint(tx, endpoint_id)
    if record is None or record["bank_id"] != by.org_id:
        raise Refusal("not-found")
    return _endpoint(record)


def _endpoint(record: Record) -> Endpoint:
    fields: dict[str, Any] = dict(record)
    return Endpoint(**{**fields, "kinds": tuple(fields["kinds"]), "scheme": Scheme(fields["scheme"])})


def _notice(record: Record) -> Notice:
    fields: dict[str, Any] = dict(record)
    return Notice(**{**fields, "state": NoticeState(fields["state"])})
