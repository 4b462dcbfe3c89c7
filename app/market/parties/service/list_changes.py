"""Many lists changed by one file: read, compared line by line with what is in force, and proposed whole.

Nothing is kept between the look and the proposal: the lines come back with the confirmation and are judged again.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from app.access.seats import Seat
from app.credit.ingestion import sheets
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.parties.rules import Branch, Product, PublishedList, in_force, is_valid, list_files
from app.market.parties.rules.list_files import TITLES, Change, Column, Fault, OwnShelf, Row, RowFault
from app.market.parties.schemas import ROWS_MAX, ListBody, ListsBody
from app.market.parties.service import changes, shelf
from app.office.proposals import Proposal

FILE_MAX: Final = 1 << 20
_UNPACKED_MAX: Final = 16 << 20
_GRID_MAX: Final = 200_000  # Cells: 500 lines with room for a few hundred columns of somebody's own.
HEAD_WITHIN: Final = 10  # The titles stand within so many first lines.
Raw = tuple[int, Sequence[str]]  # A line's number in the file, and its cells.
Versions = Mapping[tuple[UUID, UUID], Sequence[PublishedList]]


@dataclass(frozen=True, slots=True)
class Line:
    """A line that would change something: a new version over `old`, or the first one where `old` is None."""

    row: Row
    old: PublishedList | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would do. Nothing may be proposed while there are `faults`."""

    lines: tuple[Line, ...]
    unchanged: int
    faults: tuple[Fault, ...]

    @property
    def may_be_proposed(self) -> bool:
        return bool(self.lines) and not self.faults


@dataclass(frozen=True, slots=True)
class Shelves:
    """What a bank has now: what its lines may name, and every version of every list by branch and product."""

    own: OwnShelf
    branches: Mapping[UUID, Branch]
    products: Mapping[UUID, Product]
    versions: Versions


async def read_shelves(tx: ReadTx, bank_id: UUID) -> Shelves:
    """Branches that are open and products that are offered today, with all versions of their lists."""
    today = shanghai_date(tx.now)
    branches = [b for b in await shelf.branches_of(tx, bank_id) if is_valid(b.valid_from, b.valid_to, today)]
    products = await shelf.products_on(tx, today, bank_id=bank_id)
    versions: dict[tuple[UUID, UUID], list[PublishedList]] = {}
    for entry in await shelf.versions_of_bank(tx, bank_id):
        versions.setdefault((entry.branch_id, entry.product_id), []).append(entry)
    return Shelves(
        list_files.own_shelf(branches, products), {one.branch_id: one for one in branches},
        {one.product_id: one for one in products}, versions,
    )  # fmt: skip


def open_file(content: bytes) -> list[Raw]:
    """The lines of a file from its titles on. Refuses `too-large` and `bad-upload` (no table, unreadable, too long)."""
    if len(content) > FILE_MAX:
        raise Refusal("too-large")
    try:
        opened = sheets.open_sheet(content, unpacked_max=_UNPACKED_MAX, workbook_max=_UNPACKED_MAX, grid_max=_GRID_MAX)
        return _lines(opened)
    except sheets.BrokenFile as broken:
        raise Refusal("bad-upload", broken.words, where=broken.where) from None


def _lines(opened: sheets.Sheet) -> list[Raw]:
    """Those of the sheet that has the titles; what begins with # is a word about the file."""
    found: list[Raw] = []
    sheet = ""
    for seen, line in enumerate(opened.lines):
        if not found and (seen >= HEAD_WITHIN or line.broken):
            raise Refusal("bad-upload", "没有找到列名，请用模板填写。")
        if not found:
            if Column.BRANCH in list_files.read_heads(line.cells):
                sheet = line.sheet
                found.append((line.row_no, line.cells))
        elif line.sheet == sheet and not line.cells[0].startswith("#"):
            found.append((line.row_no, ["\x00"] if line.broken else line.cells))
            if len(found) > ROWS_MAX + 1:
                raise Refusal("bad-upload", "行数过多，请分几次提交。", most=ROWS_MAX)
    if not found:
        raise Refusal("bad-upload", "没有找到列名，请用模板填写。")
    return found


def preview(lines: Sequence[Raw], shelves: Shelves, today: date) -> Preview:
    """What these lines, titles first, would change, and everything that is wrong with them. Refuses `bad-upload`."""
    heads = list_files.read_heads(lines[0][1])
    if missing := list_files.missing_heads(heads):
        raise Refusal("bad-upload", "缺少列，请用模板填写。", columns=[TITLES[one][0] for one in missing])
    found: list[Line] = []
    faults: list[Fault] = []
    seen: set[tuple[UUID, UUID]] = set()
    unchanged = 0
    for row_no, cells in lines[1:]:
        read = _read(row_no, cells, heads, shelves)
        if not isinstance(read, Row):
            faults += read
            continue
        if read.key in seen:
            faults.append(Fault(row_no, None, RowFault.TWICE, f"{read.branch.name} {read.product.code}"))
            continue
        seen.add(read.key)
        line = _compare(read, shelves, today)
        if not line.changes:
            unchanged += 1
        elif wrong := list_files.judge_row(read, today):
            faults += wrong
        else:
            found.append(line)
    return Preview(tuple(found), unchanged, tuple(faults))


def _read(row_no: int, cells: Sequence[str], heads: Mapping[Column, int], shelves: Shelves) -> Row | tuple[Fault, ...]:
    if cells == ["\x00"]:
        return (Fault(row_no, None, RowFault.BROKEN_QUOTES),)
    return list_files.read_row(row_no, cells, heads, shelves.own)


def _compare(row: Row, shelves: Shelves, today: date) -> Line:
    old = list_files.list_on(shelves.versions.get(row.key, ()), row, today)
    return Line(row, old, list_files.changes_of(old, row, today))


def bodies_of(found: Preview, today: date) -> ListsBody:
    """The new versions that a faultless preview stands for; purposes, collateral and districts stay as they are."""
    assert found.may_be_proposed, "what has faults is not proposed"
    return ListsBody(rows=[_body(line, today) for line in found.lines])


def _body(line: Line, today: date) -> ListBody:
    row, old = line.row, line.old
    return ListBody(
        branch_id=row.branch.branch_id, product_id=row.product.product_id, amount_min_fen=row.amount_min_fen,
        ceiling_fen=row.ceiling_fen, approval_level_fen=row.approval_level_fen, term_months_max=row.term_months_max,
        rate_min_ppm=row.rate_min_ppm, rate_max_ppm=row.rate_max_ppm, purposes=sorted(old.purposes) if old else [],
        collateral=sorted(old.collateral) if old else [], districts=sorted(old.districts) if old else [],
        materials=list(row.materials), two_person_reasons=sorted(row.two_person_reasons),
        valid_from=row.valid_from or today, valid_to=row.valid_to,
    )  # fmt: skip


async def propose(tx: Tx, found: Preview, *, by: Seat) -> Proposal:
    """Lay everything that a file changes before a second person, as one."""
    return await changes.propose_lists(tx, bodies_of(found, shanghai_date(tx.now)), by=by, now=tx.now)


def lines_of_proposal(proposal: Proposal, shelves: Shelves, today: date) -> tuple[Line, ...]:
    """What a waiting proposal would change now; lists of a branch or a product that is gone are left out."""
    found = []
    for number, body in enumerate(changes.lists_in(proposal).rows, 1):
        branch, product = shelves.branches.get(body.branch_id), shelves.products.get(body.product_id)
        if branch is None or product is None:
            continue
        row = Row(
            number, branch, product, body.amount_min_fen, body.ceiling_fen, body.approval_level_fen,
            body.term_months_max, body.rate_min_ppm, body.rate_max_ppm, frozenset(body.two_person_reasons),
            tuple(body.materials), body.valid_from, body.valid_to,
        )  # fmt: skip
        found.append(_compare(row, shelves, today))
    return tuple(found)


def in_force_now(shelves: Shelves, today: date) -> list[PublishedList]:
    """What is in force today, by branch and product."""
    found = [one for versions in shelves.versions.values() if (one := in_force(versions, today))]
    known = [one for one in found if one.branch_id in shelves.branches and one.product_id in shelves.products]
    return sorted(known, key=lambda one: (shelves.branches[one.branch_id].name, shelves.products[one.product_id].code))


def next_quarter(shelves: Shelves, today: date) -> list[PublishedList]:
    """What is in force today as a draft for the whole of the next quarter."""
    first, last = list_files.quarter_after(today)
    return [replace(one, valid_from=first, valid_to=last) for one in in_force_now(shelves, today)]


def cells(entries: Iterable[PublishedList], shelves: Shelves, language: int) -> list[list[str | int | None]]:
    """Lists as lines of a file."""
    return [
        list_files.cells_of(
            one, shelves.own.branch_text(shelves.branches[one.branch_id]), shelves.products[one.product_id], language
        )
        for one in entries
    ]


def lines_as_text(found: Preview, shelves: Shelves) -> str:
    """The lines of a faultless preview as text that `open_file` reads again: what a confirmation carries along."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([titles[0] for titles in TITLES.values()])
    for line in found.lines:
        row = line.row
        places = [list_files.guarded(shelves.own.branch_text(row.branch)), list_files.guarded(row.product.code), ""]
        rates = [list_files.percent_text(ppm) for ppm in (row.rate_min_ppm, row.rate_max_ppm)]
        materials = list_files.guarded("；".join(row.materials))
        reasons = " ".join(sorted(row.two_person_reasons))
        days = [row.valid_from or "", row.valid_to or ""]
        writer.writerow([*places, *_sums(row), row.term_months_max, *rates, reasons, materials, *days])
    return out.getvalue()


def raw_of(entries: Iterable[PublishedList], shelves: Shelves) -> list[Raw]:
    """Lists as the raw lines of a file, for a draft that never was one."""
    heads: list[Raw] = [(1, [titles[0] for titles in TITLES.values()])]
    units = [titles[2] for titles in TITLES.values()]
    return heads + [
        (number, [_plain(value, unit) for value, unit in zip(line, units, strict=True)])
        for number, line in enumerate(cells(entries, shelves, 0), 2)
    ]


def _sums(row: Row) -> list[str]:
    return [_plain(fen, "wan") for fen in (row.amount_min_fen, row.ceiling_fen, row.approval_level_fen)]


def _plain(value: str | int | None, unit: str) -> str:
    if isinstance(value, int) and unit == "wan":
        return list_files.wan_text(value)
    if isinstance(value, int) and unit == "ppm":
        return list_files.percent_text(value)
    return "" if value is None else str(value)
