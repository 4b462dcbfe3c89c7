"""The one guard of the whole application. It runs before anything is opened, and it fails closed.

A handler says who may call it: `opt={"roles": (SeatRole.BUSINESS,)}`, `"public"` for everybody, or `"person"` for
anybody signed in, seat chosen or not. A handler that says nothing answers 403 to everybody.
`opt={"rate": "package"}` counts a handler's calls in that class, for each who makes them.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from app.kernel.errors import Refusal
from app.web import context, csrf, i18n, session
from app.web.context import SeatLike, Visitor

Authenticate = Callable[[Request[Any, Any, Any]], Awaitable[Visitor | None]]
Bearer = Callable[[str], Awaitable[SeatLike | None]]
Limit = Callable[[str, str, str], Awaitable[None]]


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Check host, role, form token and rate, in this order; raise Refusal."""
    request: Request[Any, Any, Any] = connection  # type: ignore[assignment]  # Only HTTP handlers exist here.
    check_host(request)
    found = context.of(request)
    found.language = i18n.choose(request)
    i18n.use(found.language)
    roles = handler.opt.get("roles")
    if roles is None:
        raise Refusal("forbidden")
    if handler.opt.get("seat", True):
        found.visitor = await identify(request)
    check_roles(roles, found.visitor)
    if request.method not in csrf.SAFE_METHODS:
        csrf.check_origin(request)
        await csrf.check_token(request)
    if (kind := handler.opt.get("rate")) is not None:
        await check_rate(kind, request)


async def check_rate(kind: str, request: Request[Any, Any, Any]) -> None:
    """Count a costly call against its actor, or against its source where nobody is known yet."""
    found = context.of(request)
    name = str(found.visitor.person_id) if found.visitor else session.source_of(request)
    await request.app.state.limit(kind, name, found.trace_id)


def check_host(request: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse a Host header that names no host of ours; forwarded hosts are never read."""
    hosts: tuple[str, ...] = request.app.state.hosts
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host
    if name not in hosts:
        raise Refusal("bad-host", "主机名不正确。")


async def identify(request: Request[Any, Any, Any]) -> Visitor | None:
    """A bearer token names a machine and excludes the cookie; a bad one is refused, never ignored."""
    state = request.app.state
    authorization = request.headers.get("authorization")
    if authorization is not None and state.bearer is not None:
        scheme, _, text = authorization.partition(" ")
        seat = await state.bearer(text.strip()) if scheme.lower() == "bearer" else None
        if seat is None:
            raise Refusal("invalid-token")
        return Visitor(person_id=seat.person_id, seat=seat)
    visitor: Visitor | None = await state.authenticate(request)
    return visitor


def check_roles(roles: str | Iterable[str], visitor: Visitor | None) -> None:
    if roles == "public":
        return
    if visitor is None:
        raise Refusal("unauthenticated")
    if roles == "person":
        return
    if isinstance(roles, str) or visitor.seat is None or visitor.seat.role not in roles:
        raise Refusal("forbidden")
