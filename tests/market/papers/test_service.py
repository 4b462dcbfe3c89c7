"""Papers end to end: kept sealed with the answer or not at all, opened by the two sides, on record."""

import zlib
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.access.seats import Seat
from app.infra.db import Database, Role, Scope
from app.infra.vault import Unreadable
from app.kernel.errors import Refusal
from app.market import orders, papers
from app.market.orders.service import bringing, withdrawals
from app.market.papers import Upload
from tests.browser.town import Town, TownBank, accept_and_contact, act, make_town, parts_of, post_need
from tests.market.papers.samples import pdf, png

FILES = (Upload("流水 2025.pdf", "application/pdf", pdf()), Upload("合同.png", "image/png", png()))


@dataclass(frozen=True, slots=True)
class Asked:
    """A suborder whose bank asked for papers, and its neighbour."""

    town: Town
    bank: TownBank
    other: TownBank
    order_id: UUID
    suborder_id: UUID


@pytest.fixture
async def asked(db: Database) -> Asked:
    town = await make_town(db)
    order_id = await post_need(db, town)
    bank, other, _ = town.banks
    suborder_id = (await parts_of(db, order_id))[bank.bank_id]
    await accept_and_contact(db, bank, suborder_id)
    await act(
        db, bank.clerk,
        lambda tx, by: orders.acceptances.ask_papers(tx, suborder_id, items=["流水"], note="", by=by, now=tx.now),
    )  # fmt: skip
    return Asked(town, bank, other, order_id, suborder_id)


async def bring(
    db: Database, asked: Asked, files: tuple[Upload, ...] = FILES, answer: str = "", by: Seat | None = None
):
    async with db.reading(Role.BUSINESS) as tx:
        limits = await papers.limits_on(tx, tx.now)
    checked = await papers.check(files, limits)
    await act(
        db, by or asked.town.owner,
        lambda tx, seat: bringing.bring(
            tx, asked.suborder_id, answer=answer, files=checked, limits=limits, by=seat, now=tx.now
        ),
    )  # fmt: skip


async def own(db: Database, asked: Asked) -> list[papers.Paper]:
    async with db.reading(Role.BUSINESS, Scope(asked.town.business_id)) as tx:
        return list(await papers.list_of_suborder(tx, asked.suborder_id))


async def opened(db: Database, asked: Asked, paper_id: UUID, by: Seat, suborder_id: UUID | None = None) -> bytes:
    async with db.transaction(Role.ACT, Scope(by.org_id, by.person_id, by.branch_id)) as tx:
        found = await bringing.open_paper(tx, suborder_id or asked.suborder_id, paper_id, by=by, now=tx.now)
    return found[1]


async def test_files_answer_a_request_and_the_clock_counts_on(db: Database, asked: Asked):
    """One transaction closes the request, keeps the files and lets the bank's time run."""
    await bring(db, asked, answer="都在里面")

    async with db.reading(Role.REPORTER) as tx:
        view = await orders.reading.get_suborder(tx, asked.suborder_id)
    clocks = {one.kind: one.state for one in view.clocks}
    assert ("brought", "都在里面") == (view.papers[0]["closed_how"], view.papers[0]["answer"])
    assert ("running", None) == (clocks["DECISION"], view.suborder["papers_open"])
    assert ["流水 2025.pdf", "合同.png"] == [one.name for one in await own(db, asked)]


async def test_a_refused_answer_keeps_no_file(db: Database, asked: Asked, admin: asyncpg.Connection):
    """What came too late, or twice, leaves nothing half done."""
    await bring(db, asked)

    with pytest.raises(Refusal) as refused:
        await bring(db, asked)

    assert ("wrong-state", 2) == (refused.value.code, await admin.fetchval("select count(*) from papers"))


async def test_one_bad_file_refuses_all(db: Database, asked: Asked, admin: asyncpg.Connection):
    """The firm is told which; the bank has received nothing, and the request still waits."""
    with pytest.raises(Refusal) as refused:
        await bring(db, asked, (*FILES, Upload("宏.xlsx", "", b"PK\x03\x04" + bytes(40))))

    assert ("bad-upload", "宏.xlsx") == (refused.value.code, refused.value.extra["errors"][0]["name"])
    assert 0 == await admin.fetchval("select count(*) from papers")
    async with db.reading(Role.REPORTER) as tx:
        assert (await orders.reading.get_suborder(tx, asked.suborder_id)).suborder["papers_open"] is not None


@pytest.mark.parametrize("files", [11, 4], ids=["too many", "too large together"])
async def test_limits_are_the_policys(db: Database, asked: Asked, files: int):
    """Count and sums come from the edition in force."""
    big = pdf() if files == 11 else b"x" * (8 << 20)

    with pytest.raises(Refusal) as refused:
        await bring(db, asked, tuple(Upload(f"{n}.pdf", "", big) for n in range(files)))

    assert "too-large" == refused.value.code


async def test_nothing_lies_readable_in_the_database(db: Database, asked: Asked, admin: asyncpg.Connection):
    """A dump without the key outside of it tells nothing, not even that it is a PDF."""
    await bring(db, asked)

    sealed = await admin.fetchval("select sealed from papers order by position limit 1")

    assert b"%PDF" not in sealed
    assert len(zlib.compress(sealed)) > len(sealed) * 0.95


@pytest.mark.parametrize("change", ["name = 'x.pdf'", "paper_id = gen_random_uuid()", "subject_id = gen_random_uuid()",
                                    "sealed = sealed || '\\x00'::bytea"])  # fmt: skip
async def test_a_paper_that_was_changed_does_not_open(
    db: Database, asked: Asked, admin: asyncpg.Connection, change: str
):
    """Another name, row, owner or byte: the seal does not fit."""
    await bring(db, asked)
    await admin.execute(f"update papers set {change} where position = 0")
    paper = (await own(db, asked))[0]

    with pytest.raises(Unreadable):
        await opened(db, asked, paper.paper_id, asked.town.owner)


async def test_the_branch_opens_a_paper_and_the_firm_sees_it(db: Database, asked: Asked):
    """Every opening by the bank is a row for the firm, and an audit event; one's own is audited alone."""
    await bring(db, asked)
    paper = (await own(db, asked))[0]

    assert FILES[0].content == await opened(db, asked, paper.paper_id, asked.town.owner)
    assert FILES[0].content == await opened(db, asked, paper.paper_id, asked.bank.clerk)

    async with db.reading(Role.BUSINESS, Scope(asked.town.business_id)) as tx:
        seen = await papers.list_reads(tx, asked.order_id)
    assert [(paper.name, asked.bank.clerk.person_id)] == [(one.name, one.person_id) for one in seen]


async def test_nobody_else_opens_or_sees_a_paper(db: Database, asked: Asked):
    """Another bank of the same order, another branch of the same bank, another firm, the regulator, an operator."""
    await bring(db, asked)
    paper = (await own(db, asked))[0]
    parts = await parts_of(db, asked.order_id)
    strangers = [
        (asked.other.clerk, None),
        (asked.other.clerk, parts[asked.other.bank_id]),
        (replace(asked.bank.clerk, branch_id=uuid4()), None),
        (replace(asked.town.owner, org_id=uuid4()), None),
    ]

    for by, through in strangers:
        with pytest.raises(Refusal) as refused:
            await opened(db, asked, paper.paper_id, by, through)
        assert refused.value.code in ("not-found", "consent-missing")
    for role in (Role.REGULATOR, Role.OPS, Role.WORKER, Role.PUBLIC):
        async with db.reading(role, Scope(asked.town.business_id)) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await papers.list_of_order(tx, asked.order_id)
    async with db.reading(Role.BANK, Scope(asked.other.bank_id)) as tx:
        assert [] == await papers.list_of_order(tx, asked.order_id)


async def test_a_bank_whose_consent_is_taken_back_opens_nothing_more(db: Database, asked: Asked):
    """Papers go the way of the package: with the suborder's end they are closed to the bank, not to the firm."""
    await bring(db, asked)
    paper = (await own(db, asked))[0]
    await act(db, asked.town.owner, lambda tx, by: withdrawals.withdraw_order(tx, asked.order_id, by=by, now=tx.now))

    with pytest.raises(Refusal) as refused:
        await opened(db, asked, paper.paper_id, asked.bank.clerk)

    assert "consent-missing" == refused.value.code
    assert FILES[0].content == await opened(db, asked, paper.paper_id, asked.town.owner)


async def test_an_equal_file_is_noted(db: Database, asked: Asked):
    """Brought twice it is kept twice, and the second says so."""
    await bring(db, asked, (FILES[0], replace(FILES[0], name="又一份.pdf")))

    first, second = await own(db, asked)

    assert (None, first.paper_id) == (first.same_as, second.same_as)


@pytest.mark.parametrize("role", [Role.ACT, Role.BUSINESS, Role.BANK])
@pytest.mark.parametrize("verb", ["update papers set name = 'x'", "delete from papers"])
async def test_papers_are_only_ever_added(db: Database, asked: Asked, role: Role, verb: str):
    """Neither side takes back or changes what was handed over."""
    await bring(db, asked)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(role, Scope(asked.town.business_id, case_id=asked.order_id)) as tx:
            await tx.execute(verb)
