"""A firm rates a suborder that came to an end or was refused, once, and may change its mind for some days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import ReadTx, Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.ratings import events, rules, store
from app.market.ratings.rules import About, Given, Why
from app.market.ratings.schemas import MarksPolicy, read_marks
from app.market.ratings.service.following import open_work_order
from app.office import policies

DETAILS: Final[Mapping[Why, str]] = {
    Why.NOT_ENDED: "这笔申请还没有办完，办结或被拒绝后再评价。",
    Why.TOO_LATE: "评价的期限已过。",
    Why.FIXED: "评价已过修改期限，不能再改。",
    Why.STARS: "请选择一至五星。",
    Why.TAGS: "请在所列的选项中选择。",
    Why.CLOSED: "这一件已经办结。",
    Why.WORDS: "请写明情况。",
}
OWN: Final = ("suborder_id", "business_id", "subject_id", "bank_id", "branch_id", "order_id")


@dataclass(frozen=True, slots=True)
class RatingView:
    """What a firm may say of a suborder, and what it said. `why` it may not, or None."""

    suborder: Record
    rating: Record | None
    marks: Sequence[Record]
    policy: MarksPolicy
    why: Why | None


async def marks_on(tx: ReadTx, now: datetime) -> MarksPolicy:
    """The rules of rating in force on that day."""
    policy = await policies.in_force(tx, "rating", "marks", shanghai_date(now))
    return read_marks(policy.version, policy.body)


async def get(tx: ReadTx, suborder_id: UUID, *, by: Seat) -> RatingView:
    """One of the firm's own suborders, to be rated. Refuses `not-found`."""
    row = await store.read_suborder(tx, suborder_id)
    if row is None or row["business_id"] != by.org_id:
        raise Refusal("not-found")
    found = await store.find_rating(tx, suborder_id)
    policy = await marks_on(tx, tx.now)
    verdict = rules.judge_rating(_given(row, found), 5, (), policy.rules, tx.now)
    marks = await store.read_marks(tx, found["rating_id"]) if found else ()
    return RatingView(row, found, marks, policy, None if isinstance(verdict, About) else verdict.why)


async def rate(
    tx: Tx, suborder_id: UUID, stars: int, *, tags: Sequence[str] = (), said: str = "", by: Seat, now: datetime
) -> UUID:
    """Give stars, or change them; returns the rating. A bad one opens a work order that stays open whatever follows.

    Refuses `not-found` for everybody but the firm, `wrong-state` before the end or when it is too late to change,
    `malformed-field`.
    """
    row = await store.read_suborder(tx, suborder_id)
    if row is None or row["business_id"] != by.org_id or by.role is not SeatRole.BUSINESS:
        raise Refusal("not-found")
    if tx.role is Role.ACT:  # An act sees the moves of an order once it is about that order.
        await tx.narrow(case_id=row["order_id"])
        row = await store.read_suborder(tx, suborder_id)
        assert row is not None, "it was there"
    policy = await marks_on(tx, now)
    found = await store.find_rating(tx, suborder_id)
    rating_id = found["rating_id"] if found else new_id()
    if tx.role is Role.ACT:
        await tx.narrow(case_id=rating_id)
    if found is not None:
        found = await store.lock_rating(tx, rating_id)
        assert found is not None, "ratings are never deleted"
    verdict = rules.judge_rating(_given(row, found), stars, tags, policy.rules, now)
    if isinstance(verdict, rules.Refused):
        raise Refusal(verdict.code, DETAILS[verdict.why], field=verdict.why.value)
    own = {name: row[name] for name in OWN}
    n = 1 if found is None else found["marks"] + 1
    if found is None:
        values = {
            "rating_id": rating_id, **own, "about": verdict.value, "stars": stars, "worst": stars, "tags": list(tags),
            "said": said, "policy_version": policy.version, "rated_at": now, "changed_at": now,
            "changeable_until": now + timedelta(days=policy.rules.change_days),
        }  # fmt: skip
        if not await store.insert(tx, "ratings", values):
            raise Refusal("conflict")  # Another window was first.
    else:
        await store.change_rating(tx, rating_id, n, stars, tags, said, now)
    mark = {name: row[name] for name in OWN if name != "suborder_id"}
    mark |= {"rating_id": rating_id, "n": n, "stars": stars, "tags": list(tags), "said": said, "at": now}
    await store.insert(tx, "rating_marks", {**mark, "by_person": by.person_id})
    facts = {name: row[name] for name in OWN if name != "subject_id"} | {"rating_id": rating_id}
    await outbox.record(tx, events.RatingGiven(stream_id=rating_id, at=now, stars=stars, n=n, **facts))
    worst = stars if found is None else min(stars, found["worst"])
    if rules.needs_follow_up(worst, policy.rules):
        await open_work_order(tx, rating_id, own, at=now)
    detail = {"suborder_id": str(suborder_id), "stars": str(stars), "n": str(n)}
    await audit.write(tx, "rating.give", subject_id=row["subject_id"], case_id=row["order_id"], detail=detail)
    return rating_id


async def of_order(tx: ReadTx, order_id: UUID) -> tuple[Sequence[Record], Sequence[Record], MarksPolicy]:
    """What stands beside an order: its suborders that came to a state, and their ratings."""
    return await store.read_suborders(tx, order_id), await store.read_of_order(tx, order_id), await marks_on(tx, tx.now)


def may_rate(suborder: Record, rating: Record | None, policy: MarksPolicy, now: datetime) -> bool:
    return isinstance(rules.judge_rating(_given(suborder, rating), 5, (), policy.rules, now), About)


def _given(suborder: Record, rating: Record | None) -> Given:
    return Given(suborder["state"], suborder["since"], rating["changeable_until"] if rating else None)
