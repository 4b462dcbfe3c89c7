"""What banks and branches are called, to whoever reads."""

from collections.abc import Mapping
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx
from app.market import parties


async def names_for(tx: ReadTx, seat: Seat) -> Mapping[UUID, str]:
    """Every bank, and the branches that the seat has to do with: all of them for a regulator."""
    banks = await parties.shelf.banks(tx)
    found = {bank_id: bank.name for bank_id, bank in banks.items()}
    for bank_id in banks if seat.role is SeatRole.REGULATOR else [seat.org_id]:
        found |= {one.branch_id: one.name for one in await parties.shelf.branches_of(tx, bank_id)}
    return found
