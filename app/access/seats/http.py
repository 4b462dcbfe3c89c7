"""The session as JSON: sign in, look, choose a seat, sign out; and how a request's cookie becomes a visitor."""

from typing import Any, Final

from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie

from app.access.seats import service
from app.access.seats.rules import AGE_MAX
from app.access.seats.schemas import ChooseSeat, SeatView, SessionView, SignIn
from app.infra.db import Database, Role
from app.kernel.errors import Refusal
from app.web import context, csrf
from app.web.body import Sent
from app.web.context import Visitor
from app.web.deps import Given

PERSON: Final = {"roles": "person"}
# No visitor is looked up: signing in starts afresh whatever the browser brought, and has no session to bind a token to.
STRANGER: Final = {"roles": "public", "seat": False}


def cookie_name(request: Request[Any, Any, Any]) -> str:
    """`__Host-` ties the cookie to this host and to TLS; it is dropped only where there is no TLS: on loopback."""
    return "__Host-session" if request.app.state.secure_cookies else "session"


async def authenticate(request: Request[Any, Any, Any]) -> Visitor | None:
    """Who the request's cookie stands for; given to the web toolkit at the composition root."""
    token = request.cookies.get(cookie_name(request))
    return await service.find_visitor(request.app.state.db, token) if token else None


def put_cookie(request: Request[Any, Any, Any], answer: Response[Any], token: str) -> None:
    secure = request.app.state.secure_cookies
    age = int(AGE_MAX.total_seconds())
    answer.set_cookie(
        Cookie(
            key=cookie_name(request), value=token, httponly=True, samesite="lax", secure=secure, path="/", max_age=age
        )
    )


def drop_cookie(request: Request[Any, Any, Any], answer: Response[Any]) -> None:
    answer.set_cookie(
        Cookie(
            key=cookie_name(request), value="", httponly=True, samesite="lax", path="/", max_age=0,
            secure=request.app.state.secure_cookies,
        )
    )  # fmt: skip


def source_of(request: Request[Any, Any, Any]) -> str:
    """The peer's own address; forwarded addresses are anybody's claim."""
    return request.client.host if request.client else "unknown"


def old_key_of(request: Request[Any, Any, Any]) -> bytes | None:
    token = request.cookies.get(cookie_name(request))
    return service.session_key(token) if token else None


def present(visitor: Visitor | None) -> tuple[Visitor, bytes]:
    """A visitor who came with a session; machines have none and no seat to choose."""
    if visitor is None or visitor.session_key is None:
        raise Refusal("forbidden")
    return visitor, visitor.session_key


async def view_of(request: Request[Any, Any, Any], visitor: Visitor) -> SessionView:
    db: Database = request.app.state.db
    async with db.reading(Role.AUTH) as tx:
        choices = tuple(SeatView.of(choice) for choice in await service.list_seats(tx, visitor.person_id))
    token = csrf.token(request.app.state.secret, visitor.session_key) if visitor.session_key else ""
    return SessionView.of(visitor.person_id, visitor.seat, choices, token)  # type: ignore[arg-type]


@post("/session", opt=STRANGER, status_code=201)
async def sign_in(data: Sent[SignIn], request: Request[Any, Any, Any]) -> Response[SessionView]:
    """Sign in. With one seat it is chosen at once; with several, choose by `POST /session/seat`."""
    opened = await service.sign_in(
        request.app.state.db, data.login, data.password, source=source_of(request),
        request_id=context.of(request).trace_id, old_key=old_key_of(request),
    )  # fmt: skip
    answer = Response(await view_of(request, opened.visitor), status_code=201)
    put_cookie(request, answer, opened.token)
    return answer


@get("/session", opt=PERSON)
async def show_session(request: Request[Any, Any, Any], visitor: Given[Visitor]) -> SessionView:
    """Who is signed in, in which seat, and the token for requests that change something."""
    return await view_of(request, present(visitor)[0])


@post("/session/seat", opt=PERSON, status_code=200)
async def choose_seat(
    data: Sent[ChooseSeat], request: Request[Any, Any, Any], visitor: Given[Visitor]
) -> Response[SessionView]:
    """Sit in another of one's own seats; the session gets a new id."""
    visitor, key = present(visitor)
    opened = await service.choose_seat(
        request.app.state.db, key, visitor.person_id, data.seat_id, request_id=context.of(request).trace_id
    )
    answer = Response(await view_of(request, opened.visitor))
    put_cookie(request, answer, opened.token)
    return answer


@delete("/session", opt=PERSON, status_code=204)
async def sign_out(request: Request[Any, Any, Any], visitor: Given[Visitor]) -> Response[None]:
    """Sign out; the cookie is worthless from now on."""
    visitor, key = present(visitor)
    await service.sign_out(request.app.state.db, key, visitor.person_id, request_id=context.of(request).trace_id)
    answer: Response[None] = Response(None, status_code=204)
    drop_cookie(request, answer)
    return answer
