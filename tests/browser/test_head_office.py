"""A bank's head office: its branches, red first, and its pools, each change by two people."""

from datetime import date

import pytest

from app.demo import city
from app.infra.db import Database, Role
from app.kernel.ids import new_id
from app.market import orders, parties
from app.market.parties import Branch
from tests.browser.conftest import Visit
from tests.browser.town import PASSWORD, TODAY, Town, act, make_town, parts_of, post_need, set_clock
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
EACH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])
FIRST, SECOND = (f"{city.make_city(TODAY, firms=1).banks[0].login}-{who}" for who in "ab")


async def in_hand(db: Database) -> Town:
    """A town whose first bank has taken up an order, and has a second branch without work."""
    town = await make_town(db)
    bank = town.banks[0]
    async with db.transaction(Role.OPS) as tx:
        branch = Branch(new_id(), bank.bank_id, f"{bank.name}南岸支行", None, "500108", None, date(2022, 3, 1), None)
        await parties.outlets.open_branch(tx, branch)
    order_id = await post_need(db, town)
    suborder_id = (await parts_of(db, order_id))[bank.bank_id]
    await set_clock(db, "2025-09-26 09:30")
    await act(db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now))
    return town


@EACH
async def test_the_head_office_sees_what_is_red_and_opens_it(db: Database, visit: Visit, lang: str, width: int):
    """Every number of a branch leads to the inbox of just that branch; heads sort; the share is marked as few."""
    town = await in_hand(db)
    branch = f"branch={town.banks[0].branch_id}"
    walk = await visit(lang, width)
    await walk.sign_in(FIRST, PASSWORD)

    await walk.open("/bank")
    await walk.shot("bank")
    await set_clock(db, "2025-10-20 09:00")
    await walk.open("/bank")
    await walk.says("样本少" if lang == "zh" else "few cases")
    await walk.shot("bank-late")
    assert 1 == await walk.page.locator("tr[data-row]").count()
    if width == WIDE:  # On a phone the rows are cards without heads.
        await walk.press("thead a[href*='sort=-open']")
        assert await walk.page.locator("th[aria-sort=descending]").count() == 1
        await walk.press("thead a[href*='sort=open']")
        assert await walk.page.locator("th[aria-sort=ascending]").count() == 1
    await walk.press(f"tr[data-row] a[href='/desk?{branch}&due=late']")
    await walk.says(town.firm.name)
    await walk.press("tr[data-row] a")
    await walk.shot("bank-case")


@EACH
async def test_a_pool_is_raised_by_two_people_and_frozen_by_one(db: Database, visit: Visit, lang: str, width: int):
    """Bar, words and sums; what waits names its maker; the history names both; freezing asks once more."""
    await in_hand(db)
    walk, other = await visit(lang, width), await visit(lang, width)
    await walk.sign_in(FIRST, PASSWORD)
    await other.sign_in(SECOND, PASSWORD)

    await walk.open("/bank/pools")
    await walk.shot("bank-pools")
    await walk.press("table a[href^='/bank/pools/']")
    await walk.page.fill("#f-amount_wan", "500")
    await walk.page.fill("#f-why-change", "季末需求增加")
    await walk.press("form[action$='/changes'] button")
    await walk.says("复核后生效" if lang == "zh" else "must agree before it is in force")
    await walk.says("您提交的" if lang == "zh" else "Yours: another person")
    await walk.shot("bank-pool-waiting")
    pool = walk.page.url.removeprefix(walk.base)
    await other.open(pool)
    await other.says("示例人员0a")
    await other.shot("bank-pool-second")
    await other.press("form[action$='/approval'] button")
    await walk.open(pool)
    await walk.says("2,500 万" if lang == "zh" else "25,000,000")
    await walk.says("示例人员0b")
    await walk.page.fill("#f-why-freeze", "核查用途")
    await walk.press("form[action$='/freeze'] button")
    await walk.says("已冻结" if lang == "zh" else "Frozen")
    await walk.shot("bank-pool-frozen")
    await walk.page.fill("#f-why", "已经查明")
    await walk.press("form[action$='/changes'] button")
    await other.open(pool)
    await other.press("form[action$='/approval'] button")
    await walk.open(pool)
    assert 1 == await walk.page.locator("form[action$='/freeze']").count(), "it is thawed, although money is held"
    await walk.shot("bank-pool-history")


async def test_a_pool_is_opened_and_sent_back_without_scripts(db: Database, visit: Visit):
    """Every act is a form."""
    await make_town(db)
    walk, other = [await visit("zh", width, java_script_enabled=False) for width in (WIDE, NARROW)]
    await walk.sign_in(FIRST, PASSWORD)
    await other.sign_in(SECOND, PASSWORD)

    await walk.open("/bank/pools")
    await walk.page.click("details.panel summary")
    await walk.page.select_option("#f-quarter", index=1)
    await walk.page.fill("#f-cap_wan", "800")
    await walk.page.fill("#f-why", "下季度计划")
    await walk.page.click("details.panel button")
    await walk.says("您提交的")
    await other.open("/bank/pools")
    await other.says("下季度计划")
    await other.shot("bank-pool-opening")
    await other.page.click("section.panel details summary")
    await other.page.fill("section.panel textarea", "先不设")
    await other.page.click("form[action$='/rejection'] button")
    await walk.open("/bank/pools")

    assert 0 == await walk.page.locator("form[action$='/approval']").count()
