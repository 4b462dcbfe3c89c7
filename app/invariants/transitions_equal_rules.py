"""The table by which PostgreSQL judges moves is the table of the rules."""

from app.infra.db import ReadTx
from app.market.orders import TRANSITIONS

SQL = "select from_state, act, to_state from suborder_transitions"


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each move that only one of the two knows."""
    kept = {tuple(record) for record in await tx.fetch(SQL)}
    known = {(start.value, act.value, to.value) for start, act, to in TRANSITIONS}
    return [
        *(f"only PostgreSQL knows {' '.join(move)}" for move in sorted(kept - known)),
        *(f"only the rules know {' '.join(move)}" for move in sorted(known - kept)),
    ]
