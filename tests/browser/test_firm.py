"""A firm's way from the start page to a posted order, and what it sees afterwards."""

import pytest

from app.infra.db import Database
from tests.browser.conftest import Visit
from tests.browser.town import OWNER, PASSWORD, make_town
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("zh", NARROW), ("en", WIDE), ("en", NARROW)])


@BOTH
async def test_anybody_may_look_at_the_shelf(db: Database, visit: Visit, lang: str, width: int):
    """No account is needed to see what one can get, at which rate and how soon."""
    await make_town(db)
    walk = await visit(lang, width)

    await walk.open("/")
    await walk.shot("start")

    await walk.says("税易贷" if lang == "zh" else "Tax loan")


@BOTH
async def test_a_firm_sees_what_each_product_would_lend_and_why(db: Database, visit: Visit, lang: str, width: int):
    """One card per product: an amount and what it rests on, or why there is none and what would change it."""
    await make_town(db)
    walk = await visit(lang, width)
    await walk.open("/")

    await walk.press("text=查看我的额度" if lang == "zh" else "text=See my estimates")
    await walk.page.fill("#f-login", OWNER)
    await walk.page.fill("#f-password", PASSWORD)
    await walk.press("main button[type=submit]")
    await walk.shot("estimates")

    await walk.says("完整依据和测算过程" if lang == "zh" else "every step of the reckoning")
    await walk.page.locator("summary").first.click()
    await walk.look()
    await walk.shot("estimates-open")


WORDS = {
    "zh": ("按这个额度申请", "继续", "核对需求", "银行会看到什么", "阅读并签署授权书", "需求已发布"),
    "en": ("Ask for this amount", "Continue", "Check your order", "What the banks will see", "Read and sign", "is posted"),
}


@BOTH
async def test_a_firm_goes_from_the_start_page_to_a_posted_order(db: Database, visit: Visit, lang: str, width: int):
    """The whole way: look, sign in, estimates, five questions, banks, data, letters, order; twelve screens."""
    ask, go_on, check, data, letters, posted = WORDS[lang]
    await make_town(db)
    walk = await visit(lang, width)
    await walk.sign_in(OWNER, PASSWORD)
    await walk.open("/my")
    await walk.shot("home-empty")
    await walk.open("/my/estimates")

    await walk.press(f"text={ask}")
    await walk.page.fill("#f-amount_wan", "很多")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.shot("q1-fault")
    await walk.page.fill("#f-amount_wan", "60")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.shot("q2-term")
    await walk.page.check("input[name=term_months][value='12']")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.page.check("input[name=purpose][value=working_capital]")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.shot("q4-security")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.shot("q5-until")
    await walk.press(f"main button:has-text('{go_on}')")

    await walk.says(check)
    await walk.shot("banks")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.says(data)
    await walk.shot("data")
    await walk.press(f"main button:has-text('{go_on}')")
    await walk.says(letters)
    await walk.shot("letters")
    for box in await walk.page.locator("input[name=agree]").all():
        await box.check()
    await walk.press("main button.btn-lg")
    await walk.says(posted)
    await walk.shot("order-posted")
