"""A list of recommendations as a file: which firms, by the five criteria. Pure."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.kernel.codes import Uscc, check_uscc
from app.kernel.text import half_width

LINES_MAX: Final = 2_000
CODE: Final = "统一社会信用代码"
# Source: the coordination of small firms' financing, 金发〔2024〕32号: 申报清单 → 推荐清单 by five criteria.
CRITERIA: Final[Mapping[str, str]] = {
    "operating": "合规持续经营",
    "premises": "固定经营场所",
    "need": "真实融资需求",
    "credit": "信用状况良好",
    "purpose": "贷款用途依法合规",
}
YES: Final = frozenset({"是", "√", "1", "y", "yes"})
NO: Final = frozenset({"否", "×", "0", "n", "no", ""})


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A firm on a list, since `recommended_at`."""

    recommendation_id: UUID
    subject_id: UUID
    list_id: UUID
    source: str
    recommended_at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, counted from 1 with the heading; `why` names the rule, `value` what stands there."""

    line: int
    why: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A firm that meets every criterion."""

    line: int
    uscc: Uscc


def read_list(text: str) -> tuple[tuple[Line, ...], tuple[Fault, ...]]:
    """The lines of a list, and every fault of it. A firm that misses a criterion does not belong on the list.

    >>> head = "统一社会信用代码,合规持续经营,固定经营场所,真实融资需求,信用状况良好,贷款用途依法合规"
    >>> lines, faults = read_list(head + "\\n123,是,是,是,是,是")
    >>> lines, [(one.line, one.why) for one in faults]
    ((), [(2, 'code')])
    >>> read_list("名称\\n甲")[1][0].why
    'heading'
    """
    text = text.removeprefix("\ufeff").strip()
    between = "\t" if "\t" in text.partition("\n")[0] else ","
    rows = [[half_width(cell).strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=between)]
    head = rows[0] if rows else []
    missing = [name for name in (CODE, *CRITERIA.values()) if name not in head]
    if missing:
        return (), (Fault(1, "heading", "、".join(missing)),)
    if len(rows) - 1 > LINES_MAX:
        return (), (Fault(LINES_MAX + 2, "too_many"),)
    lines, faults, seen = [], [], set()
    for number, row in enumerate(rows[1:], 2):
        cells = dict(zip(head, row, strict=False))
        if not any(cells.values()):
            continue
        fault, uscc = _judge(number, cells)
        if fault is None and uscc is not None and uscc in seen:
            fault = Fault(number, "twice", cells[CODE])
        if fault is not None or uscc is None:
            faults.append(fault or Fault(number, "code", cells.get(CODE, "")))
            continue
        seen.add(uscc)
        lines.append(Line(number, uscc))
    if not lines and not faults:
        faults.append(Fault(2, "empty"))
    return tuple(lines), tuple(faults)


def _judge(number: int, cells: Mapping[str, str]) -> tuple[Fault | None, Uscc | None]:
    found = check_uscc(cells.get(CODE, ""))
    if not isinstance(found, Uscc):
        return Fault(number, "code", cells.get(CODE, "")), None
    for name in CRITERIA.values():
        said = cells.get(name, "").lower()
        if said in NO:
            return Fault(number, "criterion", name), None
        if said not in YES:
            return Fault(number, "answer", said), None
    return None, found


def told_of(faults: Sequence[Fault]) -> list[str]:
    """The faults for a machine: `line 3: code 123`."""
    return [f"line {one.line}: {one.why} {one.value}".rstrip() for one in faults]
