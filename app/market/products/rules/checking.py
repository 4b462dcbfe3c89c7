"""What a head office is told of a draft before anybody approves it: gaps, rows that nothing reaches, bounds, direction.

Tables are judged exactly where they are small enough: every value that a cell could tell apart, in every combination.
The whole document is then run on a spread of firms, by the same engine that measures real ones. Pure.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from app.market.limits import BadModel, Measured, ModelBody, measure
from app.market.products.rules.cells import Unit, Value
from app.market.products.rules.grammar import names
from app.market.products.rules.sheet import Column, Formulas, Sheet, Table, read_sheet

COMBINATIONS_MAX: Final = 20_000
RUNS_MAX: Final = 140
OTHER: Final = "…"  # A text that no cell names.
WAN: Final = 1_000_000
SIZES: Final = (0, 20 * WAN, 80 * WAN, 300 * WAN, 1_200 * WAN, 5_000 * WAN, 30_000 * WAN)
SHARES: Final = (0, 20_000, 150_000, 1_000_000)
DOUBLED_FROM: Final = tuple(10 * WAN * 2**step for step in range(12))
Facts = Mapping[str, Value]


class Said(StrEnum):
    """What a check says, worst first."""

    BROKEN = "broken"  # The document breaks its contract on some facts: nobody would be shown an amount.
    OUT_OF_BOUNDS = "out_of_bounds"
    GAP = "gap"  # Facts on which no row of a table is taken.
    FALLS = "falls"  # Twice the sum, and a smaller loan.
    UNREACHED = "unreached"
    UNUSED = "unused"
    TOO_WIDE = "too_wide"
    FINE = "fine"


TONES: Final[Mapping[Said, str]] = {
    Said.BROKEN: "bad", Said.OUT_OF_BOUNDS: "bad", Said.GAP: "bad", Said.FALLS: "warn", Said.UNREACHED: "warn",
    Said.UNUSED: "warn", Said.TOO_WIDE: "warn", Said.FINE: "good",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """`step_id` and `row` (from 1) say where, `facts` on what, `column` which fact; `before`, `after` in fen."""

    said: Said
    step_id: str = ""
    row: int = 0
    column: str = ""
    facts: tuple[tuple[str, Value], ...] = ()
    before: int = 0
    after: int = 0

    @property
    def tone(self) -> str:
        return TONES[self.said]


@dataclass(frozen=True, slots=True)
class Checked:
    findings: tuple[Finding, ...]
    runs: int

    @property
    def may_be_submitted(self) -> bool:
        return all(one.tone != "bad" for one in self.findings)


def check(body: ModelBody) -> Checked:
    """All checks of a vetted document. Runs the engine at most `RUNS_MAX` times; equal documents are checked once."""
    return _check(body.model_dump_json(by_alias=True))


@lru_cache(maxsize=128)
def _check(text: str) -> Checked:
    body = ModelBody.model_validate_json(text)
    sheet = read_sheet(body)
    findings = [*(finding for table in sheet.tables for finding in check_table(table, sheet)), *_unused(sheet)]
    cases = _spread(sheet)
    findings += _contract(body, cases)
    runs = len(cases)
    for column in sheet.inputs:
        if column.unit is Unit.FEN:
            found, more = _doubling(body, sheet, column)
            runs += more
            findings += found
    order = list(Said)
    return Checked(tuple(sorted(findings, key=lambda one: order.index(one.said))), runs)


def check_table(table: Table, sheet: Sheet) -> list[Finding]:
    """Rows that nothing reaches, and facts that reach no row."""
    atoms = [_atoms(column, index, table, sheet) for index, column in enumerate(table.inputs)]
    whole = 1
    for values in atoms:
        whole *= len(values)
    if whole > COMBINATIONS_MAX:
        return [Finding(Said.TOO_WIDE, table.step_id)]
    taken: set[int] = set()
    gap: tuple[Value, ...] | None = None
    for combined in itertools.product(*atoms):
        hit = first_row(table, combined)
        if hit is None:
            gap = gap or combined
        else:
            taken.add(hit)
    found = [
        Finding(Said.UNREACHED, table.step_id, number + 1) for number in range(len(table.rows)) if number not in taken
    ]
    if gap is not None:
        facts = tuple(zip((column.name for column in table.inputs), gap, strict=True))
        found.append(Finding(Said.GAP, table.step_id, facts=facts))
    return found


def first_row(table: Table, values: Sequence[Value]) -> int | None:
    """The row that is taken, from 0; None when no row's conditions hold."""
    for number, row in enumerate(table.rows):
        if all(one.holds(value) for one, value in zip(row.conditions, values, strict=True)):
            return number
    return None


def _atoms(column: Column, index: int, table: Table, sheet: Sheet) -> list[Value]:
    """One value of every class of values that this column's cells can tell apart."""
    cells = [row.conditions[index] for row in table.rows]
    is_input = column in sheet.inputs
    if column.unit is Unit.FLAG:
        return [True, False]
    if column.unit is Unit.TICK:
        return [None, 0, 1]
    if column.unit is Unit.TEXT:
        texts = dict.fromkeys(value for cell in cells for value in cell.values)
        return [None, *texts, OTHER]
    ends = {end for cell in cells for end in (cell.low, cell.high) if end is not None}
    numbers = sorted({0, *(value for end in ends for value in (end - 1, end, end + 1) if value >= 0)})
    return [None, *numbers] if is_input else [*numbers]


def _unused(sheet: Sheet) -> Iterator[Finding]:
    read: set[str] = set()
    for step in sheet.steps:
        if isinstance(step, Formulas):
            read |= {name for formula in step.formulas for name in names(formula.tree)[0]}
        else:
            read |= {column.name for column in step.inputs}
    yield from (Finding(Said.UNUSED, column=column.name) for column in sheet.inputs if column.name not in read)


def texts_of(sheet: Sheet, name: str) -> list[str]:
    """The texts that the tables name for a fact, in their order."""
    found: dict[str, None] = {}
    for table in sheet.tables:
        for index, column in enumerate(table.inputs):
            if column.name == name:
                found |= dict.fromkeys(value for row in table.rows for value in row.conditions[index].values)
    return list(found)


def usual(sheet: Sheet, column: Column) -> Value:
    """What a plain firm of some size would have."""
    match column.unit:
        case Unit.FEN:
            return (900 if "tax" not in column.name else 18) * WAN
        case Unit.PPM:
            return 20_000
        case Unit.TICK | Unit.COUNT | Unit.MONTHS:
            return 0 if column.unit is Unit.TICK else 12
    return next(iter(texts_of(sheet, column.name)), None)


def _spread(sheet: Sheet) -> list[Facts]:
    """Firms around a plain one: each fact in each of its kinds beside the others, and two facts at a time for sums."""
    base = {column.name: usual(sheet, column) for column in sheet.inputs}
    cases: list[Facts] = [base, dict.fromkeys(base)]
    for column in sheet.inputs:
        cases += [{**base, column.name: value} for value in _values(sheet, column)]
    for one, two in itertools.combinations(sheet.inputs, 2):
        pairs = itertools.product(_values(sheet, one), _values(sheet, two))
        cases += [{**base, one.name: first, two.name: second} for first, second in pairs]
    distinct = {tuple(case.items()): case for case in cases}
    return list(distinct.values())[: RUNS_MAX - 24]


def _values(sheet: Sheet, column: Column) -> list[Value]:
    match column.unit:
        case Unit.FEN:
            return [None, *SIZES]
        case Unit.PPM:
            return [None, *SHARES]
        case Unit.TICK:
            return [None, 0, 1]
        case Unit.COUNT | Unit.MONTHS:
            return [None, 0, 6, 36]
    return [None, *texts_of(sheet, column.name), OTHER]


def _contract(body: ModelBody, cases: Sequence[Facts]) -> list[Finding]:
    """The first facts on which the document breaks, and the first on which it leaves its bounds."""
    found: dict[Said, Finding] = {}
    bounds = body.bounds
    for case in cases:
        measured = _measure(body, case)
        if isinstance(measured, BadModel):
            found.setdefault(Said.BROKEN, Finding(Said.BROKEN, facts=tuple(case.items())))
        elif measured.why is None:
            inside = bounds.amount_min_fen <= measured.amount_fen <= bounds.amount_max_fen
            inside = inside and bounds.rate_min_ppm <= measured.rate_ppm <= bounds.rate_max_ppm
            if not inside:
                fault = Finding(
                    Said.OUT_OF_BOUNDS, facts=tuple(case.items()), before=measured.amount_fen, after=measured.rate_ppm
                )
                found.setdefault(Said.OUT_OF_BOUNDS, fault)
    return list(found.values())


def _doubling(body: ModelBody, sheet: Sheet, column: Column) -> tuple[list[Finding], int]:
    """Whether the amount ever falls when a sum is doubled and everything else stays."""
    base = {one.name: usual(sheet, one) for one in sheet.inputs}
    last: Measured | None = None
    for runs, size in enumerate(DOUBLED_FROM, 1):
        measured = _measure(body, {**base, column.name: size})
        if isinstance(measured, BadModel):
            return [], runs
        if last is not None and measured.amount_fen < last.amount_fen:
            facts = ((column.name, size),)
            return [
                Finding(Said.FALLS, column=column.name, facts=facts, before=last.amount_fen, after=measured.amount_fen)
            ], runs
        last = measured
    return [], len(DOUBLED_FROM)


def _measure(body: ModelBody, facts: Facts) -> Measured | BadModel:
    return measure(body.text, {name: _fact(value) for name, value in facts.items()})


def _fact(value: Value) -> int | str | None:
    return int(value) if isinstance(value, bool) else value
