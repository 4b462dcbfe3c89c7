"""How a notice to a bank looks, when it is tried again, and what an answer to it means.

Pure. The form is Standard Webhooks: `webhook-id` stays the same over all tries, `webhook-timestamp` is the wall time of
the try, `webhook-signature` covers both and the body. A body holds ids and a kind, nothing about a person or a firm.
"""

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

WAITS: Final = (timedelta(0), timedelta(seconds=5), timedelta(minutes=5))  # Before the first, second and third try.
JITTER_PERCENT: Final = 10
LANES: Final = 4  # Calls in flight to one endpoint.
LEASE: Final = timedelta(seconds=60)  # Longer than a call may take; after it the try counts as never begun.
RESEND_WITHIN: Final = timedelta(days=30)
OVERLAP: Final = timedelta(hours=24)  # How long an old key still signs beside its successor.
SECRET_BYTES_MIN: Final = 32
SECRET_BYTES_MAX: Final = 64
KIND: Final = re.compile(r"[a-z]{2,32}\.[a-z_]{2,32}")
EVERYTHING: Final = "*"
KINDS_MAX: Final = 40
ENDPOINTS_MAX: Final = 20  # Live ones of a bank: each fact is sent to all of them.
_WORDS: Final = re.compile(r"[A-Z][a-z0-9]*")


class Scheme(StrEnum):
    """How an endpoint's notices are signed; the words of Standard Webhooks."""

    V1 = "v1"  # HMAC-SHA-256 with a shared secret.
    V1A = "v1a"  # Ed25519: the bank holds the public key only. The default.


class NoticeState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"  # In the list of dead letters, with the reason; may be sent again.


class Outcome(StrEnum):
    """What one try came to. The first five follow from the answer's status, the others from there being none."""

    DELIVERED = "delivered"
    GONE = "gone"  # 410: the endpoint asks to be left alone.
    REDIRECTED = "redirected"
    REFUSED = "refused"  # 4xx
    SERVER_ERROR = "server-error"  # 5xx, and statuses that mean nothing here.
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMED_OUT = "timed-out"
    CUT_OFF = "cut-off"
    TOO_LARGE = "answer-too-large"
    URL_REFUSED = "url-refused"
    NO_KEY = "no-key"  # The endpoint's signing keys cannot be read; nothing was sent.


class SecretFault(StrEnum):
    NOT_BASE64 = "not-base64"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a bank is told, and of which kinds of event (`*` for all)."""

    endpoint_id: UUID
    bank_id: UUID
    url: str
    kinds: tuple[str, ...]
    scheme: Scheme
    registered_at: datetime
    disabled_at: datetime | None
    disabled_why: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one endpoint. `tries` were made; `why` says why it is dead."""

    notice_id: UUID
    seq: int
    endpoint_id: UUID
    bank_id: UUID
    stream_id: UUID
    kind: str
    ids: Mapping[str, str]
    happened_at: datetime
    made_at: datetime
    state: NoticeState
    tries: int
    next_at: datetime
    ended_at: datetime | None
    why: str | None


def kind_of(event_name: str) -> str:
    """The kind of notice for an event, from its class name.

    >>> kind_of("SuborderPassedOver"), kind_of("PackageSealed")
    ('suborder.passed_over', 'package.sealed')
    """
    first, *rest = (word.lower() for word in _WORDS.findall(event_name))
    return f"{first}.{'_'.join(rest)}"


def body_of(kind: str, seq: int, at: datetime, ids: Mapping[str, UUID]) -> bytes:
    """The body of a notice, the same bytes at every try. `seq` grows along one order, `at` is the business instant.

    >>> body_of("package.sealed", 7, datetime(2025, 9, 25, 2, tzinfo=UTC), {"order_id": UUID(int=1)}).decode()
    '{"data":{"order_id":"00000000-0000-0000-0000-000000000001"},"seq":7,"timestamp":"2025-09-25T02:00:00Z","type":"package.sealed"}'
    """
    instant = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    data = {name: str(value) for name, value in ids.items()}
    return json.dumps(
        {"type": kind, "seq": seq, "timestamp": instant, "data": data}, sort_keys=True, separators=(",", ":")
    ).encode()


def signed_content(webhook_id: str, timestamp: int, body: bytes) -> bytes:
    """What a signature covers."""
    return f"{webhook_id}.{timestamp}.".encode() + body


def webhook_id(notice_id: UUID) -> str:
    return f"msg_{notice_id.hex}"


def next_try_at(tries: int, notice_id: UUID, ended_at: datetime) -> datetime | None:
    """When to try again after `tries` tries, the last of which ended at `ended_at`; None when there is no next one.

    The wait is spread by up to ten per cent, the same for the same notice and try, so that a bank that comes back is
    not met by everything at once.
    """
    if tries >= len(WAITS):
        return None
    draw = int.from_bytes(sha256(notice_id.bytes + bytes([tries])).digest()[:4], "big")
    percent = draw % (2 * JITTER_PERCENT + 1) - JITTER_PERCENT
    return ended_at + WAITS[tries] * (100 + percent) / 100


def judge_status(status: int) -> Outcome:
    """What a status means for a notice.

    >>> [judge_status(s).value for s in (204, 302, 404, 410, 500)]
    ['delivered', 'redirected', 'refused', 'gone', 'server-error']
    """
    if 200 <= status < 300:
        return Outcome.DELIVERED
    if status == 410:
        return Outcome.GONE
    if 300 <= status < 400:
        return Outcome.REDIRECTED
    return Outcome.REFUSED if 400 <= status < 500 else Outcome.SERVER_ERROR


def judge_secret(secret: str) -> SecretFault | None:
    """Whether a bank's own HMAC secret (`whsec_` and base64) is long enough.

    >>> judge_secret("whsec_AQ==")
    <SecretFault.TOO_SHORT: 'too-short'>
    """
    try:
        raw = b64decode(secret.removeprefix("whsec_"), validate=True)
    except (NotBase64, ValueError):
        return SecretFault.NOT_BASE64
    if len(raw) < SECRET_BYTES_MIN:
        return SecretFault.TOO_SHORT
    return SecretFault.TOO_LONG if len(raw) > SECRET_BYTES_MAX else None


def judge_kinds(kinds: tuple[str, ...]) -> bool:
    """Whether a list of kinds can be subscribed to: `*` alone, or at least one kind, each once.

    >>> judge_kinds(("*",)), judge_kinds(("package.sealed",)), judge_kinds(())
    (True, True, False)
    """
    if kinds == (EVERYTHING,):
        return True
    return 0 < len(kinds) <= KINDS_MAX and len(set(kinds)) == len(kinds) and all(map(KIND.fullmatch, kinds))
