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
