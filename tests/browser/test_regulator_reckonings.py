"""A regulator asks what seven days instead of ten would have meant, and whether the figures are right."""

import pytest

from app.infra.db import Database
from app.market import reckonings
from app.replay.what_if import compute
from tests.browser.conftest import Visit
from tests.browser.test_regulator import LOGIN, make_city
from tests.browser.town import PASSWORD
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])  # The others: test_every_page.
async def test_a_regulator_asks_what_another_limit_would_have_meant(db: Database, visit: Visit, lang: str, width: int):
    """The form stands ready with last quarter; the answer replaces the progress by itself and leads to its cases."""
    await make_city(db)
    walk = await visit(lang, width)
    await walk.sign_in(LOGIN, PASSWORD)

    await walk.open("/supervision/reckonings")
    await walk.says("还没有复算过" if lang == "zh" else "Nothing has been reckoned")
    await walk.press("form[action$='/check'] button")
    await walk.says("正在" if lang == "zh" else "Reckoning")
    await walk.shot("reckoning-open")
    await reckonings.run_waiting(db, compute)
    await walk.page.wait_for_selector("h1:has-text('完全一致')" if lang == "zh" else "h1:has-text('agree')")
    await walk.shot("reckoning-check")

    await walk.open("/supervision/reckonings")
    await walk.page.fill("#f-limit", "7")
    await walk.page.fill("#f-to_on", "2025-10-31")
    await walk.shot("reckonings")
    await walk.press("form[action$='/reckonings'] button")
    await reckonings.run_waiting(db, compute)
    await walk.page.wait_for_selector("h1:has-text('7')")
    await walk.says("谁受影响最大" if lang == "zh" else "affected most")
    await walk.look()
    await walk.shot("what-if")
    await walk.press(".chips a[href*='by=month']")
    await walk.says("2025-10")
