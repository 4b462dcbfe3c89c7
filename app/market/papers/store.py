"""All SQL of papers. Takes a transaction, never commits one. Rows are only ever added."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

_HEAD: Final = """paper_id, order_id, suborder_id, request_id, business_id, bank_id, branch_id, subject_id, position,
    name, kind, size_bytes, sha256, same_as, policy_version, brought_at"""


async def insert_paper(tx: Tx, row: Mapping[str, object]) -> None:
    await _insert(tx, "papers", row)


async def insert_read(tx: Tx, row: Mapping[str, object]) -> None:
    await _insert(tx, "paper_reads", row)


async def find_same(tx: ReadTx, suborder_id: UUID, sha256: str) -> UUID | None:
    """The first paper of the suborder with this content."""
    sql = "select paper_id from papers where suborder_id = $1 and sha256 = $2 order by brought_at, position limit 1"
    found: UUID | None = await tx.value(sql, suborder_id, sha256)
    return found


async def read_of_order(tx: ReadTx, order_id: UUID) -> Sequence[Record]:
    sql = f"select {_HEAD} from papers where order_id = $1 order by brought_at, position"  # noqa: S608
    return await tx.fetch(sql, order_id)


async def read_of_suborders(tx: ReadTx, suborder_ids: Sequence[UUID]) -> Sequence[Record]:
    sql = f"select {_HEAD} from papers where suborder_id = any($1) order by brought_at, position"  # noqa: S608
    return await tx.fetch(sql, list(suborder_ids))


async def read_paper(tx: ReadTx, suborder_ids: Sequence[UUID], paper_id: UUID) -> Record | None:
    """Everything about a paper of one of these suborders, the sealed content included."""
    sql = f"select {_HEAD}, sealed from papers where suborder_id = any($1) and paper_id = $2"  # noqa: S608
    return await tx.row(sql, list(suborder_ids), paper_id)


async def read_reads(tx: ReadTx, order_ids: Sequence[UUID]) -> Sequence[Record]:
    sql = """select r.read_id, r.paper_id, p.name, r.suborder_id, r.bank_id, r.branch_id, r.client_id, r.person_id,
                    r.read_at, r.order_id
               from paper_reads r join papers p using (paper_id)
              where r.order_id = any ($1) order by r.read_at, r.read_id"""
    return await tx.fetch(sql, list(order_ids))


async def _insert(tx: Tx, table: str, row: Mapping[str, object]) -> None:
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    rows = await tx.execute(f"insert into {table} ({', '.join(row)}) values ({places})", *row.values())  # noqa: S608
    assert rows == 1, f"a row of {table} was not written"
