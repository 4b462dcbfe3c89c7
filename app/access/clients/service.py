"""A bank's head office registers its machines; a machine proves its key and gets a token for five minutes.

Instants here are wall time (`tx.wall`): a demo that moves the business clock must not lengthen a token's life.
"""

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog

from app.access import audit
from app.access.clients import assertions, rules, store
from app.access.clients.rules import Client, ClientKey, Fault, KeyFault, Token, Use
from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Record, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id

log = structlog.get_logger(__name__)


async def register_client(
    tx: Tx,
    name: str,
    *,
    signing_key: Mapping[str, Any],
    encryption_key: Mapping[str, Any],
    by: Seat,
    branch_id: UUID | None = None,
) -> Client:
    """Register a machine of the caller's bank with its first two keys. Refuses `invalid-key` or `already-exists`."""
    client_id = new_id()
    if not await store.insert_client(tx, client_id, by.org_id, branch_id, name, by.person_id):
        raise Refusal("already-exists")
    for use, jwk in ((Use.SIGNING, signing_key), (Use.ENCRYPTION, encryption_key)):
        await _add_key(tx, (client_id, by.org_id), use, jwk, by)
    await audit.write(tx, "client.register", detail={"client_id": str(client_id)})
    return Client(client_id, by.org_id, branch_id, name, tx.wall, None)


async def rotate_key(tx: Tx, client_id: UUID, use: Use, jwk: Mapping[str, Any], *, by: Seat) -> None:
    """Register the successor of a key; the old one works for 24 hours more."""
    client = await _lock(tx, client_id, by)
    await store.end_key(tx, client_id, use, tx.wall + rules.OVERLAP)
    await _add_key(tx, (client_id, client.bank_id), use, jwk, by)
    detail = {"client_id": str(client_id), "kid": str(jwk["kid"]), "use": use.value}
    await audit.write(tx, "client.rotate-key", detail=detail)


async def withdraw_key(tx: Tx, client_id: UUID, kid: str, *, by: Seat) -> None:
    """End a key at once, because it was lost. Refuses `not-found` when it is unknown or over."""
    await _lock(tx, client_id, by)
    if not await store.cut_key(tx, client_id, kid, tx.wall):
        raise Refusal("not-found")
    detail = {"client_id": str(client_id), "kid": kid}
    await audit.write(tx, "client.withdraw-key", detail=detail)


async def disable_client(tx: Tx, client_id: UUID, *, by: Seat) -> None:
    """Switch a machine off: its tokens are dead on the next request. Refuses `wrong-state` when it is off already."""
    await _lock(tx, client_id, by)
    if not await store.disable_client(tx, client_id, by.person_id):
        raise Refusal("wrong-state")
    await audit.write(tx, "client.disable", detail={"client_id": str(client_id)})


async def list_clients(tx: ReadTx) -> list[Client]:
    """The machines that the caller's audience may see."""
    return [_client(record) for record in await store.read_clients(tx)]


async def list_keys(tx: ReadTx, client_id: UUID) -> list[ClientKey]:
    """The keys of one machine, newest first."""
    return [_key(record) for record in await store.read_keys(tx, client_id)]


async def grant_token(tx: Tx, assertion: str, *, issuer: str) -> Token:
    """Exchange a signed assertion for an access token (RFC 7523). Every refusal is `invalid-assertion`, unexplained."""
    claim = rules.read_assertion(assertion, issuer=issuer, now=tx.wall)
    if isinstance(claim, Fault):
        raise _refused(claim)
    client_id = _uuid(claim.client_id)
    found = None if client_id is None else await store.find_signing_key(tx, client_id, claim.kid, tx.wall)
    if client_id is None or found is None:
        raise _refused(Fault.UNKNOWN_KEY)
    if fault := rules.judge_algorithm(claim.alg, found["jwk"]):
        raise _refused(fault)
    if not assertions.signature_holds(assertion, found["jwk"], claim.alg):
        raise _refused(Fault.SIGNATURE)
    if found["disabled"]:
        raise _refused(Fault.DISABLED)
    if not await store.use_assertion(tx, client_id, claim.jti, claim.expires_at + rules.SKEW):
        raise _refused(Fault.REPLAYED)
    token = secrets.token_urlsafe(32)
    expires_at = tx.wall + rules.TOKEN_LIFE
    await store.insert_token(tx, assertions.token_hash(token), client_id, found["bank_id"], expires_at)
    return Token(token, client_id, found["bank_id"], expires_at)


async def authenticate(tx: ReadTx, token: str) -> Seat | None:
    """The seat behind an access token, or None: unknown, over, or its client was disabled."""
    found = await store.find_by_token(tx, assertions.token_hash(token), tx.wall) if len(token) < 128 else None
    if found is None:
        return None
    client_id = found["client_id"]
    return Seat(client_id, found["bank_id"], SeatRole.BANK_CLIENT, found["branch_id"], client_id)


async def encryption_key(tx: ReadTx, client_id: UUID) -> ClientKey:
    """The key to encrypt to for a machine now. Refuses `invalid-key` when it has none that is valid."""
    found = await store.find_encryption_key(tx, client_id, tx.wall)
    if found is None:
        raise Refusal("invalid-key")
    return _key(found)


async def forget_expired(tx: Tx) -> int:
    """Drop what no longer protects anything; returns how many rows."""
    return await store.forget_expired(tx, tx.wall - rules.SKEW)


async def _lock(tx: Tx, client_id: UUID, by: Seat) -> Client:
    record = await store.lock_client(tx, client_id)
    if record is None or record["bank_id"] != by.org_id:
        raise Refusal("not-found")
    return _client(record)


async def _add_key(tx: Tx, owner: tuple[UUID, UUID], use: Use, jwk: Mapping[str, Any], by: Seat) -> None:
    fault = rules.judge_key(jwk, use)
    if fault is None and assertions.load_key(jwk) is None:
        fault = KeyFault.COORDINATE
    if fault is not None:
        raise Refusal("invalid-key", use=use.value, reason=fault.value)
    if not await store.insert_key(tx, owner, use, jwk, assertions.thumbprint(jwk), by.person_id):
        raise Refusal("invalid-key", use=use.value, reason="known")


def _refused(fault: Fault) -> Refusal:
    log.warning("assertion_refused", fault=fault.value)
    return Refusal("invalid-assertion")


def _uuid(text: str) -> UUID | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def _client(record: Record) -> Client:
    return Client(**dict(record))


def _key(record: Record) -> ClientKey:
    fields = dict(record)
    return ClientKey(**{**fields, "use": Use(fields["use"])})
