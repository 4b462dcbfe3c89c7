"""What the city's firms say: some rate, a few complain, banks answer sooner or later, customer service calls back.

Part of living the past (`demo.past`): once a day, for what ended since the day before.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Protocol
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.demo.city import City
from app.infra.db import Database, Role, Tx
from app.kernel.ids import new_id
from app.market import complaints, ratings
from app.market.complaints import Act, Finding
from app.market.ratings import Heard
from app.office import clocks

ENDS: Final = """
select s.suborder_id, s.order_id, s.business_id, s.subject_id, s.bank_id, s.branch_id, s.state,
       cardinality(s.breached) > 0 as is_late
  from orders_v_suborders s
 where exists (select 1 from orders_v_moves m where m.suborder_id = s.suborder_id and m.at >= $1 and m.at < $2
                  and m.from_state <> m.to_state
                  and m.to_state in ('refused', 'lapsed', 'withdrawn', 'passed_over', 'serviced'))
   and s.state in ('refused', 'lapsed', 'withdrawn', 'passed_over', 'serviced')
 order by s.pushed_at, s.suborder_id
"""
OPEN: Final = """
select complaint_id, business_id, bank_id, branch_id, state from complaints_v_facts where ended_at is null
"""
FOLLOW: Final = "select rating_id, bank_id, opened_at from ratings_v_work_orders where closed_at is null"
CALLS: Final = """
select callback_id, ended_state from ratings_v_callbacks where state = 'waiting' order by drawn_at limit 3
"""
STARS: Final[Mapping[str, Sequence[int]]] = {
    "serviced": (5, 5, 5, 4, 4, 3), "refused": (4, 3, 3, 2, 2, 1), "lapsed": (2, 1, 1), "passed_over": (4, 4, 3),
    "withdrawn": (4, 3, 2),
}  # fmt: skip
GOOD: Final = ("办得快，流程清楚。", "经理耐心，解释到位。", "")
BAD: Final = ("等了很久才有人联系。", "理由说得不清楚。", "材料要了好几次。", "")
HELD: Final[Mapping[str, str]] = {
    "no_contact": "受理以后一直没有人联系，打网点电话也没有人接。",
    "overdue": "承诺的期限过了好几天，还是没有任何答复。",
    "fees": "谈的时候没有提，签约前又说要收一笔咨询费。",
    "deposit_first": "客户经理要求先存一笔定期，才肯往上报。",
}
ANSWER: Final = "已核实，由网点主管与企业联系说明，并纠正了办理中的不当之处。"
Command = Callable[[Tx], Awaitable[Any]]


class Living(Protocol):
    """What the past lends to these deeds."""

    db: Database
    city: City
    seats: Mapping[str, Seat]
    stems: Mapping[str, str]
    _now: datetime | None

    async def _may(self, seat: Seat, what: str, command: Command) -> bool: ...


async def hear(living: Living) -> None:
    """A day of voices, at its first hour."""
    now = living._now
    assert now is not None
    while await clocks.sweep(living.db):
        pass
    dice = Random(f"{living.city.seed}:voices:{now:%Y-%m-%d}")  # noqa: S311
    firms = {seat.org_id: seat for seat in living.seats.values() if seat.role is SeatRole.BUSINESS}
    for row in await _rows(living, ENDS, now - timedelta(days=1), now):
        await _said(living, row, firms[row["business_id"]], dice)
    for row in await _rows(living, OPEN):
        await _complaint(living, row, firms[row["business_id"]], dice)
    async with living.db.transaction(Role.WORKER) as tx:
        await ratings.calling.draw(tx, seed=f"{dice.getrandbits(64):016x}", now=now)
    service = living.seats["service"]
    for row in await _rows(living, FOLLOW):
        if dice.random() < 0.6:
            await _follow(living, row["rating_id"], service)
    for row in await _rows(living, CALLS):
        await _call(living, row, service, dice)


async def _said(living: Living, row: Mapping[str, Any], firm: Seat, dice: Random) -> None:
    """A third rate what ended; one in twenty complains, more where a deadline was missed."""
    if dice.random() < 0.35:
        stars = max(1, dice.choice(STARS[row["state"]]) - row["is_late"])
        words, tags = (GOOD, ["patient"]) if stars >= 4 else (BAD, ["slow"])
        await living._may(
            firm, "已评价",
            lambda tx: ratings.rating.rate(
                tx, row["suborder_id"], stars, tags=tags, said=dice.choice(words), by=firm, now=tx.now
            ),
        )  # fmt: skip
    if dice.random() < (0.3 if row["is_late"] else 0.04):
        category = dice.choice(("no_contact", "overdue") if row["is_late"] else ("fees", "deposit_first"))
        names = ("business_id", "subject_id", "bank_id", "branch_id", "suborder_id", "order_id")
        about = complaints.About(*(row[name] for name in names))
        await living._may(
            firm, "已投诉",
            lambda tx: complaints.file_complaint(
                tx, new_id(), about, category=category, said=HELD[category], by=firm, now=tx.now
            ),
        )  # fmt: skip


async def _complaint(living: Living, row: Mapping[str, Any], firm: Seat, dice: Random) -> None:
    """The next step of an open complaint; now and then nobody takes it."""
    clerk, service = living.seats[living.stems[str(row["branch_id"])]], living.seats["service"]
    chance = dice.random()
    step: tuple[Act, Seat, str] | None = None
    match row["state"]:
        case "filed" if chance < 0.8:
            step = (Act.ACKNOWLEDGE, clerk, "")
        case "acknowledged" if chance < 0.12:
            step = (Act.ANSWER, clerk, ANSWER)
        case "answered" if chance < 0.4:
            step = (Act.ACCEPT, firm, "")
        case "answered" if chance < 0.5:
            step = (Act.DISPUTE, firm, "说法与事实不符，没有人来过我们公司。")
        case "disputed" if chance < 0.4:
            step = (Act.CLOSE, service, "已与双方核对通话和登记，按核实情况办结。")
    if step is None:
        return
    act, seat, said = step
    finding = dice.choice(tuple(Finding)) if act is Act.CLOSE else None
    await living._may(
        seat, f"投诉 {act.value}",
        lambda tx: complaints.act_on(
            tx, row["complaint_id"], act, by=seat, now=tx.now, said=said, finding=finding
        ),
    )  # fmt: skip


async def _follow(living: Living, rating_id: UUID, service: Seat) -> None:
    said = "已电话回访，向企业说明并转网点改进。"
    await living._may(
        service, "已回访差评",
        lambda tx: ratings.following.close_work_order(tx, rating_id, said, by=service, now=tx.now),
    )  # fmt: skip


async def _call(living: Living, row: Mapping[str, Any], service: Seat, dice: Random) -> None:
    heard = None
    if dice.random() < 0.75:
        async with living.db.reading(Role.REGULATOR) as tx:
            questions = (await ratings.calling.questions_on(tx, tx.now)).rules.bad
        good = dice.random() < 0.9
        answers = {code: ("no" if bad == "yes" else "yes") if good else bad for code, bad in questions.items()}
        heard = Heard(good, answers, "" if good else "等了很久，也没有人说明原因。")
    who: UUID = row["callback_id"]
    await living._may(service, "已回访", lambda tx: ratings.calling.note_call(tx, who, heard, by=service, now=tx.now))


async def _rows(living: Living, sql: str, *args: object) -> Sequence[Mapping[str, Any]]:
    async with living.db.reading(Role.REPORTER) as tx:
        return [dict(row) for row in await tx.fetch(sql, *args)]
