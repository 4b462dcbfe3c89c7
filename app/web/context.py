"""What the toolkit knows about the request in hand: trace number, visitor, language, start.

Kept in the connection's scope, so that guards, dependencies, handlers and the problem translator see one truth.
"""

import secrets
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from litestar.connection import ASGIConnection


class SeatLike(Protocol):
    """A seat as far as the toolkit needs it; `app.access.seats.Seat` is one."""

    @property
    def person_id(self) -> UUID: ...
    @property
    def org_id(self) -> UUID: ...
    @property
    def role(self) -> str: ...
    @property
    def branch_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who proved who they are. `session_key` is None for a machine that came with a bearer token.

    `person_name` is what the page greets with; a person who has not chosen a seat yet has none.
    """

    person_id: UUID
    seat: SeatLike | None
    session_key: bytes | None = None
    person_name: str = ""
    seats_count: int = 1


@dataclass(slots=True)
class RequestContext:
    trace_id: str = field(default_factory=lambda: secrets.token_hex(8))
    started: float = field(default_factory=time.perf_counter)  # For the request's duration only; not a point in time.
    visitor: Visitor | None = None
    language: str = "zh"
    problem_code: str = ""
    begun: bool = False  # A unit of work was opened: from then on a lost connection leaves the outcome unknown.

    @property
    def seat(self) -> SeatLike | None:
        return self.visitor.seat if self.visitor else None


def context_of(scope: MutableMapping[str, Any]) -> RequestContext:
    """The request's context, made on first use."""
    state: dict[str, Any] = scope.setdefault("state", {})
    found = state.get("request_context")
    if not isinstance(found, RequestContext):
        found = state["request_context"] = RequestContext()
    return found


def of(connection: ASGIConnection[Any, Any, Any, Any]) -> RequestContext:
    return context_of(connection.scope)  # type: ignore[arg-type]  # A TypedDict is a mapping of str.


def wants_html(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """True for a browser that shows a page; scripts and machines ask for JSON or for anything."""
    return "text/html" in connection.headers.get("accept", "")


def is_partial(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """True when htmx asks for a part of a page."""
    return connection.headers.get("hx-request") == "true"
