"""Verifying a notice: Standard Webhooks, `v1a` (Ed25519) or `v1` (HMAC-SHA-256)."""

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from examples.bank.jose import Refused, decode_webhook_key, read_json

TOLERANCE_SECONDS = 300  # An older or newer notice is a replay, or somebody's clock is wrong.


@dataclass(frozen=True)
class Notice:
    """What the platform told: `webhook_id` is the same over all its tries, `seq` grows along one order."""

    webhook_id: str
    kind: str
    seq: int
    ids: Mapping[str, str]


def verify_notice(headers: Mapping[str, str], body: bytes, keys: list[str], now: float) -> Notice:
    """The notice in a request, if any of our keys (`whpk_…` or `whsec_…`) verifies it and it is fresh.

    `headers` has lower-case names; `now` is the time in seconds. Raises Refused.
    """
    try:
        name, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        offered = [part.partition(",")[::2] for part in headers["webhook-signature"].split(" ")]
    except KeyError as error:
        raise Refused("a header of the notice is missing") from error
    if not stamp.isdigit() or abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise Refused("the notice is not fresh")
    content = name.encode() + b"." + stamp.encode() + b"." + body
    if not any(_holds(key, version, signature, content) for key in keys for version, signature in offered):
        raise Refused("no signature of the notice holds")
    return _read(name, read_json(body))


def _holds(key: str, version: str, signature: str, content: bytes) -> bool:
    try:
        raw = b64decode(signature, validate=True)
    except ValueError:
        return False
    if version == "v1" and key.startswith("whsec_"):
        wanted = hmac.digest(decode_webhook_key(key, "whsec_"), content, hashlib.sha256)
        return hmac.compare_digest(wanted, raw)
    if version == "v1a" and key.startswith("whpk_"):
        try:
            Ed25519PublicKey.from_public_bytes(decode_webhook_key(key, "whpk_")).verify(raw, content)
        except InvalidSignature:
            return False
        return True
    return False


def _read(name: str, body: dict[str, Any]) -> Notice:
    ids = body.get("data")
    if not isinstance(ids, dict) or not isinstance(body.get("type"), str) or type(body.get("seq")) is not int:
        raise Refused("the notice has another form")
    return Notice(name, body["type"], body["seq"], ids)
