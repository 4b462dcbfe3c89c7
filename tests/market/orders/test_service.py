"""The way of an order through services on the real database."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from app.infra.db import Database, Role, Scope, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import orders
from app.market.orders.rules.states import TRANSITIONS
from app.market.orders.service import acceptances, decisions, payments, withdrawals
from app.market.reasons import Claim, Comparison
from app.office import proposals
from app.office.proposals import Proposal
from tests.market.orders.conftest import POSTED, WAN, City, publish
from tests.support import shanghai


async def test_an_order_goes_from_post_to_the_last_draw(city: City) -> None:
    """The main job: two banks at work, one offer picked, the other passed over, money posted to the pool."""
    order_id = await city.post(0, 1, 2)
    first, second = (row["suborder_id"] for _, row in sorted((await city.parts(order_id)).items()))

    await city.accept(first, 0, shanghai("2025-09-25 09:00"))
    await city.accept(second, 1, shanghai("2025-09-25 10:00"))
    await city.contact(first, 0, shanghai("2025-09-25 11:00"))
    await city.offer(first, 0, shanghai("2025-09-26 09:00"))
    await city.pick(first, shanghai("2025-09-26 15:00"))
    await city.contract(first, 0, shanghai("2025-09-28 10:00"))
    await city.draw(first, 0, shanghai("2025-09-29 10:00"), 15 * WAN)
    await city.draw(first, 0, shanghai("2025-10-20 10:00"), 25 * WAN)

    pools = "select quarter, held_fen, posted_fen from pools where bank_id = $1 order by quarter"
    assert {0: "serviced", 1: "passed_over"} == await city.states(order_id)
    assert [(date(2025, 7, 1), 0, 40 * WAN), (date(2025, 10, 1), 0, 0)] == await city.rows(pools, city.banks[0].bank_id)
    assert [] == await city.rows("select kind from clocks where state in ('running', 'paused')")


async def test_a_bank_that_lets_accept_pass_lapses_and_the_reserve_is_pushed(city: City) -> None:
    """Nobody has to notice: the worker fires the clock and the next bank of the list is asked at that instant."""
    order_id = await city.post(0, 1, places=1)

    await city.work(shanghai("2025-09-29 09:00"))

    pushed_at = (await city.parts(order_id))[1]["pushed_at"]
    assert {0: "lapsed", 1: "pushed"} == await city.states(order_id)
    assert shanghai("2025-09-27 00:00") == pushed_at
    assert POSTED < pushed_at


POOL = "select held_fen, posted_fen from pools where bank_id = $1 and quarter = $2"
Q3, Q4 = date(2025, 7, 1), date(2025, 10, 1)
NO_MONEY = decisions.Said(
    code="I2", words="本支行该产品本季度额度池余额不足，无法受理", claim=Claim("pool.covers_amount", Comparison.EQ, 0)
)


async def refuse(city: City, part: UUID, n: int, at: datetime, said: decisions.Said = NO_MONEY) -> object:
    by = city.clerk(n)
    return await city.act(lambda tx: decisions.refuse_suborder(tx, part, said, by=by, now=at), by, at)


async def test_a_refusal_must_be_borne_out_by_evidence(city: City) -> None:
    """The pool has money, so a bank that says it has none is not believed; when it has none, the firm is told so."""
    order_id = await city.post(0, amount_fen=90 * WAN)
    part = (await city.parts(order_id))[0]["suborder_id"]
    at = shanghai("2025-09-25 09:00")

    with pytest.raises(Refusal) as found:
        await refuse(city, part, 0, at)
    other = await city.post(0, amount_fen=80 * WAN, at=at)
    await city.accept((await city.parts(other))[0]["suborder_id"], 0, at)
    await refuse(city, part, 0, shanghai("2025-09-25 10:00"))

    assert "evidence-contradicts" == found.value.code
    assert {0: "refused"} == await city.states(order_id)
    assert ("refused", shanghai("2025-09-25 10:00")) == (
        await city.rows("select end_state, ended_at from orders where order_id = $1", order_id)
    )[0]
    assert [("I2", "pool.covers_amount")] == await city.rows("select reason_code, evidence ->> 'path' from refusals")


async def test_a_refusal_without_a_reason_or_with_an_unknown_one(city: City) -> None:
    """Attack 14: nothing is refused in silence."""
    part = (await city.parts(await city.post(0)))[0]["suborder_id"]
    at, by = shanghai("2025-09-25 09:00"), city.clerk(0)

    def saying(code: str, words: str) -> Callable[[Tx], Awaitable[object]]:
        said = decisions.Said(code=code, words=words)
        return lambda tx: decisions.refuse_suborder(tx, part, said, by=by, now=at)

    codes = [await city.refused(saying(*said), by, at) for said in (("", ""), ("ZZ", "不符合要求的客户"), ("I2", "x"))]
    assert ["reason-required", "reason-unknown", "reason-empty"] == codes


async def test_an_offer_above_the_level_waits_for_a_second_person(city: City) -> None:
    """Maker and checker are two people of one branch; what is approved is done in that transaction."""
    await publish(city.db, city.banks[0], approval_level_fen=30 * WAN)
    order_id = await city.post(0)
    part = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await city.contact(part, 0, shanghai("2025-09-25 10:00"))
    at = shanghai("2025-09-26 09:00")

    proposal = await city.offer(part, 0, at)
    assert isinstance(proposal, Proposal)
    same = replace(city.checker(0), person_id=city.clerk(0).person_id)
    own = await city.refused(lambda tx: proposals.approve(tx, proposal.proposal_id, by=same, now=at), same, at)
    before = await city.states(order_id)
    checker = city.checker(0)
    await city.act(lambda tx: proposals.approve(tx, proposal.proposal_id, by=checker, now=at), checker, at)

    assert ("four-eyes", {0: "contacted"}, {0: "offered"}) == (own, before, await city.states(order_id))
    assert [(city.clerk(0).person_id, checker.person_id, 40 * WAN)] == await city.rows(
        "select made_by, checked_by, amount_fen from offers"
    )


async def test_a_waiting_proposal_dies_with_its_suborder(city: City) -> None:
    """Nobody may approve an offer on an order that the firm has taken back."""
    await publish(city.db, city.banks[0], approval_level_fen=30 * WAN)
    order_id = await city.post(0)
    part = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await city.contact(part, 0, shanghai("2025-09-25 10:00"))
    await city.offer(part, 0, shanghai("2025-09-26 09:00"))
    at = shanghai("2025-09-26 10:00")

    await city.act(lambda tx: withdrawals.withdraw_order(tx, order_id, by=city.firm, now=at), city.firm, at)

    assert [("void",)] == await city.rows("select state from proposals where kind = 'loan-offer'")
    assert [("withdrawn",)] == await city.rows("select end_state from orders")
    assert [(0, 0)] == await city.rows(POOL, city.banks[0].bank_id, Q3)


async def test_a_decision_that_comes_too_late_has_lost_its_hold(city: City) -> None:
    """The deadline takes the hold and the place; a later offer holds anew, in the quarter of its own day."""
    order_id = await city.post(0, 1, places=1)
    part = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await city.contact(part, 0, shanghai("2025-09-26 09:00"))

    await city.work(shanghai("2025-10-16 09:00"))
    late = await city.states(order_id)
    held = await city.rows(POOL, city.banks[0].bank_id, Q3)
    await city.offer(part, 0, shanghai("2025-10-16 10:00"))

    assert ({0: "contacted", 1: "pushed"}, [(0, 0)]) == (late, held)
    assert {0: "offered", 1: "pushed"} == await city.states(order_id)
    assert [(0, 0)] == await city.rows(POOL, city.banks[0].bank_id, Q3)
    assert [(40 * WAN, 0)] == await city.rows(POOL, city.banks[0].bank_id, Q4)
    assert [("breached", shanghai("2025-10-16 10:00"))] == await city.rows(
        "select state, stopped_at from clocks where case_id = $1 and kind = 'DECISION'", part
    )
    assert [("expire", shanghai("2025-10-16 00:00"))] == await city.rows(
        "select kind, at from pool_entries where kind = 'expire'"
    )


async def test_a_late_offer_into_an_empty_pool_is_refused(city: City) -> None:
    """What another firm took meanwhile is taken: `quota-exhausted`, not a promise without money."""
    part = (await city.parts(await city.post(0)))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await city.contact(part, 0, shanghai("2025-09-26 09:00"))
    other = await city.post(0, amount_fen=90 * WAN, at=shanghai("2025-10-16 09:00"))
    await city.accept((await city.parts(other))[0]["suborder_id"], 0, shanghai("2025-10-16 09:30"))

    with pytest.raises(Refusal) as found:
        await city.offer(part, 0, shanghai("2025-10-16 10:00"))

    assert "quota-exhausted" == found.value.code


async def test_an_act_that_comes_after_the_deadline_finds_it_fired(city: City) -> None:
    """No worker ran: the act itself fires the clock at its instant, keeps that, and is refused with what is allowed."""
    order_id = await city.post(0)
    part = (await city.parts(order_id))[0]["suborder_id"]

    with pytest.raises(Refusal) as found:
        await city.accept(part, 0, shanghai("2025-09-27 00:00"))

    assert ("wrong-state", [], True) == (found.value.code, found.value.extra["allowed"], found.value.keep)
    assert [("lapsed", "ACCEPT", shanghai("2025-09-27 00:00"))] == await city.rows(
        "select state, cause, ended_at from suborders"
    )
    assert [("unmatched", shanghai("2025-09-27 00:00"))] == await city.rows("select end_state, ended_at from orders")


async def test_a_deadline_is_met_until_the_last_instant_of_its_day(city: City) -> None:
    """Met when earlier than 24:00, breached from then on."""
    part = (await city.parts(await city.post(0)))[0]["suborder_id"]

    await city.accept(part, 0, shanghai("2025-09-26 23:59") + timedelta(seconds=59))

    assert [("met",)] == await city.rows("select state from clocks where kind = 'ACCEPT'")


async def test_a_revoked_consent_ends_that_bank_alone(city: City) -> None:
    """Gate first; then the suborder ends, its money comes back, and a reserve is asked."""
    order_id = await city.post(0, 1, places=1)
    row = (await city.parts(order_id))[0]
    await city.accept(row["suborder_id"], 0, shanghai("2025-09-25 09:00"))
    at = shanghai("2025-09-25 10:00")
    await city.set_clock(at)

    await withdrawals.revoke_consent(city.db, row["consent_id"], order_id, by=city.firm, now=at)

    assert {0: "withdrawn", 1: "pushed"} == await city.states(order_id)
    assert [(0, 0)] == await city.rows(POOL, city.banks[0].bank_id, Q3)
    assert [("revoked",)] == await city.rows("select cause from suborders where suborder_id = $1", row["suborder_id"])


async def test_a_listed_bank_whose_consent_was_revoked_is_never_pushed(city: City) -> None:
    """The reserve's letter was taken back: the place stays free and the order ends unmatched."""
    order_id = await city.post(0, 1, places=1)
    consent_id = await city.value("select consent_id from order_listed where order_id = $1 and position = 2", order_id)
    at = shanghai("2025-09-25 10:00")
    await city.set_clock(at)
    await withdrawals.revoke_consent(city.db, consent_id, order_id, by=city.firm, now=at)

    await city.work(shanghai("2025-09-27 09:00"))

    assert {0: "lapsed"} == await city.states(order_id)
    assert ["unmatched"] == [row[0] for row in await city.rows("select end_state from orders")]


async def test_a_bank_that_does_not_sign_may_be_left(city: City) -> None:
    """From the breach of SIGN on, and not before; the reserve gets its chance."""
    order_id = await city.post(0, 1, places=1)
    part = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await city.contact(part, 0, shanghai("2025-09-25 10:00"))
    await city.offer(part, 0, shanghai("2025-09-26 09:00"))
    await city.pick(part, shanghai("2025-09-26 10:00"))
    early, late = shanghai("2025-09-30 10:00"), shanghai("2025-10-12 10:00")

    def leave(at: datetime) -> Callable[[Tx], Awaitable[object]]:
        return lambda tx: withdrawals.let_go(tx, part, by=city.firm, now=at)

    assert "wrong-state" == await city.refused(leave(early), city.firm, early)
    await city.act(leave(late), city.firm, late)

    assert {0: "lapsed", 1: "pushed"} == await city.states(order_id)
    assert [("running",)] == await city.rows("select state from clocks where kind = 'UNTIL' order by gen desc limit 1")


async def test_what_is_not_drawn_in_time_goes_back(city: City) -> None:
    """The draw period ends by clock: the rest of the hold is free again, the loan runs with what was drawn."""
    order_id = await city.post(0)
    part = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await city.contact(part, 0, shanghai("2025-09-25 10:00"))
    await city.offer(part, 0, shanghai("2025-09-26 09:00"))
    await city.pick(part, shanghai("2025-09-26 10:00"))
    await city.contract(part, 0, shanghai("2025-09-28 10:00"), draw_until_on=date(2025, 10, 31))
    await city.draw(part, 0, shanghai("2025-09-29 10:00"), 15 * WAN)

    await city.work(shanghai("2025-11-01 00:00"))

    assert {0: "serviced"} == await city.states(order_id)
    assert [(0, 15 * WAN)] == await city.rows(POOL, city.banks[0].bank_id, Q3)


async def test_a_draw_counts_once(city: City) -> None:
    """The bank's own mark of a payment: sent again it is told so, and nothing moves."""
    part = (await city.parts(await city.post(0)))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await city.contact(part, 0, shanghai("2025-09-25 10:00"))
    await city.offer(part, 0, shanghai("2025-09-26 09:00"))
    await city.pick(part, shanghai("2025-09-26 10:00"))
    await city.contract(part, 0, shanghai("2025-09-28 10:00"))
    at, by = shanghai("2025-09-29 10:00"), city.clerk(0)

    def pay(tx: Tx) -> Awaitable[object]:
        return payments.pay_out(tx, part, draw_id=UUID(int=9), amount_fen=WAN, paid_on=date(2025, 9, 29), by=by, now=at)

    await city.act(pay, by, at)

    assert "reservation-ended" == await city.refused(pay, by, at)
    assert [(39 * WAN, WAN)] == await city.rows(POOL, city.banks[0].bank_id, Q3)


async def test_another_banks_clerk_sees_no_such_suborder(city: City) -> None:
    """Attack 8: another organisation's id is as good as none."""
    part = (await city.parts(await city.post(0, 1)))[0]["suborder_id"]
    at, stranger = shanghai("2025-09-25 09:00"), city.clerk(1)

    code = await city.refused(lambda tx: acceptances.accept_suborder(tx, part, by=stranger, now=at), stranger, at)

    assert "not-found" == code


async def test_fifty_firms_race_for_one_pool_and_those_that_fit_get_it(city: City) -> None:
    """Attack 10, with accepts: 100 万 in the pool, 30 万 each: three get it, whatever the order of arrival."""
    at = shanghai("2025-09-25 09:00")
    parts = [(await city.parts(await city.post(0, amount_fen=30 * WAN)))[0]["suborder_id"] for _ in range(8)]
    by = city.clerk(0)
    await city.set_clock(at)

    async def accept(part: UUID) -> str:
        try:
            async with city.db.transaction(Role.ACT, Scope(by.org_id, by.person_id, by.branch_id)) as tx:
                await acceptances.accept_suborder(tx, part, by=by, now=at)
        except Refusal as refusal:
            return refusal.code
        return "accepted"

    answers = Counter(await asyncio.gather(*(accept(part) for part in parts)))

    assert {"accepted": 3, "quota-exhausted": 5} == answers
    assert [(90 * WAN, 0)] == await city.rows(POOL, city.banks[0].bank_id, Q3)


async def test_postgresql_refuses_a_move_that_is_not_in_the_table(city: City, admin: asyncpg.Connection) -> None:
    """The rule is asked first; the foreign key is the second judge."""
    part = (await city.parts(await city.post(0)))[0]["suborder_id"]

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await admin.execute(
            "insert into suborder_moves (suborder_id, order_id, business_id, bank_id, branch_id, from_state, act,"
            " to_state, at, recorded_at, cause) select suborder_id, order_id, business_id, bank_id, branch_id,"
            " 'pushed', 'offer', 'offered', now(), now(), '' from suborders where suborder_id = $1",
            part,
        )


async def test_postgresql_holds_the_same_table_as_the_rule(db: Database) -> None:
    """Two copies of one truth, held together here."""
    async with db.reading(Role.REPORTER) as tx:
        rows = await tx.fetch("select from_state, act, to_state from suborder_transitions")

    assert {tuple(map(str, row)) for row in TRANSITIONS} == {tuple(row) for row in rows}


async def test_history_can_be_added_to_and_nothing_else(city: City) -> None:
    """No role of the application may change or take away a move."""
    order_id = await city.post(0)

    for role in (Role.ACT, Role.WORKER, Role.BANK):
        for verb in ("update suborder_moves set cause = 'x'", "delete from suborder_moves"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with city.db.transaction(role, Scope(city.firm.org_id, case_id=order_id)) as tx:
                    await tx.execute(verb)


async def two_offers(city: City) -> tuple[UUID, list[UUID]]:
    """An order on which two banks have made an offer."""
    order_id = await city.post(0, 1)
    parts = [row["suborder_id"] for _, row in sorted((await city.parts(order_id)).items())]
    for n, part in enumerate(parts):
        await city.accept(part, n, shanghai("2025-09-25 09:00"))
        await city.contact(part, n, shanghai("2025-09-25 10:00"))
        await city.offer(part, n, shanghai("2025-09-26 09:00"))
    return order_id, parts


async def at_once(city: City, at: datetime, *acts: Callable[[Tx], Awaitable[object]]) -> list[str]:
    """Several acts of the firm in the same instant; the code of each answer."""
    firm = city.firm
    await city.set_clock(at)

    async def one(command: Callable[[Tx], Awaitable[object]]) -> str:
        try:
            async with city.db.transaction(Role.ACT, Scope(firm.org_id, firm.person_id)) as tx:
                await command(tx)
        except Refusal as refusal:
            return refusal.code
        return "done"

    return list(await asyncio.gather(*(one(command) for command in acts)))


async def test_of_two_picks_at_once_one_wins(city: City) -> None:
    """The order's lock makes the second look at what the first has done: it is refused, and nothing breaks."""
    for _ in range(5):
        order_id, parts = await two_offers(city)
        at = shanghai("2025-09-26 10:00")

        answers = await at_once(
            city, at, *(partial(decisions.pick_offer, suborder_id=part, by=city.firm, now=at) for part in parts)
        )

        assert ["done", "wrong-state"] == sorted(answers)
        assert ["passed_over", "picked"] == sorted((await city.states(order_id)).values())
        await city.act(partial(withdrawals.withdraw_order, order_id=order_id, by=city.firm, now=at), city.firm, at)


async def test_an_act_and_the_worker_at_once_fire_a_clock_once(city: City) -> None:
    """Whoever comes first under the order's lock fires it; the other finds it fired."""
    for n in range(5):
        order_id = await city.post(0)
        part = (await city.parts(order_id))[0]["suborder_id"]
        by, at = city.clerk(0), shanghai("2025-09-27 00:00")
        await city.set_clock(at)

        accept = partial(acceptances.accept_suborder, suborder_id=part, by=by, now=at)
        answers = await asyncio.gather(
            city.refused(accept, by, at), orders.sweep(city.db, at), orders.sweep(city.db, at)
        )

        assert "wrong-state" == answers[0]
        assert [(1,)] == await city.rows(
            "select count(*) from suborder_moves where suborder_id = $1 and act = 'breach'", part
        ), n


async def test_an_order_is_posted_only_under_its_own_letters(city: City) -> None:
    """A letter for another order, or for another bank, opens nothing here."""
    other_order, order_id = new_id(), new_id()
    for_other_order = await city.sign(other_order, 0, POSTED)
    for_other_bank = await city.sign(order_id, 1, POSTED)
    draft = orders.Draft(
        order_id=order_id, amount_fen=50 * WAN, term_months=12, purpose="原材料", collateral="none",
        district_code=None, until_on=date(2025, 11, 20), places=1,
    )  # fmt: skip
    bank, firm = city.banks[0], city.firm

    codes = []
    for consent_id in (for_other_order, for_other_bank, new_id()):
        pick = orders.Pick(bank.branch_id, bank.product_id, consent_id)
        post = partial(orders.post_order, draft=draft, picks=[pick], by=firm, now=POSTED)
        codes.append(await city.refused(post, firm, POSTED))

    assert ["consent-missing"] * 3 == codes


async def test_an_order_that_is_being_withdrawn_is_not_pushed_beside_it(city: City) -> None:
    """No suborder exists to meet at, so only the order's own lock can make the worker wait and look again."""
    draft = orders.Draft(
        order_id=new_id(), amount_fen=50 * WAN, term_months=12, purpose="原材料", collateral="none",
        district_code=None, until_on=date(2025, 11, 20), places=1,
    )  # fmt: skip
    firm, bank = city.firm, city.banks[0]
    pick = orders.Pick(bank.branch_id, bank.product_id, await city.sign(draft.order_id, 0, POSTED))
    await city.act(partial(orders.post_order, draft=draft, picks=[pick], by=firm, now=POSTED), firm, POSTED)

    async with city.db.transaction(Role.ACT, Scope(firm.org_id, firm.person_id)) as tx:
        await withdrawals.withdraw_order(tx, draft.order_id, by=firm, now=POSTED)
        pushing = asyncio.create_task(city.work(POSTED))
        await asyncio.sleep(0.3)
    await pushing

    assert ({}, [("withdrawn",)]) == (
        await city.states(draft.order_id),
        await city.rows("select end_state from orders"),
    )
