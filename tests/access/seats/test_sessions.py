"""Sessions (P24) and the limits of signing in (P15)."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import httpx
import pytest
from litestar import Litestar

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole, service, store
from app.access.seats.rules import SIGN_IN_BURST
from app.infra.db import Database, Role
from app.kernel.errors import Refusal
from tests.web.app_for_tests import HOST, PASSWORD, TOYS, client_of, create_test_app, make_org, make_seat, sign

Admin = asyncpg.Connection
LOGIN = {"login": "xy-owner", "password": PASSWORD}
WRONG = {"login": "xy-owner", "password": "wrong"}
HTML = {"accept": "text/html"}


@pytest.fixture
def app(db: Database) -> Litestar:
    return create_test_app(db, *TOYS)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def owner(db: Database) -> Seat:
    org_id = await make_org(db, OrgKind.BUSINESS)
    return await make_seat(db, SeatRole.BUSINESS, org_id, login="xy-owner", password=PASSWORD)


async def test_signing_in_gives_a_session_a_token_and_the_only_seat(client: httpx.AsyncClient, owner: Seat) -> None:
    """One seat needs no choosing; the token is what changing requests carry."""
    answer = await client.post("/session", json=LOGIN)

    session = answer.json()
    assert (201, "business", str(owner.seat_id)) == (answer.status_code, session["role"], session["seat_id"])
    assert 409 == (
        await client.post("/things", json={"amount": 1, "note": "refuse"},
                          headers={"x-csrf-token": session["csrf_token"], "idempotency-key": "0123456789abcdef"})
    ).status_code  # fmt: skip


async def test_the_cookie_is_random_and_only_its_hash_is_kept(
    client: httpx.AsyncClient, owner: Seat, admin: Admin
) -> None:
    """Whoever reads the table can't sign in."""
    await client.post("/session", json=LOGIN)

    token = client.cookies["session"]
    rows = await admin.fetch("select session_key from sessions")
    assert len(token) >= 43
    assert [32] == [len(row["session_key"]) for row in rows]
    assert token.encode() not in rows[0]["session_key"]


async def test_the_cookie_is_bound_to_host_and_tls(db: Database, owner: Seat) -> None:
    """`__Host-` with all that it needs; without TLS, which is on loopback only, the name says so."""
    cookies = []
    for secure in (True, False):
        async with client_of(create_test_app(db, secure_cookies=secure)) as client:
            cookies.append((await client.post("/session", json=LOGIN)).headers["set-cookie"])

    assert cookies[0].startswith("__Host-session=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookies[0].split("; "))
    assert "Domain" not in cookies[0]
    assert cookies[1].startswith("session=")


async def test_a_session_id_from_before_signing_in_is_worthless(client: httpx.AsyncClient, owner: Seat) -> None:
    """Fixation: whatever the browser brought, the id is a new one."""
    client.cookies.set("session", "planted-by-somebody-else", domain=HOST)

    answer = await client.post("/session", json=LOGIN)

    new = re.match(r"session=([^;]+)", answer.headers["set-cookie"])
    assert new is not None
    assert "planted-by-somebody-else" != new[1]
    client.cookies.clear()
    client.cookies.set("session", "planted-by-somebody-else", domain=HOST)
    assert 401 == (await client.get("/session")).status_code


async def test_a_cookie_is_worthless_after_signing_out(client: httpx.AsyncClient, owner: Seat) -> None:
    """Also in the hands of whoever copied it before."""
    token = (await client.post("/session", json=LOGIN)).json()["csrf_token"]
    copied = client.cookies["session"]

    out = await client.delete("/session", headers={"x-csrf-token": token})

    client.cookies.clear()
    client.cookies.set("session", copied, domain=HOST)
    assert [204, 401] == [out.status_code, (await client.get("/session")).status_code]


async def test_choosing_a_seat_gives_a_new_id_and_ends_the_old_one(
    db: Database, client: httpx.AsyncClient, owner: Seat, admin: Admin
) -> None:
    """A change of role is a change of session; its age is inherited, or twelve hours would never come."""
    bank_id = await make_org(db, OrgKind.BANK)
    async with db.transaction(Role.OPS) as tx:
        second = await seats.create_seat(tx, owner.person_id, bank_id, SeatRole.BANK_ADMIN)
    signed_in = (await client.post("/session", json=LOGIN)).json()
    old, created_at = client.cookies["session"], await admin.fetchval("select created_at from sessions")

    headers = {"x-csrf-token": signed_in["csrf_token"]}
    chosen = await client.post("/session/seat", json={"seat_id": str(second.seat_id)}, headers=headers)

    assert (None, 2) == (signed_in["role"], len(signed_in["seats"]))
    assert (200, "bank_admin") == (chosen.status_code, chosen.json()["role"])
    assert signed_in["csrf_token"] != chosen.json()["csrf_token"]
    assert [created_at] == [row["created_at"] for row in await admin.fetch("select created_at from sessions")]
    client.cookies.clear()
    client.cookies.set("session", old, domain=HOST)
    assert 401 == (await client.get("/session")).status_code


async def test_nobody_sits_in_another_persons_seat(db: Database, client: httpx.AsyncClient, owner: Seat) -> None:
    """Same answer as for a seat that does not exist."""
    theirs = await make_seat(db, SeatRole.BUSINESS, await make_org(db, OrgKind.BUSINESS), login="xy-other")
    headers = {"x-csrf-token": (await client.post("/session", json=LOGIN)).json()["csrf_token"]}

    codes = [
        (await client.post("/session/seat", json={"seat_id": seat_id}, headers=headers)).status_code
        for seat_id in (str(theirs.seat_id), "00000000-0000-0000-0000-000000000000")
    ]

    assert [404, 404] == codes


@pytest.mark.parametrize("how", ["disabled", "seat ended"])
async def test_a_disabled_person_or_an_ended_seat_is_refused_on_the_very_next_request(
    db: Database, client: httpx.AsyncClient, owner: Seat, how: str
) -> None:
    """Nothing about a session is remembered between requests."""
    await sign(db, client, owner)
    before = (await client.get("/things")).status_code

    async with db.transaction(Role.OPS) as tx:
        if how == "disabled":
            await orgs.disable_person(tx, owner.person_id)
        else:
            assert owner.seat_id is not None
            await seats.end_seat(tx, owner.seat_id)

    assert [200, 401] == [before, (await client.get("/things")).status_code]


@pytest.mark.parametrize(
    ("created", "seen", "status"),
    [("0 min", "29 min", 200), ("0 min", "31 min", 401), ("11 h 59 min", "0 min", 200), ("12 h 1 min", "0 min", 401)],
)
async def test_a_session_ends_when_idle_or_old(
    db: Database, client: httpx.AsyncClient, owner: Seat, admin: Admin, created: str, seen: str, status: int
) -> None:
    """30 minutes without a request, 12 hours in all."""
    await sign(db, client, owner)
    await admin.execute(
        "update sessions set created_at = now() - $1::text::interval, seen_at = now() - $2::text::interval",
        *(created, seen),
    )

    assert status == (await client.get("/things")).status_code


async def test_a_request_keeps_a_session_awake(
    db: Database, client: httpx.AsyncClient, owner: Seat, admin: Admin
) -> None:
    """`seen_at` moves, at most once a minute."""
    await sign(db, client, owner)
    await admin.execute("update sessions set seen_at = now() - interval '20 min'")

    await client.get("/things")

    assert await admin.fetchval("select now() - seen_at < interval '1 min' from sessions")


async def test_wrong_account_and_wrong_password_look_the_same(client: httpx.AsyncClient, owner: Seat) -> None:
    """The answer does not tell which accounts exist."""
    answers = [
        (await client.post("/session", json={"login": login, "password": "wrong"})).json() | {"trace_id": ""}
        for login in ("xy-owner", "xy-nobody")
    ]

    assert answers[0] == answers[1]
    assert "login-failed" == answers[0]["code"]


async def test_five_failures_close_the_account_for_a_while(
    client: httpx.AsyncClient, owner: Seat, admin: Admin
) -> None:
    """The right password does not help then; the refusals are in the audit."""
    codes = [(await client.post("/session", json=WRONG)).status_code for _ in range(SIGN_IN_BURST)]
    last = await client.post("/session", json=LOGIN)

    refused = await admin.fetch("select detail->>'code' as code from audit_events where act = 'request.refused'")
    assert [401] * SIGN_IN_BURST == codes
    assert (429, "rate-limited") == (last.status_code, last.json()["code"])
    assert 0 < int(last.headers["retry-after"]) <= 180
    assert ["login-failed"] * SIGN_IN_BURST + ["rate-limited"] == [row["code"] for row in refused]


async def test_after_three_minutes_one_attempt_is_back(client: httpx.AsyncClient, owner: Seat, admin: Admin) -> None:
    """Five in fifteen minutes, evenly."""
    for _ in range(SIGN_IN_BURST):
        await client.post("/session", json=WRONG)
    await admin.execute("update rate_buckets set full_at = full_at - interval '181 s'")

    codes = [(await client.post("/session", json=body)).status_code for body in (WRONG, WRONG)]

    assert [401, 429] == codes


async def test_forwarded_addresses_buy_no_attempts(client: httpx.AsyncClient, owner: Seat) -> None:
    """Bad input 28: a thousand claimed addresses, one account."""
    codes = [
        (await client.post("/session", json=WRONG, headers={"x-forwarded-for": f"10.0.0.{n}"})).status_code
        for n in range(8)
    ]

    assert [401] * 5 + [429] * 3 == codes


async def test_one_source_can_not_try_many_accounts(client: httpx.AsyncClient, owner: Seat) -> None:
    """The bucket of the source counts over all accounts."""
    codes = [
        (await client.post("/session", json={"login": f"xy-{n}", "password": "wrong"})).status_code for n in range(8)
    ]

    assert [401] * 5 + [429] * 3 == codes


async def test_signing_in_well_costs_nothing(client: httpx.AsyncClient, owner: Seat) -> None:
    """An office behind one address signs in all morning."""
    codes = [(await client.post("/session", json=LOGIN)).status_code for _ in range(8)]

    assert [201] * 8 == codes


async def test_a_bucket_never_gives_more_than_it_holds(db: Database, admin: Admin) -> None:
    """200 at once over several connections: exactly the burst."""

    async def spend() -> bool:
        while True:
            try:
                async with db.transaction(Role.AUTH) as tx:
                    return await store.spend(tx, "test", burst=50, refill=timedelta(hours=1))
            except Refusal:  # No connection free: not an answer of the bucket.
                await asyncio.sleep(0.05)

    taken = await asyncio.gather(*(spend() for _ in range(200)))

    assert 50 == sum(taken)


async def test_the_login_page_keeps_the_account_and_leads_back(client: httpx.AsyncClient, owner: Seat) -> None:
    """A wrong password shows the form again; a right one leads to where one wanted to go."""
    form = (await client.get("/login?next=/things/page", headers=HTML)).text
    wrong = await client.post("/login", data={**WRONG, "next": "/things/page"}, headers=HTML)
    right = await client.post("/login", data={**LOGIN, "next": "/things/page"}, headers=HTML)
    away = await client.post("/login", data={**LOGIN, "next": "//evil.example"}, headers=HTML)

    assert 'name="next" value="/things/page"' in form
    assert (401, True, False) == (wrong.status_code, 'value="xy-owner"' in wrong.text, "wrong" in wrong.text)
    assert (303, "/things/page") == (right.status_code, right.headers["location"])
    assert (303, "/") == (away.status_code, away.headers["location"])


async def test_pages_of_seats_and_signing_out(db: Database, client: httpx.AsyncClient, owner: Seat) -> None:
    """Choose on the page, leave by the button of every page."""
    async with db.transaction(Role.OPS) as tx:
        other = await seats.create_seat(
            tx, owner.person_id, await make_org(db, OrgKind.BANK, "XY 银行"), SeatRole.BANK_ADMIN
        )
    await client.post("/login", data=LOGIN)
    page = (await client.get("/seats", headers=HTML)).text
    token = re.search(r'name="_csrf" value="([^"]+)"', page)
    assert token is not None

    chosen = await client.post("/seats/choice", data={"seat_id": str(other.seat_id), "_csrf": token[1]})
    page = (await client.get("/seats", headers=HTML)).text
    token = re.search(r'name="_csrf" value="([^"]+)"', page)
    assert token is not None
    out = await client.post("/logout", data={"_csrf": token[1]})

    assert [303, 303] == [chosen.status_code, out.status_code]
    assert ("银行总部管理员" in page, "当前身份" in page) == (True, True)
    assert 401 == (await client.get("/session")).status_code


async def test_passwords_are_argon2id_at_the_promised_cost(owner: Seat, admin: Admin) -> None:
    """19 MiB, two passes, one lane."""
    hashed: str = await admin.fetchval("select password_hash from credentials")

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_flood_of_passwords_is_refused_not_queued() -> None:
    """Two hashes at a time, ten that wait."""
    outcomes = await asyncio.gather(
        *(service._in_thread(lambda: service._HASHER.hash(PASSWORD)) for _ in range(14)),
        return_exceptions=True,
    )

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert (4, {"overloaded"}) == (len(refused), {refusal.code for refusal in refused})


async def test_old_sessions_and_full_buckets_are_swept(
    db: Database, client: httpx.AsyncClient, owner: Seat, admin: Admin
) -> None:
    """The worker's housekeeping, in the worker's role."""
    await sign(db, client, owner)
    await client.post("/session", json=WRONG)
    await admin.execute("update sessions set created_at = now() - interval '13 h'")
    await admin.execute("update rate_buckets set full_at = now() - interval '1 h'")

    async with db.transaction(Role.WORKER) as tx:
        assert 3 == await seats.forget_old(tx)


async def test_a_role_must_fit_its_organisation_and_branch(db: Database, owner: Seat) -> None:
    """A bank's clerk of no branch, or a regulator in a bank, can't be made."""
    bank_id = await make_org(db, OrgKind.BANK)

    async with db.transaction(Role.OPS) as tx:
        for role, branch_id, reason in (
            (SeatRole.BRANCH_CLERK, None, "branch_missing"),
            (SeatRole.BANK_ADMIN, bank_id, "branch_unwanted"),
            (SeatRole.REGULATOR, None, "org_kind"),
        ):
            with pytest.raises(Refusal) as caught:
                await seats.create_seat(tx, owner.person_id, bank_id, role, branch_id=branch_id)
            assert ("conflict", reason) == (caught.value.code, caught.value.extra["reason"])


async def test_any_class_of_calls_can_be_limited(db: Database) -> None:
    """Per caller and per class; what was spent stays spent, and the refusal says when to come again."""
    calls = [("package", "a"), ("package", "a"), ("package", "a"), ("package", "b"), ("report", "a")]
    outcomes = []
    for kind, name in calls:
        try:
            await seats.limit_rate(db, kind, name, burst=2, refill=timedelta(seconds=30))
            outcomes.append(0)
        except Refusal as refusal:
            outcomes.append(refusal.extra["retry_after"])

    assert 0 < outcomes.pop(2) <= 30
    assert [0, 0, 0, 0] == outcomes
