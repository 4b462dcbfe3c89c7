"""A firm's way from the start page to a posted order, and what it sees afterwards."""

import pytest

from app.infra.db import Database
from app.market import orders
from tests.browser.conftest import Visit
from tests.browser.town import (
    OWNER,
    PASSWORD,
    accept_and_contact,
    act,
    make_town,
    offer,
    parts_of,
    post_need,
    refuse,
    set_clock,
    sign_and_draw,
)
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
    "en": (
        "Ask for this amount",
        "Continue",
        "Check your order",
        "What the banks will see",
        "Read and sign",
        "is posted",
    ),
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


@BOTH
async def test_an_order_shows_its_deadlines_papers_offers_and_refusals(
    db: Database, visit: Visit, lang: str, width: int
):
    """Everything that a firm must know or do stands on the page of its order, and nothing needs a script."""
    town = await make_town(db)
    order_id = await post_need(db, town)
    first, second, third = town.banks
    parts = await parts_of(db, order_id)
    await set_clock(db, "2025-09-26 10:00")
    await accept_and_contact(db, first, parts[first.bank_id])
    await accept_and_contact(db, second, parts[second.bank_id])
    await act(
        db,
        first.clerk,
        lambda tx, by: orders.acceptances.ask_papers(
            tx, parts[first.bank_id], items=["近六个月银行流水", "租赁合同"], note="请一次备齐。", by=by, now=tx.now
        ),
    )
    await refuse(db, second, parts[second.bank_id])
    third_id = (await parts_of(db, order_id))[third.bank_id]
    await accept_and_contact(db, third, third_id)
    walk = await visit(lang, width, java_script_enabled=True)
    await walk.sign_in(OWNER, PASSWORD)

    await set_clock(db, "2025-10-09 09:00")
    await walk.open("/my")
    await walk.shot("home")
    await walk.open(f"/my/orders/{order_id}")
    await walk.says("近六个月银行流水")
    await walk.says("低于本产品三十万元的要求")
    for summary in await walk.page.locator("details.over > summary, details.why > summary").all():
        await summary.click()
    await walk.look()
    await walk.shot("order-papers")
    await walk.page.fill("#f-answer", "流水已备好，明天送到网点；租赁合同在合同附件里。")
    await walk.press("section.todo button[type=submit]")
    await walk.says("时限继续计算" if lang == "zh" else "counts on")

    await offer(db, first, parts[first.bank_id], 42_000)
    await offer(db, third, third_id, 45_000, fee_fen=50_000)
    await walk.open(f"/my/orders/{order_id}")
    await walk.shot("order-offers")
    walk.page.on("dialog", lambda dialog: dialog.accept())
    await walk.press("table.offers button[type=submit]")
    await walk.says("等待银行与您签约" if lang == "zh" else "will now sign with you")
    await walk.shot("order-picked")


@BOTH
async def test_consents_are_read_and_taken_back(db: Database, visit: Visit, lang: str, width: int):
    """Taking back is as easy as giving: one tap, then the bank is out and the order says so; the whole order too."""
    town = await make_town(db)
    order_id = await post_need(db, town, banks=2)
    walk = await visit(lang, width)
    walk.page.on("dialog", lambda dialog: dialog.accept())
    await walk.sign_in(OWNER, PASSWORD)

    await walk.open("/my/consents")
    await walk.shot("consents")
    await walk.press("section.panel p a[href*='/consents/']")
    await walk.says("授权人可以随时撤回本授权")
    await walk.shot("letter")
    await walk.open("/my/consents")
    await walk.press("section.panel form button")
    await walk.says("看不到您的数据" if lang == "zh" else "cannot see your data")
    await walk.press("form[action$='/withdrawal'] button")
    await walk.says("需求已撤回" if lang == "zh" else "is withdrawn")
    await walk.shot("order-withdrawn")
    await walk.press(".ended a.btn")
    await walk.says("核对需求" if lang == "zh" else "Check your order")

    assert f"previous={order_id}" in walk.page.url or str(order_id) in await walk.page.content()


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
    await walk.says("我代表本企业阅读并同意")
    await walk.page.check("input[name=agree]")
    await walk.press("main form button")
    await walk.says("需求已发布")
    await walk.shot("no-script-posted")


@pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])
async def test_a_bank_that_does_not_sign_in_time_can_be_left(db: Database, visit: Visit, lang: str, width: int):
    """After the promised day the page says that the bank is late, and the firm need not wait any longer."""
    town = await make_town(db)
    order_id = await post_need(db, town, banks=1)
    bank = town.banks[0]
    suborder_id = (await parts_of(db, order_id))[bank.bank_id]
    await accept_and_contact(db, bank, suborder_id)
    await offer(db, bank, suborder_id, 42_000)
    await act(db, town.owner, lambda tx, by: orders.decisions.pick_offer(tx, suborder_id, by=by, now=tx.now))
    walk = await visit(lang, width)
    walk.page.on("dialog", lambda dialog: dialog.accept())
    await walk.sign_in(OWNER, PASSWORD)

    await set_clock(db, "2025-10-13 09:00")
    await walk.open(f"/my/orders/{order_id}")
    await walk.says("已过期限" if lang == "zh" else "Past its time")
    await orders.sweep(db)
    await walk.open(f"/my/orders/{order_id}")
    await walk.says("已超时" if lang == "zh" else "Late")
    await walk.shot("order-late")
    await walk.press("form[action$='/release'] button")
    await walk.says("已不再等待该行" if lang == "zh" else "no longer wait")
    await walk.shot("order-let-go")


@pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])
async def test_a_signed_loan_shows_its_contract_and_what_is_drawn(db: Database, visit: Visit, lang: str, width: int):
    """Granted, signed and paid out are three figures; the rest may be given up."""
    town = await make_town(db)
    order_id = await post_need(db, town, banks=1)
    bank = town.banks[0]
    suborder_id = (await parts_of(db, order_id))[bank.bank_id]
    await accept_and_contact(db, bank, suborder_id)
    await offer(db, bank, suborder_id, 42_000)
    await act(db, town.owner, lambda tx, by: orders.decisions.pick_offer(tx, suborder_id, by=by, now=tx.now))
    await sign_and_draw(db, bank, suborder_id)
    walk = await visit(lang, width)
    walk.page.on("dialog", lambda dialog: dialog.accept())
    await walk.sign_in(OWNER, PASSWORD)

    await walk.open(f"/my/orders/{order_id}")
    await walk.shot("order-paying")
    await walk.says("¥45 万" if lang == "zh" else "¥450,000")
    await walk.says("¥20 万" if lang == "zh" else "¥200,000")
    await walk.press("form[action$='/draws-end'] button")
    await walk.says("已放弃剩余" if lang == "zh" else "given up what was still")


async def test_the_questions_are_answered_by_keyboard_alone(db: Database, visit: Visit):
    """Type and Enter, arrows and Enter: nobody needs a mouse to say what they need."""
    await make_town(db)
    walk = await visit("en", WIDE)
    await walk.sign_in(OWNER, PASSWORD)
    await walk.open("/my/orders/new")

    await walk.page.keyboard.type("60")
    await walk.page.keyboard.press("Enter")
    for field, value in (("term_months", "12"), ("purpose", "equipment")):
        await walk.page.wait_for_selector(f"input[name={field}]")
        while await walk.page.evaluate("() => document.activeElement.name") != field:
            await walk.page.keyboard.press("Tab")
        await walk.page.keyboard.press("Space")
        while await walk.page.evaluate("() => document.activeElement.value") != value:
            await walk.page.keyboard.press("ArrowDown")
        await walk.page.keyboard.press("Enter")
    await walk.page.wait_for_selector("select[name=district]")
    await walk.look()

    await walk.says("Where do you do business?")
