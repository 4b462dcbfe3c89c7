"""Work orders: a bad rating is followed up by customer service or by the bank's head office, in time and with words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.access import audit, orgs
from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.ratings import events, rules, store
from app.market.ratings.schemas import read_marks
from app.office import clocks, policies
from app.office.clocks import CaseKind, CaseRef, ClockState

KIND: Final = "rating"
FOLLOW: Final = "RATING_FOLLOW"
SIDES: Final[Mapping[SeatRole, str]] = {SeatRole.SERVICE: "service", SeatRole.BANK_ADMIN: "bank"}
FACTS: Final = ("rating_id", "suborder_id", "order_id", "business_id", "bank_id", "branch_id")


async def open_work_order(tx: Tx, rating_id: UUID, own: Mapping[str, Any], *, at: datetime) -> None:
    """Open it, once for a rating; the time to follow up begins."""
    row = {"rating_id": rating_id, **own, "opened_at": at}
    if not await store.insert(tx, "work_orders", row):
        return
    await clocks.start(tx, CaseRef(rating_id, KIND, rating_id, own["business_id"], own["bank_id"]), FOLLOW, at=at)
    await outbox.record(tx, events.WorkOrderOpened(**_facts(row), at=at))


async def close_work_order(tx: Tx, rating_id: UUID, said: str, *, by: Seat, now: datetime) -> UUID:
    """Say what became of it. Refuses `not-found` for another bank's, `wrong-state` when closed, `reason-empty`."""
    if tx.role is Role.ACT:
        await tx.narrow(case_id=rating_id)
    row = await store.lock_work_order(tx, rating_id)
    side = SIDES.get(by.role)
    if row is None or side is None or (side == "bank" and row["bank_id"] != by.org_id):
        raise Refusal("not-found")
    fired = await CASES.fire_due(tx, rating_id, now=now)
    policy = await policies.in_force(tx, "rating", "marks", shanghai_date(row["opened_at"]))
    refused = rules.judge_closure(row["closed_at"], said, read_marks(policy.version, policy.body).rules)
    if refused is not None:
        words = "这张工单已经办结。" if refused.why is rules.Why.CLOSED else "请写明回访了什么、怎样处理。"
        refusal = Refusal(refused.code, words)
        refusal.keep = fired > 0
        raise refusal
    name = (await orgs.names_of_colleagues(tx, [by.person_id])).get(by.person_id, "")
    await store.close_work_order(tx, rating_id, said, side, by.person_id, name, now)
    await clocks.stop(tx, rating_id, FOLLOW, at=now)
    await outbox.record(tx, events.WorkOrderClosed(**_facts(dict(row)), at=now, side=side))
    detail = {"rating_id": str(rating_id)}
    await audit.write(tx, "rating.followed", subject_id=row["subject_id"], case_id=row["order_id"], detail=detail)
    return rating_id


async def _fire(tx: Tx, clock: ClockState) -> None:
    """Nobody followed it up in time: the breach is the clock's own fact, told by its rung."""


CASES: Final = CaseKind(KIND, store.lock_free_work_orders, _fire)


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"stream_id": row["rating_id"], **{name: row[name] for name in FACTS}}
