"""The owner's way on a phone, from the landing page to the posted order: how many screens it takes and how long."""

import math
from dataclasses import dataclass, field
from datetime import date

import pytest
from playwright.async_api import Page

from app.credit import records
from app.credit.records import NewRecord
from app.infra.db import Database, Role
from tests.browser.conftest import Visit
from tests.browser.town import (
    OWNER,
    PASSWORD,
    WAN,
    Town,
    accept_and_contact,
    make_town,
    parts_of,
    post_need,
    set_clock,
)
from tests.browser.walk import NARROW, WIDE, Walk

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])  # The others: test_every_page.
SCREENS_MAX, SECONDS_MAX = 12, 180
ZH_A_MINUTE, WORDS_A_MINUTE, TAP_SECONDS = 400, 230, 3
# What the eye meets in the main region: not what is folded away, not what only a screen reader says, and of a list
# that is closed only what is chosen.
SEEN = r"""() => {
  const kept = [], walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const held = node.parentElement;
    if (!held.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    if (held.closest('.visually-hidden, .htmx-indicator, script, option:not(:checked)')) continue;
    kept.push(node.data);
  }
  const typed = 'main input:not([type=hidden], [type=checkbox], [type=radio])';
  for (const one of document.querySelectorAll(typed)) kept.push(one.value);
  return kept.join(' ');
}"""


@dataclass
class Reckoning:
    """Screens seen, and seconds to read them and to tap; every field typed in counts as one tap."""

    walk: Walk
    screens: list[tuple[str, int]] = field(default_factory=list)
    taps: int = 0

    async def see(self, name: str) -> None:
        """A full page has come: read all of it."""
        await self.walk.look()
        await self.walk.shot(f"way-{len(self.screens) + 1:02d}-{name}")
        text: str = await self.walk.page.evaluate(SEEN)
        self.screens.append((name, len("".join(text.split())) if self.walk.lang == "zh" else len(text.split())))

    async def tap(self, selector: str, name: str) -> None:
        """Tap what leads to the next page."""
        self.taps += 1
        await self.walk.page.locator(selector).first.click()
        await self.walk.page.wait_for_load_state()
        await self.see(name)

    async def fill(self, selector: str, text: str) -> None:
        self.taps += 1
        await self.walk.page.fill(selector, text)

    async def tick(self, selector: str) -> None:
        for one in await self.walk.page.locator(selector).all():
            self.taps += 1
            await one.check()

    @property
    def seconds(self) -> int:
        a_minute = ZH_A_MINUTE if self.walk.lang == "zh" else WORDS_A_MINUTE
        return math.ceil(sum(60 * count / a_minute for _, count in self.screens) + TAP_SECONDS * self.taps)

    def report(self) -> str:
        kind = "characters" if self.walk.lang == "zh" else "words"
        read = ", ".join(f"{name} {count}" for name, count in self.screens)
        return f"{len(self.screens)} screens, {self.taps} taps, {self.seconds} s; {kind}: {read}"


WORDS = {
    "zh": ("查看我的额度", "按此额度申请", "继续", "需求已发布"),
    "en": ("See my estimates", "Ask for this amount", "Continue", "is posted"),
}


@BOTH
async def test_the_way_to_a_posted_order_is_short(db: Database, visit: Visit, lang: str, width: int):
    """At most twelve screens, sign-in included, and three minutes: everything shown is read, each act is a tap.

    The posted order is counted as a screen; of it the owner reads that it is posted, the rest at leisure.
    """
    look, ask, go_on, posted = WORDS[lang]
    await make_town(db)
    walk = await visit(lang, width)
    way = Reckoning(walk)

    await walk.page.goto(walk.base + "/")
    await way.see("start")
    await way.tap(f"text={look}", "sign-in")
    await way.fill("#f-login", OWNER)
    await way.fill("#f-password", PASSWORD)
    await way.tap("main button[type=submit]", "estimates")
    await way.tap(f"text={ask}", "term")
    await way.tap("button[name=term_months][value='12']", "purpose")
    await way.tap("button[name=purpose][value=working_capital]", "security")
    await way.tap("button[name=collateral][value=none]", "check")
    await way.tap(f"main button:has-text('{go_on}')", "data")
    await way.tap(f"main button:has-text('{go_on}')", "letters")
    await way.tick("input[name=agree]")
    await way.tap("main button.btn-lg", "posted")
    await walk.says(posted)
    said = await walk.page.inner_text("main [role=status]")
    way.screens[-1] = ("posted", len("".join(said.split())) if lang == "zh" else len(said.split()))

    print(f"\n{lang} {width}: {way.report()}")
    assert len(way.screens) <= SCREENS_MAX, way.report()
    assert way.seconds <= SECONDS_MAX, way.report()


async def _focus(page: Page, selector: str) -> None:
    """Tab until something is in hand; more than a hundred tabs are no way for anybody."""
    for _ in range(100):
        if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {selector} on {page.url}")


async def test_the_way_is_gone_by_keyboard_alone(db: Database, visit: Visit):
    """From the landing page to the posted order with Tab, Space, Enter and letters: no mouse at all."""
    await make_town(db)
    walk = await visit("zh", NARROW)
    page = walk.page
    await walk.open("/")

    async def press(selector: str, key: str = "Enter") -> None:
        await _focus(page, selector)
        async with page.expect_navigation():
            await page.keyboard.press(key)
        await walk.look()

    await press("main a[href='/my/estimates']")
    await _focus(page, "#f-login")
    await page.keyboard.type(OWNER)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await press("main .apply a")
    await press("button[name=term_months][value='12']")
    await press("button[name=purpose][value=working_capital]")
    await press("button[name=collateral][value=none]")
    await _focus(page, "input[name=bank]")
    await press("main form[action$='/data'] button[type=submit]")
    await _focus(page, "input[name=see]")
    await page.keyboard.press("Space")
    await page.keyboard.press("Space")
    await press("main form[action$='/consent'] button[type=submit]")
    for number in range(1, 3):
        await _focus(page, f"#a-{number}")
        await page.keyboard.press("Space")
    await press("main button.btn-lg")

    await walk.says("需求已发布")


async def test_the_way_needs_no_script(db: Database, visit: Visit):
    """Everything reads and every form works in a browser without JavaScript, the landing page first."""
    await make_town(db)
    walk = await visit("zh", NARROW, java_script_enabled=False)

    await walk.open("/")
    await walk.press("main a[href='/my/estimates']")
    await walk.page.fill("#f-login", OWNER)
    await walk.page.fill("#f-password", PASSWORD)
    await walk.press("main button[type=submit]")
    await walk.press("main .apply a")
    await walk.press("button[name=term_months][value='12']")
    await walk.press("button[name=purpose][value=equipment]")
    await walk.press("button[name=collateral][value=none]")
    await walk.press("main form[action$='/data'] button[type=submit]")
    await walk.press("main form[action$='/consent'] button[type=submit]")
    for box in await walk.page.locator("input[name=agree]").all():
        await box.check()
    await walk.press("main button.btn-lg")

    await walk.says("需求已发布")


@BOTH
async def test_the_shelf_is_searched_narrowed_and_compared(db: Database, visit: Visit, lang: str, width: int):
    """A slip of the pen is forgiven, a sum that no product gives says what to do, three stand side by side."""
    await make_town(db)
    walk = await visit(lang, width)

    await walk.open("/shelf")
    await walk.shot("shelf")
    await walk.page.fill("#f-q", "水易贷" if lang == "zh" else "tex loan")
    await walk.press("main .narrowing button")
    first = await walk.page.locator(".shelf li a").first.inner_text()
    assert first == ("税易贷" if lang == "zh" else "Tax loan")
    await walk.open("/shelf?amount_wan=9000")
    await walk.says("没有符合条件的产品" if lang == "zh" else "No product fits")
    await walk.shot("shelf-empty")
    await walk.open("/shelf?amount_wan=abc")
    await walk.says("单位是万元" if lang == "zh" else "10,000 yuan")
    await walk.open("/shelf")
    for box in (await walk.page.locator("input[name=p]").all())[:3]:
        await box.check()
    await walk.press("form[action='/shelf/compare'] button")
    assert await walk.page.locator("table.offers thead th").count() == 3
    await walk.shot("compare")
    await walk.press("table.offers thead a")
    await walk.says("什么情况下没有额度" if lang == "zh" else "When there is no amount")
    await walk.shot("product")


@pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])
async def test_a_code_brings_the_registered_name(db: Database, visit: Visit, lang: str, width: int):
    """The owner sees that the right firm is meant; a wrong code and an unknown one say what to do."""
    town: Town = await make_town(db)
    walk = await visit(lang, width)

    await walk.open("/login")
    await walk.page.locator("main summary").click()
    await walk.page.fill("#f-uscc", town.firm.uscc)
    await walk.press("form[action='/firm'] button")
    await walk.says(town.firm.name)
    await walk.shot("firm-found")
    await walk.open("/firm?uscc=91500103XY0000012")
    await walk.says("18 位" if lang == "zh" else "18 digits")
    await walk.shot("firm-fault")
    await walk.page.goto(walk.base + "/login")
    await walk.page.fill("#f-login", OWNER)
    await walk.page.fill("#f-password", "wrong")
    await walk.press("main button.btn-lg")
    await walk.says("没有登录成功" if lang == "zh" else "not signed in")

    assert OWNER == await walk.page.input_value("#f-login")


async def _report_less_tax(db: Database, town: Town) -> None:
    """The tax office says a third of what it said before, and that the credit has gone down."""
    tax: dict[str, str | int | None] = {"tax.paid_12m_fen": 6 * WAN, "tax.vat_paid_12m_fen": 4 * WAN}
    level: dict[str, str | int | None] = {"tax.tax_credit": "D", "tax.tax_credit_year": "2025"}
    async with db.transaction(Role.LOADER) as tx:
        paid = NewRecord(town.subject_id, "tax.paid", "k9", tax, date(2025, 9, 30), "税务部门")
        credit = NewRecord(town.subject_id, "tax.credit_level", "k8", level, date(2025, 9, 30), "税务部门")
        await records.add_records(tx, [paid, credit], now=tx.now)


@pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])
async def test_an_estimate_that_changed_is_explained_against_the_one_before(
    db: Database, visit: Visit, lang: str, width: int
):
    """What fell says which of its inputs moved, from what to what; a zero says why and what would change it."""
    town = await make_town(db)
    walk = await visit(lang, width)
    await walk.sign_in(OWNER, PASSWORD)
    await walk.open("/my/estimates")
    await set_clock(db, "2025-10-09 09:00")
    await _report_less_tax(db, town)

    async with walk.page.expect_response(lambda answer: answer.url.endswith("/my/estimates") and answer.ok):
        await walk.page.click(".refresh button")
    await walk.page.wait_for_selector("main [role=status]:has-text('5')")
    for summary in await walk.page.locator("main details.rest > summary").all():
        await summary.click()
    await walk.look()
    await walk.shot("estimates-fell")

    await walk.says("怎样改变" if lang == "zh" else "What would change it")
    fell = await walk.page.locator(".since").first.inner_text()
    assert ("变为" if lang == "zh" else "was ") in fell
    await walk.says("纳税信用等级为 C 或 D" if lang == "zh" else "Tax credit is C or D")


@pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])
async def test_the_firm_sees_who_opened_its_data(db: Database, visit: Visit, lang: str, width: int):
    """Each opening is a line: when, which branch, how, for which order, by which letter; and nobody else's."""
    town = await make_town(db)
    order_id = await post_need(db, town, banks=2)
    bank = town.banks[0]
    await accept_and_contact(db, bank, (await parts_of(db, order_id))[bank.bank_id])
    walk = await visit(lang, width)
    await walk.sign_in(OWNER, PASSWORD)

    await walk.open("/my/readings")
    await walk.shot("readings")

    assert await walk.page.locator("main tbody tr").count() == 1
    await walk.says("渝中支行")
    await walk.press("main tbody a[href*='/consents/']")
    await walk.says("授权人可以随时撤回本授权")
