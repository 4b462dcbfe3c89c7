"""A small invented town for the pages: three banks with a shelf, lists and pools, and one firm with some history.

Made by the rooms' own commands, out of the same seeded city that the demo shows.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.credit import consents, records, subjects
from app.credit.consents import Grant, Names, Purpose
from app.credit.records import NewRecord
from app.demo import city
from app.infra.db import Database, Role, Scope, Tx
from app.infra.outbox import drain
from app.kernel.clock import shanghai_date
from app.kernel.ids import new_id
from app.market import orders, packages, parties, reasons
from app.market.orders.service.decisions import Offered, Said
from app.market.parties import Branch, Product
from app.market.parties.schemas import ListBody, PoolOpening
from app.office import proposals
from tests.support import shanghai

NOW: Final = shanghai("2025-09-25 09:30")
TODAY: Final = shanghai_date(NOW)
QUARTER: Final = date(2025, 7, 1)
PASSWORD: Final = "open sesame, said the firm"
OWNER: Final = "xy-owner"
WAN: Final = 1_000_000
SHELF: Final = (  # code, name, English name, model, rate from, rate to, longest term, promise
    ("XY-FP", "票e贷", "Invoice loan", "invoices", 38_500, 90_000, 24, 5),
    ("XY-SH", "税易贷", "Tax loan", "tax", 36_000, 84_000, 12, 3),
)


@dataclass(frozen=True, slots=True)
class TownBank:
    """`clerk` and `checker` sit in `branch_id`; `admins` are the two of the head office."""

    bank_id: UUID
    name: str
    branch_id: UUID
    product_ids: tuple[UUID, ...]
    admins: tuple[Seat, Seat]
    clerk: Seat
    checker: Seat


@dataclass(frozen=True, slots=True)
class Town:
    banks: tuple[TownBank, ...]
    business_id: UUID
    subject_id: UUID
    owner: Seat
    firm: city.Firm


async def set_clock(db: Database, text: str) -> None:
    """Stop the business clock at an instant of Shanghai's wall time."""
    async with db.transaction(Role.OPS) as tx:
        await tx.execute(
            "insert into business_clock (frozen_at) values ($1)"
            " on conflict (id) do update set frozen_at = excluded.frozen_at",
            shanghai(text),
        )


async def make_town(db: Database, *, district_code: str = "500103") -> Town:
    await set_clock(db, "2025-09-25 09:30")
    plan = city.make_city(TODAY, firms=1)
    firm = replace(
        plan.firms[0], district_code=district_code, uscc=city.invented_uscc("91", district_code, 1), tax_credit="A",
        turnover_12m_fen=900 * WAN, tax_paid_12m_fen=18 * WAN, dishonest=False, abnormal=False,
    )  # fmt: skip
    banks = [await _bank(db, number, bank, district_code) for number, bank in enumerate(plan.banks[:3])]
    subject_id = await _firm(db, firm)
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, OrgKind.BUSINESS, firm.name, subject_id=subject_id)
        person = await orgs.create_person(tx, OWNER, "示例负责人")
        await seats.set_first_password(tx, person.person_id, PASSWORD)
        owner = await seats.create_seat(tx, person.person_id, org.org_id, SeatRole.BUSINESS)
    return Town(tuple(banks), org.org_id, subject_id, owner, firm)


async def _firm(db: Database, firm: city.Firm) -> UUID:
    """The register, the tax office and the invoices speak; social insurance looked and found nothing."""
    async with db.transaction(Role.LOADER) as tx:
        subject = await subjects.register(
            tx, firm.name, now=NOW - timedelta(days=30), uscc=firm.uscc, district_code=firm.district_code,
            founded_on=firm.founded_on, capital_fen=firm.capital_fen, entity_type="有限责任公司",
        )  # fmt: skip
        invoices: dict[str, str | int | None] = {
            "invoices.newest_on": 20250918, "invoices.turnover_12m_fen": firm.turnover_12m_fen,
            "invoices.purchases_12m_fen": firm.turnover_12m_fen // 2, "invoices.sold_count_12m": 412,
            "invoices.void_share_ppm": 21_000, "invoices.return_share_ppm": 8_000, "invoices.upstream_count": 23,
            "invoices.downstream_count": 61, "invoices.active_months": 12,
        }  # fmt: skip
        tax: dict[str, str | int | None] = {
            "tax.paid_12m_fen": firm.tax_paid_12m_fen,
            "tax.vat_paid_12m_fen": (firm.tax_paid_12m_fen or 0) * 3 // 4,
        }
        level: dict[str, str | int | None] = {"tax.tax_credit": firm.tax_credit, "tax.tax_credit_year": "2024"}
        fresh = [
            NewRecord(subject.subject_id, "invoices.summary", "k1", invoices, date(2025, 9, 18), "发票平台"),
            NewRecord(subject.subject_id, "tax.paid", "k2", tax, date(2025, 8, 31), "税务部门"),
            NewRecord(subject.subject_id, "tax.credit_level", "k3", level, date(2025, 4, 30), "税务部门"),
        ]
        await records.add_records(tx, fresh, now=NOW - timedelta(days=5))
        for item in ("social.insured", "judicial.dishonest", "penalty.general"):
            await records.mark_covered(
                tx, [subject.subject_id], item, as_of_on=TODAY, source="主管部门", now=NOW - timedelta(days=3)
            )
    return subject.subject_id


async def _bank(db: Database, number: int, plan: city.Bank, district_code: str) -> TownBank:
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, OrgKind.BANK, plan.name)
        await parties.outlets.register_bank(tx, org.org_id, plan.name, valid_from=date(2022, 3, 1))
        name = f"{plan.name}渝中支行"
        branch = Branch(new_id(), org.org_id, name, None, district_code, None, date(2022, 3, 1), None)
        await parties.outlets.open_branch(tx, branch)
        people = [await orgs.create_person(tx, f"{plan.login}-{who}", f"示例人员{number}{who}") for who in "abcd"]
        for person in people:
            await seats.set_first_password(tx, person.person_id, PASSWORD)
        roles = (SeatRole.BANK_ADMIN, SeatRole.BANK_ADMIN, SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER)
        made = [
            await seats.create_seat(
                tx, person.person_id, org.org_id, role,
                branch_id=None if role is SeatRole.BANK_ADMIN else branch.branch_id,
            )
            for person, role in zip(people, roles, strict=True)
        ]  # fmt: skip
    async with db.transaction(Role.WORKER) as tx:
        products = [
            await parties.shelf.add_product(tx, _product(org.org_id, row, number))
            for row in (SHELF if number < 2 else SHELF[:1])
        ]
    bank = TownBank(
        org.org_id, plan.name, branch.branch_id, tuple(p.product_id for p in products), (made[0], made[1]), made[2],
        made[3],
    )  # fmt: skip
    for product in products:
        await _publish(db, bank, product)
    return bank


def _product(bank_id: UUID, row: tuple[str, str, str, str, int, int, int, int], number: int) -> Product:
    code, name, english, model, low, high, months, days = row
    return Product(
        new_id(), bank_id, code, name, english, "new", 5 * WAN, 300 * WAN, 3, months, low + 2_500 * number, high,
        "instalments", True, days + number, model, date(2025, 1, 1), None,
    )  # fmt: skip


async def _publish(db: Database, bank: TownBank, product: Product) -> None:
    """The branch's list and its pool, each by two people of the head office."""
    maker, checker = bank.admins
    listed = ListBody(
        branch_id=bank.branch_id, product_id=product.product_id, amount_min_fen=5 * WAN, ceiling_fen=200 * WAN,
        approval_level_fen=100 * WAN, term_months_max=product.term_months_max, rate_min_ppm=product.rate_min_ppm,
        rate_max_ppm=product.rate_max_ppm, valid_from=TODAY,
    )  # fmt: skip
    pool = PoolOpening(
        branch_id=bank.branch_id, product_id=product.product_id, quarter=QUARTER, cap_fen=2_000 * WAN, why="季度计划"
    )
    async with db.transaction(Role.BANK, Scope(org_id=bank.bank_id, actor_id=maker.person_id)) as tx:
        asked = [
            await parties.changes.propose_list(tx, listed, by=maker, now=NOW),
            await parties.changes.propose_pool(tx, pool, by=maker, now=NOW),
        ]
    async with db.transaction(Role.BANK, Scope(org_id=bank.bank_id, actor_id=checker.person_id)) as tx:
        for proposal in asked:
            await proposals.approve(tx, proposal.proposal_id, by=checker, now=NOW)


async def post_need(db: Database, town: Town, *, order_id: UUID | None = None, banks: int = 3) -> UUID:
    """The firm posts 60 万元 for twelve months to the first banks, two places; the worker pushes it."""
    draft = orders.Draft(
        order_id=order_id or new_id(), amount_fen=60 * WAN, term_months=12, purpose="working_capital",
        collateral="none", district_code=town.firm.district_code, until_on=TODAY + timedelta(days=30), places=2,
    )  # fmt: skip
    scope = Scope(org_id=town.business_id, actor_id=town.owner.person_id, case_id=draft.order_id)
    async with db.transaction(Role.ACT, scope) as tx:
        picks = []
        for bank in town.banks[:banks]:
            letter = Grant(
                business_id=town.business_id, grantor_subject_id=town.subject_id, bank_id=bank.bank_id,
                branch_id=bank.branch_id, order_id=draft.order_id, purpose=Purpose.PRE_LOAN,
                data_classes=("registration", "judicial", "tax", "invoices"), valid_from=tx.now,
                valid_to=tx.now + timedelta(days=60),
            )  # fmt: skip
            names = Names(grantor=town.firm.name, bank=bank.name, branch=f"{bank.name}渝中支行")
            consent_id = await consents.grant(tx, letter, names=names, by=town.owner, now=tx.now)
            picks.append(orders.Pick(bank.branch_id, bank.product_ids[0], consent_id))
        await orders.post_order(tx, draft, picks, by=town.owner, now=tx.now)
    await drain(db)
    return draft.order_id


async def parts_of(db: Database, order_id: UUID) -> dict[UUID, UUID]:
    """Suborder by bank."""
    async with db.reading(Role.REPORTER) as tx:
        return {row["bank_id"]: row["suborder_id"] for row in (await orders.reading.get_order(tx, order_id)).suborders}


async def act(db: Database, by: Seat, command: Callable[[Tx, Seat], Awaitable[object]]) -> object:
    """Run one command as somebody's act on an order."""
    scope = Scope(org_id=by.org_id, actor_id=by.person_id, branch_id=by.branch_id)
    async with db.transaction(Role.ACT, scope) as tx:
        return await command(tx, by)


async def accept_and_contact(db: Database, bank: TownBank, suborder_id: UUID) -> None:
    """The clerk takes the order up, opens the package, and rings the firm."""
    await act(db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, suborder_id, by=by, now=tx.now))
    scope = Scope(org_id=bank.bank_id, actor_id=bank.clerk.person_id, branch_id=bank.branch_id)
    async with db.transaction(Role.BANK, scope) as tx:
        head = await packages.find_of_suborder(tx, suborder_id)
        assert head is not None
        await packages.read(tx, head.package_id, by=bank.clerk, now=tx.now)
    await act(
        db, bank.clerk,
        lambda tx, by: orders.acceptances.contact_firm(
            tx, suborder_id, contacted_at=tx.now, how="电话", whom="负责人", by=by, now=tx.now
        ),
    )  # fmt: skip


async def offer(db: Database, bank: TownBank, suborder_id: UUID, rate_ppm: int, fee_fen: int = 0) -> None:
    fees = (orders.Fee("评估费", fee_fen),) if fee_fen else ()
    made = Offered(
        amount_fen=50 * WAN, rate_ppm=rate_ppm, term_months=12, repayment=orders.Repayment.INSTALMENTS, fees=fees,
        valid_workdays=10,
    )  # fmt: skip
    await act(db, bank.clerk, lambda tx, by: orders.decisions.make_offer(tx, suborder_id, made, by=by, now=tx.now))


async def refuse(db: Database, bank: TownBank, suborder_id: UUID) -> None:
    """A refusal that its evidence bears out: less tax paid than the product asks for."""
    claim = reasons.Claim("tax.paid_12m_fen", reasons.Comparison.LT, 30 * WAN)
    said = Said(code="D1", words="近十二个月实缴税款十八万元，低于本产品三十万元的要求。", claim=claim)
    await act(db, bank.clerk, lambda tx, by: orders.decisions.refuse_suborder(tx, suborder_id, said, by=by, now=tx.now))


async def sign_and_draw(db: Database, bank: TownBank, suborder_id: UUID, on: date = TODAY) -> None:
    """A contract over 45 万元, of which 20 万元 are paid out."""
    await act(
        db, bank.clerk,
        lambda tx, by: orders.payments.sign_contract(
            tx, suborder_id, contract_no="XY-2025-001", signed_on=on, amount_fen=45 * WAN,
            draw_until_on=on + timedelta(days=60), by=by, now=tx.now,
        ),
    )  # fmt: skip
    await act(
        db, bank.clerk,
        lambda tx, by: orders.payments.pay_out(
            tx, suborder_id, draw_id=new_id(), amount_fen=20 * WAN, paid_on=on, by=by, now=tx.now
        ),
    )  # fmt: skip
