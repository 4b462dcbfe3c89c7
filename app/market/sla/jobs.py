"""Listeners: in the transaction that records an event of an order, its clocks follow. They never refuse."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.workdays import due_at
from app.market import orders
from app.market.orders import events as told
from app.market.orders.events import Clock
from app.market.packages.events import DeliveryFailed, PackageDelivered, PackageSealed
from app.market.sla import rules
from app.market.sla.schemas import read_policy
from app.office import clocks, deliveries, policies

LISTENED: Final = tuple(
    kind
    for kind in vars(told).values()
    if isinstance(kind, type)
    and issubclass(kind, told.OrderEvent)
    and kind not in (told.OrderEvent, told.SuborderEvent)
)
ORDER, SUBORDER = "order", "suborder"
SEALED = deliveries.kind_of(PackageSealed.__name__)
MOVES: Final = (rules.Stop, rules.Void, rules.Pause, rules.Resume)  # Of a clock that is over they change nothing.
_READ: Final[dict[tuple[Clock, str, int], rules.ClockPolicy]] = {}  # By key and version: a version never changes.


async def keep_time(tx: Tx, event: told.OrderEvent) -> None:
    """Start, stop, pause, resume, reopen or void the clocks that an event of an order is about."""
    on = shanghai_date(event.at)
    keys, dated = await _in_force(tx, on, getattr(event, "loan_type", ""))
    now = await _newest(tx, event)
    kept = {
        clock: await _read(tx, clock, state.policy_key or clock, state.policy_version) for clock, state in now.items()
    }
    left = 0
    if (bounding := rules.bounded_by(event, dated.values())) is not None and isinstance(event, told.SuborderEvent):
        left = await clocks.pause_left(tx, event.suborder_id, bounding, at=event.at)
    is_told = not isinstance(event, told.SuborderAccepted) or await deliveries.is_told(tx, event.bank_id, SEALED)
    steps = rules.effects(event, dated, pause_left=left, is_told=is_told, kept=kept)
    reopened = {step.clock for step in steps if isinstance(step, rules.Reopen)}
    for step in steps:
        if not isinstance(step, MOVES) or step.clock in reopened or _is_open(now.get(step.clock)):
            await _apply(tx, event, step, keys, now)


async def policy_of(tx: ReadTx, clock: Clock, on: date) -> rules.ClockPolicy:
    """A clock's dated rule on a day."""
    return await _read(tx, clock, clock, await policies.version_in_force(tx, "clock", clock, on))


async def package_delivered(tx: Tx, event: PackageDelivered) -> None:
    """The bank has been told of its package: the platform has kept its promise."""
    await orders.enter(tx, event.order_id, now=tx.now)
    await clocks.stop(tx, event.suborder_id, Clock.DELIVERY, at=tx.now)


async def delivery_failed(tx: Tx, event: DeliveryFailed) -> None:
    """The bank's endpoint is down, as the try shows: the platform's time stands still until it is told."""
    await orders.enter(tx, event.order_id, now=tx.now)
    case = clocks.CaseRef(event.order_id, SUBORDER, event.suborder_id, event.business_id, event.bank_id)
    await clocks.pause(tx, case, Clock.DELIVERY, proof_id=event.package_id, at=tx.now)


async def _in_force(
    tx: ReadTx, on: date, loan_type: str
) -> tuple[Mapping[Clock, str], Mapping[Clock, rules.ClockPolicy]]:
    """The policy of every clock on a day: that of the loan's type where there is one (`DECISION/renewal`)."""
    keys: dict[Clock, str] = {}
    found: dict[Clock, rules.ClockPolicy] = {}
    for clock in Clock:
        for key in (f"{clock}/{loan_type}", clock.value) if loan_type else (clock.value,):
            try:
                version = await policies.version_in_force(tx, "clock", key, on)
            except Refusal:
                continue
            keys[clock], found[clock] = key, await _read(tx, clock, key, version)
            break
    return keys, found


async def _read(tx: ReadTx, clock: Clock, key: str, version: int) -> rules.ClockPolicy:
    if (clock, key, version) not in _READ:
        policy = await policies.get_version(tx, "clock", key, version)
        _READ[clock, key, version] = read_policy(clock, policy.body)
    return _READ[clock, key, version]


async def _newest(tx: ReadTx, event: told.OrderEvent) -> Mapping[Clock, clocks.ClockState]:
    """The newest clock of each kind of the event's suborder, and of its order."""
    if isinstance(event, told.OrderPosted):
        return {}
    suborder_id = event.suborder_id if isinstance(event, told.SuborderEvent) else None
    found = await clocks.of_root(tx, event.order_id)
    return {Clock(one.kind): one for one in found if one.case_id in (suborder_id, event.order_id)}


def _is_open(clock: clocks.ClockState | None) -> bool:
    """Whether it still counts, or what was promised is still awaited."""
    return clock is not None and (
        clock.state in ("running", "paused") or (clock.state == "breached" and clock.stopped_at is None)
    )


async def _apply(
    tx: Tx, event: told.OrderEvent, step: rules.ClockStep, keys: Mapping[Clock, str],
    now: Mapping[Clock, clocks.ClockState],
) -> None:  # fmt: skip
    case = _case(event, getattr(step, "clock", None))
    match step:
        case rules.Start(clock, limit, since):
            due = await _start(tx, case, keys[clock], clock, limit, since or event.at)
            if due <= event.at:  # Its time was over before this bank was asked: it owes nothing.
                await clocks.void(tx, case.case_id, clock, at=event.at)
        case rules.Keep(clock, limit):
            if clock not in now or now[clock].state not in ("running", "paused"):
                await _start(tx, case, keys[clock], clock, limit, event.at)
        case rules.Stop(clock):
            await clocks.stop(tx, case.case_id, clock, at=event.at)
        case rules.Void(clock):
            await clocks.void(tx, case.case_id, clock, at=event.at)
        case rules.VoidRest():
            await clocks.void(tx, case.case_id, at=event.at)
        case rules.Pause(clock, proof_id):
            await clocks.pause(tx, case, clock, proof_id=proof_id, at=event.at)
        case rules.Reopen(clock):
            await clocks.carrying.reopen(tx, case.case_id, clock, at=event.at)
        case rules.Carry(to):
            to_case = clocks.CaseRef(event.order_id, SUBORDER, to, event.business_id, *_other_branch(event))
            await clocks.carrying.carry(tx, case.case_id, to_case, but=(Clock.DELIVERY,), at=event.at)
        case rules.Rest(clock, to):
            to_case = clocks.CaseRef(event.order_id, SUBORDER, to, event.business_id, *_other_branch(event))
            await clocks.carrying.rest(tx, case.case_id, to_case, clock, at=event.at)
        case rules.Resume(clock):
            await clocks.resume(tx, case.case_id, clock, at=event.at)


def _other_branch(event: told.OrderEvent) -> tuple[UUID, UUID]:
    assert isinstance(event, told.SuborderReassigned)
    return event.bank_id, event.to_branch_id


async def _start(tx: Tx, case: clocks.CaseRef, key: str, clock: Clock, limit: rules.Limit, at: datetime) -> datetime:
    until = None if limit.until_on is None else due_at(limit.until_on)
    started = await clocks.start(tx, case, clock, at=at, key=key, count=limit.count, until=until)
    return started.due_at


def _case(event: told.OrderEvent, clock: Clock | None) -> clocks.CaseRef:
    """UNTIL is about the order; every other clock about a suborder, and its bank and branch see it."""
    if clock is Clock.UNTIL or not isinstance(event, told.SuborderEvent):
        return clocks.CaseRef(event.order_id, ORDER, event.order_id, event.business_id)
    parties = (event.business_id, event.bank_id, event.branch_id)
    return clocks.CaseRef(event.order_id, SUBORDER, event.suborder_id, *parties)
