"""The four promises: which event starts, stops, pauses, resumes, reopens or voids which clock.

Pure. All of it is dated data (policy kind `clock`): a clock starts by the policy in force on that day and lives by the
policy that it was started with, words, limit, rungs and cap. `FIRST` are the words of bodies that name none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from app.market.orders import events as told
from app.market.orders.events import Clock


class Unit(StrEnum):
    WORKDAYS = "workdays"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"
    MINUTES = "minutes"
    WORKING_MINUTES = "working_minutes"
    UNTIL = "until"  # The act itself names the last day.


@dataclass(frozen=True, slots=True)
class Rung:
    """A share of the counted time, in percent, and who is told when it is reached."""

    share: int
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class When:
    """An event by its name, with the values that some of its fields must have."""

    on: str
    where: Mapping[str, str | bool] = field(default_factory=dict)

    def fits(self, event: told.OrderEvent) -> bool:
        return type(event).__name__ == self.on and all(
            getattr(event, name) == value for name, value in self.where.items()
        )


@dataclass(frozen=True, slots=True)
class Begin(When):
    """When a clock starts, and what of its limit the event itself names.

    `until`, `count`: the field with the last day, or with the number of units. `since`: the field with the instant to
    count from; where it is empty the clock does not start. `within`: at most what that clock may still be paused.
    `keeps`: a clock that runs already runs on. `only_told`: only for a bank whose system is told of packages.
    """

    until: str = ""
    count: str = ""
    since: str = ""
    within: str = ""
    keeps: bool = False
    only_told: bool = False


@dataclass(frozen=True, slots=True)
class Halt(When):
    """When a clock is paused; `proof` is the field with the id of what proves it."""

    proof: str = "request_id"


@dataclass(frozen=True, slots=True)
class Words:
    """What moves one clock."""

    starts: tuple[Begin, ...] = ()
    stops: tuple[When, ...] = ()
    pauses: tuple[Halt, ...] = ()
    resumes: tuple[When, ...] = ()
    reopens: tuple[When, ...] = ()
    voids: tuple[When, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """One clock's dated rule. `count` is 0 where the act names the limit; `pause_cap` is in workdays.

    Without words of its own it goes by `FIRST`.
    """

    clock: Clock
    owner: str
    unit: Unit
    count: int
    rungs: tuple[Rung, ...] = ()
    pause_cap: int = 0
    words: Words | None = None

    def moved_by(self) -> Words:
        return FIRST[self.clock] if self.words is None else self.words


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a clock runs: `count` units, or until the end of a day."""

    unit: Unit
    count: int = 0
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Start the clock, from `since` where the event names another instant than its own."""

    clock: Clock
    limit: Limit
    since: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class Reopen:
    """What met the clock is taken back: it goes on as if never stopped."""

    clock: Clock


@dataclass(frozen=True, slots=True)
class Carry:
    """Every clock that is alive goes on for another suborder, with the time it has used, but for DELIVERY."""

    to: UUID


@dataclass(frozen=True, slots=True)
class Rest:
    """A clock that was met goes on for another suborder with what was left, at least to the end of the next workday."""

    clock: Clock
    to: UUID


ClockStep: TypeAlias = Start | Keep | Stop | Void | VoidRest | Pause | Resume | Reopen | Carry | Rest

# Every end of a suborder voids all its clocks, and so does the last money: a law of the machine, not a policy.
ENDS: Final = (
    told.SuborderRefused, told.OfferRetracted, told.SuborderPassedOver, told.SuborderWithdrawn, told.SuborderLapsed,
    told.DrawsEnded, told.DeferralAgreed, told.LoanSettled, told.SuborderReassigned,
)  # fmt: skip


def _when(*names: str) -> tuple[When, ...]:
    return tuple(When(name) for name in names)


FIRST: Final[Mapping[Clock, Words]] = {
    Clock.PAPERS: Words(
        starts=(Begin("PapersAsked", within="DECISION"),), stops=_when("PapersBrought", "PapersContested"),
        voids=_when("OfferMade"),
    ),
    Clock.ACCEPT: Words(starts=(Begin("SuborderPushed"),), stops=_when("SuborderAccepted", "SuborderRefused")),
    Clock.CONTACT: Words(
        starts=(Begin("SuborderAccepted"),), stops=_when("SuborderContacted", "SuborderRefused"),
        reopens=_when("ContactDenied"),
    ),
    Clock.DECISION: Words(
        starts=(Begin("SuborderAccepted"),), stops=_when("OfferMade", "SuborderRefused", "OfferRetracted"),
        pauses=(Halt("PapersAsked"),), resumes=_when("PapersBrought", "PapersContested", "PapersCapped"),
        reopens=_when("OfferRetracted"),
    ),
    Clock.RECOMMENDED: Words(
        starts=(Begin("SuborderPushed", since="recommended_at"),), stops=_when("OfferMade", "SuborderRefused")
    ),
    Clock.OFFER: Words(starts=(Begin("OfferMade", count="valid_workdays"),), stops=_when("OfferPicked")),
    Clock.SIGN: Words(starts=(Begin("OfferPicked"),), stops=_when("SuborderSigned", "DeferralAgreed")),
    Clock.GRACE: Words(
        starts=(Begin("ClockBreached", {"clock": "SIGN"}),), voids=_when("SuborderSigned", "DeferralAgreed")
    ),
    Clock.PAYOUT: Words(starts=(Begin("SuborderSigned"),), stops=_when("DrawPaid")),
    Clock.DRAWS: Words(
        starts=(Begin("SuborderSigned", until="draw_until_on"),),
        stops=(When("DrawPaid", {"is_last": True}), When("DrawsEnded")),
    ),
    Clock.DELIVERY: Words(starts=(Begin("SuborderAccepted", only_told=True),)),
    Clock.UNTIL: Words(
        starts=(Begin("OrderPosted", until="until_on"), Begin("SuborderPushed", until="until_on", keeps=True)),
        stops=_when("OfferPicked"), voids=_when("OrderEnded"),
    ),
}  # fmt: skip


def effects(
    event: told.OrderEvent, policies: Mapping[Clock, ClockPolicy], *, pause_left: int = 0, is_told: bool = True,
    kept: Mapping[Clock, ClockPolicy] | None = None,
) -> tuple[ClockStep, ...]:  # fmt: skip
    """What `event` does to the clocks of its suborder (UNTIL: of its order): first to those that are, then new ones.

    `policies` are those in force today; `kept` those by which the clocks that are were started (None: the same).
    `pause_left` is what DECISION may still be paused, in workdays; `is_told` says whether the bank's system is told of
    packages (otherwise it only pulls and there is no DELIVERY).
    """
    kept = policies if kept is None else kept
    steps = [step for clock in Clock if clock in kept for step in _moves(event, kept[clock])]
    for clock in Clock:
        if clock in policies:
            steps += _starts(event, policies[clock], pause_left, is_told)
    if isinstance(event, told.SuborderReassigned):
        if event.from_state != "pushed":
            steps.append(Rest(Clock.ACCEPT, event.to_suborder_id))
        steps.append(Carry(event.to_suborder_id))
    if isinstance(event, ENDS) or (isinstance(event, told.DrawPaid) and event.is_last):
        steps.append(VoidRest())
    return tuple(steps)


def _moves(event: told.OrderEvent, policy: ClockPolicy) -> Iterable[ClockStep]:
    words, clock = policy.moved_by(), policy.clock
    if _fits(event, words.reopens):
        yield Reopen(clock)
    if _fits(event, words.stops):
        yield Stop(clock)
    if _fits(event, words.voids):
        yield Void(clock)
    for halt in words.pauses:
        if halt.fits(event):
            yield Pause(clock, getattr(event, halt.proof))
    if _fits(event, words.resumes):
        yield Resume(clock)


def _starts(event: told.OrderEvent, policy: ClockPolicy, pause_left: int, is_told: bool) -> Iterable[ClockStep]:
    for begin in policy.moved_by().starts:
        if not begin.fits(event) or (begin.only_told and not is_told):
            continue
        if _runs_already(event, policy.clock):
            continue
        limit = _limit(event, policy, begin, pause_left)
        since = getattr(event, begin.since) if begin.since else None
        if begin.keeps:
            yield Keep(policy.clock, limit)
        elif since is not None or not begin.since:
            yield Start(policy.clock, limit, since)


def _runs_already(event: told.OrderEvent, clock: Clock) -> bool:
    """A suborder that follows another keeps its clocks: a push starts none, an acceptance those never started."""
    if isinstance(event, told.SuborderPushed) and event.is_moved:
        return clock is not Clock.UNTIL
    return isinstance(event, told.SuborderAccepted) and event.is_carried and clock is not Clock.DELIVERY


def _limit(event: told.OrderEvent, policy: ClockPolicy, begin: Begin, pause_left: int) -> Limit:
    if begin.until:
        return Limit(Unit.UNTIL, until_on=getattr(event, begin.until))
    if begin.count:
        return Limit(policy.unit, getattr(event, begin.count))
    return Limit(policy.unit, min(policy.count, pause_left) if begin.within else policy.count)


def _fits(event: told.OrderEvent, words: Iterable[When]) -> bool:
    return any(when.fits(event) for when in words)


def bounded_by(event: told.OrderEvent, policies: Iterable[ClockPolicy]) -> str | None:
    """The clock whose room for pauses bounds one that this event starts, if any."""
    found = (begin.within for one in policies for begin in one.moved_by().starts if begin.within and begin.fits(event))
    return next(found, None)
