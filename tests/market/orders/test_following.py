"""Suborders that follow others, on the real database: another branch goes on, an appeal is upheld."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from app.access.seats import Seat, SeatRole
from app.credit import consents
from app.infra.db import Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import papers, parties
from app.market.orders.service import acceptances, appealing, bringing, corrections, decisions, moving
from app.market.parties import Branch
from app.market.reasons import Claim, Comparison
from app.replay import replay_sla
from tests.market.orders.conftest import WAN, City, publish
from tests.market.papers.samples import pdf
from tests.market.parties.world import open_pool
from tests.support import shanghai

YOUNG = decisions.Said(
    code="A1", words="企业成立时间不足，未达到产品年限要求", claim=Claim("registration.age_months", Comparison.LT, 100)
)


async def second_branch(city: City, n: int = 0, *, cap_fen: int = 100 * WAN) -> UUID:
    """Another branch of the bank, with a list and money for the same product."""
    bank = city.banks[n]
    other = replace(bank, branch_id=new_id())
    async with city.db.transaction(Role.OPS) as tx:
        await parties.outlets.open_branch(
            tx, Branch(other.branch_id, bank.bank_id, "样品乙支行", None, None, None, date(2022, 3, 1), None)
        )
    for quarter in (date(2025, 7, 1), date(2025, 10, 1)):
        await open_pool(city.db, other, cap_fen, quarter)
    await publish(city.db, other)
    return other.branch_id


async def move(city: City, part: UUID, branch_id: UUID, at: datetime, by: Seat | None = None) -> UUID:
    seat = by or city.clerk(0)
    found: UUID = await city.act(
        lambda tx: moving.reassign_suborder(tx, part, branch_id=branch_id, by=seat, now=at), seat, at
    )
    return found


def clerk_of(city: City, branch_id: UUID) -> Seat:
    return replace(city.clerk(0), person_id=UUID(int=3000), branch_id=branch_id)


async def clocks_of(city: City, part: UUID) -> dict[str, tuple[Any, ...]]:
    rows = await city.rows("select kind, state, started_at, due_at from clocks where case_id = $1", part)
    return {row[0]: row[1:] for row in rows}


async def agree(city: City) -> None:
    assert () == (await replay_sla(city.db)).differences


async def test_another_branch_goes_on_with_the_time_that_was_used(city: City) -> None:
    """Nothing is won by a move: every deadline stays, the money changes its pool, the place its holder."""
    branch_id = await second_branch(city)
    order_id = await city.post(0)
    part: UUID = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    by, asked, moved = city.clerk(0), shanghai("2025-09-25 11:00"), shanghai("2025-09-26 09:00")
    await city.act(lambda tx: acceptances.ask_papers(tx, part, items=["流水"], note="", by=by, now=asked), by, asked)
    before = await clocks_of(city, part)

    new = await move(city, part, branch_id, moved)

    after = await clocks_of(city, new)
    assert {"CONTACT": before["CONTACT"], "DECISION": before["DECISION"], "PAPERS": before["PAPERS"]} == {
        kind: clock for kind, clock in after.items() if kind != "ACCEPT"
    }
    # One of the two workdays to answer was left when the first branch answered; it had used none of its first day.
    assert ("running", moved, shanghai("2025-09-30 00:00")) == after["ACCEPT"]
    assert {"moved", "pushed"} == {row[0] for row in await city.rows("select state from suborders")}
    assert [(None, ["流水"])] == await city.rows(
        "select closed_at, array_agg(item) from papers_requests join papers_items using (request_id)"
        " where papers_requests.suborder_id = $1 group by 1",
        new,
    )
    assert 0 == await city.value("select sum(held_fen) from pools")
    await agree(city)
    clerk = clerk_of(city, branch_id)
    at = shanghai("2025-09-28 09:00")
    await city.act(lambda tx: acceptances.accept_suborder(tx, new, by=clerk, now=at), clerk, at)
    assert before["DECISION"] == (await clocks_of(city, new))["DECISION"]
    assert 50 * WAN == await city.value("select sum(held_fen) from pools where branch_id = $1", branch_id)
    letters = await city.rows("select branch_id from consent_amendments")
    assert [(branch_id,)] == letters
    await agree(city)


async def test_a_case_goes_to_another_branch_once(city: City) -> None:
    """Else a bank could hand it round until its day has come; nor does it leave its bank, or go without money."""
    first, poor = await second_branch(city), await second_branch(city, cap_fen=WAN)
    part: UUID = (await city.parts(await city.post(0)))[0]["suborder_id"]
    at = shanghai("2025-09-25 09:00")
    codes = []
    for branch_id in (poor, city.banks[1].branch_id, city.banks[0].branch_id):
        with pytest.raises(Refusal) as found:
            await move(city, part, branch_id, at)
        codes.append(found.value.code)
    new = await move(city, part, first, at)
    back = clerk_of(city, first)

    with pytest.raises(Refusal) as again:
        await move(city, new, city.banks[0].branch_id, at, back)

    assert ["quota-exhausted", "not-found", "reassign-refused", "reassign-refused"] == [*codes, again.value.code]
    assert "running" == (await clocks_of(city, new))["ACCEPT"][0]
    await agree(city)


async def test_the_consent_goes_with_the_case(city: City) -> None:
    """The branch before sees the firm's data no more, the branch that goes on does."""
    branch_id = await second_branch(city)
    part: UUID = (await city.parts(await city.post(0)))[0]["suborder_id"]
    consent_id = await city.value("select consent_id from suborders where suborder_id = $1", part)
    at, bank = shanghai("2025-09-25 09:00"), city.banks[0]
    await move(city, part, branch_id, at)

    async with city.db.transaction(Role.WORKER) as tx:
        letter = await consents.check(
            tx, consent_id, bank_id=bank.bank_id, branch_id=branch_id, purpose="pre_loan", now=at
        )
        with pytest.raises(Refusal) as old:
            await consents.check(
                tx, consent_id, bank_id=bank.bank_id, branch_id=bank.branch_id, purpose="pre_loan", now=at
            )

    assert (branch_id, "consent-grantee") == (letter.branch_id, old.value.code)


async def refused(city: City, *others: int) -> tuple[UUID, UUID]:
    """An order whose first bank has refused it after looking at it."""
    order_id = await city.post(0, *others, places=1)
    part: UUID = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    at, by = shanghai("2025-09-25 15:00"), city.clerk(0)
    await city.act(lambda tx: decisions.refuse_suborder(tx, part, YOUNG, by=by, now=at), by, at)
    return order_id, part


async def appeal(city: City, part: UUID, at: datetime) -> None:
    await city.act(
        lambda tx: appealing.appeal_refusal(tx, part, words="企业成立已满五年", by=city.firm, now=at), city.firm, at
    )


async def answer(city: City, part: UUID, at: datetime, *, upheld: bool, by: Seat | None = None) -> Any:
    seat = by or city.checker(0)
    return await city.act(
        lambda tx: appealing.answer_appeal(tx, part, upheld=upheld, words="经复核，以企业说明为准", by=seat, now=at),
        seat, at,
    )  # fmt: skip


async def test_an_upheld_appeal_lets_the_bank_look_once_more(city: City) -> None:
    """Outside the places, with days of its own; the refusal stays what it was."""
    order_id, part = await refused(city, 1)
    await appeal(city, part, shanghai("2025-09-26 09:00"))
    due = await city.value("select due_at from clocks where kind = 'APPEAL'")

    await answer(city, part, shanghai("2025-09-28 09:00"), upheld=True)

    new = await city.value("select reopened_id from appeals")
    assert shanghai("2025-10-11 00:00") == due  # Five workdays over the holiday: 28, 29, 30, 9, 10.
    assert [("refused", "listed"), ("pushed", "listed"), ("investigating", "appeal")] == await city.rows(
        "select state, origin from suborders order by pushed_at, suborder_id"
    )
    assert [("APPEAL", "met")] == await city.rows("select kind, state from clocks where case_kind = 'appeal'")
    assert ("running", shanghai("2025-09-28 09:00"), shanghai("2025-10-12 00:00")) == (
        (await clocks_of(city, new))["DECISION"]
    )
    await agree(city)
    told = shanghai("2025-09-28 10:00")
    assert "wrong-state" == await city.refused(  # Nobody said that anybody had called.
        lambda tx: corrections.deny_contact(tx, new, words="", by=city.firm, now=told), city.firm, told
    )
    await city.offer(new, 0, shanghai("2025-09-29 09:00"))
    await city.pick(new, shanghai("2025-09-29 10:00"))
    assert None is await city.value("select end_state from orders where order_id = $1", order_id)
    await agree(city)


async def test_an_appeal_is_answered_by_somebody_with_no_part_in_the_refusal(city: City) -> None:
    """Nobody judges his own decision, and only people of that bank do."""
    _, part = await refused(city, 1)
    at = shanghai("2025-09-26 09:00")
    await appeal(city, part, at)
    maker = replace(city.checker(0), person_id=city.clerk(0).person_id)
    admin = Seat(UUID(int=4000), city.banks[0].bank_id, SeatRole.BANK_ADMIN)
    codes = []
    for seat in (maker, city.clerk(0), city.checker(1)):
        with pytest.raises(Refusal) as found:
            await answer(city, part, at, upheld=True, by=seat)
        codes.append(found.value.code)

    await answer(city, part, at, upheld=False, by=admin)

    with pytest.raises(Refusal) as twice:
        await appeal(city, part, at)
    assert ["four-eyes", "forbidden", "not-found", "already-exists"] == [*codes, twice.value.code]
    assert [(False, None)] == await city.rows("select upheld, reopened_id from appeals")


async def test_an_appeal_outlives_its_order_and_its_silence_is_a_breach(city: City) -> None:
    """The clock of an appeal is a case of its own; upheld too late it makes no suborder."""
    order_id, part = await refused(city)
    assert "refused" == await city.value("select end_state from orders where order_id = $1", order_id)
    await appeal(city, part, shanghai("2025-09-26 09:00"))

    await city.work(shanghai("2025-10-11 00:00"))
    await answer(city, part, shanghai("2025-10-13 09:00"), upheld=True)

    assert [("breached", shanghai("2025-10-13 09:00"))] == await city.rows(
        "select state, stopped_at from clocks where kind = 'APPEAL'"
    )
    assert [(True, None)] == await city.rows("select upheld, reopened_id from appeals")
    assert 1 == await city.value("select count(*) from suborders")


async def test_what_the_firm_brought_goes_along_with_a_moved_case(city: City) -> None:
    """The new branch lists and opens it after it accepted, with a package of its own; the old one and others do not."""
    branch_id = await second_branch(city)
    part: UUID = (await city.parts(await city.post(0)))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    by, at = city.clerk(0), shanghai("2025-09-25 11:00")
    await city.act(lambda tx: acceptances.ask_papers(tx, part, items=["流水"], note="", by=by, now=at), by, at)
    async with city.db.reading(Role.BUSINESS) as tx:
        limits = await papers.limits_on(tx, at)
    files = await papers.check([papers.Upload("流水.pdf", "application/pdf", pdf())], limits)
    await city.act(
        lambda tx: bringing.bring(tx, part, answer="", files=files, limits=limits, by=city.firm, now=at), city.firm, at
    )
    new = await move(city, part, branch_id, shanghai("2025-09-26 09:00"))
    clerk, moved = clerk_of(city, branch_id), shanghai("2025-09-26 10:00")
    await city.act(lambda tx: acceptances.accept_suborder(tx, new, by=clerk, now=moved), clerk, moved)

    listed = []
    for seat in (clerk, by, clerk_of(city, new_id())):
        async with city.db.reading(Role.BANK, Scope(seat.org_id, seat.person_id, seat.branch_id)) as tx:
            listed.append(await papers.list_of_suborder(tx, new, part))
    paper_id = listed[0][0].paper_id
    _paper, content = await city.act(
        lambda tx: bringing.open_paper(tx, new, paper_id, by=clerk, now=moved), clerk, moved
    )
    foreign = await city.refused(lambda tx: bringing.open_paper(tx, part, paper_id, by=by, now=moved), by, moved)

    assert (content, [1, 1, 0]) == (pdf(), [len(one) for one in listed])
    assert foreign in ("not-found", "wrong-state", "consent-missing")
    assert [(new, branch_id)] == await city.rows("select suborder_id, branch_id from paper_reads")
    assert 1 == await city.value("select count(*) from packages where suborder_id = $1", new)
