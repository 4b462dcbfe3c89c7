"""The figures that supervision shows are those that a replay of the moves reckons."""

from app.infra.db import ReadTx
from app.replay import replay_in


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each figure that differs."""
    return list((await replay_in(tx, as_of=tx.now)).differences)
