"""A complaint on the real database: its way, its deadlines, who sees it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.access.seats import Seat
from app.infra import outbox
from app.infra.db import Database, Role, Scope
from app.invariants import complaints_follow_their_moves
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import complaints, papers
from app.market.complaints import Act, Finding
from app.market.complaints.rules import TRANSITIONS
from app.market.complaints.service import about_bank, about_suborder, evidence
from app.office import clocks
from tests.market.complaints.conftest import People
from tests.market.orders.conftest import City
from tests.market.papers.samples import pdf
from tests.support import shanghai

FILED = shanghai("2025-09-25 10:00")  # A Thursday; 26 September is the next workday.
SAID = "受理以后两个星期没有人联系，也没有说明原因"
ANSWER = "经核实，客户经理休假未交接，已由主管当面致歉并恢复办理"


async def file(city: City, people: People, part: UUID, at: datetime = FILED, category: str = "no_contact") -> UUID:
    async def act(tx: Any) -> UUID:
        about = await about_suborder(tx, part, by=people.firm)
        return await complaints.file_complaint(
            tx, new_id(), about, category=category, said=SAID, by=people.firm, now=at
        )

    complaint_id: UUID = await city.act(act, people.firm, at)
    return complaint_id


async def do(
    city: City, complaint_id: UUID, act: Act, by: Seat, at: datetime, said: str = ANSWER, finding: Any = None
) -> None:
    await city.act(
        lambda tx: complaints.act_on(tx, complaint_id, act, by=by, now=at, said=said, finding=finding), by, at
    )


async def part_of(city: City, *ticked: int) -> UUID:
    order_id = await city.post(*(ticked or (0,)))
    suborder_id: UUID = (await city.parts(order_id))[0]["suborder_id"]
    return suborder_id


async def state_of(city: City, complaint_id: UUID) -> str:
    return str(await city.value("select state from complaints where complaint_id = $1", complaint_id))


async def clocks_of(city: City, complaint_id: UUID) -> dict[str, tuple[str, str]]:
    rows = await city.rows("select kind, state, due_on::text from clocks where root_id = $1", complaint_id)
    return {kind: (state, due) for kind, state, due in rows}


async def told_of(city: City, kind: str) -> list[str]:
    """Who has been told of a kind of thing."""
    async with city.db.reading(Role.WORKER) as tx:
        rows = await tx.fetch("select audience from messages where kind = $1 order by seq", kind)
    return [row["audience"] for row in rows]


async def test_a_complaint_is_answered_in_time_disputed_and_closed(city: City, people: People):
    """The whole way, with both deadlines kept: one workday, and fifteen days rolled over the National Day holiday."""
    part = await part_of(city)
    complaint_id = await file(city, people, part)
    before = await clocks_of(city, complaint_id)
    await do(city, complaint_id, Act.ACKNOWLEDGE, people.clerks[0], shanghai("2025-09-26 09:00"), said="")
    await do(city, complaint_id, Act.ANSWER, people.clerks[0], shanghai("2025-09-28 09:00"))
    await do(
        city, complaint_id, Act.DISPUTE, people.firm, shanghai("2025-09-29 09:00"), said="客户经理并没有来过我们公司"
    )
    await do(city, complaint_id, Act.CLOSE, people.service, shanghai("2025-09-30 09:00"), finding=Finding.FOUNDED)

    moves = await city.rows("select act, side, by_name from complaint_moves where complaint_id = $1 order by seq",
                            complaint_id)  # fmt: skip
    assert before == {"COMPLAINT_ACK": ("running", "2025-09-26"), "COMPLAINT": ("running", "2025-10-10")}
    assert await clocks_of(city, complaint_id) == {
        "COMPLAINT_ACK": ("met", "2025-09-26"), "COMPLAINT": ("met", "2025-10-10"),
    }  # fmt: skip
    assert moves == [
        ("file", "firm", ""), ("acknowledge", "bank", ""), ("answer", "bank", "xy-clerk-0"), ("dispute", "firm", ""),
        ("close", "service", ""),
    ]  # fmt: skip
    assert await city.rows("select finding, late from complaints") == [("founded", [])]


async def test_deadlines_fire_once_and_are_told(city: City, people: People):
    """Nobody acts: the sweep breaches both, each at its own instant; customer service may then go to the regulator."""
    complaint_id = await file(city, people, await part_of(city))
    early = await city.refused(
        lambda tx: complaints.act_on(
            tx, complaint_id, Act.ESCALATE, by=people.service, now=FILED, said=ANSWER
        ), people.service, FILED,
    )  # fmt: skip
    late = shanghai("2025-10-11 00:00")
    await city.set_clock(late)
    while await clocks.sweep(city.db):
        pass
    await outbox.drain(city.db)
    await do(city, complaint_id, Act.ESCALATE, people.service, late)
    await do(city, complaint_id, Act.ANSWER, people.clerks[0], shanghai("2025-10-13 10:00"))
    await do(city, complaint_id, Act.CLOSE, people.regulator, shanghai("2025-10-14 10:00"), finding=Finding.FOUNDED)

    fired = await city.rows("select cause, at from complaint_moves where act = 'breach' order by at")
    told = await told_of(city, "complaint.late")
    assert early == "wrong-state"
    assert fired == [("COMPLAINT_ACK", shanghai("2025-09-27 00:00")), ("COMPLAINT", shanghai("2025-10-11 00:00"))]
    assert told == ["firm"]
    assert await city.value("select late from complaints") == ["COMPLAINT_ACK", "COMPLAINT"]
    assert await state_of(city, complaint_id) == "closed"
    async with city.db.reading(Role.REPORTER) as tx:
        assert await complaints_follow_their_moves.find_broken(tx) == []


async def test_an_answer_at_the_deadline_is_late_whether_the_worker_ran_or_not(city: City, people: People):
    """An act first fires what is due: 00:00 after the last day is too late by an instant."""
    complaint_id = await file(city, people, await part_of(city))

    await do(city, complaint_id, Act.ANSWER, people.clerks[0], shanghai("2025-10-11 00:00"))

    assert (await clocks_of(city, complaint_id))["COMPLAINT"][0] == "breached"
    assert await city.value("select late from complaints") == ["COMPLAINT_ACK", "COMPLAINT"]


async def test_a_firm_withdraws_at_any_time_and_a_promise_that_is_not_due_is_void(city: City, people: People):
    """What the firm takes back before the day counts for nobody."""
    complaint_id = await file(city, people, await part_of(city))

    await do(city, complaint_id, Act.WITHDRAW, people.firm, FILED, said="")

    assert await state_of(city, complaint_id) == "withdrawn"
    assert {state for state, _due in (await clocks_of(city, complaint_id)).values()} == {"void"}


async def test_a_second_complaint_about_the_same_is_refused_while_the_first_is_open(city: City, people: People):
    """One matter, one case; another category is another matter, and so is the same one after its end."""
    part = await part_of(city)
    complaint_id = await file(city, people, part)
    with pytest.raises(Refusal) as again:
        await file(city, people, part)
    await file(city, people, part, category="fees")
    await do(city, complaint_id, Act.WITHDRAW, people.firm, FILED, said="")
    await file(city, people, part)

    assert again.value.code == "already-exists"
    assert await city.value("select count(*) from complaints") == 3


async def seen_by(db: Database, role: Role, by: Seat) -> int:
    async with db.reading(role, Scope(by.org_id, by.person_id, by.branch_id)) as tx:
        moves, rows = await tx.value("select count(*) from complaint_moves"), await tx.fetch("select * from complaints")
    assert (moves == 0) == (not rows)
    return len(rows)


async def test_a_complaint_about_a_bank_goes_to_its_head_office(city: City, people: People):
    """No branch, no suborder: a branch's people do not see it."""

    async def act(tx: Any) -> UUID:
        about = await about_bank(tx, city.banks[1].bank_id, by=people.firm)
        return await complaints.file_complaint(
            tx, new_id(), about, category="forced_sale", said=SAID, by=people.firm, now=FILED
        )

    complaint_id = await city.act(act, people.firm, FILED)
    outsider = await city.refused(
        lambda tx: complaints.act_on(tx, complaint_id, Act.ACKNOWLEDGE, by=people.clerks[1], now=FILED),
        people.clerks[1], FILED,
    )  # fmt: skip
    await do(city, complaint_id, Act.ANSWER, people.heads[1], FILED)
    await outbox.drain(city.db)

    assert outsider == "not-found"
    assert (
        await seen_by(city.db, Role.BANK, people.clerks[1]),
        await seen_by(city.db, Role.BANK, people.heads[1]),
    ) == (
        0,
        1,
    )
    assert await told_of(city, "complaint.filed") == ["head_office"]
    assert await state_of(city, complaint_id) == "answered"


async def test_each_side_sees_its_own_and_the_house_sees_all(city: City, people: People):
    """Row-level security, by plain SQL."""
    await file(city, people, await part_of(city, 0, 1))

    found = {
        "firm": await seen_by(city.db, Role.BUSINESS, people.firm),
        "own branch": await seen_by(city.db, Role.BANK, people.clerks[0]),
        "own head office": await seen_by(city.db, Role.BANK, people.heads[0]),
        "other bank": await seen_by(city.db, Role.BANK, people.heads[1]),
        "service": await seen_by(city.db, Role.REGULATOR, people.service),
        "operator": 0,
        "an act on something else": await seen_by(city.db, Role.ACT, people.firm),
    }

    assert found == {
        "firm": 1, "own branch": 1, "own head office": 1, "other bank": 0, "service": 1, "operator": 0,
        "an act on something else": 0,
    }  # fmt: skip


async def test_postgresql_holds_the_same_table(db: Database, admin: asyncpg.Connection):
    """A move that the rules do not know cannot be written, whoever writes it."""
    rows = await admin.fetch("select from_state, act, to_state from complaint_transitions")

    assert {tuple(row) for row in rows} == {(start.value, act.value, to.value) for start, act, to in TRANSITIONS}


async def test_a_file_is_kept_sealed_and_opened_by_the_sides_alone(city: City, people: People):
    """Firm, branch and house open it, each time in the audit; another bank finds nothing; at rest it is unreadable."""
    complaint_id = await file(city, people, await part_of(city, 0, 1))
    content = pdf()

    async def add(tx: Any) -> None:
        limits = await papers.limits_on(tx, FILED)
        files = await papers.check([papers.Upload("通话记录.pdf", "application/pdf", content)], limits)
        await evidence.add(tx, complaint_id, files, limits, by=people.firm, now=FILED)

    await city.act(add, people.firm, FILED)
    paper_id, sealed = (await city_rows_as(city, Role.REGULATOR, "select paper_id, sealed from complaint_papers"))[0]
    opened = [
        (await city.act(lambda tx, by=by: evidence.open_file(tx, complaint_id, paper_id, by=by), by, FILED))[1]
        for by in (people.firm, people.clerks[0], people.service)
    ]
    foreign = await city.refused(
        lambda tx: evidence.open_file(tx, complaint_id, paper_id, by=people.clerks[1]), people.clerks[1], FILED
    )
    await do(city, complaint_id, Act.WITHDRAW, people.firm, FILED, said="")
    late = await city.refused(add, people.firm, FILED)

    assert opened == [content] * 3
    assert content not in sealed
    assert (foreign, late) == ("not-found", "wrong-state")


async def city_rows_as(city: City, role: Role, sql: str) -> list[Any]:
    async with city.db.reading(role) as tx:
        return list(await tx.fetch(sql))
