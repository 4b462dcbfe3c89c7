"""The real files, loaded whole in their order: what is accepted, normalised and quarantined, by code.

The figures are literals, so that a change of a rule shows as a difference. No row of these files stands here.
"""

import time
from uuid import UUID

import pytest

from app.access.orgs import OrgKind, create_org
from app.credit import lists, records, subjects
from app.credit.ingestion import Fault, FileKind, Note, Receipt, import_file
from app.credit.subjects import SubjectKind
from app.infra.db import Database, Role
from tests.support import real_data

SECONDS_MAX = 60  # All files together, on two shared cores.
OUTPUT = "loans/invoices_output.csv.gz"


async def load(db: Database, path: str, kind: FileKind, **options: object) -> Receipt:
    began = time.perf_counter()
    receipt = await import_file(db, kind, real_data(path), **options)  # type: ignore[arg-type]
    b = receipt.batch
    print(
        f"\n{path}: {b.rows_read:,} read, {b.rows_accepted:,} accepted ({b.rows_normalised:,} normalised),"
        f" {b.rows_quarantined:,} quarantined, {b.rows_new:,} new, {time.perf_counter() - began:.1f} s"
    )
    for outcome, counts in (("normalised", receipt.notes), ("quarantined", receipt.faults)):
        for code, rows in counts.items():
            print(f"    {outcome:12} {code.value:24} {rows:>8,}")
    return receipt


def figures(receipt: Receipt) -> tuple[int, int, int, dict[Note, int], dict[Fault, int]]:
    b = receipt.batch
    return b.rows_read, b.rows_accepted, b.rows_new, receipt.notes, receipt.faults


@pytest.fixture
async def bank_id(db: Database) -> UUID:
    async with db.transaction(Role.OPS) as tx:
        return (await create_org(tx, OrgKind.BANK, "试点银行")).org_id


async def test_the_real_files_come_in_whole_and_say_what_was_not_taken(db: Database, bank_id: UUID):
    """5,146 companies, 2,574 outlets, a list, 123 masked firms, 239,133 invoices, within a minute."""
    began = time.perf_counter()
    companies = await load(db, "registry/companies_2019.csv", FileKind.REGISTRY)
    lower = await load(db, "registry/bad_uscc.csv", FileKind.REGISTRY)
    outlets = await load(db, "registry/bank_outlets.csv", FileKind.OUTLETS)
    listed = await load(db, "lists/ecommerce_dishonest_1_250.xlsx", FileKind.LIST, list_kind="joint")
    masked = await load(db, "loans/enterprises_123.csv", FileKind.MASKED, bank_id=bank_id)
    bought = await load(db, "loans/invoices_input.csv.gz", FileKind.INVOICES, bank_id=bank_id)
    sold = await load(db, OUTPUT, FileKind.INVOICES, bank_id=bank_id)
    seconds = time.perf_counter() - began
    print(f"\nall files: {seconds:.1f} s")

    assert figures(companies) == (
        5_146, 5_146, 5_146,
        {Note.CAPITAL_NOT_STATED: 935, Note.PLACE_NOT_A_DIVISION: 244, Note.CAPITAL_FOREIGN: 6,
         Note.PLACE_NOT_STATED: 4},
        {},
    )  # fmt: skip
    assert lower.notes[Note.CODE_LOWER_CASE] == 3
    assert (lower.batch.rows_accepted, lower.faults) == (3, {})
    assert figures(outlets) == (
        2_574, 2_574, 2_563,
        {Note.CAPITAL_NOT_STATED: 2_501, Note.PLACE_NOT_A_DIVISION: 55, Note.PLACE_NOT_STATED: 6},
        {},
    )  # fmt: skip
    assert figures(listed) == (
        250, 249, 249, {Note.CODE_MOVED: 41, Note.NO_USCC: 24}, {Fault.CODES_DISAGREE: 1},
    )  # fmt: skip
    assert figures(masked) == (123, 123, 123, {}, {})
    assert figures(bought) == (143_048, 143_046, 143_046, {Note.RETURN: 1_301}, {Fault.SUM_MISMATCH: 2})
    # One firm's sales from January 2019 on stand in the file twice, row by row; they count once.
    assert figures(sold) == (96_085, 93_930, 93_930, {Note.RETURN: 7_606}, {Fault.REPEATED: 2_155})
    assert seconds < SECONDS_MAX

    await _figures_of_firms(db, bank_id)
    again = await load(db, OUTPUT, FileKind.INVOICES, bank_id=bank_id)
    assert again == sold


async def _figures_of_firms(db: Database, bank_id: UUID) -> None:
    """24 firms have figures; nobody of Chongqing stands on the list, so all its entries wait."""
    print(f"\n{'firm':6}{'newest':12}{'turnover 12m':>18}{'void ppm':>10}{'return ppm':>11}{'up':>6}{'down':>6}")
    known = 0
    async with db.reading(Role.WORKER) as tx:
        for number in range(1, 124):
            subject = await subjects.find_by_customer(tx, bank_id, f"E{number}")
            assert subject is not None
            assert subject.kind is SubjectKind.MASKED
            found = await records.features_at(tx, subject.subject_id, as_of=tx.now)
            if found is not None:
                known += 1
                print(
                    f"E{number:<5}{found.newest_on!s:12}{found.turnover_12m_fen / 100:>18,.2f}"
                    f"{found.void_share_ppm or 0:>10}{found.return_share_ppm or 0:>11}{found.upstream_count:>6}"
                    f"{found.downstream_count:>6}"
                )
        waiting = await lists.waiting(tx, "joint", most=1_000)
    assert (known, len(waiting)) == (24, 249)


async def test_one_registers_in_another_encoding_is_the_same_register(db: Database, tmp_path):
    """The same rows saved as GBK by a spreadsheet, with carriage returns, read the same."""
    text = real_data("registry/companies_2019.csv").read_text("utf-8-sig")
    file = tmp_path / "companies.csv"
    file.write_bytes(text.replace("\n", "\r\n").encode("gb18030"))

    receipt = await import_file(db, FileKind.REGISTRY, file)

    assert (receipt.batch.encoding, receipt.batch.rows_accepted) == ("gb18030", 5_146)
