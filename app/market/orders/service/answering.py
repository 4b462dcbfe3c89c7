"""Doing an act once and answering with the suborder as it is then: for every handler that machines call."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response

from app.access.seats import SeatRole
from app.infra.db import Role, Tx
from app.market.orders.service import acting, reading
from app.market.orders.service.showing import SuborderView
from app.web import idempotency

BRANCH: Final = (SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER, SeatRole.BANK_CLIENT)
BRANCH_ACTS: Final = {"roles": BRANCH, "db": Role.ACT}
FIRM_ACTS: Final = {"roles": (SeatRole.BUSINESS,), "db": Role.ACT}
Asked = Request[Any, Any, Any]


async def act_once(
    request: Asked, tx: Tx, suborder_id: UUID, command: Callable[[], Awaitable[Any]]
) -> Response[SuborderView]:
    """Do it once, and answer with the suborder as it is then. What waits for a second person is named beside it."""

    async def act() -> UUID:
        await command()
        return suborder_id

    await idempotency.once(request, tx, act, location="/suborders/{}", status=200)
    await acting.find(tx, suborder_id)  # A repetition has not looked for its order yet.
    view = await reading.get_suborder(tx, suborder_id)
    return idempotency.answer(request, SuborderView.of(view, tx.now))
