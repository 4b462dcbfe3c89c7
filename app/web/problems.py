"""Every refusal as an RFC 9457 problem, or for a browser as a page that says what to do next.

One map from exceptions to the published list. Whatever is not in it is a bug: it is logged by type and place, and the
caller learns only that something failed, with a trace number.
"""

import http
import json
from typing import Any, Final
from urllib.parse import quote

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from pydantic import ValidationError

from app.infra.db import OUTCOME_UNKNOWN
from app.infra.log import frames_of
from app.kernel.errors import Refusal
from app.kernel.problems import PROBLEMS
from app.web import context, i18n, pages
from app.web.body import refusal_of

MEDIA: Final = "application/problem+json"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
log = structlog.get_logger(__name__)

_BY_STATUS: Final = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media",
    429: "rate-limited",
    503: "overloaded",
}
_OF_DATABASE: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (asyncpg.UniqueViolationError, "already-exists"),
    (asyncpg.LockNotAvailableError, "conflict"),
    (asyncpg.DeadlockDetectedError, "conflict"),
    (asyncpg.SerializationError, "conflict"),
    (asyncpg.IntegrityConstraintViolationError, "conflict"),
    (asyncpg.DataError, "malformed-field"),
    (asyncpg.InsufficientPrivilegeError, "forbidden"),
    (asyncpg.QueryCanceledError, "overloaded"),  # Stopped by its time limit, so certainly rolled back.
    (asyncpg.IdleInTransactionSessionTimeoutError, "overloaded"),
    (asyncpg.InsufficientResourcesError, "overloaded"),
)
_SUSPICIOUS: Final = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.InsufficientPrivilegeError)
_RETRY: Final = {"conflict": 1, "idempotency-in-progress": 1, "overloaded": 2, "outcome-unknown": 2}


def translate(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The application's only exception handler."""
    i18n.use(i18n.choose(request))  # The guard may not have run.
    refusal = refusal_from(error, method=request.method, begun=context.of(request).begun)
    note(request, refusal, error)
    return respond(request, refusal)


def refusal_from(error: BaseException, *, method: str, begun: bool) -> Refusal:
    """The refusal that an exception stands for. `begun` says that a unit of work had been opened."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException):
        return _of_framework(error)
    if isinstance(error, ValidationError):
        return refusal_of(error)
    if isinstance(error, RecursionError):
        return Refusal("too-deep")
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        return Refusal("malformed-field")  # The driver could not encode a value.
    if isinstance(error, (*OUTCOME_UNKNOWN, asyncpg.OperatorInterventionError, TimeoutError)):
        unknown = begun and method not in SAFE and not isinstance(error, asyncpg.QueryCanceledError)
        return Refusal("outcome-unknown" if unknown else "overloaded")
    for kind, code in _OF_DATABASE:
        if isinstance(error, kind):
            return Refusal(code)
    return Refusal("internal")


def _of_framework(error: HTTPException) -> Refusal:
    if isinstance(error, ValidationException):
        faults = error.extra if isinstance(error.extra, list) else []
        sources = [fault.get("source") for fault in faults if isinstance(fault, dict)]
        return Refusal("malformed-body" if "body" in sources else "bad-query")
    if error.status_code == 400:
        return Refusal("malformed-body")
    return Refusal(_BY_STATUS.get(error.status_code, "internal"))


def note(request: Request[Any, Any, Any], refusal: Refusal, error: Exception) -> None:
    """Remember the code for the request's log line; log bugs by type and place."""
    context.of(request).problem_code = refusal.code
    if refusal.code == "internal" or isinstance(error, _SUSPICIOUS):
        trace_id = context.of(request).trace_id
        log.error("unexpected", error=type(error).__name__, frames=frames_of(error), trace_id=trace_id)


def document(refusal: Refusal, trace_id: str) -> dict[str, object]:
    """The problem as JSON members. `type` is a reference to the page that explains it."""
    problem = PROBLEMS[refusal.code]
    title = problem.title_en if i18n.language() == "en" else problem.title_zh
    fixed = {
        "type": f"/problems/{refusal.code}",
        "title": title,
        "status": problem.status,
        "code": refusal.code,
        "detail": title if refusal.detail == problem.title_zh else i18n._(refusal.detail),
        "trace_id": trace_id,
    }
    return {**refusal.extra, **fixed}


def respond(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    """The answer to a refusal: a page for a browser, JSON for everybody else."""
    found = context.of(request)
    members = document(refusal, found.trace_id)
    headers = _headers(refusal)
    if context.wants_html(request):
        if refusal.code == "unauthenticated" and request.method == "GET" and not context.is_partial(request):
            return _to_login(request)
        page = _page(request, members)
        if page is not None:
            return Response(page, status_code=refusal.problem.status, media_type="text/html", headers=headers)
    body = json.dumps(members, ensure_ascii=False, default=str).encode()
    return Response(body, status_code=refusal.problem.status, media_type=MEDIA, headers=headers)


def _headers(refusal: Refusal) -> dict[str, str]:
    headers = {"cache-control": "no-store"}
    wait = refusal.extra.get("retry_after", _RETRY.get(refusal.code))
    if isinstance(wait, int):
        headers["retry-after"] = str(wait)
    if refusal.problem.status == http.HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="xinyidai"'
    return headers


def _to_login(request: Request[Any, Any, Any]) -> Response[Any]:
    path = request.scope["path"]
    return Response(
        b"", status_code=303, headers={"location": f"/login?next={quote(path)}", "cache-control": "no-store"}
    )


def _page(request: Request[Any, Any, Any], members: dict[str, object]) -> str | None:
    """The problem as a page, or None when even that fails, since a problem must always be told."""
    try:
        return pages.render(request, "web/problem.html", problem=members)
    except Exception as error:  # noqa: BLE001  The last resort: JSON instead of a page.
        log.error("problem_page_failed", error=type(error).__name__, frames=frames_of(error))
        return None
