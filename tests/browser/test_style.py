"""The style page and the pieces that every page stands on: looks, dialogs, keys, codes, files, without a mouse."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import Visit
from tests.browser.walk import NARROW, WIDE, Walk
from tests.support import REPOSITORY

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])  # The others: test_every_page.
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


async def focus(walk: Walk) -> str:
    """What the keyboard stands on, in its own words."""
    words: str = await walk.page.evaluate(
        "() => (document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
    )
    return words


async def test_the_keyboard_goes_past_the_navigation_to_the_content(visit: Visit):
    """Forty pages a day begin with one key, not with twelve."""
    walk = await visit("zh", WIDE)
    await walk.page.goto(walk.base + "/style")

    await walk.page.keyboard.press("Tab")
    assert await focus(walk) == "跳到正文"
    assert await walk.page.locator(".skip").evaluate("(e) => e.getBoundingClientRect().width") > 50
    await walk.page.keyboard.press("Enter")
    await walk.page.keyboard.press("Tab")

    assert await focus(walk) == "✓ 随系统"
    ring = await walk.page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
    assert ring == "3px"


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_an_act_is_asked_about_by_name_and_the_dialog_holds_the_focus(visit: Visit, lang: str):
    """No is the answer one gets by Enter or Escape; yes takes a step to the button that names the act."""
    walk = await visit(lang, NARROW)
    await walk.page.goto(walk.base + "/style")
    button = walk.page.locator("form[data-confirm] button")

    await button.focus()
    await walk.page.keyboard.press("Enter")
    await walk.look()
    await walk.says("三家银行将停止办理" if lang == "zh" else "Three banks will stop")
    await walk.shot("style-confirm")
    inside = [await walk.page.evaluate("() => !document.activeElement.closest('main, header, footer')")]
    for _ in range(5):
        await walk.page.keyboard.press("Tab")
        inside.append(await walk.page.evaluate("() => !document.activeElement.closest('main, header, footer')"))
    await walk.page.keyboard.press("Escape")
    assert all(inside)
    assert walk.page.url.endswith("/style")
    assert await button.evaluate("(e) => e === document.activeElement")
    await walk.page.keyboard.press("Enter")
    await walk.page.keyboard.press("Shift+Tab")
    assert await focus(walk) == await button.inner_text()
    async with walk.page.expect_navigation():
        await walk.page.keyboard.press("Enter")

    assert "state=withdrawn" in walk.page.url
    await walk.look()


async def test_without_scripts_the_same_form_is_simply_sent(visit: Visit):
    """The question is a kindness of the browser; the act does not hang on it."""
    walk = await visit("zh", WIDE, java_script_enabled=False)
    await walk.page.goto(walk.base + "/style")

    await walk.page.click("form[data-confirm] button")
    await walk.page.wait_for_load_state()

    assert "state=withdrawn" in walk.page.url
    assert not await walk.page.locator(".copy").first.is_visible()


@pytest.mark.parametrize(("lang", "said"), [("zh", "按企业名称查找"), ("en", "Find by the firm's name")])
async def test_the_question_mark_lists_the_keys_of_the_page(visit: Visit, lang: str, said: str):
    """The list comes out of the page itself, so it cannot be wrong about it; the same key closes it."""
    walk = await visit(lang, WIDE)
    await walk.page.goto(walk.base + "/style")

    await walk.page.keyboard.press("?")
    await walk.page.wait_for_selector("#keys[open]")
    await walk.look()
    await walk.shot("style-keys")
    listed = await walk.page.locator("#keys dl").inner_text()
    await walk.page.keyboard.press("?")

    assert said in listed
    assert not await walk.page.locator("#keys[open]").count()
    await walk.page.keyboard.press("/")
    assert await walk.page.evaluate("() => document.activeElement.type") == "search"


async def test_a_code_is_copied_without_its_gaps_and_says_so(visit: Visit):
    """Whoever presses and sees nothing presses again."""
    walk = await visit("zh", WIDE, permissions=["clipboard-read", "clipboard-write"])
    await walk.page.goto(walk.base + "/style")

    await walk.page.locator(".copy").first.focus()
    await walk.page.keyboard.press("Enter")

    await walk.page.wait_for_selector(".copy >> text=已复制")
    assert await walk.page.locator("#said").inner_text() == "已复制"
    assert await walk.page.evaluate("() => navigator.clipboard.readText()") == "91500103XY00000017"


async def test_a_file_that_is_too_large_is_refused_before_it_is_sent(visit: Visit, tmp_path: Path):
    """On a phone ten megabytes are a minute; the answer should not come after it."""
    small, large = tmp_path / "流水.pdf", tmp_path / "太大.pdf"
    small.write_bytes(b"%PDF-1.7" + b"0" * 300_000)
    large.write_bytes(b"%PDF-1.7" + b"0" * 11_000_000)
    walk = await visit("zh", NARROW)
    await walk.page.goto(walk.base + "/style")

    await walk.page.set_input_files("#f-paper", small)
    await walk.says("流水.pdf · 293 KB")
    await walk.page.set_input_files("#f-paper", large)

    await walk.says("文件超过 10 MB")
    assert not await walk.page.locator("#f-paper").evaluate("(e) => e.checkValidity()")


async def test_rows_become_cards_on_a_phone_and_columns_sort(visit: Visit):
    """A table nobody can read on a phone is no table there."""
    walk = await visit("zh", NARROW)
    await walk.open("/style")
    cell = walk.page.locator(".stack td[data-label]").first

    assert await cell.evaluate("(e) => getComputedStyle(e, '::before').content") == '"按时办结"'
    assert await walk.page.locator(".stack tbody th").first.inner_text() == "渝中支行"
    wide = await visit("zh", WIDE)
    await wide.open("/style")
    await wide.press("th[aria-sort] a")

    assert await wide.page.locator(".stack tbody th").first.inner_text() == "綦江支行"
    assert await wide.page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"


def test_the_dark_that_is_asked_for_is_the_dark_of_the_system():
    """The tokens stand twice, because a stylesheet cannot ask either way at once."""
    text = STYLE.read_text()

    blocks = re.findall(r':root(?::not\(\[data-look="light"\]\)|\[data-look="dark"\]) \{([^}]*)\}', text)

    by_system, asked = (re.findall(r"(--[\w-]+): ([^;]+);", block) for block in blocks)
    assert by_system == asked
    assert len(asked) > 15
