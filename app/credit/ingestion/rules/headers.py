"""The header of a file: columns are known by their titles with blanks removed, never by their place.

A title that no kind knows is an extra column, named in the receipt. A title that carries another unit, 金额（万元）
where 元 is expected, is not known either, so that such a file is refused rather than read ten thousand times too small.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.credit.ingestion.rules.shapes import Broken, FileKind, Refused
from app.credit.ingestion.rules.titles import COLUMNS, PARTY, Column, Direction
from app.kernel.text import half_width

HEADER_ROWS_MAX: Final = 20  # Official lists put a title, a number and a date above the header.


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of one file stand. `places` follow the kind's columns; -1 for one that is not there."""

    places: tuple[int, ...]
    titles: tuple[str, ...]  # As this file writes them; the usual title for one that is not there.
    names: tuple[str, ...]
    width: int
    titled: int = 0  # The width without the blank cells at the end of the header.
    extra: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    direction: Direction | None = None


_NUMBERING: Final = frozenset({"", "序号", "编号", "备注", "行号"})


def squash(title: object) -> str:
    """A title as it is compared: half width, no blanks, no order mark, no star of a compulsory field.

    >>> squash("\\ufeff 企 业\\n名称 "), squash("统一社会信用代码*"), squash("企业（机构）名称")
    ('企业名称', '统一社会信用代码', '企业(机构)名称')
    """
    return half_width(str(title)).replace(" ", "").strip("*:'\"").lower()


_NUMBERED: Final = re.compile(r"^(?:\(?[0-9]{1,2}[.、)]|[①-⑳])")
_ADVICE: Final = re.compile(
    r"\((?:必填|选填|可选|必填项|全称|单位全称|盖章|[0-9]+位|[0-9]+位代码|文本格式|文本|格式[^()]*|如[^()]*|年.*日|yyyy[^()]*)\)$"
)


def plain_title(title: object) -> str:
    """A title without its number and without advice to whoever fills the form in. A unit is no advice: it stays.

    >>> plain_title("1. 企业名称（必填）"), plain_title("registered_capital"), plain_title("金额（万元）")
    ('企业名称', 'registeredcapital', '金额(万元)')
    """
    return _ADVICE.sub("", _NUMBERED.sub("", squash(title))).replace("_", "").strip("*")


def read_header(kind: FileKind, cells: Sequence[object], *, reason_needed: bool = False) -> Layout | Refused:
    """Where the columns stand, or why this row is no header of that kind.

    `reason_needed`: the list has several reasons, so that a file without that column says nothing.

    >>> layout = read_header(FileKind.MASKED, ["企业代号", "企业名称", "信誉评级", "是否违约", "备注", "电话"])
    >>> (layout.places, layout.extra) if isinstance(layout, Layout) else None
    ((0, 1, 2, 3), ('电话',))
    """
    seen = [plain_title(cell) for cell in cells]
    columns = COLUMNS[kind]
    direction: Direction | None = None
    if kind is FileKind.INVOICES:
        named = [d for d, titles in PARTY.items() if any(title in seen for title in titles)]
        if len(named) != 1:
            return Refused(Broken.DIRECTION_UNCLEAR if named else Broken.WRONG_HEADER, "销方/购方单位代号")
        direction = named[0]
        columns = tuple(Column("party", PARTY[direction], True) if c.name == "party" else c for c in columns)
    places: list[int] = []
    for column in columns:
        found = [place for place, title in enumerate(seen) if title in column.titles]
        if len(found) > 1:
            found = _most_usual(column, seen, found)
        if len(found) > 1:
            return Refused(Broken.HEADER_REPEATED, str(cells[found[0]]))
        places.append(found[0] if found else -1)
    missing = _missing(kind, columns, places, reason_needed)
    if missing:
        return Refused(Broken.WRONG_HEADER, "、".join(missing))
    taken = set(places)
    return Layout(
        places=tuple(places),
        titles=tuple(
            str(cells[place]).strip() if place >= 0 else column.titles[0]
            for column, place in zip(columns, places, strict=True)
        ),
        names=tuple(column.name for column in columns),
        width=len(cells),
        titled=max((place for place, title in enumerate(seen, 1) if title), default=0),
        extra=tuple(
            str(cells[place]).strip()
            for place, title in enumerate(seen)
            if place not in taken and title not in _NUMBERING
        ),
        absent=tuple(column.titles[0] for column, place in zip(columns, places, strict=True) if place < 0),
        direction=direction,
    )


def _most_usual(column: Column, seen: Sequence[str], found: list[int]) -> list[int]:
    """Of several titles of one column (名称 beside 企业名称) the more usual one is meant; equal ones stay several."""
    best = min(column.titles.index(seen[place]) for place in found)
    return [place for place in found if column.titles.index(seen[place]) == best]


def _missing(kind: FileKind, columns: Sequence[Column], places: Sequence[int], reason_needed: bool) -> list[str]:
    there = {column.name for column, place in zip(columns, places, strict=True) if place >= 0}
    missing = [column.titles[0] for column in columns if column.required and column.name not in there]
    if kind is FileKind.LIST:
        if not there & {"uscc", "org_code", "reg_no"}:
            missing.append("统一社会信用代码")
        if reason_needed and "reasons" not in there:
            missing.append("失信领域")
    return missing
