"""A regulator's morning: the overview, the cases behind a figure, a case file."""

import pytest

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Database, Role
from tests.browser.conftest import Visit
from tests.browser.town import PASSWORD, accept_and_contact, make_town, offer, parts_of, post_need, refuse, set_clock
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("zh", NARROW), ("en", WIDE), ("en", NARROW)])
EACH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])
LOGIN = "xy-regulator"


async def make_regulator(db: Database) -> None:
    """A person of the supervising office, with a password."""
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, OrgKind.REGULATOR, "示例监管局")
        person = await orgs.create_person(tx, LOGIN, "示例监管员")
        await seats.set_first_password(tx, person.person_id, PASSWORD)
        await seats.create_seat(tx, person.person_id, org.org_id, SeatRole.REGULATOR)


async def make_history(db: Database) -> None:
    """One bank offers in time, another refuses with evidence."""
    town = await make_town(db)
    order_id = await post_need(db, town)
    parts = await parts_of(db, order_id)
    first, second = town.banks[:2]
    await set_clock(db, "2025-09-26 10:00")
    await accept_and_contact(db, first, parts[first.bank_id])
    await accept_and_contact(db, second, parts[second.bank_id])
    await set_clock(db, "2025-09-28 15:00")
    await offer(db, first, parts[first.bank_id], 52_000)
    await set_clock(db, "2025-10-09 10:00")
    await refuse(db, second, parts[second.bank_id])
    await make_regulator(db)


@BOTH
async def test_a_regulator_goes_from_a_figure_to_the_case_behind_it(db: Database, visit: Visit, lang: str, width: int):
    """Every figure opens its cases, and a case is one column of time."""
    await make_history(db)
    walk = await visit(lang, width)
    await walk.sign_in(LOGIN, PASSWORD)

    await walk.open("/supervision")
    await walk.shot("morning")
    await walk.open("/supervision/overview")
    await walk.shot("overview")
    await walk.says("100.0 %")
    await walk.says("D1")
    await walk.press('a[href*="figure=decided_in_time"]')
    await walk.shot("supervision-cases")
    await walk.press('a[href^="/supervision/cases/"]')
    await walk.shot("supervision-case")

    await walk.says("办结时限" if lang == "zh" else "Time to decide")
    await walk.says("银行人员查看数据包" if lang == "zh" else "Package opened by a person of the bank")


@EACH
async def test_every_grouping_is_readable(db: Database, visit: Visit, lang: str, width: int):
    """By bank, branch, product, district and month, on a phone too."""
    await make_history(db)
    walk = await visit(lang, width)
    await walk.sign_in(LOGIN, PASSWORD)

    for by in ("branch", "product", "district", "month"):
        await walk.open(f"/supervision/overview?by={by}")


@EACH
async def test_the_first_morning_says_what_will_come(db: Database, visit: Visit, lang: str, width: int):
    """No case yet: words, not zeros."""
    await make_regulator(db)
    walk = await visit(lang, width)
    await walk.sign_in(LOGIN, PASSWORD)

    await walk.open("/supervision")
    await walk.shot("morning-empty")
    await walk.open("/supervision/overview")
    await walk.shot("overview-empty")
    await walk.says("还没有推送给银行的需求" if lang == "zh" else "No order has been sent to a bank yet")
