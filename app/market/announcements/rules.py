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
from app.office.clocks.events import DeadlineRecounted, RungReached

FIRM, BRANCH, HEAD_OFFICE = "firm", "branch", "head_office"
RECOMMENDED: Final = "firm.recommended"  # Told to a firm that was put on the recommended list.
OWN_DOING: Final = ("let_go", "withdrawn")  # What a firm did itself is no news to it.
BREACHED_SHARE: Final = 100
TOLD_BY_ITS_ROOM: Final = frozenset({"URGE"})  # Whose missed deadline another room tells in its own words.
ALIVE: Final = ("running", "paused")


@dataclass(frozen=True, slots=True)
class Told:
    """One message to one audience. `names_bank`: its text has the bank's name in it."""

    audience: str
    kind: str
    slots: Mapping[str, str | int] = field(default_factory=dict)
    names_bank: bool = False


def messages_of(event: OrderEvent) -> Sequence[Told]:
    """The messages of an event of an order."""
    tell = _TOLD.get(type(event))
    return () if tell is None else tell(event)


def messages_of_rung(event: RungReached) -> Sequence[Told]:
    """To whom the clock's own policy names: a deadline that comes near, is missed, or was missed long ago.

    Nothing about what was done meanwhile, since a rung that was reached before the stop may be told after it.
    """
    slots: dict[str, str | int] = {"due_on": event.due_on.isoformat(), "share": event.share}
    clock = event.clock.lower()
    if event.share < BREACHED_SHARE:
        if event.state not in ALIVE:
            return ()
        return [
            Told(one, f"firm.near_{clock}", slots)
            if one == FIRM
            else Told(one, f"near.{clock}", slots, names_bank=True)
            for one in event.told
        ]
    if event.state in ("met", "void") or event.clock in TOLD_BY_ITS_ROOM:
        return ()
    how = "missed" if event.share == BREACHED_SHARE else "over"
    return [Told(one, f"{how}.{clock}", slots, names_bank=True) for one in event.told if one != FIRM]


def messages_of_recount(event: DeadlineRecounted) -> Sequence[Told]:
    """A new calendar moved an open deadline: to those who wait for it, the firm and the bank's branch."""
    slots: dict[str, str | int] = {"old_on": event.old_due_on.isoformat(), "due_on": event.due_on.isoformat()}
    inside = BRANCH if event.branch_id is not None else HEAD_OFFICE
    waiting = ((FIRM, event.business_id), (inside, event.bank_id))
    return [Told(one, f"{'firm' if one == FIRM else 'branch'}.due_moved", slots) for one, who in waiting if who]


def _firm(kind: str, slots: Mapping[str, str | int] | None = None) -> Told:
    return Told(FIRM, f"firm.{kind}", slots or {}, names_bank=True)


def _branch(kind: str, slots: Mapping[str, str | int] | None = None) -> Told:
    return Told(BRANCH, f"branch.{kind}", slots or {})


def _breached(event: told.ClockBreached) -> Sequence[Told]:
    """To the firm, unless the deadline was its own; inside it is told by its rung.

    A missed ACCEPT lapses the suborder, which tells the firm by itself.
    """
    if event.owner == FIRM or event.clock == Clock.ACCEPT:
        return ()
    return (_firm("deadline_missed", {"due_on": (shanghai_date(event.at) - timedelta(days=1)).isoformat()}),)


def _offered(event: told.OfferMade) -> Sequence[Told]:
    slots = {"amount_fen": event.amount_fen, "rate_ppm": event.rate_ppm, "days": event.valid_workdays}
    return (_firm("offered", slots),)


def _lapsed(event: told.SuborderLapsed) -> Sequence[Told]:
    firm = () if event.cause in OWN_DOING else (_firm(f"lapsed_{event.cause.lower()}"),)
    branch = () if event.cause == Clock.ACCEPT else (_branch("lapsed"),)
    return (*firm, *branch)


def _extended(event: told.LoanExtended) -> Sequence[Told]:
    """The branch that has the loan hears of a deferral that another branch agreed to; its own extension is no news."""
    slots = {"until_on": event.until_on.isoformat()}
    branch = (_branch("loan_deferred", slots),) if event.by_deferral else ()
    return (_firm("loan_extended", slots), *branch)


def _ended(event: told.OrderEnded) -> Sequence[Told]:
    return () if event.end in OWN_DOING else (Told(FIRM, f"firm.order_{event.end}"),)


_TOLD: Final[Mapping[type[OrderEvent], Callable[[Any], Sequence[Told]]]] = {
    told.SuborderPushed: lambda event: (_branch("pushed"),),
    told.SuborderAccepted: lambda event: (_firm("accepted"),),
    told.ContactDenied: lambda event: (_branch("contact_denied"),),
    told.PapersContested: lambda event: (_branch("papers_contested"),),
    told.OfferRetracted: lambda event: (_firm("retracted"),),
    told.SuborderReassigned: lambda event: (_firm("moved"),),
    told.SuborderReopened: lambda event: (_branch("reopened"),),
    told.RefusalAppealed: lambda event: (_branch("appealed"),),
    told.AppealAnswered: lambda event: (_firm("appeal_upheld" if event.upheld else "appeal_rejected"),),
    told.FirmSaid: lambda event: (_branch("firm_said"),),
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
    told.ClockBreached: _breached,
    told.LoanRepaid: lambda event: (
        _firm("loan_repaid", {"amount_fen": event.amount_fen, "outstanding_fen": event.outstanding_fen}),
    ),
    told.LoanExtended: _extended,
    told.LoanOverdue: lambda event: (
        _firm("loan_overdue", {"amount_fen": event.amount_fen, "since_on": event.since_on.isoformat()}),
    ),
    told.LoanSettled: lambda event: (_firm("loan_settled"),),
    told.DeferralAgreed: lambda event: (_firm("deferral_agreed", {"until_on": event.until_on.isoformat()}),),
}
ANNOUNCED: Final[tuple[type[OrderEvent], ...]] = tuple(_TOLD)
