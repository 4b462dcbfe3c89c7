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
from app.market.supervision.schemas import CASE_FILTERS, read_cases_asked, read_group, read_place
from app.market.supervision.service import CaseFile, CaseFound
from app.web.deps import Given
from app.web.paging import read_page

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}


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
    groups = {By.ALL, read_group(request.query_params)}
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
    asked, after = read_cases_asked(request.query_params), read_place(part.after)
    found = await service.find_cases(tx, asked, as_of=tx.now, after=after, limit=part.limit)
    return CasesView(list(found), part.next_cursor(found, found[-1].place) if found else None)


@get("/case-files/{suborder_id:uuid}", opt=REGULATOR | {"records_access": True})
async def read_case_file(suborder_id: FromPath[UUID], tx: Given[Tx]) -> CaseFile:
    """Everything that happened to a suborder, in one column of time."""
    return await service.open_case_file(tx, suborder_id)
