"""The access matrix: docs/access-matrix.toml is what the application does (P16, P17).

The file is written by hand, so that this is no tautology: a route whose author changed its roles, or forgot them, or
forgot the file, turns a test red.
"""

import tomllib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from app.access import orgs
from app.access.orgs import OrgKind
from app.access.seats import BRANCH_ROLES, Seat, SeatRole
from app.infra.db import Database, Role
from app.infra.settings import Environment, Settings
from app.main import create_app
from tests.conftest import SECRET
from tests.support import REPOSITORY
from tests.web.app_for_tests import make_org, make_seat, sign
from tests.web.objects import MAKERS, Made

ORG_OF = {
    SeatRole.BUSINESS: OrgKind.BUSINESS,
    **dict.fromkeys(
        (SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER, SeatRole.BANK_ADMIN, SeatRole.BANK_CLIENT), OrgKind.BANK
    ),
    SeatRole.REGULATOR: OrgKind.REGULATOR,
    SeatRole.SERVICE: OrgKind.PLATFORM,
    SeatRole.OPERATOR: OrgKind.PLATFORM,
    SeatRole.DATA_OFFICER: OrgKind.DEPARTMENT,
}
SAMPLES = {"path": "nothing", "name": "app.css", "version": "0", "code": "not-found"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file."""

    method: str
    path: str
    roles: str | frozenset[str]
    object: str = ""
    sees_all: frozenset[str] = frozenset()
    body: str = "{}"
    names: tuple[str, ...] = field(default=())
    own: bool = True  # False: one's own thing opens to more than a seat alone (a machine's key), tested elsewhere.
    form: str | None = None  # Fields of an HTML form, instead of a JSON body.

    def lets_in(self, role: str | None) -> bool:
        return self.roles == "public" or (role is not None and (self.roles == "person" or role in self.roles))

    def url(self, params: Mapping[str, str]) -> str:
        return self.path.format(**{name: params.get(name, SAMPLES.get(name, str(uuid4()))) for name in self.names})


def read_rows() -> dict[str, Row]:
    document = tomllib.loads((REPOSITORY / "docs" / "access-matrix.toml").read_text())
    return {key: read_row(key, value) for key, value in document.items()}


def read_row(key: str, value: Any) -> Row:
    method, path = key.split(" ", 1)
    fields = value if isinstance(value, dict) else {"roles": value}
    roles = fields["roles"]
    if not isinstance(roles, str):
        assert set(roles) <= {role.value for role in SeatRole}, f"{key}: an unknown role"
        roles = frozenset(roles)
    names = tuple(part[1:-1] for part in path.split("/") if part.startswith("{"))
    sees_all = frozenset(fields.get("sees_all", ()))
    own, form = fields.get("own", True), fields.get("form")
    return Row(method, path, roles, fields.get("object", ""), sees_all, fields.get("body", "{}"), names, own, form)


ROWS = read_rows()


def routes_of(app: Litestar) -> Iterator[tuple[str, Any]]:
    """Every method and path of the application with what its handler declares. OPTIONS answers methods only."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                yield f"{method} {route.path_format or '/'}", handler.opt.get("roles")


def as_written(roles: Any) -> Any:
    return roles if roles is None or isinstance(roles, str) else frozenset(str(role) for role in roles)


def differences(app: Litestar, rows: Mapping[str, Row]) -> list[str]:
    """Every way in which application and file disagree."""
    declared = dict(routes_of(app))
    found = [f"{key}: not in docs/access-matrix.toml" for key in declared if key not in rows]
    found += [f"{key}: in the file, but no such route" for key in rows if key not in declared]
    found += [f"{key}: names no roles" for key, roles in declared.items() if roles is None]
    found += [
        f"{key}: {as_written(declared[key])} in the code, {rows[key].roles} in the file"
        for key in declared.keys() & rows.keys()
        if declared[key] is not None and as_written(declared[key]) != rows[key].roles
    ]
    return sorted(found)


@pytest.fixture
def app(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Litestar:
    monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path))  # Keys are made where the settings say.
    settings = Settings(
        home=tmp_path, environment=Environment.DEVELOPMENT, database_url=None, secret=SECRET,
        issuer="http://127.0.0.1", hosts=("127.0.0.1",), webhook_loopback=(), movable_clock=True,
    )  # fmt: skip
    return create_app(settings, db)


@dataclass(frozen=True, slots=True)
class Cast:
    """One signed-in client for nobody and for each role, and their seats."""

    clients: dict[str | None, httpx.AsyncClient]
    seats: dict[SeatRole, Seat]
    others: dict[SeatRole, Seat]


async def seats_of(db: Database, name: str) -> dict[SeatRole, Seat]:
    org_ids = {kind: await make_org(db, kind, f"XY {name} {kind}") for kind in OrgKind}
    branch_id = uuid4()
    return {
        role: await make_seat(
            db, role, org_ids[kind], login=f"xy-{name}-{role}", branch_id=branch_id if role in BRANCH_ROLES else None
        )
        for role, kind in ORG_OF.items()
    }


@pytest.fixture
async def cast(db: Database, app: Litestar) -> AsyncIterator[Cast]:
    seats, others = await seats_of(db, "mine"), await seats_of(db, "other")
    clients: dict[str | None, httpx.AsyncClient] = {}
    for role in (None, *SeatRole):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        client = clients[role] = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        if role is not None:
            await sign(db, client, seats[role], secret=SECRET)
    yield Cast(clients, seats, others)
    for client in clients.values():
        await client.aclose()


async def call(client: httpx.AsyncClient, row: Row, params: Mapping[str, str]) -> httpx.Response:
    kind = "application/json" if row.form is None else "application/x-www-form-urlencoded"
    headers = {"idempotency-key": uuid4().hex, "content-type": kind}
    sent = row.body if row.form is None else quote(row.form, safe="=&{}+")
    body = sent.replace("{param}", next(iter(params.values()), str(uuid4()))) if row.method != "GET" else ""
    return await client.request(row.method, row.url(params), content=body, headers=headers)


def test_the_file_and_the_application_agree(app: Litestar) -> None:
    """A new route needs a new line, reviewed by somebody; a changed role is a diff."""
    assert [] == differences(app, ROWS)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("GET /session", None, "not in docs"),
        ("GET /session", "public", "in the code"),
        ("GET /new", "public", "no such route"),
    ],
)
def test_a_disagreement_is_told(app: Litestar, key: str, value: str | None, complaint: str) -> None:
    """The comparison bites in every direction."""
    rows = {k: row for k, row in ROWS.items() if k != key} | ({key: read_row(key, value)} if value else {})

    told = set(differences(app, rows)) - set(differences(app, ROWS))

    assert [True] == [found.startswith(f"{key}: ") and complaint in found for found in told]


async def test_every_route_as_everybody(db: Database, cast: Cast) -> None:
    """Nobody: 401, or in where it is public. A wrong role: 403. A right one: neither, and never a 500."""
    async with db.transaction(Role.OPS) as tx:  # A firm that is nobody yet may do less than its role lets it.
        await orgs.bind_subject(tx, cast.seats[SeatRole.BUSINESS].org_id, uuid4())
    wrong = []
    order = sorted(ROWS, key=lambda key: "session" in key or "logout" in key or "login" in key)  # They end sessions.
    for key in order:
        row = ROWS[key]
        for role, client in cast.clients.items():
            if row.lets_in(role) and row.method != "GET" and ("session" in key or "logout" in key):
                continue  # Signing out or in would change who the rest are called as; tests/access/seats covers these.
            answer = await call(client, row, {})
            code = answer.json().get("code") if "problem" in answer.headers.get("content-type", "") else ""
            if row.lets_in(role):
                good = answer.status_code not in (401, 500) and code not in ("forbidden", "csrf")
            else:
                good = (answer.status_code, code) == ((401, "unauthenticated") if role is None else (403, "forbidden"))
            if not good:
                wrong.append(f"{key} as {role}: {answer.status_code} {code}")
    print(f"{len(ROWS)} routes, {len(ROWS) * len(cast.clients)} cells")

    assert [] == wrong


def test_everything_of_somebodys_has_a_maker() -> None:
    """Without one, the next test would look at nothing. What is open to everybody is nobody's."""
    assert [] == sorted({row.object for row in ROWS.values() if row.object} - set(MAKERS))
    owned = {key: row for key, row in ROWS.items() if row.roles != "public"}
    assert [] == [key for key, row in owned.items() if not row.object and any(n not in SAMPLES for n in row.names)]


async def test_another_ones_thing_is_as_good_as_none(db: Database, cast: Cast) -> None:
    """{own, foreign, missing} for every role that is let in: foreign and missing give the same 404, to the byte."""
    made: dict[str, Made] = {
        name: await MAKERS[name](db, cast.seats, cast.others)
        for name in sorted({row.object for row in ROWS.values() if row.object})
    }
    wrong = []
    for key, row in ROWS.items():
        for role in SeatRole if row.object else ():
            if not row.lets_in(role):
                continue
            missing = await call(cast.clients[role], row, {})
            foreign = await call(cast.clients[role], row, made[row.object].foreign)
            if missing.status_code != 404:
                wrong.append(f"{key} as {role}: missing gives {missing.status_code}")
            if role in row.sees_all:
                good = foreign.status_code < 300 or (row.form is not None and foreign.status_code == 303)
            else:
                good = without_trace(foreign) == without_trace(missing)
            if not good:
                wrong.append(f"{key} as {role}: foreign gives {foreign.status_code} {foreign.text[:100]}")
            if row.method == "GET" and row.own:
                own = await call(cast.clients[role], row, made[row.object].own)
                if own.status_code >= 300:
                    wrong.append(f"{key} as {role}: own gives {own.status_code} {own.text[:100]}")

    assert [] == wrong


def without_trace(answer: httpx.Response) -> tuple[int, object]:
    return answer.status_code, answer.json() | {"trace_id": ""} if "json" in answer.headers["content-type"] else ""
