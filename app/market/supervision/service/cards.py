"""Reading a scorecard: one group in one month, beside the city, its like, and the months before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from app.infra.db import ReadTx
from app.market.supervision import service
from app.market.supervision.rules import By, Tally, branches, cards, frozen
from app.market.supervision.rules.cards import CardLine
from app.market.supervision.rules.norms import Norms
from app.market.supervision.service import months
from app.market.supervision.store import cards as store


@dataclass(frozen=True, slots=True)
class Card:
    """`months` are the first days of those that the lines tell, the last the card's own."""

    by: By
    key: str
    month: date
    months: tuple[date, ...]
    lines: tuple[CardLine, ...]
    norms: Norms
    as_of: datetime


async def read_card(tx: ReadTx, by: By, key: str, month: date, is_ratio: Callable[[str], bool]) -> Card:
    """A group's figures as of now. `is_ratio` says which figures are compared by value over cases."""
    norms = await service.read_norms(tx, month)
    span = branches.months_until(month, norms.months)
    own = cards.by_month(await store.read_months(tx, tx.now, by.value, key, span[0], frozen.last_day(month)))
    groups = sorted({By.ALL, by})
    board = await service.read_board(tx, as_of=tx.now, by=groups, within=months.within(month), medians=False)
    city = board.get((By.ALL.value, ""), {})
    like = [figures for (group, _key), figures in board.items() if group == by.value and by is not By.ALL]
    names = sorted({figure for figures in own.values() for figure in figures} | set(city))
    lines = []
    for figure in names:
        found, count = cards.median_of(
            [figures[figure] for figures in like if figure in figures], ratio=is_ratio(figure), small=norms.small
        )
        told = tuple(own.get(one, {}).get(figure, Tally()) for one in span)
        lines.append(CardLine(figure, told[-1], city.get(figure) if by is not By.ALL else None, found, count, told))
    return Card(by, key, month, span, tuple(lines), norms, tx.now)
