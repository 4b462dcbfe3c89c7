"""All figures of groups together: of the promises, of what was said and urged, and what is owed."""

from collections.abc import Collection, Sequence
from datetime import date

from app.infra.db import ReadTx
from app.market.supervision import service
from app.market.supervision.rules import Board, By, Tally, Within, frozen, voices
from app.market.supervision.rules.voices import Groups
from app.market.supervision.store import balances as store_balances
from app.market.supervision.store import voices as store_voices


async def read_balances(tx: ReadTx, by: Collection[str], months: Sequence[date]) -> Groups:
    """What each group owes at the end of each of these months, as of now; the months in order of time."""
    changes = await store_balances.read_changes(tx, tx.now, by, frozen.last_day(months[-1]))
    return voices.balances(changes, months)


async def read_whole(
    tx: ReadTx, by: Collection[By], within: Within, balances: Groups, month: date, *, medians: bool = True
) -> Board:
    """Every figure of these groups as of now, within a month."""
    found = await service.read_board(tx, as_of=tx.now, by=by, within=within, medians=medians)
    whole = {group: dict(figures) for group, figures in found.items()}
    said = await store_voices.read_figures(tx, tx.now, [one.value for one in by], within)
    for group, key, figure, value, of in said:
        whole.setdefault((group, key), {})[figure] = Tally(value, of)
    for place, owed in balances.items():
        if owed[month] != Tally():
            whole.setdefault(place, {})[voices.BALANCE] = owed[month]
    return {place: voices.with_rate(figures) for place, figures in whole.items()}
