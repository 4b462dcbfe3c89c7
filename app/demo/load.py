"""Bring the city into an empty database: through imports and through the acts of its people, never by raw rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from app.access import orgs, seats
from app.access.orgs import Org, OrgKind
from app.access.seats import Seat, SeatRole
from app.credit import ingestion, records, subjects
from app.credit.ingestion import FileKind
from app.credit.records import NewRecord
from app.demo.city import WAN, Bank, City, Firm
from app.demo.files import write_files, write_month
from app.infra.db import Database, Role, Scope, Tx
from app.infra.outbox import drain
from app.kernel.clock import shanghai_date
from app.kernel.ids import new_id
from app.market.parties import Product, changes, outlets, shelf
from app.market.parties.schemas import ListBody, PoolOpening
from app.office import proposals

PASSWORD: Final = "demo-city-2026"  # noqa: S105 - printed by the demo; its people are invented
AMPLE_FEN: Final = 3_000 * WAN  # A quarter, branch and product.
TIGHT_FEN: Final = 120 * WAN
COVERED: Final = ("judicial.enforced", "penalty.general")
FILES: Final = (
    ("registry", FileKind.REGISTRY, None),
    ("outlets", FileKind.OUTLETS, None),
    ("invoices", FileKind.INVOICES, None),
    ("dishonest", FileKind.LIST, "dishonest_debtors"),
    ("abnormal", FileKind.LIST, "abnormal_operation"),
)
SOURCE: Final = "示例部门"
POSTS: Final[Mapping[SeatRole, str]] = {  # People have no invented names: a page shows their post and their login.
    SeatRole.BUSINESS: "负责人", SeatRole.BRANCH_CLERK: "经办", SeatRole.BRANCH_CHECKER: "复核",
    SeatRole.BANK_ADMIN: "总行", SeatRole.REGULATOR: "监管员", SeatRole.SERVICE: "客服", SeatRole.OPERATOR: "运营",
    SeatRole.DATA_OFFICER: "数据员",
}  # fmt: skip


@dataclass(slots=True)
class Login:
    """An account that the demo prints."""

    login: str
    role: SeatRole
    org_name: str


@dataclass(slots=True)
class Loaded:
    """What the city became in the database; `rows` counts what came in, by kind."""

    logins: list[Login] = field(default_factory=list)
    banks: dict[str, UUID] = field(default_factory=dict)
    clerks: dict[str, str] = field(default_factory=dict)  # branch_id → its clerk's login; its checker's ends in "c"
    seats: dict[str, Seat] = field(default_factory=dict)  # by login
    rows: dict[str, int] = field(default_factory=dict)


Told = Callable[[str, int], None]


async def load_city(db: Database, city: City, folder: Path, told: Told, until: date | None = None) -> Loaded:
    """Load everything; `told(kind, rows)` hears of each part as it comes into force. Pools are opened for every quarter
    up to the one after `until` (the city's today, if left out); with a history, some pools are small enough to run dry.
    """
    loaded = Loaded()
    async with db.transaction(Role.OPS) as tx:
        platform = await orgs.create_org(tx, OrgKind.PLATFORM, "示例平台运营")
        await _person(tx, loaded, "operator", platform, SeatRole.OPERATOR)
        await _person(tx, loaded, "service", platform, SeatRole.SERVICE)
        regulator = await orgs.create_org(tx, OrgKind.REGULATOR, "示例监管部门")
        await _person(tx, loaded, "regulator", regulator, SeatRole.REGULATOR)
        await _person(tx, loaded, "regulator2", regulator, SeatRole.REGULATOR)
        department = await orgs.create_org(tx, OrgKind.DEPARTMENT, SOURCE)
        await _person(tx, loaded, "officer", department, SeatRole.DATA_OFFICER)
    for bank in city.banks:
        async with db.transaction(Role.OPS) as tx:
            loaded.banks[bank.login] = await _bank(tx, bank)
    await _import(db, city, folder, loaded, told)
    await drain(db)
    for number, bank in enumerate(city.banks):
        caps = (AMPLE_FEN,) if until is None else (AMPLE_FEN, AMPLE_FEN, AMPLE_FEN, TIGHT_FEN)
        await _shelve(db, bank, number, loaded, quarters(city.today, until or city.today), caps)
        told("银行", number + 1)
    for number, firm in enumerate(city.firms):
        async with db.transaction(Role.OPS) as tx:
            await _firm(tx, loaded, firm)
        async with db.transaction(Role.LOADER) as tx:
            await _facts(tx, city.today, firm)
        told("企业账户", number + 1)
    return loaded


async def _import(db: Database, city: City, folder: Path, loaded: Loaded, told: Told) -> None:
    files = write_files(city, folder)
    for name, kind, list_kind in FILES:
        receipt = await ingestion.import_file(db, kind, files[name], list_kind=list_kind)
        loaded.rows[name] = receipt.batch.rows_accepted
        told(name, receipt.batch.rows_accepted)


async def _person(tx: Tx, loaded: Loaded, login: str, org: Org, role: SeatRole, branch_id: UUID | None = None) -> Seat:
    person = await orgs.create_person(tx, login, f"{POSTS[role]} {login}")
    await seats.set_first_password(tx, person.person_id, PASSWORD)
    loaded.logins.append(Login(login, role, org.name))
    loaded.seats[login] = await seats.create_seat(tx, person.person_id, org.org_id, role, branch_id=branch_id)
    return loaded.seats[login]


async def _bank(tx: Tx, bank: Bank) -> UUID:
    org = await orgs.create_org(tx, OrgKind.BANK, bank.name)
    await outlets.register_bank(tx, org.org_id, bank.name, valid_from=date(2022, 3, 1))
    return org.org_id


async def _shelve(
    db: Database, bank: Bank, number: int, loaded: Loaded, opened: Sequence[date], caps: Sequence[int]
) -> None:
    """Products, people, published lists and pools; the last two by two people, as everywhere."""
    bank_id = loaded.banks[bank.login]
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.get_org(tx, bank_id)
        maker = await _person(tx, loaded, f"{bank.login}-head", org, SeatRole.BANK_ADMIN)
        checker = await _person(tx, loaded, f"{bank.login}-head2", org, SeatRole.BANK_ADMIN)
        branches = await shelf.branches_of(tx, bank_id)
        for index, branch in enumerate(branches, start=1):
            loaded.clerks[str(branch.branch_id)] = f"{bank.login}-b{index}"
            await _person(tx, loaded, f"{bank.login}-b{index}", org, SeatRole.BRANCH_CLERK, branch.branch_id)
            await _person(tx, loaded, f"{bank.login}-b{index}c", org, SeatRole.BRANCH_CHECKER, branch.branch_id)
    async with db.transaction(Role.LOADER) as tx:
        offered = [await shelf.add_product(tx, product) for product in products(bank_id, bank, number)]
    for index, branch in enumerate(branches):
        for product in offered:
            cap_fen = caps[index % len(caps)]
            await _publish(db, (maker, checker), branch.branch_id, product, opened, cap_fen)
    # What the other types of loan are decided on: each in one branch, a deferral without a pool.
    for index, product in enumerate(typed_products(offered[-1])):
        async with db.transaction(Role.LOADER) as tx:
            await shelf.add_product(tx, product)
        quarters_of = () if product.loan_type == "deferral" else opened
        branch_id = branches[index % len(branches)].branch_id
        await _publish(db, (maker, checker), branch_id, product, quarters_of, AMPLE_FEN)


async def _publish(
    db: Database, two: tuple[Seat, Seat], branch_id: UUID, product: Product, quarters: Sequence[date], cap_fen: int
) -> None:
    maker, checker = two
    async with db.transaction(Role.BANK, Scope(org_id=maker.org_id, actor_id=maker.person_id)) as tx:
        laid = [await changes.propose_list(tx, _list(branch_id, product, shanghai_date(tx.now)), by=maker, now=tx.now)]
        for quarter in quarters:
            opening = PoolOpening(
                branch_id=branch_id, product_id=product.product_id, quarter=quarter, cap_fen=cap_fen,
                why="示例：本季度额度",
            )  # fmt: skip
            laid.append(await changes.propose_pool(tx, opening, by=maker, now=tx.now))
    async with db.transaction(Role.BANK, Scope(org_id=checker.org_id, actor_id=checker.person_id)) as tx:
        for proposal in laid:
            await proposals.approve(tx, proposal.proposal_id, by=checker, now=tx.now)


def products(bank_id: UUID, bank: Bank, number: int) -> tuple[Product, ...]:
    """Two products of a bank: one measured by invoices, one by tax."""
    short = bank.name[:2]
    invoice = Product(
        product_id=new_id(), bank_id=bank_id, code="invoice", name=f"{short}票据贷",
        name_en=f"Invoice loan {number + 1}",
        loan_type="new", amount_min_fen=10 * WAN, amount_max_fen=(100 + 50 * number) * WAN, term_months_min=1,
        term_months_max=12, rate_min_ppm=40_000 + 2_000 * number, rate_max_ppm=150_000, repayment="interest_first",
        is_unsecured=True, promised_workdays=10 - number, model_key="invoices", valid_from=date(2022, 3, 1),
        valid_to=None,
    )  # fmt: skip
    tax = replace(
        invoice, product_id=new_id(), code="tax", name=f"{short}税信贷", name_en=f"Tax loan {number + 1}",
        amount_min_fen=5 * WAN, amount_max_fen=(200 + 20 * number) * WAN, term_months_max=24,
        rate_min_ppm=38_000 + 1_500 * number, rate_max_ppm=120_000, model_key="tax",
    )  # fmt: skip
    return invoice, tax


def typed_products(tax: Product) -> tuple[Product, ...]:
    """A product for each of the other types of loan, on the terms of the bank's tax loan."""
    short = tax.name[:2]
    return tuple(
        replace(
            tax, product_id=new_id(), code=loan_type, name=f"{short}{name}", name_en=f"{english} {tax.name_en[-1]}",
            loan_type=loan_type, amount_min_fen=WAN, model_key="tax",
        )
        for loan_type, name, english in (
            ("renewal", "续贷通", "Renewal loan"), ("deferral", "延期还本付息", "Deferral"),
            ("recommended", "推荐清单贷", "Recommended loan"), ("agri", "三农贷", "Agricultural loan"),
        )
    )  # fmt: skip


def _list(branch_id: UUID, product: Product, valid_from: date) -> ListBody:
    return ListBody(
        branch_id=branch_id, product_id=product.product_id, amount_min_fen=product.amount_min_fen,
        ceiling_fen=product.amount_max_fen, approval_level_fen=product.amount_max_fen * 3 // 5,
        term_months_max=product.term_months_max, rate_min_ppm=product.rate_min_ppm,
        rate_max_ppm=product.rate_max_ppm, purposes=[], collateral=[], districts=[], materials=["营业执照"],
        two_person_reasons=["B1"],
        valid_from=valid_from,
    )  # fmt: skip


async def _firm(tx: Tx, loaded: Loaded, firm: Firm) -> None:
    subject = await subjects.find_by_uscc(tx, firm.uscc)
    assert subject is not None, "the registry was imported first"
    org = await orgs.create_org(tx, OrgKind.BUSINESS, firm.name, subject_id=subject.subject_id)
    await _person(tx, loaded, firm.login, org, SeatRole.BUSINESS)


async def load_month(db: Database, city: City, folder: Path, on: date, told: Told) -> int:
    """What the departments send on a later day: the sales since the day a month before, and what they know anew."""
    receipt = await ingestion.import_file(db, FileKind.INVOICES, write_month(city, folder, on))
    async with db.transaction(Role.LOADER) as tx:
        for firm in city.firms:
            await _facts(tx, on, firm, f":{on:%Y-%m}")
    told("invoices", receipt.batch.rows_accepted)
    return receipt.batch.rows_accepted


async def _facts(tx: Tx, today: date, firm: Firm, edition: str = "") -> None:
    """What departments reported of the firm. What they never collected stays unknown: no coverage, no record."""
    subject = await subjects.find_by_uscc(tx, firm.uscc)
    assert subject is not None, "the registry was imported first"
    known: dict[str, Mapping[str, str | int | None]] = {"registry.basic": {"industry_code": firm.industry_code}}
    if firm.tax_paid_12m_fen is not None:
        known["tax.paid"] = {"paid_12m_fen": firm.tax_paid_12m_fen}
    if firm.tax_credit is not None:
        known["tax.credit_level"] = {"tax_credit": firm.tax_credit, "tax_credit_year": today.year - 1}
    if firm.insured_heads is not None:
        known["social.insured"] = {"insured_count": firm.insured_heads}
    rows = [
        NewRecord(subject.subject_id, item, f"demo:{item}{edition}", values, today - timedelta(days=20), SOURCE)
        for item, values in known.items()
    ]
    await records.add_records(tx, rows, now=tx.now)
    for item in {*COVERED, *known}:
        await records.mark_covered(
            tx, [subject.subject_id], item, as_of_on=today - timedelta(days=20), source=SOURCE, now=tx.now
        )


def quarters(first: date, last: date) -> tuple[date, ...]:
    """The quarters from that of `first` to the one after that of `last`.

    >>> [day.isoformat() for day in quarters(date(2026, 5, 20), date(2026, 8, 1))]
    ['2026-04-01', '2026-07-01', '2026-10-01']
    """
    found = [quarter_of(first)]
    while found[-1] <= quarter_of(last):
        found.append(quarter_of(found[-1] + timedelta(days=92)))
    return tuple(found)


def quarter_of(day: date) -> date:
    """The first day of the quarter.

    >>> quarter_of(date(2026, 11, 24))
    datetime.date(2026, 10, 1)
    """
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
