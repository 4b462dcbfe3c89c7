"""A day at the inbox: filters of one's own, many accepted at once, a list that refreshes itself, one by one."""

from uuid import UUID

import pytest

from app.infra.db import Database
from app.market import orders
from tests.browser.conftest import Visit
from tests.browser.desk import MORNING, Keys, at_desk, clerk_of
from tests.browser.town import Town, TownBank, act, make_town, parts_of, post_need, set_clock
from tests.browser.walk import NARROW, WIDE, Walk

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])


async def pushed(db: Database, town: Town, bank: TownBank, many: int) -> list[UUID]:
    """So many needs that came to that bank, and the next morning."""
    found = [(await parts_of(db, await post_need(db, town)))[bank.bank_id] for _ in range(many)]
    await set_clock(db, MORNING)
    return found


async def accept(db: Database, bank: TownBank, suborder_id: UUID) -> None:
    await act(db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now))


async def refresh(walk: Walk) -> None:
    """The window is come back to, so the list is fetched again."""
    await walk.page.evaluate("document.getElementById('desk-live').dataset.old = '1'")
    await walk.page.evaluate("window.dispatchEvent(new Event('focus'))")
    await walk.page.wait_for_selector("#desk-live:not([data-old], .htmx-settling)")


@BOTH
async def test_a_filter_is_kept_used_removed_and_brought_back(db: Database, visit: Visit, lang: str, width: int):
    """Under a name of one's own; what was removed can be brought back with one press."""
    await make_town(db)
    walk = await visit(lang, width)
    await at_desk(walk, clerk_of())
    chip = ".desk-saved a.chip"

    await walk.open("/desk?stage=new&order=-amount")
    await walk.page.click("details.save summary")
    name = "大额待受理" if lang == "zh" else "Large ones"
    await walk.page.fill("#f-name", name)
    await walk.press("details.save button")
    assert await walk.page.get_attribute(chip, "aria-current") == "true"
    await walk.open("/desk")
    await walk.press(chip)
    assert "stage=new" in walk.page.url
    assert "order=-amount" in walk.page.url
    await walk.press("form[action$='/removal'] button")
    assert await walk.page.locator(chip).count() == 0
    await walk.shot("desk-filter-removed")
    await walk.press("form.undo button")

    assert await walk.page.inner_text(chip) == name


@BOTH
async def test_of_many_accepted_at_once_each_is_told(db: Database, visit: Visit, lang: str, width: int):
    """One that somebody else took on meanwhile is refused by itself; the other one goes through."""
    town = await make_town(db)
    bank = town.banks[0]
    first, _second = await pushed(db, town, bank, 2)
    walk = await visit(lang, width)
    await at_desk(walk, clerk_of())
    # The list stands still for this test, as it does while a form of it is on its way.
    await walk.page.evaluate("document.querySelector('#desk-live').dataset.sent = '1'")

    for box in await walk.page.locator("input[name=suborder_id]").all():
        await box.check()
    await accept(db, bank, first)
    await walk.press("button[form=bulk]")

    rows = [await one.inner_text() for one in await walk.page.locator("tbody tr").all()]
    taken = "已受理" if lang == "zh" else "Accepted"
    left = "没有受理" if lang == "zh" else "Not accepted"
    assert sorted(left in row for row in rows) == [False, True]
    assert sum(taken in row and left not in row for row in rows) == 1
    await walk.shot("desk-accepted")


@BOTH
async def test_the_list_refreshes_and_keeps_ticks_and_focus(db: Database, visit: Visit, lang: str, width: int):
    """A tick does not hold it up. When the row in hand is gone the next one is in hand, and what has come is told."""
    town = await make_town(db)
    bank = town.banks[0]
    suborders = await pushed(db, town, bank, 3)
    walk = await visit(lang, width)
    await at_desk(walk, clerk_of())
    await walk.open("/desk?stage=new")
    keys = Keys(walk)
    shown = [(await one.get_attribute("id") or "")[2:] for one in await walk.page.locator("[data-row] a[id]").all()]
    assert sorted(shown) == sorted(map(str, suborders))

    await keys.press("j", f"#s-{shown[0]}:focus")
    await keys.press("j", f"#s-{shown[1]}:focus")
    await walk.page.check(f"#t-{shown[2]}")
    await walk.page.focus(f"#s-{shown[1]}")
    await refresh(walk)
    assert await walk.page.evaluate("document.activeElement.id") == f"s-{shown[1]}"
    await accept(db, bank, UUID(shown[1]))
    await post_need(db, town)
    await refresh(walk)

    await walk.page.wait_for_selector(f"#s-{shown[1]}", state="detached")
    assert await walk.page.evaluate("document.activeElement.id") == f"s-{shown[2]}"
    assert await walk.page.is_checked(f"#t-{shown[2]}")
    assert await walk.page.inner_text("#arrived") == ("新到 1 笔" if lang == "zh" else "New orders: 1")
    await walk.look()
    await walk.shot("desk-refreshed")


async def test_orders_are_gone_through_one_after_another(db: Database, visit: Visit):
    """j and k from order to order in the list's own order, u back to the list."""
    town = await make_town(db)
    await pushed(db, town, town.banks[0], 2)
    walk = await visit("zh", WIDE)
    await at_desk(walk, clerk_of())
    first, second = [await one.get_attribute("href") for one in await walk.page.locator("[data-row] a[id]").all()]
    keys = Keys(walk)

    await keys.press("j", "tr[data-row] a:focus")
    await walk.page.keyboard.press("Enter")
    await walk.page.wait_for_url(f"**{first}")
    await walk.page.keyboard.press("j")
    await walk.page.wait_for_url(f"**{(second or '').partition('?')[0]}**")
    await walk.page.keyboard.press("k")
    await walk.page.wait_for_url(f"**{(first or '').partition('?')[0]}**")
    await walk.page.keyboard.press("u")

    await walk.page.wait_for_url("**/desk")
