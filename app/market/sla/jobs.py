"""Listeners: in the transaction that records an event of an order, its clocks follow. They never refuse."""

from datetime import date
from uuid import UUID

from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.workdays import due_at
from app.market import orders
from app.market.orders import events as told
from app.market.orders.events import Clock
from app.market.packages.events import DeliveryFailed, PackageDelivered, PackageSealed
from app.market.sla import rules
from app.market.sla.schemas import read_policy
from app.office import clocks, deliveries, policies

LISTENED = (
    told.OrderPosted, told.OrderEnded, told.SuborderPushed, told.SuborderAccepted, told.SuborderContacted,
    told.PapersAsked, told.PapersBrought, told.PapersCapped, told.SuborderRefused, told.OfferMade, told.OfferPicked,
    told.SuborderSigned, told.DrawPaid, told.DrawsEnded, told.SuborderPassedOver, told.SuborderWithdrawn,
    told.SuborderLapsed, told.ClockBreached,
)  # fmt: skip
ORDER, SUBORDER = "order", "suborder"
SEALED = deliveries.kind_of(PackageSealed.__name__)


async def keep_time(tx: Tx, event: told.OrderEvent) -> None:
    """Start, stop, pause, resume or void the clocks that an event of an order is about."""
    on = shanghai_date(event.at)
    dated = {clock: await policies.in_force(tx, "clock", clock.value, on) for clock in rules.needed(event)}
    read = {clock: read_policy(clock, policy.body) for clock, policy in dated.items()}
    suborder_id = event.suborder_id if isinstance(event, told.SuborderEvent) else None
    left = 0
    if isinstance(event, told.PapersAsked):
        left = await clocks.pause_left(tx, event.suborder_id, Clock.DECISION, at=event.at)
    told_by_us = not isinstance(event, told.SuborderAccepted) or await deliveries.is_told(tx, event.bank_id, SEALED)
    for step in rules.effects(event, read, pause_left=left, is_told=told_by_us):
        terms = None
        if isinstance(step, rules.Start | rules.Keep):
            policy = read[step.clock]
            terms = clocks.Terms(policy.owner, _limit(step.limit), dated[step.clock].version, policy.pause_cap)
        await _apply(tx, event, suborder_id, step, terms)


async def policy_of(tx: ReadTx, clock: Clock, on: date) -> rules.ClockPolicy:
    """A clock's dated rule on a day."""
    return read_policy(clock, (await policies.in_force(tx, "clock", clock.value, on)).body)


async def package_delivered(tx: Tx, event: PackageDelivered) -> None:
    """The bank has been told of its package: the platform has kept its promise."""
    await orders.enter(tx, event.order_id, now=tx.now)
    await clocks.stop(tx, event.suborder_id, Clock.DELIVERY, at=tx.now)


async def delivery_failed(tx: Tx, event: DeliveryFailed) -> None:
    """The bank's endpoint is down, as the try shows: the platform's time stands still until it is told."""
    await orders.enter(tx, event.order_id, now=tx.now)
    case = clocks.CaseRef(event.order_id, SUBORDER, event.suborder_id, event.business_id, event.bank_id)
    await clocks.pause(tx, case, Clock.DELIVERY, proof_id=event.package_id, at=tx.now)


async def _apply(
    tx: Tx, event: told.OrderEvent, suborder_id: UUID | None, step: rules.ClockStep, terms: clocks.Terms | None
) -> None:
    case = _case(event, suborder_id, getattr(step, "clock", None))
    match step:
        case rules.Start(clock):
            assert terms is not None
            await clocks.start(tx, case, clock, terms, at=event.at)
        case rules.Keep(clock):
            assert terms is not None
            if await clocks.state_of(tx, case.case_id, clock) is None:
                await clocks.start(tx, case, clock, terms, at=event.at)
        case rules.Stop(clock):
            await clocks.stop(tx, case.case_id, clock, at=event.at)
        case rules.Void(clock):
            await clocks.void(tx, case.case_id, clock, at=event.at)
        case rules.VoidRest():
            await clocks.void(tx, case.case_id, at=event.at)
        case rules.Pause(clock, proof_id):
            await clocks.pause(tx, case, clock, proof_id=proof_id, at=event.at)
        case rules.Resume(clock):
            await clocks.resume(tx, case.case_id, clock, at=event.at)


def _case(event: told.OrderEvent, suborder_id: UUID | None, clock: Clock | None) -> clocks.CaseRef:
    """UNTIL is about the order; every other clock about a suborder, and its bank sees it."""
    if clock is Clock.UNTIL or suborder_id is None:
        return clocks.CaseRef(event.order_id, ORDER, event.order_id, event.business_id)
    assert isinstance(event, told.SuborderEvent)
    return clocks.CaseRef(event.order_id, SUBORDER, suborder_id, event.business_id, event.bank_id)


def _limit(limit: rules.Limit) -> clocks.Limit:
    if limit.until_on is not None:
        return clocks.Limit(clocks.LimitUnit.INSTANT, at=due_at(limit.until_on))
    return clocks.Limit(clocks.LimitUnit(limit.unit.value), limit.count)
