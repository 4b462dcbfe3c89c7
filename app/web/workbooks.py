"""Workbooks of several tables with a sheet that says what they are. The same content gives the same bytes."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import segno
import xlsxwriter

from app.web.tables import FORMATS, Table, number

ABOUT: Final = "about"
QR_SCALE: Final = 4


def workbook(tables: Sequence[Table], about: Sequence[tuple[str, str]], link: str, made_at: datetime) -> bytes:
    """The tables as sheets, behind a first sheet with `about` and the QR code of `link`."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None)})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    words = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    sheet = book.add_worksheet(ABOUT)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 90)
    for row, (name, said) in enumerate(about):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, said, words)
    picture = io.BytesIO()
    segno.make(link, error="m", micro=False).save(picture, kind="png", scale=QR_SCALE)
    sheet.insert_image(len(about) + 1, 1, "verify.png", {"image_data": picture, "description": link, "url": link})
    formats = {unit: book.add_format({"num_format": code}) for unit, code in FORMATS.items()}
    for table in tables:
        _fill(book.add_worksheet(table.name[:31]), table, bold, formats)
    book.close()
    return file.getvalue()


def _fill(sheet: xlsxwriter.worksheet.Worksheet, table: Table, bold: object, formats: dict[str, object]) -> None:
    sheet.freeze_panes(1, 0)
    for column, (words, unit) in enumerate(table.heads):
        sheet.set_column(column, column, 100 if len(table.heads) == 1 else 24 if unit == "text" else 14)
        sheet.write_string(0, column, words, bold)
    for row, cells in enumerate(table.rows, 1):
        for column, (value, (_words, unit)) in enumerate(zip(cells, table.heads, strict=True)):
            if isinstance(value, str):
                sheet.write_string(row, column, value, formats["text"])
            elif value is not None:
                sheet.write_number(row, column, number(value, unit), formats[unit])
