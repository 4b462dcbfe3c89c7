"""A small application made of the toolkit and the access rooms, with a few handlers that only tests call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import httpx
from litestar import Litestar, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.access import audit, orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, ReadTx, Role, Scope, Tx
from app.kernel.errors import Refusal
from app.web import idempotency, paging
from app.web.body import Body, FenField, Form, Posted, Sent, text
from app.web.deps import Given
from app.web.pages import page, see_other
from app.web.plugin import WebPlugin

SECRET = b"tests-only-secret-of-at-least-32-characters"
HOST = "127.0.0.1"
PASSWORD = "correct horse battery staple"


class Thing(Body):
    amount: FenField
    note: Annotated[str, text(200)] = ""


class ThingForm(Form):
    note: Annotated[str, text(200)]


@dataclass(frozen=True, slots=True)
class ThingView:
    thing_id: UUID


BUSINESS = (SeatRole.BUSINESS,)


async def make_thing(tx: Tx, note: str) -> UUID:
    """An effect that can be counted: one audit event."""
    if note == "refuse":
        raise Refusal("wrong-state")
    if note == "refuse and keep":
        await audit.write(tx, "thing.kept")
        refusal = Refusal("wrong-state")
        refusal.keep = True
        raise refusal
    if note == "crash":
        raise RuntimeError("secret words that nobody may see")
    if note == "slow":
        await tx.value("select pg_sleep(0.8)")
    await audit.write(tx, "thing.made", detail={"note": note})
    return UUID(int=7)


@post("/things", opt={"roles": BUSINESS})
async def post_thing(
    data: Sent[Thing], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[ThingView]:
    """Make a thing."""
    assert seat.role is SeatRole.BUSINESS
    thing_id = await idempotency.once(request, tx, lambda: make_thing(tx, data.note), location="/things/{}")
    return idempotency.answer(request, ThingView(thing_id))


@post("/things/form", opt={"roles": BUSINESS}, include_in_schema=False)
async def submit_thing(data: Posted[ThingForm], tx: Given[Tx], request: Request[Any, Any, Any]) -> Response[bytes]:
    await idempotency.once(request, tx, lambda: make_thing(tx, data.note))
    return see_other(request, "/things/page", flash="已保存 <b>")


@get("/things/page", opt={"roles": BUSINESS}, include_in_schema=False)
async def show_things(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "access/seats.html", session={"seats": ()}, words={})


@get("/things/{thing_id:uuid}", opt={"roles": BUSINESS})
async def get_thing(thing_id: FromPath[UUID], tx: Given[ReadTx]) -> ThingView:
    if thing_id != UUID(int=7):
        raise Refusal("not-found")
    return ThingView(thing_id)


@get("/things", opt={"roles": BUSINESS})
async def list_things(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> dict[str, Any]:
    part = paging.read_page(request, orders=("made", "note"))
    return {"next": part.next_cursor([0] * part.limit, ("2026-01-01", 7)), "after": part.after}


@get("/forgotten")
async def forgotten() -> str:
    """A handler whose author forgot to say who may call it."""
    return "leaked"


@get("/boom", opt={"roles": "public"})
async def boom(request: Request[Any, Any, Any]) -> str:
    kinds: dict[str, Exception] = request.app.state.boom
    raise kinds[request.query_params["kind"]]


@get("/writes", opt={"roles": BUSINESS})
async def write_in_get(tx: Given[Tx]) -> str:
    await audit.write(tx, "thing.read")
    return "written"


@get("/logs", opt={"roles": BUSINESS, "records_access": True})
async def log_in_get(tx: Given[Tx]) -> str:
    await audit.write(tx, "thing.read")
    return "written"


async def failing_neighbour(request: Request[Any, Any, Any]) -> int:
    import asyncio

    await asyncio.sleep(0.05)
    raise Refusal("not-found")


@get("/abandons", opt={"roles": BUSINESS}, dependencies={"neighbour": failing_neighbour})
async def abandon(tx: Given[ReadTx], neighbour: Given[int]) -> str:
    return "never"


@get("/counts", opt={"roles": BUSINESS})
async def count_something(tx: Given[ReadTx], n: FromQuery[int]) -> int:
    return n


TOYS = [
    post_thing,
    submit_thing,
    show_things,
    get_thing,
    list_things,
    forgotten,
    boom,
    write_in_get,
    log_in_get,
    abandon,
    count_something,
]


def create_test_app(db: Database, *toys: Any, secure_cookies: bool = False) -> Litestar:
    from app.access.seats import http as seats_http
    from app.access.seats import pages as seats_pages

    handlers = [
        seats_http.sign_in, seats_http.show_session, seats_http.choose_seat, seats_http.sign_out,
        seats_pages.show_login, seats_pages.submit_login, seats_pages.show_seats, seats_pages.submit_seat,
        seats_pages.submit_logout,
    ]  # fmt: skip
    plugin = WebPlugin(
        db=db, secret=SECRET, hosts=(HOST,), secure_cookies=secure_cookies,
        authenticate=seats.authenticate, noted=audit.write_refusal,
    )  # fmt: skip
    return Litestar([*handlers, *toys], plugins=[plugin])


@asynccontextmanager
async def client_of(app: Litestar, base: str = f"http://{HOST}") -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        yield client


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A client that carries a session's cookie and token."""

    client: httpx.AsyncClient
    seat: Seat
    cookie: str


async def make_org(db: Database, kind: OrgKind, name: str = "XY 测试机构") -> UUID:
    async with db.transaction(Role.OPS) as tx:
        return (await orgs.create_org(tx, kind, name)).org_id


async def make_seat(
    db: Database, role: SeatRole, org_id: UUID, *, login: str, branch_id: UUID | None = None, password: str = ""
) -> Seat:
    async with db.transaction(Role.OPS) as tx:
        person = await orgs.create_person(tx, login, login)
        if password:
            await seats.set_first_password(tx, person.person_id, password)
        return await seats.create_seat(tx, person.person_id, org_id, role, branch_id=branch_id)


async def sign(db: Database, client: httpx.AsyncClient, seat: Seat, *, secret: bytes = SECRET) -> str:
    """Open a session without the login form and its limits; put cookie and token on the client."""
    from app.web import csrf

    async with db.transaction(Role.AUTH, Scope(actor_id=seat.person_id)) as tx:
        opened = await seats.open_session(tx, seat.person_id, seat)
    assert opened.visitor.session_key is not None
    client.cookies.set("session", opened.token, domain=HOST)
    client.headers["x-csrf-token"] = csrf.token(secret, opened.visitor.session_key)
    return opened.token
