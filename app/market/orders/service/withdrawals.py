"""The firm takes back the order, one bank's consent, or its patience."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.access.seats import Seat
from app.credit import consents
from app.credit.consents import Consent
from app.credit.consents.events import ConsentRevoked
from app.infra.db import Database, Tx
from app.kernel.errors import Refusal
from app.market.orders import store
from app.market.orders.rules import facts
from app.market.orders.service import acting
from app.market.orders.service.firm_words import explain_withdrawal


@dataclass(frozen=True, slots=True)
class WhyLeft:
    """The answer to whether a bank had the firm leave: which one (None: none), and the firm's words."""

    caused_by: UUID | None = None
    words: str = ""


async def withdraw_order(tx: Tx, order_id: UUID, *, by: Seat, now: datetime, why: WhyLeft | None = None) -> UUID:
    """Take the whole order back, before it is signed; `why` is what the firm answered when asked, if it did."""
    await acting.narrow(tx, order_id)
    entered = await acting.enter(tx, order_id, now=now)
    if entered.case.business_id != by.org_id:
        raise Refusal("not-found")
    await acting.decide(tx, entered, facts.Withdraw(), by=by)
    if why is not None:
        await explain_withdrawal(tx, entered, caused_by=why.caused_by, words=why.words, by=by)
    return order_id


async def let_go(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> UUID:
    """Leave a bank that broke its promise to sign or to pay out."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    entered.part(suborder_id, by)
    await acting.decide(tx, entered, facts.LetGo(suborder_id), by=by)
    return suborder_id


async def revoke_consent(db: Database, consent_id: UUID, order_id: UUID, *, by: Seat, now: datetime) -> Consent:
    """Take one bank's consent back: the gate first, then the revocation with the end of that bank's suborder."""
    return await consents.revoke(db, consent_id, order_id=order_id, by=by, now=now, lock_first=lock_for_revocation)


async def lock_for_revocation(tx: Tx, consent: Consent) -> None:
    """The order and its suborders before their consent: pass it to `consents.revoke(…, lock_first=…)`."""
    await acting.narrow(tx, consent.order_id)
    await store.lock_order(tx, consent.order_id)
    await store.lock_parts(tx, consent.order_id)


async def end_revoked(tx: Tx, event: ConsentRevoked) -> None:
    """In the transaction of a revocation: the bank's suborder ends, if it stands before signing. Never refuses."""
    await acting.narrow(tx, event.order_id)
    if await store.read_order(tx, event.order_id) is None:
        return  # Signed for a draft that was never posted.
    entered = await acting.enter(tx, event.order_id, now=event.at)
    await acting.decide(tx, entered, facts.Revoke(event.consent_id), by=None)
