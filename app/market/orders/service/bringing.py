"""The firm's answer to a request for papers: words, files or both, at once; and opening those files again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.credit import consents
from app.infra.db import Record, Tx
from app.kernel.errors import Refusal
from app.market import papers
from app.market.orders import store
from app.market.orders.rules import facts
from app.market.orders.service import acting
from app.market.orders.service.reading import lock_alive


async def bring(
    tx: Tx, suborder_id: UUID, *, answer: str, files: Sequence[papers.Checked], limits: papers.Limits, by: Seat,
    now: datetime,
) -> UUID:  # fmt: skip
    """Answer with words and judged files: the bank's time counts on, and all is kept, or nothing happened.

    `bad-upload` when there are neither; for the rest as `bring_papers`.
    """
    if not answer and not files:
        raise Refusal("bad-upload", "请上传材料，或写明情况。")
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    request_id = part.papers_open
    await acting.decide(tx, entered, facts.BringPapers(suborder_id), by=by, answer=answer)
    assert request_id is not None, "an answer closes a request"
    order = entered.order
    case = papers.Case(
        order["order_id"], suborder_id, request_id, order["business_id"], part.bank_id, part.branch_id,
        order["subject_id"],
    )  # fmt: skip
    await papers.keep(tx, case, files, limits, by=by, now=now)
    return suborder_id


async def open_paper(
    tx: Tx, suborder_id: UUID, paper_id: UUID, *, by: Seat, now: datetime
) -> tuple[papers.Paper, bytes]:
    """A paper with its content: for the firm always, for the branch while its suborder and its consent live."""
    if by.role is SeatRole.BUSINESS:
        await acting.find(tx, suborder_id)
        return await papers.open_paper(tx, suborder_id, paper_id, by=by)
    await lock_alive(tx, suborder_id, by=by, now=now)
    row = await store.read_suborder(tx, suborder_id)
    assert row is not None, "it was locked"
    letters = await consents.find_for_order(tx, row["order_id"])
    letter = next((one for one in letters if one.consent_id == row["consent_id"]), None)
    if letter is None:
        raise Refusal("consent-missing")
    await consents.check(
        tx, letter.consent_id, bank_id=row["bank_id"], branch_id=row["branch_id"], purpose=letter.purpose, now=now
    )
    return await papers.open_paper(tx, suborder_id, paper_id, by=by, before=moved_from(row))


def moved_from(row: Record) -> UUID | None:
    """The suborder from which another branch took this one over, with what the firm had brought; None where none."""
    found: UUID | None = row["origin_id"] if row["origin"] == "moved" else None
    return found
