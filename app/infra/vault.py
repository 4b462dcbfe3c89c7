"""Keys, and values that are unreadable at rest.

A value is encrypted with AES-256-GCM under a data key of its subject; data keys are stored wrapped under a key
encryption key that lies in a file outside the database. Deleting a subject's data keys makes everything about it
unreadable, backups of the database included (P20, P21). The place a value stands at is authenticated with it: a value
moved to another row, column or subject does not open.

The folder of keys (0700) holds `kek-N.key`, `package-N.key` and `seal-N.key` (0600, 32 random bytes as hexadecimal
text). The highest N is the one in use; older ones still open and still verify.
"""

import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlmodel import Field, SQLModel

from app.infra import settings
from app.infra.db import ReadTx, Tx

FORMAT: Final = 1
NONCE: Final = 12
HEAD: Final = 1 + 4 + NONCE  # Format, version of the data key, nonce.
_FILE: Final = re.compile(r"(kek|package|seal)-([1-9][0-9]{0,3})\.key")


class BadKeys(Exception):
    """The folder of keys cannot be used: readable by others, or a file that holds no key. For the operator."""


class Unreadable(Exception):
    """A value does not open: its data key was deleted, or the value was changed or moved. Says no more than that."""


class DataKey(SQLModel, table=True):
    """A data key of one subject, wrapped under key encryption key number `kek`. Rows are added and deleted only."""

    __tablename__ = "data_keys"
    __table_args__ = (
        CheckConstraint("version >= 1 and kek >= 1", name="data_keys_numbers"),
        CheckConstraint("octet_length(wrapped) = 60", name="data_keys_wrapped"),
        Index("data_keys_by_kek", "kek"),
    )

    subject_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    kek: int = Field(sa_column=Column(SmallInteger, nullable=False))
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: datetime = Field(
        sa_column=Column(TIMESTAMP(timezone=True), nullable=False, server_default=text("now()"))
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value stands. `subject_id` is whose data key encrypts it: a firm, a person, or a bank."""

    table: str
    column: str
    row_id: UUID
    subject_id: UUID

    def bound(self, version: int) -> bytes:
        return f"{self.table}/{self.column}/{self.row_id}/{self.subject_id}/{version}".encode()


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of this process. `signers` (of packages) and `sealers` (of the log's heads) map a key id to its private
    key, oldest first; the last one signs."""

    keks: Mapping[int, bytes]
    signers: Mapping[str, Ed25519PrivateKey]
    sealers: Mapping[str, Ed25519PrivateKey]

    @property
    def signing_kid(self) -> str:
        return list(self.signers)[-1]

    @property
    def sealing_kid(self) -> str:
        return list(self.sealers)[-1]


def thumbprint(x: bytes) -> str:
    """RFC 7638 thumbprint of an Ed25519 public key: its key id."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{_b64(x)}"}}'
    return _b64(sha256(members.encode()).digest())


def public_jwks(ring: KeyRing) -> dict[str, list[dict[str, str]]]:
    """The public halves of the signing keys as a JWK set, newest first."""
    keys = [(kid, _b64(key.public_key().public_bytes_raw())) for kid, key in reversed(list(ring.signers.items()))]
    fixed = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "Ed25519"}
    return {"keys": [{**fixed, "kid": kid, "x": x} for kid, x in keys]}


def open_ring(folder: Path) -> KeyRing:
    """Read the keys of a folder; make the first of each kind where there is none. Raises BadKeys."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_mode & 0o077:
        raise BadKeys("The folder of keys may be read by others; its mode must be 0700.")
    for kind in ("kek", "package", "seal"):
        if not any(match[1] == kind for match in map(_FILE.fullmatch, os.listdir(folder)) if match):
            _make(folder / f"{kind}-1.key")
    found: dict[str, dict[int, bytes]] = {"kek": {}, "package": {}, "seal": {}}
    for match in filter(None, map(_FILE.fullmatch, os.listdir(folder))):
        found[match[1]][int(match[2])] = _read(folder / match[0])
    return KeyRing(dict(sorted(found["kek"].items())), _private(found["package"]), _private(found["seal"]))


def _private(seeds: Mapping[int, bytes]) -> dict[str, Ed25519PrivateKey]:
    """Private keys by key id, oldest first."""
    keys = [Ed25519PrivateKey.from_private_bytes(seed) for _, seed in sorted(seeds.items())]
    return {thumbprint(key.public_key().public_bytes_raw()): key for key in keys}


def open_key(path: Path) -> Ed25519PrivateKey:
    """A private key of its own, outside a folder of keys; made where there is none. Raises BadKeys."""
    if not path.exists():
        _make(path)
    return Ed25519PrivateKey.from_private_bytes(_read(path))


def _make(path: Path) -> None:
    """Write a new key whole or not at all; when another process was first, its key stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise BadKeys(f"{path.name} may be read by others; its mode must be 0600.")
    try:
        key = bytes.fromhex(path.read_text())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadKeys(f"{path.name} does not hold 32 bytes as hexadecimal text.")
    return key


_ring: KeyRing | None = None


def unlock(folder: Path) -> KeyRing:
    """Read the keys of a folder for the rest of this process."""
    global _ring
    _ring = open_ring(folder)
    return _ring


def ring() -> KeyRing:
    """The keys of this process; those beside the data where nothing else was unlocked."""
    return _ring or unlock(settings.load().home / "keys")


async def seal(tx: Tx, place: Place, plain: bytes) -> bytes:
    """Encrypt a value for its place, under the newest data key of its subject; makes the first key when needed."""
    version, key = await _newest(tx, place.subject_id)
    nonce = secrets.token_bytes(NONCE)
    head = bytes([FORMAT]) + version.to_bytes(4, "big") + nonce
    return head + AESGCM(key).encrypt(nonce, plain, place.bound(version))


async def unseal(tx: ReadTx, place: Place, sealed: bytes) -> bytes:
    """Decrypt a value at its place. Raises Unreadable."""
    if len(sealed) < HEAD + 16 or sealed[0] != FORMAT:
        raise Unreadable
    version = int.from_bytes(sealed[1:5], "big")
    row = await tx.row(
        "select version, kek, wrapped from data_keys where subject_id = $1 and version = $2::bigint",
        place.subject_id,
        version,
    )
    if row is None:
        raise Unreadable
    key = _unwrap(place.subject_id, version, row["kek"], row["wrapped"])
    try:
        return AESGCM(key).decrypt(sealed[5:HEAD], sealed[HEAD:], place.bound(version))
    except InvalidTag as error:
        raise Unreadable from error


async def shred(tx: Tx, subject_id: UUID) -> int:
    """Delete the data keys of a subject: nothing sealed under them can be read again. Returns how many there were."""
    return await tx.execute("delete from data_keys where subject_id = $1", subject_id)


async def _newest(tx: Tx, subject_id: UUID) -> tuple[int, bytes]:
    sql = "select version, kek, wrapped from data_keys where subject_id = $1 order by version desc limit 1"
    row = await tx.row(sql, subject_id)
    if row is None:
        kek = max(ring().keks)
        wrapped = _wrap(subject_id, 1, kek, secrets.token_bytes(32))
        # Of two transactions that make the first key at once the second waits here and then reads the winner's.
        await tx.execute(
            "insert into data_keys (subject_id, version, kek, wrapped) values ($1, 1, $2, $3) on conflict do nothing",
            subject_id,
            kek,
            wrapped,
        )
        row = await tx.row(sql, subject_id)
    assert row is not None, "a data key that was just written can be read"
    return row["version"], _unwrap(subject_id, row["version"], row["kek"], row["wrapped"])


def _wrap(subject_id: UUID, version: int, kek: int, key: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(ring().keks[kek]).encrypt(nonce, key, f"data_keys/{subject_id}/{version}/{kek}".encode())


def _unwrap(subject_id: UUID, version: int, kek: int, wrapped: bytes) -> bytes:
    wrapping = ring().keks.get(kek)
    if wrapping is None:
        raise Unreadable
    try:
        return AESGCM(wrapping).decrypt(
            wrapped[:NONCE], wrapped[NONCE:], f"data_keys/{subject_id}/{version}/{kek}".encode()
        )
    except InvalidTag as error:
        raise Unreadable from error


def _b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
