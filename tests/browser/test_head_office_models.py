"""A bank's head office writes its decision documents: tables, a test row, two people."""

import pytest

from app.demo import city
from app.infra.db import Database
from tests.browser.conftest import Visit
from tests.browser.town import PASSWORD, TODAY, make_town, set_clock
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
EACH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])
FIRST, SECOND = (f"{city.make_city(TODAY, firms=1).banks[0].login}-{who}" for who in "ab")


@EACH
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
