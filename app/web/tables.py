"""Tables as files to download: CSV and XLSX that open in a spreadsheet without running anything. No storage, no words.

Numbers are written as numbers; a text that a spreadsheet would take for a formula is made a text.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import xlsxwriter

TYPES: Final = {
    "csv": "text/csv",  # The framework adds the charset.
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CHUNK: Final = 64 * 1024
SPOOLED_MAX: Final = 4 * 1024 * 1024
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORMATS: Final = {
    "count": "#,##0", "wan": "#,##0.######", "ppm": '0.0000" %"', "hundredths": "0.00", "fen": "#,##0.00", "text": "@",
}  # fmt: skip
DIVISORS: Final = {"wan": 1_000_000, "ppm": 10_000, "hundredths": 100, "fen": 100}
Value = str | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """`heads` are (words, unit) with a unit of `FORMATS`; `about` are (name, words) that tell where it comes from."""

    name: str
    heads: Sequence[tuple[str, str]]
    rows: Iterable[Sequence[Value]]
    about: Sequence[tuple[str, str]]


def plain_text(text: str) -> str:
    """A text that no spreadsheet runs: one that begins like a formula gets an apostrophe in front.

    >>> plain_text("=1+1"), plain_text("重庆"), plain_text(" @x")
    ("'=1+1", '重庆', "' @x")
    """
    return f"'{text}" if text.lstrip(" ").startswith(DANGEROUS) else text


def number(value: int, unit: str) -> Decimal:
    """An exact figure in the unit that people write: 万元, percent, workdays, yuan.

    >>> number(933_333, "ppm"), number(650, "hundredths"), number(86_500_001, "fen"), number(7, "count")
    (Decimal('93.3333'), Decimal('6.5'), Decimal('865000.01'), Decimal('7'))
    """
    return Decimal(value) / DIVISORS.get(unit, 1)


def csv_lines(table: Table) -> Iterator[bytes]:
    """UTF-8 with its mark, so that a spreadsheet reads Chinese; lines that begin with # say what it is."""
    yield b"\xef\xbb\xbf"
    for name, words in table.about:
        yield _line([f"# {name}", plain_text(words)])
    yield _line([plain_text(words) for words, _unit in table.heads])
    for row in table.rows:
        yield _line([_said(value, unit) for value, (_words, unit) in zip(row, table.heads, strict=True)])


def _line(cells: Sequence[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue().encode()


def _said(value: Value, unit: str) -> str:
    if value is None:
        return ""
    return plain_text(value) if isinstance(value, str) else format(number(value, unit), "f")


def xlsx_chunks(table: Table) -> Iterator[bytes]:
    """A workbook with the figures and a sheet that says what they are, written row by row."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED_MAX) as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False}
        book = xlsxwriter.Workbook(file, options)
        _fill(book, table)
        book.close()
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _fill(book: Any, table: Table) -> None:
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    formats = {unit: book.add_format({"num_format": code}) for unit, code in FORMATS.items()}
    sheet = book.add_worksheet(table.name[:31])
    sheet.freeze_panes(1, 1)
    for column, (words, unit) in enumerate(table.heads):
        sheet.set_column(column, column, 24 if unit == "text" else 14)
        sheet.write_string(0, column, words, bold)
    for number_of, row in enumerate(table.rows, 1):
        for column, (value, (_words, unit)) in enumerate(zip(row, table.heads, strict=True)):
            if isinstance(value, str):
                sheet.write_string(number_of, column, value, formats["text"])
            elif value is not None:
                sheet.write_number(number_of, column, number(value, unit), formats[unit])
    about = book.add_worksheet("about")
    about.set_column(0, 0, 18)
    about.set_column(1, 1, 90)
    for number_of, (name, words) in enumerate(table.about):
        about.write_string(number_of, 0, name, bold)
        about.write_string(number_of, 1, words)
