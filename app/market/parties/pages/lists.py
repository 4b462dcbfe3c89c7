"""Pages of the head office: what each branch may decide, as documents with versions; a new version by two people."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from pydantic import Field

from app.access import orgs
from app.access.seats import Seat
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.parties.describing import plain_value
from app.market.parties.pages.shaping import (
    ADMIN,
    Asked,
    Typed,
    lay,
    read_fen,
    read_lines,
    read_ppm,
    shaped,
)
from app.market.parties.rules import PublishedList, is_valid
from app.market.parties.rules.list_files import percent_text, quarter_after, wan_text
from app.market.parties.schemas import ListBody
from app.market.parties.service import changes, list_changes, pools, shelf
from app.market.parties.service.shelf import Listing
from app.office import proposals
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_
from app.web.pages import page

LIMITS: Final = ("purposes", "collateral", "districts")
NEXT_QUARTER: Final = "next-quarter"
# How a version stands on a day: tone and words.
STANDINGS: Final = {
    "in_force": ("good", N_("在用")), "ahead": ("still", N_("待生效")), "over": ("still", N_("已到期")),
    "replaced": ("still", N_("已被取代")),
}  # fmt: skip


class ListForm(Form):
    """A new version as typed: sums in 万元, rates in percent. What is not here stays as it was."""

    branch_id: UUID
    product_id: UUID
    amount_min_wan: Typed
    ceiling_wan: Typed
    approval_wan: Typed
    term_months_max: Annotated[int, Field(ge=1, le=360)]
    rate_min_percent: Typed
    rate_max_percent: Typed
    two_person_reasons: Annotated[str, text(200)] = ""
    materials: Annotated[str, text(2000)] = ""
    valid_from: date
    valid_to: date | None = None


@get("/bank/lists", opt=ADMIN, include_in_schema=False)
async def show_lists(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """What each branch may decide today and what is to come; `?branch=&product=` opens a new version of one to write,
    with `&draft=next-quarter` for the whole of the next quarter.
    """
    today = shanghai_date(tx.now)
    listings = sorted(
        await shelf.lists_for(tx, today, bank_id=seat.org_id), key=lambda one: (one.branch.name, one.product.code)
    )
    query = request.query_params
    asked = (query.get("branch"), query.get("product"))
    chosen = next((one for one in listings if (str(one.entry.branch_id), str(one.entry.product_id)) == asked), None)
    shelves = await list_changes.read_shelves(tx, seat.org_id)
    ahead = [
        entry for versions in shelves.versions.values() for entry in versions
        if entry.valid_from > today and entry.branch_id in shelves.branches and entry.product_id in shelves.products
    ]  # fmt: skip
    draft = query.get("draft") == NEXT_QUARTER
    bulk = [one for one in await proposals.find(tx, by=seat) if one.kind == changes.LISTS_PUBLISH]
    return page(
        request, "parties/lists.html", listings=listings, chosen=chosen, today=today, wan=wan_text,
        percent=percent_text, dates=_dates(chosen, today, draft=draft), shelves=shelves, bulk=bulk,
        ahead=sorted(ahead, key=lambda one: (one.valid_from, shelves.branches[one.branch_id].name)),
        pools={(p.branch_id, p.product_id): p for p in await pools.pools_of_bank(tx, seat.org_id, today)},
    )  # fmt: skip


def _dates(chosen: Listing | None, today: date, *, draft: bool) -> tuple[str, str]:
    """From when to when a new version would count, as the form has it to begin with."""
    if draft:
        first, last = quarter_after(today)
        return first.isoformat(), last.isoformat()
    end = chosen.entry.valid_to if chosen is not None else None
    return today.isoformat(), end.isoformat() if end is not None else ""


@get("/bank/lists/{list_id:uuid}", opt=ADMIN, include_in_schema=False)
async def show_list(list_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """One version as a document, and every version before and after it with the two people of each."""
    entry = await shelf.get_list(tx, list_id)
    if entry.bank_id != seat.org_id:  # Everybody reads lists; who made them is the bank's own business.
        raise Refusal("not-found")
    history = await shelf.history_of(tx, entry)
    today = shanghai_date(tx.now)
    current = await shelf.list_in_force(tx, entry.branch_id, entry.product_id, today)
    standings = {row["list_id"]: _standing(row["list_id"], row["valid_from"], row["valid_to"], current, today)
                 for row in history}  # fmt: skip
    limits = {name: await plain_value(tx, name, getattr(entry, name), today) for name in LIMITS}
    people = await orgs.names_of_colleagues(tx, [who for row in history for who in (row["made_by"], row["checked_by"])])
    return page(
        request, "parties/list.html", entry=entry, branch=await shelf.get_branch(tx, entry.branch_id),
        product=await shelf.get_product(tx, entry.product_id), limits=limits, history=history,
        people=people, standings=STANDINGS,
        standing=standings, is_current=current is not None and current.list_id == entry.list_id,
    )  # fmt: skip


def _standing(
    list_id: UUID, valid_from: date, valid_to: date | None, current: PublishedList | None, today: date
) -> str:
    if valid_from > today:
        return "ahead"
    if current is not None and current.list_id == list_id:
        return "in_force"
    return "replaced" if is_valid(valid_from, valid_to, today) else "over"


@post("/bank/lists", opt=ADMIN, include_in_schema=False)
async def submit_list(data: Posted[ListForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Lay a new version of a branch's list before a second person."""
    old = await shelf.list_in_force(tx, data.branch_id, data.product_id, shanghai_date(tx.now))
    body = shaped(
        ListBody, branch_id=data.branch_id, product_id=data.product_id, amount_min_fen=read_fen(data.amount_min_wan),
        ceiling_fen=read_fen(data.ceiling_wan), approval_level_fen=read_fen(data.approval_wan, zero=True),
        term_months_max=data.term_months_max, rate_min_ppm=read_ppm(data.rate_min_percent),
        rate_max_ppm=read_ppm(data.rate_max_percent), **_kept(old), materials=read_lines(data.materials),
        two_person_reasons=data.two_person_reasons.replace("，", " ").replace(",", " ").split(),
        valid_from=data.valid_from, valid_to=data.valid_to,
    )  # fmt: skip
    return await lay(request, tx, "/bank/lists", lambda: changes.propose_list(tx, body, by=seat, now=tx.now))


def _kept(old: PublishedList | None) -> dict[str, list[str]]:
    """What the form does not ask and a new version takes over."""
    if old is None:
        return {}
    return {name: sorted(getattr(old, name)) for name in ("purposes", "collateral", "districts")}
