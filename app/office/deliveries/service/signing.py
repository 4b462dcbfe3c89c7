"""Keys and signatures of notices (Standard Webhooks v1 and v1a)."""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.office.deliveries.rules import SECRET_BYTES_MIN, Scheme, signed_content


@dataclass(frozen=True, slots=True)
class Key:
    """`material` is the HMAC secret, or the 32 bytes of an Ed25519 private key."""

    scheme: Scheme
    material: bytes

    @property
    def shown(self) -> str:
        """What the bank needs to verify: the shared secret (v1, shown once) or the public key (v1a)."""
        if self.scheme is Scheme.V1:
            return "whsec_" + b64encode(self.material).decode()
        public = Ed25519PrivateKey.from_private_bytes(self.material).public_key().public_bytes_raw()
        return "whpk_" + b64encode(public).decode()


def new_key(scheme: Scheme) -> Key:
    return Key(scheme, secrets.token_bytes(SECRET_BYTES_MIN))


def given_key(secret: str) -> Key:
    """A bank's own HMAC secret, already judged by `rules.judge_secret`."""
    return Key(Scheme.V1, b64decode(secret.removeprefix("whsec_")))


def signatures(keys: Iterable[Key], webhook_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: one signature per key, the newest first, parted by blanks."""
    content = signed_content(webhook_id, timestamp, body)
    return " ".join(f"{key.scheme},{b64encode(_sign(key, content)).decode()}" for key in keys)


def _sign(key: Key, content: bytes) -> bytes:
    if key.scheme is Scheme.V1:
        return hmac.new(key.material, content, hashlib.sha256).digest()
    return Ed25519PrivateKey.from_private_bytes(key.material).sign(content)
