"""The bank's machine: hears of a package, fetches a token, pulls the package, opens and verifies it, keeps its items.

Used as a library (`Receiver`) and as a program (`python -m examples.bank`).
"""

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from examples.bank.jose import (
    EncryptionKey,
    Refused,
    SigningKey,
    canonical,
    open_jwe,
    read_json,
    read_platform_keys,
    sign_jwt,
    verify_jws,
)
from examples.bank.webhooks import Notice, verify_notice

JWS_TYPE, JWE_TYPE = "credit-package+jws", "credit-package+jwe"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW_SECONDS = 10
BODY_MAX = 4 * 1024 * 1024


@dataclass
class Account:
    """What the bank knows of itself and of the platform.

    `issuer` is the platform's name for itself; `notice_keys` are `whpk_…` or `whsec_…`, as registered.
    """

    platform: str  # https://host or http://127.0.0.1:8000
    issuer: str
    bank_id: str
    client_id: str
    signing_key: SigningKey
    encryption_keys: dict[str, EncryptionKey]  # By key id; an old one stays until its packages have been read.
    signing_kid: str = "sig-1"
    notice_keys: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Package:
    """A package that was opened and verified."""

    package_id: str
    suborder_id: str
    order_id: str
    consent_id: str
    sha256: str
    body: dict[str, Any]

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        return {row["path"]: row for row in self.body["items"]}


class Receiver:
    """`clock` gives seconds since 1970. `packages` holds what was pulled, by suborder; `refused` what was not believed.

    `notices` are those that were heard, each once.
    """

    def __init__(self, account: Account, clock: Callable[[], float] = time.time) -> None:
        self.account = account
        self.clock = clock
        self.packages: dict[str, Package] = {}
        self.notices: list[Notice] = []
        self.refused: list[str] = []
        self._seen: dict[str, float] = {}
        self._token: tuple[str, float] | None = None
        self._keys: dict[str, Ed25519PublicKey] | None = None
        self._lock = threading.Lock()

    # -- hearing ------------------------------------------------------------------------------------------------------

    def hear(self, headers: dict[str, str], body: bytes) -> Notice | None:
        """Verify a notice; None when this one was heard before. Raises Refused."""
        now = self.clock()
        notice = verify_notice(headers, body, self.account.notice_keys, now)
        with self._lock:
            self._seen = {name: at for name, at in self._seen.items() if now - at < 7 * 86400}
            if notice.webhook_id in self._seen:
                return None
            self._seen[notice.webhook_id] = now
            self.notices.append(notice)
        return notice

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
        """An HTTP server for `POST /notices`, running in a thread; `server.server_address` says where."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", "0"))
                body = self.rfile.read(length) if length <= 65536 else b""
                self._say(receiver._answer({name.lower(): value for name, value in self.headers.items()}, body))

            def _say(self, status: int) -> None:
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet: what matters is printed by the program."""

        server = ThreadingHTTPServer((host, port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def _answer(self, headers: dict[str, str], body: bytes) -> int:
        """Answer at once, pull afterwards: a notice is only a hint, and the platform waits 15 seconds at most."""
        try:
            notice = self.hear(headers, body)
        except Refused as refused:
            self.refused.append(str(refused))
            return 401
        if notice is not None and notice.kind == "package.sealed":
            threading.Thread(target=self._pull_quietly, args=(notice.ids["suborder_id"],), daemon=True).start()
        return 204

    def _pull_quietly(self, suborder_id: str) -> None:
        try:
            self.pull(suborder_id)
        except (Refused, OSError) as error:
            self.refused.append(str(error))

    # -- pulling ------------------------------------------------------------------------------------------------------

    def assertion(self) -> str:
        """Proof of our signing key: a minute of life, one audience, one use (RFC 7523)."""
        now, name = int(self.clock()), self.account.client_id
        claims = {"iss": name, "sub": name, "aud": self.account.issuer, "iat": now, "exp": now + 60}
        return sign_jwt(self.account.signing_key, self.account.signing_kid, claims | {"jti": secrets.token_hex(16)})

    def token(self) -> str:
        """An access token, kept until half a minute before its end."""
        with self._lock:
            if self._token is not None and self._token[1] - 30 > self.clock():
                return self._token[0]
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = read_json(self._call("POST", "/token", urlencode(form).encode(), headers))
        with self._lock:
            self._token = (answer["access_token"], self.clock() + answer["expires_in"])
        return str(answer["access_token"])

    def pull(self, suborder_id: str) -> Package:
        """Fetch a suborder's package, open it, verify it and keep it. Raises Refused."""
        headers = {"authorization": f"Bearer {self.token()}", "accept": "application/json"}
        answer = read_json(self._call("GET", f"/suborders/{suborder_id}/package", None, headers))
        package = self.open(str(answer["jwe"]), suborder_id)
        if (package.package_id, package.sha256) != (answer["package_id"], answer["sha256"]):
            raise Refused("the answer speaks of another package than its envelope")
        with self._lock:
            self.packages[suborder_id] = package
        return package

    def open(self, envelope: str, suborder_id: str | None = None, consent_id: str | None = None) -> Package:
        """Everything a bank must check before it believes a package. Raises Refused."""
        header, plain = open_jwe(envelope, self.account.encryption_keys, JWE_TYPE)
        self._expect(header, "iss", self.account.issuer)
        self._expect(header, "aud", self.account.bank_id)
        if type(header.get("exp")) is not int or header["exp"] + SKEW_SECONDS <= self.clock():
            raise Refused("the envelope is over")
        claims = verify_jws(plain.decode(), self._platform_keys(), JWS_TYPE)
        self._expect(claims, "iss", self.account.issuer)
        self._expect(claims, "aud", self.account.bank_id)
        body = claims.get("package")
        if not isinstance(body, dict) or claims.get("sha256") != hashlib.sha256(canonical(body)).hexdigest():
            raise Refused("the package does not have its hash")
        self._bind(claims, body)
        if suborder_id is not None:
            self._expect(claims, "suborder_id", suborder_id)
        if consent_id is not None:
            self._expect(claims, "consent_id", consent_id)
        return Package(
            claims["jti"], claims["suborder_id"], claims["order_id"], claims["consent_id"], claims["sha256"], body
        )

    def _bind(self, claims: dict[str, Any], body: dict[str, Any]) -> None:
        """The claims and the package they carry speak of the same order, consent, bank and instant."""
        inside = {
            "order_id": body["order"]["order_id"],
            "suborder_id": body["order"]["suborder_id"],
            "consent_id": body["consent"]["consent_id"],
            "aud": body["recipient"]["bank_id"],
            "as_of": body["as_of"],
        }
        for name, value in inside.items():
            self._expect(claims, name, value)

    @staticmethod
    def _expect(claims: dict[str, Any], name: str, value: str) -> None:
        if claims.get(name) != value:
            raise Refused(f"{name} is another than expected")

    def _platform_keys(self) -> dict[str, Ed25519PublicKey]:
        """The platform's published keys, fetched once per receiver; a bank may pin them instead."""
        if self._keys is None:
            self._keys = read_platform_keys(read_json(self._call("GET", "/package-keys", None, {})))
        return self._keys

    def trust(self, jwks: dict[str, Any]) -> None:
        """Pin the platform's signing keys."""
        self._keys = read_platform_keys(jwks)

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        parts = urlsplit(self.account.platform)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.netloc, timeout=15)
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            raw = answer.read(BODY_MAX)
        finally:
            connection.close()
        if answer.status != 200:
            raise Refused(f"{method} {path} answered {answer.status}: {_problem(raw)}")
        return raw


def _problem(raw: bytes) -> str:
    try:
        return str(json.loads(raw)["type"])
    except (ValueError, KeyError, TypeError):
        return "no problem document"
