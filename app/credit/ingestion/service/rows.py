"""From the lines of a file to checked rows, with a tally of what became of each."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from app.credit.ingestion.rules import (
    HEADER_ROWS_MAX,
    Accepted,
    Broken,
    Fault,
    FileKind,
    Layout,
    Note,
    Refused,
    Verdict,
    read_header,
    squash,
)
from app.credit.ingestion.rules.persons import mask_persons
from app.credit.ingestion.rules.samples import Sampler
from app.credit.ingestion.service.sheets import BrokenFile, Sheet

_MARKS: Final = ("'", "=")
_AS_TEXT: Final = re.compile(r"\A\s*(?:'(.*)|=\"([^\"]*)\"\s*)\Z", re.DOTALL)  # How a spreadsheet is told: no figure.
ORIGINAL_MAX: Final = 4_000  # Characters of a quarantined value that a receipt repeats.
Check = Callable[[list[str]], Verdict]


@dataclass(slots=True)
class Tally:
    """What has become of the rows so far. `layout` is the first header's, on the sheet of that name."""

    kind: FileKind
    layout: Layout
    sheet: str
    passed_over: list[str] = field(default_factory=list)  # Sheets that hold another table.
    read: int = 0
    normalised: int = 0
    notes: Counter[Note] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    rejected: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    noted_rows: dict[int, tuple[Note, ...]] = field(default_factory=dict)
    sampler: Sampler | None = None  # Looks on where a person wants to see some rows.

    def title(self, column: str) -> str:
        """The file's own title of a column; nothing where a whole row is meant."""
        names = self.layout.names
        return self.layout.titles[names.index(column)] if column in names else column

    def accept(self, row_no: int, notes: tuple[Note, ...]) -> None:
        if notes:
            self.normalised += 1
            self.notes.update(notes)
            self.noted_rows[row_no] = notes

    def reject(self, row_no: int, fault: Fault, title: str, original: str, suggestion: str = "") -> None:
        self.faults[fault] += 1
        self.rejected.append((row_no, fault.value, title, safe(original), suggestion))

    def withdraw(self, rows: tuple[tuple[int, str], ...], fault: Fault, title: str) -> None:
        """Rows that were accepted by themselves and fell when seen together with others."""
        for row_no, original in rows:
            notes = self.noted_rows.pop(row_no, ())
            self.normalised -= bool(notes)
            self.notes.subtract(notes)
            self.reject(row_no, fault, title, original)


def safe(text: str) -> str:
    """What a table of text can hold of a value that may be anything."""
    shown = mask_persons(text).replace("\x00", "\u2400").encode("utf-8", "replace").decode("utf-8")
    return shown if len(shown) <= ORIGINAL_MAX else shown[:ORIGINAL_MAX] + "…"


def find_header(kind: FileKind, sheet: Sheet, *, reason_needed: bool) -> Tally:
    """Find the header among the first rows of the first sheet that has one; what stands above it is a title."""
    best: Refused | None = None
    current, above, passed_over = "", 0, []
    before: list[str] = []
    for line in sheet.lines:
        if line.sheet != current:
            passed_over += [current] if current else []
            current, above, before = line.sheet, 0, []
        above += 1
        if above > HEADER_ROWS_MAX:
            if not current:
                break
            continue  # To the next sheet.
        found = read_header(kind, line.cells, reason_needed=reason_needed)
        for cells in _stacked(before, line.cells):
            if not isinstance(found, Layout):
                found = read_header(kind, cells, reason_needed=reason_needed)
        if isinstance(found, Layout):
            return Tally(kind, found, current, passed_over)
        before = line.cells
        if best is None or len(found.where) < len(best.where) or found.why is not Broken.WRONG_HEADER:
            best = found
    raise BrokenFile(Broken.EMPTY) if best is None else BrokenFile(best.why, best.where)


def _stacked(above: list[str], below: list[str]) -> list[list[str]]:
    """Two lines as one header: a title over its parts, or titles that a scan has broken into two lines."""
    if not above:
        return []
    pairs = list(zip_longest(above, below, fillvalue=""))
    return [[low if low.strip() else high for high, low in pairs], [high + low for high, low in pairs]]


def checked(sheet: Sheet, check: Check, tally: Tally) -> Iterator[tuple[object, ...]]:
    """Accepted rows in the shape of their staging table; what becomes of every row is tallied on the way.

    Blank cells at the end of a row are not there in a workbook; in text they are a row cut short.
    """
    layout, current, another = tally.layout, tally.sheet, False
    header = _header_of(layout)
    for line in sheet.lines:
        cells = line.cells
        if line.sheet != current:
            current = line.sheet
            layout, another, is_header = _next_sheet(tally, current, cells, layout)
            header = _header_of(layout)
            if is_header:
                continue
        if another:
            continue
        width = layout.width
        if len(cells) < width and (current or len(cells) >= layout.titled):
            cells = cells + [""] * (width - len(cells))
        tally.read += 1
        if line.broken:
            tally.reject(line.row_no, Fault.QUOTING, "", cells[0])
            continue
        if len(cells) != width and (len(cells) < width or any(cell.strip() for cell in cells[width:])):
            tally.reject(line.row_no, Fault.CELL_COUNT, "", ",".join(cells))
            continue
        row = [cells[place] if place >= 0 else "" for place in layout.places]
        marked = False
        if any(cell[:1] in _MARKS for cell in row if cell):
            plain = [_AS_TEXT.sub(lambda found: found[1] or found[2] or "", cell) for cell in row]
            marked, row = plain != row, plain
        if row[0] == header[0] and row == header:
            tally.read -= 1  # The header again, on a new page: no row.
            continue
        verdict = check(row)
        if isinstance(verdict, Accepted):
            tally.accept(line.row_no, (*verdict.notes, Note.CELL_AS_TEXT) if marked else verdict.notes)
            if tally.sampler is not None:
                tally.sampler.take(line.row_no, row, verdict, (Note.CELL_AS_TEXT,) if marked else ())
            yield (line.row_no, *verdict.values)
        elif [squash(cell) for cell in row] == [squash(cell) for cell in header]:
            tally.read -= 1  # The same with other blanks in it.
        else:
            title = tally.title(verdict.column)
            if tally.sampler is not None:
                tally.sampler.take(line.row_no, row, verdict)
            tally.reject(line.row_no, verdict.code, title, verdict.original, verdict.suggestion)


def _header_of(layout: Layout) -> list[str]:
    """The header as a row of it would read."""
    pairs = zip(layout.titles, layout.places, strict=True)
    return [title if place >= 0 else "" for title, place in pairs]


def _next_sheet(tally: Tally, name: str, cells: Sequence[str], layout: Layout) -> tuple[Layout, bool, bool]:
    """What a further sheet is by its first row: (its layout, whether it is another table, whether that is a header).

    A sheet without a header goes on with the table before it, unless it is wider.
    """
    found = read_header(tally.kind, cells)
    if isinstance(found, Layout):
        if found.direction is not layout.direction:
            raise BrokenFile(Broken.DIRECTION_UNCLEAR, name)
        return found, False, True
    used = max((place for place, cell in enumerate(cells, 1) if cell.strip()), default=0)
    if used > layout.width:
        tally.passed_over.append(name)
        return layout, True, False
    return layout, False, False
