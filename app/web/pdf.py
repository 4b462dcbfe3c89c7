"""Papers: tables and words as a PDF that looks the same everywhere, since its font comes along. No storage, no rooms.

The font (Noto Sans SC, only the signs that are used) is a package, so that a machine without fonts prints Chinese. The
same content gives the same bytes: the only date inside is the one that is handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import segno
from fpdf import FPDF
from fpdf.enums import TextEmphasis, WrapMode, XPos, YPos
from fpdf.fonts import FontFace

FONT: Final = "pylopdf_fonts_zh_cn"
FONT_FILE: Final = "NotoSansSC-Regular.otf"
NAME: Final = "noto"
INK: Final = (26, 32, 44)
QUIET: Final = (84, 94, 110)
RULE: Final = (200, 206, 216)
HEAD: Final = (236, 240, 246)
MARGIN: Final = 16.0  # All lengths in millimetres, type in points.
QR: Final = 30.0
BODY, SMALL, TITLE, SECTION = 9.5, 8.0, 17.0, 12.0


@dataclass(frozen=True, slots=True)
class Block:
    """A table under its heading, with a line of words between. `heads` are (words, share of the width, "L" or "R")."""

    heading: str
    said: str
    heads: Sequence[tuple[str, int, str]]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Paper:
    """One document. `about` are (name, words) beside the QR code of `link`; `foot` stands on every page."""

    title: str
    said: str
    about: Sequence[tuple[str, str]]
    link: str
    link_said: str
    blocks: Sequence[Block]
    foot: str
    made_at: datetime
    by_word: bool = False  # Break lines between words (English), not between any two signs.


class _Sheet(FPDF):
    """A4 with the foot and the page number on every page."""

    foot_words = ""

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(NAME, size=SMALL)
        self.set_text_color(*QUIET)
        self.cell(self.epw * 0.8, 5, self.foot_words)
        self.cell(self.epw * 0.2, 5, f"{self.page_no()} / {{nb}}", align="R")


def pdf(paper: Paper) -> bytes:
    """The paper as a PDF file."""
    sheet = _Sheet(format="A4")
    sheet.foot_words = paper.foot
    sheet.set_creation_date(paper.made_at)
    sheet.set_title(paper.title)
    sheet.set_lang("en" if paper.by_word else "zh-CN")
    sheet.set_margins(MARGIN, MARGIN)
    sheet.set_auto_page_break(auto=True, margin=MARGIN)
    sheet.add_font(NAME, fname=_font())
    sheet.alias_nb_pages()
    sheet.add_page()
    wrap = WrapMode.WORD if paper.by_word else WrapMode.CHAR
    _head(sheet, paper, wrap)
    for block in paper.blocks:
        _block(sheet, block, wrap)
    return bytes(sheet.output())


def qr_rows(link: str) -> list[list[bool]]:
    """The QR code of a link as rows of dark (True) and light modules, without its quiet zone."""
    return [[bool(module) for module in row] for row in segno.make(link, error="m", micro=False).matrix]


@cache
def _font() -> Path:
    spec = find_spec(FONT)
    assert spec is not None, "the font is a package of its own"
    assert spec.origin is not None, "a package of files"
    return Path(spec.origin).parent / FONT_FILE


def _head(sheet: FPDF, paper: Paper, wrap: WrapMode) -> None:
    left, width = sheet.l_margin, sheet.epw - QR - 6
    sheet.set_text_color(*INK)
    sheet.set_font(NAME, size=TITLE)
    sheet.multi_cell(width, 9, paper.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L", wrapmode=wrap)
    sheet.set_font(NAME, size=BODY)
    if paper.said:
        sheet.multi_cell(width, 5.5, paper.said, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L", wrapmode=wrap)
    sheet.ln(2)
    for name, words in paper.about:
        sheet.set_text_color(*QUIET)
        sheet.set_font(NAME, size=SMALL)
        top = sheet.get_y()
        sheet.multi_cell(30, 5, name, new_x=XPos.RIGHT, new_y=YPos.TOP, align="L", wrapmode=wrap)
        sheet.set_text_color(*INK)
        sheet.set_xy(left + 30, top)
        # A digest is one long word: it is broken anywhere.
        sheet.multi_cell(width - 30, 5, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L", wrapmode=WrapMode.CHAR)
    bottom = sheet.get_y()
    _qr(sheet, paper, left + width + 6, MARGIN)
    sheet.set_xy(left, max(bottom, MARGIN + QR + 22) + 2)
    sheet.set_draw_color(*RULE)
    sheet.line(left, sheet.get_y(), left + sheet.epw, sheet.get_y())
    sheet.ln(3)


def _qr(sheet: FPDF, paper: Paper, left: float, top: float) -> None:
    rows = qr_rows(paper.link)
    size = QR / len(rows)
    sheet.set_fill_color(0, 0, 0)
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:  # A little wider than a module, so that no hair of light stays between two.
                sheet.rect(left + across * size, top + down * size, size + 0.02, size + 0.02, style="F")
    sheet.link(left, top, QR, QR, paper.link)
    sheet.set_xy(left, top + QR + 1)
    sheet.set_font(NAME, size=6.5)
    sheet.set_text_color(*QUIET)
    sheet.multi_cell(QR, 3.2, f"{paper.link_said}\n{paper.link}", align="L", wrapmode=WrapMode.CHAR)


def _block(sheet: FPDF, block: Block, wrap: WrapMode) -> None:
    if sheet.will_page_break(30):
        sheet.add_page()
    sheet.set_text_color(*INK)
    sheet.set_font(NAME, size=SECTION)
    sheet.multi_cell(sheet.epw, 7, block.heading, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L", wrapmode=wrap)
    if block.said:
        sheet.set_font(NAME, size=SMALL)
        sheet.set_text_color(*QUIET)
        sheet.multi_cell(sheet.epw, 4.5, block.said, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L", wrapmode=wrap)
        sheet.ln(1)
    sheet.set_font(NAME, size=SMALL)
    sheet.set_text_color(*INK)
    sheet.set_draw_color(*RULE)
    sides = tuple("LEFT" if align == "L" else "RIGHT" for _words, _width, align in block.heads)
    head = FontFace(emphasis=TextEmphasis.NONE, color=INK, fill_color=HEAD)
    with sheet.table(
        col_widths=tuple(width for _words, width, _align in block.heads), headings_style=head, line_height=5,
        borders_layout="HORIZONTAL_LINES", text_align=sides,
        width=sheet.epw, padding=(0.6, 1, 0.6, 1), wrapmode=wrap,
    ) as table:  # fmt: skip
        row = table.row()
        for words, _width, _align in block.heads:
            row.cell(words)
        for cells in block.rows:
            row = table.row()
            for words in cells:
                row.cell(words)
    sheet.ln(5)
