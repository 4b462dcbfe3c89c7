"""What the regulator may ask of figures: which group, and which cases behind which figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.kernel.errors import Refusal
from app.market.supervision.rules import EVERYTHING, By, Within

CASE_FILTERS: Final = frozenset({"figure", "by", "key", "counts"})
TEXT_LENGTH_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class CasesAsked:
    """The cases behind `figure` of a group; `counts` picks those in (True) or out of (False) its numerator."""

    figure: str
    by: By = By.ALL
    key: str = ""
    counts: bool | None = None
    within: Within = EVERYTHING


def read_group(query: Mapping[str, str]) -> By:
    """The group that a query names, over all by default; `bad-query` for one that there is not."""
    try:
        return By(query.get("by", By.ALL.value))
    except ValueError:
        raise Refusal("bad-query", parameter="by", allowed=[one.value for one in By]) from None


def read_cases_asked(query: Mapping[str, str]) -> CasesAsked:
    """The cases that a query asks for; `bad-query` names what is not understood."""
    figure, counts = query.get("figure", ""), query.get("counts", "")
    if not 0 < len(figure) <= TEXT_LENGTH_MAX:
        raise Refusal("bad-query", "请指明指标。", parameter="figure")
    if counts not in ("", "0", "1"):
        raise Refusal("bad-query", parameter="counts", allowed=["0", "1"])
    key = query.get("key", "")[:TEXT_LENGTH_MAX]
    return CasesAsked(figure, read_group(query), key, None if counts == "" else counts == "1")


def read_place(after: Sequence[str | int] | None) -> tuple[datetime, UUID] | None:
    """Where a page of cases begins: behind this instant and suborder. (A cursor is sealed, so it is as we wrote it.)"""
    return None if after is None else (datetime.fromisoformat(str(after[0])), UUID(str(after[1])))
