"""Pools, lists and outlets over HTTP: a change waits for a second person, who is a second person."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role
from app.infra.settings import Environment, Settings
from app.kernel.clock import shanghai_date
from app.main import create_app
from app.market.parties.rules import quarter_of
from tests.conftest import SECRET
from tests.market.parties.objects import bank_of_seats, queued_outlet
from tests.market.parties.world import WAN, World
from tests.web.app_for_tests import client_of, make_org, make_seat, sign


@pytest.fixture
async def clients(db: Database) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Two administrators of one bank, one of another, an operator, and nobody."""
    settings = Settings(
        home=Path("/nonexistent"), environment=Environment.DEVELOPMENT, database_url=None, secret=SECRET,
        issuer="http://127.0.0.1", hosts=("127.0.0.1",), webhook_loopback=(), movable_clock=True,
    )  # fmt: skip
    app = create_app(settings, db)
    bank, other = await make_org(db, OrgKind.BANK, "XY 甲银行"), await make_org(db, OrgKind.BANK, "XY 乙银行")
    platform = await make_org(db, OrgKind.PLATFORM, "XY 平台")
    cast = {
        "maker": (SeatRole.BANK_ADMIN, bank),
        "checker": (SeatRole.BANK_ADMIN, bank),
        "other": (SeatRole.BANK_ADMIN, other),
        "operator": (SeatRole.OPERATOR, platform),
    }
    async with AsyncExitStack() as stack:
        found = {"nobody": await stack.enter_async_context(client_of(app))}
        for name, (role, org_id) in cast.items():
            seat = await make_seat(db, role, org_id, login=f"xy-{name}")
            found[name] = await stack.enter_async_context(client_of(app))
            await sign(db, found[name], seat, secret=SECRET)
        yield found


@pytest.fixture
async def world(db: Database, clients: dict[str, httpx.AsyncClient]) -> World:
    """The administrators' organisation as a bank with a branch and a product, no pool yet."""
    async with db.reading(Role.REPORTER) as tx:
        org_id = await tx.value("select org_id from orgs where name = 'XY 甲银行'")
    return await bank_of_seats(db, {SeatRole.BANK_ADMIN: Seat(uuid4(), org_id, SeatRole.BANK_ADMIN)})


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return await client.post(path, json=body, headers={"idempotency-key": uuid4().hex})


async def opening(db: Database, world: World) -> dict[str, Any]:
    async with db.reading(Role.REPORTER) as tx:
        quarter = quarter_of(shanghai_date(tx.now))
    return {
        "branch_id": str(world.branch_id), "product_id": str(world.product_id), "quarter": quarter.isoformat(),
        "cap_fen": 100 * WAN, "why": "季度计划",
    }  # fmt: skip


async def test_a_pool_is_opened_by_two_people_frozen_by_one_and_thawed_by_two(
    db: Database, clients: dict[str, httpx.AsyncClient], world: World
) -> None:
    """The maker's own approval is 403 four-eyes; another bank sees nothing of it."""
    maker, checker, other = clients["maker"], clients["checker"], clients["other"]

    waiting = await post(maker, "/pools", await opening(db, world))
    place = waiting.headers["location"]
    own = await post(maker, f"{place}/approval")
    foreign = await post(other, f"{place}/approval")
    approved = await post(checker, f"{place}/approval")
    late = await post(checker, f"{place}/rejection", {"said": "太晚"})
    (pool,) = (await maker.get("/pools")).json()["pools"]
    frozen = await post(maker, f"/pools/{pool['pool_id']}/freeze", {"why": "核查"})
    again = await post(maker, f"/pools/{pool['pool_id']}/freeze", {"why": "核查"})
    thaw = await post(checker, f"/pools/{pool['pool_id']}/changes", {"kind": "thaw", "why": "已查明"})
    thawed = await post(maker, f"{thaw.headers['location']}/approval")

    assert (201, 403, "four-eyes") == (waiting.status_code, own.status_code, own.json()["code"])
    assert (404, 200, 409) == (foreign.status_code, approved.status_code, late.status_code)
    assert "approved" == approved.json()["state"]
    assert (100 * WAN, 100 * WAN, False) == (pool["cap_fen"], pool["free_fen"], pool["is_frozen"])
    assert (200, True, 409) == (frozen.status_code, frozen.json()["is_frozen"], again.status_code)
    assert 200 == thawed.status_code
    assert not (await maker.get(f"/pools/{pool['pool_id']}")).json()["is_frozen"]
    assert 404 == (await other.get(f"/pools/{pool['pool_id']}")).status_code
    assert [] == (await other.get("/pools")).json()["pools"]


async def test_a_repeated_approval_with_the_same_key_is_one_approval(
    db: Database, clients: dict[str, httpx.AsyncClient], world: World
) -> None:
    """The same key gives the same answer, and the pool is opened once."""
    waiting = await post(clients["maker"], "/pools", await opening(db, world))
    headers = {"idempotency-key": uuid4().hex}

    answers = [
        await clients["checker"].post(f"{waiting.headers['location']}/approval", headers=headers) for _ in range(2)
    ]

    assert [200, 200] == [answer.status_code for answer in answers]
    assert answers[0].json() == answers[1].json()
    assert 1 == len((await clients["maker"].get("/pools")).json()["pools"])


async def test_a_published_list_is_on_the_shelf_for_everybody_and_a_pool_is_not(
    db: Database, clients: dict[str, httpx.AsyncClient], world: World
) -> None:
    """Anybody may read what a branch may decide; how much money is left is the bank's business."""
    async with db.reading(Role.REPORTER) as tx:
        today = shanghai_date(tx.now)
    body = {
        "branch_id": str(world.branch_id), "product_id": str(world.product_id), "amount_min_fen": 5 * WAN,
        "ceiling_fen": 100 * WAN, "approval_level_fen": 50 * WAN, "term_months_max": 12, "rate_min_ppm": 36_500,
        "rate_max_ppm": 90_000, "purposes": ["working_capital"], "valid_from": today.isoformat(),
    }  # fmt: skip

    waiting = await post(clients["maker"], "/published-lists", body)
    rejected = await post(clients["checker"], f"{waiting.headers['location']}/rejection", {"said": "上限过高"})
    second = await post(clients["maker"], "/published-lists", body)
    await post(clients["checker"], f"{second.headers['location']}/approval")
    past = await post(
        clients["maker"], "/published-lists", body | {"valid_from": (today - timedelta(days=1)).isoformat()}
    )
    shown = (await clients["nobody"].get("/published-lists")).json()
    products = (await clients["nobody"].get("/products")).json()["products"]

    assert ("rejected", "上限过高") == (rejected.json()["state"], rejected.json()["said"])
    assert (422, "bad-time") == (past.status_code, past.json()["code"])
    assert [100 * WAN] == [entry["ceiling_fen"] for entry in shown["lists"]]
    assert [str(world.product_id)] == [entry["product_id"] for entry in products]
    assert 401 == (await clients["nobody"].get("/pools")).status_code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"cap_fen": "100"}, "malformed-field"),
        ({"cap_fen": 1.0}, "malformed-field"),
        ({"cap_fen": 0}, "malformed-field"),
        ({"cap_fen": 10**16}, "malformed-field"),
        ({"quarter": "2026-02-01"}, "malformed-field"),
        ({"quarter": "2026-02-30"}, "bad-time"),
        ({"bank_id": str(uuid4())}, "unknown-field"),
        ({"branch_id": str(uuid4())}, "not-found"),
        ({"why": "a\u202eb"}, "bad-text"),
    ],
)
async def test_a_malformed_opening_is_refused(
    db: Database, clients: dict[str, httpx.AsyncClient], world: World, more: dict[str, Any], code: str
) -> None:
    """Strictly, field by field."""
    answer = await post(clients["maker"], "/pools", await opening(db, world) | more)

    assert code == answer.json()["code"]


async def test_an_operator_settles_a_waiting_outlet_once(
    db: Database, clients: dict[str, httpx.AsyncClient], world: World
) -> None:
    """The queue names it until somebody says whose it is."""
    _, outlet_id = await queued_outlet(db, {SeatRole.BANK_ADMIN: world.maker})
    operator = clients["operator"]

    queue = (await operator.get("/outlets")).json()["outlets"]
    placed = await post(operator, f"/outlets/{outlet_id}/placement", {"bank_id": str(world.bank_id)})
    again = await post(operator, f"/outlets/{outlet_id}/dismissal")

    assert [str(outlet_id)] == [outlet["outlet_id"] for outlet in queue]
    assert (200, "placed", 409) == (placed.status_code, placed.json()["state"], again.status_code)
    assert [] == (await operator.get("/outlets")).json()["outlets"]
