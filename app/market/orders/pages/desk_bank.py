"""The head office's start: its branches by what is late, what is in hand, and how promises were kept."""

from typing import Any, Final

from litestar import Request, Response, get

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx
from app.market.orders.service import desk
from app.web import formats
from app.web.deps import Given
from app.web.pages import page

ADMIN: Final = {"roles": (SeatRole.BANK_ADMIN,)}


@get("/bank", opt=ADMIN, include_in_schema=False)
async def show_bank(tx: Given[ReadTx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[str]:
    """Each branch in a row; the figures lead to its suborders in the inbox."""
    lines = await desk.branch_lines(tx, seat.org_id)
    return page(
        request, "orders/desk_bank.html", bank=await orgs.get_org(tx, seat.org_id), lines=lines, share=formats.share,
        late=sum(line.late for line in lines), open=sum(line.open for line in lines),
    )  # fmt: skip
