"""Sealed and wrapped by joserfc, opened and verified by code that knows `cryptography` only (P19).

The verifier is the receiver that ships in examples/: what it refuses here, a bank that copies it refuses too.
"""

import base64
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, OKPKey

from app.infra import vault
from app.infra.vault import KeyRing
from app.market.packages import rules
from app.market.packages.service import envelopes
from examples.bank import Account, Receiver, Refused
from examples.bank.jose import b64, new_encryption_key, new_signing_key, public_jwk, unb64
from tests.market.packages.samples import AS_OF, BANK, CASE, CONSENT, ENTRIES, ISSUER, KNOWN, LETTER, ORDER, SUBORDER

NOW = datetime(2025, 9, 25, 2, 1, tzinfo=UTC)
PACKAGE, READ, OTHER_BANK = UUID(int=20), UUID(int=21), UUID(int=50)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return vault.open_ring(tmp_path / "keys")


def receiver(ring: KeyRing, curve: str = "X25519", bank_id: UUID = BANK, now: datetime = NOW) -> Receiver:
    account = Account(
        platform="http://127.0.0.1:1", issuer=ISSUER, bank_id=str(bank_id), client_id="c",
        signing_key=new_signing_key(), encryption_keys={"enc-1": new_encryption_key(curve)},
    )  # fmt: skip
    made = Receiver(account, clock=lambda: now.timestamp())
    made.trust(vault.public_jwks(ring))
    return made


def claims(**changed: Any) -> dict[str, Any]:
    body = rules.compose(CASE, LETTER, KNOWN, ENTRIES, as_of=AS_OF, edition=3)
    return rules.claims(body, issuer=ISSUER, package_id=PACKAGE, issued_at=AS_OF)[0] | changed


def sealed(ring: KeyRing, **changed: Any) -> str:
    return envelopes.sign(ring, rules.canonical(claims(**changed)))[0]


def wrapped(token: str, bank: Receiver, *, aud: UUID = BANK, expires_at: datetime | None = None) -> str:
    jwk = public_jwk(bank.account.encryption_keys["enc-1"], "enc-1")
    expires_at = expires_at or NOW + timedelta(minutes=15)
    return envelopes.wrap(token, jwk, issuer=ISSUER, bank_id=aud, read_id=READ, expires_at=expires_at)


def refusal(act: Callable[[], Any]) -> str:
    try:
        act()
    except Refused as refused:
        return str(refused)
    return "believed"


@pytest.mark.parametrize("curve", ["X25519", "P-256"])
def test_a_bank_with_cryptography_alone_opens_and_believes_a_package(ring: KeyRing, curve: str) -> None:
    """The second implementation, on both curves that a bank may register."""
    bank = receiver(ring, curve)

    package = bank.open(wrapped(sealed(ring), bank), str(SUBORDER), str(CONSENT))

    found = (package.package_id, package.order_id, package.suborder_id, package.consent_id)
    assert found == tuple(map(str, (PACKAGE, ORDER, SUBORDER, CONSENT)))
    assert package.items["tax.turnover_12m_fen"]["value"] == 1_234_567_890
    assert package.body == claims()["package"]


def test_the_receiver_knows_neither_the_platform_nor_its_jose_library() -> None:
    """Two programs that share code would share their errors."""
    folder = Path(sys.modules["examples.bank"].__file__ or "").parent
    words = [line for path in folder.glob("*.py") for line in path.read_text().splitlines() if "import" in line]

    assert not [line for line in words if "joserfc" in line or "app" in line.split()]
    assert len(words) > 20


def test_two_envelopes_of_one_package_share_nothing_but_the_package(ring: KeyRing) -> None:
    """A fresh one-time key, content key and nonce per delivery; the signed text is sealed once."""
    bank, token = receiver(ring), sealed(ring)

    one, two = wrapped(token, bank), wrapped(token, bank)

    assert [a == b for a, b in zip(one.split("."), two.split("."), strict=True)] == [False] * 5
    assert bank.open(one) == bank.open(two)


def test_24_another_banks_envelope_does_not_open(ring: KeyRing) -> None:
    """Row 24: encrypted to somebody else's key."""
    ours, theirs = receiver(ring), receiver(ring)

    assert refusal(lambda: ours.open(wrapped(sealed(ring), theirs))) == "the JWE does not open with our key"


def test_24_a_package_for_another_bank_is_refused_although_it_opens(ring: KeyRing) -> None:
    """Row 24: the recipient swapped, outside, inside, or a true package of another bank put into our envelope."""
    bank = receiver(ring)
    outside = wrapped(sealed(ring), bank, aud=OTHER_BANK)
    inside = wrapped(sealed(ring, aud=str(OTHER_BANK)), bank)
    case, letter = replace(CASE, bank_id=OTHER_BANK), replace(LETTER, bank_id=OTHER_BANK)
    body = rules.compose(case, letter, KNOWN, ENTRIES, as_of=AS_OF, edition=3)
    _, raw = rules.claims(body, issuer=ISSUER, package_id=PACKAGE, issued_at=AS_OF)
    theirs = wrapped(envelopes.sign(ring, raw)[0], bank)

    said = [refusal(lambda e=e: bank.open(e)) for e in (outside, inside, theirs)]

    assert said == ["aud is another than expected"] * 3


SWAPS: list[dict[str, Any]] = [
    {"consent_id": str(UUID(int=77))},
    {"order_id": str(UUID(int=77))},
    {"suborder_id": str(UUID(int=77))},
    {"as_of": "2025-09-26T02:00:00Z"},
    {"sha256": "00" * 32},
    {"iss": "https://evil.example.com"},
]


@pytest.mark.parametrize("swap", SWAPS, ids=[next(iter(swap)) for swap in SWAPS])
def test_24_claims_that_disagree_with_the_package_are_refused(ring: KeyRing, swap: dict[str, Any]) -> None:
    """Even under a good signature: consent, order and body belong together."""
    bank = receiver(ring)

    assert refusal(lambda: bank.open(wrapped(sealed(ring, **swap), bank))) != "believed"


def test_24_a_package_of_another_suborder_or_consent_is_not_what_was_asked_for(ring: KeyRing) -> None:
    """A true package, replayed in answer to a question about another one."""
    bank = receiver(ring)
    envelope = wrapped(sealed(ring), bank)

    assert refusal(lambda: bank.open(envelope, str(UUID(int=77)))) == "suborder_id is another than expected"
    assert (
        refusal(lambda: bank.open(envelope, str(SUBORDER), str(UUID(int=77)))) == "consent_id is another than expected"
    )


def test_24_a_changed_body_is_refused(ring: KeyRing) -> None:
    """The hash binds the body, the signature binds the hash."""
    bank = receiver(ring)
    changed = claims()
    changed["package"]["items"][0]["status"] = "value"
    under_hash = envelopes.sign(ring, rules.canonical(changed))[0]
    head, payload, signature = sealed(ring).split(".")
    honest = json.loads(unb64(payload))
    honest["package"]["items"][0]["value"] = 1
    under_signature = f"{head}.{b64(rules.canonical(honest))}.{signature}"

    assert refusal(lambda: bank.open(wrapped(under_hash, bank))) == "the package does not have its hash"
    assert refusal(lambda: bank.open(wrapped(under_signature, bank))) == "the signature of the JWS does not hold"


def test_24_an_inner_jws_that_somebody_else_signed_is_refused(ring: KeyRing, tmp_path: Path) -> None:
    """Row 24: anybody can encrypt to a public key, so the envelope proves nothing about its content."""
    bank = receiver(ring)
    stranger = vault.open_ring(tmp_path / "other")
    payload = rules.canonical(claims())
    posing = OKPKey.import_key(stranger.signers[stranger.signing_kid])
    header = {"alg": "Ed25519", "kid": ring.signing_kid, "typ": rules.JWS_TYPE}
    same_kid = jws.serialize_compact(header, payload, posing, ["Ed25519"])
    secret = OctKey.import_key(base64.b64decode(base64.b64encode(bytes(32))))
    hs256 = jws.serialize_compact({**header, "alg": "HS256"}, payload, secret, ["HS256"])
    none = f"{b64(json.dumps({**header, 'alg': 'none'}).encode())}.{b64(payload)}."

    said = [
        refusal(lambda t=token: bank.open(wrapped(t, bank)))
        for token in (envelopes.sign(stranger, payload)[0], same_kid, hs256, none)
    ]

    assert said == [
        "the JWS is signed by an unknown key",
        "the signature of the JWS does not hold",
        "the JWS is of another kind",
        "the JWS is of another kind",
    ]


def test_24_what_the_platform_signed_for_another_purpose_is_no_package(ring: KeyRing) -> None:
    """The type in the header keeps signatures of one kind from being used as another."""
    bank = receiver(ring)
    key = OKPKey.import_key(ring.signers[ring.signing_kid])
    header = {"alg": "Ed25519", "kid": ring.signing_kid, "typ": "tree-head+jws"}
    token = jws.serialize_compact(header, rules.canonical(claims()), key, ["Ed25519"])

    assert refusal(lambda: bank.open(wrapped(token, bank))) == "the JWS is of another kind"
    with pytest.raises(ValueError, match="not a package"):
        envelopes.read(ring, token)


def with_header(token: str, bank: Receiver, **changed: Any) -> str:
    """An envelope with another header, truly encrypted under it."""
    jwk = public_jwk(bank.account.encryption_keys["enc-1"], "enc-1")
    key = OKPKey.import_key({name: value for name, value in jwk.items() if name != "kid"})
    header = {
        "alg": "ECDH-ES+A256KW", "enc": "A256GCM", "typ": rules.JWE_TYPE, "kid": "enc-1", "iss": ISSUER,
        "aud": str(BANK), "exp": int(NOW.timestamp()) + 900, **changed,
    }  # fmt: skip
    algorithms = ["ECDH-ES+A256KW", "ECDH-ES", "ECDH-ES+A128KW", "A256GCM", "A128GCM", "A256CBC-HS512", "DEF"]
    registry = jwe.JWERegistry(algorithms=algorithms, strict_check_header=False)
    return jwe.encrypt_compact(header, token.encode(), key, registry=registry)


HEADERS: list[dict[str, Any]] = [
    {"zip": "DEF"},
    {"alg": "ECDH-ES"},
    {"alg": "ECDH-ES+A128KW"},
    {"enc": "A128GCM"},
    {"enc": "A256CBC-HS512"},
    {"typ": "JWT"},
    {"kid": "enc-2"},
    {"jku": "https://evil.example.com/jwks"},
    {"iss": "https://evil.example.com"},
    {"aud": [str(BANK)]},
    {"exp": int(NOW.timestamp()) - 11},
    {"exp": "never"},
    {"exp": None},
]


@pytest.mark.parametrize("header", HEADERS, ids=[str(header) for header in HEADERS])
def test_24_an_envelope_under_another_header_is_refused(ring: KeyRing, header: dict[str, Any]) -> None:
    """Row 24: zip above all; other algorithms, types, keys, audiences and times."""
    bank = receiver(ring)
    assert refusal(lambda: bank.open(with_header(sealed(ring), bank))) == "believed"

    assert refusal(lambda: bank.open(with_header(sealed(ring), bank, **header))) != "believed"


def test_an_envelope_dies_after_fifteen_minutes(ring: KeyRing) -> None:
    """A copy that turns up later is not a delivery."""
    bank = receiver(ring, now=NOW + timedelta(minutes=15, seconds=10))

    assert refusal(lambda: bank.open(wrapped(sealed(ring), bank))) == "the envelope is over"


def test_24_an_old_key_opens_what_was_sent_to_it_and_nothing_else(ring: KeyRing) -> None:
    """Row 24: after a rotation the bank keeps the old private key until its packages were read, then drops it."""
    bank = receiver(ring)
    to_old = wrapped(sealed(ring), bank)
    old = bank.account.encryption_keys.pop("enc-1")
    bank.account.encryption_keys["enc-2"] = new_encryption_key()

    dropped = refusal(lambda: bank.open(to_old))
    bank.account.encryption_keys["enc-1"] = old

    assert (dropped, refusal(lambda: bank.open(to_old))) == ("the JWE is for a key that we do not hold", "believed")


def test_a_change_of_any_part_of_an_envelope_is_noticed(ring: KeyRing) -> None:
    """A byte in each place of each of the five parts."""
    bank = receiver(ring)
    parts = wrapped(sealed(ring), bank).split(".")

    believed = []
    for number, part in enumerate(parts):
        raw = unb64(part)
        for position in range(0, len(raw), max(1, len(raw) // 40)):
            changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
            envelope = ".".join([*parts[:number], b64(changed), *parts[number + 1 :]])
            if refusal(lambda e=envelope: bank.open(e)) == "believed":
                believed.append((number, position))

    assert believed == []


@pytest.mark.parametrize(
    "text",
    ["", "....", "a.b.c.d.e", "a.b.c", "é....", "e30....", "W10....", f"{b64(b'{')}....", "e30=....", "e31....."],
)
def test_nonsense_is_refused_and_never_a_crash(ring: KeyRing, text: str) -> None:
    """A receiver stands on the open network."""
    bank = receiver(ring)

    assert refusal(lambda: bank.open(text)) != "believed"


@pytest.mark.parametrize(
    "epk",
    [
        None, "x", {}, {"kty": "OKP", "crv": "X25519"}, {"kty": "OKP", "crv": "X25519", "x": b64(bytes(32))},
        {"kty": "OKP", "crv": "X25519", "x": b64(bytes(31))}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": b64(bytes(32))},
    ],
)  # fmt: skip
@pytest.mark.parametrize("curve", ["X25519", "P-256"])
def test_a_one_time_key_that_is_no_point_is_refused(ring: KeyRing, curve: str, epk: object) -> None:
    """The invalid-curve attack: a crafted point would leak the bank's private key bit by bit."""
    bank = receiver(ring, curve)
    head, *rest = wrapped(sealed(ring), bank).split(".")
    header = {**json.loads(unb64(head)), "epk": epk}

    envelope = ".".join([b64(json.dumps(header).encode()), *rest])

    assert refusal(lambda: bank.open(envelope)) != "believed"


def test_a_point_off_the_curve_is_refused(ring: KeyRing) -> None:
    """On P-256, with coordinates of the right length."""
    bank = receiver(ring, "P-256")
    head, *rest = wrapped(sealed(ring), bank).split(".")
    header = json.loads(unb64(head))
    header["epk"]["y"] = header["epk"]["x"]

    envelope = ".".join([b64(json.dumps(header).encode()), *rest])

    assert refusal(lambda: bank.open(envelope)) == "the one-time key is not a point"


def test_the_platform_reads_back_its_own_seal_and_nothing_else(ring: KeyRing, tmp_path: Path) -> None:
    """Evidence is judged on verified text, not on whatever stands in a row."""
    token = sealed(ring)
    stranger = vault.open_ring(tmp_path / "other")

    assert json.loads(envelopes.read(ring, token)) == claims()
    for bad in (envelopes.sign(stranger, rules.canonical(claims()))[0], token[:-4] + "AAAA", "a.b.c", ""):
        with pytest.raises(ValueError, match="not a package that we signed"):
            envelopes.read(ring, bad)


def test_a_package_signed_before_a_key_change_still_verifies(ring: KeyRing, tmp_path: Path) -> None:
    """Sealed once and immutable: the old public key stays published."""
    token = sealed(ring)
    (tmp_path / "keys" / "package-2.key").write_text("ab" * 32)
    (tmp_path / "keys" / "package-2.key").chmod(0o600)
    later = vault.open_ring(tmp_path / "keys")
    bank = receiver(later)

    assert later.signing_kid != ring.signing_kid
    assert [refusal(lambda t=t: bank.open(wrapped(t, bank))) for t in (token, sealed(later))] == ["believed"] * 2


def test_an_ec_key_with_extra_members_is_wrapped_to_its_point_only(ring: KeyRing) -> None:
    """A registered JWK may carry use and alg; they don't belong in the envelope."""
    bank = receiver(ring, "P-256")
    jwk = public_jwk(bank.account.encryption_keys["enc-1"], "enc-1") | {"use": "enc", "alg": "ECDH-ES+A256KW"}

    envelope = envelopes.wrap(
        sealed(ring), jwk, issuer=ISSUER, bank_id=BANK, read_id=READ, expires_at=NOW + timedelta(minutes=15)
    )

    assert bank.open(envelope).package_id == str(PACKAGE)
    assert ECKey.import_key({k: v for k, v in jwk.items() if k in ("kty", "crv", "x", "y")}).thumbprint()
