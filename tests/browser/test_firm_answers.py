"""What the owner answers on the way, and what is kept of it: questions, checks, letters of consent."""

import hashlib

import pytest

from app.infra.db import Database
from tests.browser.conftest import Visit
from tests.browser.town import OWNER, PASSWORD, make_town, post_need
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])  # The others: test_every_page.
PAGES = {
    "zh": ("继续", "核对需求", "银行会看到什么", "阅读并签署授权书", "需求已发布"),
    "en": ("Continue", "Check your order", "What the banks will see", "Read and sign", "is posted"),
}


@BOTH
async def test_a_firm_goes_from_an_empty_home_to_a_posted_order(db: Database, visit: Visit, lang: str, width: int):
    """One question a screen; a wrong sum is named at the top and keeps the text; what is suggested can be changed."""
    go_on, check, data, letters, posted = PAGES[lang]
    await make_town(db)
    walk = await visit(lang, width)
    await walk.sign_in(OWNER, PASSWORD)
    await walk.open("/my")
    await walk.shot("home-empty")

    await walk.press("main a[href='/my/orders/new']")
    await walk.page.fill("#f-amount_wan", "很多")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.shot("q1-fault")
    assert "很多" == await walk.page.input_value("#f-amount_wan")
    await walk.press("#faults a")
    await walk.page.fill("#f-amount_wan", "60")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.shot("q2-term")
    await walk.press("button[name=term_months][value='12']")
    await walk.press("button[name=purpose][value=working_capital]")
    await walk.shot("q4-security")
    await walk.press("main .step a")
    assert await walk.page.locator("button[value=working_capital][aria-current]").count() == 1
    await walk.press("button[name=purpose][value=working_capital]")
    await walk.press("button[name=collateral][value=none]")

    await walk.says(check)
    await walk.press("table.check a[href$='ask=until']")
    await walk.shot("q-until")
    await walk.press("button[name=until_days][value='60']")
    await walk.press("table.check a[href$='ask=district']")
    await walk.shot("q-district")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.press("table.check a[href$='ask=places']")
    await walk.shot("q-places")
    await walk.press("button[name=places][value='2']")
    await walk.says("2025-11-24" if lang == "zh" else "24 Nov 2025")
    for summary in await walk.page.locator("main summary:visible").all():
        await summary.click()
    await walk.shot("banks")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.says(data)
    for summary in await walk.page.locator(".class-items summary:visible").all():
        await summary.click()
    await walk.look()
    await walk.shot("data")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.says(letters)
    for summary in await walk.page.locator("main summary:visible").all():
        await summary.click()
    await walk.look()
    await walk.shot("letters")
    for box in await walk.page.locator("input[name=agree]").all():
        await box.check()
    await walk.press("main button.btn-lg")
    await walk.says(posted)
    await walk.shot("order-posted")


@BOTH
async def test_consents_are_read_and_taken_back(db: Database, visit: Visit, lang: str, width: int):
    """Taking back is as easy as giving: one tap, and it says first whom it concerns and what then."""
    town = await make_town(db)
    await post_need(db, town, banks=2)
    walk = await visit(lang, width)
    walk.page.on("dialog", lambda dialog: dialog.accept())
    await walk.sign_in(OWNER, PASSWORD)

    await walk.open("/my/consents")
    await walk.shot("consents")
    await walk.press("section.panel p a[href*='/consents/']")
    await walk.says("授权人可以随时撤回本授权")
    await walk.shot("letter")
    async with walk.page.expect_download() as got:
        await walk.page.click("main a[href$='/file']")
    kept = hashlib.sha256((await (await got.value).path()).read_bytes()).hexdigest()
    assert kept == await walk.page.locator("main dd code").last.text_content()
    await walk.open("/my/readings")
    await walk.says("还没有银行打开过您的数据" if lang == "zh" else "No bank has opened your data")
    await walk.shot("readings-empty")
    await walk.open("/my/consents")
    asked = await walk.page.locator("section.panel form").first.get_attribute("data-confirm") or ""
    assert any(bank.name.removesuffix("股份有限公司") in asked for bank in town.banks)
    assert ("其他银行继续" if lang == "zh" else "the other banks go on") in asked
    await walk.press("section.panel form button")
    await walk.says("看不到您的数据" if lang == "zh" else "cannot see your data")
    await walk.open("/my/consents")
    asked = await walk.page.locator("section.panel form").first.get_attribute("data-confirm") or ""
    assert ("需求随之结束" if lang == "zh" else "the order ends") in asked


async def test_the_way_needs_no_script_and_says_what_is_missing(db: Database, visit: Visit):
    """Without JavaScript everything reads and every form works; a forgotten bank or class is named, nothing lost."""
    await make_town(db)
    walk = await visit("zh", NARROW, java_script_enabled=False)
    await walk.sign_in(OWNER, PASSWORD)
    answers = "amount_wan=60&term_months=12&purpose=equipment&collateral=none&district=500103&until_days=30&places=1"
    assert await walk.page.locator("nav a[href='/my/consents']").is_visible()

    await walk.open(f"/my/orders/new?{answers}")
    for box in await walk.page.locator("input[name=bank]").all():
        await box.uncheck()
    await walk.press("main form button")
    await walk.says("请至少选择一家银行")
    await walk.page.locator("input[name=bank]").first.check()
    await walk.press("main form button")
    while await walk.page.locator("input[name=see]:checked").count():
        await walk.page.locator("input[name=see]:checked").first.uncheck()
    await walk.press("main form button")
    await walk.says("每家银行至少要能看到一类数据")
    await walk.page.locator("input[name=see]:visible").nth(1).check()
    await walk.press("main form button")
    await walk.says("我代表本企业同意")
    await walk.page.check("input[name=agree]")
    await walk.press("main form button")
    await walk.says("需求已发布")
    await walk.shot("no-script-posted")
