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
