"""Listener after commit: a bad rating is told to those who must follow it up. And the daily draw of call-backs."""

from app.infra.db import Tx
from app.market import parties
from app.market.ratings.events import WorkOrderOpened
from app.market.ratings.service import calling
from app.office import messages
from app.office.messages import Audience, Draft, Mailbox


async def tell_work_order(tx: Tx, event: WorkOrderOpened) -> None:
    """To customer service, the bank's head office, and the branch that was rated."""
    slots = {"bank": (await parties.shelf.get_bank(tx, event.bank_id)).name}
    for box, url in (
        (Mailbox(Audience.CUSTOMER_SERVICE), "/work-orders"),
        (Mailbox(Audience.HEAD_OFFICE, event.bank_id), "/work-orders"),
        (Mailbox(Audience.BRANCH, event.bank_id, event.branch_id), "/ratings"),
    ):
        await messages.write(tx, Draft(box, "rating.bad", slots, url, event.rating_id), at=event.at)


async def draw_callbacks(tx: Tx) -> int:
    """Today's draw, once it is due."""
    return await calling.draw(tx)
