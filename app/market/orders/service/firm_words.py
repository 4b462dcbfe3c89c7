"""The firm's own word: to a bank, so that a reason which speaks for the firm has its evidence; and on leaving, to
supervision alone, whether a bank had it leave (a refusal in disguise)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat
from app.infra import outbox
from app.infra.db import Record, Tx
from app.kernel.errors import Refusal
from app.market import reasons
from app.market.orders import events as told
from app.market.orders import rules, store
from app.market.orders.rules.states import BEFORE_SIGNING
from app.market.orders.service import acting

WORDS: Final = ("gave_up", "served_elsewhere", "terms_declined")


async def say_word(tx: Tx, suborder_id: UUID, *, word: str, words: str, by: Seat, now: datetime) -> UUID:
    """Say to one bank that the firm gives up, is served elsewhere, or finds the terms too hard; dated, never unsaid.

    The bank may then refuse for that reason, and for no such reason without it. `wrong-state` once it is signed or
    over, `already-exists` when it was said before.
    """
    assert word in WORDS
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    if part.state not in BEFORE_SIGNING:
        allowed = [act.value for act in rules.allowed_acts(part)]
        raise Refusal("wrong-state", "该银行已签约或已结束办理。", allowed=allowed)
    if any(row["word"] == word for row in await store.read_words(tx, suborder_id)):
        raise Refusal("already-exists", "这句话您已经说过。")
    row = {"word": word, "words": words, "said_at": now, "said_by": by.person_id}
    await store.insert_child(tx, "firm_words", entered.case, part, row)
    await audit.write(
        tx, "order.say_word", subject_id=entered.order["subject_id"], case_id=entered.case.order_id,
        detail={"suborder_id": str(suborder_id), "word": word},
    )  # fmt: skip
    said = told.FirmSaid(
        stream_id=entered.case.order_id, at=now, order_id=entered.case.order_id, business_id=entered.case.business_id,
        suborder_id=suborder_id, bank_id=part.bank_id, branch_id=part.branch_id, product_id=part.product_id,
        consent_id=part.consent_id, word=word,
    )  # fmt: skip
    await outbox.record(tx, said)
    return suborder_id


def as_evidence(rows: Sequence[Record]) -> list[reasons.Item]:
    """What the firm said, as items that a refusal may point at."""
    return [reasons.Item(f"firm_word.{row['word']}", reasons.Source.FIRM_WORD, reasons.Status.VALUE, 1) for row in rows]


async def explain_withdrawal(tx: Tx, entered: acting.Entered, *, caused_by: UUID | None, words: str, by: Seat) -> None:
    """Keep what the firm answers when it is asked, on leaving, whether a bank had it leave. No bank ever sees it."""
    part = None
    if caused_by is not None:
        part = next((one for one in entered.case.parts if one.suborder_id == caused_by), None)
        if part is None:
            raise Refusal("not-found")
    case, now = entered.case, entered.now
    bank_id, branch_id = (None, None) if part is None else (part.bank_id, part.branch_id)
    await store.insert_withdrawal_answer(
        tx,
        {
            "order_id": case.order_id, "business_id": case.business_id, "by_bank": part is not None,
            "suborder_id": caused_by, "bank_id": bank_id, "branch_id": branch_id, "words": words, "said_at": now,
            "said_by": by.person_id,
        },
    )  # fmt: skip
    explained = told.WithdrawalExplained(
        stream_id=case.order_id, at=now, order_id=case.order_id, business_id=case.business_id,
        by_bank=part is not None, suborder_id=caused_by, bank_id=bank_id, branch_id=branch_id,
    )  # fmt: skip
    await outbox.record(tx, explained)
