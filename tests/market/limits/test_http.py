"""Estimates and bank inputs over HTTP."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.access import orgs
from app.access.seats import SeatRole
from app.credit import ingestion, subjects
from app.credit.ingestion import FileKind
from app.infra.db import Database, Role
from app.infra.settings import Environment, Settings
from app.kernel.clock import shanghai_date
from app.main import create_app
from app.market import parties
from tests.conftest import SECRET
from tests.market.parties.world import WAN, make_world, product
from tests.web.app_for_tests import client_of, make_org, make_seat, sign

CUSTOMERS = "企业代号,企业名称,信誉评级,是否违约\nE1,***甲公司,,否\n"
SOLD = "企业代号,发票号码,开票日期,购方单位代号,金额,税额,价税合计,发票状态\n" + "".join(
    f"E1,{n},2020/1/{n},B{n},10000000.00,0.00,10000000.00,有效发票\n" for n in range(1, 6)
)


@pytest.fixture
async def clients(db: Database, tmp_path: Path) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """A firm that sells 5,000 万 a year, one without a subject, and the bank that knows the first."""
    world = await make_world(db, None)
    async with db.transaction(Role.WORKER) as tx:
        await parties.shelf.add_product(tx, product(world.bank_id, code="R", model_key="invoices_rated"))
    for kind, text in ((FileKind.MASKED, CUSTOMERS), (FileKind.INVOICES, SOLD)):
        (tmp_path / f"{kind}.csv").write_text(text)
        await ingestion.import_file(db, kind, tmp_path / f"{kind}.csv", bank_id=world.bank_id)
    async with db.transaction(Role.OPS) as tx:
        found = await subjects.find_by_customer(tx, world.bank_id, "E1")
        assert found is not None
        firm = (await orgs.create_org(tx, orgs.OrgKind.BUSINESS, "E1", subject_id=found.subject_id)).org_id
    settings = Settings(
        home=Path("/nonexistent"), environment=Environment.DEVELOPMENT, database_url=None, secret=SECRET,
        issuer="http://127.0.0.1", hosts=("127.0.0.1",), webhook_loopback=(), movable_clock=True,
    )  # fmt: skip
    app = create_app(settings, db)
    cast = {
        "firm": (SeatRole.BUSINESS, firm),
        "unbound": (SeatRole.BUSINESS, await make_org(db, orgs.OrgKind.BUSINESS, "XY 乙公司")),
        "bank": (SeatRole.BANK_ADMIN, world.bank_id),
    }
    async with AsyncExitStack() as stack:
        signed = {}
        for name, (role, org_id) in cast.items():
            seat = await make_seat(db, role, org_id, login=f"xy-{name}")
            signed[name] = await stack.enter_async_context(client_of(app))
            await sign(db, signed[name], seat, secret=SECRET)
        yield signed


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return await client.post(path, json=body, headers={"idempotency-key": uuid4().hex})


async def rated_card(client: httpx.AsyncClient) -> dict[str, Any]:
    made = (await post(client, "/estimates")).json()["estimates"]
    (card,) = [card for card in made if card["model_key"] == "invoices_rated"]
    return dict(card)


async def test_a_bank_rates_its_customer_and_the_firm_sees_an_amount(
    db: Database, clients: dict[str, httpx.AsyncClient]
) -> None:
    """Before: zero and why. After: an amount, marked as not binding. The page reads back what was made."""
    async with db.reading(Role.REPORTER) as tx:
        today = shanghai_date(tx.now)
    word = {"customer_no": "E1", "key": "bank_rating", "value": "A", "as_of_on": today.isoformat()}

    before = await rated_card(clients["firm"])
    said = await post(clients["bank"], "/bank-inputs", word)
    after = await rated_card(clients["firm"])
    read = (await clients["firm"].get("/estimates")).json()["estimates"]

    assert (0, "not_rated") == (before["amount_fen"], before["why_zero"]["code"])
    assert 201 == said.status_code
    assert (52 * WAN, 40_000, None, False) == (
        after["amount_fen"], after["rate_ppm"], after["why_zero"], after["is_binding"],
    )  # fmt: skip
    assert after["estimate_id"] in {card["estimate_id"] for card in read}
    assert after["data_age_days"] > 0


async def test_a_firm_without_its_subject_is_told_that_nothing_can_be_measured(
    clients: dict[str, httpx.AsyncClient],
) -> None:
    """Not an empty list, which would read as nothing to borrow."""
    answer = await post(clients["unbound"], "/estimates")

    assert (409, "conflict") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"value": None}, "malformed-field"),
        ({"number": 3}, "malformed-field"),
        ({"uscc": "91500103XY0000010A"}, "malformed-field"),
        ({"customer_no": "E99"}, "not-found"),
        ({"key": "Bank Rating"}, "malformed-field"),
        ({"credit_grade": "A"}, "unknown-field"),
    ],
)
async def test_a_malformed_word_of_a_bank_is_refused(
    db: Database, clients: dict[str, httpx.AsyncClient], more: dict[str, Any], code: str
) -> None:
    """One subject, one value, a known day."""
    word = {"customer_no": "E1", "key": "bank_rating", "value": "A", "as_of_on": "2025-01-01"} | more

    answer = await post(clients["bank"], "/bank-inputs", word)

    assert code == answer.json()["code"]


async def test_a_word_of_tomorrow_is_refused(db: Database, clients: dict[str, httpx.AsyncClient]) -> None:
    """A bank says what it knows, not what it will know."""
    async with db.reading(Role.REPORTER) as tx:
        tomorrow = shanghai_date(tx.now) + timedelta(days=1)
    word = {"customer_no": "E1", "key": "bank_rating", "value": "A", "as_of_on": tomorrow.isoformat()}

    answer = await post(clients["bank"], "/bank-inputs", word)

    assert (422, "bad-time") == (answer.status_code, answer.json()["code"])
