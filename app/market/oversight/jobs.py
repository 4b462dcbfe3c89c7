"""Listeners after commit: a rung that policy names urges somebody; who is concerned hears of every act."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.market import parties
from app.market.oversight.events import CircularMoved, UrgeMoved
from app.market.oversight.rules.urges import ABOVE, About, Addressee
from app.market.oversight.service import rungs, urges
from app.market.oversight.service.urges import Rung
from app.office import messages
from app.office.clocks.events import RungReached
from app.office.messages import Audience, Draft, Mailbox

BREACHED_SHARE: Final = 100
ALIVE: Final = ("running", "paused")
ABOUT: Final[Mapping[str, About]] = {"suborder": About.SUBORDER, "complaint": About.COMPLAINT}


async def urge_for_rung(tx: Tx, event: RungReached) -> None:
    """A bank's time for a case is used up to a rung: urge whom the policy of that day names.

    A rung before the deadline says nothing any more once the case is done; a broken promise stays broken.
    """
    kind = ABOUT.get(event.case_kind)
    done = event.state in ("met", "void") or (event.share < BREACHED_SHARE and event.state not in ALIVE)
    if kind is None or event.owner != "bank" or done:
        return
    keys = [key for key in (event.policy_key, event.clock) if key]
    addressee = await rungs.addressee_of(tx, keys, event.share, shanghai_date(event.at))
    if addressee is None:
        return
    subject = await urges.subject_of(tx, kind, event.case_id)
    await urges.issue_by_rung(tx, subject, addressee, Rung(event.clock, event.share, event.at), now=tx.now)


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
