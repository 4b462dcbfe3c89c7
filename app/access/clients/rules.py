"""What a bank's machine may use as a key, and which assertion proves that it holds it.

Pure: every input is an argument, every answer is a value. `now` is the wall clock. Signatures are checked by
`assertions.py`, after these rules have said which key of which client is meant.
"""

import json
import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

SKEW: Final = timedelta(seconds=10)  # How far two honest clocks may be apart.
ASSERTION_LIFE: Final = timedelta(seconds=60)
TOKEN_LIFE: Final = timedelta(minutes=5)
OVERLAP: Final = timedelta(hours=24)  # How long an old key still works beside its successor.
ASSERTION_MAX: Final = 4096  # Characters.
KID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
JTI: Final = re.compile(r"[\x21-\x7e]{16,128}")
HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ"})  # No jku, x5u, jwk, x5c, crit, b64, zip: a key has one source.
TYPES: Final = ("JWT", "jwt", "client-authentication+jwt")  # A tuple: what is looked up may not be hashable.
JWK_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "kid", "use", "alg", "key_ops"})
PRIVATE_MEMBERS: Final = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth", "r", "t"})
COORDINATE: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes.


class Use(StrEnum):
    """What a key is for; the words of RFC 7517."""

    SIGNING = "sig"
    ENCRYPTION = "enc"


CURVES: Final[Mapping[Use, Mapping[tuple[str, str], tuple[str, ...]]]] = {
    Use.SIGNING: {("OKP", "Ed25519"): ("EdDSA", "Ed25519"), ("EC", "P-256"): ("ES256",)},
    Use.ENCRYPTION: {
        ("OKP", "X25519"): ("ECDH-ES+A256KW",),
        ("EC", "P-256"): ("ECDH-ES+A256KW",),
    },
}


class KeyFault(StrEnum):
    """Why a JWK is not taken, in the order of the checks."""

    NOT_AN_OBJECT = "not-an-object"
    PRIVATE = "private"
    SYMMETRIC = "symmetric"
    MEMBER = "member"
    KID = "kid"
    CURVE = "curve"
    USE = "use"
    ALGORITHM = "algorithm"
    COORDINATE = "coordinate"


class Fault(StrEnum):
    """Why an assertion proves nothing, in the order of the checks. Told to the log, never to the caller."""

    MALFORMED = "malformed"
    HEADER = "header"
    TYPE = "type"
    ALGORITHM = "algorithm"
    KEY_ID = "key-id"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    TIME_MISSING = "time-missing"
    EXPIRED = "expired"
    TOO_LONG = "too-long"
    NOT_YET = "not-yet"
    TOKEN_ID = "token-id"  # noqa: S105 — a claim's name
    UNKNOWN_KEY = "unknown-key"
    SIGNATURE = "signature"
    REPLAYED = "replayed"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Claim:
    """What an assertion says before its signature is checked. `client_id` is text: nothing has vouched for it."""

    alg: str
    kid: str
    client_id: str
    jti: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Client:
    """A bank's machine. `branch_id` limits it to one branch."""

    client_id: UUID
    bank_id: UUID
    branch_id: UUID | None
    name: str
    registered_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key of a machine, valid from `valid_from` and, once it has a successor, until `valid_to`."""

    client_id: UUID
    kid: str
    bank_id: UUID
    use: Use
    jwk: Mapping[str, Any]
    thumbprint: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class Token:
    """An access token in clear, for the answer only; the database keeps its hash."""

    access_token: str
    client_id: UUID
    bank_id: UUID
    expires_at: datetime


def judge_key(jwk: object, use: Use) -> KeyFault | None:
    """Say why a JWK cannot be registered, or None. That the point lies on its curve is checked by the caller.

    >>> judge_key({"kty": "oct", "k": "c2VjcmV0"}, Use.SIGNING)
    <KeyFault.PRIVATE: 'private'>
    >>> judge_key({"kty": "OKP", "crv": "Ed25519", "kid": "2026-1", "x": "A" * 43}, Use.SIGNING) is None
    True
    """
    if not isinstance(jwk, Mapping) or not all(isinstance(name, str) for name in jwk):
        return KeyFault.NOT_AN_OBJECT
    if PRIVATE_MEMBERS & set(jwk):
        return KeyFault.PRIVATE
    if jwk.get("kty") == "oct":
        return KeyFault.SYMMETRIC
    if not set(jwk) <= JWK_MEMBERS:
        return KeyFault.MEMBER
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not KID.fullmatch(kid):
        return KeyFault.KID
    return _judge_curve(jwk, use)


def _judge_curve(jwk: Mapping[str, Any], use: Use) -> KeyFault | None:
    kind = (jwk.get("kty"), jwk.get("crv"))
    algorithms = CURVES[use].get(kind) if all(isinstance(part, str) for part in kind) else None  # type: ignore[arg-type]
    if algorithms is None:
        return KeyFault.CURVE
    if jwk.get("use", use.value) != use.value or "key_ops" in jwk:
        return KeyFault.USE
    if "alg" in jwk and jwk["alg"] not in algorithms:
        return KeyFault.ALGORITHM
    coordinates = ("x", "y") if kind[0] == "EC" else ("x",)
    texts = [jwk.get(name) for name in coordinates]
    if ("y" in jwk) != (kind[0] == "EC") or not all(isinstance(t, str) and COORDINATE.fullmatch(t) for t in texts):
        return KeyFault.COORDINATE
    return None


def read_assertion(text: str, *, issuer: str, now: datetime) -> Claim | Fault:
    """Judge everything about an assertion that does not need its key.

    `issuer` is the only audience there is, as one string: a list, the token endpoint or a prefix of it is refused.
    Times are whole seconds; `exp`, `iat` and `jti` are required, `nbf` is not.
    """
    if len(text) > ASSERTION_MAX or text.count(".") != 2:
        return Fault.MALFORMED
    header, claims = (_part(part) for part in text.split(".")[:2])
    if header is None or claims is None:
        return Fault.MALFORMED
    fault = _judge_header(header) or _judge_claims(claims, issuer) or _judge_times(claims, now)
    if fault is not None:
        return fault
    expires_at = datetime.fromtimestamp(claims["exp"], tz=now.tzinfo)
    return Claim(header["alg"], header["kid"], claims["iss"], claims["jti"], expires_at)


def _part(text: str) -> dict[str, Any] | None:
    """One part of a JWS as a JSON object without repeated keys, or None."""
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice.append("")
        return found

    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = json.loads(raw.decode(), object_pairs_hook=once)
    except (NotBase64, UnicodeDecodeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not twice else None


def _judge_header(header: Mapping[str, Any]) -> Fault | None:
    if not set(header) <= HEADER_MEMBERS:
        return Fault.HEADER
    if header.get("typ", "JWT") not in TYPES:
        return Fault.TYPE
    if header.get("alg") not in [alg for algs in CURVES[Use.SIGNING].values() for alg in algs]:
        return Fault.ALGORITHM
    kid = header.get("kid")
    return None if isinstance(kid, str) and KID.fullmatch(kid) else Fault.KEY_ID


def _judge_claims(claims: Mapping[str, Any], issuer: str) -> Fault | None:
    iss, jti = claims.get("iss"), claims.get("jti")
    if not isinstance(iss, str) or claims.get("sub") != iss or len(iss) > 64:
        return Fault.ISSUER
    if claims.get("aud") != issuer:
        return Fault.AUDIENCE
    return None if isinstance(jti, str) and JTI.fullmatch(jti) else Fault.TOKEN_ID


def _judge_times(claims: Mapping[str, Any], now: datetime) -> Fault | None:
    """`exp` at most 60 s ahead, `iat` and `nbf` not ahead, each with ten seconds for clocks that differ."""
    times = [claims.get("exp"), claims.get("iat"), claims.get("nbf", claims.get("iat"))]
    if not all(type(t) is int and 0 <= t < 1 << 34 for t in times):
        return Fault.TIME_MISSING
    exp, iat, nbf = (datetime.fromtimestamp(t, tz=now.tzinfo) for t in times if type(t) is int)
    if exp + SKEW <= now:
        return Fault.EXPIRED
    if exp > now + ASSERTION_LIFE + SKEW or exp > iat + ASSERTION_LIFE + SKEW:
        return Fault.TOO_LONG
    return Fault.NOT_YET if iat > now + SKEW or nbf > now + SKEW else None


def judge_algorithm(alg: str, jwk: Mapping[str, Any]) -> Fault | None:
    """The algorithm of the header must be one that the registered key is for.

    >>> judge_algorithm("ES256", {"kty": "OKP", "crv": "Ed25519"})
    <Fault.ALGORITHM: 'algorithm'>
    """
    allowed = CURVES[Use.SIGNING].get((jwk["kty"], jwk["crv"]), ())
    return None if alg in allowed and jwk.get("alg", alg) in allowed else Fault.ALGORITHM
