"""A firm's way from the start page to a posted order, and what it sees afterwards."""

import pytest

from app.infra.db import Database
from tests.browser.conftest import Visit
from tests.browser.town import make_town
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
