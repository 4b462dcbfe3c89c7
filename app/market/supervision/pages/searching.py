"""The search of the regulator."""

from typing import Any, Final

from litestar import Request, Response, get

from app.access.seats import SeatRole
from app.infra.db import Tx
from app.kernel.errors import Refusal
from app.kernel.text import text_fault
from app.market.supervision import service
from app.market.supervision.pages.words import BY_WORDS, STATE_WORDS
from app.market.supervision.service import search
from app.web.deps import Given
from app.web.i18n import _
from app.web.pages import page

SEARCHES: Final = {"roles": (SeatRole.REGULATOR,), "records_access": True}
LENGTH_MAX: Final = 80


@get("/supervision/search", opt=SEARCHES, include_in_schema=False)
async def show_search(request: Request[Any, Any, Any], tx: Given[Tx]) -> Response[str]:
    """Cases, banks and branches by number, name or code."""
    query = request.query_params
    for name in query:
        if name not in ("q", "lang"):
            raise Refusal("bad-query", "没有这个查询条件。", parameter=name[:60])
    text = query.get("q", "").strip()[:LENGTH_MAX]
    if text_fault(text) is not None:
        raise Refusal("bad-query", _("查找的文字含有无法识别的字符。"), parameter="q")
    found = await search.find(tx, text) if text else search.Found(search.Way.NOTHING)
    return page(
        request, "supervision/search.html", found=found, text=text, names=await service.read_names(tx),
        by_words=BY_WORDS, state_words=STATE_WORDS, most=search.MOST, least=search.LEAST,
    )  # fmt: skip
