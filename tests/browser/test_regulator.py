"""A regulator's morning: the overview, the cases behind a figure, a case file."""

from datetime import date

import pytest

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role
from app.market import parties
from app.market.parties import Branch, Product
from app.market.supervision import fold
from tests.browser.conftest import Visit
from tests.browser.town import PASSWORD, accept_and_contact, make_town, offer, parts_of, post_need, refuse, set_clock
from tests.browser.walk import NARROW, WIDE
from tests.market.supervision.objects import freeze_month
from tests.replay.city import play
from tests.support import shanghai

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])  # The others: test_every_page.
EACH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])
LOGIN, COLLEAGUE = "xy-regulator", "xy-colleague"


async def make_regulator(db: Database) -> tuple[Seat, Seat]:
    """Two people of the supervising office, with a password each."""
    made = []
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, OrgKind.REGULATOR, "示例监管局")
        for login, name in ((LOGIN, "示例监管员"), (COLLEAGUE, "示例复核员")):
            person = await orgs.create_person(tx, login, name)
            await seats.set_first_password(tx, person.person_id, PASSWORD)
            seat = await seats.create_seat(tx, person.person_id, org.org_id, SeatRole.REGULATOR)
            made.append(seat)
    return made[0], made[1]


DISTRICTS = (
    "500103",
    "500103",
    "500105",
    "500106",
    "500106",
    "500112",
    "500101",
    "500102",
    "500157",
    "500241",
    "500229",
)


async def make_city(db: Database, until: str = "2025-11-20 12:00", suborders: int = 260) -> tuple[Seat, Seat]:
    """Five banks of two branches with two months behind them, named after they were played."""
    await play(db, 7, suborders, shanghai(until), banks_count=5, districts=DISTRICTS)
    async with db.reading(Role.REPORTER) as tx:
        sold = await tx.fetch("select distinct bank_id, branch_id, product_id from orders_v_suborders order by 1, 2")
    plan = {bank_id: n for n, bank_id in enumerate(dict.fromkeys(row["bank_id"] for row in sold))}
    names = ("示例农商银行", "示例城商银行", "示例邮储银行", "示例工商银行", "示例村镇银行")
    async with db.transaction(Role.OPS) as tx:
        for bank_id, n in plan.items():
            await parties.outlets.register_bank(tx, bank_id, names[n], valid_from=date(2022, 3, 1))
        for n, row in enumerate(sold):
            name = f"{names[plan[row['bank_id']]]}第{n + 1}支行"
            branch = Branch(row["branch_id"], row["bank_id"], name, None, "500103", None, date(2022, 3, 1), None)
            await parties.outlets.open_branch(tx, branch)
    async with db.transaction(Role.WORKER) as tx:
        for bank_id, product_id in {row["bank_id"]: row["product_id"] for row in sold}.items():
            made = Product(
                product_id, bank_id, "XY-FP", f"票e贷{plan[bank_id] + 1}", "Invoice loan", "new", 5_000_000,
                300_000_000, 3, 24, 38_500, 90_000, "instalments", True, 10, "invoices", date(2025, 1, 1), None,
            )  # fmt: skip
            await parties.shelf.add_product(tx, made)
    await set_clock(db, until)
    return await make_regulator(db)


async def fold_all(db: Database) -> None:
    while True:
        async with db.transaction(Role.WORKER) as tx:
            if not await fold(tx):
                return


async def make_history(db: Database) -> str:
    """One bank offers in time, another refuses with evidence. Returns the firm's name."""
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
    return town.firm.name


@BOTH
async def test_a_regulator_goes_from_a_figure_to_the_case_behind_it(db: Database, visit: Visit, lang: str, width: int):
    """Every figure opens its cases, and a case is one column of time."""
    town_name = await make_history(db)
    walk = await visit(lang, width)
    await walk.sign_in(LOGIN, PASSWORD)

    await walk.open("/supervision")
    await walk.shot("morning")
    await walk.page.fill("#f-q", town_name[2:6])
    await walk.page.press("#f-q", "Enter")
    await walk.page.wait_for_url("**/supervision/search?**")
    await walk.look()
    await walk.shot("search")
    assert await walk.page.locator("[data-row]").count()
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
    await walk.open("/supervision/months")
    await walk.shot("months-empty")
    await walk.says("还没有过完的月份" if lang == "zh" else "No month is over yet")
    await walk.open("/supervision/overview")
    await walk.shot("overview-empty")
    await walk.says("还没有推送给银行的需求" if lang == "zh" else "No order has been sent to a bank yet")


@BOTH
async def test_the_morning_names_what_is_red_and_what_the_night_brought(
    db: Database, visit: Visit, lang: str, width: int
):
    """Open broken promises by bank and kind, and every figure leads to its cases."""
    await make_city(db, "2025-10-09 09:00", 160)
    walk = await visit(lang, width)
    await walk.sign_in(LOGIN, PASSWORD)

    await walk.open("/supervision")
    await walk.shot("city-morning")
    await walk.press('a[href^="/supervision/lists?what=red"]')
    await walk.shot("city-red")
    assert await walk.page.locator("[data-row]").count()
    await walk.press('a[href^="/supervision/cases/"]')
    await walk.shot("city-case")
    await walk.page.locator(".why summary").first.click()
    await walk.shot("city-case-open")
    await walk.press('.tabs a[href$="kind=clock"]')
    await walk.open("/supervision")
    await walk.press('a[href^="/supervision/lists?what=breach"]')
    assert await walk.page.locator("[data-row]").count()


@BOTH
async def test_the_overview_of_a_city_says_what_it_found(db: Database, visit: Visit, lang: str, width: int):
    """Months, reasons, districts by the day looked at, and banks; nothing cut, nothing untranslated."""
    await make_city(db)
    walk = await visit(lang, width)
    await walk.sign_in(LOGIN, PASSWORD)

    await walk.open("/supervision/overview")
    await walk.shot("city-overview")
    assert 37 == await walk.page.locator(".map .district").count()
    await walk.page.fill("#f-on", "2025-11-05")
    await walk.page.press("#f-on", "Enter")
    await walk.page.wait_for_url("**on=2025-11-05**")
    await walk.look()
    assert 38 == await walk.page.locator(".map .district").count()
    await walk.open("/supervision/overview?period=2025-10&district=500103&by=branch&sort=-cases")
    await walk.shot("city-october")


@BOTH
async def test_a_month_is_frozen_told_and_verified(db: Database, visit: Visit, lang: str, width: int):
    """One proposes, another agrees; what came later stands beside it; a document is verified without a login."""
    first, second = await make_city(db)
    await fold_all(db)
    walk = await visit(lang, width)
    await walk.sign_in(LOGIN, PASSWORD)

    await walk.open("/supervision/card?period=2025-10")
    await walk.shot("card-city")
    await walk.open("/supervision/overview?period=2025-10")
    await walk.press('a[href^="/supervision/card?by=bank"]')
    await walk.shot("card-bank")
    assert await walk.page.locator("[data-row]").count()
    await walk.open("/supervision/months")
    await walk.shot("months")
    await walk.press('a[href="/supervision/months/2025-10"]')
    await walk.shot("month-open")
    await walk.press('form[action$="/proposal"] button')
    await walk.says(
        "您提出的，须由同一单位的另一人同意" if lang == "zh" else "another person of your office must agree"
    )
    await walk.shot("month-waiting")
    await freeze_month(db, date(2025, 9, 1), first, second)
    await play(db, 8, 60, shanghai("2025-12-10 09:00"), banks_count=1, districts=DISTRICTS)
    await set_clock(db, "2025-12-10 09:00")
    await fold_all(db)
    await walk.open("/supervision/months/2025-09")
    await walk.shot("month-frozen")
    await walk.open("/supervision/months/2025-09?by=bank")
    await walk.shot("month-banks")
    await walk.open("/supervision/months/2025-09")
    await walk.press('a[href*="/restated?figure=funnel%3Apush"]')
    await walk.shot("month-restated")
    assert await walk.page.locator("[data-row]").count()
    await walk.open("/supervision/months/2025-09")
    await walk.press('form[action$="/documents"] button')
    await walk.shot("month-documents")
    async with db.reading(Role.REPORTER) as tx:
        row = await tx.row("select number, sha256 from supervision_documents")
    assert row is not None
    await walk.context.clear_cookies(name="session")
    await walk.open("/verify")
    await walk.shot("verify")
    await walk.page.fill("#f-number", row["number"].lower())
    await walk.page.press("#f-number", "Enter")
    await walk.page.wait_for_url(f"**/verify/{row['number']}")
    await walk.look()
    await walk.page.fill("#f-sha256", row["sha256"])
    await walk.press('form:not([enctype]) button.btn-outline-secondary[type="submit"]')
    await walk.says("与存档一致" if lang == "zh" else "The same as on record")
    await walk.shot("verified")
    await walk.page.set_input_files("#f-file", {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"})
    await walk.press('form[enctype] button[type="submit"]')
    await walk.says("与存档不一致" if lang == "zh" else "Not the same as on record")
    await walk.shot("not-verified")
