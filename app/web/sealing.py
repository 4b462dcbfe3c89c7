"""Message authentication for what travels through a visitor's hands: form tokens, cursors, flash messages."""

import base64
import binascii
import hashlib
import hmac

TAG_BYTES = 16


def tag(secret: bytes, purpose: str, *parts: bytes) -> bytes:
    """A keyed tag over length-framed parts; the purpose keeps tags of one use from serving another."""
    mac = hmac.new(secret, digestmod=hashlib.sha256)
    for part in (purpose.encode(), *parts):
        mac.update(len(part).to_bytes(8, "big") + part)
    return mac.digest()[:TAG_BYTES]


def seal(secret: bytes, purpose: str, payload: bytes, *bound: bytes) -> str:
    """Payload and tag as one URL-safe text. `bound` parts are covered but not carried."""
    return base64.urlsafe_b64encode(tag(secret, purpose, payload, *bound) + payload).rstrip(b"=").decode()


def unseal(secret: bytes, purpose: str, text: str, *bound: bytes) -> bytes | None:
    """The payload of a text made by `seal` with the same secret, purpose and bound parts; else None.

    >>> unseal(b"k", "cursor", seal(b"k", "cursor", b"7", b"org"), b"org")
    b'7'
    >>> unseal(b"k", "cursor", seal(b"k", "cursor", b"7", b"org"), b"other") is None
    True
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    given, payload = raw[:TAG_BYTES], raw[TAG_BYTES:]
    return payload if hmac.compare_digest(given, tag(secret, purpose, payload, *bound)) else None
