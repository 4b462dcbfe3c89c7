"""The branch at its desk: the inbox, an order from acceptance to an offer or a refusal, and the second person."""

from uuid import UUID

import pytest

from app.access.seats import Seat
from app.demo import city
from app.infra.db import Database, Role, Scope, Tx
from app.kernel.clock import shanghai_date
from app.market import orders, packages, papers, parties
from app.market.orders.service import bringing
from app.market.parties.schemas import ListBody
from app.office import proposals
from tests.browser.conftest import Visit
from tests.browser.town import (
    PASSWORD,
    TODAY,
    WAN,
    Town,
    TownBank,
    accept_and_contact,
    act,
    make_town,
    offer,
    parts_of,
    post_need,
    set_clock,
)
from tests.browser.walk import NARROW, WIDE, Walk
from tests.market.papers.samples import pdf

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
    await walk.press("form[action*='/acceptance'] button")
    await walk.says("已受理" if lang == "zh" else "Accepted")
    await walk.press("a[data-key=p]")
    await walk.shot("desk-case-package")
    await walk.press("a[data-key=c]")
    await walk.page.fill("#f-whom", "财务负责人")
    await walk.shot("desk-contact")
    await walk.press("#act button[type=submit]")
    await walk.press("form[action*='/investigation'] button")
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


@BOTH
async def test_a_refusal_is_checked_before_it_is_sent(db: Database, visit: Visit, lang: str, width: int):
    """Empty words and a claim that the package contradicts are told while they are written, and again on sending."""
    town = await make_town(db)
    bank, _, suborder_id = await case_of(db, town)
    await act(
        db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now)
    )  # fmt: skip
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)
    await walk.open(f"/desk/suborders/{suborder_id}")

    await walk.press("a[data-key=r]")
    await walk.page.fill("#f-find", "纳税额" if lang == "zh" else "tax paid")
    await walk.shot("desk-reasons")
    await walk.page.press("#f-find", "Enter")
    await walk.page.wait_for_url("**code=D1**")
    await walk.look()
    await walk.shot("desk-refusal-items")
    await walk.press("ul.reasons a[href*='tax.paid_12m_fen']")
    await walk.page.fill("#f-value", "10")
    await walk.page.fill("#f-words", "综合评分不足，不符合我行要求。")
    await walk.page.wait_for_selector("#verdict .tone-warn")
    await walk.look()
    await walk.shot("desk-refusal-empty-words")
    await walk.page.fill("#f-words", "近十二个月实缴税款十八万元，低于本产品三十万元的要求。")
    await walk.page.select_option("#f-comparison", "lt")
    await walk.press("#refusal button[type=submit]")
    await walk.says("与这项信息的现值不符" if lang == "zh" else "The present value says otherwise")
    await walk.shot("desk-refusal-false")
    await walk.page.fill("#f-value", "30")
    await walk.page.wait_for_selector("#verdict .tone-good")
    await walk.shot("desk-refusal-holds")
    await walk.press("#refusal button[type=submit]")

    await walk.says("已拒绝" if lang == "zh" else "Refused")
    await walk.shot("desk-refused")


@BOTH
async def test_a_second_person_agrees(db: Database, visit: Visit, lang: str, width: int):
    """Above the approval level the clerk's offer waits; the maker cannot agree with himself, the checker can."""
    town = await make_town(db)
    bank, order_id, suborder_id = await case_of(db, town)
    await lower_approval_level(db, bank)
    await accept_and_contact(db, bank, suborder_id)
    await offer(db, bank, suborder_id, 43_500)
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)
    await walk.open("/desk/proposals")
    await walk.says("须由另一人复核" if lang == "zh" else "another person must check it")
    await walk.open("/desk")
    await walk.shot("desk-inbox-proposed")

    checker = await visit(lang, width)
    checker.page.on("dialog", lambda dialog: dialog.accept())
    await checker.sign_in(clerk_of().removesuffix("c") + "d", PASSWORD)
    await checker.open("/desk/proposals")
    await checker.shot("desk-proposals")
    await checker.press("form[action$='/approval'] button")

    await checker.says("已同意" if lang == "zh" else "Agreed")
    await checker.shot("desk-proposals-after")
    async with db.reading(Role.REPORTER) as tx:
        first = (await orders.reading.get_order(tx, order_id)).suborders[0]
    assert first["state"] == "offered"


async def brought(tx: Tx, suborder_id: UUID, by: Seat) -> UUID:
    """The firm answers with words and a file."""
    limits = await papers.limits_on(tx, tx.now)
    files = await papers.check([papers.Upload("流水.pdf", "application/pdf", pdf())], limits)
    return await bringing.bring(tx, suborder_id, answer="流水已交。", files=files, limits=limits, by=by, now=tx.now)


@pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])
async def test_papers_contract_and_payment_are_recorded(db: Database, visit: Visit, lang: str, width: int):
    """Papers asked for and brought, an offer picked, the contract and the draws: the rest of an order's way."""
    town = await make_town(db)
    bank, _, suborder_id = await case_of(db, town)
    await accept_and_contact(db, bank, suborder_id)
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)
    await walk.open(f"/desk/suborders/{suborder_id}")

    await walk.press("a[data-key=m]")
    await walk.page.fill("#f-items", "近六个月银行流水\n租赁合同")
    await walk.press("#act button[type=submit]")
    await walk.says("办结计时暂停" if lang == "zh" else "time to decide stands still")
    await walk.open("/desk")
    await walk.says("等企业补材料" if lang == "zh" else "the firm brings papers")
    await walk.shot("desk-inbox-paused")
    await act(db, town.owner, lambda tx, by: brought(tx, suborder_id, by))
    await walk.open(f"/desk/suborders/{suborder_id}")
    async with walk.page.expect_download() as saved:
        await walk.page.click("ul.papers a")
    assert "流水.pdf" == (await saved.value).suggested_filename
    await walk.shot("desk-papers-brought")
    await offer(db, bank, suborder_id, 43_500)
    await act(db, town.owner, lambda tx, by: orders.decisions.pick_offer(tx, suborder_id, by=by, now=tx.now))
    await walk.open(f"/desk/suborders/{suborder_id}")
    await walk.press("a[data-key=s]")
    await walk.page.fill("#f-contract_no", "XY-2025-001")
    await walk.page.fill("#f-draw_until_on", "2025-12-31")
    await walk.shot("desk-sign")
    await walk.press("#act button[type=submit]")
    await walk.press("a[data-key=d]")
    await walk.page.fill("#f-amount_wan", "20")
    await walk.press("#act button[type=submit]")
    await walk.press("a[data-key=d]")
    await walk.page.fill("#f-amount_wan", "30")
    await walk.press("#act button[type=submit]")

    await walk.says("放款完毕" if lang == "zh" else "Paid out")
    await walk.shot("desk-serviced")


@pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])
async def test_before_acceptance_only_the_banks_own_matters_are_reasons(
    db: Database, visit: Visit, lang: str, width: int
):
    """No package is opened for it, and a reason that is not so cannot be sent."""
    town = await make_town(db)
    _, _, suborder_id = await case_of(db, town)
    walk = await visit(lang, width)
    await walk.sign_in(clerk_of(), PASSWORD)

    await walk.open(f"/desk/suborders/{suborder_id}/refusal")
    assert await walk.page.locator("#reasons a[href*='code=D1']").count() == 0
    await walk.press("#reasons a[href*='code=I2']")
    await walk.says("现值不支持该理由" if lang == "zh" else "speaks against this reason")
    await walk.page.fill("#f-words", "本网点本季度该产品额度已经全部用完。")
    await walk.press("#refusal button[type=submit]")

    await walk.says("与这项信息的现值不符" if lang == "zh" else "The present value says otherwise")
    await walk.shot("desk-refusal-own")
    async with db.reading(Role.REPORTER) as tx:
        row = (await orders.reading.get_suborder(tx, suborder_id)).suborder
    assert row["state"] == "pushed"


async def test_a_clerk_needs_the_keyboard_alone(db: Database, visit: Visit):
    """Accept and decide in at most eight keys beside what is written: j a c, o, and Enter where a form is sent."""
    town = await make_town(db)
    _, _, suborder_id = await case_of(db, town)
    walk = await visit("zh", WIDE)
    await at_desk(walk, clerk_of())
    page, keys = walk.page, 0

    async def key(name: str, arrives: str) -> None:
        nonlocal keys
        keys += 1
        await page.keyboard.press(name)
        await page.wait_for_selector(arrives)

    await key("?", "dialog#keys[open]")
    await page.keyboard.press("?")
    keys = 0
    await key("j", "tr[data-row] a:focus")
    await key("a", ".alert-success >> text=已受理")
    await key("c", "#f-whom:focus")
    await page.keyboard.type("财务负责人")
    await key("Enter", ".alert-success >> text=联系情况已登记")
    await key("o", "#f-rate_percent:focus")
    await page.keyboard.type("4.35")
    await key("Enter", "button[name=sure]:focus")
    await key("Enter", ".alert-success >> text=方案已报给企业")

    assert keys <= 8
    async with db.reading(Role.REPORTER) as tx:
        row = (await orders.reading.get_suborder(tx, suborder_id)).suborder
    assert row["state"] == "offered"


async def test_the_inbox_reads_without_scripts_and_accepts_in_bulk(db: Database, visit: Visit):
    """A browser without scripts sees the same page and can tick, accept, filter and search."""
    town = await make_town(db)
    await case_of(db, town)
    walk = await visit("zh", WIDE, java_script_enabled=False)
    await walk.page.goto(walk.base + "/login")
    await walk.page.fill("#f-login", clerk_of())
    await walk.page.fill("#f-password", PASSWORD)
    await walk.page.click("main button[type=submit]")

    await walk.page.goto(walk.base + "/desk?q=" + town.firm.name[2:5])
    await walk.page.check("input[name=suborder_id]")
    await walk.page.click("button[form=bulk]")

    assert "已受理 1 笔" in await walk.page.inner_text("body")
    await walk.page.goto(walk.base + "/desk?q=没有这家")
    assert "没有符合筛选条件" in await walk.page.inner_text("body")


async def test_a_late_one_stands_first_and_is_counted(db: Database, visit: Visit):
    """What is overdue is told by a word, a shape and a colour, and by the figure at the head."""
    town = await make_town(db)
    bank, _, suborder_id = await case_of(db, town)
    await act(
        db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now)
    )  # fmt: skip
    await set_clock(db, "2025-10-10 09:00")
    walk = await visit("zh", WIDE)
    await at_desk(walk, clerk_of())

    await walk.says("逾期 1")
    await walk.says("超时 2 个工作日")
    await walk.shot("desk-late")


async def test_a_package_opens_by_its_own_page_alone_while_the_consent_stands(db: Database, visit: Visit):
    """Looking at an order reads no data; opening its package is one reading that the firm sees; then it is over."""
    town = await make_town(db)
    bank, order_id, suborder_id = await case_of(db, town)
    await act(db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now))
    walk = await visit("zh", WIDE)
    await walk.sign_in(clerk_of(), PASSWORD)

    await walk.open(f"/desk/suborders/{suborder_id}")
    assert await readings(db, order_id) == 0
    await walk.open(f"/desk/suborders/{suborder_id}/package")
    await walk.says("900 万")
    assert await readings(db, order_id) == 1
    async with db.reading(Role.REPORTER) as tx:
        consent_id = (await orders.reading.get_suborder(tx, suborder_id)).suborder["consent_id"]
        now = tx.now
    await orders.withdrawals.revoke_consent(db, consent_id, order_id, by=town.owner, now=now)
    await walk.page.goto(f"{walk.base}/desk/suborders/{suborder_id}/package")

    assert "900 万" not in await walk.page.inner_text("body")
    assert await readings(db, order_id) == 1
    await walk.open("/desk?stage=ended")
    await walk.says(town.firm.name)


async def readings(db: Database, order_id: UUID) -> int:
    async with db.reading(Role.REPORTER) as tx:
        return len(await packages.list_reads(tx, order_id))


async def lower_approval_level(db: Database, bank: TownBank) -> None:
    """Publish a list by which offers above 10 万元 need a second person."""
    maker, checker = bank.admins
    async with db.transaction(Role.BANK, Scope(org_id=bank.bank_id, actor_id=maker.person_id)) as tx:
        entry = await parties.shelf.list_in_force(tx, bank.branch_id, bank.product_ids[0], TODAY)
        assert entry is not None
        body = ListBody(
            branch_id=entry.branch_id, product_id=entry.product_id, amount_min_fen=entry.amount_min_fen,
            ceiling_fen=entry.ceiling_fen, approval_level_fen=10 * WAN, term_months_max=entry.term_months_max,
            rate_min_ppm=entry.rate_min_ppm, rate_max_ppm=entry.rate_max_ppm, valid_from=shanghai_date(tx.now),
        )  # fmt: skip
        proposal = await parties.changes.propose_list(tx, body, by=maker, now=tx.now)
    async with db.transaction(Role.BANK, Scope(org_id=bank.bank_id, actor_id=checker.person_id)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=checker, now=tx.now)
