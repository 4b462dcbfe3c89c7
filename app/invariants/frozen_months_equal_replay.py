"""The newest frozen month is what a replay reckons for its instant, out of the moves that were known by then."""

from app.infra.db import ReadTx
from app.market.supervision import read_frozen
from app.replay import replay_month

NEWEST = "select month, frozen_at, last_seq, formula from supervision_months order by month desc limit 1"


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each figure that differs."""
    newest = await tx.row(NEWEST)
    if newest is None:
        return []
    month = f"{newest['month']:%Y-%m}"
    at, last_seq = newest["frozen_at"], newest["last_seq"]
    rows = await replay_month(tx, month, as_of=at, last_seq=last_seq, formula=newest["formula"])
    replayed = {(row.by, row.key, row.figure): (row.value, row.of) for row in rows if (row.value, row.of) != (0, 0)}
    kept = {place: (tally.value, tally.of) for place, tally in (await read_frozen(tx, newest["month"])).items()}
    return [
        f"{month} {' '.join(part or '-' for part in place)}: frozen {kept.get(place)}, replayed {replayed.get(place)}"
        for place in sorted(kept.keys() | replayed.keys())
        if kept.get(place) != replayed.get(place)
    ]
