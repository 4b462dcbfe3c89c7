"""The branch at its desk: the inbox, an order from acceptance to an offer or a refusal, and the second person."""

import re
from uuid import UUID

import pytest

from app.access.seats import Seat
from app.infra.db import Database, Role, Tx
from app.market import orders, packages, papers
from app.market.orders.service import bringing
from tests.browser.conftest import Visit
from tests.browser.desk import Keys, at_desk, case_of, clerk_of
from tests.browser.town import PASSWORD, accept_and_contact, act, make_town, offer, set_clock
from tests.browser.walk import NARROW, WIDE
from tests.market.papers.samples import pdf

pytestmark = pytest.mark.browser
A4_WIDTH = 680  # Pixels between the margins.
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])


@BOTH
async def test_a_clerk_accepts_contacts_and_offers(db: Database, visit: Visit, lang: str, width: int):
    """From the inbox to an offer whose cost was seen before it was sent."""
    town = await make_town(db)
    _, _, suborder_id = await case_of(db, town)
    walk = await visit(lang, width)
    await at_desk(walk, clerk_of())
    await walk.shot("desk-inbox")

    await walk.press("tr[data-row] a")
    await walk.shot("desk-case-pushed")
    await walk.press("form[action*='/acceptance'] button")
    await walk.says("已受理" if lang == "zh" else "Accepted")
    await walk.press("a[data-key=p]")
    await walk.shot("desk-case-package")
    await walk.press("a[data-key=c]")
    await walk.page.fill("#f-whom", "财务负责人")
    await walk.shot("desk-contact")
    await walk.press("#act button[type=submit]")
    await walk.press("form[action*='/investigation'] button")
    await walk.press("a[data-key=o]")
    await walk.page.fill("#f-amount_wan", "50")
    await walk.page.fill("#f-rate_percent", "99")
    await walk.press("#act button[type=submit]")
    await walk.shot("desk-offer-fault")
    await walk.page.fill("#f-rate_percent", "4.35")
    await walk.page.fill("#f-fee_name", "评估费")
    await walk.page.fill("#f-fee_yuan", "500")
    await walk.press("#act button[type=submit]")
    await walk.shot("desk-offer-cost")
    await walk.press("button[name=sure]")

    await walk.says("方案已报给企业" if lang == "zh" else "The offer is with the firm")
    await walk.shot("desk-offered")
    async with db.reading(Role.REPORTER) as tx:
        row = (await orders.reading.get_suborder(tx, suborder_id)).suborder
    assert row["state"] == "offered"


@BOTH
async def test_a_refusal_is_checked_before_it_is_sent(db: Database, visit: Visit, lang: str, width: int):
    """Empty words and a claim that the package contradicts are told while they are written, and again on sending."""
    town = await make_town(db)
    bank, _, suborder_id = await case_of(db, town)
    await act(
        db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now)
    )  # fmt: skip
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)
    await walk.open(f"/desk/suborders/{suborder_id}")

    await walk.press("a[data-key=r]")
    await walk.page.fill("#f-find", "纳税额" if lang == "zh" else "tax paid")
    await walk.shot("desk-reasons")
    await walk.page.press("#f-find", "Enter")
    await walk.page.wait_for_url("**code=D1**")
    await walk.look()
    await walk.shot("desk-refusal-items")
    await walk.press("ul.reasons a[href*='tax.paid_12m_fen']")
    await walk.page.fill("#f-value", "10")
    await walk.page.fill("#f-words", "综合评分不足，不符合我行要求。")
    await walk.page.wait_for_selector("#verdict .tone-warn")
    await walk.look()
    await walk.shot("desk-refusal-empty-words")
    await walk.page.fill("#f-words", "近十二个月实缴税款十八万元，低于本产品三十万元的要求。")
    await walk.page.select_option("#f-comparison", "lt")
    await walk.press("#refusal button[type=submit]")
    await walk.says("与这项信息的现值不符" if lang == "zh" else "The present value says otherwise")
    await walk.shot("desk-refusal-false")
    await walk.page.fill("#f-value", "30")
    await walk.page.wait_for_selector("#verdict .tone-good")
    await walk.shot("desk-refusal-holds")
    await walk.press("#refusal button[type=submit]")

    await walk.says("已拒单" if lang == "zh" else "Refused")
    await walk.shot("desk-refused")


async def brought(tx: Tx, suborder_id: UUID, by: Seat, answer: str = "流水已交。") -> UUID:
    """The firm answers with words and a file, or with a file alone."""
    limits = await papers.limits_on(tx, tx.now)
    files = await papers.check([papers.Upload("流水.pdf", "application/pdf", pdf())], limits)
    return await bringing.bring(tx, suborder_id, answer=answer, files=files, limits=limits, by=by, now=tx.now)


@BOTH
async def test_papers_contract_and_payment_are_recorded(db: Database, visit: Visit, lang: str, width: int):
    """Papers asked for and brought, an offer picked, the contract and the draws: the rest of an order's way."""
    town = await make_town(db)
    bank, _, suborder_id = await case_of(db, town)
    await accept_and_contact(db, bank, suborder_id)
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)
    await walk.open(f"/desk/suborders/{suborder_id}")

    await walk.press("a[data-key=m]")
    await walk.page.fill("#f-items", "近六个月银行流水\n租赁合同")
    await walk.press("#act button[type=submit]")
    await walk.says("办结计时暂停" if lang == "zh" else "time to decide stands still")
    await walk.open("/desk")
    await walk.says("等企业补材料" if lang == "zh" else "the firm brings papers")
    await walk.shot("desk-inbox-paused")
    await act(db, town.owner, lambda tx, by: brought(tx, suborder_id, by))
    await walk.open(f"/desk/suborders/{suborder_id}")
    async with walk.page.expect_download() as saved:
        await walk.page.click("ul.papers a")
    assert "流水.pdf" == (await saved.value).suggested_filename
    await walk.shot("desk-papers-brought")
    await offer(db, bank, suborder_id, 43_500)
    await act(db, town.owner, lambda tx, by: orders.decisions.pick_offer(tx, suborder_id, by=by, now=tx.now))
    await walk.open(f"/desk/suborders/{suborder_id}")
    await walk.press("a[data-key=s]")
    await walk.page.fill("#f-contract_no", "XY-2025-001")
    await walk.page.fill("#f-draw_until_on", "2025-12-31")
    await walk.shot("desk-sign")
    await walk.press("#act button[type=submit]")
    await walk.press("a[data-key=d]")
    await walk.page.fill("#f-amount_wan", "20")
    await walk.press("#act button[type=submit]")
    await walk.press("a[data-key=d]")
    await walk.page.fill("#f-amount_wan", "30")
    await walk.press("#act button[type=submit]")

    await walk.says("放款完毕" if lang == "zh" else "Paid out")
    await walk.shot("desk-serviced")


@BOTH
async def test_before_acceptance_only_the_banks_own_matters_are_reasons(
    db: Database, visit: Visit, lang: str, width: int
):
    """No package is opened for it, and a reason that is not so cannot be sent."""
    town = await make_town(db)
    _, _, suborder_id = await case_of(db, town)
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)

    await walk.open(f"/desk/suborders/{suborder_id}/refusal")
    assert await walk.page.locator("#reasons a[href*='code=D1']").count() == 0
    await walk.press("#reasons a[href*='code=I2']")
    await walk.says("现值不支持该原因" if lang == "zh" else "speaks against this reason")
    await walk.page.fill("#f-words", "本网点本季度该产品额度已经全部用完。")
    await walk.press("#refusal button[type=submit]")

    await walk.says("与这项信息的现值不符" if lang == "zh" else "The present value says otherwise")
    await walk.shot("desk-refusal-own")
    async with db.reading(Role.REPORTER) as tx:
        row = (await orders.reading.get_suborder(tx, suborder_id)).suborder
    assert row["state"] == "pushed"


async def test_a_clerk_offers_with_the_keyboard_alone(db: Database, visit: Visit):
    """Accept and decide in at most eight keys beside what is written: j a c, o, and Enter where a form is sent."""
    town = await make_town(db)
    _, _, suborder_id = await case_of(db, town)
    walk = await visit("zh", WIDE)
    await at_desk(walk, clerk_of())
    await walk.page.keyboard.press("?")
    await walk.page.wait_for_selector("dialog#keys[open]")
    await walk.page.keyboard.press("?")
    keys = Keys(walk)

    await keys.press("j", "tr[data-row] a:focus")
    await keys.press("a", ".alert-success >> text=已受理")
    await keys.press("c", "#f-whom:focus")
    await keys.type("财务负责人")
    await keys.press("Enter", ".alert-success >> text=联系情况已登记")
    await keys.press("o", "#f-rate_percent:focus")
    await keys.type("4.35")
    await keys.press("Enter", "button[name=sure]:focus")
    await keys.press("Enter", ".alert-success >> text=授信方案已报给企业")

    print(f"keys from the inbox to an offer: {keys.count}")
    assert keys.count <= 8
    async with db.reading(Role.REPORTER) as tx:
        row = (await orders.reading.get_suborder(tx, suborder_id)).suborder
    assert row["state"] == "offered"


async def test_a_clerk_refuses_with_the_keyboard_alone(db: Database, visit: Visit):
    """From the inbox to a refusal that its evidence bears out, in at most eight keys beside what is written."""
    town = await make_town(db)
    _, _, suborder_id = await case_of(db, town)
    walk = await visit("zh", WIDE)
    await at_desk(walk, clerk_of())
    keys = Keys(walk)

    await keys.press("j", "tr[data-row] a:focus")
    await keys.press("a", ".alert-success >> text=已受理")
    await keys.press("r", "#f-find:focus")
    await keys.type("nsebz")
    await keys.press("Enter", "ul.reasons a:focus")
    await keys.press("Enter", "#f-value:focus")
    await keys.type("30")
    await keys.press("Tab", "#f-words:focus")
    await keys.type("近十二个月实缴税款十八万元，低于本产品三十万元的要求。")
    await keys.press("Control+Enter", ".alert-success >> text=已拒单")

    print(f"keys from the inbox to a refusal: {keys.count}")
    assert keys.count <= 8
    async with db.reading(Role.REPORTER) as tx:
        row = (await orders.reading.get_suborder(tx, suborder_id)).suborder
    assert row["state"] == "refused"


@BOTH
async def test_papers_that_cannot_be_asked_for_come_back_with_what_is_wrong(
    db: Database, visit: Visit, lang: str, width: int
):
    """Nothing named, and an item asked for before: the form again, the fault at its field, the words kept."""
    town = await make_town(db)
    bank, _, suborder_id = await case_of(db, town)
    await accept_and_contact(db, bank, suborder_id)
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)
    await walk.open(f"/desk/suborders/{suborder_id}?act=papers")

    asked = "材料" if lang == "zh" else "Paper"
    await walk.page.fill("#f-items", "\n".join(f"{asked} {number}" for number in range(21)))
    await walk.page.fill("#f-note", asked)
    await walk.press("#act button[type=submit]")

    said = await walk.page.inner_text("#e-items")
    assert ("一次最多二十项材料" if lang == "zh" else "twenty") in said
    assert await walk.page.input_value("#f-note") == asked
    await walk.shot("desk-papers-fault")
    await act(
        db, bank.clerk,
        lambda tx, by: orders.acceptances.ask_papers(tx, suborder_id, items=[asked], note="", by=by, now=tx.now),
    )  # fmt: skip
    await act(db, town.owner, lambda tx, by: brought(tx, suborder_id, by, answer=""))
    await walk.page.fill("#f-items", asked)
    await walk.press("#act button[type=submit]")
    assert ("以前要求过" if lang == "zh" else "asked for before") in await walk.page.inner_text("#e-items")
    await walk.says("企业已答复" if lang == "zh" else "The firm has answered")


@BOTH
async def test_an_order_prints_as_a_dossier(db: Database, visit: Visit, lang: str, width: int):
    """On A4: the request, each class of the package, each deadline with its days; nothing to press, nothing cut off."""
    town = await make_town(db)
    bank, _, suborder_id = await case_of(db, town)
    await accept_and_contact(db, bank, suborder_id)
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)
    await walk.open(f"/desk/suborders/{suborder_id}/package")
    page = walk.page

    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": A4_WIDTH, "height": 960})
    tabs = page.locator(".pack > section")
    pdf = await page.pdf(prefer_css_page_size=True)

    for gone in (".top", ".case-panel", ".course-nav", ".keys", ".pack > label", ".copy"):
        assert not await page.locator(gone).first.is_visible(), gone
    assert all([await tabs.nth(n).is_visible() for n in range(await tabs.count())])
    assert await page.locator("ol.days li").first.is_visible()
    assert await page.evaluate("document.scrollingElement.scrollWidth") <= A4_WIDTH
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 5
    (await walk.shot("desk-print")).with_suffix(".pdf").write_bytes(pdf)


async def test_the_inbox_reads_without_scripts_and_accepts_in_bulk(db: Database, visit: Visit):
    """A browser without scripts sees the same page and can tick, accept, filter and search."""
    town = await make_town(db)
    await case_of(db, town)
    walk = await visit("zh", WIDE, java_script_enabled=False)
    await walk.page.goto(walk.base + "/login")
    await walk.page.fill("#f-login", clerk_of())
    await walk.page.fill("#f-password", PASSWORD)
    await walk.page.click("main button[type=submit]")

    await walk.page.goto(walk.base + "/desk?q=" + town.firm.name[2:5])
    await walk.page.check("input[name=suborder_id]")
    await walk.page.click("button[form=bulk]")

    assert "已受理 1 笔" in await walk.page.inner_text("body")
    await walk.page.goto(walk.base + "/desk?q=没有这家")
    assert "没有符合筛选条件" in await walk.page.inner_text("body")


async def test_a_late_one_stands_first_and_is_counted(db: Database, visit: Visit):
    """What is overdue is told by a word, a shape and a colour, and by the figure at the head."""
    town = await make_town(db)
    bank, _, suborder_id = await case_of(db, town)
    await act(
        db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now)
    )  # fmt: skip
    await set_clock(db, "2025-10-10 09:00")
    walk = await visit("zh", WIDE)
    await at_desk(walk, clerk_of())

    await walk.says("逾期 1")
    await walk.says("超时 2 个工作日")
    await walk.shot("desk-late")


async def test_a_package_opens_by_its_own_page_alone_while_the_consent_stands(db: Database, visit: Visit):
    """Looking at an order reads no data; opening its package is one reading that the firm sees; then it is over."""
    town = await make_town(db)
    bank, order_id, suborder_id = await case_of(db, town)
    await act(db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now))
    walk = await visit("zh", WIDE)
    await walk.sign_in(clerk_of(), PASSWORD)

    await walk.open(f"/desk/suborders/{suborder_id}")
    assert await readings(db, order_id) == 0
    await walk.open(f"/desk/suborders/{suborder_id}/package")
    await walk.says("900 万")
    assert await readings(db, order_id) == 1
    async with db.reading(Role.REPORTER) as tx:
        consent_id = (await orders.reading.get_suborder(tx, suborder_id)).suborder["consent_id"]
        now = tx.now
    await orders.withdrawals.revoke_consent(db, consent_id, order_id, by=town.owner, now=now)
    await walk.page.goto(f"{walk.base}/desk/suborders/{suborder_id}/package")

    assert "900 万" not in await walk.page.inner_text("body")
    assert await readings(db, order_id) == 1
    await walk.open("/desk?stage=ended")
    await walk.says(town.firm.name)


async def readings(db: Database, order_id: UUID) -> int:
    async with db.reading(Role.REPORTER) as tx:
        return len(await packages.list_reads(tx, order_id))
