"""The style page and the pieces that every page stands on: looks, dialogs, keys, codes, files, without a mouse."""

from pathlib import Path

import pytest

from tests.browser.conftest import Visit
from tests.browser.walk import NARROW, WIDE
from tests.support import REPOSITORY

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("zh", NARROW), ("en", WIDE), ("en", NARROW)])
STYLE: Path = REPOSITORY / "app" / "web" / "static" / "app.css"


@BOTH
async def test_every_piece_is_shown_in_light_and_dark(visit: Visit, lang: str, width: int):
    """Whoever writes a page looks here first; a piece that is not fit for a phone or the dark shows itself."""
    walk = await visit(lang, width)

    await walk.open("/style")
    await walk.shot("style")
    await walk.open("/style?look=dark")

    await walk.shot("style-dark")
    assert await walk.page.evaluate("() => document.documentElement.dataset.bsTheme") == "dark"
