"""Ratings as a bank and the house see them, the work orders of bad ones, and the figures of what firms say."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.credit import subjects
from app.infra.db import ReadTx, Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.workdays import workdays_between
from app.market import parties
from app.market.ratings import store
from app.market.ratings.pages import words
from app.market.ratings.service import figures, following, rating
from app.office import clocks
from app.web import formats
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other

BANK: Final = (SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER, SeatRole.BANK_ADMIN)
HOUSE: Final = (SeatRole.SERVICE, SeatRole.REGULATOR)
SEES: Final = {"roles": (*BANK, *HOUSE)}
FOLLOWS: Final = (SeatRole.BANK_ADMIN, SeatRole.SERVICE)
LISTED_MAX: Final = 100
STARS_MAX: Final[Mapping[str, int]] = {"all": 5, "bad": 2}
TABS: Final[Mapping[str, str]] = {"all": N_("全部评价"), "bad": N_("差评")}
Asked = Request[Any, Any, Any]


class ClosureForm(Form):
    """What became of a work order."""

    said: Annotated[str, text(2000, 0)] = ""


@get("/ratings", opt=SEES, include_in_schema=False)
async def show_ratings(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """What firms said of the branch (or bank), the newest first: all of it, since nothing can be hidden."""
    show = request.query_params.get("show", "all")
    if show not in TABS:
        raise Refusal("bad-query", parameter="show")
    rows = await store.read_ratings(tx, STARS_MAX[show], LISTED_MAX)
    counted = await store.count_stars(tx)
    return page(
        request, "ratings/list.html", rows=rows, words=words, stars=[(n, counted.get(n, 0)) for n in words.STARS],
        whole=sum(counted.values()), policy=await rating.marks_on(tx, tx.now), may_follow=seat.role in FOLLOWS,
        tabs=[(_(said), f"/ratings?show={kind}", None, kind == show) for kind, said in TABS.items()],
        case_url="/desk/suborders/" if seat.role in BANK else "/supervision/cases/" if seat.role is SeatRole.REGULATOR
        else "", **await names_of(tx, rows),
    )  # fmt: skip


@get("/work-orders", opt={"roles": (*FOLLOWS, SeatRole.REGULATOR)}, include_in_schema=False)
async def show_work_orders(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """Bad ratings that somebody must follow up, by the time left; `?show=closed` the others."""
    return await _work_orders(request, tx, seat)


@post("/work-orders/{rating_id:uuid}/closure", opt={"roles": FOLLOWS, "db": Role.ACT}, include_in_schema=False)
async def submit_closure(
    rating_id: FromPath[UUID], data: Posted[ClosureForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Say what became of it."""
    await once(request, tx, lambda: following.close_work_order(tx, rating_id, data.said, by=seat, now=tx.now))
    return see_other(request, "/work-orders", flash=_("工单已办结。"))


async def _work_orders(request: Asked, tx: ReadTx, seat: Seat) -> Response[str]:
    show = request.query_params.get("show", "open")
    if show not in ("open", "closed"):
        raise Refusal("bad-query", parameter="show")
    rows = await store.read_work_orders(tx, is_open=show == "open", limit=LISTED_MAX)
    policy = await rating.marks_on(tx, tx.now)
    return page(
        request, "ratings/work_orders.html", rows=rows, words=words, policy=policy, is_open=show == "open",
        may_close=seat.role in FOLLOWS, left=await _left(tx),
        tabs=[(_("待回访"), "/work-orders", await store.count_work_orders(tx), show == "open"),
              (_("已办结"), "/work-orders?show=closed", None, show == "closed")],
        **await names_of(tx, rows),
    )  # fmt: skip


async def _left(tx: ReadTx) -> Callable[[Record], tuple[str, str]]:
    """Tone and words of the workdays left of a work order."""
    today = shanghai_date(tx.now)
    _version, calendar = await clocks.calendar_on(tx, today)

    def left(row: Record) -> tuple[str, str]:
        due_on = row["due_on"]
        return formats.time_left(due_on, today, row["clock_state"], workdays_between(calendar, today, due_on))

    return left


@get("/voices", opt={"roles": (SeatRole.BANK_ADMIN, *HOUSE)}, include_in_schema=False)
async def show_figures(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """What firms say, as figures of the last year: by bank, or by branch for a head office."""
    return page(
        request, "ratings/figures.html", found=await figures.read(tx, by=seat), words=words,
        is_bank=seat.role is SeatRole.BANK_ADMIN,
    )  # fmt: skip


async def names_of(tx: ReadTx, rows: Sequence[Record]) -> Mapping[str, Any]:
    """The firms, banks and branches of some rows."""
    firm_ids = list({row["subject_id"] for row in rows})
    branch_ids = {row["branch_id"] for row in rows}
    return {
        "firms": await subjects.names_of(tx, firm_ids) if firm_ids else {},
        "banks": await parties.shelf.banks(tx),
        "branches": {one: await parties.shelf.get_branch(tx, one) for one in branch_ids},
    }
