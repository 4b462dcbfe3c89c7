"""The cases behind a figure, and one case whole."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from app.access.seats import SeatRole
from app.infra.db import ReadTx, Tx
from app.market.supervision import service
from app.market.supervision.pages.words import (
    ACT_WORDS,
    CAUSE_WORDS,
    CLOCK_WORDS,
    EVENT_WORDS,
    KIND_WORDS,
    NOTICE_WORDS,
    OWNER_WORDS,
    STATE_WORDS,
    figure_words,
)
from app.market.supervision.rules import By
from app.market.supervision.schemas import CASE_FILTERS, read_cases_asked, read_place
from app.web.deps import Given
from app.web.pages import page
from app.web.paging import read_page

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}


@get("/supervision/cases", opt=REGULATOR, include_in_schema=False)
async def show_cases(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Response[str]:
    """The cases behind one figure."""
    part = read_page(request, orders=("at",), filters=CASE_FILTERS)
    asked = read_cases_asked(request.query_params)
    found = await service.find_cases(tx, asked, as_of=tx.now, after=read_place(part.after), limit=part.limit)
    names = await service.read_names(tx)
    query = dict(request.query_params)
    cursor = part.next_cursor(found, found[-1].place) if found else None
    return page(
        request,
        "supervision/cases.html",
        cases=found,
        names=names,
        figure=asked.figure,
        title=figure_words(asked.figure),
        group=names.get(asked.key, asked.key) if asked.by is not By.ALL else "",
        state_words=STATE_WORDS,
        next_url=f"/supervision/cases?{urlencode(query | {'cursor': cursor})}" if cursor else "",
    )


@get("/supervision/cases/{suborder_id:uuid}", opt=REGULATOR | {"records_access": True}, include_in_schema=False)
async def show_case_file(suborder_id: FromPath[UUID], request: Request[Any, Any, Any], tx: Given[Tx]) -> Response[str]:
    """One case in one column of time."""
    found = await service.open_case_file(tx, suborder_id)
    return page(
        request,
        "supervision/case.html",
        case=found,
        names=await service.read_names(tx),
        act_words=ACT_WORDS,
        cause_words=CAUSE_WORDS,
        clock_words=CLOCK_WORDS,
        event_words=EVENT_WORDS,
        kind_words=KIND_WORDS,
        notice_words=NOTICE_WORDS,
        owner_words=OWNER_WORDS,
        state_words=STATE_WORDS,
    )
