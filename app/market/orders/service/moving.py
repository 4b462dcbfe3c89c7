"""A suborder goes to another branch of its bank: by that branch, its head office, or the supervisor."""

from datetime import datetime
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.credit import consents
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.orders.rules import facts
from app.market.orders.service import acting


async def reassign_suborder(tx: Tx, suborder_id: UUID, *, branch_id: UUID, by: Seat, now: datetime) -> UUID:
    """Let another branch of the same bank go on; the id of the suborder that follows.

    It keeps the place, the open request for papers and every promise with the time that it has used. Refuses
    `not-found` for a branch that is not the bank's, `reassign-refused`, `above-ceiling`, `quota-exhausted`.
    """
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = _part(entered, suborder_id, by)
    on = shanghai_date(now)
    if branch_id not in {branch.branch_id for branch in await parties.shelf.branches_of(tx, part.bank_id)}:
        raise Refusal("not-found")
    entry = await parties.shelf.list_in_force(tx, branch_id, part.product_id, on)
    covers = parties.covers(entry, acting.need_of(entered.order))
    pool = await parties.pools.pool_of(tx, parties.PoolKey(branch_id, part.product_id), on)
    room_fen = 0 if pool is None or pool.is_frozen else pool.free_fen
    request_id = new_id() if part.papers_open else None
    command = facts.Reassign(suborder_id, new_id(), branch_id, covers, room_fen, request_id)
    await acting.decide(tx, entered, command, by=by)
    await consents.amend_branch(tx, part.consent_id, branch_id, by=by, now=now)
    return command.to_id


async def branches_for(
    tx: ReadTx, bank_id: UUID, branch_id: UUID, product_id: UUID, *, now: datetime
) -> list[tuple[UUID, str]]:
    """(branch, name) of the bank's others that publish the product today: those that could go on with a case."""
    branches = [one for one in await parties.shelf.branches_of(tx, bank_id) if one.branch_id != branch_id]
    lists = await parties.shelf.lists_in_force(tx, [one.branch_id for one in branches], shanghai_date(now))
    return [(one.branch_id, one.name) for one in branches if (one.branch_id, product_id) in lists]


def _part(entered: acting.Entered, suborder_id: UUID, by: Seat) -> facts.Part:
    """The suborder, for its own side and for the supervisor, who stands above all of them."""
    if by.role is not SeatRole.REGULATOR:
        return entered.part(suborder_id, by)
    part = next((one for one in entered.case.parts if one.suborder_id == suborder_id), None)
    if part is None:
        raise Refusal("not-found")
    return part
