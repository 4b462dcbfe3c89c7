"""Signing a package once, and wrapping it for one delivery: JWS (Ed25519) inside JWE (ECDH-ES+A256KW, A256GCM)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from app.infra.vault import KeyRing
from app.market.packages.rules import JWE_TYPE, JWS_TYPE

SIGNING: Final = "Ed25519"
WRAPPING: Final = "ECDH-ES+A256KW"
CIPHER: Final = "A256GCM"
# The claims of an envelope stand in its header, where RFC 7519 5.3 has them; joserfc knows them only when told so.
_REGISTRY: Final = jwe.JWERegistry(algorithms=[WRAPPING, CIPHER], strict_check_header=False)


def sign(ring: KeyRing, payload: bytes) -> tuple[str, str]:
    """Sign canonical claims; returns the compact JWS and the id of the key."""
    kid = ring.signing_kid
    key = OKPKey.import_key(ring.signers[kid])
    return jws.serialize_compact({"alg": SIGNING, "kid": kid, "typ": JWS_TYPE}, payload, key, [SIGNING]), kid


def read(ring: KeyRing, token: str) -> bytes:
    """The signed claims of one of our own packages; raises ValueError when we did not sign it so."""
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        key = OKPKey.import_key(ring.signers[str(kid)].public_key())
        found = jws.deserialize_compact(token, key, [SIGNING])
    except (JoseError, KeyError) as error:
        raise ValueError("not a package that we signed") from error
    if found.headers().get("typ") != JWS_TYPE:
        raise ValueError("not a package")
    assert found.payload is not None
    return found.payload


def wrap(
    token: str, recipient: Mapping[str, Any], *, issuer: str, bank_id: UUID, read_id: UUID, expires_at: datetime
) -> str:
    """Encrypt a signed package to a recipient's key, for one delivery. `expires_at` is wall time; never compressed."""
    members = {name: recipient[name] for name in ("kty", "crv", "x", "y") if name in recipient}
    key = OKPKey.import_key(members) if members["kty"] == "OKP" else ECKey.import_key(members)
    header = {
        "alg": WRAPPING,
        "enc": CIPHER,
        "typ": JWE_TYPE,
        "cty": JWS_TYPE,
        "kid": recipient["kid"],
        "iss": issuer,
        "aud": str(bank_id),
        "jti": str(read_id),
        "exp": int(expires_at.timestamp()),
    }
    return jwe.encrypt_compact(header, token.encode(), key, registry=_REGISTRY)
