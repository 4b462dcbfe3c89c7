"""How the city is overseen: rungs urge, branches and head offices answer sooner or later, somebody else closes; each
month the regulator names the slowest branch in a circular.

Part of living the past (`demo.past`): once a day, before the voices.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Protocol
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.demo.city import City
from app.infra.db import Database, Role, Scope, Tx
from app.infra.outbox import drain
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.oversight import circulars, urges
from app.market.oversight.rules.circulars import Act as NamedAct
from app.market.oversight.rules.urges import Act
from app.market.oversight.service.circulars import Draft
from app.office import clocks, proposals
from app.office.clocks.jobs import tell_rungs

OPEN: Final = """
select urge_id, bank_id, branch_id, addressee, state, issued_at from oversight_v_urges
 where state not in ('closed', 'withdrawn') order by issued_at, urge_id
"""
SLOWEST: Final = """
select branch_id from orders_v_moves where act = 'breach' and at >= $1 and at < $2
 group by branch_id order by count(*) desc, branch_id limit 2
"""
NAMED: Final = "select circular_id, bank_id, state from oversight_v_named where state <> 'accepted'"
THIS_MONTH: Final = """
select circular_id from oversight_v_circulars
 where published_at >= date_trunc('month', $1::timestamptz, 'Asia/Shanghai')
"""
MONTHLY: Final = 8  # From this day of a month on the month before is looked at.
REPLIES: Final = (
    "经办人外出未交接，已改为双人值守，今天内办完。", "企业电话一直占线，已改由客户经理上门，本周内答复。",
    "系统切换当天漏看提醒，已补办并设专人每日核对。",
)  # fmt: skip
ANSWER: Final = "已逐笔补办，调整了排班，并对全部网点复查一遍。"
DAYS_OPEN: Final = 1  # Nobody answers on the day itself.
Command = Callable[[Tx], Awaitable[Any]]


class Living(Protocol):
    """What the past lends to these deeds."""

    db: Database
    city: City
    seats: Mapping[str, Seat]
    stems: Mapping[str, str]
    _now: datetime | None

    def _note(self, what: str) -> None: ...


async def oversee(living: Living) -> None:
    """A day of supervision, at its first hour."""
    now = living._now
    assert now is not None
    while await tell_rungs(living.db) or await clocks.sweep(living.db):
        pass
    await drain(living.db)
    dice = Random(f"{living.city.seed}:oversight:{now:%Y-%m-%d}")  # noqa: S311
    for row in await _rows(living, OPEN):
        if now - row["issued_at"] >= timedelta(days=DAYS_OPEN):
            await _urge(living, row, dice)
    if MONTHLY <= shanghai_date(now).day < MONTHLY + 3 and not await _rows(living, THIS_MONTH, now):
        await _circular(living, now)
    for row in await _rows(living, NAMED):
        await _named(living, row, dice)


def _head(living: Living, bank_id: UUID, which: str) -> Seat:
    """A person of the bank's head office: `head` answers, `head2` closes."""
    return next(
        seat for login, seat in living.seats.items()
        if seat.org_id == bank_id and seat.role is SeatRole.BANK_ADMIN and login.endswith(f"-{which}")
    )  # fmt: skip


async def _urge(living: Living, row: Mapping[str, Any], dice: Random) -> None:
    """The next step of an open urge; now and then nobody takes it."""
    regulator, second = living.seats["regulator"], living.seats["regulator2"]
    if row["addressee"] == "branch":
        urged, judge = living.seats[living.stems[str(row["branch_id"])]], _head(living, row["bank_id"], "head2")
    elif row["addressee"] == "head_office":
        urged, judge = _head(living, row["bank_id"], "head"), regulator
    else:
        urged, judge = regulator, second
    chance = dice.random()
    if row["state"] in ("issued", "received", "sent_back") and chance < 0.45:
        await _act(living, row["urge_id"], Act.REPLY, urged, dice.choice(REPLIES), rectified=chance < 0.3)
    elif row["state"] == "replied" and chance < 0.5:
        await _act(living, row["urge_id"], Act.RECTIFY, urged, "已办完，并告知企业。")
    elif row["state"] == "rectified" and chance < 0.6:
        what = Act.SEND_BACK if chance < 0.06 else Act.CLOSE
        await _act(living, row["urge_id"], what, judge, "没有写明哪一天办好，请补充。" if what is Act.SEND_BACK else "")


async def _act(living: Living, urge_id: UUID, what: Act, by: Seat, said: str, *, rectified: bool = False) -> None:
    await _may(
        living, by, Role.ACT, f"督办 {what.value}",
        lambda tx: urges.act_with(tx, urge_id, what, said, rectified=rectified, by=by, now=tx.now),
    )  # fmt: skip


async def _circular(living: Living, now: datetime) -> None:
    """About the month that is over: the two branches with most broken promises, named by one, published by another."""
    by, second = living.seats["regulator"], living.seats["regulator2"]
    month = (shanghai_date(now).replace(day=1) - timedelta(days=1)).replace(day=1)
    slowest = [row["branch_id"] for row in await _rows(living, SLOWEST, now - timedelta(days=38), now)]
    if not slowest:
        return

    async def write(tx: Tx) -> UUID:
        draft = Draft(
            f"关于{month.month}月按时联系企业的通报", "通报所列网点接单后联系企业不及时，请举一反三，限期整改并回复。",
            "contacted_in_time", month, await circulars.find_who(tx, slowest), shanghai_date(now) + timedelta(days=21),
            to_all=True,
        )  # fmt: skip
        return (await circulars.propose(tx, draft, by=by, now=tx.now)).proposal_id

    if (proposal_id := await _may(living, by, Role.REGULATOR, "拟通报", write)) is not None:
        await _may(
            living, second, Role.REGULATOR, "发布通报",
            lambda tx: proposals.approve(tx, proposal_id, by=second, now=tx.now),
        )  # fmt: skip


async def _named(living: Living, row: Mapping[str, Any], dice: Random) -> None:
    """A named bank answers, and the regulator accepts; each takes its days."""
    chance, circular_id, bank_id = dice.random(), row["circular_id"], row["bank_id"]
    if row["state"] in ("named", "returned") and chance < 0.15:
        head = _head(living, bank_id, "head")
        await _may(
            living, head, Role.BANK, "回复通报",
            lambda tx: circulars.act(tx, circular_id, bank_id, NamedAct.ANSWER, ANSWER, by=head, now=tx.now),
        )  # fmt: skip
    elif row["state"] == "answered" and chance < 0.3:
        by = living.seats["regulator"]
        await _may(
            living, by, Role.REGULATOR, "认可整改",
            lambda tx: circulars.act(tx, circular_id, bank_id, NamedAct.ACCEPT, by=by, now=tx.now),
        )  # fmt: skip


async def _may(living: Living, seat: Seat, role: Role, what: str, command: Command) -> Any:
    """One act in the seat's own scope; None where the rules do not allow it."""
    try:
        async with living.db.transaction(role, Scope(seat.org_id, seat.person_id, seat.branch_id)) as tx:
            done = await command(tx)
    except Refusal:
        return None
    living._note(what)
    return done


async def _rows(living: Living, sql: str, *args: object) -> Sequence[Mapping[str, Any]]:
    async with living.db.reading(Role.REPORTER) as tx:
        return [dict(row) for row in await tx.fetch(sql, *args)]
