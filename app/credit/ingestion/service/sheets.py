"""Bytes of a file as rows of text: csv (UTF-8, GBK or UTF-16; plain or gzipped; commas, tabs or semicolons) and xlsx.

A file that cannot be read with certainty is refused whole (`BrokenFile`). Nothing here knows what the rows mean.
"""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

import python_calamine

from app.credit.ingestion.rules import BROKEN_WORDS, Broken

SIZE_MAX: Final = 64 << 20  # Bytes of a file as it comes.
UNPACKED_MAX: Final = 512 << 20  # Bytes of text that it may unpack to.
WORKBOOK_MAX: Final = 192 << 20
GRID_MAX: Final = 20_000_000  # Cells of one sheet, blank ones too: a reader makes room for all of them.
CELL_MAX: Final = 32_767  # What a cell of a workbook may hold.
_HEAD: Final = 1 << 16
_QUOTED: Final = re.compile(r'"[^"]*"')
_NO_TABLES: Final = (
    b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf", b"MZ\x90", b"\x7fELF", b"Rar!", b"7z\xbc\xaf",
    b"II*\x00", b"MM\x00*",
)  # fmt: skip
_MARKED_UP: Final = (
    b"<!doctype", b"<html", b"<head", b"<body", b"<table", b"<script", b"<?xml", b"<svg", b"<?php", b"#!/",
)  # fmt: skip
_CELL_AT: Final = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")


class BrokenFile(Exception):
    """The file is refused whole."""

    def __init__(self, why: Broken, where: str = "") -> None:
        super().__init__(f"{why.value}: {where}")
        self.why = why
        self.where = where

    @property
    def words(self) -> str:
        """Why, as a Chinese source text."""
        return BROKEN_WORDS[self.why][0]


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it stands in the file. `broken`: its quotes do not match, and `cells` is its text in one piece.

    `sheet` is the name of the workbook's sheet, empty for text.
    """

    row_no: int
    cells: list[str]
    broken: bool = False
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    encoding: str  # utf-8-sig, gb18030, utf-16, xlsx
    lines: Iterator[Line]
    separator: str = ""  # None in a workbook.
    rows_guessed: int | None = None  # From the size and the length of the first lines.


def open_sheet(
    content: bytes, *, unpacked_max: int = UNPACKED_MAX, workbook_max: int = WORKBOOK_MAX, grid_max: int = GRID_MAX
) -> Sheet:
    """The rows of a file, read as they are asked for. Blank rows are left out."""
    if not content:
        raise BrokenFile(Broken.EMPTY)
    if len(content) > SIZE_MAX:
        raise BrokenFile(Broken.TOO_LARGE, f"{SIZE_MAX >> 20} MiB")
    if content.startswith(b"PK\x03\x04"):
        return Sheet("xlsx", _workbook(content, workbook_max, grid_max))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise BrokenFile(Broken.OLD_WORKBOOK)
    if content.startswith(b"\x1f\x8b"):
        raw: io.BufferedReader | io.BytesIO = io.BufferedReader(_Metered(content, unpacked_max), _HEAD)
    else:
        raw = io.BytesIO(content)
    head = _head(raw)
    if no_table(head):
        raise BrokenFile(Broken.NOT_A_TABLE)
    encoding = _encoding(head)
    separator = _separator(head.decode(encoding, "ignore"))
    lines = _text_lines(io.TextIOWrapper(raw, encoding, "strict", newline=""), separator)
    return Sheet(encoding, lines, separator, _guess_rows(content, head))


def _guess_rows(content: bytes, head: bytes) -> int:
    """How many rows a text will have if it goes on as it begins; a gzip archive ends with what it unpacks to."""
    size = len(content) if not content.startswith(b"\x1f\x8b") else int.from_bytes(content[-4:], "little")
    return max(size * max(head.count(b"\n"), 1) // max(len(head), 1) - 1, 1)


def no_table(head: bytes) -> bool:
    """Whether a file's first bytes are those of a page, a document, a picture or a program, whatever its name says."""
    text = head[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return head.startswith(_NO_TABLES) or text.startswith(_MARKED_UP)


class _Metered(io.RawIOBase):
    """An unpacking reader that stops at a limit: what a small file unpacks to is not its sender's business."""

    def __init__(self, content: bytes, unpacked_max: int) -> None:
        self._inside = gzip.GzipFile(fileobj=io.BytesIO(content))
        self._most = self._left = unpacked_max

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        try:
            chunk = self._inside.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise BrokenFile(Broken.BAD_ARCHIVE) from error
        self._left -= len(chunk)
        if self._left < 0:
            raise BrokenFile(Broken.BOMB, f"{self._most >> 20} MiB")
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _head(raw: io.BufferedReader | io.BytesIO) -> bytes:
    head = raw.peek(_HEAD) if isinstance(raw, io.BufferedReader) else raw.getvalue()[:_HEAD]
    if not head.strip():
        raise BrokenFile(Broken.EMPTY)
    return head


def _encoding(head: bytes) -> str:
    """UTF-8 where the first rows are UTF-8, else GBK (as its superset GB 18030), else refused."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\x00" in head:
        return "utf-16"  # What a workbook calls Unicode text.
    if b"\x00" in head:
        raise BrokenFile(Broken.UNDECODABLE)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            head.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:  # Not merely a letter cut in two by the end of the head.
                continue
        return encoding
    raise BrokenFile(Broken.UNDECODABLE)


def _separator(head: str) -> str:
    """What parts the cells: the mark that stands equally often in most of the first lines, outside quotes."""
    lines = _QUOTED.sub("", head).splitlines()[:200]

    def steadiness(mark: str) -> tuple[int, int]:
        counts = Counter(line.count(mark) for line in lines if mark in line)
        return max(((lines, count) for count, lines in counts.items()), default=(0, 0))

    return max(",\t;", key=steadiness)


class _Recorder:
    """Physical lines, with a memory of those that the present row has taken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> "_Recorder":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.taken.append(line)
        return line


def _text_lines(text: io.TextIOWrapper, separator: str) -> Iterator[Line]:
    recorder = _Recorder(iter(text))
    reader = csv.reader(recorder, delimiter=separator, strict=True)
    try:
        while True:
            recorder.taken.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield _broken_line(recorder, error)
                reader = csv.reader(recorder, delimiter=separator, strict=True)
                continue
            if any(cell.strip() for cell in cells):
                if any(len(cell) > CELL_MAX for cell in cells):
                    raise BrokenFile(Broken.LONG_CELL, f"第{recorder.number}行")
                yield Line(recorder.number, cells)
    except UnicodeDecodeError as error:
        raise BrokenFile(Broken.UNDECODABLE, f"第{recorder.number + 1}行之后") from error


def _broken_line(recorder: _Recorder, error: csv.Error) -> Line:
    """A row of one line whose quotes do not match is that row's fault; one that swallowed others is the file's."""
    if "field larger" in str(error):
        raise BrokenFile(Broken.LONG_CELL, f"第{recorder.number}行") from error
    if len(recorder.taken) != 1 or "unexpected end" in str(error):
        first = recorder.number - len(recorder.taken) + 1
        raise BrokenFile(Broken.BROKEN_QUOTES, f"第{max(first, 1)}行") from error
    return Line(recorder.number, ["".join(recorder.taken).rstrip("\r\n")], broken=True)


def _workbook(content: bytes, workbook_max: int, grid_max: int) -> Iterator[Line]:
    _weigh(content, workbook_max, grid_max)
    above = 0
    for name, rows in _grids(content):
        for row_no, row in enumerate(rows, above + 1):
            cells = [_cell(value) for value in row]
            if any(cell.strip() for cell in cells):
                yield Line(row_no, cells, sheet=name)
        above += len(rows)


def _grids(content: bytes) -> list[tuple[str, list[list[Any]]]]:
    """The visible sheets by name, each from its first row and column on."""
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [
            (one.name, book.get_sheet_by_name(one.name).to_python(skip_empty_area=False))
            for one in book.sheets_metadata
            if one.visible == python_calamine.SheetVisibleEnum.Visible
            and one.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]
    except BaseException as error:
        # The reader is a compiled library: besides its own errors it raises a panic that is no Exception.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise BrokenFile(Broken.NOT_A_WORKBOOK) from error
        raise


def _weigh(content: bytes, workbook_max: int, grid_max: int) -> None:
    """Refuse a workbook that unpacks to too much, or whose cells stand so far out that the grid fills the memory."""
    left = workbook_max
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                furthest_row = furthest_column = 0
                tail = b""
                with archive.open(member) as part:
                    while chunk := part.read(1 << 20):
                        left -= len(chunk)
                        if left < 0:
                            raise BrokenFile(Broken.BOMB, f"{workbook_max >> 20} MiB")
                        if not member.filename.endswith(".xml"):
                            continue
                        for column, row in _CELL_AT.findall(tail + chunk):
                            furthest_row = max(furthest_row, int(row))
                            furthest_column = max(furthest_column, _column(column))
                        tail = chunk[-32:]
                if furthest_row * furthest_column > grid_max:
                    raise BrokenFile(Broken.BOMB, f"{grid_max} 个单元格")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise BrokenFile(Broken.NOT_A_WORKBOOK) from error


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _cell(value: object) -> str:
    """A cell as text. A number keeps the 15 digits that a workbook keeps: a code of 18 digits typed as a number has
    lost its end, and shows it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 10**15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
