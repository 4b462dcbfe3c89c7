"""The real files, loaded whole: what is accepted, what is normalised, what is quarantined, by code."""

import time
from collections.abc import Iterable
from uuid import UUID

import pytest

from app.access.orgs import OrgKind, create_org
from app.credit import lists, records, subjects
from app.credit.ingestion import FileKind, Receipt, import_file
from app.infra.db import Database, Role
from tests.support import real_data


async def bank(db: Database) -> UUID:
    async with db.transaction(Role.OPS) as tx:
        return (await create_org(tx, OrgKind.BANK, "试点银行")).org_id


def show(title: str, receipt: Receipt, seconds: float) -> None:
    b = receipt.batch
    print(f"\n{title}: {b.rows_read} read, {b.rows_accepted} accepted, {b.rows_normalised} normalised,"
          f" {b.rows_quarantined} quarantined, {b.rows_new} new, {seconds:.1f} s")  # fmt: skip
    for code, rows in (*receipt.notes.items(), *receipt.faults.items()):
        print(f"   {code.value:24} {rows}")


async def load(db: Database, path: str, kind: FileKind, **options: object) -> Receipt:
    began = time.perf_counter()
    receipt = await import_file(db, kind, real_data(path), **options)  # type: ignore[arg-type]
    show(path, receipt, time.perf_counter() - began)
    return receipt


async def test_all(db):
    """x"""
    bank_id = await bank(db)
    began = time.perf_counter()
    await load(db, "registry/companies_2019.csv", FileKind.REGISTRY)
    await load(db, "registry/bad_uscc.csv", FileKind.REGISTRY)
    await load(db, "registry/bank_outlets.csv", FileKind.OUTLETS)
    await load(db, "lists/ecommerce_dishonest_1_250.xlsx", FileKind.LIST, list_kind="joint")
    await load(db, "loans/enterprises_123.csv", FileKind.MASKED, bank_id=bank_id)
    await load(db, "loans/invoices_input.csv.gz", FileKind.INVOICES, bank_id=bank_id)
    await load(db, "loans/invoices_output.csv.gz", FileKind.INVOICES, bank_id=bank_id)
    print("total", time.perf_counter() - began)
