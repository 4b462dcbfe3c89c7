"""The four promises: which event starts, stops, pauses, resumes or voids which clock.

Pure. The mapping stands here; every limit, rung and cap is dated data (policy kind `clock`, one key per clock), in
force on the day on which the clock starts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from app.market.orders import events as told
from app.market.orders.events import Clock


class Unit(StrEnum):
    WORKDAYS = "workdays"
    MINUTES = "minutes"
    UNTIL = "until"  # The act itself names the last day.


@dataclass(frozen=True, slots=True)
class Rung:
    """A share of the counted time, in percent, and who is told when it is reached."""

    share: int
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """One clock's dated rule. `count` is 0 where the act names the limit; `pause_cap` is in workdays."""

    clock: Clock
    owner: str
    unit: Unit
    count: int
    rungs: tuple[Rung, ...] = ()
    pause_cap: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a clock runs: `count` workdays or minutes, or until the end of a day."""

    unit: Unit
    count: int = 0
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Start:
    clock: Clock
    limit: Limit


@dataclass(frozen=True, slots=True)
class Keep:
    """Start the clock unless it runs already."""

    clock: Clock
    limit: Limit


@dataclass(frozen=True, slots=True)
class Stop:
    """What was promised has been done: met when in time; a breach stays a breach, with the instant noted."""

    clock: Clock


@dataclass(frozen=True, slots=True)
class Void:
    """The promise is no longer owed."""

    clock: Clock


@dataclass(frozen=True, slots=True)
class VoidRest:
    """Void whatever still runs on the suborder."""


@dataclass(frozen=True, slots=True)
class Pause:
    clock: Clock
    proof_id: UUID


@dataclass(frozen=True, slots=True)
class Resume:
    clock: Clock


ClockStep: TypeAlias = Start | Keep | Stop | Void | VoidRest | Pause | Resume

ENDS: Final = (told.SuborderPassedOver, told.SuborderWithdrawn, told.SuborderLapsed)
STARTED_BY: Final[Mapping[type[told.OrderEvent], tuple[Clock, ...]]] = {
    told.OrderPosted: (Clock.UNTIL,),
    told.SuborderPushed: (Clock.UNTIL, Clock.ACCEPT),
    told.SuborderAccepted: (Clock.CONTACT, Clock.DECISION, Clock.DELIVERY),
    told.PapersAsked: (Clock.PAPERS,),
    told.OfferMade: (Clock.OFFER,),
    told.OfferPicked: (Clock.SIGN,),
    told.SuborderSigned: (Clock.PAYOUT, Clock.DRAWS),
    told.ClockBreached: (Clock.GRACE,),
}


def effects(
    event: told.OrderEvent, policies: Mapping[Clock, ClockPolicy], *, pause_left: int = 0, is_told: bool = True
) -> tuple[ClockStep, ...]:
    """What `event` does to the clocks of its suborder (UNTIL: of its order).

    `policies` holds those in force today for the clocks that this event may start; `pause_left` is what DECISION may
    still be paused, in workdays; `is_told` says whether the bank's system is told of packages (otherwise it only pulls
    and there is no DELIVERY).
    """
    match event:
        case told.OrderPosted(until_on=until_on):
            return (Start(Clock.UNTIL, Limit(Unit.UNTIL, until_on=until_on)),)
        case told.SuborderPushed(until_on=until_on):
            return (
                Keep(Clock.UNTIL, Limit(Unit.UNTIL, until_on=until_on)),
                _start(policies, Clock.ACCEPT),
            )
        case told.SuborderAccepted():
            work = (Stop(Clock.ACCEPT), _start(policies, Clock.CONTACT), _start(policies, Clock.DECISION))
            return (*work, _start(policies, Clock.DELIVERY)) if is_told else work
        case told.SuborderContacted():
            return (Stop(Clock.CONTACT),)
        case told.PapersAsked(request_id=request_id):
            days = min(policies[Clock.PAPERS].count, pause_left)
            return (Pause(Clock.DECISION, request_id), Start(Clock.PAPERS, Limit(Unit.WORKDAYS, days)))
        case told.PapersBrought():
            return (Stop(Clock.PAPERS), Resume(Clock.DECISION))
        case told.PapersCapped():
            return (Resume(Clock.DECISION),)
        case told.SuborderRefused():
            return (Stop(Clock.ACCEPT), Stop(Clock.CONTACT), Stop(Clock.DECISION), VoidRest())
        case told.OfferMade(valid_workdays=days):
            offer = Start(Clock.OFFER, Limit(Unit.WORKDAYS, days))
            return (Stop(Clock.DECISION), Void(Clock.PAPERS), offer)
        case told.OrderEnded():
            return (Void(Clock.UNTIL),)
        case _:
            return _after_the_offer(event, policies)


def _after_the_offer(event: told.OrderEvent, policies: Mapping[Clock, ClockPolicy]) -> tuple[ClockStep, ...]:
    match event:
        case told.OfferPicked():
            return (Stop(Clock.OFFER), Stop(Clock.UNTIL), _start(policies, Clock.SIGN))
        case told.SuborderSigned(draw_until_on=draw_until_on):
            draws = Start(Clock.DRAWS, Limit(Unit.UNTIL, until_on=draw_until_on))
            return (Stop(Clock.SIGN), Void(Clock.GRACE), _start(policies, Clock.PAYOUT), draws)
        case told.DrawPaid(is_last=True):
            return (Stop(Clock.PAYOUT), Stop(Clock.DRAWS), VoidRest())
        case told.DrawPaid():
            return (Stop(Clock.PAYOUT),)
        case told.DrawsEnded():
            return (Stop(Clock.DRAWS), VoidRest())
        case told.ClockBreached(clock=Clock.SIGN):
            return (_start(policies, Clock.GRACE),)
        case _ if isinstance(event, ENDS):
            return (VoidRest(),)
        case _:
            return ()


def _start(policies: Mapping[Clock, ClockPolicy], clock: Clock) -> Start:
    policy = policies[clock]
    return Start(clock, Limit(policy.unit, policy.count))


def needed(event: told.OrderEvent) -> Sequence[Clock]:
    """The clocks whose policies `effects` may ask for."""
    return STARTED_BY.get(type(event), ())
