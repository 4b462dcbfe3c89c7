"""A bank's lists as a file that people fill in: what each column is called, how a row is read, what it would change.

Pure. One branch and product a line; sums in 万元, rates in percent. A line is taken whole or not at all.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.kernel.money import ReadSum, format_wan, parse_sum
from app.kernel.text import half_width, match_key, text_fault
from app.market.parties.rules import Branch, Product, PublishedList, in_force

RATE_MAX_PPM: Final = 360_000
MONTHS_MAX: Final = 360
ITEMS_MAX: Final = 64
ITEM_LENGTH_MAX: Final = 64
SAID_LENGTH: Final = 40  # Of a faulty cell, so much is told.
_DAY: Final = re.compile(r"([0-9]{4})([-/.年])([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_REASON: Final = re.compile(r"[A-Z][0-9]{1,3}")
_FORMULA: Final = ("=", "+", "@", "\t", "\r")


class Column(StrEnum):
    BRANCH = "branch"
    PRODUCT = "product"
    PRODUCT_NAME = "product_name"  # For the eye; not read.
    AMOUNT_MIN = "amount_min_fen"
    CEILING = "ceiling_fen"
    APPROVAL = "approval_level_fen"
    TERM = "term_months_max"
    RATE_MIN = "rate_min_ppm"
    RATE_MAX = "rate_max_ppm"
    REASONS = "two_person_reasons"
    MATERIALS = "materials"
    FROM = "valid_from"
    TO = "valid_to"


TITLES: Final[Mapping[Column, tuple[str, str, str]]] = {  # Chinese, English, and how a table writes it.
    Column.BRANCH: ("网点", "Branch", "text"),
    Column.PRODUCT: ("产品代码", "Product code", "text"),
    Column.PRODUCT_NAME: ("产品", "Product", "text"),
    Column.AMOUNT_MIN: ("最低金额（万元）", "Least amount (10,000 yuan)", "wan"),
    Column.CEILING: ("授权上限（万元）", "Ceiling (10,000 yuan)", "wan"),
    Column.APPROVAL: ("审批限额（万元）", "Approval limit (10,000 yuan)", "wan"),
    Column.TERM: ("最长期限（月）", "Longest term (months)", "count"),
    Column.RATE_MIN: ("最低利率（%）", "Lowest rate (%)", "ppm"),
    Column.RATE_MAX: ("最高利率（%）", "Highest rate (%)", "ppm"),
    Column.REASONS: ("须两人同意的原因", "Reasons that need two people", "text"),
    Column.MATERIALS: ("所需材料", "Papers needed", "text"),
    Column.FROM: ("生效日", "Valid from", "text"),
    Column.TO: ("截止日", "Valid until", "text"),
}
NEEDED: Final = tuple(one for one in Column if one not in (
    Column.PRODUCT_NAME, Column.REASONS, Column.MATERIALS, Column.FROM, Column.TO
))  # fmt: skip
COMPARED: Final = (
    Column.AMOUNT_MIN, Column.CEILING, Column.APPROVAL, Column.TERM, Column.RATE_MIN, Column.RATE_MAX, Column.REASONS,
    Column.MATERIALS, Column.FROM, Column.TO,
)  # fmt: skip
DATES: Final = (Column.FROM, Column.TO)


class RowFault(StrEnum):
    """Why a line is not taken."""

    MISSING = "missing"
    UNKNOWN_BRANCH = "unknown_branch"
    TWO_BRANCHES = "two_branches"  # Of one name: the code must say which.
    UNKNOWN_PRODUCT = "unknown_product"
    NOT_A_SUM = "not_a_sum"
    NOT_A_RATE = "not_a_rate"
    NOT_MONTHS = "not_months"
    NOT_A_DAY = "not_a_day"
    NOT_A_REASON = "not_a_reason"
    TOO_MANY = "too_many"
    BAD_TEXT = "bad_text"
    FORMULA = "formula"
    BROKEN_QUOTES = "broken_quotes"
    TWICE = "twice"
    UPSIDE_DOWN = "upside_down"  # A lower bound above its upper one.
    OUTSIDE_PRODUCT = "outside_product"
    PAST = "past"
    ENDS_FIRST = "ends_first"


@dataclass(frozen=True, slots=True)
class Fault:
    """`said` is what stood there, cut; `column` None when it is the line as a whole."""

    row_no: int
    column: Column | None
    code: RowFault
    said: str = ""


@dataclass(frozen=True, slots=True)
class OwnShelf:
    """What the lines of a bank's file may name: branches by every key they go by, products by their code."""

    branches: Mapping[str, tuple[Branch, ...]]
    products: Mapping[str, Product]

    def branch_text(self, branch: Branch) -> str:
        """What a file calls a branch: its name, where no other of the bank has it; else its code or its id."""
        alone = len(self.branches[match_key(branch.name)]) == 1
        return branch.name if alone else branch.uscc or str(branch.branch_id)


@dataclass(frozen=True, slots=True)
class Row:
    """A line that was read. `valid_from` None: from today on. None elsewhere: nothing was said."""

    row_no: int
    branch: Branch
    product: Product
    amount_min_fen: int
    ceiling_fen: int
    approval_level_fen: int
    term_months_max: int
    rate_min_ppm: int
    rate_max_ppm: int
    two_person_reasons: frozenset[str]
    materials: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None

    @property
    def key(self) -> tuple[UUID, UUID]:
        return self.branch.branch_id, self.product.product_id


@dataclass(frozen=True, slots=True)
class Change:
    """One column of a line: what it is now and what it would be. `old` None where there is no list yet."""

    column: Column
    old: object
    new: object


def own_shelf(branches: Iterable[Branch], products: Iterable[Product]) -> OwnShelf:
    """Branches by name, code and id; of one that is closed nothing is published, so it is not here."""
    found: dict[str, tuple[Branch, ...]] = {}
    for branch in branches:
        for text in {branch.name, branch.uscc or branch.name, str(branch.branch_id)}:
            key = match_key(text)
            found[key] = (*found.get(key, ()), branch)
    return OwnShelf(found, {product.code.casefold(): product for product in products})


def read_heads(cells: Sequence[str]) -> Mapping[Column, int]:
    """Where each column stands, by its title in either language, whatever its order; unknown titles are passed over.

    >>> sorted(read_heads(["产品代码", " 网点 ", "x"]).items())
    [(<Column.BRANCH: 'branch'>, 1), (<Column.PRODUCT: 'product'>, 0)]
    """
    known = {match_key(title): column for column, titles in TITLES.items() for title in titles[:2]}
    found: dict[Column, int] = {}
    for place, cell in enumerate(cells):
        column = known.get(match_key(cell))
        if column is not None:
            found.setdefault(column, place)
    return found


def missing_heads(found: Mapping[Column, int]) -> tuple[Column, ...]:
    return tuple(one for one in NEEDED if one not in found)


def read_row(
    row_no: int, cells: Sequence[str], heads: Mapping[Column, int], shelf: OwnShelf
) -> Row | tuple[Fault, ...]:
    """One line, or everything that is wrong with it."""
    texts = {column: _cell(cells, place) for column, place in heads.items()}
    reader = _Reader(row_no, texts)
    branch, product = reader.branch(shelf), reader.product(shelf)
    sums = [reader.fen(column, zero=column is Column.APPROVAL) for column in COMPARED[:3]]
    term = reader.months()
    rates = [reader.ppm(column) for column in (Column.RATE_MIN, Column.RATE_MAX)]
    reasons, materials = reader.reasons(), reader.materials()
    days = [reader.day(column) for column in DATES]
    if reader.faults or branch is None or product is None:
        return tuple(reader.faults)
    return Row(
        row_no, branch, product, sums[0], sums[1], sums[2], term, rates[0], rates[1], reasons, materials, days[0],
        days[1],
    )  # fmt: skip


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def guarded(text: str) -> str:
    """A text that no spreadsheet runs, and that reads back as itself.

    >>> guarded("-回单"), guarded("＝1"), guarded("流水")
    ("'-回单", "'＝1", '流水')
    """
    return f"'{text}" if half_width(text[:1]).startswith((*_FORMULA, "-", "'")) else text


class _Reader:
    """Reads the cells of one line and keeps what is wrong with them."""

    def __init__(self, row_no: int, texts: Mapping[Column, str]) -> None:
        self.row_no = row_no
        self.texts = {column: text.removeprefix("'") for column, text in texts.items()}
        self.faults: list[Fault] = []
        for column, text in texts.items():
            if column is Column.PRODUCT_NAME:
                continue
            if half_width(text[:1]).startswith(_FORMULA):
                self._fault(column, RowFault.FORMULA)
            elif text_fault(text) is not None:
                self._fault(column, RowFault.BAD_TEXT)

    def _fault(self, column: Column, code: RowFault) -> None:
        """The first fault of a cell is the one to tell."""
        if all(one.column is not column for one in self.faults):
            said = "" if code is RowFault.BAD_TEXT else self.texts.get(column, "")[:SAID_LENGTH]
            self.faults.append(Fault(self.row_no, column, code, said))

    def _needed(self, column: Column) -> str:
        text = self.texts.get(column, "")
        if not text:
            self._fault(column, RowFault.MISSING)
        return text

    def branch(self, shelf: OwnShelf) -> Branch | None:
        text = self._needed(Column.BRANCH)
        found = shelf.branches.get(match_key(text), ())
        if text and len(found) != 1:
            self._fault(Column.BRANCH, RowFault.TWO_BRANCHES if found else RowFault.UNKNOWN_BRANCH)
        return found[0] if len(found) == 1 else None

    def product(self, shelf: OwnShelf) -> Product | None:
        text = self._needed(Column.PRODUCT)
        found = shelf.products.get(half_width(text).casefold())
        if text and found is None:
            self._fault(Column.PRODUCT, RowFault.UNKNOWN_PRODUCT)
        return found

    def fen(self, column: Column, *, zero: bool) -> int:
        text = self._needed(column)
        read = parse_sum(text) if text else None
        if isinstance(read, ReadSum) and (read.fen > 0 or (zero and read.fen == 0)):
            return int(read.fen)
        if text:
            self._fault(column, RowFault.NOT_A_SUM)
        return 0

    def months(self) -> int:
        text = half_width(self._needed(Column.TERM))
        if text.isascii() and text.isdigit() and len(text) <= len(str(MONTHS_MAX)) and 1 <= int(text) <= MONTHS_MAX:
            return int(text)
        if text:
            self._fault(Column.TERM, RowFault.NOT_MONTHS)
        return 0

    def ppm(self, column: Column) -> int:
        text = self._needed(column)
        ppm = read_percent(text)
        if ppm is None and text:
            self._fault(column, RowFault.NOT_A_RATE)
        return ppm or 0

    def reasons(self) -> frozenset[str]:
        codes = [
            one for one in re.split(r"[\s,，、;；]+", half_width(self.texts.get(Column.REASONS, "")).upper()) if one
        ]
        if not all(_REASON.fullmatch(one) for one in codes):
            self._fault(Column.REASONS, RowFault.NOT_A_REASON)
        if len(codes) > ITEMS_MAX:
            self._fault(Column.REASONS, RowFault.TOO_MANY)
        return frozenset(codes)

    def materials(self) -> tuple[str, ...]:
        items = tuple(one.strip() for one in re.split(r"[\n;；]+", self.texts.get(Column.MATERIALS, "")) if one.strip())
        if len(items) > ITEMS_MAX or any(len(one) > ITEM_LENGTH_MAX for one in items):
            self._fault(Column.MATERIALS, RowFault.TOO_MANY)
        return items

    def day(self, column: Column) -> date | None:
        text = self.texts.get(column, "")
        found = _DAY.fullmatch(half_width(text))
        try:
            day = date(int(found[1]), int(found[3]), int(found[4])) if found else None
        except ValueError:
            day = None
        if text and day is None:
            self._fault(column, RowFault.NOT_A_DAY)
        return day


def read_percent(text: str) -> int | None:
    """A rate in percent as ppm; None for what is none, too fine or beyond what the law allows.

    >>> read_percent("4.35"), read_percent("４.35 %"), read_percent("NaN"), read_percent("36.1"), read_percent("1e-9")
    (43500, 43500, None, None, None)
    """
    try:
        ppm = Decimal(half_width(text).removesuffix("%").strip()) * 10_000
    except InvalidOperation:
        return None
    if not ppm.is_finite() or not 0 < ppm <= RATE_MAX_PPM or ppm != int(ppm):
        return None
    return int(ppm)


def judge_row(row: Row, today: date) -> tuple[Fault, ...]:
    """What a line that can be read may still not say: bounds in order, inside the product, no day that has passed."""
    found: list[tuple[Column, RowFault, str]] = []
    product = row.product
    if row.amount_min_fen > row.ceiling_fen:
        found.append((Column.CEILING, RowFault.UPSIDE_DOWN, wan_text(row.ceiling_fen)))
    elif row.amount_min_fen < product.amount_min_fen:
        found.append((Column.AMOUNT_MIN, RowFault.OUTSIDE_PRODUCT, wan_text(row.amount_min_fen)))
    elif row.ceiling_fen > product.amount_max_fen:
        found.append((Column.CEILING, RowFault.OUTSIDE_PRODUCT, wan_text(row.ceiling_fen)))
    if row.term_months_max > product.term_months_max:
        found.append((Column.TERM, RowFault.OUTSIDE_PRODUCT, str(row.term_months_max)))
    if row.rate_min_ppm > row.rate_max_ppm:
        found.append((Column.RATE_MAX, RowFault.UPSIDE_DOWN, percent_text(row.rate_max_ppm)))
    elif row.rate_min_ppm < product.rate_min_ppm:
        found.append((Column.RATE_MIN, RowFault.OUTSIDE_PRODUCT, percent_text(row.rate_min_ppm)))
    elif row.rate_max_ppm > product.rate_max_ppm:
        found.append((Column.RATE_MAX, RowFault.OUTSIDE_PRODUCT, percent_text(row.rate_max_ppm)))
    begin = row.valid_from or today
    if begin < today:
        found.append((Column.FROM, RowFault.PAST, begin.isoformat()))
    if row.valid_to is not None and row.valid_to < max(begin, today):
        found.append((Column.TO, RowFault.ENDS_FIRST, row.valid_to.isoformat()))
    return tuple(Fault(row.row_no, column, code, said) for column, code, said in found)


def changes_of(old: PublishedList | None, row: Row, today: date) -> tuple[Change, ...]:
    """What a line would change, column by column; nothing where it says what is in force already."""
    begin = row.valid_from or today
    new = {column: getattr(row, column.value) for column in COMPARED} | {Column.FROM: begin}
    if old is None:
        return tuple(Change(column, None, new[column]) for column in COMPARED)
    found = tuple(
        Change(column, getattr(old, column.value), new[column])
        for column in COMPARED
        if getattr(old, column.value) != new[column]
    )
    silent = row.valid_from is None and all(one.column is Column.FROM for one in found)
    return () if silent else found


def list_on(versions: Iterable[PublishedList], row: Row, today: date) -> PublishedList | None:
    """What would be in force on the day from which a line counts."""
    return in_force(versions, max(row.valid_from or today, today))


def percent_text(ppm: int) -> str:
    """
    >>> percent_text(43_500), percent_text(60_000)
    ('4.35', '6')
    """
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".")


def wan_text(fen: int) -> str:
    """A sum in 万元, exact and without grouping.

    >>> wan_text(50_000_000), wan_text(1), wan_text(0)
    ('50', '0.000001', '0')
    """
    return format_wan(fen).replace(",", "")


def cells_of(entry: PublishedList, branch_text: str, product: Product, language: int) -> list[str | int | None]:
    """A list as a line of the file, in the order of the columns; `language`: 0 Chinese, 1 English."""
    return [
        guarded(branch_text), guarded(product.code), guarded((product.name, product.name_en)[language]),
        entry.amount_min_fen, entry.ceiling_fen, entry.approval_level_fen, entry.term_months_max, entry.rate_min_ppm,
        entry.rate_max_ppm, " ".join(sorted(entry.two_person_reasons)), guarded("；".join(entry.materials)),
        entry.valid_from.isoformat(), entry.valid_to.isoformat() if entry.valid_to else "",
    ]  # fmt: skip


def quarter_after(on: date) -> tuple[date, date]:
    """The first and the last day of the next calendar quarter.

    >>> [day.isoformat() for day in quarter_after(date(2025, 11, 24))]
    ['2026-01-01', '2026-03-31']
    """
    serial = on.year * 4 + (on.month - 1) // 3 + 1
    first, after = (date(at // 4, at % 4 * 3 + 1, 1) for at in (serial, serial + 1))
    return first, date.fromordinal(after.toordinal() - 1)
