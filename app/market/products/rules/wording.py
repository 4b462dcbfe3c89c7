"""Formulas, cells and values in words, Chinese or English, units with every number. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from app.market.products.rules.cells import Unit, shown_cell, shown_number
from app.market.products.rules.grammar import Node
from app.market.products.rules.sheet import Column, Literal, Row, Table

MILLION: Final = Node("number", 1_000_000)
PRECEDENCE: Final = {
    "or": 1,
    "and": 2,
    "==": 4,
    "!=": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
}
SIGNS: Final = {"-": "−", "*": "×", "/": "÷", "<=": "≤", ">=": "≥", "==": "=", "!=": "≠", "<": "<", ">": ">", "+": "+"}
UNITS: Final = {Unit.FEN: ("万元", "wan yuan"), Unit.PPM: ("%", "%"), Unit.MONTHS: ("个月", "months")}
_ENDING: Final = re.compile(r"（(?:分|百万分之)）|，分(?=）)| \((?:fen|ppm)\)")


def label(column: Column, language: str) -> str:
    """A column's words without the engine's unit: the unit stands with each value."""
    return _ENDING.sub("", column.words[language == "en"])


def unit_words(unit: Unit, language: str) -> str:
    return UNITS[unit][language == "en"] if unit in UNITS else ""


def value_words(value: Literal, unit: Unit, language: str) -> str:
    """A value with its unit: `45 万元`, `4.35 %`, `是`; None is for the page to say.

    >>> value_words(45_000_000, Unit.FEN, "zh"), value_words(True, Unit.FLAG, "en")
    ('45 万元', 'yes')
    """
    if isinstance(value, bool) or (unit is Unit.TICK and isinstance(value, int)):
        return ("是" if value else "否") if language == "zh" else ("yes" if value else "no")
    if isinstance(value, int):
        return f"{_grouped(shown_number(value, unit))} {unit_words(unit, language)}".strip()
    return "" if value is None else value


def row_words(table: Table, row: Row, language: str) -> str:
    """A rule as one sentence: what must hold, and what it gives."""
    conditions = [
        f"{label(column, language)} {shown_cell(one, column.unit, language)} {_cell_unit(column)}".strip()
        for column, one in zip(table.inputs, row.conditions, strict=True) if one.kind != "any"
    ]  # fmt: skip
    gives = [
        f"{label(column, language)} {value_words(one, column.unit, language) or '—'}"
        for column, one in zip(table.outputs, row.outputs, strict=True)
    ]
    every = "其他情形" if language == "zh" else "otherwise"
    return (
        f"{'；'.join(conditions) or every} → {'，'.join(gives)}"
        if language == "zh"
        else (f"{'; '.join(conditions) or every} → {', '.join(gives)}")
    )


def _cell_unit(column: Column) -> str:
    return "" if column.unit in (Unit.MONTHS, Unit.COUNT) else {Unit.FEN: "万", Unit.PPM: "%"}.get(column.unit, "")


class Speaker:
    """Tells formulas in one language, with what each name is called."""

    def __init__(self, columns: Mapping[str, Column], language: str) -> None:
        self.columns, self.language, self.zh = columns, language, language == "zh"

    def tell(self, node: Node, unit: Unit | None = None, outer: int = 0) -> str:
        """A tree in words; `unit` is what a bare number in it is counted in."""
        match node.kind:
            case "number":
                return value_words(node.value, unit or Unit.COUNT, self.language)
            case "text":
                return f"“{node.value}”"
            case "null":
                return "无" if self.zh else "none"
            case "flag":
                return value_words(node.value, Unit.FLAG, self.language)
            case "name" | "own":
                return self.named(str(node.value))
            case "if":
                return self.chosen(node, unit)
            case "call":
                return self.called(node, unit)
        return self.joined(node, unit, outer)

    def named(self, name: str) -> str:
        return label(self.columns[name], self.language) if name in self.columns else name

    def unit(self, node: Node) -> Unit | None:
        """The unit of the first name in a formula that has one."""
        for one in node.walk():
            if one.kind in ("name", "own") and (column := self.columns.get(str(one.value))) is not None:
                return column.unit
        return None

    def chosen(self, node: Node, unit: Unit | None) -> str:
        tested, yes, no = node.parts
        first, second = self.tell(yes, unit), self.tell(no, unit)
        if tested == Node("op", "==", (Node("name", "why"), Node("null"))):
            return f"准入时 {first}，否则 {second}" if self.zh else f"{first} once admitted, else {second}"
        asked = self.tell(tested)
        return f"若 {asked}，则 {first}，否则 {second}" if self.zh else f"{first} if {asked}, else {second}"

    def called(self, node: Node, unit: Unit | None) -> str:
        if node.value in ("min", "max"):
            if len(node.parts) == 2 and sum(part.kind == "number" for part in node.parts) == 1:
                return self.limited(node, unit)
            listed = "、".join(self.tell(part, unit) for part in node.parts)
            if self.zh:
                return f"（{listed}）中较{'小' if node.value == 'min' else '大'}者"
            return f"the {'smaller' if node.value == 'min' else 'larger'} of ({listed.replace('、', '; ')})"
        (inner,) = node.parts
        if inner.kind == "op" and inner.value == "/" and inner.parts[1] == MILLION and inner.parts[0].value == "*":
            left, right = inner.parts[0].parts
            return f"{self.tell(left, unit, 6)} × {self.tell(right, Unit.PPM, 7)}"
        return self.tell(inner, unit, 5)

    def limited(self, node: Node, unit: Unit | None) -> str:
        """`max([n, x])`: x, but not below n."""
        end, inner = sorted(node.parts, key=lambda part: part.kind != "number")
        said, by = self.tell(inner, unit, 5), self.tell(end, unit)
        if self.zh:
            return f"{said}（{'不超过' if node.value == 'min' else '不低于'} {by}）"
        return f"{said} ({'at most' if node.value == 'min' else 'at least'} {by})"

    def joined(self, node: Node, unit: Unit | None, outer: int) -> str:
        sign = str(node.value)
        if sign == "not":
            return f"{'并非' if self.zh else 'not '}{self.tell(node.parts[0], unit, 7)}"
        left, right = node.parts
        if sign == "??":
            known, spare = self.tell(left, unit), self.tell(right, unit)
            return f"{known}（无则按 {spare}）" if self.zh else f"{known} ({spare} where there is none)"
        if right.kind == "null" and sign in ("==", "!="):
            return self.present(left, is_there=sign == "!=")
        if sign == "*" and left.kind == "call" and left.value in ("floor", "ceil") and right.kind == "number":
            return self.stepped(left, right, unit)
        if sign in ("and", "or"):
            words = ({"and": " 且 ", "or": " 或 "} if self.zh else {"and": " and ", "or": " or "})[sign]
            said = f"{self.tell(left, None, PRECEDENCE[sign])}{words}{self.tell(right, None, PRECEDENCE[sign] + 1)}"
        else:
            counted = unit if sign in ("+", "-") else self.unit(node) if PRECEDENCE[sign] == 4 else None
            by = None if sign in ("*", "/") else counted
            level = PRECEDENCE[sign]
            said = f"{self.tell(left, counted, level)} {SIGNS[sign]} {self.tell(right, by, level + 1)}"
        if PRECEDENCE[sign] >= outer:
            return said
        return f"（{said}）" if self.zh else f"({said})"

    def present(self, node: Node, *, is_there: bool) -> str:
        said = self.tell(node)
        if self.zh:
            return f"{'有' if is_there else '没有'} {said}"
        return f"there is {'a' if is_there else 'no'} {said}"

    def stepped(self, call: Node, step: Node, unit: Unit | None) -> str:
        """`floor(x / n) * n`: rounded to whole steps."""
        inner = call.parts[0]
        if not (inner.kind == "op" and inner.value == "/" and inner.parts[1] == step):
            return f"{self.tell(call, unit, 6)} × {self.tell(step)}"
        said, by = self.tell(inner.parts[0], unit), self.tell(step, unit)
        if self.zh:
            return f"{said}（按 {by} {'向下' if call.value == 'floor' else '向上'}取整）"
        return f"{said} (rounded {'down' if call.value == 'floor' else 'up'} to {by})"


def _grouped(number: str) -> str:
    whole, dot, rest = number.partition(".")
    return f"{int(whole):,}{dot}{rest}"
