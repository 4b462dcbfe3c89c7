"""Bytes as rows: every way a file may come, and every way it may be broken."""

import gzip
import io
import zipfile
from datetime import date

import openpyxl
import pytest

from app.credit.ingestion.rules import Broken
from app.credit.ingestion.service.sheets import SIZE_MAX, BrokenFile, Line, open_sheet

TEXT = "企业代号,企业名称\nE1,***公司\n\nE2,“山城”公司\n"
ROWS = [["企业代号", "企业名称"], ["E1", "***公司"], ["E2", "“山城”公司"]]


def workbook(*sheets: list[list[object]], hidden: int | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(row)
        if number == hidden:
            sheet.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(content: bytes) -> list[list[str]]:
    return [line.cells for line in open_sheet(content).lines]


def why(content: bytes, **limits: int) -> Broken:
    with pytest.raises(BrokenFile) as refused:
        list(open_sheet(content, **limits).lines)
    return refused.value.why


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("gbk"),
        TEXT.encode("utf-16"),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace(",", ";").encode("utf-8"),
        TEXT.replace("\n", "\r\n").encode("utf-8"),
        gzip.compress(TEXT.encode("utf-8-sig")),
        gzip.compress(TEXT.encode("gbk")),
        workbook(ROWS),
    ],
    ids=[
        "utf-8",
        "with an order mark",
        "gbk",
        "utf-16",
        "unicode text",
        "semicolons",
        "crlf",
        "gzipped",
        "gbk gzipped",
        "xlsx",
    ],
)
def test_the_same_rows_come_out_of_every_kind_of_file(content):
    """Providers send what their tool saves; blank rows are no rows."""
    assert cells(content) == ROWS


def test_a_long_gbk_file_is_read_as_gbk():
    """The head of a file may end in the middle of a letter; that is no reason to give up."""
    content = ("企业代号,企业名称\n" + "E1,山城测试有限公司\n" * 9_000).encode("gbk")

    assert len(cells(content)) == 9_001


BROKEN = [
    ("nothing", b"", Broken.EMPTY),
    ("blanks", b"  \n\n ", Broken.EMPTY),
    ("a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", Broken.NOT_A_TABLE),
    ("UTF-16 without its mark", TEXT.encode("utf-16-le"), Broken.UNDECODABLE),
    ("neither UTF-8 nor GBK", b"\xff\xfe\xfa,\x81\x20\xff\n" * 9, Broken.UNDECODABLE),
    ("UTF-8 that breaks later", (TEXT * 4000).encode() + b"E9,\xff\xff\n", Broken.UNDECODABLE),
    ("half an archive", gzip.compress(TEXT.encode() * 50)[:-20], Broken.BAD_ARCHIVE),
    ("a damaged archive", gzip.compress(TEXT.encode() * 50)[:40] + b"\x00" * 40, Broken.BAD_ARCHIVE),
    ("a zip that is no workbook", b"PK\x03\x04 nothing", Broken.NOT_A_WORKBOOK),
    ("half a workbook", workbook(ROWS)[:-200], Broken.NOT_A_WORKBOOK),
    ("a workbook of the old kind", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, Broken.OLD_WORKBOOK),
    ("quotes that swallow rows", b'a,b\nE1,"***\nE2,x\nE3,y\n', Broken.BROKEN_QUOTES),
    ("quotes that swallow rows and close", b'a,b\nE1,"***\nE2,"x"\n', Broken.BROKEN_QUOTES),
    ("a cell without an end", b"a,b\nE1," + b"x" * 40_000 + b"\n", Broken.LONG_CELL),
    ("a cell longer than the reader takes", b"a,b\nE1," + b"x" * 200_000 + b"\n", Broken.LONG_CELL),
]


@pytest.mark.parametrize(("content", "expected"), [c[1:] for c in BROKEN], ids=[c[0] for c in BROKEN])
def test_a_broken_file_is_refused_whole(content, expected):
    """A file that cannot be read with certainty to its end is not read to its middle either."""
    assert why(content) == expected


def test_too_large_a_file_is_refused_unread():
    """Before anything is unpacked or decoded."""
    assert why(b"a" * (SIZE_MAX + 1)) == Broken.TOO_LARGE


def test_an_archive_that_unpacks_to_too_much_is_refused():
    """A thousand to one is what gzip can do; memory and time are not the sender's to spend."""
    assert why(gzip.compress(b"a,b\n" * 2_000_000), unpacked_max=1 << 20) == Broken.BOMB


def test_a_workbook_with_a_cell_far_out_is_refused():
    """A reader makes room for the whole grid: one cell at its far end would fill the memory."""
    book = openpyxl.Workbook()
    book.active["A1"] = "企业代号"
    book.active["XFD1048576"] = "x"
    out = io.BytesIO()
    book.save(out)

    assert why(out.getvalue()) == Broken.BOMB


def test_a_workbook_that_unpacks_to_too_much_is_refused():
    """The sizes that an archive states are the sender's word; bytes are counted as they come out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (200 << 20))

    assert why(out.getvalue()) == Broken.BOMB


def test_one_row_with_wrong_quotes_is_that_rows_fault():
    """The rows before and after it are whole."""
    lines = list(open_sheet(b'a,b\nE1,"x"y\nE2,z\n').lines)

    assert lines == [Line(1, ["a", "b"]), Line(2, ['E1,"x"y'], broken=True), Line(3, ["E2", "z"])]


def test_cells_of_a_workbook_become_the_text_that_was_meant():
    """Dates, whole numbers and sums as typed; a code typed as a number has lost its end, and shows it."""
    rows = cells(workbook([[date(2019, 1, 2), 11459356, 9401.71, 0.1 + 0.2, True, 915001033456789012]]))

    assert rows == [["2019-01-02", "11459356", "9401.71", "0.3", "TRUE", "9.15001033456789e+17"]]


def test_all_visible_sheets_are_read_and_rows_are_numbered_through():
    """A list that goes on on the next sheet goes on; a hidden sheet is not part of what is handed in."""
    lines = list(open_sheet(workbook(ROWS, [["E3", "***"]], [["E4", "***"]], hidden=2)).lines)

    assert [(line.row_no, line.sheet, line.cells[0]) for line in lines] == [
        (1, "s0", "企业代号"), (2, "s0", "E1"), (3, "s0", "E2"), (4, "s1", "E3"),
    ]  # fmt: skip
