"""Heads: what the platform signs of the log, and what a witness signs of a head. Pure."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.access.audit.rules.entries import in_order

SIGNED: Final = b"xinyidai audit head v1\n"
WITNESSED: Final = b"xinyidai audit witness v1\n"
BEFORE_FIRST: Final = "0" * 64
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Head:
    """The state of the log after a batch. `log` tells one log from another, `previous` is the digest of the head
    before; `at` is the wall instant of the sealing, `kid` the thumbprint of the platform's key."""

    log: str
    no: int
    size: int
    root: str
    at: str
    previous: str
    kid: str

    @property
    def content(self) -> str:
        """JSON with the names in the order above; what is signed, behind a word that says of what kind it is."""
        return in_order(asdict(self))

    @property
    def digest(self) -> str:
        return sha256(SIGNED + self.content.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedHead:
    head: Head
    signature: str

    def as_object(self) -> dict[str, Any]:
        return {"head": asdict(self.head), "signature": self.signature}

    def as_header(self) -> str:
        """One line for a header of HTTP: every field, and the signature."""
        return "; ".join(
            f"{name}={value}" for name, value in {**asdict(self.head), "signature": self.signature}.items()
        )


def thumbprint(x: bytes) -> str:
    """RFC 7638 thumbprint of an Ed25519 public key: its key id."""
    return encode(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{encode(x)}"}}'.encode()).digest())


def sign_head(head: Head, key: Ed25519PrivateKey) -> SignedHead:
    return SignedHead(head, encode(key.sign(SIGNED + head.content.encode())))


def head_holds(signed: SignedHead, x: bytes) -> bool:
    """Whether the platform's key made the signature."""
    return _verifies(x, signed.signature, SIGNED + signed.head.content.encode())


def sign_as_witness(head: Head, key: Ed25519PrivateKey) -> str:
    return encode(key.sign(WITNESSED + head.content.encode()))


def witness_holds(head: Head, x: bytes, signature: str) -> bool:
    return _verifies(x, signature, WITNESSED + head.content.encode())


def read_head(found: Any) -> SignedHead | None:
    """A head out of parsed JSON, or None when it is none."""
    if not isinstance(found, Mapping) or not isinstance(found.get("head"), Mapping):
        return None
    head, signature = found["head"], found.get("signature")
    kinds = {"log": str, "no": int, "size": int, "root": str, "at": str, "previous": str, "kid": str}
    if list(head) != list(kinds) or not isinstance(signature, str):
        return None
    if any(type(head[name]) is not kind for name, kind in kinds.items()):
        return None
    if not _HASH.fullmatch(head["root"]) or not _HASH.fullmatch(head["previous"]):
        return None
    return SignedHead(Head(**head), signature)


def read_json(line: bytes) -> Any:
    """Parsed JSON, or None when it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def encode(raw: bytes) -> str:
    """URL-safe base64 without padding.

    >>> encode(bytes([251, 255])), decode("-_8") == bytes([251, 255])
    ('-_8', True)
    """
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The reverse; nothing when it is not of that form, since a signature has exactly one."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
    return raw if encode(raw) == text else b""


def _verifies(x: bytes, signature: str, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(x).verify(decode(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True
