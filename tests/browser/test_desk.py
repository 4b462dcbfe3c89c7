"""The branch at its desk: the inbox, an order from acceptance to an offer or a refusal, and the second person."""

from uuid import UUID

import pytest

from app.demo import city
from app.infra.db import Database, Role
from app.market import orders
from tests.browser.conftest import Visit
from tests.browser.town import PASSWORD, TODAY, Town, TownBank, make_town, parts_of, post_need, set_clock
from tests.browser.walk import NARROW, WIDE, Walk

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("zh", NARROW), ("en", WIDE), ("en", NARROW)])


def clerk_of(number: int = 0) -> str:
    return f"{city.make_city(TODAY, firms=1).banks[number].login}-c"


async def at_desk(walk: Walk, login: str) -> None:
    await walk.sign_in(login, PASSWORD)
    await walk.open("/desk")


async def case_of(db: Database, town: Town, number: int = 0) -> tuple[TownBank, UUID, UUID]:
    """A need that was pushed to that bank, and the next morning."""
    order_id = await post_need(db, town)
    bank = town.banks[number]
    await set_clock(db, "2025-09-26 09:30")
    return bank, order_id, (await parts_of(db, order_id))[bank.bank_id]


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
    await walk.press("form[action$='/acceptance'] button")
    await walk.says("已受理" if lang == "zh" else "Accepted")
    await walk.press("a[data-key=p]")
    await walk.shot("desk-case-package")
    await walk.press("a[data-key=c]")
    print(walk.page.url, (await walk.page.inner_text('body'))[:800])
    await walk.page.fill("#f-whom", "财务负责人")
    await walk.shot("desk-contact")
    await walk.press("#act button[type=submit]")
    await walk.press("form[action$='/investigation'] button")
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
