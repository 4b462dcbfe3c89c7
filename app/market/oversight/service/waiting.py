"""What of urges and circulars waits for a seat: the same for the desk, its count in the bar, and the morning."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Record
from app.market.oversight.rules.circulars import State as NamedState
from app.market.oversight.rules.urges import UNANSWERED, Addressee, State
from app.market.oversight.service import circulars, urges
from app.market.oversight.service.urges import Urge
from app.market.oversight.store import circulars as store_circulars
from app.market.oversight.store import urges as store_urges

MOST: Final = 100
TO_ANSWER: Final = (*UNANSWERED, State.REPLIED)  # A reply still owes the rectification.
NAMED_TO_ANSWER: Final = (NamedState.NAMED, NamedState.RETURNED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """`answer`: the seat is urged. `judge`: it urged, and the others have answered. `named`: parts of circulars."""

    answer: Sequence[Urge]
    judge: Sequence[Urge]
    named: Sequence[Record]


async def read_waiting(tx: ReadTx, *, by: Seat) -> Waiting:
    """What the seat has to do, the oldest first."""
    if by.role is SeatRole.REGULATOR:
        answer = await urges.find(tx, TO_ANSWER, addressee=Addressee.SUPERVISOR, limit=MOST)
        judge = await urges.find(tx, (State.RECTIFIED,), limit=MOST)
        named = await store_circulars.read_waiting(tx, [NamedState.ANSWERED], MOST)
        return Waiting(answer[::-1], judge[::-1], named)
    if by.role is not SeatRole.BANK_ADMIN:
        answer = await urges.find(tx, TO_ANSWER, addressee=Addressee.BRANCH, limit=MOST)
        return Waiting(answer[::-1], (), ())
    answer = await urges.find(tx, TO_ANSWER, addressee=Addressee.HEAD_OFFICE, limit=MOST)
    judge = [
        one for one in await urges.find(tx, (State.RECTIFIED,), addressee=Addressee.BRANCH, limit=MOST)
        if not one.by_hand
    ]  # fmt: skip
    named = await store_circulars.read_waiting(tx, list(NAMED_TO_ANSWER), MOST)
    return Waiting(answer[::-1], judge[::-1], named)


async def escalated(tx: ReadTx) -> Sequence[Record]:
    """Complaints that have come to the regulator and are open, the oldest first."""
    return await store_urges.read_escalated(tx, MOST)


async def count_waiting(tx: ReadTx, *, by: Seat) -> int:
    """How many of them, counted up to `MOST`."""
    count = store_urges.count_waiting
    if by.role is SeatRole.REGULATOR:
        return (
            await count(tx, TO_ANSWER, Addressee.SUPERVISOR, of_rungs=False, most=MOST)
            + await count(tx, [State.RECTIFIED], None, of_rungs=False, most=MOST)
            + await store_circulars.count_waiting(tx, [NamedState.ANSWERED], MOST)
            + sum(one.made_by != by.person_id for one in await circulars.drafts(tx, by=by))
        )
    if by.role is not SeatRole.BANK_ADMIN:
        return await count(tx, TO_ANSWER, Addressee.BRANCH, of_rungs=False, most=MOST)
    return (
        await count(tx, TO_ANSWER, Addressee.HEAD_OFFICE, of_rungs=False, most=MOST)
        + await count(tx, [State.RECTIFIED], Addressee.BRANCH, of_rungs=True, most=MOST)
        + await store_circulars.count_waiting(tx, list(NAMED_TO_ANSWER), MOST)
    )
