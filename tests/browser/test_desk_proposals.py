"""The second person: what would change, who asked, until when; and the answer, with a confirmation that names it."""

from datetime import date
from uuid import UUID

import pytest

from app.infra.db import Database, Role, Scope
from app.market import orders, parties
from app.market.parties.schemas import PoolAmount
from tests.browser.conftest import Visit
from tests.browser.desk import case_of, clerk_of, login_of, lower_approval_level
from tests.browser.town import PASSWORD, TODAY, WAN, TownBank, accept_and_contact, make_town, offer
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])


@BOTH
async def test_a_second_person_agrees(db: Database, visit: Visit, lang: str, width: int):
    """Above the approval level the clerk's offer waits; the maker cannot agree with himself, the checker can."""
    town = await make_town(db)
    bank, order_id, suborder_id = await case_of(db, town)
    await lower_approval_level(db, bank)
    await accept_and_contact(db, bank, suborder_id)
    await offer(db, bank, suborder_id, 43_500)
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)
    await walk.open("/desk/proposals")
    await walk.says("须由另一人复核" if lang == "zh" else "another person must check it")
    await walk.open("/desk")
    await walk.shot("desk-inbox-proposed")

    checker = await visit(lang, width)
    await checker.sign_in(login_of("d"), PASSWORD)
    await checker.open("/desk/proposals")
    await checker.shot("desk-proposals")
    await checker.press("form[action$='/approval'] button")

    await checker.says("已同意" if lang == "zh" else "Agreed")
    await checker.shot("desk-proposals-after")
    async with db.reading(Role.REPORTER) as tx:
        first = (await orders.reading.get_order(tx, order_id)).suborders[0]
    assert first["state"] == "offered"


async def ask_to_raise(db: Database, bank: TownBank, on: date = TODAY) -> UUID:
    """The first of the head office asks for 500 万元 more in the pool of the first product."""
    maker = bank.admins[0]
    async with db.transaction(Role.BANK, Scope(org_id=bank.bank_id, actor_id=maker.person_id)) as tx:
        key = parties.PoolKey(bank.branch_id, bank.product_ids[0])
        pool = await parties.pools.pool_of(tx, key, on)
        assert pool is not None
        body = PoolAmount(amount_fen=500 * WAN, why="季末需求增加")
        asked = await parties.changes.propose_pool_change(tx, "pool-raise", pool.pool_id, body, by=maker, now=tx.now)
        return asked.proposal_id


@BOTH
async def test_a_change_is_told_from_what_to_what_and_who_asked(db: Database, visit: Visit, lang: str, width: int):
    """The pool's sum now and then with the difference, the person's name, and the case; its maker cannot answer it."""
    town = await make_town(db)
    await ask_to_raise(db, town.banks[0])
    own, other = await visit(lang, width), await visit(lang, width)
    await own.sign_in(login_of("a"), PASSWORD)
    await other.sign_in(login_of("b"), PASSWORD)

    await own.open("/desk/proposals")
    await other.open("/desk/proposals")

    await own.says("您提交的，须由另一人复核" if lang == "zh" else "Yours: another person must check it")
    assert await own.page.locator("form[action$='/approval']").count() == 0
    row = await other.page.inner_text("table.from-to tbody tr:first-child")
    for figure in (
        ("¥2,000 万", "¥2,500 万", "¥500 万") if lang == "zh" else ("¥20,000,000", "¥25,000,000", "¥5,000,000")
    ):
        assert figure in row
    assert "示例人员0a" in await other.page.inner_text(".proposal")
    await other.shot("proposals-raise")
    await other.press(".proposal a[href^='/bank/pools/']")
    await other.says("¥2,000 万" if lang == "zh" else "¥20,000,000")


@BOTH
async def test_the_bar_counts_what_waits_for_this_person(db: Database, visit: Visit, lang: str, width: int):
    """One for the second person, none for the one who asked; no page waits for the figure."""
    town = await make_town(db)
    await ask_to_raise(db, town.banks[0])
    own, other = await visit(lang, width), await visit(lang, width)
    await own.sign_in(login_of("a"), PASSWORD)
    await other.sign_in(login_of("b"), PASSWORD)

    async with own.page.expect_response("**/desk/proposals/waiting"):
        await own.open("/bank/lists")
    async with other.page.expect_response("**/desk/proposals/waiting"):
        await other.open("/bank/lists")

    await other.page.wait_for_selector("nav a[href='/desk/proposals'] .unread", state="attached")
    assert (await other.page.text_content("nav a[href='/desk/proposals'] .unread") or "").startswith("1")
    assert await own.page.locator("nav a[href='/desk/proposals'] .unread").count() == 0


@BOTH
async def test_what_was_sent_back_stays_with_its_words(db: Database, visit: Visit, lang: str, width: int):
    """The dialog names the thing; the answer, its words and both people stand in the history; nothing has changed."""
    town = await make_town(db)
    bank = town.banks[0]
    await ask_to_raise(db, bank)
    walk = await visit(lang, width)
    await walk.sign_in(login_of("b"), PASSWORD)
    await walk.open("/desk/proposals")

    await walk.page.click(".two-answers summary")
    await walk.page.fill("textarea[name=said]", "请附季度计划")
    await walk.page.click("form[action$='/rejection'] button[type=submit]")
    asked = await walk.page.inner_text("#confirm-words")
    await walk.shot("proposals-confirm")
    async with walk.page.expect_navigation():
        await walk.page.click("dialog#confirm [data-sure]")
    await walk.says("没有等待复核的事项" if lang == "zh" else "Nothing waits")
    await walk.open("/desk/proposals?state=rejected")

    assert "渝中支行" in asked
    told = await walk.page.inner_text(".proposal")
    assert [one for one in ("请附季度计划", "示例人员0a", "示例人员0b") if one not in told] == []
    await walk.shot("proposals-history")
    async with db.reading(Role.REPORTER) as tx:
        pool = await parties.pools.pool_of(tx, parties.PoolKey(bank.branch_id, bank.product_ids[0]), TODAY)
    assert pool is not None
    assert pool.cap_fen == 2_000 * WAN
