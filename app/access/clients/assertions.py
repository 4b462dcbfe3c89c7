"""Signatures of assertions and points of keys: the only code here that touches a cryptographic library."""

import warnings
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey


def load_key(jwk: Mapping[str, Any]) -> ECKey | OKPKey | None:
    """The public key, or None when its point does not lie on its curve."""
    members = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
    try:
        key = OKPKey.import_key(members) if jwk["kty"] == "OKP" else ECKey.import_key(members)
        key.public_key  # noqa: B018 — loads the point
    except (JoseError, ValueError):
        return None
    return key


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638 thumbprint: the same for the same key under another kid."""
    key = load_key(jwk)
    assert key is not None, "a registered key loads"
    return key.thumbprint()


def signature_holds(assertion: str, jwk: Mapping[str, Any], alg: str) -> bool:
    """Whether the assertion was signed by the holder of the key, under exactly this algorithm."""
    key = load_key(jwk)
    if key is None:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # EdDSA is the older name of Ed25519; banks still send it.
            jws.deserialize_compact(assertion, key, algorithms=[alg])
    except (JoseError, ValueError):
        return False
    return True


def token_hash(token: str) -> bytes:
    """How an access token is stored: 256 random bits need no salt and no slow hash."""
    return sha256(token.encode()).digest()
