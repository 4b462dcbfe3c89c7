"""Every breach that the clocks know is one that the moves tell, at the same instant, and the other way round."""

from app.infra.db import ReadTx
from app.replay import Outcome, judge_all

SQL = """
select case_id, kind, due_at from clocks
 where kind in ('ACCEPT', 'CONTACT', 'DECISION', 'SIGN', 'PAYOUT')
   and undone_at is null and (state = 'breached' or (state = 'running' and due_at <= $1))
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each breach that only one side knows, or puts at another instant."""
    kept = {(record["case_id"], record["kind"], record["due_at"]) for record in await tx.fetch(SQL, tx.now)}
    judged = await judge_all(tx, as_of=tx.now)
    told = {(one.suborder_id, one.promise, one.due_at) for one in judged if one.outcome is Outcome.BREACHED}
    return [
        *(f"only the clocks know {kind} of {part} breached at {at}" for part, kind, at in sorted(kept - told, key=str)),
        *(f"only the moves tell {kind} of {part} breached at {at}" for part, kind, at in sorted(told - kept, key=str)),
    ]
