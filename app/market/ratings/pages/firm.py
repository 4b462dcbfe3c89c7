"""A firm rates a bank's service; and the lines beside an order."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from pydantic import Field

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.market import parties
from app.market.orders import marks
from app.market.ratings.pages import words
from app.market.ratings.service import rating
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

FIRM: Final = {"roles": (SeatRole.BUSINESS,)}
Asked = Request[Any, Any, Any]


class RatingForm(Form):
    """Stars, tags and words."""

    stars: Annotated[int, Field(ge=1, le=5)] | None = None
    tags: Annotated[list[Annotated[str, text(60)]], Field(max_length=20, default_factory=list)]
    said: Annotated[str, text(2000, 0)] = ""


@get("/my/suborders/{suborder_id:uuid}/rating", opt=FIRM, include_in_schema=False)
async def show_rating(
    suborder_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """The form, or what was said and until when it may be changed."""
    return await _page(request, tx, suborder_id, seat)


@post("/my/suborders/{suborder_id:uuid}/rating", opt={**FIRM, "db": Role.ACT}, include_in_schema=False)
async def submit_rating(
    suborder_id: FromPath[UUID], data: Posted[RatingForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Rate, or change the rating."""
    stars = data.stars
    if stars is None:
        view = await rating.get(tx, suborder_id, by=seat)
        await tx.narrow(case_id=view.suborder["order_id"])
        return await _page(request, tx, suborder_id, seat, fault=_("请选择一至五星。"), typed=data)
    await once(
        request, tx,
        lambda: rating.rate(tx, suborder_id, stars, tags=data.tags, said=data.said, by=seat, now=tx.now),
    )  # fmt: skip
    url = f"/my/suborders/{suborder_id}/rating"
    return see_other(request, url, flash=_("谢谢您的评价。七天内可以修改。"))


async def _page(
    request: Asked, tx: ReadTx, suborder_id: UUID, seat: Seat, *, fault: str = "", typed: RatingForm | None = None
) -> Response[str]:
    view = await rating.get(tx, suborder_id, by=seat)
    row = view.suborder
    given = view.rating
    return page(
        request, "ratings/rate.html", status=422 if fault else 200, view=view, row=row, words=words, fault=fault,
        stars=(typed.stars if typed else given["stars"] if given else None) or 0,
        tags=frozenset(typed.tags if typed else given["tags"] if given else ()),
        said=typed.said if typed else given["said"] if given else "",
        bank=await parties.shelf.get_bank(tx, row["bank_id"]),
        branch=await parties.shelf.get_branch(tx, row["branch_id"]),
    )  # fmt: skip


async def mark_orders(tx: ReadTx, order_id: UUID, by: Seat) -> Mapping[UUID, Sequence[marks.Mark]]:
    """Beside each suborder its rating, and for the firm the way to rate."""
    suborders, ratings, policy = await rating.of_order(tx, order_id)
    given = {row["suborder_id"]: row for row in ratings}
    found: dict[UUID, list[marks.Mark]] = {}
    for row in suborders:
        suborder_id = row["suborder_id"]
        one = given.get(suborder_id)
        url = f"/my/suborders/{suborder_id}/rating" if by.role is SeatRole.BUSINESS else "/ratings"
        if one is not None:
            tone = "bad" if one["stars"] <= policy.rules.bad_max else "good"
            text_of = _("评价 {n} 星").format(n=one["stars"])
            found.setdefault(suborder_id, []).append(marks.Mark(text_of, url, tone, one["changed_at"]))
        elif by.role is SeatRole.BUSINESS and rating.may_rate(row, None, policy, tx.now):
            found.setdefault(suborder_id, []).append(marks.Mark(_("给这次服务打分"), url, is_act=True))
    return found


marks.mark_by("ratings", mark_orders)
