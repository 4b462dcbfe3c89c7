"""A bank's head office: its branches, pools and lists, each change by two people."""

import pytest

from app.demo import city
from app.infra.db import Database
from app.market import orders
from tests.browser.conftest import Visit
from tests.browser.town import PASSWORD, TODAY, act, make_town, parts_of, post_need, set_clock
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("zh", NARROW), ("en", WIDE), ("en", NARROW)])
FIRST, SECOND = (f"{city.make_city(TODAY, firms=1).banks[0].login}-{who}" for who in "ab")


@BOTH
async def test_the_head_office_sees_its_branches_and_changes_a_pool(db: Database, visit: Visit, lang: str, width: int):
    """What is late now stands first; a raise waits for the second person and then is in force."""
    town = await make_town(db)
    bank = town.banks[0]
    order_id = await post_need(db, town)
    suborder_id = (await parts_of(db, order_id))[bank.bank_id]
    await set_clock(db, "2025-09-26 09:30")
    await act(db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now))
    walk, other = await visit(lang, width), await visit(lang, width)
    await walk.sign_in(FIRST, PASSWORD)
    other.page.on("dialog", lambda dialog: dialog.accept())

    await walk.open("/bank")
    await walk.shot("bank")
    await walk.open("/bank/pools")
    await walk.shot("bank-pools")
    await walk.press("table a[href^='/bank/pools/']")
    await walk.shot("bank-pool")
    await walk.page.fill("#f-amount_wan", "500")
    await walk.page.fill("#f-why-change", "季末需求增加")
    await walk.press("form[action$='/changes'] button")
    await walk.says("复核后生效" if lang == "zh" else "must agree before it is in force")
    await walk.open("/bank/lists")
    await walk.press("table a.btn")
    await walk.page.fill("#f-ceiling_wan", "150")
    await walk.shot("bank-list-new")
    await walk.press("form[action='/bank/lists'] button")
    await other.sign_in(SECOND, PASSWORD)
    await other.open("/desk/proposals")
    await other.shot("bank-proposals")
    await other.press("form[action$='/approval'] button")
    await other.press("form[action$='/approval'] button")

    await walk.open("/bank/pools")
    await walk.says("2,500 万" if lang == "zh" else "25,000,000")
    await walk.open("/bank/lists")
    await walk.says("第 2 版" if lang == "zh" else "No. 2")
    await set_clock(db, "2025-10-10 09:00")
    await walk.open("/bank")
    await walk.shot("bank-late")
    await walk.press("a[href='/desk?due=late']")
    await walk.says(town.firm.name)
    await walk.press("tr[data-row] a")
    await walk.shot("bank-case")


@BOTH
async def test_the_head_office_changes_a_decision_document_with_a_test_row(
    db: Database, visit: Visit, lang: str, width: int
):
    """Read it as tables, change a share, try a firm on both versions, hand it in; a second person agrees."""
    town = await make_town(db)
    product_id = town.banks[0].product_ids[0]
    walk, other = await visit(lang, width), await visit(lang, width)
    await walk.sign_in(FIRST, PASSWORD)

    await walk.open("/bank/products")
    await walk.shot("bank-products")
    await walk.press("main table a")
    await walk.shot("bank-product")
    await walk.press(f"a[href$='{product_id}/draft']")
    await walk.shot("bank-draft-start")
    await walk.press("a[href$='/steps/tax']")
    await walk.shot("bank-table")
    await walk.page.fill("#f-c2", "abc")
    await walk.press("button[value=save]")
    await walk.says("请填数字" if lang == "zh" else "Give numbers")
    await walk.shot("bank-table-fault")
    await walk.page.fill("#f-c2", "3.2")
    await walk.press("button[value=add-0]")
    await walk.page.fill("#f-c3", "除 A、B 外" if lang == "zh" else "not A, B")
    await walk.press("button[value=save]")
    await walk.says("永远不会命中" if lang == "zh" else "never taken")
    await walk.shot("bank-draft-warned")
    await walk.press("a[href$='/steps/tax']")
    await walk.press("button[value=drop-1]")
    await walk.open(f"/bank/products/{product_id}/draft")
    await walk.press("a[href$='/formulas/measure/share_fen']")
    await walk.page.fill("#f-c1", "12")
    await walk.shot("bank-brackets")
    await walk.press("button[value=save]")
    await walk.press("main .chips a:nth-child(2)")
    await walk.shot("bank-draft")
    await walk.page.fill("#f-valid_from", "2025-10-09")
    await walk.page.click("form[action$='/submission'] button")
    await walk.page.click("#confirm [data-sure]")
    await walk.page.wait_for_url("**/waiting")
    await walk.look()
    await walk.shot("bank-waiting-own")
    await other.sign_in(SECOND, PASSWORD)
    await other.open("/desk/proposals")
    await other.shot("bank-proposals-model")
    await other.press(f"a[href$='{product_id}/waiting']")
    await other.shot("bank-waiting")
    await other.page.click("form[action$='/approval'] button")
    await other.page.click("#confirm [data-sure]")
    await other.page.wait_for_url("**/desk/proposals")
    await walk.open("/bank/products")
    await walk.says("第 1 版" if lang == "zh" else "Version 1")
    await set_clock(db, "2025-10-09 09:00")
    await walk.open(f"/bank/products/{product_id}")
    await walk.shot("bank-product-after")
    await walk.says("12 %")


async def test_a_decision_document_is_changed_without_scripts(db: Database, visit: Visit):
    """Rows and brackets are forms; the JSON is judged; what is hostile is refused in words and nothing is kept."""
    town = await make_town(db)
    url = f"/bank/products/{town.banks[0].product_ids[0]}/draft"
    walk = await visit("zh", WIDE, java_script_enabled=False)
    await walk.sign_in(FIRST, PASSWORD)

    await walk.page.goto(f"{walk.base}{url}/steps/gate")
    await walk.page.click("button[value=down-0]")
    await walk.page.goto(f"{walk.base}{url}/formulas/bound/amount_fen")
    await walk.page.fill("#f-c1", "250")
    await walk.page.click("button[value=save]")
    await walk.says("不超过 250 万元")
    await walk.page.goto(f"{walk.base}{url}/formulas/measure/raw_amount_fen?as=formula")
    await walk.page.fill("#f-c0", "turnover_fen / 3")
    await walk.page.click("button[value=text]")
    await walk.says("除法必须写在")
    await walk.page.goto(f"{walk.base}{url}")
    await walk.page.click("details.source summary")
    await walk.page.fill("#f-document", '{"title_zh": NaN}')
    await walk.page.click("form[action$='/document'] button")
    await walk.says("NaN")
    await walk.page.goto(f"{walk.base}{url}")
    await walk.says("不超过 250 万元")
