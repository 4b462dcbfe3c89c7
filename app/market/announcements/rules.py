"""Which fact of an order is told to whom. Pure.

A message says that something happened and where to look: no firm's name, no reason, no figure of a package.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from app.kernel.clock import shanghai_date
from app.market.orders import events as told
from app.market.orders.events import Clock, OrderEvent

FIRM, BRANCH = "firm", "branch"
OWN_DOING: Final = ("let_go", "withdrawn")  # What a firm did itself is no news to it.
BREACHED_SHARE: Final = 100  # The rung of a clock's policy that names who hears of a missed deadline.


@dataclass(frozen=True, slots=True)
class Told:
    """One message to one audience. `names_bank`: its text has the bank's name in it."""

    audience: str
    kind: str
    slots: Mapping[str, str | int] = field(default_factory=dict)
    names_bank: bool = False


def messages_of(event: OrderEvent, told_of_breach: Sequence[str] = ()) -> Sequence[Told]:
    """The messages of an event; `told_of_breach` are the audiences that the clock's dated policy names."""
    tell = _TOLD.get(type(event))
    if tell is not None:
        return tell(event)
    return _breached(event, told_of_breach) if isinstance(event, told.ClockBreached) else ()


def _firm(kind: str, slots: Mapping[str, str | int] | None = None) -> Told:
    return Told(FIRM, f"firm.{kind}", slots or {}, names_bank=True)


def _branch(kind: str, slots: Mapping[str, str | int] | None = None) -> Told:
    return Told(BRANCH, f"branch.{kind}", slots or {})


def _breached(event: told.ClockBreached, audiences: Sequence[str]) -> Sequence[Told]:
    """To those whom the policy names, and to the firm unless the deadline was its own.

    A missed ACCEPT lapses the suborder, which tells the firm by itself.
    """
    slots = {"due_on": (shanghai_date(event.at) - timedelta(days=1)).isoformat()}
    inside = [Told(one, f"missed.{event.clock.lower()}", slots, names_bank=True) for one in audiences if one != FIRM]
    if event.owner == FIRM or event.clock == Clock.ACCEPT:
        return inside
    return [*inside, _firm("deadline_missed", slots)]


def _offered(event: told.OfferMade) -> Sequence[Told]:
    slots = {"amount_fen": event.amount_fen, "rate_ppm": event.rate_ppm, "days": event.valid_workdays}
    return (_firm("offered", slots),)


def _lapsed(event: told.SuborderLapsed) -> Sequence[Told]:
    firm = () if event.cause in OWN_DOING else (_firm(f"lapsed_{event.cause.lower()}"),)
    branch = () if event.cause == Clock.ACCEPT else (_branch("lapsed"),)
    return (*firm, *branch)


def _ended(event: told.OrderEnded) -> Sequence[Told]:
    return () if event.end in OWN_DOING else (Told(FIRM, f"firm.order_{event.end}"),)


_TOLD: Final[Mapping[type[OrderEvent], Callable[[Any], Sequence[Told]]]] = {
    told.SuborderPushed: lambda event: (_branch("pushed"),),
    told.SuborderAccepted: lambda event: (_firm("accepted"),),
    told.PapersAsked: lambda event: (_firm("papers_asked"),),
    told.PapersBrought: lambda event: (_branch("papers_brought"),),
    told.PapersCapped: lambda event: (_firm("papers_capped"), _branch("papers_capped")),
    told.SuborderRefused: lambda event: (_firm("refused"),),
    told.OfferMade: _offered,
    told.OfferPicked: lambda event: (_branch("picked", {"amount_fen": event.amount_fen}),),
    told.SuborderPassedOver: lambda event: (_branch("passed_over"),),
    told.SuborderSigned: lambda event: (_firm("signed", {"amount_fen": event.amount_fen}),),
    told.DrawPaid: lambda event: (_firm("paid", {"amount_fen": event.amount_fen}),),
    told.SuborderWithdrawn: lambda event: (_branch(event.cause),),
    told.SuborderLapsed: _lapsed,
    told.OrderEnded: _ended,
}
ANNOUNCED: Final[tuple[type[OrderEvent], ...]] = (*_TOLD, told.ClockBreached)
