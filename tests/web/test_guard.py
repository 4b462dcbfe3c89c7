"""Who gets in: roles, hosts, form tokens, and what happens to a route whose author forgot to say."""

from typing import Any

import httpx
import pytest
from litestar import Litestar

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra.db import Database
from app.web.plugin import WebPlugin
from tests.web.app_for_tests import SECRET, TOYS, client_of, make_org, make_seat, sign

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_a_route_without_roles_answers_403_to_everybody(firm: httpx.AsyncClient) -> None:
    """The house fails closed: forgetting the policy opens nothing."""
    answer = await firm.get("/forgotten")

    assert (403, "forbidden") == (answer.status_code, answer.json()["code"])


async def test_nobody_is_asked_to_sign_in_and_a_browser_is_sent_there(client: httpx.AsyncClient) -> None:
    """A page leads to the form and back; a machine gets a problem."""
    answer = await client.get("/things")
    page = await client.get("/things/page", headers={"accept": "text/html"})

    assert (401, "unauthenticated") == (answer.status_code, answer.json()["code"])
    assert (303, "/login?next=/things/page") == (page.status_code, page.headers["location"])


async def test_another_role_is_forbidden(db: Database, client: httpx.AsyncClient) -> None:
    """Signed in is not enough."""
    seat = await make_seat(db, SeatRole.REGULATOR, await make_org(db, OrgKind.REGULATOR), login="xy-regulator")
    await sign(db, client, seat)

    assert 403 == (await client.get("/things")).status_code


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1:80:80", "[::1]"])
async def test_an_unknown_host_is_refused(client: httpx.AsyncClient, host: str) -> None:
    """Links and cookies must never be made for a name that is not ours."""
    answer = await client.get("/health/live", headers={"host": host})

    assert (400, "bad-host") == (answer.status_code, answer.json()["code"])


async def test_forwarded_headers_change_nothing(client: httpx.AsyncClient) -> None:
    """They are anybody's claim."""
    claims = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example", "x-forwarded-for": "10.0.0.1",
              "x-http-method-override": "DELETE"}  # fmt: skip

    assert 200 == (await client.get("/health/live", headers=claims)).status_code


async def test_other_verbs_are_405(firm: httpx.AsyncClient) -> None:
    """A verb that the route does not have is no way around its roles."""
    codes = [(await firm.request(verb, "/things")).status_code for verb in ("HEAD", "PUT", "PATCH", "DELETE", "TRACE")]

    assert [405] * 5 == codes


async def test_a_changing_request_needs_the_token_of_its_own_session(
    db: Database, app: Litestar, firm: httpx.AsyncClient, key: Any
) -> None:
    """A token minted for one visitor must not serve another (finding 11)."""
    other = await make_seat(db, SeatRole.BUSINESS, await make_org(db, OrgKind.BUSINESS), login="xy-other")
    async with client_of(app) as theirs:
        await sign(db, theirs, other)
        foreign = theirs.headers["x-csrf-token"]
    own = firm.headers.pop("x-csrf-token")

    codes = [
        (await firm.post("/things", json={"amount": 1}, headers={**key(), **extra})).status_code
        for extra in ({}, {"x-csrf-token": foreign}, {"x-csrf-token": own[:-1] + "0"}, {"x-csrf-token": own})
    ]

    assert [403, 403, 403, 201] == codes or own.endswith("0")


async def test_a_form_carries_the_token_in_a_field(firm: httpx.AsyncClient, key: Any) -> None:
    """Pages work without scripts."""
    token = firm.headers.pop("x-csrf-token")

    without = await firm.post("/things/form", data={"note": "a", "_key": key()["idempotency-key"]})
    with_token = await firm.post("/things/form", data={"note": "a", "_key": key()["idempotency-key"], "_csrf": token})

    assert [403, 303] == [without.status_code, with_token.status_code]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_request_from_another_site_is_refused_even_with_the_token(
    firm: httpx.AsyncClient, key: Any, headers: dict[str, str]
) -> None:
    """The browser says where it comes from; a stolen token does not help a foreign page."""
    answer = await firm.post("/things", json={"amount": 1}, headers={**key(), **headers})

    assert (403, "csrf") == (answer.status_code, answer.json()["code"])


async def test_signing_in_from_another_site_is_refused(client: httpx.AsyncClient) -> None:
    """Otherwise a foreign page could sign a visitor in as somebody else."""
    answer = await client.post("/login", data={"login": "a", "password": "b"}, headers={"sec-fetch-site": "cross-site"})

    assert 403 == answer.status_code


async def test_json_as_plain_text_is_415(firm: httpx.AsyncClient, key: Any) -> None:
    """The one media type that a foreign form could send."""
    answer = await firm.post("/things", content=b'{"amount":1}', headers={**key(), "content-type": "text/plain"})

    assert (415, "unsupported-media") == (answer.status_code, answer.json()["code"])


async def test_a_compressed_body_is_415(firm: httpx.AsyncClient, key: Any) -> None:
    """No bomb is ever unpacked."""
    headers = {**key(), "content-type": "application/json", "content-encoding": "gzip"}

    assert 415 == (await firm.post("/things", content=b"\x1f\x8b", headers=headers)).status_code


async def test_a_bearer_token_excludes_the_cookie(db: Database, seat: Seat) -> None:
    """A bad token is refused, never replaced by a session that happens to be there; a good one needs no form token."""

    async def bearer(text: str) -> Seat | None:
        return seat if text == "good" else None

    app = Litestar(TOYS, plugins=[WebPlugin(db=db, secret=SECRET, hosts=("127.0.0.1",), bearer=bearer)])
    async with client_of(app) as client:
        answers = [
            await client.get("/things", headers={"authorization": text})
            for text in ("Bearer good", "bearer good", "Bearer bad", "Basic good", "")
        ]
        posted = await client.post(
            "/things",
            json={"amount": 1},
            headers={"authorization": "Bearer good", "idempotency-key": "k" * 16, "origin": "http://127.0.0.1"},
        )

    assert [200, 200, 401, 401, 401] == [answer.status_code for answer in answers]
    assert 201 == posted.status_code
