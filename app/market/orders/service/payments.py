"""Sign, pay out in one draw or several, and give up the rest."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from app.access.seats import Seat
from app.infra.db import Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.orders import store
from app.market.orders.rules import facts
from app.market.orders.service import acting


async def sign_contract(
    tx: Tx, suborder_id: UUID, *, contract_no: str, signed_on: date, amount_fen: int, draw_until_on: date, by: Seat,
    now: datetime,
) -> UUID:  # fmt: skip
    """Record the contract: at most the offer, drawn within the days that the policy allows. The hold shrinks to it."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    command = facts.Sign(suborder_id, amount_fen, signed_on, draw_until_on, shanghai_date(now))
    await acting.decide(tx, entered, command, by=by)
    row = {
        "contract_no": contract_no, "signed_on": signed_on, "amount_fen": amount_fen, "draw_until_on": draw_until_on,
        "recorded_at": now,
    }  # fmt: skip
    try:
        await store.insert_child(tx, "contracts", entered.case, part, row)
    except asyncpg.UniqueViolationError:
        raise Refusal("already-exists", "该合同编号已登记") from None
    return suborder_id


async def pay_out(
    tx: Tx, suborder_id: UUID, *, draw_id: UUID, amount_fen: int, paid_on: date, by: Seat, now: datetime
) -> UUID:
    """Record a draw; the bank names it, so that the same draw never counts twice (`reservation-ended`)."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    await acting.decide(tx, entered, facts.PayOut(suborder_id, draw_id, amount_fen, paid_on, shanghai_date(now)), by=by)
    row = {"draw_id": draw_id, "amount_fen": amount_fen, "paid_on": paid_on, "recorded_at": now}
    await store.insert_child(tx, "draws", entered.case, part, row)
    return draw_id


async def end_draws(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> UUID:
    """The firm gives up the rest of its contract; what is still held goes back to the pool."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    entered.part(suborder_id, by)
    await acting.decide(tx, entered, facts.EndDraws(suborder_id), by=by)
    return suborder_id
