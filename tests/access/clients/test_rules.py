"""Which keys a machine may register, and which assertions are refused before any key is looked at."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from app.access.clients.rules import Claim, Fault, KeyFault, Use, judge_key, read_assertion
from tests.access.clients.machine import ISSUER, Machine, b64

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
AT = int(NOW.timestamp())
ED: dict[str, Any] = {"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": "A" * 43}
EC: dict[str, Any] = {"kty": "EC", "crv": "P-256", "kid": "k1", "x": "A" * 43, "y": "B" * 43}
X: dict[str, Any] = {**ED, "crv": "X25519"}

KEYS = [
    (ED, "sig", None),
    ({**ED, "use": "sig", "alg": "EdDSA"}, "sig", None),
    ({**ED, "alg": "Ed25519"}, "sig", None),
    (EC, "sig", None),
    ({**EC, "alg": "ES256"}, "sig", None),
    (X, "enc", None),
    (EC, "enc", None),
    ({**EC, "alg": "ECDH-ES+A256KW", "use": "enc"}, "enc", None),
    ("text", "sig", KeyFault.NOT_AN_OBJECT),
    ([ED], "sig", KeyFault.NOT_AN_OBJECT),
    (None, "sig", KeyFault.NOT_AN_OBJECT),
    ({**ED, "d": "A" * 43}, "sig", KeyFault.PRIVATE),
    ({**EC, "d": "A" * 43}, "enc", KeyFault.PRIVATE),
    ({"kty": "oct", "k": "A" * 43, "kid": "k1"}, "sig", KeyFault.PRIVATE),
    ({"kty": "oct", "kid": "k1"}, "sig", KeyFault.SYMMETRIC),
    ({**ED, "x5u": "https://bank.example.com/"}, "sig", KeyFault.MEMBER),
    ({**ED, "jku": "https://bank.example.com/"}, "sig", KeyFault.MEMBER),
    ({**ED, "x5c": ["MII"]}, "sig", KeyFault.MEMBER),
    ({k: v for k, v in ED.items() if k != "kid"}, "sig", KeyFault.KID),
    ({**ED, "kid": 7}, "sig", KeyFault.KID),
    ({**ED, "kid": "../../etc/passwd"}, "sig", KeyFault.KID),
    ({**ED, "kid": "' or 1=1 --"}, "sig", KeyFault.KID),
    ({**ED, "kid": "https://bank.example.com/k"}, "sig", KeyFault.KID),
    ({**ED, "kid": "k" * 65}, "sig", KeyFault.KID),
    ({**ED, "kid": ""}, "sig", KeyFault.KID),
    ({"kty": "RSA", "kid": "k1"}, "sig", KeyFault.CURVE),
    ({**EC, "crv": "P-384"}, "sig", KeyFault.CURVE),
    ({**EC, "crv": "secp256k1"}, "sig", KeyFault.CURVE),
    ({**ED, "crv": "Ed448"}, "sig", KeyFault.CURVE),
    ({**ED, "crv": ["Ed25519"]}, "sig", KeyFault.CURVE),
    (X, "sig", KeyFault.CURVE),
    (ED, "enc", KeyFault.CURVE),
    ({**ED, "use": "enc"}, "sig", KeyFault.USE),
    ({**ED, "key_ops": ["sign"]}, "sig", KeyFault.USE),
    ({**ED, "alg": "HS256"}, "sig", KeyFault.ALGORITHM),
    ({**ED, "alg": "none"}, "sig", KeyFault.ALGORITHM),
    ({**ED, "alg": ["EdDSA"]}, "sig", KeyFault.ALGORITHM),
    ({**EC, "alg": "EdDSA"}, "sig", KeyFault.ALGORITHM),
    ({**EC, "alg": "RSA-OAEP"}, "enc", KeyFault.ALGORITHM),
    ({**ED, "x": "A" * 42}, "sig", KeyFault.COORDINATE),
    ({**ED, "x": "+" * 43}, "sig", KeyFault.COORDINATE),
    ({**ED, "x": 7}, "sig", KeyFault.COORDINATE),
    ({**ED, "y": "A" * 43}, "sig", KeyFault.COORDINATE),
    ({k: v for k, v in EC.items() if k != "y"}, "sig", KeyFault.COORDINATE),
]

HEADERS = [
    ({}, None),
    ({"typ": None}, None),
    ({"typ": "client-authentication+jwt"}, None),
    ({"typ": "at+jwt"}, Fault.TYPE),
    ({"typ": ["JWT"]}, Fault.TYPE),
    ({"alg": "none"}, Fault.ALGORITHM),
    ({"alg": "None"}, Fault.ALGORITHM),
    ({"alg": "HS256"}, Fault.ALGORITHM),
    ({"alg": "RS256"}, Fault.ALGORITHM),
    ({"alg": None}, Fault.ALGORITHM),
    ({"alg": ["Ed25519"]}, Fault.ALGORITHM),
    ({"kid": None}, Fault.KEY_ID),
    ({"kid": "../../keys/sig-1"}, Fault.KEY_ID),
    ({"kid": "' union select jwk from client_keys --"}, Fault.KEY_ID),
    ({"kid": "https://bank.example.com/jwks"}, Fault.KEY_ID),
    ({"jku": "https://bank.example.com/jwks"}, Fault.HEADER),
    ({"x5u": "https://bank.example.com/cert"}, Fault.HEADER),
    ({"x5c": ["MII"]}, Fault.HEADER),
    ({"jwk": ED}, Fault.HEADER),
    ({"crit": ["exp"]}, Fault.HEADER),
    ({"b64": False, "crit": ["b64"]}, Fault.HEADER),
    ({"zip": "DEF"}, Fault.HEADER),
]

CLAIMS = [
    ({}, None),
    ({"exp": AT + 1}, None),
    ({"exp": AT + 70, "iat": AT}, None),
    ({"exp": AT - 9, "iat": AT - 60}, None),
    ({"iat": AT + 10, "exp": AT + 60}, None),
    ({"nbf": AT + 10}, None),
    ({"aud": [ISSUER]}, Fault.AUDIENCE),
    ({"aud": [ISSUER, "https://other.example.com"]}, Fault.AUDIENCE),
    ({"aud": ISSUER + "/token"}, Fault.AUDIENCE),
    ({"aud": ISSUER + "/"}, Fault.AUDIENCE),
    ({"aud": ISSUER.upper()}, Fault.AUDIENCE),
    ({"aud": None}, Fault.AUDIENCE),
    ({"sub": "somebody-else"}, Fault.ISSUER),
    ({"sub": None}, Fault.ISSUER),
    ({"iss": 7, "sub": 7}, Fault.ISSUER),
    ({"iss": None, "sub": None}, Fault.ISSUER),
    ({"jti": None}, Fault.TOKEN_ID),
    ({"jti": "short"}, Fault.TOKEN_ID),
    ({"jti": 12345678901234567890}, Fault.TOKEN_ID),
    ({"jti": "a b" * 10}, Fault.TOKEN_ID),
    ({"jti": "a" * 129}, Fault.TOKEN_ID),
    ({"exp": None}, Fault.TIME_MISSING),
    ({"iat": None}, Fault.TIME_MISSING),
    ({"exp": str(AT + 60)}, Fault.TIME_MISSING),
    ({"exp": AT + 60.5}, Fault.TIME_MISSING),
    ({"exp": True}, Fault.TIME_MISSING),
    ({"exp": 10**30}, Fault.TIME_MISSING),
    ({"iat": -1}, Fault.TIME_MISSING),
    ({"nbf": "now"}, Fault.TIME_MISSING),
    ({"exp": AT - 10, "iat": AT - 60}, Fault.EXPIRED),
    ({"exp": AT - 3600, "iat": AT - 3660}, Fault.EXPIRED),
    ({"exp": AT + 71}, Fault.TOO_LONG),
    ({"exp": AT + 365 * 86400}, Fault.TOO_LONG),
    ({"iat": AT - 3600, "exp": AT + 30}, Fault.TOO_LONG),
    ({"iat": AT + 11, "exp": AT + 60}, Fault.NOT_YET),
    ({"iat": AT + 61, "exp": AT + 70}, Fault.NOT_YET),
    ({"nbf": AT + 61}, Fault.NOT_YET),
]


@pytest.mark.parametrize(("jwk", "use", "fault"), KEYS)
def test_every_key_gets_its_verdict(jwk: object, use: str, fault: KeyFault | None) -> None:
    """Private, symmetric, foreign and malformed keys never reach the table."""
    assert judge_key(jwk, Use(use)) == fault


def judged(text: str) -> Fault | None:
    found = read_assertion(text, issuer=ISSUER, now=NOW)
    return found if isinstance(found, Fault) else None


@pytest.mark.parametrize(("changed", "fault"), HEADERS)
def test_19_every_header_gets_its_verdict(changed: dict[str, Any], fault: Fault | None) -> None:
    """Row 19: no algorithm but ours, and no key from anywhere but the table."""
    machine = Machine(client_id=UUID(int=5))

    assert judged(machine.assertion(NOW, changed)) == fault


@pytest.mark.parametrize(("changed", "fault"), CLAIMS)
def test_20_every_set_of_claims_gets_its_verdict(changed: dict[str, Any], fault: Fault | None) -> None:
    """Row 20: one audience as one string, a minute of life, ten seconds for clocks that differ."""
    machine = Machine(client_id=UUID(int=5))

    assert judged(machine.assertion(NOW, **changed)) == fault


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "a" * 5000, "bnVsbA.bnVsbA.", "W10.W10.",
        f"{b64(b'[' * 3000)}.{b64(b'{}')}.", f"{b64(bytes([255]))}.{b64(b'{}')}.",
        f"{b64(b'{')}=.{b64(b'{}')}.",
    ],
)  # fmt: skip
def test_nonsense_is_malformed_and_never_a_crash(text: str) -> None:
    """The token endpoint is open to everybody."""
    assert judged(text) is Fault.MALFORMED


def test_a_claim_given_twice_is_malformed() -> None:
    """Two readers that pick different ones would be told different things by one signature."""
    machine = Machine(client_id=UUID(int=5))
    payload = f'{{"iss":"x","aud":"{ISSUER}","aud":"https://other.example.com"}}'

    assert judged(machine.sign('{"alg":"Ed25519","kid":"k1"}', payload)) is Fault.MALFORMED


def test_what_is_read_is_what_was_said() -> None:
    """The service looks the key up by exactly these words."""
    machine = Machine(client_id=UUID(int=5))

    found = read_assertion(machine.assertion(NOW, jti="j" * 20), issuer=ISSUER, now=NOW)

    expected = Claim("Ed25519", "sig-1", str(UUID(int=5)), "j" * 20, datetime.fromtimestamp(AT + 60, UTC))
    assert found == expected
