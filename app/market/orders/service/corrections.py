"""What is taken back while a case runs: the firm denies a contact or contests papers, the bank retracts its offer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import Tx
from app.market.orders import rules, store
from app.market.orders.rules import facts
from app.market.orders.service import acting
from app.office import proposals
from app.office.proposals import Kind, Proposal

RETRACTION: Final = "loan-retraction"
MAKERS: Final = frozenset({SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER, SeatRole.BANK_CLIENT})
CHECKERS: Final = frozenset({SeatRole.BRANCH_CHECKER, SeatRole.BANK_ADMIN})


async def deny_contact(tx: Tx, suborder_id: UUID, *, words: str, by: Seat, now: datetime) -> UUID:
    """The firm says that the bank never called: the promise to call goes on from its start, the branch may call again.

    Refuses `wrong-state` when no contact stands or the bank has decided.
    """
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    contact = await store.read_contact(tx, suborder_id)
    await acting.decide(tx, entered, facts.DenyContact(suborder_id), by=by)
    assert contact is not None, "a contacted suborder has a contact that stands"
    await store.insert_child(
        tx, "contact_denials", entered.case, part,
        {"contact_id": contact["contact_id"], "words": words, "denied_at": now, "denied_by": by.person_id},
    )  # fmt: skip
    return suborder_id


async def contest_papers(tx: Tx, suborder_id: UUID, *, words: str, by: Seat, now: datetime) -> UUID:
    """The firm contests the open request and says why: the bank's time counts on, what was paused stays used.

    Refuses `wrong-state` when none is open.
    """
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    entered.part(suborder_id, by)
    await acting.decide(tx, entered, facts.ContestPapers(suborder_id), by=by, answer=words)
    return suborder_id


async def retract_offer(
    tx: Tx, suborder_id: UUID, *, reason: str, words: str, by: Seat, now: datetime
) -> UUID | Proposal:
    """Take an offer back, for fraud or changed facts, with words that the firm reads; always by two people.

    Returns the proposal that now waits for the second.
    """
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    entered.part(suborder_id, by)
    case = await acting.with_context(tx, entered, suborder_id)
    answer = rules.judge(case, facts.Retract(suborder_id, reason), now)
    assert isinstance(answer, facts.Refused), "one person takes no offer back"
    if answer.code != "four-eyes":
        raise acting.refusal_of(answer, kept=entered.fired)
    return await proposals.propose(
        tx, RETRACTION, suborder_id, {"reason": reason, "words": words}, by=by, now=now, root_id=entered.case.order_id
    )


async def _lock(tx: Tx, suborder_id: UUID) -> None:
    await store.lock_order(tx, await acting.find(tx, suborder_id))


async def _apply_retraction(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    entered = await acting.enter(tx, await acting.find(tx, proposal.case_id), now=now)
    part = entered.part(proposal.case_id, by)
    body: Mapping[str, Any] = proposal.body
    command = facts.Retract(part.suborder_id, body["reason"], seconded=True)
    await acting.decide(tx, entered, command, by=by)
    await store.insert_child(
        tx, "retractions", entered.case, part,
        {
            "offer_id": part.offer_id, "reason": body["reason"], "words": body["words"],
            "from_state": part.state.value, "retracted_at": now, "made_by": proposal.made_by,
            "checked_by": by.person_id,
        },
    )  # fmt: skip


proposals.register(Kind(RETRACTION, MAKERS, CHECKERS, _apply_retraction, lock=_lock))
