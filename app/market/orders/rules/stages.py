"""The desk's stages: the states of a suborder by what its branch has to do next. Pure."""

from collections.abc import Mapping
from typing import Final

from app.market.orders.rules.states import TERMINAL, State

STAGES: Final[Mapping[str, tuple[State, ...]]] = {
    "new": (State.PUSHED,),
    "call": (State.ACCEPTED,),
    "decide": (State.CONTACTED, State.INVESTIGATING),
    "firm": (State.OFFERED,),
    "sign": (State.PICKED, State.SIGNED, State.PAYING),
}
LIVE: Final = tuple(state for states in STAGES.values() for state in states)
BEHIND: Final = tuple(sorted(TERMINAL))
LOANS: Final = "loans"  # Paid out: nothing is owed by a day of ours, what comes back is told.
ENDED: Final = "ended"
AFTER: Final = (LOANS, ENDED)  # Tabs of what no clock runs on, the latest first.


def states_of(stage: str) -> tuple[State, ...]:
    """The states that a tab of the inbox shows; no stage is everything in hand.

    >>> states_of("call"), states_of("loans"), states_of("") == LIVE
    ((<State.ACCEPTED: 'accepted'>,), (<State.SERVICED: 'serviced'>,), True)
    """
    if stage == LOANS:
        return (State.SERVICED,)
    return BEHIND if stage == ENDED else STAGES.get(stage, LIVE)
