"""After a refusal: whether the branch has said the same to another firm before."""

from datetime import timedelta

from app.infra.db import Tx
from app.kernel.clock import shanghai_date
from app.market import reasons
from app.market.orders import store
from app.market.orders.events import SuborderRefused
from app.market.orders.store.refusals import read_said


async def compare_refusal(tx: Tx, event: SuborderRefused) -> None:
    """Hold the words against those of the branch's refusals of other firms; a copy is noted for supervision. The
    worker's; repeating it changes nothing."""
    row = await store.read_child(tx, "refusals", event.suborder_id)
    assert row is not None, "a refused suborder has its refusal"
    tree = await reasons.tree_in_force(tx, shanghai_date(event.at))
    wording = tree.wording
    others = await read_said(
        tx, event.branch_id, event.business_id, event.at - timedelta(days=wording.alike_days), event.at,
        wording.alike_texts_max,
    )  # fmt: skip
    whose = reasons.flags.Whose(event.order_id, event.suborder_id, event.bank_id, event.branch_id)
    await reasons.flags.note_copy(tx, whose, row["reason_code"], row["said"], others, tree, now=event.at)
