"""The session's cookie: its name, how it is put and dropped, and whose address a request comes from."""

from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie

from app.kernel.errors import Refusal
from app.web import csrf
from app.web.context import Visitor


def cookie_name(request: Request[Any, Any, Any]) -> str:
    """`__Host-` ties the cookie to this host and to TLS; it is dropped only where there is no TLS: on loopback."""
    return "__Host-session" if request.app.state.secure_cookies else "session"


def token_of(request: Request[Any, Any, Any]) -> str | None:
    return request.cookies.get(cookie_name(request)) or None


def put(request: Request[Any, Any, Any], answer: Response[Any], token: str, *, seconds: int) -> None:
    """Give the browser a session; `seconds` of 0 takes it away."""
    answer.set_cookie(
        Cookie(
            key=cookie_name(request), value=token, httponly=True, samesite="lax", path="/", max_age=seconds,
            secure=request.app.state.secure_cookies,
        )
    )  # fmt: skip


def drop(request: Request[Any, Any, Any], answer: Response[Any]) -> None:
    put(request, answer, "", seconds=0)


def source_of(request: Request[Any, Any, Any]) -> str:
    """The peer's own address; forwarded addresses are anybody's claim."""
    return request.client.host if request.client else "unknown"


def present(visitor: Visitor | None) -> tuple[Visitor, bytes]:
    """A visitor who came with a session; machines have none, so no seat to choose and nothing to sign out of."""
    if visitor is None or visitor.session_key is None:
        raise Refusal("forbidden")
    return visitor, visitor.session_key


def csrf_token(request: Request[Any, Any, Any], visitor: Visitor) -> str:
    """The token that the visitor's changing requests carry; empty for a machine, which needs none."""
    return csrf.token(request.app.state.secret, visitor.session_key) if visitor.session_key else ""
