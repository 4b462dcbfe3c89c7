"""Shapes of requests and answers about endpoints and dead letters."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.infra.http import URL_MAX
from app.office.deliveries.rules import EVERYTHING, KINDS_MAX, Endpoint, Notice, Scheme
from app.web.body import Body, text


class RegisterEndpoint(Body):
    """`kinds` are kinds of event (`package.sealed`) or `*` for all; `secret` only with `v1`, at least 32 bytes."""

    url: Annotated[str, text(URL_MAX)]
    kinds: Annotated[list[Annotated[str, text(65)]], Field(min_length=1, max_length=KINDS_MAX)] = Field(
        default_factory=lambda: [EVERYTHING]
    )
    scheme: Scheme = Scheme.V1A
    secret: Annotated[str, text(120)] | None = None


class RotateEndpointKey(Body):
    secret: Annotated[str, text(120)] | None = None


@dataclass(frozen=True, slots=True)
class EndpointView:
    """`verification_key` is given to whoever registers or rotates: the public key, or the shared secret."""

    endpoint_id: UUID
    url: str
    kinds: list[str]
    scheme: Scheme
    registered_at: datetime
    disabled_at: datetime | None
    disabled_why: str | None
    verification_key: str | None = None

    @classmethod
    def of(cls, endpoint: Endpoint, verification_key: str | None = None) -> Self:
        return cls(
            endpoint.endpoint_id,
            endpoint.url,
            list(endpoint.kinds),
            endpoint.scheme,
            endpoint.registered_at,
            endpoint.disabled_at,
            endpoint.disabled_why,
            verification_key,
        )


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    notice_id: UUID
    seq: int
    endpoint_id: UUID
    kind: str
    ids: dict[str, str]
    happened_at: datetime
    tries: int
    why: str | None
    ended_at: datetime | None

    @classmethod
    def of(cls, notice: Notice) -> Self:
        return cls(
            notice.notice_id,
            notice.seq,
            notice.endpoint_id,
            notice.kind,
            dict(notice.ids),
            notice.happened_at,
            notice.tries,
            notice.why,
            notice.ended_at,
        )
