"""The figures that supervision keeps folded are those that its whole history gives."""

from app.infra.db import ReadTx
from app.market.supervision import By, Tally, read_board

SQL = 'select "by", key, figure, value, "of" from supervision_v_figures($1)'

# Of each group and figure the days, the months and all time add up to the same.
GRAINS = """
select "by", key, figure from (
  select "by", key, figure, grain, sum(value) as value, sum(whole) as whole from supervision_sums group by 1, 2, 3, 4) s
 group by 1, 2, 3 having count(distinct (value, whole)) > 1 or count(*) <> 3 order by 1, 2, 3 limit 20
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each figure of a group that differs."""
    history = {
        (row["by"], row["key"], row["figure"]): Tally(row["value"], row["of"]) for row in await tx.fetch(SQL, tx.now)
    }
    board = await read_board(tx, as_of=tx.now, by=list(By))
    kept = {(*group, figure): tally for group, tallies in board.items() for figure, tally in tallies.items()}
    apart = [f"{' '.join(row)}: its days, months and all time do not agree" for row in await tx.fetch(GRAINS)]
    return apart + [
        f"{' '.join(part or '-' for part in place)}:"
        f" kept {_said(kept.get(place))}, by history {_said(history.get(place))}"
        for place in sorted(kept.keys() | history.keys())
        if kept.get(place) != history.get(place)
    ]


def _said(tally: Tally | None) -> str:
    return "nothing" if tally is None else f"{tally.value}/{tally.of}"
