"""Handing in files over HTTP: stored at once, loaded later, answered row by row."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.credit.ingestion import http as handlers
from app.credit.ingestion import load_waiting
from app.credit.ingestion.service import SIZE_MAX
from app.infra.db import Database
from tests.credit.ingestion.dirt import MASKED, REGISTRY, uscc
from tests.web.app_for_tests import client_of, create_test_app, make_org, make_seat, sign

ROWS = "\n".join(
    [REGISTRY]
    + [f"山城{n}有限公司,{uscc(n)},2019-01-02,N/A,N/A,测试,重庆,渝中,渝中区" for n in range(1, 4)]
    + [f"山城{n}有限公司,,2019-01-02,N/A,N/A,测试,重庆,渝中,渝中区" for n in range(4, 7)]
)
REGISTER = {"kind": "registry", "file_name": "register.csv"}


@pytest.fixture
async def officer(db: Database) -> Seat:
    return await make_seat(db, SeatRole.DATA_OFFICER, await make_org(db, OrgKind.DEPARTMENT), login="xy-officer")


@pytest.fixture
async def client(db: Database, officer: Seat) -> AsyncIterator[httpx.AsyncClient]:
    """A data officer of a department, signed in."""
    app = create_test_app(db, handlers.store_batch, handlers.show_batch, handlers.show_receipt)
    async with client_of(app) as client:
        await sign(db, client, officer)
        yield client


async def hand_in(client: httpx.AsyncClient, content: bytes, key: str | None = None, **fields: str) -> httpx.Response:
    headers = {"idempotency-key": key or uuid4().hex, "content-type": "text/csv"}
    return await client.post("/batches", params=fields, content=content, headers=headers)


async def test_a_file_is_stored_loaded_later_and_answered_for(db: Database, client: httpx.AsyncClient):
    """202 and where to look; not in force until the load has committed; then a receipt page by page."""
    stored = await hand_in(client, ROWS.encode(), **REGISTER)
    before = (await client.get(stored.headers["location"])).json()
    await load_waiting(db)
    after = (await client.get(stored.headers["location"])).json()
    receipt = stored.headers["location"] + "/receipt"
    first = (await client.get(receipt, params={"limit": "2"})).json()
    rest = (await client.get(receipt, params={"limit": "2", "cursor": first["next"]})).json()

    assert (stored.status_code, before["state"], before["in_force"]) == (202, "stored", False)
    assert (after["state"], after["in_force"], after["rows_accepted"], after["rows_new"]) == ("landed", True, 3, 3)
    assert [row["row"] for row in first["rejected"]] == [5, 6]
    assert [row["row"] for row in rest["rejected"]] == [7]
    assert rest["next"] is None
    assert first["quarantined"] == [
        {
            "code": "uscc_missing",
            "zh": "缺少统一社会信用代码",
            "en": "there is no unified social credit code",
            "rows": 3,
        }
    ]


async def test_the_same_file_again_is_the_same_batch(client: httpx.AsyncClient):
    """Another request, another name, the same bytes: nothing comes in twice."""
    first = await hand_in(client, ROWS.encode(), **REGISTER)
    again = await hand_in(client, ROWS.encode(), kind="registry", file_name="again.csv")

    assert again.headers["location"] == first.headers["location"]


async def test_a_key_stands_for_the_particulars_too(client: httpx.AsyncClient):
    """They are in the query: the same bytes as another kind of file are another request, not a repetition."""
    first = await hand_in(client, ROWS.encode(), key="the-same-key", **REGISTER)
    other = await hand_in(client, ROWS.encode(), key="the-same-key", kind="outlets", file_name="register.csv")

    assert (202, 422) == (first.status_code, other.status_code)
    assert "idempotency-key-reused" == other.json()["code"]


async def test_a_repeated_request_is_answered_as_before(client: httpx.AsyncClient):
    """The connection broke after the file was stored; the sender repeats and learns where it is."""
    first = await hand_in(client, ROWS.encode(), key="the-same-key", **REGISTER)
    again = await hand_in(client, ROWS.encode(), key="the-same-key", **REGISTER)
    other = await hand_in(client, ROWS.encode() + b"\n", key="the-same-key", **REGISTER)

    assert (again.status_code, again.headers["location"]) == (202, first.headers["location"])
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_form_is_no_file(client: httpx.AsyncClient):
    """One way to send a file, so that its bytes are what is hashed and kept."""
    answer = await client.post(
        "/batches", data=REGISTER, files={"file": ("f.csv", ROWS)}, headers={"idempotency-key": uuid4().hex}
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media")


async def test_a_file_that_is_none_is_refused_whole_and_says_why(db: Database, client: httpx.AsyncClient):
    """The batch stays, refused, so that the provider can read what was wrong."""
    stored = await hand_in(client, b"a,b\x00\x01", **REGISTER)
    await load_waiting(db)
    receipt = (await client.get(stored.headers["location"] + "/receipt")).json()

    assert (receipt["state"], receipt["in_force"], receipt["refusal"]["code"]) == ("refused", False, "undecodable")


@pytest.mark.parametrize(
    ("fields", "content", "status", "code"),
    [
        ({"file_name": "f.csv"}, b"x", 400, "bad-query"),
        ({"kind": "gossip", "file_name": "f.csv"}, b"x", 400, "bad-query"),
        ({"kind": "registry", "file_name": "f.csv", "admin": "1"}, b"x", 400, "bad-query"),
        ({"kind": "registry", "file_name": "f.csv", "as_of_on": "2026-02-30"}, b"x", 400, "bad-query"),
        ({"kind": "registry", "file_name": "f.csv", "bank_id": "E1"}, b"x", 400, "bad-query"),
        ({"kind": "registry", "file_name": ""}, b"x", 400, "malformed-field"),
        ({"kind": "registry", "file_name": "a\u202eb.csv"}, b"x", 400, "malformed-field"),
        ({"kind": "registry", "file_name": "f.csv"}, b"", 400, "bad-upload"),
        ({"kind": "masked", "file_name": "f.csv"}, b"x", 400, "malformed-field"),
        ({"kind": "list", "file_name": "f.csv", "list_kind": "nowhere"}, b"x", 409, "policy-missing"),
        ({"kind": "registry", "file_name": "f.csv"}, b"x" * (SIZE_MAX + 1), 413, "too-large"),
        ({"kind": "registry", "file_name": "f.csv"}, b"x" * (SIZE_MAX + (2 << 20)), 413, "too-large"),
    ],
)
async def test_what_cannot_be_a_file_of_ours_is_not_stored(client, admin, fields, content, status, code):
    """Refused before anything is kept, with the one thing that is wrong."""
    answer = await hand_in(client, content, **fields)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await admin.fetchval("select count(*) from batches") == 0


async def test_a_department_does_not_speak_for_a_bank(client: httpx.AsyncClient):
    """A bank's customers and ratings come from the bank or through the platform's operator."""
    answer = await hand_in(client, MASKED.encode(), kind="masked", file_name="f.csv", bank_id=str(uuid4()))

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_another_departments_batch_is_not_there(db: Database, client: httpx.AsyncClient):
    """Same answer as for a batch that never was."""
    stored = await hand_in(client, ROWS.encode(), **REGISTER)
    other = await make_seat(db, SeatRole.DATA_OFFICER, await make_org(db, OrgKind.DEPARTMENT, "乙局"), login="xy-other")
    await sign(db, client, other)

    answers = [
        await client.get(path)
        for path in (
            stored.headers["location"],
            stored.headers["location"] + "/receipt",
            f"/batches/{uuid4()}",
        )
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, "not-found")] * 3
