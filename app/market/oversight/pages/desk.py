"""The first page of oversight: what waits for the seat, and how much of what was urged and named is put right."""

from typing import Any, Final

from litestar import Request, Response, get

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.market.oversight.pages import words
from app.market.oversight.rules.circulars import rectified
from app.market.oversight.service import circulars, naming, waiting
from app.market.oversight.store import urges as store_urges
from app.web.deps import Given
from app.web.pages import page

PEOPLE: Final = (SeatRole.REGULATOR, SeatRole.BANK_ADMIN, SeatRole.BRANCH_CHECKER, SeatRole.BRANCH_CLERK)
SEE: Final = {"roles": PEOPLE}
SHOWN: Final = 5
Asked = Request[Any, Any, Any]


@get("/oversight", opt=SEE, include_in_schema=False)
async def show_desk(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """What the seat has to answer and to judge, and the newest circulars."""
    regulator = seat.role is SeatRole.REGULATOR
    found = await waiting.read_waiting(tx, by=seat)
    sums = await store_urges.read_sums(tx, None if regulator else seat.org_id)
    today = shanghai_date(tx.now)
    return page(
        request, "oversight/desk.html", waiting=found, sums=sums, regulator=regulator, words=words, now=tx.now,
        drafts=await circulars.drafts(tx, by=seat) if regulator else (), names=await naming.names_for(tx, seat),
        circulars=await circulars.find(tx, limit=SHOWN), today=today, number_of=words.number_of, me=seat.person_id,
        put_right=rectified(await circulars.states(tx), today), goal=await circulars.read_rules(tx, today),
        is_branch=seat.branch_id is not None, escalated=await waiting.escalated(tx) if regulator else (),
    )  # fmt: skip


@get("/oversight/waiting", opt=SEE, include_in_schema=False)
async def show_waiting(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """How many wait for this seat: a piece of the bar on top, fetched after the page."""
    count = await waiting.count_waiting(tx, by=seat)
    return page(request, "oversight/count.html", count=count, most=waiting.MOST)
