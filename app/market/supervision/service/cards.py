"""Reading a scorecard: one group in one month, beside the city, its like, and the months before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.infra.db import ReadTx
from app.market.ratings import calling
from app.market.supervision import service
from app.market.supervision.rules import By, Tally, branches, cards, frozen, voices
from app.market.supervision.rules.cards import SECONDS, SECONDS_MEDIAN, CardLine
from app.market.supervision.rules.norms import Norms
from app.market.supervision.rules.voices import AFTER_RED
from app.market.supervision.service import board, months
from app.market.supervision.store import cards as store
from app.market.supervision.store import gaming as store_gaming
from app.market.supervision.store import voices as store_voices


@dataclass(frozen=True, slots=True)
class Card:
    """`months` are the first days of those that the lines tell, the last the card's own; `goal_ppm` is the share of
    firms called back that should be satisfied."""

    by: By
    key: str
    month: date
    months: tuple[date, ...]
    lines: tuple[CardLine, ...]
    norms: Norms
    goal_ppm: int
    as_of: datetime


async def read_card(tx: ReadTx, by: By, key: str, month: date, is_ratio: Callable[[str], bool]) -> Card:
    """A group's figures as of now. `is_ratio` says which figures are compared by value over cases."""
    norms = await service.read_norms(tx, month)
    span = branches.months_until(month, norms.months)
    groups = sorted({By.ALL, by})
    balances = await board.read_balances(tx, [one.value for one in groups], span)
    own = await _own(tx, by, key, span)
    red = voices.by_group(await store_gaming.read_months(tx, AFTER_RED, span[0], frozen.last_day(month)), by)
    for one in span:
        if one in red.get((by.value, key), {}):
            own.setdefault(one, {})[AFTER_RED] = red[by.value, key][one]
        balance = balances.get((by.value, key), {}).get(one, Tally())
        own[one] = voices.with_rate(own.get(one, {}) | ({voices.BALANCE: balance} if balance != Tally() else {}))
    told = await board.read_whole(tx, groups, months.within(month), balances, month)
    whole = {
        place: {**figures, **({AFTER_RED: red[place][month]} if month in red.get(place, {}) else {})}
        for place, figures in told.items()
    }
    city = whole.get((By.ALL.value, ""), {})
    like = [figures for (group, _key), figures in whole.items() if group == by.value and by is not By.ALL]
    names = sorted({figure for figures in own.values() for figure in figures} | set(city))
    lines = []
    for figure in names:
        found, count = cards.median_of(
            [figures[figure] for figures in like if figure in figures], ratio=is_ratio(figure), small=norms.small
        )
        course = tuple(own.get(one, {}).get(figure, Tally()) for one in span)
        lines.append(CardLine(figure, course[-1], city.get(figure) if by is not By.ALL else None, found, count, course))
    goal_ppm = (await calling.questions_on(tx, tx.now)).rules.goal_ppm
    return Card(by, key, month, span, tuple(lines), norms, goal_ppm, tx.now)


async def _own(tx: ReadTx, by: By, key: str, span: Sequence[date]) -> dict[date, dict[str, Tally]]:
    """The group's own figures by month, with medians and what was said of it."""
    last = frozen.last_day(span[-1])
    found, buckets = cards.by_month(await store.read_months(tx, tx.now, by.value, key, span[0], last))
    own = {month: dict(figures) for month, figures in found.items()}
    middles = {month: cards.middles(of) for (month, figure), of in buckets.items() if figure == SECONDS}
    places = {(month, hour) for month, both in middles.items() for hour, _nth in both}
    values = await store.read_hours(tx, tx.now, by.value, key, sorted(places)) if places else {}
    for month, both in middles.items():
        twice = sum(values[month, hour][nth - 1] for hour, nth in both)
        own[month][SECONDS_MEDIAN] = Tally(twice, own[month][SECONDS].of)
    for month, figure, value, of in await store_voices.read_months(tx, tx.now, by.value, key, span[0], last):
        own.setdefault(month, {})[figure] = Tally(value, of)
    return own
