"""An urge from its issue to its close, by a rung and by hand, on the real database and under row-level security."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import Role, Scope
from app.kernel.errors import Refusal
from app.market.oversight import urges
from app.market.oversight.rules.urges import About, Act, Addressee, State
from app.office import clocks
from app.office.clocks.jobs import tell_rungs
from tests.market.orders.conftest import City, city, keys
from tests.support import shanghai

__all__ = ["city", "keys"]  # Fixtures of the orders' tests.
ACCEPTED = shanghai("2025-09-25 09:00")
WORDS = "已联系企业，本周内给出方案"
REGULATOR = Seat(UUID(int=31), UUID(int=900), SeatRole.REGULATOR)
SECOND = Seat(UUID(int=32), UUID(int=900), SeatRole.REGULATOR)


@dataclass
class Supervised:
    """A city with acts on urges, each in the seat's own database role."""

    city: City

    def head(self, n: int, person: int = 41) -> Seat:
        return Seat(UUID(int=person), self.city.banks[n].bank_id, SeatRole.BANK_ADMIN)

    async def do(self, command: Any, by: Seat, at: datetime) -> Any:
        await self.city.set_clock(at)
        async with self.city.db.transaction(Role.ACT, Scope(by.org_id, by.person_id, by.branch_id)) as tx:
            return await command(tx)

    async def act(self, urge_id: UUID, act: Act, by: Seat, at: datetime, said: str = "") -> State:
        return State(await self.do(lambda tx: urges.act(tx, urge_id, act, said, by=by, now=at), by, at))

    async def refused(self, urge_id: UUID, act: Act, by: Seat, at: datetime, said: str = "") -> str:
        with pytest.raises(Refusal) as found:
            await self.act(urge_id, act, by, at, said)
        return found.value.code

    async def issue(self, suborder_id: UUID, at: datetime, to: Addressee = Addressee.BRANCH) -> UUID:
        order_id = await self.city.value("select order_id from suborders where suborder_id = $1", suborder_id)

        async def command(tx: Any) -> UUID:
            subject = await urges.subject_of(tx, About.SUBORDER, suborder_id, order_id)
            return await urges.issue(tx, subject, to, "请说明为何没有联系企业", by=REGULATOR, now=at)

        found: UUID = await self.do(command, REGULATOR, at)
        return found

    async def work(self, at: datetime) -> None:
        """What the worker does: orders, urges, and what was recorded."""
        await self.city.work(at)
        while await clocks.sweep(self.city.db, at) or await tell_rungs(self.city.db):
            pass
        await outbox.drain(self.city.db)

    async def told(self) -> list[tuple[str, str]]:
        rows = await self.city.rows("select audience, kind from messages where kind like 'urge.%' order by seq")
        return [(row[0], row[1]) for row in rows]


@pytest.fixture
async def supervised(city: City, admin: "asyncpg.Connection[asyncpg.Record]") -> Supervised:
    await admin.execute("grant select on messages to xyd_reporter")  # Tests read mailboxes as nobody in particular.
    await admin.execute("create policy t on messages for select to xyd_reporter using (true)")
    return Supervised(city)


async def accepted(city: City) -> UUID:
    order_id = await city.post(0)
    part: UUID = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, ACCEPTED)
    return part


async def test_every_rung_urges_whom_the_policy_names_once(supervised: Supervised) -> None:
    """CONTACT its branch, then the head office; DECISION at 90 % and at its end; what is told again urges nobody again,
    and a rung that nobody is urged by (70 %) urges nobody."""
    part = await accepted(supervised.city)

    for at in (*("2025-10-01 00:00", "2025-10-09 12:00", "2025-10-15 00:00"), *2 * ("2025-10-16 00:00",)):
        await supervised.work(shanghai(at))

    found = await supervised.city.rows("select clock, share, addressee, by_hand from urges order by reached_at")
    assert [
        ("CONTACT", 100, "branch", False), ("CONTACT", 150, "head_office", False), ("DECISION", 90, "branch", False),
        ("DECISION", 100, "head_office", False),
    ] == found  # fmt: skip
    assert {(part, "issued")} == set(await supervised.city.rows("select about_id, state from urges"))
    told = [one for one in await supervised.told() if one[1] == "urge.issue"]
    assert ["branch", "head_office", "branch", "head_office"] == [audience for audience, _kind in told]


async def test_the_whole_way_of_an_urge(supervised: Supervised) -> None:
    """Issued, received, replied, sent back, replied again, rectified, closed; each move kept, each told."""
    part, at = await accepted(supervised.city), shanghai("2025-09-26 10:00")
    clerk = supervised.city.clerk(0)
    urge_id = await supervised.issue(part, at)

    assert State.RECEIVED == await supervised.act(urge_id, Act.RECEIVE, clerk, at)
    assert "malformed-field" == await supervised.refused(urge_id, Act.REPLY, clerk, at)
    assert State.REPLIED == await supervised.act(urge_id, Act.REPLY, clerk, at, WORDS)
    assert State.SENT_BACK == await supervised.act(urge_id, Act.SEND_BACK, REGULATOR, at, "没有写明时间")
    at = shanghai("2025-09-28 10:00")
    assert State.REPLIED == await supervised.act(urge_id, Act.REPLY, clerk, at, WORDS)
    assert State.RECTIFIED == await supervised.act(urge_id, Act.RECTIFY, clerk, at, WORDS)
    assert "forbidden" == await supervised.refused(urge_id, Act.CLOSE, clerk, at)
    assert State.CLOSED == await supervised.act(urge_id, Act.CLOSE, REGULATOR, at)
    assert "wrong-state" == await supervised.refused(urge_id, Act.WITHDRAW, REGULATOR, at, WORDS)

    moves = [row[0] for row in await supervised.city.rows("select act from urge_moves order by seq")]
    assert ["issue", "receive", "reply", "send_back", "reply", "rectify", "close"] == moves
    states = await supervised.city.rows("select state from clocks where case_kind = 'urge' order by gen")
    assert [("met",), ("met",)] == states
    await supervised.work(at)
    assert [
        ("branch", "urge.issue"), ("supervisor", "urge.reply"), ("branch", "urge.send_back"),
        ("supervisor", "urge.reply"), ("supervisor", "urge.rectify"), ("branch", "urge.close"),
    ] == await supervised.told()  # fmt: skip


async def test_a_reply_that_does_not_come_is_a_breach_that_is_told_upwards(supervised: Supervised) -> None:
    """Three workdays, the day of the issue not counted; the breach stays after a late reply."""
    part, at = await accepted(supervised.city), shanghai("2025-09-26 10:00")  # A Friday; 28 September is worked.
    urge_id = await supervised.issue(part, at)

    await supervised.work(shanghai("2025-09-30 23:59"))
    assert [] == [one for one in await supervised.told() if one[1] == "urge.breach"]
    await supervised.work(shanghai("2025-10-01 00:00"))

    assert {("head_office", "urge.breach"), ("supervisor", "urge.breach")} == {
        one for one in await supervised.told() if one[1] == "urge.breach"
    }
    late = shanghai("2025-10-09 09:00")
    await supervised.act(urge_id, Act.RECEIVE, supervised.city.clerk(0), late)
    await supervised.act(urge_id, Act.REPLY, supervised.city.clerk(0), late, WORDS)
    assert [("breached", late)] == await supervised.city.rows(
        "select state, stopped_at from clocks where case_kind = 'urge' and case_id = $1", urge_id
    )
    assert shanghai("2025-10-01 00:00") == await supervised.city.value(
        "select breached_at from urges where urge_id = $1", urge_id
    )


async def test_an_act_on_an_overdue_urge_fires_its_clock_first(supervised: Supervised) -> None:
    """No result depends on when the worker ran."""
    part, at = await accepted(supervised.city), shanghai("2025-09-26 10:00")
    urge_id = await supervised.issue(part, at)

    await supervised.act(urge_id, Act.RECEIVE, supervised.city.clerk(0), shanghai("2025-10-09 09:00"))

    acts = await supervised.city.rows("select act, at from urge_moves order by seq")
    assert ["issue", "breach", "receive"] == [row[0] for row in acts]
    assert shanghai("2025-10-01 00:00") == acts[1][1]


async def test_one_is_open_per_case_and_rung(supervised: Supervised) -> None:
    """By hand a second one is refused until the first is closed; a withdrawn one makes room and owes nothing more."""
    part, at = await accepted(supervised.city), shanghai("2025-09-26 10:00")
    urge_id = await supervised.issue(part, at)
    with pytest.raises(Refusal) as found:
        await supervised.issue(part, at)
    assert "already-exists" == found.value.code

    await supervised.act(urge_id, Act.WITHDRAW, SECOND, at, "发错了网点，撤销")

    assert urge_id != await supervised.issue(part, at)
    states = await supervised.city.rows(
        "select state from clocks where case_kind = 'urge' order by started_at, clock_id"
    )
    assert {("void",), ("running",)} == set(states)


async def test_a_head_office_closes_what_a_rung_urged_its_branch_to_do_but_not_its_own_answer(
    supervised: Supervised,
) -> None:
    """The maker of the reply is not who closes: by the rule, and by a CHECK."""
    await accepted(supervised.city)
    await supervised.work(shanghai("2025-10-01 00:00"))  # CONTACT is broken.
    urge_id = await supervised.city.value("select urge_id from urges")
    at, head, second = shanghai("2025-10-09 10:00"), supervised.head(0), supervised.head(0, 42)
    for act in (Act.RECEIVE, Act.REPLY, Act.RECTIFY):
        await supervised.act(urge_id, act, head, at, WORDS)

    assert "four-eyes" == await supervised.refused(urge_id, Act.CLOSE, head, at)
    assert State.CLOSED == await supervised.act(urge_id, Act.CLOSE, second, at)
    with pytest.raises(asyncpg.CheckViolationError):
        async with supervised.city.db.transaction(Role.WORKER) as tx:
            await tx.execute("update urges set ended_by = replied_by")


async def test_another_bank_or_branch_sees_no_urge(supervised: Supervised) -> None:
    """As good as none; a branch does not see what its head office is urged to do."""
    part, at = await accepted(supervised.city), shanghai("2025-09-26 10:00")
    urge_id = await supervised.issue(part, at, Addressee.HEAD_OFFICE)

    for by in (supervised.head(1), supervised.city.clerk(1), supervised.city.clerk(0)):
        assert "not-found" == await supervised.refused(urge_id, Act.RECEIVE, by, at)
    assert State.RECEIVED == await supervised.act(urge_id, Act.RECEIVE, supervised.head(0), at)


async def test_a_move_that_the_table_does_not_have_is_refused_by_the_database(supervised: Supervised) -> None:
    """The CHECK holds a copy of the table; and nobody is granted to change what is written."""
    part, at = await accepted(supervised.city), shanghai("2025-09-26 10:00")
    urge_id = await supervised.issue(part, at)
    values = "select urge_id, about_id, bank_id, branch_id, addressee, $2, 'close', 'closed', at, '' from urge_moves"

    with pytest.raises(asyncpg.CheckViolationError):
        async with supervised.city.db.transaction(Role.WORKER) as tx:
            await tx.execute(
                "insert into urge_moves (urge_id, about_id, bank_id, branch_id, addressee, from_state, act, to_state,"
                f" at, said) {values} where urge_id = $1",
                urge_id, "issued",
            )  # fmt: skip
    for role in (Role.REGULATOR, Role.BANK, Role.ACT, Role.WORKER):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with supervised.city.db.transaction(role) as tx:
                await tx.execute("update urge_moves set said = 'x'")
