"""All SQL of documents: files made of figures, kept as they were handed out, and what verifies them."""

from datetime import date
from typing import Final

from app.infra.db import ReadTx, Record, Tx

COLUMNS: Final = """
number, kind, format, language, title, month, as_of, frozen_at, figures_sha256, sha256, size, made_at
"""
ADD: Final = f"""
insert into supervision_documents ({COLUMNS}, made_by, by_org)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""  # noqa: S608 — the text is ours
KEEP: Final = "insert into supervision_files (number, content) values ($1, $2)"
ONE: Final = f"select {COLUMNS} from supervision_documents where number = $1"  # noqa: S608 — the text is ours
MONTH: Final = "select number, month, frozen_at, sha256 from supervision_months where number = $1"
OF_MONTH: Final = f"""
select {COLUMNS} from supervision_documents where month = $1 order by made_at desc, number limit 50
"""  # noqa: S608
CONTENT: Final = """
select d.format, f.content from supervision_documents d join supervision_files f using (number) where d.number = $1
"""


async def add(tx: Tx, values: tuple[object, ...], content: bytes) -> None:
    await tx.execute(ADD, *values)
    await tx.execute(KEEP, values[0], content)


async def read_one(tx: ReadTx, number: str) -> Record | None:
    return await tx.row(ONE, number)


async def read_month_by_number(tx: ReadTx, number: str) -> Record | None:
    return await tx.row(MONTH, number)


async def read_of_month(tx: ReadTx, month: date) -> list[Record]:
    """The newest first."""
    return await tx.fetch(OF_MONTH, month)


async def read_content(tx: ReadTx, number: str) -> Record | None:
    return await tx.row(CONTENT, number)
