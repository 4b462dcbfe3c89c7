"""The four cryptographic steps, each as the RFC has it: sign an assertion, open a JWE, verify a JWS, name a key."""

import hashlib
import json
import struct
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

SigningKey = Ed25519PrivateKey | EllipticCurvePrivateKey
EncryptionKey = X25519PrivateKey | EllipticCurvePrivateKey
JWE_MEMBERS = {"alg", "enc", "epk", "apu", "apv", "typ", "cty", "kid", "iss", "aud", "jti", "exp"}  # No zip, no crit.
JWS_MEMBERS = {"alg", "kid", "typ"}


class Refused(Exception):
    """Something that must not be trusted. The text says which check failed."""


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Strict base64url without padding: one spelling only."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise Refused("not base64url") from error
    if b64(raw) != text:
        raise Refused("not base64url")
    return raw


def read_json(raw: bytes) -> dict[str, Any]:
    """A JSON object in which no key occurs twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Refused("a key occurs twice")
        return found

    try:
        found = json.loads(raw.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Refused("not JSON") from error
    if not isinstance(found, dict):
        raise Refused("not a JSON object")
    return found


def canonical(value: Any) -> bytes:
    """RFC 8785 for what a package holds: strings and integers under ASCII keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def public_jwk(key: SigningKey | EncryptionKey, kid: str) -> dict[str, str]:
    """The public half, as the head office registers it."""
    if isinstance(key, EllipticCurvePrivateKey):
        numbers = key.public_key().public_numbers()
        point = {"x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}
        return {"kty": "EC", "crv": "P-256", **point, "kid": kid}
    curve = "Ed25519" if isinstance(key, Ed25519PrivateKey) else "X25519"
    return {"kty": "OKP", "crv": curve, "x": b64(key.public_key().public_bytes_raw()), "kid": kid}


def sign_jwt(key: SigningKey, kid: str, claims: dict[str, Any]) -> str:
    """A compact JWS over claims: Ed25519, or ES256 for a P-256 key (RFC 7515, 7518, 9864)."""
    alg = "Ed25519" if isinstance(key, Ed25519PrivateKey) else "ES256"
    header = {"alg": alg, "kid": kid, "typ": "JWT"}
    content = f"{b64(canonical(header))}.{b64(canonical(claims))}"
    if isinstance(key, Ed25519PrivateKey):
        return f"{content}.{b64(key.sign(content.encode()))}"
    r, s = decode_dss_signature(key.sign(content.encode(), ECDSA(hashes.SHA256())))
    return f"{content}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def verify_jws(token: str, keys: dict[str, Ed25519PublicKey], typ: str) -> dict[str, Any]:
    """The claims of a JWS that one of the platform's keys signed. `keys` maps key ids to public keys."""
    if token.count(".") != 2:
        raise Refused("not a compact JWS")
    head, payload, signature = token.split(".")
    header = read_json(unb64(head))
    if not set(header) <= JWS_MEMBERS:
        raise Refused("the JWS header has a member that is not allowed")
    if header.get("alg") != "Ed25519" or header.get("typ") != typ:
        raise Refused("the JWS is of another kind")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise Refused("the JWS is signed by an unknown key")
    try:
        key.verify(unb64(signature), f"{head}.{payload}".encode())
    except InvalidSignature as error:
        raise Refused("the signature of the JWS does not hold") from error
    return read_json(unb64(payload))


def open_jwe(token: str, keys: dict[str, EncryptionKey], typ: str) -> tuple[dict[str, Any], bytes]:
    """Header and plaintext of a JWE under ECDH-ES+A256KW and A256GCM (RFC 7516, 7518 4.6, 5.3)."""
    if token.count(".") != 4:
        raise Refused("not a compact JWE")
    head, wrapped, nonce, text, tag = token.split(".")
    header = read_json(unb64(head))
    if not set(header) <= JWE_MEMBERS:
        raise Refused("the JWE header has a member that is not allowed")
    if (header.get("alg"), header.get("enc"), header.get("typ")) != ("ECDH-ES+A256KW", "A256GCM", typ):
        raise Refused("the JWE is of another kind")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise Refused("the JWE is for a key that we do not hold")
    wrapping = _derive(_agree(key, header.get("epk")), header)
    try:
        content_key = aes_key_unwrap(wrapping, unb64(wrapped))
        plain = AESGCM(content_key).decrypt(unb64(nonce), unb64(text) + unb64(tag), head.encode())
    except (InvalidUnwrap, InvalidTag, ValueError) as error:
        raise Refused("the JWE does not open with our key") from error
    return header, plain


def _agree(key: EncryptionKey, ephemeral: Any) -> bytes:
    """Diffie-Hellman with the sender's one-time key, which must lie on our own curve."""
    if not isinstance(ephemeral, dict):
        raise Refused("the JWE has no one-time key")
    try:
        if isinstance(key, X25519PrivateKey):
            if (ephemeral.get("kty"), ephemeral.get("crv")) != ("OKP", "X25519"):
                raise Refused("the one-time key is of another curve")
            return key.exchange(X25519PublicKey.from_public_bytes(unb64(ephemeral["x"])))
        if (ephemeral.get("kty"), ephemeral.get("crv")) != ("EC", "P-256"):
            raise Refused("the one-time key is of another curve")
        x, y = (int.from_bytes(unb64(ephemeral[name]), "big") for name in ("x", "y"))
        return key.exchange(ECDH(), EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key())
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("the one-time key is not a point") from error


def _derive(shared: bytes, header: dict[str, Any]) -> bytes:
    """The Concat KDF of NIST SP 800-56A, one round of SHA-256, for a key of 256 bits."""

    def sized(raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + raw

    parties = sized(unb64(header.get("apu", ""))) + sized(unb64(header.get("apv", "")))
    info = sized(header["alg"].encode()) + parties + struct.pack(">I", 256)
    return hashlib.sha256(struct.pack(">I", 1) + shared + info).digest()


def read_platform_keys(jwks: dict[str, Any]) -> dict[str, Ed25519PublicKey]:
    """The platform's signing keys by id; a key whose id is not its thumbprint (RFC 7638) is dropped."""
    found = {}
    for jwk in jwks["keys"]:
        if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
            continue
        members = f'{{"crv":"Ed25519","kty":"OKP","x":"{jwk["x"]}"}}'
        if jwk["kid"] == b64(hashlib.sha256(members.encode()).digest()):
            found[jwk["kid"]] = Ed25519PublicKey.from_public_bytes(unb64(jwk["x"]))
    return found


def new_encryption_key(curve: str = "X25519") -> EncryptionKey:
    return X25519PrivateKey.generate() if curve == "X25519" else generate_private_key(SECP256R1())


def new_signing_key(alg: str = "Ed25519") -> SigningKey:
    return Ed25519PrivateKey.generate() if alg == "Ed25519" else generate_private_key(SECP256R1())


def decode_webhook_key(text: str, prefix: str) -> bytes:
    return b64decode(text.removeprefix(prefix))
