"""From an accepted suborder to a bank that holds the verified package, over real HTTP in both directions."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from litestar import Litestar, Response, get
from litestar.params import FromPath

from app.access import audit, clients, seats
from app.access.clients import http as clients_http
from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra import log
from app.infra.db import Database, Role, Scope, Tx
from app.infra.http import Outgoing
from app.infra.outbox import drain
from app.kernel.clock import Clock
from app.market import packages
from app.market.packages import http as packages_http
from app.market.packages import jobs
from app.market.packages.events import DeliveryFailed, PackageDelivered, PackageSealed
from app.office.deliveries import http as deliveries_http
from app.office.deliveries import run_due
from app.office.deliveries.events import NoticeDelivered, NoticeFailed
from app.web.deps import Given
from app.web.plugin import WebPlugin
from examples.bank import Account, Receiver, Refused
from examples.bank.jose import public_jwk
from tests.market.packages.conftest import NOW, World
from tests.support import eventually
from tests.web.app_for_tests import HOST, SECRET, client_of, make_org, make_seat, sign

ISSUER = "https://xinyidai.example.com"


@get("/suborders/{suborder_id:uuid}/package", opt={"roles": (SeatRole.BANK_CLIENT,), "records_access": True})
async def show_package(suborder_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat]) -> Response[packages.Envelope]:
    """As orders has it, without the question whether the suborder is alive."""
    envelope = await packages.deliver(tx, suborder_id, by=seat, now=tx.now)
    return Response(envelope, headers={"cache-control": "no-store"})


HANDLERS = [
    clients_http.grant_token, clients_http.register_client, clients_http.list_clients, clients_http.show_client,
    clients_http.rotate_client_key, clients_http.withdraw_client_key, clients_http.disable_client,
    deliveries_http.register_endpoint, deliveries_http.list_endpoints, deliveries_http.rotate_endpoint_key,
    deliveries_http.disable_endpoint, deliveries_http.list_dead_letters, deliveries_http.resend_dead_letter,
    packages_http.list_package_keys, show_package,
]  # fmt: skip


def create_app(db: Database) -> Litestar:
    async def bearer(token: str) -> Seat | None:
        async with db.reading(Role.AUTH) as tx:
            return await clients.authenticate(tx, token)

    plugin = WebPlugin(
        db=db, secret=SECRET, hosts=(HOST,), secure_cookies=False, authenticate=seats.authenticate, bearer=bearer,
        noted=audit.write_refusal,
    )  # fmt: skip
    return Litestar(HANDLERS, plugins=[plugin])


@asynccontextmanager
async def serving(app: Litestar) -> AsyncIterator[str]:
    """The application on a loopback port."""
    listener = socket.create_server((HOST, 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINYIDAI_ISSUER", ISSUER)
    monkeypatch.setenv("XINYIDAI_WEBHOOK_LOOPBACK", "127.0.0.1")
    log.configure(level=logging.CRITICAL)


@dataclass
class Bank:
    """The bank's two sides: its head office in a browser, its machine in a thread."""

    office: httpx.AsyncClient
    receiver: Receiver
    world: World
    told: list[Any] = field(default_factory=list)
    http: Outgoing | None = None
    ahead: timedelta = timedelta(0)

    def wall(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def work(self, **turn: float) -> None:
        """One round of the worker, after turning the wall clock: events, notices, events."""
        self.ahead += timedelta(**turn)
        assert self.http is not None
        await drain(self.world.db)
        await run_due(self.world.db, self.http, self.wall())
        await drain(self.world.db)


def key() -> dict[str, str]:
    from app.web.idempotency import mint_key

    return {"idempotency-key": mint_key()}


@pytest.fixture
async def bank(db: Database, world: World) -> AsyncIterator[Bank]:
    """Registered over HTTP: a machine with its keys. The world's bank is a real organisation here."""
    world.bank_id = await make_org(db, OrgKind.BANK, "样品银行")
    admin = await make_seat(db, SeatRole.BANK_ADMIN, world.bank_id, login="xy-head-office")
    app = create_app(db)
    told: list[Any] = []

    async def keep(tx: Tx, event: Any) -> None:
        told.append(event)

    for bus in (db.bus,):
        bus.in_tx.clear()
        bus.after.clear()
        bus.listen_after("tell_bank", PackageSealed, jobs.tell_bank)
        bus.listen_in_tx(NoticeDelivered, jobs.note_delivered)
        bus.listen_in_tx(NoticeFailed, jobs.note_failed)
        bus.listen_in_tx(PackageDelivered, keep)
        bus.listen_in_tx(DeliveryFailed, keep)
    async with serving(app) as base, client_of(app) as office, Outgoing(loopback=[HOST], seconds_max=5) as http:
        await sign(db, office, admin)
        asked = {
            "name": "core",
            "signing_key": public_jwk(world.signing, "sig-1"),
            "encryption_key": public_jwk(world.encryption, "enc-1"),
        }
        answer = await office.post("/clients", json=asked, headers=key())
        assert answer.status_code == 201, answer.text
        account = Account(
            platform=base, issuer=ISSUER, bank_id=str(world.bank_id), client_id=answer.json()["client_id"],
            signing_key=world.signing, encryption_keys={"enc-1": world.encryption},
        )  # fmt: skip
        made = Bank(office, Receiver(account), world, told, http)
        db.wall = Clock(made.wall)
        yield made


async def listen(bank: Bank, **asked: Any) -> Any:
    """Start the receiver and register where it listens."""
    server = bank.receiver.serve()
    url = f"http://{HOST}:{server.server_address[1]}/notices"
    answer = await bank.office.post("/endpoints", json={"url": url, **asked}, headers=key())
    assert answer.status_code == 201, answer.text
    bank.receiver.account.notice_keys.append(answer.json()["verification_key"])
    return server


def close(server: Any) -> None:
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("scheme", ["v1a", "v1"])
async def test_the_bank_is_told_pulls_opens_and_believes(bank: Bank, scheme: str, admin: Any) -> None:
    """The whole way, once: notice by ids, token by assertion, envelope under the gate, items in the bank's hands."""
    server = await listen(bank, scheme=scheme)
    consent = await bank.world.sign()
    package_id, case = await bank.world.seal(consent)

    await bank.work()

    async def pulled() -> bool:
        return str(case.suborder_id) in bank.receiver.packages

    await eventually(pulled)
    await asyncio.to_thread(close, server)
    package = bank.receiver.packages[str(case.suborder_id)]
    (notice,) = bank.receiver.notices
    assert package.package_id == str(package_id)
    assert package.items["penalties.count_12m"]["value"] == 1
    assert dict(notice.ids) == {
        "order_id": str(case.order_id), "suborder_id": str(case.suborder_id), "branch_id": str(case.branch_id),
        "package_id": str(package_id),
    }  # fmt: skip
    assert [(type(event), event.suborder_id) for event in bank.told] == [(PackageDelivered, case.suborder_id)]
    assert await admin.fetchval("select count(*) from package_reads") == 1
    assert await admin.fetchval("select count(*) from audit_events where act = 'package.read'") == 1


async def test_a_bank_whose_endpoint_is_down_is_told_later_and_the_tries_are_proof(bank: Bank) -> None:
    """The platform's clock of delivery pauses for an endpoint that is down, by these events."""
    server = await listen(bank)
    await asyncio.to_thread(close, server)
    consent = await bank.world.sign()
    _, case = await bank.world.seal(consent)

    for turn in ({}, {"seconds": 6}, {"minutes": 6}):
        await bank.work(**turn)

    assert [(type(e), e.outcome, e.dead) for e in bank.told] == [
        (DeliveryFailed, "unreachable", False), (DeliveryFailed, "unreachable", False),
        (DeliveryFailed, "unreachable", True),
    ]  # fmt: skip
    (letter,) = (await bank.office.get("/dead-letters")).json()
    assert (letter["why"], letter["ids"]["suborder_id"]) == ("unreachable", str(case.suborder_id))


async def test_a_bank_that_only_pulls_needs_no_endpoint(bank: Bank) -> None:
    """It is told nothing and misses nothing."""
    consent = await bank.world.sign()
    package_id, case = await bank.world.seal(consent)
    await bank.work()

    package = await asyncio.to_thread(bank.receiver.pull, str(case.suborder_id))

    assert (package.package_id, bank.told) == (str(package_id), [])


async def test_a_stolen_token_dies_with_its_machine(bank: Bank) -> None:
    """P24 over HTTP: the very next request is refused."""
    token = await asyncio.to_thread(bank.receiver.token)
    client_id = bank.receiver.account.client_id
    consent = await bank.world.sign()
    _, case = await bank.world.seal(consent)
    headers = {"authorization": f"Bearer {token}"}

    async with httpx.AsyncClient(base_url=bank.receiver.account.platform, trust_env=False) as machine:
        before = await machine.get(f"/suborders/{case.suborder_id}/package", headers=headers)
        await bank.office.delete(f"/clients/{client_id}")
        after = await machine.get(f"/suborders/{case.suborder_id}/package", headers=headers)

    assert (before.status_code, before.json()["jwe"].count(".")) == (200, 4)
    assert (after.status_code, after.json()["code"]) == (401, "invalid-token")


BAD_FORMS: list[tuple[dict[str, str], int, str]] = [
    ({"grant_type": "password"}, 400, "malformed-field"),
    ({"client_assertion_type": "x"}, 400, "malformed-field"),
    ({"client_assertion": ""}, 400, "malformed-field"),
    ({"client_assertion": "a.b.c"}, 401, "invalid-assertion"),
    ({"client_assertion": "a" * 5000}, 400, "malformed-field"),
    ({"scope": "everything"}, 400, "unknown-field"),
]


@pytest.mark.parametrize(("changed", "status", "code"), BAD_FORMS)
async def test_the_token_endpoint_refuses_by_the_published_list(
    bank: Bank, changed: dict[str, str], status: int, code: str
) -> None:
    """It is open to the world."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": bank.receiver.assertion(),
    }

    answer = await bank.office.post("/token", data=form | changed)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_token_answer_is_not_kept_anywhere(bank: Bank) -> None:
    """RFC 6749 5.1."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": bank.receiver.assertion(),
    }

    answer = await bank.office.post("/token", data=form)

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json()["expires_in"] == 300


async def test_17_after_a_revocation_the_machine_gets_a_reason_and_no_package(bank: Bank, db: Database) -> None:
    """Row 17 over HTTP, for a party to the package."""
    from app.credit import consents

    consent = await bank.world.sign()
    _, case = await bank.world.seal(consent)
    await consents.revoke(db, consent.consent_id, order_id=case.order_id, by=bank.world.firm, now=NOW)

    def pull() -> str:
        try:
            bank.receiver.pull(str(case.suborder_id))
        except Refused as refused:
            return str(refused)
        return "pulled"

    said = await asyncio.to_thread(pull)

    assert "answered 403" in said
    assert "consent-missing" in said


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example.com/", "https://169.254.169.254/", "https://0x7f000001/", "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/", "https://user:pass@bank.example.com/", "https://bank.example.com:22/",
        "http://localhost:8000/",
    ],
)  # fmt: skip
async def test_26_an_address_inside_is_refused_at_registration(bank: Bank, url: str) -> None:
    """Row 26, by the published code."""
    answer = await bank.office.post("/endpoints", json={"url": url}, headers=key())

    assert (answer.status_code, answer.json()["code"]) == (422, "webhook-url-refused")


async def test_a_repeated_registration_has_one_effect_and_the_same_answer(bank: Bank) -> None:
    """P5: the answer was lost on the way; the shared secret is shown to whoever repeats the very request."""
    url, same = f"http://{HOST}:9/notices", key()

    one = await bank.office.post("/endpoints", json={"url": url, "scheme": "v1"}, headers=same)
    two = await bank.office.post("/endpoints", json={"url": url, "scheme": "v1"}, headers=same)

    assert one.json() == two.json()
    assert len((await bank.office.get("/endpoints")).json()) == 1
    assert (await bank.office.get("/endpoints")).json()[0]["verification_key"] is None


async def test_keys_rotate_over_http(bank: Bank) -> None:
    """Endpoint and machine: the successor is answered, the old one still counts for a day."""
    client_id = bank.receiver.account.client_id
    made = await bank.office.post("/endpoints", json={"url": f"http://{HOST}:9/notices"}, headers=key())
    endpoint_id = made.json()["endpoint_id"]

    rotated = await bank.office.post(f"/endpoints/{endpoint_id}/keys", json={}, headers=key())
    from examples.bank.jose import new_encryption_key

    successor = {"use": "enc", "key": public_jwk(new_encryption_key(), "enc-2")}
    keys = await bank.office.post(f"/clients/{client_id}/keys", json=successor, headers=key())
    again = await bank.office.post(f"/clients/{client_id}/keys", json=successor, headers=key())

    assert rotated.json()["verification_key"] != made.json()["verification_key"]
    assert {(k["kid"], k["valid_to"] is None) for k in keys.json()} == {
        ("enc-1", False), ("enc-2", True), ("sig-1", True),
    }  # fmt: skip
    assert (again.status_code, again.json()["code"]) == (422, "invalid-key")


async def test_a_private_key_sent_by_mistake_is_refused(bank: Bank) -> None:
    """And nothing of it is stored."""
    jwk = {**public_jwk(bank.world.signing, "sig-9"), "d": "A" * 43}

    answer = await bank.office.post(
        f"/clients/{bank.receiver.account.client_id}/keys", json={"use": "sig", "key": jwk}, headers=key()
    )

    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (422, "invalid-key", "private")


async def test_the_package_keys_are_open_to_everybody(bank: Bank) -> None:
    """Verification must not need an account."""
    async with httpx.AsyncClient(base_url=bank.receiver.account.platform, trust_env=False) as anybody:
        answer = await anybody.get("/package-keys")

    assert answer.status_code == 200
    assert [set(jwk) for jwk in answer.json()["keys"]] == [{"kty", "crv", "x", "kid", "use", "alg"}]


async def test_a_receiver_ignores_repeats_and_refuses_forgeries(bank: Bank) -> None:
    """The bank's own door: replays are dropped by id, old copies by time, forgeries by signature."""
    from app.office.deliveries.rules import Scheme, body_of
    from app.office.deliveries.service import signing

    made = signing.new_key(Scheme.V1A)
    bank.receiver.account.notice_keys.append(made.shown)
    body = body_of("package.sealed", 1, NOW, {"suborder_id": UUID(int=1)})
    stamp = int(bank.receiver.clock())

    def headers(at: int, key: signing.Key = made) -> dict[str, str]:
        signature = signing.signatures([key], "msg_1", at, body)
        return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}

    def heard(sent: dict[str, str], content: bytes = body) -> str:
        try:
            return "new" if bank.receiver.hear(sent, content) else "repeat"
        except Refused as refused:
            return str(refused)

    assert heard(headers(stamp)) == "new"
    assert heard(headers(stamp + 5)) == "repeat"
    assert heard(headers(stamp - 301)) == "the notice is not fresh"
    assert heard(headers(stamp + 302)) == "the notice is not fresh"
    assert heard(headers(stamp), body + b" ") == "no signature of the notice holds"
    assert heard(headers(stamp, signing.new_key(Scheme.V1A))) == "no signature of the notice holds"
    assert heard({"webhook-id": "x"}) == "a header of the notice is missing"


async def test_a_branch_clerk_registers_neither_machines_nor_endpoints(bank: Bank, db: Database) -> None:
    """Row 9: head office routes."""
    clerk = await make_seat(
        db, SeatRole.BRANCH_CLERK, bank.world.bank_id, login="xy-clerk", branch_id=bank.world.branch_id
    )
    await sign(db, bank.office, clerk)

    codes = [
        (await bank.office.get("/clients")).status_code,
        (await bank.office.get("/endpoints")).status_code,
        (await bank.office.post("/endpoints", json={"url": "https://bank.example.com/"}, headers=key())).status_code,
        (await bank.office.get("/dead-letters")).status_code,
    ]

    assert codes == [403] * 4


async def test_another_bank_finds_neither_machine_nor_endpoint(bank: Bank, db: Database) -> None:
    """Row 8: ids of another organisation are not found."""
    made = await bank.office.post("/endpoints", json={"url": f"http://{HOST}:9/notices"}, headers=key())
    other = await make_seat(db, SeatRole.BANK_ADMIN, await make_org(db, OrgKind.BANK, "另一家银行"), login="xy-other")
    await sign(db, bank.office, other)

    codes = [
        (await bank.office.get(f"/clients/{bank.receiver.account.client_id}")).status_code,
        (await bank.office.delete(f"/clients/{bank.receiver.account.client_id}")).status_code,
        (await bank.office.delete(f"/endpoints/{made.json()['endpoint_id']}")).status_code,
    ]

    assert (codes, (await bank.office.get("/clients")).json()) == ([404] * 3, [])


async def test_nothing_a_bank_is_told_is_about_the_firm(bank: Bank, db: Database) -> None:
    """P13: the notice's body, as stored and as sent, holds ids of the case only."""
    server = await listen(bank)
    await bank.world.seal(await bank.world.sign())
    await bank.work()
    await asyncio.to_thread(close, server)

    async with db.reading(Role.BANK, Scope(bank.world.bank_id)) as tx:
        stored = await tx.value("select ids::text from notices")

    assert str(bank.world.firm.org_id) not in stored
    assert str(bank.world.subject.subject_id) not in stored
