"""Listeners after commit: facts of an order and rungs of any clock become messages to the people they concern."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from app.infra.db import Tx
from app.market import parties
from app.market.announcements import rules
from app.market.announcements.rules import Told
from app.market.orders.events import OrderEvent, SuborderEvent
from app.market.recommendations.events import FirmRecommended
from app.office import messages
from app.office.clocks.events import DeadlineRecounted, RungReached
from app.office.messages import Audience, Draft, Mailbox

# Where a case is looked at, by its kind: for a bank, and for those who oversee banks.
PAGES: Final[Mapping[str, tuple[str, str]]] = {
    "order": ("/my/orders/{}", "/supervision/cases/{}"),
    "suborder": ("/desk/suborders/{}", "/supervision/cases/{}"),
    "appeal": ("/desk/appeals", "/supervision"),
    "complaint": ("/complaints/{}", "/complaints/{}"),
    "urge": ("/oversight/urges/{}", "/oversight/urges/{}"),
    "rating": ("/work-orders", "/work-orders"),
}
FIRM_PAGES: Final[Mapping[str, str]] = {"complaint": "/complaints/{}", "rating": "/messages"}  # Else its order.
NOWHERE: Final = ("/messages", "/messages")  # A kind that has no page of its own keeps nobody from being told.
INSIDE: Final = (Audience.BRANCH, Audience.HEAD_OFFICE)


async def announce(tx: Tx, event: OrderEvent) -> None:
    """Write the messages of an event into the mailboxes of those it concerns."""
    bank_id = event.bank_id if isinstance(event, SuborderEvent) else None
    branch_id = event.branch_id if isinstance(event, SuborderEvent) else None
    for one in rules.messages_of(event):
        box = _mailbox(one, event.business_id, bank_id, branch_id)
        draft = Draft(box, one.kind, await _slots(tx, one, bank_id), _url(one, event), _case(event))
        await messages.write(tx, draft, at=event.at)


async def announce_rung(tx: Tx, event: RungReached) -> None:
    """Write the messages of a rung: to whom the clock's own policy names at that share."""
    for one in rules.messages_of_rung(event):
        box = _mailbox(one, event.business_id, event.bank_id, event.branch_id)
        about = event.case_id
        draft = Draft(box, one.kind, await _slots(tx, one, event.bank_id), _page(one, event), about)
        await messages.write(tx, draft, at=event.at)


async def announce_recount(tx: Tx, event: DeadlineRecounted) -> None:
    """Write to those who wait for a deadline that a new calendar moved it to another day."""
    for one in rules.messages_of_recount(event):
        box = _mailbox(one, event.business_id, event.bank_id, event.branch_id)
        await messages.write(tx, Draft(box, one.kind, dict(one.slots), _page(one, event), event.case_id), at=event.at)


async def _slots(tx: Tx, one: Told, bank_id: UUID | None) -> dict[str, str | int]:
    slots = dict(one.slots)
    if one.names_bank:
        assert bank_id is not None, "what names a bank is about one"
        slots["bank"] = (await parties.shelf.get_bank(tx, bank_id)).name
    return slots


def _mailbox(one: Told, business_id: UUID | None, bank_id: UUID | None, branch_id: UUID | None) -> Mailbox:
    audience = Audience(one.audience)
    if audience is Audience.FIRM and business_id is not None:
        return Mailbox(audience, business_id)
    if bank_id is None or audience not in INSIDE:
        return Mailbox(audience)
    if audience is Audience.BRANCH and branch_id is not None:
        return Mailbox(audience, bank_id, branch_id)
    return Mailbox(Audience.HEAD_OFFICE, bank_id)


def _page(one: Told, event: RungReached | DeadlineRecounted) -> str:
    if one.audience == rules.FIRM:
        return FIRM_PAGES.get(event.case_kind, "/my/orders/{0}").format(event.root_id)
    return _opened(one.audience, *PAGES.get(event.case_kind, NOWHERE)).format(event.case_id)


def _url(one: Told, event: OrderEvent) -> str:
    if one.audience == rules.FIRM:
        return f"/my/orders/{event.order_id}"
    return _opened(one.audience, *PAGES["suborder"]).format(_case(event))


def _opened(audience: str, inside: str, outside: str) -> str:
    """The page that an audience may open: case files are for supervisors alone, others are told without."""
    if audience in INSIDE:
        return inside
    is_closed = outside.startswith("/supervision") and audience != Audience.SUPERVISOR
    return NOWHERE[1] if is_closed else outside


def _case(event: OrderEvent) -> UUID:
    return event.suborder_id if isinstance(event, SuborderEvent) else event.order_id


async def announce_recommendation(tx: Tx, event: FirmRecommended) -> None:
    """Tell a firm that it stands on the recommended list, if it has an account to be told in."""
    if event.business_id is not None:
        box = Mailbox(Audience.FIRM, event.business_id)
        await messages.write(tx, Draft(box, rules.RECOMMENDED, {}, "/my/orders/new", event.subject_id), at=event.at)
