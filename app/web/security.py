"""Headers on every answer, and the one log line of every request."""

import time
from typing import Any, Final

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message
from litestar.types import Scope as AsgiScope

from app.web import context

CSP: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # The stylesheet's own little pictures are data: addresses.
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS: Final = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
log = structlog.get_logger(__name__)


async def before_send(message: Message, scope: AsgiScope) -> None:
    """Put the headers on and write the log line when an answer starts."""
    if message["type"] != "http.response.start":
        return
    found = context.context_of(scope)  # type: ignore[arg-type]  # A TypedDict is a mapping of str.
    headers = MutableScopeHeaders.from_message(message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
    headers["x-trace-id"] = found.trace_id
    if scope["litestar_app"].state.secure_cookies:
        headers.setdefault("strict-transport-security", "max-age=31536000")
    handler: Any = scope.get("route_handler")
    log.info(
        "request",
        trace_id=found.trace_id,
        method=scope.get("method", ""),
        route=scope.get("path_template") or (handler and min(handler.paths)) or "-",
        status=message["status"],
        ms=round((time.perf_counter() - found.started) * 1000, 1),
        seat_role=found.seat.role if found.seat else "none",
        problem=found.problem_code or "-",
    )
