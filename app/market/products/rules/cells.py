"""Cells of a decision table, in the engine's words and in people's: `[1000000..5000000)` is `≥ 1 且 < 5` in 万元.

A condition is any value, none, some texts, all but some texts, yes or no, or a span of numbers. Nothing else is a cell,
so nothing else reaches the engine. Sums are typed in 万元, shares and rates in percent. Pure.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from app.market.products.rules.grammar import NUMBER_MAX

Value = int | str | bool | None
WORDS_MAX: Final = 12
_SCALE: Final = {"fen": 1_000_000, "ppm": 10_000}  # One typed unit (万元, %) in the engine's.
_TEXT: Final = re.compile(r"[\w\-. ]{1,40}", re.UNICODE)
_COMPARED: Final = re.compile(r"(>=|<=|>|<|==)\s*(-?\d{1,16})")
_SPAN: Final = re.compile(r"([\[(])(-?\d{1,16})\.\.(-?\d{1,16})([\])])")
_NAMED: Final = re.compile(r"(not )?in \[('[^'\\\]]{1,40}'(?:, ?'[^'\\\]]{1,40}')*)\]")
_ANY: Final = frozenset({"", "任意", "any", "*"})
_NONE: Final = frozenset({"无", "没有", "none"})
_BUT: Final = re.compile(r"(?:除|非|not )\s*(.+?)\s*(?:外|之外|以外)?", re.IGNORECASE)
_SIGNS: Final = {"≥": ">=", "≤": "<=", "＞": ">", "＜": "<", "＝": "==", "=": "=="}


class Unit(StrEnum):
    """What a column holds, and so how it is typed and shown."""

    TEXT = "text"
    FLAG = "flag"  # true or false, made by an earlier step
    TICK = "tick"  # 1 or 0, as a report says yes or no
    FEN = "fen"
    PPM = "ppm"
    MONTHS = "months"
    COUNT = "count"


class BadCell(StrEnum):
    NO_NUMBER = "no_number"
    NO_TEXT = "no_text"
    NO_FLAG = "no_flag"
    EMPTY_SPAN = "empty_span"
    TOO_MANY = "too_many"
    TOO_FINE = "too_fine"  # More decimals than one fen, or one millionth.
    OUT_OF_RANGE = "out_of_range"
    NEGATIVE = "negative"
    NEEDED = "needed"
    UNKNOWN_CODE = "unknown_code"


@dataclass(frozen=True, slots=True)
class Condition:
    """`kind`: any, null, in, not_in, flag, span. A span's ends are None where it is open."""

    kind: str = "any"
    values: tuple[str, ...] = ()
    yes: bool = False
    low: int | None = None
    high: int | None = None
    low_in: bool = True
    high_in: bool = True

    def holds(self, value: Value) -> bool:
        """Whether a value meets the condition, as the engine decides it."""
        match self.kind:
            case "any":
                return True
            case "null":
                return value is None
            case "flag":
                return value is self.yes
            case "in":
                return value in self.values
            case "not_in":
                return value not in self.values
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        return above and (self.high is None or value < self.high or (self.high_in and value == self.high))


def read_cell(text: str) -> Condition | None:
    """A condition out of the engine's words; None for what this grammar does not know.

    >>> read_cell("[1..5)"), read_cell("not in ['A','B']").values, read_cell("a.b() > 2")
    (Condition(kind='span', values=(), yes=False, low=1, high=5, low_in=True, high_in=False), ('A', 'B'), None)
    """
    text = text.strip()
    if text in ("", "null", "true", "false"):
        return Condition({"": "any", "null": "null"}.get(text, "flag"), yes=text == "true")
    if re.fullmatch(r"'[^'\\\]]{1,40}'", text):
        return Condition("in", (text[1:-1],))
    if named := _NAMED.fullmatch(text):
        return Condition("not_in" if named[1] else "in", tuple(re.findall(r"'([^']*)'", named[2])))
    if re.fullmatch(r"-?\d{1,16}", text):
        return Condition("span", low=int(text), high=int(text))
    if compared := _COMPARED.fullmatch(text):
        return _half(compared[1], int(compared[2]))
    if span := _SPAN.fullmatch(text):
        low, high = int(span[2]), int(span[3])
        made = Condition("span", low=low, high=high, low_in=span[1] == "[", high_in=span[4] == "]")
        return None if _is_empty(made) else made
    return None


def write_cell(condition: Condition) -> str:
    """The engine's words of a condition.

    >>> write_cell(Condition("span", low=1, high=5, high_in=False)), write_cell(Condition("in", ("A", "B")))
    ('[1..5)', "in ['A','B']")
    """
    one = condition
    match one.kind:
        case "any" | "null":
            return "" if one.kind == "any" else "null"
        case "flag":
            return "true" if one.yes else "false"
        case "in" | "not_in":
            listed = ",".join(f"'{value}'" for value in one.values)
            bare = one.kind == "in" and len(one.values) == 1
            return listed if bare else f"{'not ' * (one.kind == 'not_in')}in [{listed}]"
    if one.low == one.high and one.low is not None:
        return str(one.low)
    if one.low is None or one.high is None:
        sign = (">" if one.high is None else "<") + "=" * (one.low_in if one.high is None else one.high_in)
        return f"{sign} {one.low if one.high is None else one.high}"
    return f"{'[' if one.low_in else '('}{one.low}..{one.high}{']' if one.high_in else ')'}"


def typed_cell(text: str, unit: Unit) -> Condition | BadCell:
    """A condition as a person types it, in either language.

    >>> typed_cell("除 A、B 外", Unit.TEXT).values, typed_cell("≥ 1 且 < 5.5", Unit.FEN).high, typed_cell("x", Unit.PPM)
    (('A', 'B'), 5500000, <BadCell.NO_NUMBER: 'no_number'>)
    """
    text = " ".join(text.split())
    if text.lower() in _ANY:
        return Condition()
    if text.lower() in _NONE:
        return Condition("null")
    if unit in (Unit.FLAG, Unit.TICK):
        if text.lower() not in ("是", "否", "yes", "no"):
            return BadCell.NO_FLAG
        yes = text.lower() in ("是", "yes")
        if unit is Unit.FLAG:
            return Condition("flag", yes=yes)
        return Condition("span", low=0, low_in=False) if yes else Condition("span", low=0, high=0)
    if unit is Unit.TEXT:
        but = _BUT.fullmatch(text)
        values = tuple(dict.fromkeys(v.strip() for v in re.split(r"[、,，/]|\s或\s|\sor\s", but[1] if but else text)))
        if len(values) > WORDS_MAX:
            return BadCell.TOO_MANY
        return Condition("not_in" if but else "in", values) if all(map(_TEXT.fullmatch, values)) else BadCell.NO_TEXT
    return _typed_span(text, unit)


def _typed_span(text: str, unit: Unit) -> Condition | BadCell:
    for sign, plain in _SIGNS.items():
        text = re.sub(rf"(?<![<>=]){sign}", plain, text)
    made = Condition("span")
    for part in re.split(r"且|\band\b|,|，", text):
        between = re.fullmatch(r"\s*(\d[^至到–~]*?)\s*(?:至|到|–|~|\bto\b)\s*(\d.*?)\s*", part)
        found = re.fullmatch(r"\s*(>=|<=|>|<|==)?\s*(\S.*?)\s*", part)
        words = (between[1], between[2]) if between else (found[2],) if found else ("",)
        numbers = [typed_number(word, unit) for word in words]
        bad = next((number for number in numbers if isinstance(number, BadCell)), None)
        if bad is not None:
            return bad
        ends = [number for number in numbers if isinstance(number, int)]
        sign = (found[1] if found and not between else "==") or "=="
        half = Condition("span", low=ends[0], high=ends[-1]) if sign == "==" else _half(sign, ends[0])
        made = _narrowed(made, half)
    return BadCell.EMPTY_SPAN if _is_empty(made) else made


def typed_number(text: str, unit: Unit) -> int | BadCell:
    """A number as typed, in the engine's unit; never below zero.

    >>> typed_number("1.5", Unit.FEN), typed_number("4.35 %", Unit.PPM), typed_number("NaN", Unit.PPM)
    (1500000, 43500, <BadCell.NO_NUMBER: 'no_number'>)
    """
    plain = re.sub(r"万元?|个月|months?|%|,|，|\s", "", text)
    try:
        number = Decimal(plain) * _SCALE.get(unit.value, 1)
    except InvalidOperation:
        return BadCell.NO_NUMBER
    if not number.is_finite() or len(plain) > 24:
        return BadCell.NO_NUMBER
    if number < 0:
        return BadCell.NEGATIVE
    if number > NUMBER_MAX:
        return BadCell.OUT_OF_RANGE
    return int(number) if number == int(number) else BadCell.TOO_FINE


def shown_number(number: int, unit: Unit) -> str:
    """
    >>> shown_number(1_500_000, Unit.FEN), shown_number(43_500, Unit.PPM), shown_number(12, Unit.MONTHS)
    ('1.5', '4.35', '12')
    """
    scale = _SCALE.get(unit.value, 1)
    return f"{Decimal(number) / scale:f}" if scale > 1 else str(number)


def shown_cell(condition: Condition, unit: Unit, language: str = "zh") -> str:
    """A condition as a person reads it and may type it again; `any` is empty.

    >>> shown_cell(Condition("not_in", ("A", "B")), Unit.TEXT), shown_cell(Condition("span", low=1_000_000), Unit.FEN)
    ('除 A、B 外', '≥ 1')
    """
    one, zh = condition, language == "zh"
    match one.kind:
        case "any":
            return ""
        case "null":
            return "无" if zh else "none"
        case "flag":
            return _yes(one.yes, zh)
        case "in" | "not_in":
            listed = ("、" if zh else ", ").join(one.values)
            return listed if one.kind == "in" else f"除 {listed} 外" if zh else f"not {listed}"
    if unit is Unit.TICK and (one.low, one.high) in ((0, 0), (0, None)):
        return _yes(one.high is None, zh)
    if one.low == one.high and one.low is not None:
        return shown_number(one.low, unit)
    ends = []
    if one.low is not None:
        ends.append(f"{'≥' if one.low_in else '>'} {shown_number(one.low, unit)}")
    if one.high is not None:
        ends.append(f"{'≤' if one.high_in else '<'} {shown_number(one.high, unit)}")
    return (" 且 " if zh else " and ").join(ends)


def _yes(yes: bool, zh: bool) -> str:
    return ("是" if yes else "否") if zh else ("yes" if yes else "no")


def _half(sign: str, number: int) -> Condition:
    if sign == "==":
        return Condition("span", low=number, high=number)
    closed = sign.endswith("=")
    if sign.startswith(">"):
        return Condition("span", low=number, low_in=closed)
    return Condition("span", high=number, high_in=closed)


def _narrowed(one: Condition, two: Condition) -> Condition:
    """The span that lies in both; of two ends that are given the later word counts."""
    low, low_in = (two.low, two.low_in) if two.low is not None else (one.low, one.low_in)
    high, high_in = (two.high, two.high_in) if two.high is not None else (one.high, one.high_in)
    return Condition("span", low=low, high=high, low_in=low_in, high_in=high_in)


def _is_empty(span: Condition) -> bool:
    if span.low is None or span.high is None:
        return span.kind == "span" and span.low is None and span.high is None
    return span.low > span.high or (span.low == span.high and not (span.low_in and span.high_in))
