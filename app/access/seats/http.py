"""The session as JSON: sign in, look, choose a seat, sign out; and how a request's cookie becomes a visitor."""

from typing import Any, Final

from litestar import Request, Response, delete, get, post

from app.access.seats import service
from app.access.seats.rules import AGE_MAX
from app.access.seats.schemas import ChooseSeat, SessionView, SignIn
from app.web import context, session
from app.web.body import Sent
from app.web.context import Visitor
from app.web.deps import Given

PERSON: Final = {"roles": "person"}
# No visitor is looked up: signing in starts afresh whatever the browser brought, and has no session to bind a token to.
STRANGER: Final = {"roles": "public", "seat": False}
SECONDS: Final = int(AGE_MAX.total_seconds())


async def authenticate(request: Request[Any, Any, Any]) -> Visitor | None:
    """Who the request's cookie stands for; given to the web toolkit at the composition root."""
    token = session.token_of(request)
    return await service.find_visitor(request.app.state.db, token) if token else None


async def view_of(request: Request[Any, Any, Any], visitor: Visitor) -> SessionView:
    return await service.view_session(request.app.state.db, visitor, session.csrf_token(request, visitor))


@post("/session", opt=STRANGER, status_code=201)
async def sign_in(data: Sent[SignIn], request: Request[Any, Any, Any]) -> Response[SessionView]:
    """Sign in. With one seat it is chosen at once; with several, choose by `POST /session/seat`."""
    opened = await service.sign_in(
        request.app.state.db, data.login, data.password, source=session.source_of(request),
        request_id=context.of(request).trace_id, old_token=session.token_of(request),
    )  # fmt: skip
    answer = Response(await view_of(request, opened.visitor), status_code=201)
    session.put(request, answer, opened.token, seconds=SECONDS)
    return answer


@get("/session", opt=PERSON)
async def show_session(request: Request[Any, Any, Any], visitor: Given[Visitor]) -> SessionView:
    """Who is signed in, in which seat, and the token for requests that change something."""
    return await view_of(request, session.present(visitor)[0])


@post("/session/seat", opt=PERSON, status_code=200)
async def choose_seat(
    data: Sent[ChooseSeat], request: Request[Any, Any, Any], visitor: Given[Visitor]
) -> Response[SessionView]:
    """Sit in another of one's own seats; the session gets a new id."""
    visitor, key = session.present(visitor)
    opened = await service.choose_seat(
        request.app.state.db, key, visitor.person_id, data.seat_id, request_id=context.of(request).trace_id
    )
    answer = Response(await view_of(request, opened.visitor))
    session.put(request, answer, opened.token, seconds=SECONDS)
    return answer


@delete("/session", opt=PERSON, status_code=204)
async def sign_out(request: Request[Any, Any, Any], visitor: Given[Visitor]) -> Response[None]:
    """Sign out; the cookie is worthless from now on."""
    visitor, key = session.present(visitor)
    await service.sign_out(request.app.state.db, key, visitor.person_id, request_id=context.of(request).trace_id)
    answer: Response[None] = Response(None, status_code=204)
    session.drop(request, answer)
    return answer
