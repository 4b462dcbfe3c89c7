"""What a firm holds against a bank, walked by both: it denies a call, speaks for itself, appeals; the bank answers."""

import pytest

from app.infra.db import Database
from tests.browser.conftest import Visit
from tests.browser.desk import at_desk, clerk_of, login_of
from tests.browser.town import (
    OWNER,
    PASSWORD,
    accept_and_contact,
    make_town,
    parts_of,
    post_need,
    refuse,
    set_clock,
)
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])


@BOTH
async def test_a_firm_appeals_and_the_bank_answers(db: Database, visit: Visit, lang: str, width: int) -> None:
    """From the refusal to the case that is looked into again, on both sides' pages."""
    town = await make_town(db)
    order_id = await post_need(db, town)
    bank = town.banks[0]
    part = (await parts_of(db, order_id))[bank.bank_id]
    await accept_and_contact(db, bank, part)
    await refuse(db, bank, part)
    await set_clock(db, "2025-09-26 09:30")
    walk = await visit(lang, width)
    await walk.sign_in(OWNER, PASSWORD)
    await walk.open(f"/my/orders/{order_id}")
    await walk.page.locator("[id^=appeal-]").first.locator("xpath=..").locator("summary").click()
    await walk.look()
    await walk.shot("firm-refused")
    await walk.page.fill("textarea[id^=f-appeal]", "企业成立已满五年，登记日期可查，请复核。")
    await walk.press("form[id^=appeal-] button")
    await walk.says("申诉已提交" if lang == "zh" else "Your appeal is made")
    await walk.shot("firm-appealed")

    other = await visit(lang, width)
    await at_desk(other, login_of("d"))
    await other.press("main a[href='/desk/appeals']")
    await other.look()
    await other.shot("desk-appeals")
    await other.press("main .panel h2 a")
    await other.page.check("input[name=upheld][value=yes]")
    await other.page.fill("#appeal textarea", "经复核，以登记日期为准，重新调查。")
    await other.look()
    await other.shot("desk-answer")
    await other.press("#appeal form button")
    await other.says("已答复申诉" if lang == "zh" else "The appeal is answered")
    await other.press("#appeal a")
    await other.look()
    await other.shot("desk-reopened")

    await walk.open(f"/my/orders/{order_id}")
    await walk.look()
    await walk.shot("firm-upheld")
    await walk.says("您的申诉成立" if lang == "zh" else "Your appeal was upheld")


@BOTH
async def test_a_firm_denies_a_call_and_the_case_may_go_to_another_branch(
    db: Database, visit: Visit, lang: str, width: int
) -> None:
    """The firm's objections stand beside what they are about; the desk offers a move only where one may be made."""
    town = await make_town(db)
    order_id = await post_need(db, town)
    bank = town.banks[0]
    part = (await parts_of(db, order_id))[bank.bank_id]
    await accept_and_contact(db, bank, part)
    await set_clock(db, "2025-09-26 09:30")
    walk = await visit(lang, width)
    await walk.sign_in(OWNER, PASSWORD)
    await walk.open(f"/my/orders/{order_id}")
    for summary in await walk.page.locator("details.object summary:visible").all():
        await summary.click()
    await walk.look()
    await walk.shot("firm-objects")
    await walk.press("form[id^=denial-] button")
    await walk.says("没有联系过您" if lang == "zh" else "has not called you")
    await walk.open(f"/my/orders/{order_id}/confirmation?act=withdrawal")
    await walk.look()
    await walk.shot("firm-leaving")

    other = await visit(lang, width)
    await at_desk(other, clerk_of())
    await other.open(f"/desk/suborders/{part}?act=reassign")
    await other.look()
    await other.shot("desk-reassign")
    await other.says("企业否认" if lang == "zh" else "Denied by the firm")
