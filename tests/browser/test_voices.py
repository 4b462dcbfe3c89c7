"""What firms say: a complaint to its end, a bad rating that is followed up, a firm that is called back."""

from typing import Final
from uuid import UUID

import pytest

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Database, Role
from app.market import orders, ratings
from tests.browser.conftest import Visit
from tests.browser.desk import clerk_of, login_of
from tests.browser.town import (
    OWNER,
    PASSWORD,
    Town,
    accept_and_contact,
    act,
    make_town,
    parts_of,
    post_need,
    refuse,
    set_clock,
)
from tests.browser.walk import NARROW, WIDE, Walk
from tests.market.papers.samples import pdf
from tests.support import shanghai

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])  # The others: test_every_page.
SERVICE, REGULATOR = "xy-service", "xy-regulator"
SAID: Final = "受理以后一直没有人联系，打网点电话也没有人接。"
ANSWER: Final = "经核实，客户经理休假未交接。已由主管致歉，并恢复办理。"


async def make_house(db: Database) -> None:
    """Customer service, and a regulator."""
    async with db.transaction(Role.OPS) as tx:
        for kind, name, login, role in (
            (OrgKind.PLATFORM, "示例平台", SERVICE, SeatRole.SERVICE),
            (OrgKind.REGULATOR, "示例监管局", REGULATOR, SeatRole.REGULATOR),
        ):
            org = await orgs.create_org(tx, kind, name)
            person = await orgs.create_person(tx, login, "示例客服")
            await seats.set_first_password(tx, person.person_id, PASSWORD)
            await seats.create_seat(tx, person.person_id, org.org_id, role)


async def turn_to(walk: Walk, login: str, path: str) -> None:
    await walk.context.clear_cookies(name="session")
    await walk.sign_in(login, PASSWORD)
    await walk.open(path)


async def said(walk: Walk, chinese: str, english: str) -> None:
    await walk.says(chinese if walk.lang == "zh" else english)


@BOTH
async def test_a_complaint_goes_from_the_order_to_its_finding(db: Database, visit: Visit, lang: str, width: int):
    """Filed beside the bank, acknowledged and answered by name, disputed, closed; each sees it where it works."""
    town = await make_town(db)
    await make_house(db)
    order_id = await post_need(db, town)
    part = (await parts_of(db, order_id))[town.banks[0].bank_id]
    walk = await visit(lang, width)
    await turn_to(walk, OWNER, "/complaints")
    await said(walk, "您还没有投诉过", "not complained")
    await walk.shot("voices-firm-none")
    await walk.open("/complaints/new")
    await walk.shot("voices-choose")

    await walk.open(f"/my/orders/{order_id}")
    await walk.press(f"a[href='/complaints/new?suborder={part}']")
    await walk.page.check("input[name=category][value=no_contact]")
    await walk.page.fill("#f-said", "……")
    await walk.press("main form button[type=submit]")
    await said(walk, "至少写一句完整的话", "one whole sentence")
    await walk.shot("voices-form-fault")
    await walk.page.fill("#f-said", SAID)
    await walk.press("main form button[type=submit]")
    await said(walk, "等待银行确认收到", "acknowledge it")
    complaint_url = walk.page.url.removeprefix(walk.base)
    await walk.page.locator("details.why summary").last.click()
    await walk.look()
    await walk.page.locator("details.over summary").first.click()
    paper = {"name": "通话记录.pdf", "mimeType": "application/pdf", "buffer": pdf()}
    await walk.page.set_input_files("#f-files", paper)  # type: ignore[arg-type]
    await walk.press("form[action$='/papers'] button")
    await walk.says("通话记录.pdf")
    await walk.shot("voices-firm-filed")

    await turn_to(walk, clerk_of(), "/complaints")
    await said(walk, "无故不联系", "No contact without cause")
    await walk.shot("voices-inbox")
    await walk.press(f"a[href='{complaint_url}']")
    await walk.press("form[action$='/acknowledgement'] button")
    saved = await walk.page.locator("ul.papers a").get_attribute("href")
    assert await (await walk.page.request.get(f"{walk.base}{saved}")).body() == pdf()
    await walk.page.fill("#f-said", ANSWER)
    await walk.shot("voices-answering")
    await walk.press("form[action$='/answer'] button")
    await walk.open(f"/desk/suborders/{part}")
    await said(walk, "投诉“无故不联系”", "Complaint “No contact")
    await walk.shot("voices-desk-case")

    await turn_to(walk, OWNER, complaint_url)
    await walk.says("示例人员0c")
    await walk.shot("voices-firm-answered")
    await walk.page.fill("#f-said", "客户经理并没有来过，也没有打过电话。")
    await walk.press("form[action$='/dispute'] button")

    await turn_to(walk, SERVICE, "/complaints")
    await walk.shot("voices-queue")
    await walk.press(f"a[href='{complaint_url}']")
    await walk.page.check("input[name=finding][value=founded]")
    await walk.page.locator("form[action$='/closure'] textarea").fill("已与双方核实：受理后八天没有联系，投诉属实。")
    await walk.shot("voices-closing")
    await walk.press("form[action$='/closure'] button")
    await said(walk, "属实", "Founded")

    await turn_to(walk, OWNER, f"/my/orders/{order_id}")
    await said(walk, "已核实办结", "Looked into and closed")
    await walk.shot("voices-order")
    await walk.open("/complaints")
    await walk.shot("voices-firm-list")


async def refused_part(db: Database, town: Town) -> UUID:
    """The first bank refuses after a talk, and the firm withdraws what is left."""
    order_id = await post_need(db, town)
    parts = await parts_of(db, order_id)
    bank = town.banks[0]
    await accept_and_contact(db, bank, parts[bank.bank_id])
    await refuse(db, bank, parts[bank.bank_id])
    await act(db, town.owner, lambda tx, by: orders.withdrawals.withdraw_order(tx, order_id, by=by, now=tx.now))
    return parts[bank.bank_id]


@BOTH
async def test_a_bad_rating_is_followed_up_and_a_firm_called_back(db: Database, visit: Visit, lang: str, width: int):
    """Rated from the order's page; the branch sees it; head office closes the work order; the house calls and tells."""
    town = await make_town(db)
    await make_house(db)
    part = await refused_part(db, town)
    walk = await visit(lang, width)
    await turn_to(walk, SERVICE, "/callbacks")
    await said(walk, "没有待回访的企业", "Nobody to call")
    await walk.open("/voices")
    await walk.open("/work-orders")

    await turn_to(walk, OWNER, f"/my/suborders/{part}/rating")
    await walk.page.check("input[name=stars][value='1']")
    await walk.page.check("input[name=tags][value=unclear]")
    await walk.page.fill("#f-said", "说的理由听不懂。")
    await walk.shot("voices-rating")
    await walk.press("main form button[type=submit]")
    await said(walk, "您评了 1 星", "You gave 1 of 5 stars")
    await walk.shot("voices-rated")

    await turn_to(walk, clerk_of(), "/ratings")
    await said(walk, "等待回访", "Waits to be followed up")
    await walk.shot("voices-ratings")
    await turn_to(walk, login_of("a"), "/work-orders")
    await walk.shot("voices-work-orders")
    await walk.page.fill("textarea[name=said]", "已电话致歉，并把拒单依据逐项解释清楚。")
    await walk.press("form[action$='/closure'] button")
    await walk.open("/work-orders?show=closed")
    await walk.says("示例人员0a")
    await walk.open("/voices")
    await walk.shot("voices-figures-bank")

    await set_clock(db, "2025-09-26 09:00")
    seed = next(seed for seed in map(str, range(99)) if ratings.number_of(seed, part) < 100_000)
    async with db.transaction(Role.WORKER) as tx:
        await ratings.calling.draw(tx, seed=seed, now=shanghai("2025-09-26 09:00"))
    await turn_to(walk, SERVICE, "/callbacks")
    await walk.shot("voices-callbacks")
    await walk.press("main table a[href^='/callbacks/']")
    await walk.page.locator("details summary").first.click()
    await walk.shot("voices-callback")
    asked = await walk.page.locator("fieldset.question").count()
    for n in range(1, asked + 1):
        await walk.page.check(f"input[name=answer_{n}][value$=':no']")
    await walk.page.check("input[name=satisfied][value=no]")
    await walk.page.fill("#f-said", "他们一直没有讲清楚为什么不同意。")
    await walk.page.check("#f-complains")
    await walk.press("form[action$='/result'] button")
    await said(walk, "请选择投诉的事项", "choose what the complaint")
    await walk.shot("voices-callback-fault")
    await walk.page.select_option("#f-category", "other")
    await walk.press("form[action$='/result'] button")
    await walk.open("/callbacks?show=done")
    await walk.shot("voices-callbacks-done")
    await turn_to(walk, REGULATOR, "/voices")
    await walk.shot("voices-figures")
    await walk.open("/complaints?show=waiting")
    await said(walk, "等待银行确认收到", "acknowledge it")
