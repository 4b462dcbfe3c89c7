"""The regulator's figures for machines: as JSON, each with the way to the cases behind it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath

from app.access.seats import SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.market.supervision import service
from app.market.supervision.rules import By, share
from app.market.supervision.service import CaseFile, CaseFound
from app.web.deps import Given
from app.web.paging import Page, read_page

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
CASE_FILTERS: Final = frozenset({"figure", "by", "key", "counts"})
FIGURE_LENGTH_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class FigureView:
    """One figure of one group. Shares carry the 95 % interval in ppm; `cases` leads to what stands behind it."""

    by: str
    key: str
    name: str
    figure: str
    value: int
    of: int
    low_ppm: int | None
    high_ppm: int | None
    cases: str


@dataclass(frozen=True, slots=True)
class FiguresView:
    as_of: datetime
    figures: list[FigureView]


@dataclass(frozen=True, slots=True)
class CasesView:
    cases: list[CaseFound]
    next: str | None


@get("/figures", opt=REGULATOR)
async def list_figures(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> FiguresView:
    """Every figure as of now, over all and by `by` (bank, branch, product, district or month)."""
    groups = {By.ALL, asked_group(request)}
    for name in request.query_params:
        if name not in ("by", "lang"):
            raise Refusal("bad-query", "没有这个查询条件。", parameter=name[:60])
    board = await service.read_board(tx, as_of=tx.now, by=sorted(groups))
    names = await service.read_names(tx)
    figures = [
        _view(group, names.get(group[1], group[1]), figure, tally.value, tally.of)
        for group, tallies in board.items()
        for figure, tally in tallies.items()
    ]
    return FiguresView(tx.now, figures)


def _view(group: tuple[str, str], name: str, figure: str, value: int, of: int) -> FigureView:
    interval = share(value, of) if is_share(figure) else None
    low, high = (interval.low_ppm, interval.high_ppm) if interval else (None, None)
    query = urlencode({"figure": figure, "by": group[0], "key": group[1]})
    return FigureView(*group, name, figure, value, of, low, high, f"/figures/cases?{query}")


def is_share(figure: str) -> bool:
    """Whether a figure is a part of its cases, rather than a sum or a mean over them."""
    return figure in ("accepted", "refused_without_evidence") or figure.endswith("_in_time")


@get("/figures/cases", opt=REGULATOR)
async def list_cases(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> CasesView:
    """The suborders behind a figure, newest first: `figure`, `by`, `key`, and `counts` (1 or 0) for its numerator."""
    part = read_page(request, orders=("at",), filters=CASE_FILTERS)
    found = await cases_asked(request, tx, part)
    return CasesView(list(found), next_of(part, found))


@get("/case-files/{suborder_id:uuid}", opt=REGULATOR | {"records_access": True})
async def read_case_file(suborder_id: FromPath[UUID], tx: Given[Tx]) -> CaseFile:
    """Everything that happened to a suborder, in one column of time."""
    return await service.open_case_file(tx, suborder_id)


def asked_group(request: Request[Any, Any, Any]) -> By:
    """The group that the query names, over all by default; `bad-query` for one that there is not."""
    try:
        return By(request.query_params.get("by", By.ALL.value))
    except ValueError:
        raise Refusal("bad-query", parameter="by", allowed=[one.value for one in By]) from None


async def cases_asked(request: Request[Any, Any, Any], tx: ReadTx, part: Page) -> tuple[CaseFound, ...]:
    """The cases that the query asks for; `bad-query` names what is not understood."""
    query = request.query_params
    figure, counts = query.get("figure", ""), query.get("counts", "")
    if not 0 < len(figure) <= FIGURE_LENGTH_MAX:
        raise Refusal("bad-query", "请指明指标。", parameter="figure")
    if counts not in ("", "0", "1"):
        raise Refusal("bad-query", parameter="counts", allowed=["0", "1"])
    return await service.find_cases(
        tx,
        figure,
        as_of=tx.now,
        by=asked_group(request),
        key=query.get("key", "")[:FIGURE_LENGTH_MAX],
        counts=None if counts == "" else counts == "1",
        after=None if part.after is None else (datetime.fromisoformat(str(part.after[0])), UUID(str(part.after[1]))),
        limit=part.limit,
    )


def next_of(part: Page, found: tuple[CaseFound, ...]) -> str | None:
    """The cursor behind the cases, or None at their end."""
    if not found:
        return None
    return part.next_cursor(found, (found[-1].at.isoformat(), str(found[-1].suborder_id)))
