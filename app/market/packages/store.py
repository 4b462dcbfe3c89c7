"""All SQL of packages. Takes a transaction, never commits one. Rows are only ever added."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

_HEAD: Final = """package_id, order_id, suborder_id, business_id, bank_id, branch_id, subject_id, consent_id, purpose,
    preview_id, as_of, sha256, kid, items, sealed_at"""


async def insert_preview(tx: Tx, values: tuple[UUID, UUID, UUID, UUID, UUID, Sequence[str], str, bytes]) -> None:
    """Keep a preview: id, order, business, subject, bank, classes, hash, sealed bytes."""
    sql = """insert into package_previews
               (preview_id, order_id, business_id, subject_id, bank_id, data_classes, sha256, shown, previewed_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
    rows = await tx.execute(sql, *values, tx.now)
    assert rows == 1, "a preview was not written"


async def find_preview(tx: ReadTx, order_id: UUID, bank_id: UUID, subject_id: UUID, until: datetime) -> Record | None:
    """The last preview of these data for this bank that was shown no later than an instant."""
    sql = """select preview_id, previewed_at, shown from package_previews
              where order_id = $1 and bank_id = $2 and subject_id = $3 and previewed_at <= $4
              order by previewed_at desc, preview_id desc limit 1"""
    return await tx.row(sql, order_id, bank_id, subject_id, until)


async def insert_package(tx: Tx, head: dict[str, object], jws: bytes) -> bool:
    """Write a sealed package; False when the suborder has one about the subject."""
    names = [*head, "jws"]
    places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    sql = f"insert into packages ({', '.join(names)}) values ({places}) on conflict do nothing"  # noqa: S608
    return await tx.execute(sql, *head.values(), jws) == 1


async def read_package(tx: ReadTx, package_id: UUID) -> Record | None:
    """Everything about a package, the sealed text included."""
    return await tx.row(f"select {_HEAD}, jws from packages where package_id = $1", package_id)  # noqa: S608


async def find_of_suborder(tx: ReadTx, suborder_id: UUID) -> Record | None:
    """The package about the firm itself: the first one that was sealed for a suborder."""
    sql = f"select {_HEAD} from packages where suborder_id = $1 order by sealed_at, package_id limit 1"  # noqa: S608
    return await tx.row(sql, suborder_id)


async def read_of_order(tx: ReadTx, order_id: UUID) -> Sequence[Record]:
    return await tx.fetch(f"select {_HEAD} from packages where order_id = $1 order by sealed_at", order_id)  # noqa: S608


async def insert_read(tx: Tx, row: dict[str, object]) -> None:
    """Meter one reading."""
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    sql = f"insert into package_reads ({', '.join(row)}) values ({places})"  # noqa: S608
    rows = await tx.execute(sql, *row.values())
    assert rows == 1, "a reading was not metered"


async def read_reads(tx: ReadTx, order_ids: Sequence[UUID]) -> Sequence[Record]:
    sql = """select read_id, package_id, suborder_id, bank_id, branch_id, client_id, person_id, manner, size_bytes,
                    read_at, order_id
               from package_reads where order_id = any ($1) order by read_at, read_id"""
    return await tx.fetch(sql, list(order_ids))
