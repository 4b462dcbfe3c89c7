"""Supervision that acts, as people do it: an urge from the broken promise to its close, a circular until it is put
right, and the way from a measure of conduct to both."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from app.infra.db import Database
from app.infra.outbox import drain
from app.market import orders
from app.office import clocks
from app.office.clocks.jobs import tell_rungs
from tests.browser.conftest import Visit
from tests.browser.test_regulator import COLLEAGUE, LOGIN, make_city, make_regulator
from tests.browser.town import PASSWORD, Town, accept_and_contact, act, make_town, parts_of, post_need, set_clock
from tests.browser.walk import NARROW, WIDE, Walk
from tests.market.supervision.test_gaming import stir

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])  # The others: test_every_page.
SAID = "经办人休假未交接，已改由双人值守，今天内联系企业。"


async def work(db: Database) -> None:
    """What the worker does at this instant."""
    await drain(db)
    while await orders.sweep(db) or await clocks.sweep(db) or await tell_rungs(db):
        pass
    await drain(db)


async def make_broken_promise(db: Database) -> Town:
    """Two branches took an order; the first has not rung the firm for three workdays."""
    town = await make_town(db)
    parts = await parts_of(db, await post_need(db, town))
    first, second = town.banks[:2]
    await set_clock(db, "2025-09-26 10:00")
    await act(
        db, first.clerk,
        lambda tx, by: orders.acceptances.accept_suborder(tx, parts[first.bank_id], by=by, now=tx.now),
    )  # fmt: skip
    await accept_and_contact(db, second, parts[second.bank_id])
    await make_regulator(db)
    await set_clock(db, "2025-10-09 09:00")
    await work(db)
    return town


async def go_as(walk: Walk, login: str, path: str) -> None:
    await walk.context.clear_cookies()
    await walk.sign_in(login, PASSWORD)
    await walk.open(path)


async def people_of(admin: Any, town: Town) -> Sequence[str]:
    """Logins of the first bank: its head office, its second person, its clerk."""
    ids = [seat.person_id for seat in (*town.banks[0].admins, town.banks[0].clerk)]
    return [await admin.fetchval("select login from persons where person_id = $1", one) for one in ids]


@BOTH
async def test_an_urge_is_answered_put_right_and_closed_by_another(
    db: Database, admin: "asyncpg.Connection[Any]", visit: Visit, lang: str, width: int
) -> None:
    """The clerk sees until when and why, answers; the head office closes; nothing is asked twice."""
    town = await make_broken_promise(db)
    head, _second, clerk = await people_of(admin, town)
    walk = await visit(lang, width)

    await go_as(walk, clerk, "/oversight")
    await walk.shot("oversight-branch")
    await walk.press("main table a")
    await walk.page.click("details.why summary")
    await walk.shot("oversight-urge-branch")
    await walk.page.fill("#f-said", SAID)
    await walk.page.check("#f-rectified")
    await walk.press("form:has(#f-said) button[type=submit]")
    await walk.says(SAID)
    assert 0 == await walk.page.locator("#f-said").count()

    await go_as(walk, head, "/oversight")
    await walk.shot("oversight-head")
    await walk.press("section[aria-labelledby=judge] table a")
    await walk.shot("oversight-urge-head")
    await walk.press("form:has(input[value=close]) button[type=submit]")
    await walk.shot("oversight-urge-closed")

    assert "closed" == await admin.fetchval("select state from urges")


@BOTH
async def test_a_regulator_urges_from_a_case_and_names_a_bank_in_a_circular(
    db: Database, admin: "asyncpg.Connection[Any]", visit: Visit, lang: str, width: int
) -> None:
    """From the case file to the urge; a circular written by one, published by another, answered and accepted."""
    town = await make_broken_promise(db)
    head, _second, _clerk = await people_of(admin, town)
    part = await admin.fetchval("select about_id from urges")
    walk = await visit(lang, width)

    await go_as(walk, LOGIN, f"/supervision/cases/{part}")
    await walk.shot("oversight-case-file")
    await walk.press("a[href^='/oversight/urges/new']")
    await walk.page.fill("#f-said", "请说明为何三个工作日内没有联系企业，并立即联系。")
    await walk.shot("oversight-urge-new")
    await walk.press("form:has(#f-said) button[type=submit]")
    await walk.open("/oversight/urges")
    await walk.shot("oversight-urges")

    await walk.open("/oversight/circular-drafts/new")
    await walk.page.fill("#f-title", "关于九月联系企业时限的通报")
    await walk.page.select_option("#f-measure", "contacted_in_time")
    await walk.page.select_option("#f-month", "2025-09")
    await walk.page.check(f"input[name=who][value='{town.banks[0].bank_id}']")
    await walk.page.check("#f-to_all")
    await walk.page.fill("#f-said", "个别网点接单后未按时联系企业，请举一反三，限期整改。")
    await walk.shot("oversight-circular-new")
    await walk.press("form:has(#f-title) button[type=submit]")
    await walk.shot("oversight-circular-draft")

    await go_as(walk, COLLEAGUE, "/oversight")
    await walk.shot("oversight-desk")
    await walk.press("section[aria-labelledby=drafts] a")
    await walk.press("form:has(input[value=publish]) button[type=submit]")
    await walk.shot("oversight-circular")

    await go_as(walk, head, "/oversight")
    await walk.press("section[aria-labelledby=named] a")
    await walk.page.fill("#f-said", "已补联系，并对全部网点复查一遍。")
    await walk.press("form:has(#f-said) button[type=submit]")
    await walk.shot("oversight-circular-answered")

    await go_as(walk, LOGIN, "/oversight/circulars")
    await walk.shot("oversight-circulars")
    await walk.press("main table a")
    await walk.press("form:has(input[value=accept]) button[type=submit]")
    await walk.shot("oversight-circular-accepted")

    assert "accepted" == await admin.fetchval("select state from circular_named")


@BOTH
async def test_conduct_leads_from_who_stands_out_to_the_cases_and_to_an_urge(
    db: Database, admin: "asyncpg.Connection[Any]", visit: Visit, lang: str, width: int
) -> None:
    """The finding is the title; behind it are the branches, behind a branch its cases."""
    await make_city(db, suborders=150)
    await stir(admin, 1)
    walk = await visit(lang, width)
    await go_as(walk, LOGIN, "/supervision/conduct")
    await walk.shot("conduct")
    await walk.open("/supervision/conduct/branches?measure=after_red")
    await walk.shot("conduct-branches")
    await walk.press("main table td a")
    await walk.shot("conduct-cases")
    await walk.open("/supervision/conduct/branches?measure=picked")
    await walk.shot("conduct-picked")
    await walk.open("/supervision/conduct/branches?measure=paused")
    await walk.press("a[href^='/oversight/urges/new?about=branch']")
    await walk.shot("conduct-urge")
    await walk.press("form:has(#f-said) button[type=submit]")

    assert ("branch", True) == tuple(await admin.fetchrow("select about_kind, by_hand from urges"))
