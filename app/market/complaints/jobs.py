"""Listener after commit: who is told of an act on a complaint. A missed deadline is told inside by its rung."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from app.infra.db import Tx
from app.kernel.clock import shanghai_date
from app.market import parties
from app.market.complaints import events, rules
from app.market.complaints.events import ComplaintEvent
from app.office import messages
from app.office.messages import Audience, Draft, Mailbox

FIRM, BANK, SERVICE, SUPERVISOR = Audience.FIRM, Audience.BRANCH, Audience.CUSTOMER_SERVICE, Audience.SUPERVISOR
# Which audiences hear of which fact, and as which message.
TOLD: Final[Mapping[type[ComplaintEvent], Mapping[Audience, str]]] = {
    events.ComplaintFiled: {BANK: "filed", FIRM: "filed_for_firm"},
    events.ComplaintAnswered: {FIRM: "answered"},
    events.ComplaintDisputed: {BANK: "disputed", SERVICE: "disputed"},
    events.ComplaintAccepted: {BANK: "accepted"},
    events.ComplaintWithdrawn: {BANK: "withdrawn"},
    events.ComplaintEscalated: {SUPERVISOR: "escalated", FIRM: "escalated", BANK: "escalated"},
    events.ComplaintClosed: {FIRM: "closed", BANK: "closed"},
    events.ComplaintLate: {FIRM: "late"},
}


async def tell(tx: Tx, event: ComplaintEvent) -> None:
    """Write the messages of an event into the mailboxes of those it concerns."""
    told = dict(TOLD[type(event)])
    if isinstance(event, events.ComplaintFiled) and not event.for_firm:
        del told[FIRM]  # What it did itself is no news to it.
    if isinstance(event, events.ComplaintLate) and event.clock != rules.ANSWER_BY:
        return
    slots = {"bank": (await parties.shelf.get_bank(tx, event.bank_id)).name}
    if isinstance(event, events.ComplaintLate):
        slots["due_on"] = (shanghai_date(event.at) - timedelta(days=1)).isoformat()
    for audience, kind in told.items():
        draft = Draft(
            _mailbox(audience, event), f"complaint.{kind}", slots, f"/complaints/{event.complaint_id}",
            event.complaint_id,
        )  # fmt: skip
        await messages.write(tx, draft, at=event.at)


def _mailbox(audience: Audience, event: ComplaintEvent) -> Mailbox:
    if audience is FIRM:
        return Mailbox(audience, event.business_id)
    if audience is not BANK:
        return Mailbox(audience)
    if event.branch_id is None:
        return Mailbox(Audience.HEAD_OFFICE, event.bank_id)
    return Mailbox(audience, event.bank_id, event.branch_id)
