"""The pages of promises: what the form asks for is what two people agree on."""

import re
from datetime import date
from typing import Any
from uuid import uuid4

import httpx

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Database, Role
from app.market.promises import pages
from app.market.promises.service import read_promise
from tests.market.supervision.test_store_folded import freeze as set_clock
from tests.support import shanghai
from tests.web.app_for_tests import client_of, create_test_app, make_org, make_seat, sign

HANDLERS = (
    pages.show_promises, pages.show_promise, pages.submit_change, pages.submit_approval, pages.submit_rejection,
)  # fmt: skip
KEY = "DECISION/renewal"
PAGE = "/supervision/promises/promise?key=DECISION%2Frenewal"
HTML = {"accept": "text/html"}
FORM: dict[str, Any] = {
    "key": KEY, "valid_from": "2026-04-01", "unit": "workdays", "count": "7", "pause_cap": "5", "why": "试行七个工作日",
    "share_1": "50", "told_1": "branch", "share_2": "100", "told_2": ["head_office", "supervisor"],
}  # fmt: skip


async def send(client: httpx.AsyncClient, path: str, fields: dict[str, Any]) -> httpx.Response:
    token = re.search(r'name="csrf-token" content="([^"]*)"', (await client.get(PAGE, headers=HTML)).text)
    assert token is not None
    return await client.post(path, data=fields | {"_csrf": token[1], "_key": str(uuid4())}, headers=HTML)


async def test_what_one_asks_for_another_agrees_to_on_the_page(db: Database) -> None:
    """The form's fields, the list that says what is to come, and no button for the one who asked."""
    await set_clock(db, shanghai("2026-03-02 09:00"))
    org_id = await make_org(db, OrgKind.REGULATOR, "XY 监管二处")
    one, other = [await make_seat(db, SeatRole.REGULATOR, org_id, login=f"office-{n}") for n in (1, 2)]
    async with client_of(create_test_app(db, *HANDLERS)) as client:
        await sign(db, client, one)
        bad = await send(client, "/supervision/promises", FORM | {"valid_from": "2026-03-02"})
        made = await send(client, "/supervision/promises", FORM)
        mine = (await client.get(PAGE, headers=HTML)).text
        await sign(db, client, other)
        theirs = (await client.get(PAGE, headers=HTML)).text
        action = re.search(r'action="([^"]*/approval)"', theirs)
        assert action is not None
        agreed = await send(client, action[1], {})
        listed = (await client.get("/supervision/promises", headers=HTML)).text

    async with db.reading(Role.REPORTER) as tx:
        newest = (await read_promise(tx, KEY)).newest
    assert (bad.status_code, made.status_code, agreed.status_code) == (409, 303, 303)
    assert "/approval" not in mine
    assert "2026-04-01 起改为 7 个工作日" in re.sub(r"\s*<[^>]*>\s*", "", listed)
    assert (newest.number, newest.valid_from, newest.body["count"]) == (2, date(2026, 4, 1), 7)
    assert newest.body["rungs"] == [
        {"share": 50, "told": ["branch"]}, {"share": 100, "told": ["head_office", "supervisor"]}
    ]  # fmt: skip
