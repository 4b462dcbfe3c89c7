"""Listeners after commit: a rung that policy names urges somebody; who is concerned hears of every act."""

from uuid import UUID

from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.market import parties
from app.market.orders.events import ClockBreached
from app.market.oversight.events import CircularMoved, UrgeMoved
from app.market.oversight.rules.urges import ABOVE, Addressee
from app.market.oversight.service import rungs
from app.market.oversight.service.urges import Rung
from app.office import messages
from app.office.messages import Audience, Draft, Mailbox

BREACHED_SHARE = 100


async def urge_for_breach(tx: Tx, event: ClockBreached) -> None:
    """A promise to the firm was broken: urge whom the policy of that day names."""
    subject = rungs.subject_of_suborder(event.suborder_id, event.order_id, event.bank_id, event.branch_id)
    await rungs.urge_for(tx, subject, Rung(event.clock, BREACHED_SHARE, event.at), shanghai_date(event.at))


async def tell_urge(tx: Tx, event: UrgeMoved) -> None:
    """To the urged what whoever urges has done, to these what the urged have done, and a missed reply upwards."""
    addressee = Addressee(event.addressee)
    if event.act in ("issue", "send_back", "close", "withdraw"):
        boxes = [addressee]
    elif event.act == "breach":
        boxes = list(ABOVE[addressee])
    elif event.act in ("reply", "rectify"):
        judges = addressee is Addressee.BRANCH and not event.by_hand
        boxes = [Addressee.HEAD_OFFICE if judges else Addressee.SUPERVISOR]
    else:
        return
    slots = await _slots(tx, event.bank_id) | ({"due_on": event.due_on.isoformat()} if event.due_on else {})
    for one in boxes:
        box = _mailbox(one, event.bank_id, event.branch_id)
        draft = Draft(box, f"urge.{event.act}", slots, f"/oversight/urges/{event.urge_id}", event.urge_id)
        await messages.write(tx, draft, at=event.at)


async def tell_circular(tx: Tx, event: CircularMoved) -> None:
    """To a bank what is published and how its answer was judged, to the regulator what it answered."""
    slots = await _slots(tx, event.bank_id) | {"rectify_by_on": event.rectify_by_on.isoformat()}
    kind = event.act if event.named else "sent"
    box = Mailbox(Audience.SUPERVISOR) if event.act == "answer" else Mailbox(Audience.HEAD_OFFICE, event.bank_id)
    draft = Draft(box, f"circular.{kind}", slots, f"/oversight/circulars/{event.circular_id}", event.circular_id)
    await messages.write(tx, draft, at=event.at)


async def _slots(tx: ReadTx, bank_id: UUID) -> dict[str, str | int]:
    return {"bank": (await parties.shelf.get_bank(tx, bank_id)).name}


def _mailbox(addressee: Addressee, bank_id: UUID, branch_id: UUID | None) -> Mailbox:
    if addressee is Addressee.SUPERVISOR:
        return Mailbox(Audience.SUPERVISOR)
    if addressee is Addressee.HEAD_OFFICE or branch_id is None:
        return Mailbox(Audience.HEAD_OFFICE, bank_id)
    return Mailbox(Audience.BRANCH, bank_id, branch_id)
