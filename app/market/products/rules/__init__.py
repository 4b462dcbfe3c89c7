"""Decision documents as tables: the grammar of cells and formulas, what is refused, checks, differences. Pure."""

from app.market.products.rules.cells import BadCell, Condition, Unit, shown_cell, shown_number, typed_cell, typed_number
from app.market.products.rules.checking import Checked, Finding, Said, check, texts_of, usual
from app.market.products.rules.diffing import Change, changes, formula_lines
from app.market.products.rules.editing import moved, with_formula, with_rows, with_why
from app.market.products.rules.grammar import Malformed, parse
from app.market.products.rules.shapes import BRACKETS_MAX, Brackets, Fixed, Held, write_shape
from app.market.products.rules.sheet import Column, Formula, Formulas, Row, Sheet, Step, Table, read_sheet
from app.market.products.rules.vetting import BYTES_MAX, ROWS_MAX, Fault, Flaw, vet
from app.market.products.rules.wording import label, row_words, unit_words, value_words

__all__ = [
    "BRACKETS_MAX", "BYTES_MAX", "ROWS_MAX", "BadCell", "Brackets", "Change", "Checked", "Column", "Condition", "Fault",
    "Finding", "Fixed", "Flaw", "Formula", "Formulas", "Held", "Malformed", "Row", "Said", "Sheet", "Step", "Table",
    "Unit", "changes", "check", "formula_lines", "label", "moved", "parse", "read_sheet", "row_words", "shown_cell",
    "shown_number", "texts_of", "typed_cell", "typed_number", "unit_words", "usual", "value_words", "vet",
    "with_formula", "with_rows", "with_why", "write_shape",
]  # fmt: skip
