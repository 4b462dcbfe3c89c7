"""The turns that an order of the city may take: a contact denied, papers contested, an offer taken back, a suborder
moved to another branch, a refusal appealed.

Part of living the past (`demo.past`): a plan names its one turn, and the first act that gives occasion for it sets it
off. What the rules refuse does not happen.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from random import Random
from typing import Any, Final, Protocol
from uuid import UUID

from app.access.seats import Seat
from app.demo.plans import Days, Plan, Step
from app.infra.db import Database, Role, Scope, Tx
from app.market.orders.service import appealing, corrections, moving
from app.market.parties import shelf

OCCASIONS: Final = {
    "contact": "deny",
    "ask_papers": "contest",
    "offer": "retract",
    "accept": "move",
    "refuse": "appeal",
}
AGAIN: Final = (Step("contact", 1), Step("investigate", 0), Step("offer", 1))
DENIED: Final = "没有人给我们打过电话。"
CONTESTED: Final = "这些材料上个月已经交过，现在不应再要。"
RETRACTED: Final = "签约前复核发现企业情况发生变化，方案不再适用。"
APPEALED: Final = "拒绝的理由与我们提交的情况不符，请再看一次。"
ANSWERS: Final = {True: "复核后认为原拒单依据不足，重新审查。", False: "复核后维持原意见，理由已书面说明。"}
Command = Callable[[Tx], Awaitable[Any]]
Deed = Callable[[], Awaitable[object]]


class Turning(Protocol):
    """An order under way, as these deeds see it."""

    plan: Plan
    seat: Seat
    order_id: UUID
    dice: Random
    twisted: bool


class Living(Protocol):
    """What the past lends to these deeds."""

    db: Database
    days: Days
    seats: Mapping[str, Seat]
    stems: Mapping[str, str]
    _now: datetime | None

    def at(self, instant: datetime, deed: Deed) -> None: ...
    def _next(self, running: Any, part: Mapping[str, Any], steps: Sequence[Step]) -> None: ...
    async def _may(self, seat: Seat, what: str, command: Command) -> bool: ...
    async def _seconded(self, clerk: Seat, what: str, command: Command) -> bool: ...
    async def _parts(self, order_ids: Sequence[UUID]) -> Sequence[Mapping[str, Any]]: ...


def after(living: Living, running: Turning, part: Mapping[str, Any], act: str) -> None:
    """A branch has acted: put the order's turn on the heap, where this is the occasion for it."""
    twist = running.plan.twist
    if not twist or running.twisted or OCCASIONS.get(act) != twist:
        return
    running.twisted = True
    turn = {"deny": _deny, "contest": _contest, "retract": _retract, "move": _move, "appeal": _appeal}[twist]
    _later(living, running.dice.choice((0, 1, 1, 2)), lambda: turn(living, running, part))


def _later(living: Living, workdays: int, deed: Deed) -> None:
    assert living._now is not None
    living.at(living.days.later(living._now, workdays, 1), deed)


async def _deny(living: Living, running: Turning, part: Mapping[str, Any]) -> None:
    who, firm = part["suborder_id"], running.seat
    denied = await living._may(
        firm, "已否认联系", lambda tx: corrections.deny_contact(tx, who, words=DENIED, by=firm, now=tx.now)
    )
    if denied:
        living._next(running, part, AGAIN)


async def _contest(living: Living, running: Turning, part: Mapping[str, Any]) -> None:
    who, firm = part["suborder_id"], running.seat
    await living._may(
        firm, "已质疑材料", lambda tx: corrections.contest_papers(tx, who, words=CONTESTED, by=firm, now=tx.now)
    )


async def _retract(living: Living, running: Turning, part: Mapping[str, Any]) -> None:
    who, clerk = part["suborder_id"], living.seats[living.stems[str(part["branch_id"])]]
    await living._seconded(
        clerk, "已撤回方案",
        lambda tx: corrections.retract_offer(
            tx, who, reason="changed_facts", words=RETRACTED, by=clerk, now=tx.now
        ),
    )  # fmt: skip


async def _move(living: Living, running: Turning, part: Mapping[str, Any]) -> None:
    """To the first other branch that may decide it and has the money."""
    who, clerk = part["suborder_id"], living.seats[living.stems[str(part["branch_id"])]]
    async with living.db.reading(Role.BANK, Scope(clerk.org_id, clerk.person_id, clerk.branch_id)) as tx:
        others = [one.branch_id for one in await shelf.branches_of(tx, part["bank_id"])]
    for branch_id in others:
        move = partial(_reassign, who, branch_id, clerk)
        if branch_id != part["branch_id"] and await living._may(clerk, "已转网点", move):
            return


async def _reassign(suborder_id: UUID, branch_id: UUID, clerk: Seat, tx: Tx) -> object:
    return await moving.reassign_suborder(tx, suborder_id, branch_id=branch_id, by=clerk, now=tx.now)


async def _appeal(living: Living, running: Turning, part: Mapping[str, Any]) -> None:
    who, firm = part["suborder_id"], running.seat
    appealed = await living._may(
        firm, "已申诉", lambda tx: appealing.appeal_refusal(tx, who, words=APPEALED, by=firm, now=tx.now)
    )
    if appealed:
        _later(living, running.dice.choice((1, 3, 5, 7)), lambda: _answer(living, running, part))


async def _answer(living: Living, running: Turning, part: Mapping[str, Any]) -> None:
    """By the bank's head office, which had no part in the refusal; upheld, the branch looks once more."""
    who, upheld = part["suborder_id"], running.dice.random() < 0.5
    stem = living.stems[str(part["branch_id"])].split("-")[0]
    head = living.seats[f"{stem}-head"]
    answered = await living._may(
        head, "申诉成立" if upheld else "申诉不成立",
        lambda tx: appealing.answer_appeal(tx, who, upheld=upheld, words=ANSWERS[upheld], by=head, now=tx.now),
    )  # fmt: skip
    if answered and upheld:
        for one in await living._parts([running.order_id]):
            if one["bank_id"] == part["bank_id"] and one["state"] == "investigating":
                living._next(running, one, (Step("offer", 2),))
