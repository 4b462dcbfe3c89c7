"""A profile is the load itself, taken back; a person decides, and may stop a load before it is in force."""

import asyncio
import csv
import gzip
import io
from uuid import UUID

import asyncpg
import pytest

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.credit.ingestion import FileKind, service
from app.credit.ingestion.rules.receipts import Batch
from app.credit.ingestion.service.exports import receipt_csv, receipt_xlsx
from app.credit.ingestion.service.recognising import recognise
from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from tests.credit.ingestion.dirt import BOUGHT, LIST, REGISTRY, uscc
from tests.web.app_for_tests import make_org, make_seat

REST = "2019-01-02,有限责任公司,100万元,测试,重庆,渝中区,渝中区一路"


def register(*rows: str) -> bytes:
    return "\n".join((REGISTRY, *rows)).encode()


DIRTY = register(
    f"示例甲有限公司,{uscc(1)},{REST}",
    f"示例乙有限公司,{uscc(2).lower()},{REST}",
    f"示例丙有限公司,,{REST}",
    f"示例丁有限公司,{uscc(1)},{REST}",
    f"示例戊有限公司,{uscc(3)},{REST.replace('渝中区,', '渝北新区,')}",
)


@pytest.fixture
async def officer(db: Database) -> Seat:
    return await make_seat(db, SeatRole.DATA_OFFICER, await make_org(db, OrgKind.DEPARTMENT), login="xy-officer")


def scope(seat: Seat) -> Scope:
    return Scope(org_id=seat.org_id, actor_id=seat.person_id)


async def offer(db: Database, by: Seat, content: bytes, name: str = "登记.csv") -> Batch:
    async with db.transaction(Role.OPS, scope(by)) as tx:
        return await service.store_batch(
            tx, FileKind.REGISTRY, name, content, now=tx.now, provider_id=by.org_id, offer=True
        )


async def batch_of(db: Database, batch_id: UUID) -> Batch:
    async with db.reading(Role.LOADER) as tx:
        return (await service.get_batch(tx, batch_id))[0]


async def test_a_profile_says_what_the_load_then_does(db: Database, officer: Seat):
    """Rows, new ones, notes and causes are the same figures, repeats within the file included."""
    batch = await offer(db, officer, DIRTY)

    await service.profile_batch(db, batch.batch_id)
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        profile = await service.read_profile(tx, batch)
        await service.accept_batch(tx, batch.batch_id)
    await service.load_waiting(db)
    async with db.reading(Role.OPS, scope(officer)) as tx:
        receipt = await service.read_receipt(tx, batch.batch_id)

    assert profile is not None
    loaded = receipt.batch
    assert (profile.rows_read, profile.rows_accepted, profile.rows_normalised, profile.rows_new) == (
        loaded.rows_read, loaded.rows_accepted, loaded.rows_normalised, loaded.rows_new,
    )  # fmt: skip
    assert profile.faults == {fault.value: rows for fault, rows in receipt.faults.items()}
    assert profile.notes == {note.value: rows for note, rows in receipt.notes.items()}
    assert profile.faults == {"uscc_missing": 1, "repeated": 1, "place_unknown": 1}


async def test_a_profile_brings_nothing_into_force(db: Database, officer: Seat, admin: asyncpg.Connection):
    """It does all that a load does, and leaves nothing of it."""
    batch = await offer(db, officer, DIRTY)

    await service.profile_batch(db, batch.batch_id)

    left = [
        await admin.fetchval(f"select count(*) from {table}")
        for table in ("subjects", "rejected_rows", "batch_counts", "batch_subjects", "subject_names")
    ]
    assert (left, (await batch_of(db, batch.batch_id)).state) == ([0] * 5, "offered")


async def test_nothing_loads_an_offered_file_by_itself(db: Database, officer: Seat):
    """The worker waits for the person."""
    batch = await offer(db, officer, DIRTY)
    await service.profile_waiting(db)

    loaded = await service.load_waiting(db)

    assert (loaded, (await batch_of(db, batch.batch_id)).state) == (0, "offered")


async def test_samples_show_each_fate_and_nothing_personal(db: Database, officer: Seat):
    """Of tidied rows what they become; names of people, mobile numbers and citizen ids masked; unknown columns not."""
    head, *rows = DIRTY.decode().splitlines()
    rows.append(f"张三丰,{uscc(4, begins='92')},{REST.replace('渝中区一路', '渝中区一路 13800000000')}")
    content = "\n".join([head + ",联系人", *(f"{row},李四" for row in rows)]).encode()
    batch = await offer(db, officer, content)

    await service.profile_batch(db, batch.batch_id)
    async with db.reading(Role.OPS, scope(officer)) as tx:
        profile = await service.read_profile(tx, batch)

    assert profile is not None
    fates = {one["row_no"]: (one["fate"], one["codes"]) for one in profile.samples}
    assert fates == {
        2: ("accepted", []),
        3: ("normalised", ["code_lower_case"]),
        4: ("quarantined", ["uscc_missing"]),
        5: ("quarantined", ["repeated"]),
        6: ("quarantined", ["place_unknown"]),
        7: ("accepted", []),
    }
    cells = {name: (was, becomes) for name, was, becomes in profile.samples[1]["cells"]}
    assert cells["uscc"] == (uscc(2).lower(), uscc(2))
    shown = str(profile.samples)
    assert not any(secret in shown for secret in ("张三丰", "13800000000", "李四"))
    assert [one["title"] for one in profile.columns if one["state"] == "unused"] == ["联系人"]


async def test_a_broken_file_is_refused_by_its_profile(db: Database, officer: Seat):
    """Nobody is asked whether to load what cannot be read."""
    batch = await offer(db, officer, b"not,a,register\n1,2,3\n")

    await service.profile_batch(db, batch.batch_id)

    found = await batch_of(db, batch.batch_id)
    assert (found.state, found.refusal) == ("refused", "wrong_header")


async def test_a_discarded_file_is_forgotten_with_its_key_and_may_come_again(
    db: Database, officer: Seat, admin: asyncpg.Connection
):
    """Backups hold nothing that opens; the same file later is the same batch."""
    batch = await offer(db, officer, DIRTY)
    await service.profile_batch(db, batch.batch_id)
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        await service.discard_batch(tx, batch.batch_id, by=officer, now=tx.now)
    left = [await admin.fetchval(f"select count(*) from {table}") for table in ("batch_files", "data_keys")]

    again = await offer(db, officer, DIRTY)
    await service.profile_batch(db, again.batch_id)

    assert (left, again.batch_id, again.state) == ([0, 0], batch.batch_id, "offered")


async def test_a_waiting_load_is_stopped_and_waits_for_a_decision(db: Database, officer: Seat):
    """Nothing is in force; the profile is still there."""
    batch = await offer(db, officer, DIRTY)
    await service.profile_batch(db, batch.batch_id)
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        await service.accept_batch(tx, batch.batch_id)
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        stopped = await service.cancel_batch(tx, batch.batch_id, by=officer, now=tx.now)

    loaded = await service.load_waiting(db)

    assert (stopped, loaded, (await batch_of(db, batch.batch_id)).state) == (True, 0, "offered")


async def test_a_load_under_way_is_stopped_before_it_commits(
    db: Database, officer: Seat, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """Between two blocks it is seen that somebody wants it stopped; all of it is rolled back."""
    rows = [f"示例{n}号有限公司,{uscc(n)},{REST}" for n in range(1, 2_001)]
    batch = await offer(db, officer, register(*rows))
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        await tx.execute("update batches set state = 'stored' where batch_id = $1", batch.batch_id)
    monkeypatch.setattr("app.credit.ingestion.service.bringing.BLOCK", 100)
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    loading = asyncio.create_task(
        service.load_batch(db, batch.batch_id, progress=lambda _: loop.call_soon(begun.set) and None)
    )
    await begun.wait()
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        at_once = await service.cancel_batch(tx, batch.batch_id, by=officer, now=tx.now)
    await loading

    in_force = await admin.fetchval("select count(*) from subjects")
    left = await admin.fetchval("select count(*) from batch_cancels")
    assert (at_once, in_force, left, (await batch_of(db, batch.batch_id)).state) == (False, 0, 0, "offered")


async def test_what_is_in_force_cannot_be_stopped(db: Database, officer: Seat):
    """The answer says that it is too late."""
    batch = await offer(db, officer, DIRTY)
    await service.profile_batch(db, batch.batch_id)
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        await service.accept_batch(tx, batch.batch_id)
    await service.load_waiting(db)

    async with db.transaction(Role.OPS, scope(officer)) as tx:
        with pytest.raises(Refusal) as refused:
            await service.cancel_batch(tx, batch.batch_id, by=officer, now=tx.now)

    assert refused.value.code == "wrong-state"


async def test_another_department_cannot_decide(db: Database, officer: Seat):
    """To it there is no such file."""
    other = await make_seat(db, SeatRole.DATA_OFFICER, await make_org(db, OrgKind.DEPARTMENT), login="xy-other")
    batch = await offer(db, officer, DIRTY)
    await service.profile_batch(db, batch.batch_id)

    codes = []
    for act in (
        lambda tx: service.accept_batch(tx, batch.batch_id),
        lambda tx: service.discard_batch(tx, batch.batch_id, by=other, now=tx.now),
        lambda tx: service.cancel_batch(tx, batch.batch_id, by=other, now=tx.now),
    ):
        async with db.transaction(Role.OPS, scope(other)) as tx:
            with pytest.raises(Refusal) as refused:
                await act(tx)
            codes.append(refused.value.code)
            assert await service.read_profile(tx, batch) is None

    assert codes == ["not-found"] * 3


async def test_a_file_is_unreadable_at_rest(db: Database, officer: Seat, admin: asyncpg.Connection):
    """Neither a name nor a code of it stands in the table; a file from before is sealed by the worker."""
    batch = await offer(db, officer, DIRTY)
    kept = await admin.fetchval("select content from batch_files")
    await admin.execute("update batch_files set content = $1, sealed = false", DIRTY)
    open_files = await service.seal_open_files(db)
    sealed = await admin.fetchval("select content from batch_files")

    await service.profile_batch(db, batch.batch_id)

    async with db.reading(Role.OPS, scope(officer)) as tx:
        profile = await service.read_profile(tx, batch)
    assert all(uscc(1).encode() not in content for content in (kept, sealed))
    assert (open_files, profile and profile.rows_read) == (1, 5)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (DIRTY, FileKind.REGISTRY),
        (gzip.compress(DIRTY), FileKind.REGISTRY),
        (register(f"示例银行甲支行,{uscc(1)},{REST}"), FileKind.OUTLETS),
        (f"{LIST}\n示例甲有限公司,,,{uscc(1)},失信被执行人".encode(), FileKind.LIST),
        (f"{BOUGHT}\nE1,1,2019-01-02,B1,1,1,2,有效发票".encode(), FileKind.INVOICES),
        ("甲,乙\n1,2\n".encode(), None),
    ],
)
def test_the_header_tells_the_kind(content: bytes, kind: FileKind | None):
    """Registers and outlets have the same columns: names tell."""
    assert recognise(content) is kind


async def test_a_receipt_leaves_as_a_file_that_no_spreadsheet_runs(db: Database, officer: Seat):
    """Every rejected row and its cause; a value that begins like a formula is text."""
    batch = await offer(db, officer, register(f'"=HYPERLINK(""http://x"")&",{uscc(1)[:-1]}I,{REST}', f"@甲,,{REST}"))
    async with db.transaction(Role.OPS, scope(officer)) as tx:
        await tx.execute("update batches set state = 'stored' where batch_id = $1", batch.batch_id)
        await tx.execute("update batches set file_name = '=1+1.csv' where batch_id = $1", batch.batch_id)
    await service.load_waiting(db)

    async with db.reading(Role.OPS, scope(officer)) as tx:
        receipt = await service.read_receipt(tx, batch.batch_id, most=0)
        text = await receipt_csv(tx, receipt, str, english=False)
        book = await receipt_xlsx(tx, receipt, str, english=True)
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))

    assert rows[0] == ["文件", "'=1+1.csv"]
    assert [row[0] for row in rows[-2:]] == ["2", "3"]
    assert all(row[3] for row in rows[-2:])
    assert not any(cell[:1] in "=+@" for row in rows for cell in row if cell)
    assert book.startswith(b"PK")
