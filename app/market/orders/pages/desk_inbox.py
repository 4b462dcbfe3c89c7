"""The branch's inbox: by working time left, narrowed, searched and sorted; bulk acceptance; saved filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, ReadTx, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import parties
from app.market.orders.pages import desk_words
from app.market.orders.pages.desk import BRANCH, DESK
from app.market.orders.pages.desk_forms import AcceptancesForm, ActForm
from app.market.orders.pages.desk_lists import (
    PARAMETERS,
    QUERY_MAX,
    address_of,
    cursor_key,
    kept_list,
    place_text,
    read_wanted,
    tail_of,
)
from app.market.orders.pages.kinds import MARKS
from app.market.orders.service import acceptances, inbox
from app.market.orders.service.inbox import DeskLine, Inbox, Wanted
from app.market.orders.store.desk import ORDERS
from app.web.body import Form, Posted, text
from app.web.deps import Given, scope_of
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other
from app.web.paging import Page, read_page

KEEPS: Final = {"roles": (*BRANCH, SeatRole.BANK_ADMIN)}
Asked = Request[Any, Any, Any]


class FilterForm(Form):
    """A list of the desk under a name of one's own. `query` is its part of the address."""

    name: Annotated[str, text(40)]
    query: Annotated[str, text(QUERY_MAX, 0)] = ""


@get("/desk", opt=DESK, include_in_schema=False)
async def show_inbox(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """What the branch has in hand, by working time left. All that narrows it stands in the address."""
    asked = read_page(request, orders=tuple(ORDERS), filters=frozenset({*PARAMETERS, "removed"}))
    wanted = read_wanted(request.query_params, asked.order)
    found = await inbox.read(tx, wanted, by=seat, after=cursor_key(asked.after, asked.order), limit=asked.limit)
    here = address_of(wanted)
    own = await inbox.filters(tx, seat.person_id)
    return page(
        request, "orders/desk_inbox.html", inbox=found, wanted=wanted, address=here, more=_more(asked, found, here),
        polled=_polled(request), turned=lambda **changed: _url(wanted, **changed), may_act=seat.role in BRANCH,
        url_of=lambda line: f"/desk/suborders/{line.row['suborder_id']}",
        tail=lambda line: tail_of(here, place_text(line.key)), saved=own,
        saved_on=next((one for one in own if address_of(kept_list(one["query"])) == here), None),
        removed=await _removed(tx, request), products=await _products(tx, seat), words=desk_words, now=tx.now,
        kinds=MARKS,
        branches=await parties.shelf.branches_of(tx, seat.org_id) if seat.role is SeatRole.BANK_ADMIN else (),
    )  # fmt: skip


def _url(wanted: Wanted, **changed: object) -> str:
    address = address_of(wanted, **changed)
    return f"/desk?{address}" if address else "/desk"


def _more(asked: Page, found: Inbox, here: str) -> str:
    if found.after is None:
        return ""
    value, _, suborder_id = place_text(found.after).partition("~")
    cursor = asked.next_cursor(found.lines, (value, suborder_id)) or ""
    return "/desk?" + urlencode([*parse_qsl(here), ("cursor", cursor)])


def _polled(request: Asked) -> str:
    """This very page, to be fetched again: what one sees changes where it stands."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "removed"]
    return "/desk?" + urlencode(kept) if kept else "/desk"


async def _products(tx: ReadTx, seat: Seat) -> Sequence[parties.Product]:
    return await parties.shelf.products_on(tx, shanghai_date(tx.now), bank_id=seat.org_id)


async def _removed(tx: ReadTx, request: Asked) -> object:
    text_id = request.query_params.get("removed", "")
    try:
        return await inbox.removed_filter(tx, UUID(text_id)) if text_id else None
    except ValueError:
        raise Refusal("bad-query", parameter="removed") from None


@post("/desk/filters", opt=KEEPS, include_in_schema=False)
async def submit_filter(data: Posted[FilterForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Keep what the list shows under a name, for oneself alone."""
    query = address_of(kept_list(data.query))
    await once(request, tx, lambda: inbox.save_filter(tx, data.name, query, by=seat, now=tx.now))
    said = _("已保存筛选“{name}”，只有您自己看得到。").format(name=data.name)
    return see_other(request, f"/desk?{query}", flash=said)


@post("/desk/filters/{filter_id:uuid}/removal", opt=KEEPS, include_in_schema=False)
async def submit_removal(
    filter_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], request: Asked
) -> Response[bytes]:
    """Take a saved filter away; the page that follows offers it back."""
    await once(request, tx, lambda: inbox.remove_filter(tx, filter_id, now=tx.now))
    return see_other(request, f"/desk?removed={filter_id}")


@post("/desk/filters/{filter_id:uuid}/restoration", opt=KEEPS, include_in_schema=False)
async def submit_restoration(
    filter_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], request: Asked
) -> Response[bytes]:
    """Bring a removed filter back."""
    await once(request, tx, lambda: inbox.restore_filter(tx, filter_id))
    return see_other(request, "/desk", flash=_("已恢复。"))


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one ticked row; `why` it was not accepted, or empty."""

    line: DeskLine
    why: str


@post("/desk/acceptances", opt={"roles": BRANCH}, status_code=200, include_in_schema=False)
async def submit_acceptances(data: Posted[AcceptancesForm], seat: Given[Seat], request: Asked) -> Response[str]:
    """Accept the ticked ones, each by itself, and say of each what became of it: one that cannot be accepted holds no
    other back. Sent again it changes nothing more: what was accepted is refused the second time.
    """
    db: Database = request.app.state.db
    ids = list(dict.fromkeys(data.suborder_id))
    refusals = {one: await _accept_alone(db, request, one, seat) for one in ids}
    async with db.reading(Role.BANK, scope_of(request)) as tx:
        lines = {line.row["suborder_id"]: line for line in await inbox.lines_of(tx, ids)}
    taken = [
        Taken(lines[one], _(refusal.detail or refusal.problem.title_zh) if refusal else "")
        for one, refusal in refusals.items() if one in lines
    ]  # fmt: skip
    return page(
        request, "orders/desk_accepted.html", taken=taken, accepted=sum(not one.why for one in taken),
        refused=len(ids) - sum(not one.why for one in taken), unknown=len(ids) - len(taken), words=desk_words,
    )  # fmt: skip


async def _accept_alone(db: Database, request: Asked, suborder_id: UUID, seat: Seat) -> Refusal | None:
    kept: Refusal | None = None
    try:
        async with db.transaction(Role.ACT, scope_of(request)) as tx:
            try:
                await acceptances.accept_suborder(tx, suborder_id, by=seat, now=tx.now)
            except Refusal as refusal:
                if not refusal.keep:
                    raise
                kept = refusal  # A clock has fired on the way: that is committed.
    except Refusal as refusal:
        return refusal
    return kept
