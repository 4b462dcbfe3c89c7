"""From an event to its leaf, and to its line in an export. Pure.

A leaf is the hash of the event's *plain* part, canonical JSON that anybody may see, in which a *commitment* stands for
the *personal* part (who, about whom, the details): the hash of a random salt and of the canonical JSON of that part.
Deleting the salt makes it impossible to show, or to guess, what was committed to, and leaves the tree as it is (P21).

A line holds both parts as the very bytes that were hashed, at fixed places, so that checking needs no parser; every
byte of a good line follows from its leaf.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from app.access.audit.rules.merkle import hash_leaf

SALT_BYTES: Final = 32
SOURCES: Final = ("audit", "event")  # Who did or read what; what happened to a case. By the number that is stored.
ERASED: Final = "audit.erased"  # The act that says whose personal parts were erased.
NO_SALT: Final = "0" * 64
canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode
in_order: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of either source. For one of the outbox `act` is its kind and `subject_id` its stream."""

    source: int
    seq: int
    xid: int
    recorded_at: datetime
    at: datetime
    act: str
    org_id: UUID | None
    case_id: UUID | None
    request_id: str
    actor_id: UUID | None
    subject_id: UUID | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is kept of an event's place in the log."""

    number: int
    source: int
    seq: int
    salt: bytes
    commitment: bytes
    leaf: bytes


def personal_part(entry: Entry) -> bytes:
    """Who and about whom, as canonical JSON."""
    part = {"actor_id": _text(entry.actor_id), "detail": entry.detail, "subject_id": _text(entry.subject_id)}
    return canonical(part).encode()


def plain_part(entry: Entry, number: int, commitment: str) -> bytes:
    """The rest, as JSON with its names in this order; this is what the leaf hashes."""
    part = {
        "commitment": commitment, "no": number, "source": SOURCES[entry.source], "seq": entry.seq, "xid": entry.xid,
        "recorded_at": instant(entry.recorded_at), "at": instant(entry.at), "act": entry.act,
        "org_id": _text(entry.org_id), "case_id": _text(entry.case_id), "request_id": entry.request_id,
    }  # fmt: skip
    return in_order(part).encode()


def commit(salt: bytes, personal: bytes) -> bytes:
    assert len(salt) == SALT_BYTES
    return sha256(salt + personal).digest()


def make_leaf(entry: Entry, number: int, salt: bytes) -> Leaf:
    """The leaf of an event that becomes number `number` of the log."""
    commitment = commit(salt, personal_part(entry))
    leaf = hash_leaf(plain_part(entry, number, commitment.hex()))
    return Leaf(number, entry.source, entry.seq, salt, commitment, leaf)


def matches(entry: Entry, number: int, salt: bytes | None, commitment: bytes, leaf: bytes) -> bool:
    """Whether an event is still what was sealed; of one whose salt was erased only the plain part can be told."""
    if hash_leaf(plain_part(entry, number, commitment.hex())) != leaf:
        return False
    return salt is None or commit(salt, personal_part(entry)) == commitment


def as_line(entry: Entry, number: int, salt: bytes | None, commitment: bytes, leaf: bytes) -> bytes:
    """The line of an export; the personal part of an erased event is `null`."""
    shown = personal_part(entry) if salt is not None else b"null"
    head = f'{{"leaf":"{leaf.hex()}","salt":"{salt.hex() if salt is not None else NO_SALT}","plain":'
    return head.encode() + plain_part(entry, number, commitment.hex()) + b',"personal":' + shown + b"}\n"


def instant(at: datetime) -> str:
    """UTC with microseconds.

    >>> instant(datetime(2025, 9, 25, 1, 2, 3, 4, tzinfo=UTC))
    '2025-09-25T01:02:03.000004Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _text(one: UUID | None) -> str | None:
    return str(one) if one is not None else None
