"""A refusal appealed: the firm asks, somebody of the bank who had no part in the refusal answers.

An appeal is a case of its own beside the order, under the order's lock, with the clock APPEAL; it may outlive the
suborder and the order. Upheld, the refusal counts as overturned and stays what it was; while it is not too late the
bank looks once more, as a suborder that follows the refused one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.credit import consents
from app.infra import outbox
from app.infra.db import ReadTx, Record, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.orders import events as told
from app.market.orders import store
from app.market.orders.rules import facts, linking
from app.market.orders.service import acting
from app.market.orders.service.acceptances import seal_package
from app.market.orders.store import appeals as appeal_store
from app.office import clocks

APPEAL: Final = "appeal"
CLOCK: Final = "APPEAL"
ANSWERERS: Final = frozenset({SeatRole.BRANCH_CHECKER, SeatRole.BANK_ADMIN})


@dataclass(frozen=True, slots=True)
class AppealView:
    """An appeal with its clock, and what may be done with it by whom: `refused_by` had a part in the refusal."""

    appeal: Record
    clock: clocks.ClockState | None
    refused_by: frozenset[UUID]

    def may_answer(self, by: Seat) -> bool:
        """Whether this person may answer it: of the bank, and with no part in the refusal."""
        return (
            self.appeal["answered_at"] is None and by.role in ANSWERERS and by.org_id == self.appeal["bank_id"]
            and by.person_id not in self.refused_by
        )  # fmt: skip


async def appeal_refusal(tx: Tx, suborder_id: UUID, *, words: str, by: Seat, now: datetime) -> UUID:
    """Ask for a second opinion on a refusal, once.

    Refuses `wrong-state` where nothing was refused (an offer taken back, or a second refusal after an appeal, is for a
    complaint), `already-exists` when it was appealed before.
    """
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    refusal = await store.read_child(tx, "refusals", suborder_id)
    if refusal is None or part.origin is facts.Origin.APPEAL:
        raise Refusal("wrong-state", "只有银行拒单后才能申诉；申诉后再次拒单，可以投诉。", allowed=[])
    if await appeal_store.read_appeal(tx, suborder_id) is not None:
        raise Refusal("already-exists", "这次拒单您已经申诉过。")
    appeal_id = new_id()
    row = {"appeal_id": appeal_id, "words": words, "made_at": now, "made_by": by.person_id}
    await store.insert_child(tx, "appeals", entered.case, part, row)
    case = clocks.CaseRef(entered.case.order_id, APPEAL, appeal_id, entered.case.business_id, part.bank_id,
                          part.branch_id)  # fmt: skip
    await clocks.start(tx, case, CLOCK, at=now)
    await _note(tx, entered, "order.appeal", part)
    await outbox.record(tx, told.RefusalAppealed(**_common(entered, part), appeal_id=appeal_id))
    return suborder_id


async def answer_appeal(tx: Tx, suborder_id: UUID, *, upheld: bool, words: str, by: Seat, now: datetime) -> UUID:
    """Answer an appeal, once, by somebody who was neither maker nor checker of the refusal (`four-eyes`).

    Refuses `not-found` without an appeal, `wrong-state` when it was answered.
    """
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    appeal = await appeal_store.read_appeal(tx, suborder_id)
    if appeal is None:
        raise Refusal("not-found")
    if by.role not in ANSWERERS:
        raise Refusal("forbidden")
    refusal = await store.read_child(tx, "refusals", suborder_id)
    assert refusal is not None, "only a refusal is appealed"
    if by.person_id in (refusal["made_by"], refusal["checked_by"]):
        raise Refusal("four-eyes", "须由没有参与拒单的人答复。")
    if appeal["answered_at"] is not None:
        raise Refusal("wrong-state", "这件申诉已经答复。", allowed=[])
    reopened_id = await _reopen(tx, entered, part, by) if upheld else None
    await appeal_store.answer(tx, appeal["appeal_id"], upheld, words, by.person_id, reopened_id, now)
    await clocks.stop(tx, appeal["appeal_id"], CLOCK, at=now)
    await _note(tx, entered, "order.answer_appeal", part, upheld=str(upheld).lower())
    answered = told.AppealAnswered(
        **_common(entered, part), appeal_id=appeal["appeal_id"], upheld=upheld, reopened_id=reopened_id
    )
    await outbox.record(tx, answered)
    return suborder_id


async def view_appeal(tx: ReadTx, suborder_id: UUID) -> AppealView | None:
    """The appeal of a refusal, where there is one, with its clock."""
    appeal = await appeal_store.read_appeal(tx, suborder_id)
    if appeal is None:
        return None
    refusal = await store.read_child(tx, "refusals", suborder_id)
    people = set() if refusal is None else {refusal["made_by"], refusal["checked_by"]} - {None}
    found = await clocks.of_root(tx, appeal["order_id"])
    clock = next((one for one in found if one.case_id == appeal["appeal_id"]), None)
    return AppealView(appeal, clock, frozenset(people))


async def open_appeals(tx: ReadTx) -> Sequence[Record]:
    """Appeals that wait for the caller's branch or bank, the soonest deadline first."""
    return await appeal_store.read_open(tx)


async def _reopen(tx: Tx, entered: acting.Entered, part: facts.Part, by: Seat) -> UUID | None:
    """The suborder that an upheld appeal makes, with a package sealed anew; None when it is too late for one."""
    letters = await consents.find_for_order(tx, entered.case.order_id)
    letter = next((one for one in letters if one.consent_id == part.consent_id), None)
    stands = letter is not None and acting.stands_at(letter, entered.now)
    new = new_id()
    outcome = linking.reopen(entered.case, part, new, entered.now, consented=stands)
    if outcome is None or letter is None:
        return None
    await acting.write(tx, entered.order, entered.case, outcome, by=by)
    await seal_package(tx, entered, outcome.case.part(new), letter)
    return new


def _common(entered: acting.Entered, part: facts.Part) -> dict[str, Any]:
    return {
        "stream_id": entered.case.order_id, "at": entered.now, "order_id": entered.case.order_id,
        "business_id": entered.case.business_id, "suborder_id": part.suborder_id, "bank_id": part.bank_id,
        "branch_id": part.branch_id, "product_id": part.product_id, "consent_id": part.consent_id,
    }  # fmt: skip


async def _note(tx: Tx, entered: acting.Entered, act: str, part: facts.Part, **detail: str) -> None:
    await audit.write(
        tx, act, subject_id=entered.order["subject_id"], case_id=entered.case.order_id,
        detail={"suborder_id": str(part.suborder_id), **detail},
    )  # fmt: skip
