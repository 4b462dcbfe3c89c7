"""What a bank's machine is told of urges and circulars, and how it answers: once, for its own bank, for its branch."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra.db import Database
from app.kernel.ids import new_id
from app.market.oversight import http
from app.market.oversight.rules import urges as rules
from app.market.oversight.rules.urges import Addressee, Facts, Person, Side, State
from tests.market.oversight.objects import answered_circular, issued_urge
from tests.web.app_for_tests import client_of, create_test_app, make_org, make_seat, sign

HANDLERS = (
    http.list_urges, http.show_urge, http.receive_urge, http.reply_to_urge, http.rectify_urge, http.list_circulars,
    http.show_circular, http.answer_circular,
)  # fmt: skip
WORDS = {"said": "已联系企业，本周内给出方案"}


@pytest.fixture
async def cast(db: Database) -> dict[SeatRole, Seat]:
    bank_id, regulator = await make_org(db, OrgKind.BANK, "XY 银行"), await make_org(db, OrgKind.REGULATOR, "XY 监管局")
    branch_id = new_id()
    return {
        SeatRole.BANK_ADMIN: await make_seat(db, SeatRole.BANK_ADMIN, bank_id, login="xy-head"),
        SeatRole.BANK_CLIENT: await make_seat(db, SeatRole.BANK_CLIENT, bank_id, login="xy-machine"),
        SeatRole.BRANCH_CLERK: await make_seat(
            db, SeatRole.BRANCH_CLERK, bank_id, login="xy-clerk", branch_id=branch_id
        ),
        SeatRole.REGULATOR: await make_seat(db, SeatRole.REGULATOR, regulator, login="xy-regulator"),
    }


@pytest.fixture
async def client(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_test_app(db, *HANDLERS)) as client:
        yield client


async def send(client: httpx.AsyncClient, path: str, body: dict[str, str], key: str = "") -> httpx.Response:
    return await client.post(path, json=body, headers={"idempotency-key": key or uuid4().hex})


async def machine_of(db: Database, client: httpx.AsyncClient, bank_id: UUID) -> None:
    await sign(db, client, await make_seat(db, SeatRole.BANK_CLIENT, bank_id, login=uuid4().hex))


async def test_a_machine_receives_answers_and_reports_once(db: Database, cast: Any, client: httpx.AsyncClient):
    """The reply receives what was not received; a repetition under its key adds no move; another key is too late."""
    urge_id = await issued_urge(db, cast)
    await sign(db, client, cast[SeatRole.BANK_CLIENT])

    (listed,) = (await client.get("/urges")).json()["urges"]
    replied = [await send(client, f"/urges/{urge_id}/reply", WORDS, "one-and-the-same-reply") for _ in range(2)]
    again = await send(client, f"/urges/{urge_id}/reply", WORDS)
    done = (await send(client, f"/urges/{urge_id}/rectification", WORDS)).json()

    assert (listed["urge_id"], listed["state"], listed["may"]) == (str(urge_id), "issued", ["receive"])
    assert [(one.status_code, one.json()["state"]) for one in replied] == [(200, "replied")] * 2
    assert (again.status_code, again.json()["type"].rsplit("/", 1)[-1]) == (409, "wrong-state")
    assert (done["state"], done["may"], done["is_late"]) == ("rectified", [], False)
    assert [move["act"] for move in done["moves"]] == ["issue", "receive", "reply", "rectify"]
    assert (await client.get("/urges?state=closed")).json() == {"urges": [], "next": None}


async def test_another_banks_machine_sees_and_does_nothing(db: Database, cast: Any, client: httpx.AsyncClient):
    """To the letter as if there were none."""
    urge_id = await issued_urge(db, cast)
    await machine_of(db, client, await make_org(db, OrgKind.BANK, "XY 另一家银行"))

    shown = await client.get(f"/urges/{urge_id}")
    received = await send(client, f"/urges/{urge_id}/receipt", {})

    assert ([], 404, 404) == ((await client.get("/urges")).json()["urges"], shown.status_code, received.status_code)


@pytest.mark.parametrize(("branch", "sides"), [(None, {Side.URGED}), (2, {Side.URGED}), (3, set())])
def test_a_machine_of_one_branch_speaks_for_it_alone(branch: int | None, sides: set[Side]):
    """Without a branch it answers for the whole bank; it judges nothing, also not what a rung urged."""
    facts = Facts(State.ISSUED, Addressee.BRANCH, UUID(int=1), UUID(int=2), False, None)
    branch_id = None if branch is None else UUID(int=branch)

    assert sides == rules.sides(facts, Person(UUID(int=9), "bank_client", UUID(int=1), branch_id))


async def test_a_machine_answers_a_circular_for_its_bank(db: Database, cast: Any, client: httpx.AsyncClient):
    """As published, with its digest; answered already, it may not be answered again."""
    circular_id, bank_id = await answered_circular(db, cast)
    await machine_of(db, client, bank_id)

    (listed,) = (await client.get("/circulars")).json()["circulars"]
    shown = (await client.get(f"/circulars/{circular_id}")).json()
    again = await send(client, f"/circulars/{circular_id}/answer", WORDS)

    assert (listed["state"], shown["state"], shown["answer"]) == ("answered", "answered", "已整改到位")
    assert (shown["document"]["title"], len(shown["sha256"]), shown["may"]) == ("关于办结时限的通报", 64, [])
    assert 409 == again.status_code
