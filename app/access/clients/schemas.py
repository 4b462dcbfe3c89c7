"""Shapes of requests and answers about machine clients."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from app.access.clients.rules import ASSERTION_MAX, Client, ClientKey, Use
from app.web.body import Body, Form, NameField, text

Jwk = dict[str, Any]  # Judged member by member in rules.judge_key.


class RegisterClient(Body):
    """A machine with its first two public keys (RFC 7517)."""

    name: NameField
    signing_key: Jwk
    encryption_key: Jwk
    branch_id: UUID | None = None


class RotateKey(Body):
    """The successor of the key of that use."""

    use: Use
    key: Jwk


class AskToken(Form):
    """RFC 6749 4.4 with RFC 7523 2.2."""

    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: Annotated[str, text(ASSERTION_MAX)]


@dataclass(frozen=True, slots=True)
class TokenView:
    access_token: str
    token_type: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class KeyView:
    kid: str
    use: Use
    thumbprint: str
    key: Jwk
    valid_from: datetime
    valid_to: datetime | None

    @classmethod
    def of(cls, key: ClientKey) -> Self:
        return cls(key.kid, key.use, key.thumbprint, dict(key.jwk), key.valid_from, key.valid_to)


@dataclass(frozen=True, slots=True)
class ClientView:
    client_id: UUID
    name: str
    branch_id: UUID | None
    registered_at: datetime
    disabled_at: datetime | None
    keys: list[KeyView]

    @classmethod
    def of(cls, client: Client, keys: list[ClientKey]) -> Self:
        return cls(
            client.client_id,
            client.name,
            client.branch_id,
            client.registered_at,
            client.disabled_at,
            [KeyView.of(key) for key in keys],
        )
