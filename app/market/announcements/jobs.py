"""Listener after commit: facts of an order become messages to the people it concerns."""

from uuid import UUID

from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.market import parties, sla
from app.market.announcements import rules
from app.market.announcements.rules import Told
from app.market.orders import events as told
from app.market.orders.events import OrderEvent, SuborderEvent
from app.office import messages
from app.office.messages import Audience, Draft, Mailbox


async def announce(tx: Tx, event: OrderEvent) -> None:
    """Write the messages of an event into the mailboxes of those it concerns."""
    audiences = await _told_of_breach(tx, event) if isinstance(event, told.ClockBreached) else ()
    for one in rules.messages_of(event, audiences):
        slots = dict(one.slots)
        if one.names_bank and isinstance(event, SuborderEvent):
            slots["bank"] = (await parties.shelf.get_bank(tx, event.bank_id)).name
        draft = Draft(_mailbox(one, event), one.kind, slots, _url(one, event), _case(event))
        await messages.write(tx, draft, at=event.at)


async def _told_of_breach(tx: ReadTx, event: told.ClockBreached) -> tuple[str, ...]:
    """Whom the clock's policy of that day names for a missed deadline."""
    policy = await sla.policy_of(tx, told.Clock(event.clock), shanghai_date(event.at))
    rung = next((one for one in policy.rungs if one.share == rules.BREACHED_SHARE), None)
    return rung.told if rung else ()


def _mailbox(one: Told, event: OrderEvent) -> Mailbox:
    audience = Audience(one.audience)
    if audience is Audience.FIRM:
        return Mailbox(audience, event.business_id)
    if not isinstance(event, SuborderEvent):
        return Mailbox(audience)
    if audience is Audience.BRANCH:
        return Mailbox(audience, event.bank_id, event.branch_id)
    return Mailbox(audience, event.bank_id) if audience is Audience.HEAD_OFFICE else Mailbox(audience)


def _url(one: Told, event: OrderEvent) -> str:
    if one.audience == rules.FIRM:
        return f"/my/orders/{event.order_id}"
    inside = one.audience in (Audience.BRANCH, Audience.HEAD_OFFICE)
    return f"{'/desk/suborders' if inside else '/supervision/cases'}/{_case(event)}"


def _case(event: OrderEvent) -> UUID:
    return event.suborder_id if isinstance(event, SuborderEvent) else event.order_id
