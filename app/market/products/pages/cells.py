"""Tables and formulas as fields of a form, in people's units; and back, with what could not be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.kernel.errors import Refusal
from app.market.products.pages.words import CELLS
from app.market.products.rules import (
    BRACKETS_MAX,
    BadCell,
    Brackets,
    Column,
    Condition,
    Fixed,
    Formula,
    Held,
    Row,
    Sheet,
    Table,
    Unit,
    label,
    shown_cell,
    shown_number,
    typed_cell,
    typed_number,
    unit_words,
    write_shape,
)
from app.web import i18n
from app.web.i18n import _

Literal = int | str | bool | None
OPEN: Final = ""  # The last bracket reaches without end.


@dataclass(frozen=True, slots=True)
class Head:
    """A column as a form shows it. `kind`: text, select. `options`: (value, words)."""

    words: str
    unit: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    is_output: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """`typed` holds every cell row by row; `faults` are words by the cell's number."""

    heads: tuple[Head, ...]
    typed: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    faults: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Shaped:
    """A formula to write: `kind` is brackets, held, fixed or formula. `text` is what is kept."""

    kind: str
    heads: tuple[Head, ...]
    typed: tuple[tuple[str, ...], ...]
    text: str
    faults: Mapping[int, str]


def show_rows(table: Table, sheet: Sheet, rows: Sequence[Row]) -> Grid:
    """A table's cells as they may be typed."""
    language = i18n.language()
    typed = tuple(
        (
            *(shown_cell(one, column.unit, language) for column, one in zip(table.inputs, row.conditions, strict=True)),
            *(_shown(one, column) for column, one in zip(table.outputs, row.outputs, strict=True)),
        )
        for row in rows
    )
    return Grid(_heads(table, sheet), typed, tuple(rows), {})


def read_rows(table: Table, sheet: Sheet, cells: Sequence[str]) -> Grid:
    """What was typed, as rows; refuses `malformed-field` when it is no table of that width."""
    width = len(table.inputs) + len(table.outputs)
    if not cells or len(cells) % width:
        raise Refusal("malformed-field", _("表格不完整，请重新打开后再改。"), pointer="/cells")
    faults: dict[int, str] = {}
    rows = []
    for start in range(0, len(cells), width):
        conditions: list[Condition] = []
        for at, column in enumerate(table.inputs, start):
            found = typed_cell(cells[at], column.unit)
            if isinstance(found, BadCell):
                faults[at] = _(CELLS[found])
            conditions.append(Condition() if isinstance(found, BadCell) else found)
        outputs: list[Literal] = []
        for at, column in enumerate(table.outputs, start + len(table.inputs)):
            value = _read(cells[at], column, sheet)
            if isinstance(value, BadCell):
                faults[at] = _(CELLS[value])
            outputs.append(None if isinstance(value, BadCell) else value)
        rows.append(Row("", tuple(conditions), tuple(outputs)))
    typed = tuple(tuple(cells[start : start + width]) for start in range(0, len(cells), width))
    return Grid(_heads(table, sheet), typed, tuple(rows), faults)


def _heads(table: Table, sheet: Sheet) -> tuple[Head, ...]:
    language = i18n.language()
    heads = []
    for column in table.inputs:
        options: tuple[tuple[str, str], ...] = ()
        if column.unit in (Unit.FLAG, Unit.TICK):
            yes, no, none = ("是", "否", "无") if language == "zh" else ("yes", "no", "none")
            options = (("", _("任意")), (yes, _("是")), (no, _("否")))
            options += ((none, _("无")),) if column.unit is Unit.TICK else ()
        hint = _("如 A、B；除 A 外；无") if column.unit is Unit.TEXT else _("如 ≥ 5；5 至 10；无")
        unit = unit_words(column.unit, language)
        heads.append(Head(label(column, language), unit, "select" if options else "text", options, hint))
    for column in table.outputs:
        options = ()
        if column.name == "why":
            said = [(code, words[language == "en"]) for code, words in sheet.whys.items()]
            options = (("", _("可以测算")), *said)
        unit = unit_words(column.unit, language)
        heads.append(Head(label(column, language), unit, "select" if options else "text", options, is_output=True))
    return tuple(heads)


def _shown(value: Literal, column: Column) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return shown_number(value, column.unit)
    return "" if value is None else str(value)


def _read(typed: str, column: Column, sheet: Sheet) -> Literal | BadCell:
    """What a table puts out: a reason, a text or a number that is needed."""
    typed = typed.strip()
    if column.name == "why":
        return None if not typed else typed if typed in sheet.whys else BadCell.UNKNOWN_CODE
    if column.unit is Unit.TEXT:
        found = typed_cell(typed, Unit.TEXT)
        plain = isinstance(found, Condition) and found.kind == "in" and len(found.values) == 1
        return typed if plain else BadCell.NO_TEXT if typed else None
    return typed_number(typed, column.unit) if typed else BadCell.NEEDED


def show_shape(formula: Formula, sheet: Sheet, *, as_text: bool = False) -> Shaped:
    """A formula as it may be typed."""
    shape = None if as_text else formula.shape
    if isinstance(shape, Brackets):
        unit = _unit(shape.name, sheet)
        rows = [
            ("" if upto is None else shown_number(upto, unit), shown_number(share, Unit.PPM))
            for upto, share in shape.rows
        ]
        return Shaped("brackets", _bracket_heads(shape, sheet), tuple(rows), formula.text, {})
    if isinstance(shape, Held):
        ends = tuple((shown_number(end, formula.column.unit),) for end in (shape.low, shape.high))
        return Shaped("held", (_bound(_("下限"), formula), _bound(_("上限"), formula)), ends, formula.text, {})
    if isinstance(shape, Fixed):
        value = ((shown_number(shape.number, formula.column.unit),),)
        return Shaped("fixed", (_bound(label(formula.column, i18n.language()), formula),), value, formula.text, {})
    return Shaped("formula", (), ((formula.text,),), formula.text, {})


def read_shape(formula: Formula, sheet: Sheet, cells: Sequence[str], act: str, at: int) -> Shaped:
    """What was typed, as a formula. `act` `text` says that the formula itself was typed."""
    shown = show_shape(formula, sheet, as_text=act == "text")
    if not cells:
        raise Refusal("malformed-field", _("表格不完整，请重新打开后再改。"), pointer="/cells")
    if shown.kind == "formula":
        text = " ".join(cells[0].split())
        return replace(shown, typed=((text,),), text=text)
    if isinstance(formula.shape, Brackets):
        return _read_brackets(formula.shape, shown, sheet, cells, act, at)
    numbers = [typed_number(cell, formula.column.unit) for cell in cells[: len(shown.typed)]]
    faults = {place: _(CELLS[number]) for place, number in enumerate(numbers) if isinstance(number, BadCell)}
    ends = [number for number in numbers if isinstance(number, int)]
    if len(ends) == 2 and not faults and not 0 < ends[0] <= ends[1]:
        faults[1] = _("上限不能低于下限，下限须大于零。")
    text = formula.text
    if not faults and len(ends) == len(shown.typed):
        shape = formula.shape
        text = write_shape(replace(shape, low=ends[0], high=ends[1]) if isinstance(shape, Held) else Fixed(ends[0]))
    return replace(shown, typed=tuple((cell,) for cell in cells[: len(shown.typed)]), text=text, faults=faults)


def _read_brackets(shape: Brackets, shown: Shaped, sheet: Sheet, cells: Sequence[str], act: str, at: int) -> Shaped:
    pairs = [(cells[n].strip(), cells[n + 1].strip()) for n in range(0, len(cells) - 1, 2)]
    if act == "add" and len(pairs) < BRACKETS_MAX and 0 <= at < len(pairs):
        return replace(
            shown,
            typed=(*pairs[:at], ("", pairs[at][1]), *pairs[at:]),
            text="",
            faults={2 * at: _("请填这一档的上限，再保存。")},
        )
    if act == "drop" and len(pairs) > 1 and 0 <= at < len(pairs):
        del pairs[at]
        pairs[-1] = (OPEN, pairs[-1][1])
    faults: dict[int, str] = {}
    rows: list[tuple[int | None, int]] = []
    last = 0
    for number, (upto, share) in enumerate(pairs):
        top = None if number == len(pairs) - 1 else typed_number(upto, _unit(shape.name, sheet))
        part = typed_number(share, Unit.PPM)
        if isinstance(top, BadCell):
            faults[2 * number] = _(CELLS[top])
        elif top is not None and top <= last:
            faults[2 * number] = _("每一档的上限须高于前一档。")
        if isinstance(part, BadCell):
            faults[2 * number + 1] = _(CELLS[part])
        if not isinstance(top, BadCell) and not isinstance(part, BadCell):
            rows.append((top, part))
            last = top or last
    text = "" if faults else write_shape(Brackets(shape.name, tuple(rows)))
    return replace(shown, typed=tuple(pairs), text=text, faults=faults)


def with_fault(shaped: Shaped, words: str) -> Shaped:
    return replace(shaped, faults={**shaped.faults, 0: words})


def _unit(name: str, sheet: Sheet) -> Unit:
    return sheet.columns[name].unit if name in sheet.columns else Unit.COUNT


def _bracket_heads(shape: Brackets, sheet: Sheet) -> tuple[Head, ...]:
    language = i18n.language()
    words = label(sheet.columns[shape.name], language) if shape.name in sheet.columns else shape.name
    unit = unit_words(_unit(shape.name, sheet), language)
    return (Head(_("{name}至").format(name=words), unit, "text"), Head(_("这一部分按"), "%", "text"))


def _bound(words: str, formula: Formula) -> Head:
    return Head(words, unit_words(formula.column.unit, i18n.language()), "text")
