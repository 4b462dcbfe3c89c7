"""Listeners: in the transaction that records an event of an order, its clocks follow. They never refuse."""

from uuid import UUID

from app.infra.db import Tx
from app.kernel.clock import shanghai_date
from app.kernel.workdays import due_at
from app.market.orders import events as told
from app.market.orders.events import Clock
from app.market.sla import rules
from app.market.sla.schemas import read_policy
from app.office import clocks, policies

LISTENED = (
    told.OrderPosted, told.OrderEnded, told.SuborderPushed, told.SuborderAccepted, told.SuborderContacted,
    told.PapersAsked, told.PapersBrought, told.PapersCapped, told.SuborderRefused, told.OfferMade, told.OfferPicked,
    told.SuborderSigned, told.DrawPaid, told.DrawsEnded, told.SuborderPassedOver, told.SuborderWithdrawn,
    told.SuborderLapsed, told.ClockBreached,
)  # fmt: skip
ORDER, SUBORDER = "order", "suborder"


async def keep_time(tx: Tx, event: told.OrderEvent) -> None:
    """Start, stop, pause, resume or void the clocks that an event of an order is about."""
    on = shanghai_date(event.at)
    dated = {clock: await policies.in_force(tx, "clock", clock.value, on) for clock in rules.needed(event)}
    read = {clock: read_policy(clock, policy.body) for clock, policy in dated.items()}
    suborder_id = event.suborder_id if isinstance(event, told.SuborderEvent) else None
    left = 0
    if isinstance(event, told.PapersAsked):
        left = await clocks.pause_left(tx, event.suborder_id, Clock.DECISION, at=event.at)
    for step in rules.effects(event, read, pause_left=left):
        terms = None
        if isinstance(step, rules.Start | rules.Keep):
            policy = read[step.clock]
            terms = clocks.Terms(policy.owner, _limit(step.limit), dated[step.clock].version, policy.pause_cap)
        await _apply(tx, event, suborder_id, step, terms)


async def package_delivered(tx: Tx, suborder_id: UUID, *, at_event: told.OrderEvent) -> None:
    """The package is available and the bank has been told."""
    await clocks.stop(tx, suborder_id, Clock.DELIVERY, at=at_event.at)


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
