"""A bank's machine for tests: keys and assertions made by hand with `cryptography` alone."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

ISSUER = "https://xinyidai.example.com"


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def ec_jwk(key: EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(numbers.x.to_bytes(32, "big")),
        "y": b64(numbers.y.to_bytes(32, "big")),
    }


def okp_jwk(key: Ed25519PrivateKey | X25519PrivateKey) -> dict[str, str]:
    curve = "Ed25519" if isinstance(key, Ed25519PrivateKey) else "X25519"
    return {"kty": "OKP", "crv": curve, "x": b64(key.public_key().public_bytes_raw())}


@dataclass
class Machine:
    """Holds both private keys; `alg` decides the kind of the signing key."""

    alg: str = "Ed25519"
    kid: str = "sig-1"
    client_id: UUID | None = None
    signing: Any = None
    encryption: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)

    def __post_init__(self) -> None:
        if self.signing is None:
            self.signing = generate_private_key(SECP256R1()) if self.alg == "ES256" else Ed25519PrivateKey.generate()

    @property
    def signing_jwk(self) -> dict[str, str]:
        jwk = ec_jwk(self.signing) if self.alg == "ES256" else okp_jwk(self.signing)
        return {**jwk, "kid": self.kid}

    @property
    def encryption_jwk(self) -> dict[str, str]:
        return {**okp_jwk(self.encryption), "kid": "enc-1"}

    def claims(self, now: datetime, **changed: Any) -> dict[str, Any]:
        at = int(now.timestamp())
        common = {"iss": str(self.client_id), "sub": str(self.client_id), "aud": ISSUER, "jti": uuid4().hex}
        made = {**common, "iat": at, "exp": at + 60, **changed}
        return {name: value for name, value in made.items() if value is not None}

    def header(self, **changed: Any) -> dict[str, Any]:
        made = {"alg": self.alg, "kid": self.kid, "typ": "JWT", **changed}
        return {name: value for name, value in made.items() if value is not None}

    def assertion(self, now: datetime, header: Mapping[str, Any] = {}, **claims: Any) -> str:
        return self.sign(json.dumps(self.header(**header)), json.dumps(self.claims(now, **claims)))

    def sign(self, header: str, payload: str) -> str:
        content = f"{b64(header.encode())}.{b64(payload.encode())}"
        if isinstance(self.signing, Ed25519PrivateKey):
            return f"{content}.{b64(self.signing.sign(content.encode()))}"
        r, s = decode_dss_signature(self.signing.sign(content.encode(), ECDSA(hashes.SHA256())))
        return f"{content}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def hmac_with_public_key(self, now: datetime) -> str:
        """The old trick: HS256 keyed with what everybody knows."""
        content = f"{b64(json.dumps(self.header(alg='HS256')).encode())}.{b64(json.dumps(self.claims(now)).encode())}"
        public = json.dumps(self.signing_jwk).encode()
        return f"{content}.{b64(hmac.new(public, content.encode(), hashlib.sha256).digest())}"

    def unsigned(self, now: datetime) -> str:
        header, payload = self.header(alg="none"), self.claims(now)
        return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(payload).encode())}."
