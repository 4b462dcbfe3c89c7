"""A receipt as a file to keep: CSV and XLSX, every rejected row with its cause. Nothing in it is ever a formula."""

import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final
from uuid import UUID

import xlsxwriter

from app.credit.ingestion import store
from app.credit.ingestion.rules import BROKEN_WORDS, FAULT_WORDS, NOTE_WORDS
from app.credit.ingestion.rules.receipts import Receipt
from app.infra.db import ReadTx
from app.kernel.clock import SHANGHAI
from app.kernel.text import half_width

PAGE: Final = 10_000
XLSX_ROWS_MAX: Final = 1_048_000  # A sheet has room for 1,048,576.
_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
Say = Callable[[str], str]
HEADINGS: Final = ("第几行", "列", "原值", "原因", "可对照")


def defused(value: object) -> str:
    """A cell of a CSV that no spreadsheet takes for a formula; a negative sum stays a number.

    >>> defused("=1+1"), defused("-9.40"), defused("-x"), defused("＝1+1"), defused("甲")
    ("'=1+1", '-9.40', "'-x", "'＝1+1", '甲')
    """
    text = str(value)
    if half_width(text[:1]) in _STARTS or text[:1] in _STARTS:
        plain = text[1:].replace(".", "", 1)
        return text if text[0] == "-" and plain.isascii() and plain.isdigit() else "'" + text
    return text


async def receipt_csv(tx: ReadTx, receipt: Receipt, say: Say, *, english: bool) -> bytes:
    """The receipt as CSV (UTF-8 with a mark, as spreadsheets want it)."""
    out = io.StringIO()
    writer = csv.writer(out)
    for line in _head(receipt, say, english=english):
        writer.writerow([defused(cell) for cell in line])
    async for rows in _rows(tx, receipt.batch.batch_id, english=english):
        writer.writerows([[defused(cell) for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


async def receipt_xlsx(tx: ReadTx, receipt: Receipt, say: Say, *, english: bool) -> bytes:
    """The receipt as a workbook; every text cell is written as text."""
    with tempfile.TemporaryFile() as file:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        book = xlsxwriter.Workbook(file, options)
        sheet = book.add_worksheet(say("回执"))
        at = 0
        for line in _head(receipt, say, english=english):
            _write(sheet, at, line)
            at += 1
        async for rows in _rows(tx, receipt.batch.batch_id, english=english):
            for row in rows[: XLSX_ROWS_MAX - at]:
                _write(sheet, at, row)
                at += 1
        book.close()
        file.seek(0)
        return file.read()


def _write(sheet: "xlsxwriter.workbook.Worksheet", at: int, cells: Sequence[object]) -> None:
    for place, cell in enumerate(cells):
        if isinstance(cell, int):
            sheet.write_number(at, place, cell)
        else:
            sheet.write_string(at, place, str(cell)[:32_767])


def _head(receipt: Receipt, say: Say, *, english: bool) -> list[list[object]]:
    b, word = receipt.batch, int(english)
    ended = b.ended_at.astimezone(SHANGHAI).isoformat(" ", "minutes") if b.ended_at else ""
    lines: list[list[object]] = [
        [say("文件"), b.file_name],
        ["SHA-256", b.sha256],
        [say("收到时间"), b.stored_at.astimezone(SHANGHAI).isoformat(" ", "minutes")],
        [say("生效时间"), ended if b.in_force else say("尚未生效")],
        [say("读入行数"), b.rows_read],
        [say("采用行数"), b.rows_accepted],
        [say("其中新增"), b.rows_new],
        [say("写法已规范"), b.rows_normalised],
        [say("隔离行数"), b.rows_quarantined],
    ]
    if b.refusal:
        lines.append([say("退回原因"), BROKEN_WORDS[b.refusal][word], b.refusal_where])
    lines += [[say("隔离"), FAULT_WORDS[fault][word], rows] for fault, rows in receipt.faults.items()]
    lines += [[say("规范"), NOTE_WORDS[note][word], rows] for note, rows in receipt.notes.items()]
    return [*lines, [], [say(heading) for heading in HEADINGS]]


async def _rows(tx: ReadTx, batch_id: UUID, *, english: bool) -> AsyncIterator[list[list[object]]]:
    after = 0
    while found := await store.read_rejected(tx, batch_id, after, PAGE):
        yield [
            [one.row_no, one.column, one.original, FAULT_WORDS[one.code][int(english)], one.suggestion] for one in found
        ]
        after = found[-1].row_no
