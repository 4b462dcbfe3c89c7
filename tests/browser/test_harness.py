"""The harness bites: a fault on a page is a fault of the test."""

import pytest

from tests.browser.conftest import Visit
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
BROKEN = """<!doctype html><html lang="en"><body><p>未翻译</p><p data-text>数据</p><p>pre_loan</p>
<i style="color:red">styled</i><p><font color="#cccccc">pale</font></p><input>
<table width="3000"><tr><td>wide</td></tr></table></body></html>"""


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_sign_in_page_has_no_fault(visit: Visit, lang: str, width: int):
    """The smallest page of the house, in both languages and widths."""
    walk = await visit(lang, width)

    await walk.open("/login")

    assert walk.page.url.endswith("/login")


async def test_a_broken_page_is_complained_of(visit: Visit):
    """Otherwise a green run would mean nothing."""
    walk = await visit("en", NARROW)
    await walk.page.goto(f"{walk.base}/login")

    await walk.page.evaluate(
        "html => { const d = new DOMParser().parseFromString(html, 'text/html');"
        " document.replaceChild(document.adoptNode(d.documentElement), document.documentElement); }",
        BROKEN,
    )
    await walk.look()
    found, walk.faults[:] = list(walk.faults), []

    kinds = {fault.split(" on ")[0].split(" px")[0] for fault in found}
    assert kinds >= {
        "untranslated", "a key instead of words", "beyond 360", "console", "policy", "axe color-contrast", "axe label",
        "axe document-title",
    }, found  # fmt: skip
