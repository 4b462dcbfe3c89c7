"""The first page of the morning, and the lists behind its figures."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get

from app.access.seats import SeatRole
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.supervision import service
from app.market.supervision.pages.finding_words import month_words
from app.market.supervision.pages.words import CLOCK_WORDS, OVERNIGHT_WORDS, STATE_WORDS
from app.market.supervision.service import months, morning
from app.market.supervision.service.morning import OVERNIGHT, Line
from app.web.deps import Given
from app.web.i18n import _
from app.web.pages import page
from app.web.paging import Page, read_page

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
RED: Final = "red"
LIST_FILTERS: Final = frozenset({"what", "bank", "kind"})


@get("/supervision", opt=REGULATOR, include_in_schema=False)
async def show_morning(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Response[str]:
    """What is red now, what changed since the last workday's evening, what waits for an answer."""
    found = await morning.read_morning(tx)
    banks = dict.fromkeys(one.bank_id for one in found.red)
    kinds = sorted({one.kind for one in found.red}, key=list(CLOCK_WORDS).index)
    return page(
        request, "supervision/morning.html", morning=found, names=await service.read_names(tx), now=tx.now,
        banks=list(banks), kinds=kinds, cells={(one.bank_id, one.kind): one for one in found.red},
        clock_words=CLOCK_WORDS, overnight_words=OVERNIGHT_WORDS, list_url=list_url, today=shanghai_date(tx.now),
        to_freeze=await months.read_to_freeze(tx), month_words=month_words,
    )  # fmt: skip


@get("/supervision/lists", opt=REGULATOR, include_in_schema=False)
async def show_list(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Response[str]:
    """The cases behind a figure of the morning."""
    asked = read_page(request, orders=("at",), filters=LIST_FILTERS)
    query = request.query_params
    what, kind = query.get("what", RED), query.get("kind", "")
    if what not in (RED, *OVERNIGHT) or kind not in ("", *CLOCK_WORDS):
        raise Refusal("bad-query", parameter="what" if kind in ("", *CLOCK_WORDS) else "kind")
    since = await morning.read_since(tx)
    lines = await _lines(tx, asked, what, kind, _bank(query.get("bank", "")), since)
    names = await service.read_names(tx)
    cursor = asked.next_cursor(lines, lines[-1].place) if lines else None
    bank = query.get("bank", "")
    return page(
        request, "supervision/list.html", lines=lines, names=names, what=what, since=since,
        title=_("正在逾期") if what == RED else _(OVERNIGHT_WORDS[what]),
        narrowed=[words for words in (names.get(bank, ""), _(CLOCK_WORDS[kind]) if kind else "") if words],
        clock_words=CLOCK_WORDS, state_words=STATE_WORDS,
        next_url=list_url(what, bank, kind, cursor) if cursor else "",
    )  # fmt: skip


def list_url(what: str, bank: object = "", kind: str = "", cursor: str = "") -> str:
    query = {"what": what, "bank": str(bank), "kind": kind, "cursor": cursor}
    return f"/supervision/lists?{urlencode({name: value for name, value in query.items() if value})}"


async def _lines(
    tx: ReadTx, asked: Page, what: str, kind: str, bank_id: UUID | None, since: datetime
) -> tuple[Line, ...]:
    at = datetime.fromisoformat(str(asked.after[0])) if asked.after else None
    if what == RED:
        after = (at, UUID(str(asked.after[1]))) if at and asked.after else None
        return await morning.find_red(tx, bank_id, kind, after=after, limit=asked.limit)
    behind = (at, int(asked.after[1])) if at and asked.after else None
    return await morning.find_changed(tx, what, kind, since=since, after=behind, limit=asked.limit)


def _bank(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refusal("bad-query", parameter="bank") from None
