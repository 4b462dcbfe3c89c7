"""Finding a case by what a person has at hand: numbers, names in any spelling, codes; and a trace of the search."""

import json

import asyncpg
import httpx
import pytest

from app.infra.db import Database, Role, Scope
from app.market.supervision.service import search
from app.market.supervision.service.search import Way
from tests.browser.town import Town, make_town, parts_of, post_need

Admin = asyncpg.Connection


@pytest.fixture
async def town(db: Database) -> Town:
    return await make_town(db)


async def look_for(db: Database, text: str) -> search.Found:
    async with db.transaction(Role.REGULATOR, Scope()) as tx:
        return await search.find(tx, text)


async def test_a_case_is_found_by_number_name_and_code(db: Database, town: Town):
    """Whatever the caller on the telephone has in hand."""
    order_id = await post_need(db, town)
    suborder_ids = set((await parts_of(db, order_id)).values())
    name, uscc = town.firm.name, town.firm.uscc

    found = {
        text: await look_for(db, text)
        for text in (str(order_id), str(order_id)[:13], uscc, uscc[:9].lower(), name, name[2:6])
    }

    assert all(suborder_ids == {one.suborder_id for one in one_way.cases} for one_way in found.values()), found
    assert [Way.NUMBER, Way.NUMBER, Way.CODE] == [one.way for one in found.values()][:3]


async def test_one_wrong_letter_is_forgiven(db: Database, town: Town):
    """Wrong, missing, too many, or two in the wrong order."""
    await post_need(db, town)
    name = town.firm.name
    typed = (name[:3] + "枝" + name[4:], name[:3] + name[4:], name[:3] + "枝" + name[3:],
             name[:3] + name[4] + name[3] + name[5:])  # fmt: skip

    for text in typed:
        found = await look_for(db, text)
        assert (Way.ALMOST, True) == (found.way, bool(found.cases)), text


async def test_what_is_no_name_finds_nothing(db: Database, town: Town):
    """Signs that mean something to the database are letters like others; one letter finds nobody."""
    await post_need(db, town)

    found = [await look_for(db, text) for text in ("%", "__", "%%", "公", "不存在的名称啊", "' or 1=1 --")]

    assert [] == [one.cases for one in found if one.cases]


async def test_a_bank_and_its_branch_are_found(db: Database, town: Town):
    """They lead to their figures and their cases."""
    bank = town.banks[0]

    found = await look_for(db, bank.name)

    assert {("bank", str(bank.bank_id)), ("branch", str(bank.branch_id))} <= {(p.kind, p.key) for p in found.parties}


async def test_a_search_leaves_how_and_how_much_but_not_what(db: Database, town: Town, admin: Admin):
    """Who looks through the city's firms is seen; names stay out of the audit."""
    await post_need(db, town)

    await look_for(db, town.firm.name)

    detail = json.loads(await admin.fetchval("select detail::text from audit_events where act = 'cases.searched'"))
    assert {"by": "name", "cases": "2", "parties": "0"} == detail


async def test_the_page_answers_and_refuses_bad_text(regulator: httpx.AsyncClient):
    """No text, a short text, and a text with a control character."""
    page = {"accept": "text/html"}

    empty = await regulator.get("/supervision/search", headers=page)
    short = await regulator.get("/supervision/search?q=a", headers=page)
    bad = await regulator.get("/supervision/search", params={"q": "a\x01b"}, headers=page)

    assert (200, 200, 400) == (empty.status_code, short.status_code, bad.status_code)
    assert "请至少输入 2 个字" in short.text
