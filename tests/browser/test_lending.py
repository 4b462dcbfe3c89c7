"""A loan after it was paid out, and a deferral of it, walked by the clerk and by the firm; and the recommended list."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from app.access import orgs, seats
from app.access.seats import SeatRole
from app.infra.db import Database, Role, Scope
from app.infra.outbox import drain
from app.market import orders, parties, recommendations
from app.market.parties import Product
from app.market.parties.schemas import ListBody
from app.office import proposals
from tests.browser.conftest import Visit
from tests.browser.desk import at_desk, clerk_of
from tests.browser.town import (
    OWNER,
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
    sign_and_draw,
)
from tests.browser.walk import NARROW, WIDE, Walk

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize(("lang", "width"), [("zh", NARROW), ("en", WIDE)])


async def lend(db: Database, town: Town) -> tuple[TownBank, UUID, UUID]:
    """A loan of 20 万元 of the first bank, the rest of the contract waived; the spring after it."""
    order_id = await post_need(db, town)
    bank = town.banks[0]
    part = (await parts_of(db, order_id))[bank.bank_id]
    await accept_and_contact(db, bank, part)
    await offer(db, bank, part, 48_000)
    await act(db, town.owner, lambda tx, by: orders.decisions.pick_offer(tx, part, by=by, now=tx.now))
    await sign_and_draw(db, bank, part)
    await act(db, town.owner, lambda tx, by: orders.payments.end_draws(tx, part, by=by, now=tx.now))
    await set_clock(db, "2026-03-10 10:00")
    return bank, order_id, part


async def shelve(db: Database, bank: TownBank, loan_type: str) -> None:
    """A product of that type with a list of the bank's branch, by two people; no pool."""
    async with db.transaction(Role.WORKER) as tx:
        (like, *_) = await parties.shelf.products_on(tx, TODAY, bank_id=bank.bank_id)
        made: Product = await parties.shelf.add_product(
            tx,
            replace(like, product_id=UUID(int=hash(loan_type) % 2**64), code=f"XY-{loan_type}", name="延期还本付息",
                    name_en="Deferral", loan_type=loan_type),
        )  # fmt: skip
    maker, checker = bank.admins
    async with db.transaction(Role.BANK, Scope(org_id=bank.bank_id, actor_id=maker.person_id)) as tx:
        body = ListBody(
            branch_id=bank.branch_id, product_id=made.product_id, amount_min_fen=5 * WAN, ceiling_fen=200 * WAN,
            approval_level_fen=100 * WAN, term_months_max=24, rate_min_ppm=made.rate_min_ppm,
            rate_max_ppm=made.rate_max_ppm, valid_from=date(2026, 3, 10),
        )  # fmt: skip
        proposal = await parties.changes.propose_list(tx, body, by=maker, now=tx.now)
    async with db.transaction(Role.BANK, Scope(org_id=bank.bank_id, actor_id=checker.person_id)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=checker, now=tx.now)


@BOTH
async def test_a_clerk_follows_a_loan_and_a_firm_defers_it(db: Database, visit: Visit, lang: str, width: int) -> None:
    """Repaid in part, marked overdue; the firm asks for a deferral where it sees the loan; its schedule then stands."""
    town = await make_town(db)
    bank, order_id, part = await lend(db, town)
    await shelve(db, bank, "deferral")
    walk = await visit(lang, width)
    await at_desk(walk, clerk_of())
    base = f"/desk/suborders/{part}"

    await _tell(walk, f"{base}?act=repay", "500", 422)
    await walk.shot("lending-1-too-much")
    await walk.page.fill("#f-amount_wan", "5")
    await walk.press(".act-form button[type=submit]")
    await walk.open(f"{base}?act=extend")
    await walk.shot("lending-0-extend")
    await _tell(walk, f"{base}?act=mark_overdue", "15", 200)
    await walk.shot("lending-2-desk")
    await walk.open(f"{base}?act=settle")
    await walk.shot("lending-3-settle")

    await walk.sign_in(OWNER, PASSWORD)
    await walk.open(f"/my/orders/{order_id}")
    await walk.shot("lending-4-firm")
    await walk.press("a[href*='kind=deferral']")
    await walk.shot("lending-5-question")
    await walk.press("button[name=term_months][value='12']")
    await _answer_the_rest(walk)
    await walk.shot("lending-6-check")
    await walk.press("main form button[type=submit]")
    await walk.press("main form button[type=submit]")
    for box in await walk.page.locator("input[name=agree]").all():
        await box.check()
    await walk.press("main form button[type=submit]")
    await drain(db)

    deferral_id = UUID(walk.page.url.rsplit("/", 1)[-1].partition("?")[0])
    new = (await parts_of(db, deferral_id))[bank.bank_id]
    await accept_and_contact(db, bank, new)
    await at_desk(walk, clerk_of())
    await walk.open(f"/desk/suborders/{new}?act=offer")
    await walk.shot("lending-7-deferral-offer")
    await _offer(db, bank, new)
    await act(db, town.owner, lambda tx, by: orders.decisions.pick_offer(tx, new, by=by, now=tx.now))
    await walk.open(f"/desk/suborders/{new}?act=reschedule")
    await walk.page.fill("#f-agreement_no", "XY-D-1")
    await walk.press(".act-form button[type=submit]")
    await walk.shot("lending-8-agreed")
    await walk.sign_in(OWNER, PASSWORD)
    await walk.open(f"/my/orders/{order_id}")
    await walk.shot("lending-9-new-schedule")
    await walk.says("延期还本付息" if lang == "zh" else "deferred")


async def _tell(walk: Walk, path: str, wan: str, status: int) -> None:
    await walk.open(path)
    await walk.page.fill("#f-amount_wan", wan)
    async with walk.page.expect_response(lambda r: r.request.method == "POST") as answered:
        await walk.page.click(".act-form button[type=submit]")
        if await walk.page.locator("dialog#confirm[open]").count():
            await walk.page.click("dialog#confirm [data-sure]")
    found = await answered.value
    assert (status == 422) == (found.status == 422), f"{found.status} for {wan}"
    await walk.page.wait_for_load_state()
    await walk.look()


async def _answer_the_rest(walk: Walk) -> None:
    """Whatever is still asked of a firm whose answers stand beforehand."""
    while await walk.page.locator("article.question button.pick").count():
        await walk.press("article.question button.pick")


async def _offer(db: Database, bank: TownBank, part: UUID) -> None:
    made = orders.decisions.Offered(
        amount_fen=15 * WAN, rate_ppm=45_000, term_months=12, repayment=orders.Repayment.INSTALMENTS, fees=(),
        valid_workdays=10,
    )  # fmt: skip
    await act(db, bank.clerk, lambda tx, by: orders.decisions.make_offer(tx, part, made, by=by, now=tx.now))


@BOTH
async def test_a_regulator_puts_firms_on_the_recommended_list(
    db: Database, visit: Visit, lang: str, width: int
) -> None:
    """A faulty line keeps all of them off; the firm then finds the type among its choices."""
    town = await make_town(db)
    async with db.transaction(Role.OPS) as tx:
        office = await orgs.create_org(tx, orgs.OrgKind.REGULATOR, "示例监管部门")
        person = await orgs.create_person(tx, "xy-eye", "示例监管员")
        await seats.set_first_password(tx, person.person_id, PASSWORD)
        await seats.create_seat(tx, person.person_id, office.org_id, SeatRole.REGULATOR)
    walk = await visit(lang, width)
    await walk.sign_in("xy-eye", PASSWORD)
    await walk.open("/recommendations")
    head = "\t".join(["统一社会信用代码", *recommendations.CRITERIA.values()])
    good = "\t".join([str(town.firm.uscc), *["是"] * 5])

    await walk.page.fill("#f-rows", f"{head}\n{good}\n123\t是\t是\t否\t是\t是")
    await walk.press("main form button[type=submit]")
    await walk.shot("recommended-1-fault")
    await walk.page.fill("#f-rows", f"{head}\n{good}")
    await walk.press("main form button[type=submit]")
    await walk.shot("recommended-2-listed")
    await walk.sign_in(OWNER, PASSWORD)
    await walk.open("/my/orders/new")
    await walk.shot("recommended-3-kinds")

    assert 2 == await walk.page.locator("button[name=kind]").count()
