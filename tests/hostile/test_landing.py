"""Hostile and clumsy files on a real database: nothing twice, nothing half, and no person's number anywhere in it."""

import gzip
import random
from pathlib import Path

import asyncpg
import pytest

from app.access.orgs import OrgKind, create_org
from app.credit import records, subjects
from app.credit.ingestion import Fault, FileKind, Receipt, import_file, load_waiting, store_batch
from app.credit.ingestion.service.sheets import BrokenFile, open_sheet
from app.infra.db import Database, Role
from tests.credit.ingestion.dirt import uscc
from tests.hostile.files import LIST_HEAD, REGISTER_HEAD, SOLD_HEAD, entry, firm, sale, text, workbook

PERSON = "11010519491231002X"  # The example of the standard; nobody's.


class Desk:
    """Somebody who imports files."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.folder = db, folder

    async def bring(self, kind: FileKind, content: str | bytes, name: str = "f.csv", **options: object) -> Receipt:
        file = self.folder / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return await import_file(self.db, kind, file, **options)  # type: ignore[arg-type]


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    return Desk(db, tmp_path)


async def everything(admin: "asyncpg.Connection[asyncpg.Record]") -> str:
    """The content of every table of the database as text."""
    tables = await admin.fetch("select format('%I', tablename) as name from pg_tables where schemaname = 'public'")
    return "\n".join(
        [str([tuple(row.values()) for row in await admin.fetch(f"select * from {t['name']}")]) for t in tables]
    )


async def test_the_same_bytes_and_the_same_rows_in_another_order_bring_nothing_new(desk: Desk, admin) -> None:
    """A provider who is not sure sends again, sorted or not, renamed or packed."""
    rows = [firm(number) for number in range(1, 40)]
    first = await desk.bring(FileKind.REGISTRY, text(REGISTER_HEAD, *rows))
    again = await desk.bring(FileKind.REGISTRY, text(REGISTER_HEAD, *rows), name="again.csv")
    turned = await desk.bring(FileKind.REGISTRY, text(REGISTER_HEAD, *reversed(rows)))
    packed = await desk.bring(FileKind.REGISTRY, gzip.compress(text(REGISTER_HEAD, *rows).encode()), name="p.csv.gz")

    assert (first.batch.rows_new, again.batch.batch_id) == (39, first.batch.batch_id)
    assert (turned.batch.rows_new, turned.batch.rows_accepted, packed.batch.rows_new) == (0, 39, 0)
    assert await admin.fetchval("select count(*) from subject_names") == 39


@pytest.mark.parametrize(
    ("kind", "content", "options"),
    [
        (FileKind.REGISTRY, text(REGISTER_HEAD, firm(code=PERSON), firm(2)), {}),
        (FileKind.REGISTRY, text(REGISTER_HEAD, firm(address=f"张三{PERSON}"), firm(2)), {}),
        (FileKind.LIST, text(LIST_HEAD, entry(code=PERSON), entry()), {"list_kind": "joint"}),
        (FileKind.LIST, text(LIST_HEAD, entry(reg=PERSON.lower(), code=""), entry()), {"list_kind": "joint"}),
        (FileKind.LIST, text(LIST_HEAD, entry(name=f"李四（{PERSON}）"), entry()), {"list_kind": "joint"}),
    ],
    ids=["code", "address", "list", "registration number", "name"],
)
async def test_a_citizen_id_is_stored_nowhere(desk: Desk, admin, kind, content, options) -> None:
    """Not in a table, not in the receipt, and the file that held it is not kept; its other rows are in force."""
    receipt = await desk.bring(kind, content, **options)

    held = (await everything(admin)).lower()
    assert (receipt.batch.rows_accepted, receipt.faults) == (1, {Fault.PERSON_IDENTIFIER: 1})
    assert PERSON[6:17] not in held
    assert PERSON[6:17] not in str(receipt.document())


async def test_a_hundred_thousand_rows_land_and_every_bad_one_is_told(desk: Desk, admin) -> None:
    """A whole year of a register, one row in fifty with a code that fails."""
    rows = [
        firm(number, code=uscc(number)[:-1] + "I") if number % 50 == 0 else firm(number) for number in range(100_000)
    ]

    receipt = await desk.bring(FileKind.REGISTRY, text(REGISTER_HEAD, *rows))

    assert (receipt.batch.rows_read, receipt.batch.rows_new, len(receipt.rejected)) == (100_000, 98_000, 2_000)
    assert await admin.fetchval("select count(*) from subjects") == 98_000


async def test_a_text_of_another_kind_is_refused_whole_and_leaves_nothing(desk: Desk, admin) -> None:
    """Half a wrong file in force would be worse than none."""
    for name, content in (
        ("page.xlsx", b"<html><body><table><tr><td>x</td></tr></table>"),
        ("paper.csv", b"%PDF-1.7"),
        ("list.xlsx", workbook([["企业名称"], ["山城"]])),
        ("head.csv", REGISTER_HEAD.encode()),
    ):
        receipt = await desk.bring(FileKind.REGISTRY, content, name=name)
        assert (receipt.batch.state, receipt.document()["refusal"]["zh"] != "") == ("refused", True)

    assert await admin.fetchval("select count(*) from subjects") == 0


def test_an_archive_of_nothing_but_one_line_stops_at_its_limit() -> None:
    """A thousand to one: read until the limit, in pieces, never as a whole."""
    content = gzip.compress((REGISTER_HEAD + "\n").encode() + b"x,y\n" * 1_000_000)

    with pytest.raises(BrokenFile) as refused:
        list(open_sheet(content, unpacked_max=1 << 20).lines)

    assert refused.value.why.value == "bomb"


async def test_another_firms_invoices_in_other_spellings_make_the_same_figures(desk: Desk, db: Database) -> None:
    """Two firms, the same business, one file plain and one as a workbook's Unicode text with ￥ and void spellings."""
    async with db.transaction(Role.OPS) as tx:
        bank_id = (await create_org(tx, OrgKind.BANK, "甲银行")).org_id
    await desk.bring(FileKind.MASKED, text("企业代号,企业名称", "K1,***公司", "K2,***厂"), bank_id=bank_id)
    plain = [sale(firm="K1", number=str(n)) for n in range(1, 9)]
    plain += [sale(firm="K1", number="9", status="作废发票"), sale(firm="K1", number="7")]
    odd = [sale(firm="k2".upper(), number=f"{n}.0", amount="￥9401.71", day="2017年8月4日") for n in range(1, 9)]
    odd += [sale(firm="K2", number="0009", status=" 已作废"), sale(firm="K2", number="7", tax="1598.2900000000002")]
    await desk.bring(FileKind.INVOICES, text(SOLD_HEAD, *plain), bank_id=bank_id)
    second = await desk.bring(
        FileKind.INVOICES, text(SOLD_HEAD, *odd).replace(",", "\t").encode("utf-16"), name="u.txt", bank_id=bank_id
    )

    figures = []
    async with db.reading(Role.WORKER) as tx:
        for number in ("K1", "K2"):
            subject = await subjects.find_by_customer(tx, bank_id, number)
            assert subject is not None
            found = await records.features_at(tx, subject.subject_id, as_of=tx.now)
            assert found is not None
            figures.append((found.turnover_12m_fen, found.sold_count_12m, found.void_count_12m))
    assert second.faults == {Fault.REPEATED: 1}
    assert figures == [figures[0]] * 2
    assert figures[0][0] == 8 * 940_171


def unlike(length: int, seed: int) -> str:
    """Text that does not compress: an index must take it as it is."""
    dice = random.Random(seed)
    return "".join(chr(dice.randrange(0x4E00, 0x9FA0)) for _ in range(length))


LONG_HEAD = "企业名称,统一社会信用代码,失信领域,主要违法事实,文号"


@pytest.mark.parametrize("length", [900, 4_000, 30_000])
async def test_a_long_cell_stops_no_load(desk: Desk, admin, length: int) -> None:
    """Tax lists tell the whole story in one cell; an index has room for 2,700 bytes of it."""
    rows = [f"山城{n}有限公司,{uscc(n)},重大税收违法,{unlike(length, n)},渝税{n}" for n in (1, 2)]
    listed = await desk.bring(FileKind.LIST, text(LONG_HEAD, *rows, rows[0]), list_kind="joint")
    named = await desk.bring(FileKind.REGISTRY, text(REGISTER_HEAD, firm(1, name=unlike(length, 3)), firm(2)))
    placed = await desk.bring(
        FileKind.REGISTRY, text(REGISTER_HEAD, firm(3, address=unlike(length, 4), scope=unlike(length, 5)))
    )
    waiting = await desk.bring(
        FileKind.LIST, text(LIST_HEAD, entry(name=unlike(length, 6), reg=unlike(length, 7), code="")), list_kind="joint"
    )

    assert (listed.batch.rows_new, listed.faults) == (2, {Fault.REPEATED: 1})
    assert "landed" == named.batch.state == placed.batch.state == waiting.batch.state
    assert {Fault.NAME_TOO_LONG: 1} == named.faults == waiting.faults
    assert 1 == placed.batch.rows_accepted


async def test_what_the_database_cannot_hold_refuses_its_file_and_holds_up_no_other(desk: Desk, db: Database) -> None:
    """Each invoice is possible, their sum is more money than there is; the file that waits behind it is loaded."""
    async with db.transaction(Role.OPS) as tx:
        bank_id = (await create_org(tx, OrgKind.BANK, "甲银行")).org_id
    await desk.bring(FileKind.MASKED, text("企业代号,企业名称", "K1,***公司"), bank_id=bank_id)
    most = {"amount": "9999999999999.99", "tax": "0", "total": "9999999999999.99"}
    rows = [sale(firm="K1", number=str(n), **most) for n in range(1, 9_501)]
    files = (
        (FileKind.INVOICES, text(SOLD_HEAD, *rows), bank_id),
        (FileKind.REGISTRY, text(REGISTER_HEAD, firm()), None),
    )
    async with db.transaction(Role.LOADER) as tx:
        for kind, content, bank in files:
            await store_batch(tx, kind, "f.csv", content.encode(), now=tx.now, bank_id=bank)

    loaded = await load_waiting(db)

    async with db.reading(Role.REGULATOR) as tx:
        states = await tx.fetch("select state, refusal from batches where kind <> 'masked' order by batch_id")
    assert 2 == loaded
    assert [("refused", "not_storable"), ("landed", None)] == [tuple(row) for row in states]
