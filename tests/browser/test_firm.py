"""A firm's order after it was posted: every state of it, as its owner meets it on a phone or at a desk."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Request

from app.infra.db import Database
from app.market import orders
from tests.browser.conftest import Visit
from tests.browser.town import (
    OWNER,
    PASSWORD,
    Town,
    TownBank,
    accept_and_contact,
    act,
    make_town,
    offer,
    parts_of,
    post_need,
    refuse,
    set_clock,
    sign_and_draw,
)
from tests.browser.walk import NARROW, WIDE, Walk
from tests.market.papers.samples import jpg, pdf

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])  # The others: test_every_page.
ONE_EACH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])
OTHER_EACH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])


@dataclass(frozen=True, slots=True)
class Stage:
    """A posted order, its firm's walk, and the page of it."""

    db: Database
    town: Town
    order_id: UUID
    walk: Walk

    @property
    def page(self) -> str:
        return f"/my/orders/{self.order_id}"

    async def part(self, bank: TownBank) -> UUID:
        return (await parts_of(self.db, self.order_id))[bank.bank_id]

    async def says(self, zh: str, en: str) -> None:
        await self.walk.says(zh if self.walk.lang == "zh" else en)

    async def see(self, shot: str) -> None:
        await self.walk.open(self.page)
        await self.walk.shot(shot)

    async def ask_papers(self, bank: TownBank, *items: str) -> None:
        found = await self.part(bank)
        await act(
            self.db, bank.clerk,
            lambda tx, by: orders.acceptances.ask_papers(
                tx, found, items=list(items), note="请一次备齐。", by=by, now=tx.now
            ),
        )  # fmt: skip


async def begin(db: Database, visit: Visit, lang: str, width: int, *, banks: int = 3, **more: bool) -> Stage:
    town = await make_town(db)
    order_id = await post_need(db, town, banks=banks)
    walk = await visit(lang, width, **more)
    await walk.sign_in(OWNER, PASSWORD)
    return Stage(db, town, order_id, walk)


@BOTH
async def test_an_order_is_followed_from_the_banks_to_the_last_payment(
    db: Database, visit: Visit, tmp_path: Path, lang: str, width: int
):
    """In each state the first thing on the page is whose turn it is, and by when; everything to do is done there."""
    at = await begin(db, visit, lang, width)
    first, second, third = at.town.banks
    await at.see("order-waiting")
    await at.says("决定是否受理", "decide whether to take it on")

    await set_clock(db, "2025-09-26 10:00")
    await accept_and_contact(db, first, await at.part(first))
    await accept_and_contact(db, second, await at.part(second))
    await at.ask_papers(first, "近六个月银行流水", "租赁合同")
    await refuse(db, second, await at.part(second))
    await accept_and_contact(db, third, await at.part(third))  # Within the quarter that has a pool.
    await set_clock(db, "2025-10-09 09:00")
    await at.walk.open(at.page)
    for summary in await at.walk.page.locator(".turns details.why > summary").all():
        await summary.click()
    await at.walk.look()
    await at.walk.shot("order-papers")
    await at.says("1 个工作日后", "in 1 workday")
    await at.says("国庆节、中秋节放假", "National Day and Mid-Autumn Festival holiday")

    await _bring(at, tmp_path)
    await offer(db, first, await at.part(first), 42_000)
    await offer(db, third, await at.part(third), 45_000, fee_fen=50_000)
    await at.walk.open(at.page)
    await at.walk.page.locator(".schedules summary").first.click()
    await at.walk.look()
    await at.walk.shot("order-offers")

    await at.walk.press("table.offers a.btn")
    await at.walk.shot("order-pick")
    await at.says("停止办理，看不到您的数据", "stops working on it")
    await at.walk.press("main form button[type=submit]")
    await at.says("等待银行与您签约", "will now sign with you")
    await at.says("您选了别家", "another bank")
    await at.walk.shot("order-picked")
    assert 2 == await at.walk.page.locator("table.offers thead :is(td, th)").count(), "the chosen one is left"

    await sign_and_draw(db, first, await at.part(first), date(2025, 10, 9))
    await at.see("order-paying")
    await at.says("¥45 万", "¥450,000")
    await at.walk.press("a[href*='act=draws-end']")
    await at.says("¥25 万", "¥250,000")
    await at.walk.press("main form button[type=submit]")
    await at.says("已放弃剩余", "given up what was still")
    await at.walk.shot("order-serviced")


async def _bring(at: Stage, folder: Path) -> None:
    """First with a file that is not taken, then with two that are; what was written is still there."""
    said = "流水在第一份里；租赁合同明天补到网点。"
    (folder / "流水.pdf").write_bytes(pdf())
    (folder / "照片.jpg").write_bytes(jpg())
    (folder / "坏.pdf").write_bytes(pdf()[:-40])
    page = at.walk.page
    await page.set_input_files("#f-files", [folder / "流水.pdf", folder / "坏.pdf"])
    await page.fill("#f-answer", said)
    await at.walk.press("section.todo button[type=submit]")
    await at.says("银行还没有收到任何一份", "the bank has received none")
    await at.says("文件不完整或已损坏", "cut off or damaged")
    await at.walk.shot("order-papers-refused")
    assert said == await page.input_value("#f-answer")

    await page.set_input_files("#f-files", [folder / "流水.pdf", folder / "照片.jpg"])
    await at.walk.press("section.todo button[type=submit]")
    await at.says("已交给银行", "Handed to the bank")
    await at.walk.shot("order-brought")
    async with page.expect_download() as coming:
        await page.click("a:has-text('流水.pdf')")
    download = await coming.value
    assert ("流水.pdf", pdf()) == (download.suggested_filename, Path(await download.path()).read_bytes())


@ONE_EACH
async def test_the_page_changes_by_itself_and_keeps_what_is_typed(db: Database, visit: Visit, lang: str, width: int):
    """A bank acts while the owner writes: the news comes in, the letters stay, and nothing is fetched for nothing."""
    at = await begin(db, visit, lang, width)
    first, second, _ = at.town.banks
    await accept_and_contact(db, first, await at.part(first))
    await at.ask_papers(first, "近六个月银行流水")
    await at.walk.open(at.page)
    page, asked = at.walk.page, []
    page.on("requestfinished", lambda request: asked.append(request) if "seen=" in request.url else None)
    await page.fill("#f-answer", "正在准备")
    await page.locator("#f-answer").blur()

    await page.evaluate("() => window.dispatchEvent(new Event('focus'))")
    await page.wait_for_timeout(600)
    assert [204] == [await _status(one) for one in asked]
    await accept_and_contact(db, second, await at.part(second))
    await page.evaluate("() => window.dispatchEvent(new Event('focus'))")
    await page.wait_for_selector(
        ".turns li:nth-child(2):has-text('给出方案'), .turns li:nth-child(2):has-text('offer')"
    )

    assert "正在准备" == await page.input_value("#f-answer")
    await at.walk.look()

    await at.ask_papers(second, "租赁合同")
    await at.walk.open(at.page)
    ids: list[str] = await page.evaluate("() => [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids)), "two banks may ask at once"


async def _status(request: Request) -> int:
    answer = await request.response()
    assert answer is not None
    return answer.status


@ONE_EACH
async def test_all_banks_refused_and_the_order_says_what_would_cure_it(
    db: Database, visit: Visit, lang: str, width: int
):
    """The reason in plain words, what it was checked against, what to mend, when to ask again, and the way on."""
    at = await begin(db, visit, lang, width, banks=1)
    (bank, *_) = at.town.banks
    await accept_and_contact(db, bank, await at.part(bank))
    await refuse(db, bank, await at.part(bank))

    await at.see("order-refused")

    await at.says("低于本产品三十万元的要求", "低于本产品三十万元的要求")
    await at.says("¥18 万", "¥180,000")
    await at.says("2026-03-24", "24 Mar 2026")
    await at.walk.press(".ended a.btn")
    await at.says("核对需求", "Check your order")
    assert str(at.order_id) in at.walk.page.url + await at.walk.page.content()


@OTHER_EACH
async def test_an_order_that_nobody_took_up_has_lapsed(db: Database, visit: Visit, lang: str, width: int):
    """A bank that did not accept in time has lost it, and the page says that it was the bank's doing."""
    at = await begin(db, visit, lang, width, banks=1)
    await set_clock(db, "2025-11-10 10:00")
    await orders.sweep(db)

    await at.see("order-lapsed")

    await at.says("银行未按时受理", "did not take it up in time")
    assert not await at.walk.page.locator(".turns").count()


@OTHER_EACH
async def test_a_firm_takes_its_order_back_and_reads_before_what_that_means(
    db: Database, visit: Visit, lang: str, width: int
):
    """Which banks stop, what stays on record, that it cannot be undone; no is as near as yes."""
    at = await begin(db, visit, lang, width, banks=2)
    await accept_and_contact(db, at.town.banks[0], await at.part(at.town.banks[0]))
    await at.walk.open(at.page)

    await at.walk.press("a[href*='act=withdrawal']")
    await at.walk.shot("order-withdraw")
    await at.walk.press("main a.btn-outline-secondary")
    await at.says("银行正在办理", "The banks are at work")
    await at.walk.press("a[href*='act=withdrawal']")
    await at.walk.page.check("input[name=caused_by][value=none]")
    await at.walk.press("main form button[type=submit]")

    await at.says("需求已撤回", "is withdrawn")
    await at.walk.shot("order-withdrawn")


@ONE_EACH
async def test_one_bank_loses_its_consent_and_the_others_go_on(db: Database, visit: Visit, lang: str, width: int):
    """Taking one consent back stops one bank; the reserve takes its place."""
    at = await begin(db, visit, lang, width)
    await at.walk.open(at.page)

    await at.walk.press("a[href*='act=revocation']")
    await at.walk.shot("order-revoke")
    await at.walk.press("main form button[type=submit]")

    await at.says("看不到您的数据", "cannot see your data")
    await at.says("授权已撤回", "Consent revoked")


@OTHER_EACH
async def test_a_bank_that_does_not_sign_in_time_can_be_left(db: Database, visit: Visit, lang: str, width: int):
    """After the promised day it is the firm's turn: to wait on, or to leave."""
    at = await begin(db, visit, lang, width, banks=1)
    (bank, *_) = at.town.banks
    found = await at.part(bank)
    await accept_and_contact(db, bank, found)
    await offer(db, bank, found, 42_000)
    await act(db, at.town.owner, lambda tx, by: orders.decisions.pick_offer(tx, found, by=by, now=tx.now))

    await set_clock(db, "2025-10-13 09:00")
    await at.walk.open(at.page)
    await at.says("已过期限", "Past its time")
    await orders.sweep(db)
    await at.see("order-late")
    await at.says("已超时", "Late")
    await at.walk.press("a[href*='act=release']")
    await at.walk.shot("order-release")
    await at.walk.press("main form button[type=submit]")
    await at.says("已不再等待该行", "no longer wait")
    await at.walk.shot("order-let-go")


async def test_everything_on_the_page_works_without_scripts(db: Database, visit: Visit, tmp_path: Path):
    """Files are brought, an offer is taken, an order is taken back: forms and links alone."""
    at = await begin(db, visit, "zh", NARROW, banks=1, java_script_enabled=False)
    (bank, *_) = at.town.banks
    found = await at.part(bank)
    await accept_and_contact(db, bank, found)
    await at.ask_papers(bank, "近六个月银行流水")
    await at.walk.open(at.page)
    (tmp_path / "流水.pdf").write_bytes(pdf())

    await at.walk.page.set_input_files("#f-files", [tmp_path / "流水.pdf"])
    await at.walk.press("section.todo button[type=submit]")
    await at.walk.says("已交给银行")
    await offer(db, bank, found, 42_000)
    await at.walk.open(at.page)
    await at.walk.press("table.offers a.btn")
    await at.walk.press("main form button[type=submit]")
    await at.walk.says("已选定方案")
    await at.walk.press("a[href*='act=withdrawal']")
    await at.walk.page.check("input[name=caused_by][value=none]")
    await at.walk.press("main form button[type=submit]")

    await at.walk.says("需求已撤回")


async def test_papers_are_brought_by_keyboard_alone(db: Database, visit: Visit):
    """Words alone are an answer, too: Tab to the field, type, Tab to the button, Enter."""
    at = await begin(db, visit, "en", WIDE, banks=1)
    (bank, *_) = at.town.banks
    await accept_and_contact(db, bank, await at.part(bank))
    await at.ask_papers(bank, "近六个月银行流水")
    await at.walk.open(at.page)
    page = at.walk.page

    while await page.evaluate("() => document.activeElement.id") != "f-answer":
        await page.keyboard.press("Tab")
    await page.keyboard.type("The bank statements lie at your counter.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_load_state()

    await at.walk.says("Handed to the bank")
