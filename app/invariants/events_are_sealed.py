"""Every event that a head should cover has its leaf, and the log, exported, is as it was sealed."""

from app.access.audit import WHAT_IS_WRONG, find_wrong
from app.infra.db import ReadTx


async def find_broken(tx: ReadTx) -> list[str]:
    """The first event that is not what was sealed."""
    wrong = await find_wrong(tx)
    return [] if wrong is None else [f"number {wrong.number} of the log: {WHAT_IS_WRONG[wrong.what]}"]
