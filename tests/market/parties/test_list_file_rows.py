"""What a line of a file of lists may say, and what it changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from app.kernel.ids import new_id
from app.market.parties import Branch, PublishedList
from app.market.parties.rules import list_files
from app.market.parties.rules.list_files import (
    TITLES,
    Column,
    Fault,
    Row,
    RowFault,
    changes_of,
    judge_row,
    missing_heads,
    own_shelf,
    read_heads,
    read_row,
)
from tests.market.parties.world import WAN, product

TODAY = date(2025, 9, 25)
BANK = new_id()
BRANCH = Branch(new_id(), BANK, "渝江银行渝中支行", "91500103MA5XYZ0011", None, None, date(2022, 3, 1), None)
TWIN = replace(BRANCH, branch_id=new_id(), name="渝江银行南岸支行", uscc="91500108MA5XYZ0021")
OTHER_TWIN = replace(TWIN, branch_id=new_id(), uscc="91500108MA5XYZ0022")
PRODUCT = product(BANK)
SHELF = own_shelf([BRANCH, TWIN, OTHER_TWIN], [PRODUCT])
HEADS = {column: place for place, column in enumerate(Column)}
GOOD: Mapping[Column, str] = {
    Column.BRANCH: "渝江银行渝中支行", Column.PRODUCT: "XY-01", Column.PRODUCT_NAME: "商户贷", Column.AMOUNT_MIN: "5",
    Column.CEILING: "200", Column.APPROVAL: "100", Column.TERM: "12", Column.RATE_MIN: "3.65", Column.RATE_MAX: "9",
    Column.REASONS: "B4 D1", Column.MATERIALS: "营业执照；流水", Column.FROM: "2025-10-01", Column.TO: "2025-12-31",
}  # fmt: skip


def read(**cells: str) -> Row | tuple[Fault, ...]:
    """The good line with some cells changed; keywords are the names of columns."""
    texts = dict(GOOD) | {Column[name]: text for name, text in cells.items()}
    return read_row(7, [texts[column] for column in Column], HEADS, SHELF)


def entry(**more: object) -> PublishedList:
    fields: dict[str, object] = {
        "list_id": new_id(), "bank_id": BANK, "branch_id": BRANCH.branch_id, "product_id": PRODUCT.product_id,
        "version": 1, "amount_min_fen": 5 * WAN, "ceiling_fen": 200 * WAN, "approval_level_fen": 100 * WAN,
        "term_months_max": 12, "rate_min_ppm": 36_500, "rate_max_ppm": 90_000, "purposes": frozenset({"equipment"}),
        "collateral": frozenset(), "districts": frozenset({"500103"}), "materials": ("营业执照", "流水"),
        "two_person_reasons": frozenset({"B4", "D1"}), "valid_from": date(2025, 7, 1), "valid_to": None,
    }  # fmt: skip
    return PublishedList(**fields | more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"BRANCH": ""}, "BRANCH", "missing"),
        ({"BRANCH": "别家银行渝中支行"}, "BRANCH", "unknown_branch"),
        ({"BRANCH": "渝江银行南岸支行"}, "BRANCH", "two_branches"),
        ({"BRANCH": '=HYPERLINK("http://x")'}, "BRANCH", "formula"),
        ({"PRODUCT": "XY-99"}, "PRODUCT", "unknown_product"),
        ({"PRODUCT": "@SUM(A1)"}, "PRODUCT", "formula"),
        ({"CEILING": ""}, "CEILING", "missing"),
        ({"CEILING": "两百"}, "CEILING", "not_a_sum"),
        ({"CEILING": "-5"}, "CEILING", "not_a_sum"),
        ({"CEILING": "200万美元"}, "CEILING", "not_a_sum"),
        ({"CEILING": "0"}, "CEILING", "not_a_sum"),
        ({"CEILING": "NaN"}, "CEILING", "not_a_sum"),
        ({"CEILING": "1e9"}, "CEILING", "not_a_sum"),
        ({"CEILING": "9" * 70}, "CEILING", "not_a_sum"),
        ({"APPROVAL": "+100"}, "APPROVAL", "formula"),
        ({"TERM": "12.5"}, "TERM", "not_months"),
        ({"TERM": "0"}, "TERM", "not_months"),
        ({"TERM": "361"}, "TERM", "not_months"),
        ({"TERM": "²"}, "TERM", "not_months"),
        ({"RATE_MIN": "三"}, "RATE_MIN", "not_a_rate"),
        ({"RATE_MIN": "Infinity"}, "RATE_MIN", "not_a_rate"),
        ({"RATE_MIN": "3.65001"}, "RATE_MIN", "not_a_rate"),
        ({"RATE_MAX": "36.5"}, "RATE_MAX", "not_a_rate"),
        ({"REASONS": "B4 drop"}, "REASONS", "not_a_reason"),
        ({"MATERIALS": "；".join(["流水"] * 65)}, "MATERIALS", "too_many"),
        ({"MATERIALS": "长" * 65}, "MATERIALS", "too_many"),
        ({"MATERIALS": "a\u202eb"}, "MATERIALS", "bad_text"),
        ({"MATERIALS": "a\x00b"}, "MATERIALS", "bad_text"),
        ({"MATERIALS": "＝1+1"}, "MATERIALS", "formula"),
        ({"FROM": "10/1"}, "FROM", "not_a_day"),
        ({"FROM": "2025-02-30"}, "FROM", "not_a_day"),
        ({"TO": "0000-01-01"}, "TO", "not_a_day"),
        ({"TO": "长期"}, "TO", "not_a_day"),
    ],
)
def test_a_cell_that_is_not_understood_is_told_with_its_column(cells: Mapping[str, str], column: str, code: str):
    """One fault for each cell, naming row, column and what stood there; the line is not taken."""
    faults = read(**cells)

    assert isinstance(faults, tuple)
    assert [(7, Column[column], RowFault(code))] == [(one.row_no, one.column, one.code) for one in faults]


def test_all_that_is_wrong_with_a_line_is_told_at_once():
    """Nobody uploads a file five times to learn of five faults."""
    faults = read(BRANCH="x", CEILING="y", RATE_MAX="z", TO="w")

    assert isinstance(faults, tuple)
    assert [Column.BRANCH, Column.CEILING, Column.RATE_MAX, Column.TO] == [one.column for one in faults]


@pytest.mark.parametrize(
    ("cells", "field", "expected"),
    [
        ({"BRANCH": " 渝江银行渝中支行 "}, "branch", BRANCH),
        ({"BRANCH": "91500108MA5XYZ0022"}, "branch", OTHER_TWIN),
        ({"BRANCH": str(TWIN.branch_id)}, "branch", TWIN),
        ({"PRODUCT": "xy-01"}, "product", PRODUCT),
        ({"CEILING": "１，５００"}, "ceiling_fen", 1_500 * WAN),
        ({"CEILING": "150万元"}, "ceiling_fen", 150 * WAN),
        ({"CEILING": "0.000001"}, "ceiling_fen", 1),
        ({"APPROVAL": "0"}, "approval_level_fen", 0),
        ({"RATE_MIN": "３.８５％"}, "rate_min_ppm", 38_500),
        ({"FROM": "2025/10/1"}, "valid_from", date(2025, 10, 1)),
        ({"FROM": "2025年10月1日"}, "valid_from", date(2025, 10, 1)),
        ({"FROM": ""}, "valid_from", None),
        ({"REASONS": "b4，d1"}, "two_person_reasons", frozenset({"B4", "D1"})),
        ({"MATERIALS": "'-回单; 流水；"}, "materials", ("-回单", "流水")),
        ({"MATERIALS": "'=1+1"}, "materials", ("=1+1",)),  # Marked as a text, as our own files do.
        ({"PRODUCT_NAME": "=1+1"}, "product", PRODUCT),  # For the eye alone: it is not read.
    ],
)
def test_what_people_write_is_understood(cells: Mapping[str, str], field: str, expected: object):
    """Full width, units, slashes, codes: as spreadsheets and keyboards give them."""
    row = read(**cells)

    assert isinstance(row, Row), row
    assert expected == getattr(row, field)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, []),
        ({"AMOUNT_MIN": "201"}, [("CEILING", "upside_down")]),
        ({"AMOUNT_MIN": "4"}, [("AMOUNT_MIN", "outside_product")]),
        ({"CEILING": "301"}, [("CEILING", "outside_product")]),
        ({"TERM": "37"}, [("TERM", "outside_product")]),
        ({"RATE_MIN": "9.1"}, [("RATE_MAX", "upside_down")]),
        ({"RATE_MIN": "3"}, [("RATE_MIN", "outside_product")]),
        ({"RATE_MAX": "9.7"}, [("RATE_MAX", "outside_product")]),
        ({"FROM": "2025-09-24"}, [("FROM", "past")]),
        ({"FROM": "2025-09-25"}, []),
        ({"FROM": "", "TO": "2025-09-24"}, [("TO", "ends_first")]),
        ({"FROM": "2026-01-01"}, [("TO", "ends_first")]),
        ({"TERM": "37", "FROM": "2025-01-01"}, [("TERM", "outside_product"), ("FROM", "past")]),
    ],
)
def test_a_line_stays_within_its_product_and_the_days_to_come(cells: Mapping[str, str], expected: list[object]):
    """Bounds on the product's edge are inside; yesterday is not changed any more."""
    row = read(**cells)
    assert isinstance(row, Row)

    faults = judge_row(row, TODAY)

    assert [(Column[name], RowFault(code)) for name, code in expected] == [(one.column, one.code) for one in faults]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "cells", "expected"),
    [
        ({}, {"FROM": "2025-07-01", "TO": ""}, []),
        ({}, {"FROM": "", "TO": ""}, []),
        ({}, {"FROM": "", "TO": "", "CEILING": "150"}, ["CEILING", "FROM"]),
        ({}, {"TO": ""}, ["FROM"]),
        ({}, {}, ["FROM", "TO"]),
        ({"valid_to": date(2025, 9, 30)}, {"FROM": "", "TO": ""}, ["FROM", "TO"]),
        ({}, {"FROM": "", "TO": "", "MATERIALS": "流水；营业执照"}, ["MATERIALS", "FROM"]),
        ({}, {"FROM": "", "TO": "", "REASONS": "D1 B4"}, []),
    ],
)
def test_only_what_differs_is_a_change(old: dict[str, object], cells: Mapping[str, str], expected: list[str]):
    """A line that says what is in force changes nothing, whatever day it names for it."""
    row = read(**cells)
    assert isinstance(row, Row)

    actual = changes_of(entry(**old), row, TODAY)

    assert [Column[name] for name in expected] == [one.column for one in actual]


def test_a_line_without_a_list_is_a_new_one_with_everything_in_it():
    """There is nothing to compare with."""
    row = read()
    assert isinstance(row, Row)

    changes = changes_of(None, row, TODAY)

    assert all(one.old is None for one in changes)
    assert {one.column for one in changes} == set(list_files.COMPARED)


def test_titles_are_known_in_both_languages_wherever_they_stand():
    """Somebody adds a column of their own, moves another, and writes brackets by another width."""
    chinese = ["备注", *(titles[0] for titles in TITLES.values())][::-1]
    english = [titles[1] for titles in TITLES.values()]

    assert () == missing_heads(read_heads(chinese)) == missing_heads(read_heads(english))
    assert (Column.RATE_MIN,) == missing_heads(read_heads([t for t in chinese if t != "最低利率（%）"]))
    assert {Column.CEILING: 0} == read_heads(["授权上限(万元)", "授权上限（万元）"])


def test_a_list_written_to_a_file_reads_as_itself():
    """What is downloaded and handed in again changes nothing."""
    cells = list_files.cells_of(entry(valid_to=date(2025, 12, 31)), "渝江银行渝中支行", PRODUCT, 0)
    units = [titles[2] for titles in TITLES.values()]
    texts = [
        list_files.wan_text(value) if unit == "wan" else list_files.percent_text(value) if unit == "ppm" else str(value)
        for value, unit in zip(cells, units, strict=True)
    ]  # type: ignore[arg-type]

    row = read_row(2, texts, HEADS, SHELF)

    assert isinstance(row, Row), row
    assert () == changes_of(entry(valid_to=date(2025, 12, 31)), row, TODAY)
