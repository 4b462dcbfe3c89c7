"""Reading sealed packages: by the bank under the consent gate, metered and audited; by the rules as evidence."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.access import audit, clients
from app.access.seats import BANK_ROLES, Seat, SeatRole
from app.credit.consents import check
from app.infra import settings, vault
from app.infra.db import ReadTx, Record, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.packages import rules, store
from app.market.packages.rules import PackageItem
from app.market.packages.service import envelopes
from app.market.packages.service.sealing import package_place

ENVELOPE_LIFE: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Head:
    """What may be known of a package without opening it."""

    package_id: UUID
    order_id: UUID
    suborder_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    subject_id: UUID
    consent_id: UUID
    purpose: str
    preview_id: UUID | None
    as_of: datetime
    sha256: str
    kid: str
    items: int
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Envelope:
    """One delivery: a JWE that only the bank's machine can open, until `expires_at` (wall time)."""

    package_id: UUID
    read_id: UUID
    jwe: str
    sha256: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A package in clear, for a page. `body` is what was signed, its hash checked again on the way."""

    head: Head
    body: dict[str, Any]
    items: tuple[PackageItem, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Who opened a package, when and how (`envelope` or `page`)."""

    read_id: UUID
    package_id: UUID
    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID
    client_id: UUID | None
    person_id: UUID
    manner: str
    size_bytes: int
    read_at: datetime
    order_id: UUID


async def deliver(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> Envelope:
    """The envelope of a suborder's package, for a bank's machine. Refuses as `open` does.

    The caller has locked the suborder and found it alive. Run it with the right to write (`records_access`).
    """
    head = await store.find_of_suborder(tx, suborder_id)
    if head is None:
        raise Refusal("not-found")
    return await open(tx, head["package_id"], by=by, now=now)


async def open(tx: Tx, package_id: UUID, *, by: Seat, now: datetime) -> Envelope:
    """Wrap a package for one delivery to the machine that asks, under the consent gate, metered and audited.

    Send it after the commit. Refuses `not-found` (also for another bank's), `consent-missing` and `consent-grantee`
    with `reason`, `forbidden` for a person, `invalid-key` when the machine has no valid encryption key.
    """
    if by.role is not SeatRole.BANK_CLIENT or by.client_id is None:
        raise Refusal("forbidden")
    row = await _admit(tx, package_id, by, now)
    key = await clients.encryption_key(tx, by.client_id)
    token = await vault.unseal(tx, package_place(package_id, row["subject_id"]), row["jws"])
    read_id, expires_at = new_id(), tx.wall + ENVELOPE_LIFE
    jwe = envelopes.wrap(
        token.decode(), key.jwk, issuer=settings.load().issuer, bank_id=row["bank_id"], read_id=read_id,
        expires_at=expires_at,
    )  # fmt: skip
    await _meter(tx, row, read_id, by, "envelope", len(jwe))
    return Envelope(package_id, read_id, jwe, row["sha256"], expires_at)


async def read(tx: Tx, package_id: UUID, *, by: Seat, now: datetime) -> Opened:
    """A package in clear for a page of the bank's people, under the same gate, meter and audit as `open`."""
    if by.role not in BANK_ROLES or by.role is SeatRole.BANK_CLIENT:
        raise Refusal("forbidden")
    row = await _admit(tx, package_id, by, now)
    opened, size = await _open(tx, row)
    await _meter(tx, row, new_id(), by, "page", size)
    return opened


async def read_own(tx: Tx, package_id: UUID, *, by: Seat) -> Opened:
    """What was sealed about a firm, for the firm itself: its own data need no consent. Audited, not metered."""
    row = await store.read_package(tx, package_id)
    if row is None or row["business_id"] != by.org_id:
        raise Refusal("not-found")
    detail = {"package_id": str(package_id)}
    await audit.write(tx, "package.own-read", subject_id=row["subject_id"], case_id=row["order_id"], detail=detail)
    return (await _open(tx, row))[0]


async def item(tx: ReadTx, package_id: UUID, path: str) -> PackageItem | None:
    """One item as evidence, or None where the package has no such path.

    For rules inside an act of the package's own bank; what leaves is a verdict, so it is not a reading.
    """
    return next((found for found in await items(tx, package_id) if found.path == path), None)


async def items(tx: ReadTx, package_id: UUID) -> tuple[PackageItem, ...]:
    """All evidence of a package: its items, then the bank's own inputs sealed beside them."""
    row = await store.read_package(tx, package_id)
    if row is None:
        raise Refusal("not-found")
    return (await _open(tx, row))[0].items


async def find_of_suborder(tx: ReadTx, suborder_id: UUID) -> Head | None:
    """The package of a suborder, if one was sealed and the audience may see it."""
    row = await store.find_of_suborder(tx, suborder_id)
    return None if row is None else Head(**dict(row))


async def list_of_order(tx: ReadTx, order_id: UUID) -> Sequence[Head]:
    """The packages of an order that the audience may see, oldest first."""
    return [Head(**dict(row)) for row in await store.read_of_order(tx, order_id)]


async def list_reads(tx: ReadTx, *order_ids: UUID) -> Sequence[Reading]:
    """Who opened the firm's data for these orders, for the firm, the bank itself and the regulator; oldest first."""
    return [Reading(**dict(row)) for row in await store.read_reads(tx, order_ids)]


async def _admit(tx: Tx, package_id: UUID, by: Seat, now: datetime) -> Record:
    """The package, if its bank asks and the consent holds now; the consent stays locked until the commit."""
    row = await store.read_package(tx, package_id)
    if row is None or row["bank_id"] != by.org_id:
        raise Refusal("not-found")
    if by.branch_id is not None and by.branch_id != row["branch_id"]:
        raise Refusal("consent-grantee", reason="other-branch")
    await check(
        tx, row["consent_id"], bank_id=by.org_id, branch_id=row["branch_id"], purpose=row["purpose"], now=now
    )  # fmt: skip
    return row


async def _open(tx: ReadTx, row: Record) -> tuple[Opened, int]:
    """Decrypt, verify our own signature and the hash; a package that fails is a fault of ours, not of the reader."""
    token = await vault.unseal(tx, package_place(row["package_id"], row["subject_id"]), row["jws"])
    claims = json.loads(envelopes.read(vault.ring(), token.decode()))
    body = claims["package"]
    digest = rules.digest(rules.canonical(body))
    assert digest == claims["sha256"] == row["sha256"], "a sealed package has the hash it was sealed with"
    assert claims["jti"] == str(row["package_id"]), "a sealed package stands in its own row"
    fields = {name: value for name, value in dict(row).items() if name != "jws"}
    return Opened(Head(**fields), body, rules.read_items(body)), len(token)


async def _meter(tx: Tx, row: Record, read_id: UUID, by: Seat, manner: str, size: int) -> None:
    """Meter row and audit row, in the transaction of the reading."""
    same = ("package_id", "order_id", "suborder_id", "business_id", "bank_id", "branch_id", "consent_id")
    reading: dict[str, object] = {
        "read_id": read_id,
        **{name: row[name] for name in same},
        "client_id": by.client_id,
        "person_id": by.person_id,
        "manner": manner,
        "size_bytes": size,
        "read_at": tx.now,
    }
    await store.insert_read(tx, reading)
    detail = {
        "read_id": str(read_id),
        "package_id": str(row["package_id"]),
        "consent_id": str(row["consent_id"]),
        "purpose": row["purpose"],
        "sha256": row["sha256"],
        "manner": manner,
    }
    await audit.write(tx, "package.read", subject_id=row["subject_id"], case_id=row["order_id"], detail=detail)
