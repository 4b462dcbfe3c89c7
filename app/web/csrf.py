"""Cross-site requests: a token tied to the session, and where the browser says the request came from."""

import hmac
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request

from app.kernel.errors import Refusal
from app.web import context, sealing

FIELD: Final = "_csrf"
HEADER: Final = "x-csrf-token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def token(secret: bytes, session_key: bytes) -> str:
    """The session's token; another session's token is another text."""
    return sealing.tag(secret, "csrf", session_key).hex()


def check_origin(request: Request[Any, Any, Any]) -> None:
    """Refuse an unsafe request that the browser marks as coming from another site.

    Programs send neither header and pass; with a session they still need the token.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refusal("csrf", "请求来自其他网站，已被拒绝。")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Refusal("csrf", "请求来自其他网站，已被拒绝。")


async def check_token(request: Request[Any, Any, Any]) -> None:
    """Refuse an unsafe request of a cookie session that carries no token of this very session."""
    visitor = context.of(request).visitor
    if visitor is None or visitor.session_key is None:
        return
    given = request.headers.get(HEADER)
    if given is None and is_form(request):
        value = (await request.form()).get(FIELD)
        given = value if isinstance(value, str) else None
    expected = token(request.app.state.secret, visitor.session_key)
    if given is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal("csrf")


def is_form(request: Request[Any, Any, Any]) -> bool:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return kind in ("application/x-www-form-urlencoded", "multipart/form-data")
