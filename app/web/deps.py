"""What a handler may ask for: `tx: Given[Tx]` (or `Given[ReadTx]`), `seat: Given[Seat]`, `visitor: Given[Visitor]`.

`tx` is the request's one unit of work, in the database role of the caller's audience or in the one the handler names
(`opt={"db": Role.ACT}`). A GET reads (PostgreSQL refuses it any write) unless the handler says `records_access`. It
commits when the handler has returned and its answer is made, before a byte is sent; it rolls back when the handler
raises. A refusal whose `keep` is true is the exception: the unit of work commits, and the refusal is still the answer.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidationMarker
from litestar.types import ASGIApp, Receive, Send
from litestar.types import Scope as AsgiScope

from app.infra.db import Database, ReadTx, Role, Scope
from app.kernel.errors import Refusal
from app.web import context
from app.web.context import SeatLike, Visitor

AUDIENCES: Final[Mapping[str, Role]] = {
    "business": Role.BUSINESS,
    "branch_clerk": Role.BANK,
    "branch_checker": Role.BANK,
    "bank_admin": Role.BANK,
    "bank_client": Role.BANK,
    "regulator": Role.REGULATOR,
    "service": Role.REGULATOR,
    "operator": Role.OPS,
    "data_officer": Role.OPS,
}
T = TypeVar("T")
Given = Annotated[NamedDependency[T], SkipValidationMarker()]  # A parameter that comes from here, taken as it is.
_STACK: Final = "unit_of_work"


def audience(seat: SeatLike | None) -> Role:
    """The database role that a seat reads and writes in; nobody's is `public`."""
    return AUDIENCES[seat.role] if seat is not None else Role.PUBLIC


def scope_of(request: Request[Any, Any, Any]) -> Scope:
    """Who acts, for row-level security and the audit; the case is the `order_id` of the path, if there is one."""
    found = context.of(request)
    seat, visitor = found.seat, found.visitor
    case_id = request.path_params.get("order_id")
    return Scope(
        org_id=seat.org_id if seat else None,
        actor_id=visitor.person_id if visitor else None,
        branch_id=seat.branch_id if seat else None,
        case_id=case_id if isinstance(case_id, UUID) else None,
        request_id=found.trace_id,
    )


async def provide_tx(request: Request[Any, Any, Any]) -> AsyncGenerator[ReadTx, None]:
    """Open the request's unit of work; see the module's head."""
    db: Database = request.app.state.db
    opt = request.route_handler.opt
    role = opt.get("db") or audience(context.of(request).seat)
    reads = request.method == "GET" and not opt.get("records_access")
    stack = AsyncExitStack()
    request.scope["state"][_STACK] = stack
    opened = db.reading(role, scope_of(request)) if reads else db.transaction(role, scope_of(request))
    async with stack:
        tx: ReadTx = await stack.enter_async_context(opened)
        context.of(request).begun = True
        kept: Refusal | None = None
        try:
            yield tx
        except Refusal as refusal:
            if not refusal.keep:
                raise
            kept = refusal
    if kept is not None:
        raise kept


def leave_none_open(app: ASGIApp) -> ASGIApp:
    """Middleware: end a unit of work that a failing neighbour left behind.

    When another dependency raises, the framework abandons a generator that it had opened; without this its connection
    would stay out of the pool until garbage collection.
    """

    async def wrapped(scope: AsgiScope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        finally:
            stack = scope.get("state", {}).pop(_STACK, None)
            if isinstance(stack, AsyncExitStack):
                await stack.__aexit__(_Abandoned, _Abandoned(), None)

    return wrapped


class _Abandoned(Exception):
    """Makes an abandoned unit of work roll back."""


async def provide_seat(request: Request[Any, Any, Any]) -> SeatLike | None:
    """The caller's seat. The guard has checked its role, so where roles are named it is there."""
    return context.of(request).seat


async def provide_visitor(request: Request[Any, Any, Any]) -> Visitor | None:
    return context.of(request).visitor
