"""Some rows of a file for the eye: what stands there, and what each cell becomes. Pure; nothing personal is shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from app.credit.ingestion.rules.persons import mask_persons
from app.credit.ingestion.rules.shapes import Accepted, FileKind, Verdict
from app.kernel.money import format_yuan

SHOWN: Final = 10
OF_EACH: Final = 3  # Of these, rows that are tidied and rows that are put aside, as far as there are any.
CELL_SHOWN: Final = 60
# The columns that an accepted row's values answer to, in the order of `Accepted.values`; "" for what is derived.
BECOMES: Final[Mapping[FileKind, tuple[str, ...]]] = {
    FileKind.REGISTRY: (
        "uscc", "", "", "name", "", "", "place", "", "registered_on", "entity_type", "capital", "", "", "scope",
        "address", "",
    ),
    FileKind.LIST: ("name", "", "uscc", "org_code", "reg_no", "reasons", "cause", "document", "listed_on", "organ"),
    FileKind.INVOICES: ("firm", "number", "issued_on", "party", "amount", "tax", "total", "status"),
    FileKind.MASKED: ("customer_no", "name", "", "rating", "defaulted"),
}  # fmt: skip
_SUMS: Final = frozenset({"capital", "amount", "tax", "total"})
_NAMES: Final = frozenset({"name", "party"})
_PERSON: Final = re.compile(r"[\u4e00-\u9fff·]{2,4}")  # Firms have longer names than people.
_PHONE: Final = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Sample:
    """One row. `fate`: accepted, normalised, quarantined. `cells`: column, what stands there, what it becomes."""

    row_no: int
    fate: str
    codes: tuple[str, ...]  # The cause, or what was tidied.
    cells: tuple[tuple[str, str, str], ...]

    def document(self) -> dict[str, Any]:
        return {"row_no": self.row_no, "fate": self.fate, "codes": self.codes, "cells": self.cells}


@dataclass(slots=True)
class Sampler:
    """Picks as rows go by: the first ones, and the first that are tidied or put aside, a new cause before an old."""

    kind: FileKind
    columns: Sequence[str]
    plain: list[Sample] = field(default_factory=list)
    tidied: list[Sample] = field(default_factory=list)
    aside: list[Sample] = field(default_factory=list)

    def take(self, row_no: int, cells: Sequence[str], verdict: Verdict, more: tuple[str, ...] = ()) -> None:
        """Look at one checked row; keeps a few. `more`: notes that the check itself does not know."""
        if isinstance(verdict, Accepted):
            notes = (*verdict.notes, *more)
            kept = self.tidied if notes else self.plain
            if len(kept) < SHOWN:
                fate = "normalised" if notes else "accepted"
                kept.append(Sample(row_no, fate, tuple(notes), self._beside(cells, verdict)))
        elif len(self.aside) < OF_EACH or all(verdict.code.value not in one.codes for one in self.aside[:SHOWN]):
            shown = tuple(
                (name, shorten(mask_cell(name, cell)), "") for name, cell in zip(self.columns, cells, strict=True)
            )
            self.aside.append(Sample(row_no, "quarantined", (verdict.code.value,), shown))

    def chosen(self, withdrawn: Mapping[int, str]) -> list[Sample]:
        """Ten rows in the order of the file. `withdrawn`: row → cause, where a row fell when seen beside others."""
        aside = self.aside[:OF_EACH]
        tidied = self.tidied[:OF_EACH]
        room = SHOWN - len(aside) - len(tidied)
        plain = self.plain[:room]
        room -= len(plain)
        rest = (self.tidied[OF_EACH:] + self.aside[OF_EACH:])[:room]
        rows = sorted((*aside, *tidied, *plain, *rest), key=lambda one: one.row_no)
        return [
            Sample(one.row_no, "quarantined", (withdrawn[one.row_no],), tuple((c, a, "") for c, a, _ in one.cells))
            if one.row_no in withdrawn else one
            for one in rows
        ]  # fmt: skip

    def _beside(self, cells: Sequence[str], verdict: Accepted) -> tuple[tuple[str, str, str], ...]:
        order = BECOMES[FileKind.REGISTRY if self.kind is FileKind.OUTLETS else self.kind]
        values = {name: value for name, value in zip(order, verdict.values, strict=True) if name}
        pairs = []
        for name, cell in zip(self.columns, cells, strict=True):
            became = _text(name, values[name]) if name in values else cell.strip()
            shown = became if became != cell and not (name == "capital" and values.get(name) is None) else ""
            pairs.append((name, shorten(mask_cell(name, cell)), shorten(mask_cell(name, shown))))
        return tuple(pairs)


def mask_cell(column: str, text: str) -> str:
    """A cell as it may be shown: no citizen id, no mobile number, of what may be a person's name the family name.

    >>> mask_cell("name", "张三丰"), mask_cell("name", "示例甲有限公司"), mask_cell("address", "电话13800000000")
    ('张**', '示例甲有限公司', '电话***********')
    """
    shown = _PHONE.sub(lambda found: "*" * len(found[0]), mask_persons(text))
    if column in _NAMES and _PERSON.fullmatch(shown.strip()):
        shown = shown.strip()[0] + "*" * (len(shown.strip()) - 1)
    return shown


def shorten(text: str) -> str:
    return text if len(text) <= CELL_SHOWN else text[:CELL_SHOWN] + "…"


def _text(column: str, value: object) -> str:
    """A value that a row gives, as a person reads it.

    >>> _text("amount", 94340), _text("listed_on", date(2019, 1, 2)), _text("reasons", ["甲", "乙"])
    ('943.40 元', '2019-01-02', '甲、乙')
    """
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case int() if column in _SUMS:
            return f"{format_yuan(value)} 元"
        case date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            return "、".join(map(str, value))
        case _:
            return (
                {"valid": "有效发票", "void": "作废发票"}.get(str(value), str(value))
                if column == "status"
                else str(value)
            )
