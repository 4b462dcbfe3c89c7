"""Batches on a real database: whole or not at all, once, with a receipt; and what they leave behind."""

import asyncio
import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from app.access.orgs import OrgKind, create_org
from app.credit import lists, records, subjects
from app.credit.ingestion import (
    Broken,
    Fault,
    FileKind,
    Note,
    Receipt,
    get_batch,
    import_file,
    load_batch,
    load_waiting,
    masked_inputs,
    read_receipt,
    store_batch,
    subjects_of_batch,
)
from app.credit.subjects import SubjectKind
from app.infra.db import OUTCOME_UNKNOWN, Database, Role, Scope
from app.kernel.errors import Refusal
from tests.credit.ingestion.dirt import BOUGHT, LIST, MASKED, REGISTRY, SOLD, org_code, uscc
from tests.credit.ingestion.test_sheets import workbook

Bring = Callable[..., object]


@pytest.fixture
def bring(db: Database, tmp_path: Path):
    """Import a text as a file of a kind; return its receipt."""

    async def _bring(kind: FileKind, text: str | bytes, name: str = "f.csv", **options: object) -> Receipt:
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return await import_file(db, kind, file, **options)  # type: ignore[arg-type]

    return _bring


@pytest.fixture
async def banks(db: Database) -> list[UUID]:
    async with db.transaction(Role.OPS) as tx:
        return [(await create_org(tx, OrgKind.BANK, name)).org_id for name in ("甲银行", "乙银行")]


def firm(number: int, name: str = "山城测试有限公司", place: str = "渝中", code: str | None = None) -> str:
    return f"{name},{code or uscc(number)},2019-01-02,N/A,50(万),测试,重庆,{place},渝中区测试路{number}号"


def register(*rows: str) -> str:
    return "\n".join([REGISTRY, *rows]) + "\n"


async def count(admin: asyncpg.Connection, table: str) -> int:
    return await admin.fetchval(f"select count(*) from {table}")


# --- a batch --------------------------------------------------------------------------------------------------------
async def test_a_file_lands_with_a_receipt_for_every_row(db, bring):
    """Read is accepted and quarantined together; each quarantined row stands in the receipt as it came."""
    wrong = uscc(3)[:17] + ("A" if uscc(3)[17] != "A" else "B")
    receipt = await bring(FileKind.REGISTRY, register(firm(1), firm(2, code=uscc(2).lower()), firm(3, code=wrong)))

    batch = receipt.batch
    assert (batch.state, batch.rows_read, batch.rows_accepted, batch.rows_normalised, batch.rows_new) == (
        "landed", 3, 2, 1, 2,
    )  # fmt: skip
    assert receipt.notes == {Note.CODE_LOWER_CASE: 1}
    assert [(r.row_no, r.column, r.original, r.code, r.suggestion) for r in receipt.rejected] == [
        (4, "统一社会信用代码", wrong, Fault.USCC_CHECK, uscc(3))
    ]


async def test_the_same_file_is_the_same_batch_whatever_its_name(db, bring, admin):
    """A provider who is not sure sends again; nothing may come in twice."""
    first = await bring(FileKind.REGISTRY, register(firm(1), "x"))
    again = await bring(FileKind.REGISTRY, register(firm(1), "x"), name="again.csv")

    assert again == first
    assert await count(admin, "batches") == 1


async def test_a_refused_file_leaves_not_a_row_and_says_why(db, bring, admin):
    """Half a file would be taken for the whole of it."""
    good = register(*[firm(n) for n in range(1, 400)]).encode()
    receipt = await bring(FileKind.REGISTRY, gzip.compress(good)[:-12], name="f.csv.gz")

    assert (receipt.batch.state, receipt.batch.refusal) == ("refused", Broken.BAD_ARCHIVE)
    assert await count(admin, "subjects") == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("企业名称,注册日期\n山城,2019-01-02\n", Broken.WRONG_HEADER),
        (REGISTRY + "\n", Broken.NO_ROWS),
        ("\n\n", Broken.EMPTY),
        (b"\x89PNG\x00", Broken.NOT_A_TABLE),
    ],
)
async def test_a_file_that_is_none_of_its_kind_is_refused_whole(bring, text, why):
    """The clear problem is the whole answer: the same bytes will not read better another time."""
    receipt = await bring(FileKind.REGISTRY, text)

    assert (receipt.batch.state, receipt.batch.refusal) == ("refused", why)


async def test_a_title_above_the_header_and_the_header_again_are_no_rows(bring):
    """Official lists have a title; scans repeat the header on each page."""
    text = f"重庆市登记名单,,,,,,,,\n（2019年）,,,,,,,,\n{register(firm(1))}{REGISTRY}\n{firm(2)}\n"

    receipt = await bring(FileKind.REGISTRY, text)

    assert (receipt.batch.rows_read, receipt.batch.rows_accepted) == (2, 2)


FIRMS = [["企业代号", "企业名称"], ["E1", "***公司"], ["E2", "***厂"]]
BOUGHT_SHEET = [BOUGHT.split(","), ["E1", "1", "2020/1/5", "A1", 100.5, 0, 100.5, "有效发票"]]
SOLD_SHEET = [SOLD.split(","), ["E1", "2", date(2020, 1, 6), "B1", 100.5, 0, 100.5, "有效发票"]]


async def test_a_workbook_of_several_tables_gives_the_one_that_is_asked_for(bring, banks):
    """Firms and their invoices come as sheets of one file; what is passed over is named."""
    firms = await bring(FileKind.MASKED, workbook(FIRMS, SOLD_SHEET), name="a.xlsx", bank_id=banks[0])
    sold_ones = await bring(FileKind.INVOICES, workbook(FIRMS, SOLD_SHEET), name="a.xlsx", bank_id=banks[0])
    both = await bring(FileKind.INVOICES, workbook(FIRMS, BOUGHT_SHEET, SOLD_SHEET), name="b.xlsx", bank_id=banks[0])

    assert (firms.batch.rows_accepted, firms.batch.rows_quarantined, firms.batch.extra_columns) == (2, 0, "工作表：s1")
    assert (sold_ones.batch.rows_new, sold_ones.batch.extra_columns) == (1, "工作表：s0")
    assert (both.batch.refusal, both.batch.refusal_where) == (Broken.DIRECTION_UNCLEAR, "s2")


async def test_a_list_goes_on_on_the_next_sheet(bring, banks):
    """With the header again, in another order of columns, or without any."""
    turned = [[row[1], row[0]] for row in [FIRMS[0], ["E3", "***店"]]]
    receipt = await bring(FileKind.MASKED, workbook(FIRMS, turned, [["***行", "E4"]]), name="a.xlsx", bank_id=banks[0])

    assert (receipt.batch.rows_accepted, receipt.batch.rows_quarantined) == (4, 0)


async def test_rows_of_another_shape_are_quarantined_whole(bring):
    """A value with a bare comma would shift all that follow it."""
    receipt = await bring(FileKind.REGISTRY, register(firm(1) + ",多一格", "山城,只有两格", firm(2) + ",", firm(3)))

    assert receipt.faults == {Fault.CELL_COUNT: 2}
    assert receipt.batch.rows_accepted == 2


async def test_the_same_subject_twice_in_a_file_is_taken_once(bring):
    """Which of two rows is right, nobody here can say; the first counts and the second is shown."""
    receipt = await bring(FileKind.REGISTRY, register(firm(1), firm(1, name="另一名称有限公司")))

    assert receipt.faults == {Fault.REPEATED: 1}
    assert receipt.rejected[0].row_no == 3


async def test_nothing_is_in_force_before_the_commit_and_progress_shows(db, bring, admin):
    """Whoever looks meanwhile sees how far it is, and not a subject of it."""
    seen = []

    def look(rows_read: int) -> None:
        seen.append(rows_read)

    text = register(*[firm(n) for n in range(1, 12_002)])
    async with db.transaction(Role.LOADER) as tx:
        batch = await store_batch(tx, FileKind.REGISTRY, "f.csv", text.encode(), now=tx.now)
    loading = asyncio.create_task(load_batch(db, batch.batch_id, progress=look))
    while not await count(admin, "batch_progress"):
        assert not loading.done()
        await asyncio.sleep(0.005)
    async with db.reading(Role.REGULATOR) as tx:
        before, rows_read = await get_batch(tx, batch.batch_id)
        known = await tx.value("select count(*) from subjects")
    await loading

    assert (before.state, before.in_force, known) == ("stored", False, 0)
    assert rows_read >= 10_000
    assert seen == [10_000, 12_001]
    assert await count(admin, "subjects") == 12_001


async def test_a_killed_load_leaves_no_row_and_is_loaded_again(db, bring, admin):
    """The connection is cut in the middle; the batch waits as if nothing had happened, and nothing has."""
    text = register(*[firm(n) for n in range(1, 12_002)])
    async with db.transaction(Role.LOADER) as tx:
        batch = await store_batch(tx, FileKind.REGISTRY, "f.csv", text.encode(), now=tx.now)
    loading = asyncio.create_task(load_batch(db, batch.batch_id))
    while not await count(admin, "batch_progress"):
        await asyncio.sleep(0.002)
    await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename like '%\\_loader'")
    with pytest.raises((*OUTCOME_UNKNOWN, asyncpg.AdminShutdownError)):
        await loading
    left = [await count(admin, table) for table in ("subjects", "rejected_rows", "batch_counts", "batch_subjects")]
    loaded = await load_waiting(db)

    assert left == [0, 0, 0, 0]
    assert loaded == 1
    assert await count(admin, "subjects") == 12_001


async def test_two_loaders_load_a_batch_once(db):
    """A second worker passes over what the first has in hand."""
    text = register(*[firm(n) for n in range(1, 3_000)])
    async with db.transaction(Role.LOADER) as tx:
        batch = await store_batch(tx, FileKind.REGISTRY, "f.csv", text.encode(), now=tx.now)

    done = await asyncio.gather(*(load_batch(db, batch.batch_id) for _ in range(2)))

    assert sorted(done) == [False, True]


async def test_what_landed_is_told_once(db, bring, admin):
    """Grades and branches follow from events, so a batch that is in force must have told."""
    receipt = await bring(FileKind.OUTLETS, register(firm(1), firm(2)))

    kinds = await admin.fetch("select kind from outbox where stream_id = $1 order by seq", receipt.batch.batch_id)
    assert [row["kind"] for row in kinds] == ["BatchStored", "BatchLanded", "OutletsLanded"]
    async with db.reading(Role.WORKER) as tx:
        outlets = await subjects.outlet_rows(tx, receipt.batch.batch_id)
        assert {one.uscc for one in outlets} == {uscc(1), uscc(2)}
        assert await subjects_of_batch(tx, receipt.batch.batch_id) == sorted(one.subject_id for one in outlets)


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        (FileKind.MASKED, {}, "malformed-field"),
        (FileKind.LIST, {}, "malformed-field"),
        (FileKind.LIST, {"list_kind": "nowhere"}, "policy-missing"),
        (FileKind.REGISTRY, {"list_kind": "joint"}, "malformed-field"),
    ],
)
async def test_a_file_without_its_particulars_is_not_stored(db, kind, options, code):
    """A masked file belongs to a bank, a list is of a kind; neither is guessed."""
    with pytest.raises(Refusal) as refused:
        async with db.transaction(Role.LOADER) as tx:
            await store_batch(tx, kind, "f.csv", b"x", now=tx.now, **options)

    assert refused.value.code == code


async def test_a_provider_sees_its_own_batches_and_no_other(db, bring):
    """Two departments hand in files; neither learns what the other did."""
    async with db.transaction(Role.OPS) as tx:
        orgs = [(await create_org(tx, OrgKind.DEPARTMENT, name)).org_id for name in ("甲局", "乙局")]
    batches = []
    for org_id in orgs:
        async with db.transaction(Role.OPS, Scope(org_id=org_id)) as tx:
            text = register(firm(1)).encode()
            batches.append(await store_batch(tx, FileKind.REGISTRY, "f.csv", text, now=tx.now, provider_id=org_id))
    await load_waiting(db)

    async with db.reading(Role.OPS, Scope(org_id=orgs[0])) as tx:
        own = await read_receipt(tx, batches[0].batch_id)
        with pytest.raises(Refusal) as refused:
            await read_receipt(tx, batches[1].batch_id)
    assert own.batch.state == "landed"
    assert refused.value.code == "not-found"


async def test_a_refused_file_is_tried_again_when_it_comes_again(db, bring, banks):
    """Invoices that came before their firms are refused whole; once the firms are there, the same file lands."""
    text = "\n".join([SOLD, sold(1)])
    first = await bring(FileKind.INVOICES, text, bank_id=banks[0])
    await bring(FileKind.MASKED, f"{MASKED}\nE1,***公司,A,否\n", bank_id=banks[0])
    again = await bring(FileKind.INVOICES, text, bank_id=banks[0])

    assert (first.batch.state, first.batch.refusal) == ("refused", Broken.NO_FIRM_KNOWN)
    assert (again.batch.batch_id, again.batch.state, again.batch.rows_new) == (first.batch.batch_id, "landed", 1)


# --- registers ------------------------------------------------------------------------------------------------------
async def test_a_changed_name_is_kept_beside_the_old_one(db, bring):
    """Names change, codes do not; a reader of an old paper must find the firm."""
    await bring(FileKind.REGISTRY, register(firm(1, name="旧名称有限公司")))
    await bring(FileKind.REGISTRY, register(firm(1, name="新名称有限公司", place="渝北")))

    async with db.reading(Role.REGULATOR) as tx:
        subject = await subjects.find_by_uscc(tx, uscc(1).lower())
        history = await subjects.name_history(tx, subject.subject_id)
    assert (subject.name, subject.district_code) == ("新名称有限公司", "500112")
    assert [name for name, _ in history] == ["旧名称有限公司", "新名称有限公司"]


async def test_a_file_of_an_older_day_changes_nothing(db):
    """Archives are handed in late; what is newer stays."""
    for name, as_of_on in (("新名称有限公司", date(2020, 1, 1)), ("旧名称有限公司", date(2019, 1, 1))):
        async with db.transaction(Role.LOADER) as tx:
            text = register(firm(1, name=name)).encode()
            await store_batch(tx, FileKind.REGISTRY, "f.csv", text, now=tx.now, as_of_on=as_of_on)
        await load_waiting(db)

    async with db.reading(Role.REGULATOR) as tx:
        assert (await subjects.find_by_uscc(tx, uscc(1))).name == "新名称有限公司"


# --- lists ----------------------------------------------------------------------------------------------------------
def entry(number: int, *, org: str | None = None, code: str | None = None, why: str = "失信被执行人名单") -> str:
    codes = (org_code(number) if org is None else org, uscc(number) if code is None else code)
    return ",".join([f"山城{number}有限公司", "500103000012345", *codes, why])


async def test_an_entry_finds_its_subject_by_the_code_or_by_the_organisation_code(db, bring):
    """Where the USCC is missing, the organisation code equals its places 9-17."""
    await bring(FileKind.REGISTRY, register(firm(1), firm(2), firm(3)))
    await bring(FileKind.LIST, "\n".join([LIST, entry(1), entry(2, code=""), entry(9)]), list_kind="joint")

    async with db.reading(Role.REGULATOR) as tx:
        found = {}
        for number in (1, 2, 3):
            subject = await subjects.find_by_uscc(tx, uscc(number))
            found[number] = [one.matched_by for one in await lists.entries_of(tx, subject.subject_id, as_of=tx.now)]
        waiting = await lists.waiting(tx, "joint")
    assert found == {1: ["uscc"], 2: ["org_code"], 3: []}
    assert [one.uscc for one in waiting] == [uscc(9)]


async def test_an_entry_waits_for_its_subject(db, bring):
    """A list often comes before the register; the accusation must not be lost with it."""
    await bring(FileKind.LIST, "\n".join([LIST, entry(1, code=""), entry(2)]), list_kind="joint")
    receipt = await bring(FileKind.REGISTRY, register(firm(1), firm(2)))

    async with db.reading(Role.WORKER) as tx:
        assert await lists.waiting(tx, "joint") == []
        assert len(await subjects_of_batch(tx, receipt.batch.batch_id)) == 2
        for number in (1, 2):
            subject = await subjects.find_by_uscc(tx, uscc(number))
            assert len(await lists.entries_of(tx, subject.subject_id, as_of=tx.now)) == 1


async def test_the_same_entry_of_a_later_file_is_the_same_entry(db, bring, admin):
    """Lists are published again and again with most of their entries."""
    await bring(FileKind.LIST, "\n".join([LIST, entry(1)]), list_kind="joint")
    receipt = await bring(FileKind.LIST, "\n".join([LIST, entry(1), entry(1), entry(2)]), list_kind="joint")

    assert (receipt.batch.rows_new, receipt.faults) == (1, {Fault.REPEATED: 1})
    assert await count(admin, "list_entries") == 2


async def test_an_ended_entry_stands_no_more(db, bring):
    """Removed from the list, it is kept and no longer in force."""
    await bring(FileKind.REGISTRY, register(firm(1)))
    await bring(FileKind.LIST, "\n".join([LIST, entry(1)]), list_kind="joint")
    async with db.transaction(Role.OPS) as tx:
        subject = await subjects.find_by_uscc(tx, uscc(1))
        [one] = await lists.entries_of(tx, subject.subject_id, as_of=tx.now)
        before = one.stands(tx.now)
        await lists.end_entry(tx, one.entry_id, "已履行", now=tx.now)
        [one] = await lists.entries_of(tx, subject.subject_id, as_of=tx.now)
        after = one.stands(tx.now)

    assert (before, after) == (True, False)


# --- masked firms and invoices --------------------------------------------------------------------------------------
def sold(
    number: int, *, key: str = "E1", day: str = "2020/1/5", amount: str = "100.0", status: str = "有效发票"
) -> str:
    return f"{key},{number},{day},B1,{amount},0.0,{amount},{status}"


async def test_masked_firms_belong_to_one_bank_with_its_own_ratings(db, bring, banks):
    """Two banks may use the same number for two firms; a rating is the word of the bank that gave it."""
    receipts = [
        await bring(FileKind.MASKED, f"{MASKED}\nE1,***公司,{rating},否\nE2,***厂,,是\n", bank_id=bank_id)
        for bank_id, rating in zip(banks, "AD", strict=True)
    ]

    async with db.reading(Role.WORKER) as tx:
        inputs = [await masked_inputs(tx, receipt.batch.batch_id) for receipt in receipts]
        found = [await subjects.find_by_customer(tx, bank_id, "E1") for bank_id in banks]
    assert [[(i.customer_no, i.bank_rating, i.defaulted) for i in one] for one in inputs] == [
        [("E1", "A", False), ("E2", None, True)],
        [("E1", "D", False), ("E2", None, True)],
    ]
    assert [one.kind for one in found] == [SubjectKind.MASKED] * 2
    assert found[0].subject_id != found[1].subject_id


async def test_a_bank_sees_its_own_masked_firms_only(db, bring, banks):
    """The customer list of a bank is nobody else's business."""
    await bring(FileKind.MASKED, f"{MASKED}\nE1,***公司,A,否\n", bank_id=banks[0])

    seen = []
    for bank_id in banks:
        async with db.reading(Role.BANK, Scope(org_id=bank_id)) as tx:
            seen.append(await subjects.find_by_customer(tx, banks[0], "E1") is not None)
    async with db.reading(Role.PUBLIC) as tx:
        seen.append(await subjects.find_by_customer(tx, banks[0], "E1") is not None)
    assert seen == [True, False, False]


async def test_invoices_name_firms_within_the_bank_of_the_file(db, bring, banks):
    """E1 of one bank is not E1 of another; a number that nobody has is shown, not dropped."""
    for bank_id in banks:
        await bring(FileKind.MASKED, f"{MASKED}\nE1,***公司,A,否\n", bank_id=bank_id)
    receipt = await bring(FileKind.INVOICES, "\n".join([SOLD, sold(1), sold(2, key="E7")]), bank_id=banks[1])

    async with db.reading(Role.WORKER) as tx:
        figures = []
        for bank_id in banks:
            subject = await subjects.find_by_customer(tx, bank_id, "E1")
            found = await records.features_at(tx, subject.subject_id, as_of=tx.now)
            figures.append(found and found.turnover_12m_fen)
    assert figures == [None, 10_000]
    assert [(r.row_no, r.original, r.code) for r in receipt.rejected] == [(3, "E7", Fault.FIRM_UNKNOWN)]


async def test_invoices_may_name_a_firm_by_its_code(db, bring):
    """Other providers know firms by their codes."""
    await bring(FileKind.REGISTRY, register(firm(1)))
    await bring(FileKind.INVOICES, "\n".join([SOLD, sold(1, key=uscc(1).lower())]))

    async with db.reading(Role.WORKER) as tx:
        subject = await subjects.find_by_uscc(tx, uscc(1))
        assert (await records.features_at(tx, subject.subject_id, as_of=tx.now)).turnover_12m_fen == 10_000


async def test_the_same_invoice_counts_once_and_void_wins(db, bring, banks):
    """A row that comes twice would double the turnover; of two statuses the careful one counts."""
    await bring(FileKind.MASKED, f"{MASKED}\nE1,***公司,A,否\n", bank_id=banks[0])
    text = "\n".join(
        [
            SOLD, sold(1), sold(1),  # the same invoice twice
            sold(2), sold(2, day="2020/1/6"),  # the same number on two days: two invoices
            sold(3), sold(3, status=" 作废发票"),  # one invoice, two statuses
        ]
    )  # fmt: skip

    receipt = await bring(FileKind.INVOICES, text, bank_id=banks[0])

    async with db.reading(Role.WORKER) as tx:
        subject = await subjects.find_by_customer(tx, banks[0], "E1")
        found = await records.features_at(tx, subject.subject_id, as_of=tx.now)
    assert receipt.faults == {Fault.REPEATED: 1, Fault.STATUS_CONFLICT: 1}
    assert (found.turnover_12m_fen, found.sold_count_12m, found.void_count_12m) == (30_000, 4, 1)


async def test_a_later_file_may_void_an_invoice_and_an_earlier_report_stays_as_it_was(db, bring, banks):
    """Figures are kept per instant of knowing: what was known then was three sales, what is known now is two."""
    await bring(FileKind.MASKED, f"{MASKED}\nE1,***公司,A,否\n", bank_id=banks[0])
    await bring(FileKind.INVOICES, "\n".join([SOLD, sold(1), sold(2), sold(3)]), bank_id=banks[0])
    async with db.reading(Role.WORKER) as tx:
        then = tx.now
    receipt = await bring(FileKind.INVOICES, "\n".join([SOLD, sold(3, status="作废发票"), sold(1)]), bank_id=banks[0])

    async with db.reading(Role.WORKER) as tx:
        subject = await subjects.find_by_customer(tx, banks[0], "E1")
        known = [await records.features_at(tx, subject.subject_id, as_of=at) for at in (then, tx.now)]
    assert [one.turnover_12m_fen for one in known] == [30_000, 20_000]
    assert receipt.batch.rows_new == 1


async def test_a_firm_sees_its_own_figures_and_no_other_firms(db, bring):
    """A firm looks at itself without anybody's consent, and at nobody else."""
    await bring(FileKind.REGISTRY, register(firm(1), firm(2)))
    text = "\n".join([BOUGHT, *(sold(n, key=uscc(n)) for n in (1, 2))])
    await bring(FileKind.INVOICES, text)
    async with db.transaction(Role.OPS) as tx:
        ids = [(await subjects.find_by_uscc(tx, uscc(n))).subject_id for n in (1, 2)]
        org = await create_org(tx, OrgKind.BUSINESS, "山城测试有限公司", subject_id=ids[0])

    async with db.reading(Role.BUSINESS, Scope(org_id=org.org_id)) as tx:
        seen = [await records.features_at(tx, one, as_of=tx.now) is not None for one in ids]
        rows = await tx.value("select count(distinct subject_id) from invoices")
    assert (seen, rows) == ([True, False], 1)


async def test_the_direction_of_the_header_decides(db, bring):
    """What a firm bought is no turnover."""
    await bring(FileKind.REGISTRY, register(firm(1)))
    await bring(FileKind.INVOICES, "\n".join([BOUGHT, sold(1, key=uscc(1))]))

    async with db.reading(Role.WORKER) as tx:
        subject = await subjects.find_by_uscc(tx, uscc(1))
        found = await records.features_at(tx, subject.subject_id, as_of=tx.now)
    assert (found.turnover_12m_fen, found.purchases_12m_fen, found.void_share_ppm) == (0, 10_000, None)
