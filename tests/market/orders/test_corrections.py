"""Contacts denied, papers contested, offers taken back, on the real database; two reckonings of the figures agree."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from app.access.seats import Seat
from app.infra.db import Role, Scope, Tx
from app.market.orders.service import acceptances, corrections, decisions, firm_words, withdrawals
from app.market.reasons import Claim, Comparison
from app.office import proposals
from app.replay import replay_sla
from tests.market.orders.conftest import City
from tests.support import shanghai

ACCEPTED = shanghai("2025-09-25 09:00")
CALLED = shanghai("2025-09-25 10:00")


async def contacted(city: City) -> tuple[UUID, UUID]:
    order_id = await city.post(0)
    part: UUID = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, ACCEPTED)
    await city.contact(part, 0, CALLED)
    return order_id, part


async def by_firm(city: City, at: datetime, command: Callable[..., Awaitable[Any]], part: UUID, words: str) -> Any:
    return await city.act(lambda tx: command(tx, part, words=words, by=city.firm, now=at), city.firm, at)


async def fold(city: City) -> None:
    async with city.db.transaction(Role.WORKER) as tx:
        while await tx.value("select supervision_fold($1, 40)", tx.now):
            pass


async def differences(city: City, *, as_of: datetime | None = None) -> tuple[str, ...]:
    return (await replay_sla(city.db, as_of=as_of)).differences


async def folded(city: City, figure: str) -> list[tuple[Any, ...]]:
    await fold(city)
    return await city.rows(
        "select sum(value)::int, sum(whole)::int from supervision_sums where figure = $1 and \"by\" = 'all'"
        " and grain = 'day'",
        figure,
    )


async def test_a_denied_contact_lets_the_promise_go_on_from_its_start(city: City) -> None:
    """The bank may call again, within the days that it had; what was told of the first call is told anew."""
    order_id, part = await contacted(city)
    denied, again = shanghai("2025-09-26 09:00"), shanghai("2025-09-29 23:00")
    assert [(1, 1)] == await folded(city, "contacted_in_time")

    await by_firm(city, denied, corrections.deny_contact, part, "没有人打过电话")
    assert {0: "accepted"} == await city.states(order_id)
    assert [(0, 0)] == await folded(city, "contacted_in_time")
    assert () == await differences(city)
    await city.contact(part, 0, again)

    assert [(1, 1)] == await folded(city, "contacted_in_time")
    assert [(int((again - ACCEPTED).total_seconds()), 1)] == await folded(city, "contact_seconds")
    assert [("met", CALLED, False), ("met", again, True)] == await city.rows(
        "select state, stopped_at, opened_at is not null from clocks where kind = 'CONTACT' order by gen"
    )
    assert ((), ()) == (await differences(city), await differences(city, as_of=shanghai("2025-09-25 12:00")))


async def test_a_contact_denied_after_its_day_was_a_broken_promise(city: City) -> None:
    """A call that never was keeps nothing: the breach is told at the denial, its day is the day that it had."""
    _, part = await contacted(city)
    denied = shanghai("2025-10-09 09:00")

    await by_firm(city, denied, corrections.deny_contact, part, "")

    assert [("breach", denied), ("deny_contact", denied)] == await city.rows(
        "select act, at from suborder_moves where suborder_id = $1 order by seq desc limit 2", part
    )
    assert [("breached", shanghai("2025-09-30 00:00"))] == await city.rows(
        "select state, due_at from clocks where kind = 'CONTACT' and undone_at is null"
    )
    assert [(0, 1)] == await folded(city, "contacted_in_time")
    assert () == await differences(city)


async def test_a_bank_cannot_deny_for_the_firm(city: City) -> None:
    """Nor may anybody deny what has not been told."""
    _, part = await contacted(city)
    clerk, at = city.clerk(0), shanghai("2025-09-26 09:00")
    await by_firm(city, at, corrections.deny_contact, part, "")

    async def deny(seat: Seat) -> str:
        return await city.refused(lambda tx: corrections.deny_contact(tx, part, words="", by=seat, now=at), seat, at)

    codes = [await deny(clerk), await deny(city.firm)]

    assert ["forbidden", "wrong-state"] == codes


async def test_contested_papers_end_the_pause_and_what_was_paused_stays_used(city: City) -> None:
    """The deadline moves by the days that were paused, and no further."""
    _, part = await contacted(city)
    asked, contested, by = shanghai("2025-09-25 11:00"), shanghai("2025-09-28 15:00"), city.clerk(0)
    await city.act(lambda tx: acceptances.ask_papers(tx, part, items=["流水"], note="", by=by, now=asked), by, asked)

    await by_firm(city, contested, corrections.contest_papers, part, "上月已经交过了")

    assert [("contested", "上月已经交过了")] == await city.rows("select closed_how, answer from papers_requests")
    assert [("DECISION", "running"), ("PAPERS", "met")] == await city.rows(
        "select kind, state from clocks where kind in ('DECISION', 'PAPERS') order by kind"
    )
    assert () == await differences(city)
    again = await city.refused(
        lambda tx: acceptances.ask_papers(tx, part, items=["流水"], note="", by=by, now=contested), by, contested
    )
    assert "papers-refused" == again


async def test_an_offer_is_taken_back_by_two_people_and_was_no_decision(city: City) -> None:
    """An offer in time, taken back after the last day, leaves a broken promise and its money free."""
    order_id, part = await contacted(city)
    await city.offer(part, 0, shanghai("2025-10-15 09:00"))
    await city.pick(part, shanghai("2025-10-16 09:00"))
    assert [(1, 1)] == await folded(city, "decided_in_time")
    at, by, checker = shanghai("2025-10-20 09:00"), city.clerk(0), city.checker(0)

    proposal = await city.act(
        lambda tx: corrections.retract_offer(
            tx, part, reason="changed_facts", words="企业涉诉情况发生变化", by=by, now=at
        ),
        by, at,
    )  # fmt: skip
    before = await city.states(order_id)
    await city.act(lambda tx: proposals.approve(tx, proposal.proposal_id, by=checker, now=at), checker, at)

    assert ({0: "picked"}, {0: "refused"}) == (before, await city.states(order_id))
    assert [(by.person_id, checker.person_id, "picked")] == await city.rows(
        "select made_by, checked_by, from_state from retractions"
    )
    assert [("breached", at)] == await city.rows(
        "select state, stopped_at from clocks where kind = 'DECISION' and undone_at is null"
    )
    assert 0 == await city.value("select sum(held_fen) from pools")
    assert "refused" == await city.value("select end_state from orders")
    assert [(0, 1)] == await folded(city, "decided_in_time")
    assert ((), ()) == (await differences(city), await differences(city, as_of=shanghai("2025-10-17 09:00")))


async def test_a_bank_refuses_in_the_firms_name_only_with_its_word(city: City) -> None:
    """ "The customer gave up" is the classic refusal that nobody can check."""
    order_id, part = await contacted(city)
    at, by = shanghai("2025-09-26 09:00"), city.clerk(0)
    said = decisions.Said(
        code="H1", words="企业主表示利率太高，已决定放弃本次申请。", claim=Claim("firm_word.gave_up", Comparison.EQ, 1)
    )

    async def refuse(tx: Tx) -> Any:
        return await decisions.refuse_suborder(tx, part, said, by=by, now=at)

    before = await city.refused(refuse, by, at)
    await city.act(
        lambda tx: firm_words.say_word(tx, part, word="gave_up", words="", by=city.firm, now=at), city.firm, at
    )
    await city.act(refuse, by, at)

    assert ("evidence-missing", {0: "refused"}) == (before, await city.states(order_id))


async def test_on_leaving_the_firm_says_whether_a_bank_had_it_leave(city: City) -> None:
    """A refusal in disguise is told to supervision, and no bank sees it."""
    order_id, part = await contacted(city)
    at, why = shanghai("2025-09-26 09:00"), withdrawals.WhyLeft(caused_by=part, words="客户经理让我先撤回")

    await city.act(lambda tx: withdrawals.withdraw_order(tx, order_id, by=city.firm, now=at, why=why), city.firm, at)

    told = "select by_bank, bank_id, words from withdrawal_answers"
    assert [(True, city.banks[0].bank_id, "客户经理让我先撤回")] == await city.rows(told)
    clerk = city.clerk(0)
    async with city.db.reading(Role.ACT, Scope(clerk.org_id, clerk.person_id, clerk.branch_id, order_id)) as tx:
        assert [] == await tx.fetch(told)
