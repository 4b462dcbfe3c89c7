"""Figures beside those of the promises: what was said and urged, what is owed, and rates of two figures. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from app.market.supervision.rules import By, Tally

PUSHED: Final = "funnel:push"
COMPLAINTS: Final = "complaints"
COMPLAINED: Final = "complaints_per_order"  # Complaints of suborders pushed: told for a hundred of them.
BALANCE: Final = "balance_fen"  # What is owed at the end of the last day, over so many loans.
AFTER_RED: Final = "after_red"  # Promises kept only from the red rung on, of those kept: a measure of conduct.
SAID: Final = (
    COMPLAINTS, "complaint_seen_in_time", "complaint_answered_in_time", "stars", "bad_ratings",
    "bad_rating_followed_in_time", "satisfied", "urges", "urge_rectified_in_time",
)  # fmt: skip
SINCE_2: Final = frozenset({*SAID, BALANCE})  # Figures that a frozen month has from formula 2 on.


def with_rate(figures: Mapping[str, Tally]) -> dict[str, Tally]:
    """A group's figures and, where suborders were pushed or complaints filed, complaints for each of those pushed."""
    pushed, filed = figures.get(PUSHED, Tally()), figures.get(COMPLAINTS, Tally())
    rate = {COMPLAINED: Tally(filed.value, pushed.value)} if pushed.value else {}
    return {**figures, **rate}


Groups = Mapping[tuple[str, str], Mapping[date, Tally]]


def balances(changes: Iterable[tuple[str, str, date, int, int]], months: Iterable[date]) -> Groups:
    """What each group owed at the end of each of these months, out of the changes by month, in order of time.

    >>> may, june, july = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
    >>> balances([("all", "", may, 500, 2), ("all", "", july, -100, -1)], [june, july])["all", ""]
    {datetime.date(2026, 6, 1): Tally(value=500, of=2), datetime.date(2026, 7, 1): Tally(value=400, of=1)}
    """
    wanted = sorted(months)
    found: dict[tuple[str, str], dict[date, Tally]] = {}
    for by, key, month, value, of in changes:
        own = found.setdefault((by, key), dict.fromkeys(wanted, Tally()))
        for one in wanted:
            if month <= one:
                own[one] = Tally(own[one].value + value, own[one].of + of)
    return found


def by_group(
    rows: Iterable[tuple[date, UUID, UUID, int, int]], by: By
) -> dict[tuple[str, str], dict[date, Tally]]:  # fmt: skip
    """Sums of branches by month as those of all and of the banks or branches; of other groups nothing is known.

    >>> june, bank, one, two = date(2026, 6, 1), UUID(int=1), UUID(int=2), UUID(int=3)
    >>> by_group([(june, bank, one, 1, 4), (june, bank, two, 0, 2)], By.BANK)["bank", str(bank)][june]
    Tally(value=1, of=6)
    """
    found: dict[tuple[str, str], dict[date, Tally]] = {}
    for month, bank_id, branch_id, value, of in rows:
        places = [(By.ALL.value, "")]
        if by in (By.BANK, By.BRANCH):
            places.append((by.value, str(bank_id if by is By.BANK else branch_id)))
        for place in places:
            own = found.setdefault(place, {})
            before = own.get(month, Tally())
            own[month] = Tally(before.value + value, before.of + of)
    return found
