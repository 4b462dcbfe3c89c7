"""Renewal, deferral, recommended and agri orders: each on the published lists of its own type."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import orders, parties, recommendations
from app.market.orders.rules.loans import LoanType
from app.market.orders.service import lending, moving
from app.replay.service import replay_in
from tests.market.orders.conftest import WAN, City, publish
from tests.market.orders.test_lending_service import serviced, tell
from tests.market.parties.world import open_pool, product
from tests.support import shanghai

LATER = shanghai("2026-03-10 10:00")
CLOCKS = "select kind, due_on, owner, state from clocks where case_id = $1 order by started_at, kind"


async def shelve(city: City, loan_type: LoanType, n: int = 0) -> int:
    """A product of that type with a list of the bank's branch, and no pool; where it stands among the banks."""
    bank = city.banks[n]
    async with city.db.transaction(Role.WORKER) as tx:
        made = await parties.shelf.add_product(
            tx, product(bank.bank_id, code=f"XY-{loan_type.upper()}", loan_type=loan_type.value)
        )
    city.banks.append(replace(bank, product_id=made.product_id))
    await publish(city.db, city.banks[-1])
    return len(city.banks) - 1


async def post(city: City, n: int, loan_type: LoanType, of: UUID | None, **changed: Any) -> UUID:
    asked: dict[str, Any] = {
        "loan_type": loan_type, "of_suborder_id": of, "until_on": date(2026, 5, 20), "at": LATER, "places": 1,
    }  # fmt: skip
    return await city.post(n, **asked | changed)


async def test_a_deferral_puts_a_new_schedule_on_its_loan_and_takes_no_money(city: City) -> None:
    """It is accepted without a pool, decided in seven workdays, and over when its agreement is signed."""
    loan = await serviced(city)
    n = await shelve(city, LoanType.DEFERRAL)
    await tell(city, "overdue", loan, shanghai("2026-03-09 10:00"), amount_fen=40 * WAN)
    order_id = await post(city, n, LoanType.DEFERRAL, loan, amount_fen=40 * WAN)
    part = (await city.parts(order_id))[n]["suborder_id"]
    by = city.clerk(n)

    await city.accept(part, n, shanghai("2026-03-11 09:00"))
    decision = [row for row in await city.rows(CLOCKS, part) if row[0] == "DECISION"]
    await city.contact(part, n, shanghai("2026-03-11 11:00"))
    await city.offer(part, n, shanghai("2026-03-12 09:00"), term_months=18)
    await city.pick(part, shanghai("2026-03-12 15:00"))
    at = shanghai("2026-03-13 10:00")
    await city.act(
        lambda tx: lending.agree_deferral(
            tx, part, agreement_no="XY-D-1", signed_on=date(2026, 3, 13), by=by, now=at
        ), by, at,
    )  # fmt: skip

    assert [("DECISION", date(2026, 3, 20), "bank", "running")] == decision
    assert {"settled"} == {row["state"] for row in (await city.parts(order_id)).values()}
    assert [] == await city.rows("select 1 from reservations where suborder_id = $1", part)
    async with city.db.reading(Role.REPORTER) as tx:
        row = await tx.row("select * from suborders where suborder_id = $1", loan)
        assert row is not None
        seen = await lending.loan_of(tx, row)
        replayed = await replay_in(tx, as_of=tx.now)
    assert seen is not None
    assert (date(2027, 9, 13), 0, 40 * WAN) == (seen.loan.ends_on, seen.loan.overdue_fen, seen.outstanding_fen)
    assert (date(2026, 4, 13), 18) == (seen.schedule[0].on, len(seen.schedule))
    assert () == replayed.differences
    money = {r.figure: r.value for r in replayed.rows if r.by == "all" and r.figure.endswith("_fen")}
    assert (40 * WAN, 40 * WAN, 40 * WAN) == (
        money["granted_fen"], money["deferred_fen"], money["outstanding_fen"],
    )  # fmt: skip


async def test_a_renewal_goes_to_the_loans_bank_only(city: City) -> None:
    """Other banks' lists of renewals are of no use: the loan is this bank's."""
    loan = await serviced(city)
    mine, other = await shelve(city, LoanType.RENEWAL), await shelve(city, LoanType.RENEWAL, 1)
    draft = orders.Draft(
        order_id=new_id(), amount_fen=40 * WAN, term_months=12, purpose="原材料", collateral="none",
        district_code="500103", until_on=date(2026, 5, 20), places=1, loan_type=LoanType.RENEWAL, of_suborder_id=loan,
    )  # fmt: skip
    await city.set_clock(LATER)

    async with city.db.reading(Role.BUSINESS, Scope(city.firm.org_id, city.firm.person_id)) as tx:
        found = await orders.postings.match(tx, draft, now=LATER)
    with pytest.raises(Refusal) as refused:
        await post(city, other, LoanType.RENEWAL, loan)
    order_id = await post(city, mine, LoanType.RENEWAL, loan)

    assert [city.banks[mine].product_id] == [one.listing.product.product_id for one in found]
    assert "no-match" == refused.value.code
    assert [("renewal", loan)] == await city.rows(
        "select loan_type, of_suborder_id from suborders where order_id = $1", order_id
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"of": new_id()}, "not-found"),
        ({"of": None}, "not-found"),
        ({"amount_fen": 39 * WAN}, "amount-out-of-range"),
        ({"places": 2}, "terms-out-of-range"),
    ],
)
async def test_what_a_deferral_asks_for_is_the_whole_of_ones_own_loan(
    city: City, changed: dict[str, Any], code: str
) -> None:
    """Anything else would put a schedule on money that is not owed."""
    loan = await serviced(city)
    n = await shelve(city, LoanType.DEFERRAL)
    asked: dict[str, Any] = {"of": loan, "amount_fen": 40 * WAN} | changed

    with pytest.raises(Refusal) as refused:
        await post(city, n, LoanType.DEFERRAL, **asked)

    assert code == refused.value.code


async def test_the_same_is_asked_of_a_loan_once_and_not_of_a_settled_one(city: City) -> None:
    """Two schedules for one loan would leave nobody knowing which holds."""
    loan = await serviced(city)
    n = await shelve(city, LoanType.DEFERRAL)
    await post(city, n, LoanType.DEFERRAL, loan, amount_fen=40 * WAN)

    with pytest.raises(Refusal) as twice:
        await post(city, n, LoanType.DEFERRAL, loan, amount_fen=40 * WAN)
    await tell(city, "repayment", loan, LATER, amount_fen=40 * WAN)
    m = await shelve(city, LoanType.RENEWAL)
    with pytest.raises(Refusal) as repaid:
        await post(city, m, LoanType.RENEWAL, loan)

    assert ("already-exists", "wrong-state") == (twice.value.code, repaid.value.code)


async def test_a_deferral_of_a_loan_that_was_settled_meanwhile_cannot_be_agreed(city: City) -> None:
    """The loan is read under its own lock at the moment of the agreement."""
    loan = await serviced(city)
    n = await shelve(city, LoanType.DEFERRAL)
    order_id = await post(city, n, LoanType.DEFERRAL, loan, amount_fen=40 * WAN)
    part, by = (await city.parts(order_id))[n]["suborder_id"], city.clerk(n)
    await city.accept(part, n, shanghai("2026-03-11 09:00"))
    await city.contact(part, n, shanghai("2026-03-11 11:00"))
    await city.offer(part, n, shanghai("2026-03-12 09:00"))
    await city.pick(part, shanghai("2026-03-12 15:00"))
    at = shanghai("2026-03-13 10:00")
    await tell(city, "repayment", loan, at, amount_fen=WAN)

    code = await city.refused(
        lambda tx: lending.agree_deferral(tx, part, agreement_no="XY-D-2", signed_on=date(2026, 3, 13), by=by, now=at),
        by, at,
    )  # fmt: skip

    assert "amount-out-of-range" == code


async def recommend(city: City, at: Any) -> None:
    head = ",".join(["统一社会信用代码", *recommendations.CRITERIA.values()])
    operator = Seat(new_id(), new_id(), SeatRole.REGULATOR)
    await city.set_clock(at)
    async with city.db.transaction(Role.REGULATOR, Scope(operator.org_id, operator.person_id)) as tx:
        row = f"{city.subject.uscc},是,是,是,是,是"
        assert 1 == await recommendations.import_list(tx, f"{head}\n{row}\n", by=operator, now=at)


async def test_a_recommended_firm_is_answered_within_a_month_of_the_recommendation(city: City) -> None:
    """The month began before there was an order; the bank is shown where the firm comes from."""
    n = await shelve(city, LoanType.RECOMMENDED)
    with pytest.raises(Refusal) as before:
        await post(city, n, LoanType.RECOMMENDED, None)
    await recommend(city, shanghai("2026-03-02 10:00"))
    await outbox.drain(city.db)
    async with city.db.reading(Role.WORKER) as tx:
        assert 1 == await tx.value("select count(*) from messages where kind = 'firm.recommended'")

    order_id = await post(city, n, LoanType.RECOMMENDED, None)

    part = (await city.parts(order_id))[n]
    clocks = {row[0]: row[1:] for row in await city.rows(CLOCKS, part["suborder_id"])}
    assert "no-match" == before.value.code
    assert (date(2026, 4, 2), "bank", "running") == clocks["RECOMMENDED"]
    assert shanghai("2026-03-02 10:00") == part["recommended_at"]
    with pytest.raises(Refusal):
        await post(city, n, LoanType.RECOMMENDED, None, at=shanghai("2026-03-16 10:00") + timedelta(hours=1))


async def test_agri_loans_are_for_agricultural_subjects(city: City) -> None:
    """The kind of the subject decides, not what it says of itself."""
    n = await shelve(city, LoanType.AGRI)

    with pytest.raises(Refusal) as firm:
        await post(city, n, LoanType.AGRI, None)
    async with city.db.transaction(Role.LOADER) as tx:
        await tx.execute("update subjects set kind = 'COOP' where subject_id = $1", city.subject.subject_id)
    order_id = await post(city, n, LoanType.AGRI, None)

    assert "no-match" == firm.value.code
    assert ["agri"] == [row["loan_type"] for row in (await city.parts(order_id)).values()]


async def test_a_deferral_that_is_not_decided_in_seven_workdays_is_late_by_both_reckonings(city: City) -> None:
    """The shorter promise is a dated rule of the type; the replay reads the same document and counts by itself."""
    loan = await serviced(city)
    n = await shelve(city, LoanType.DEFERRAL)
    order_id = await post(city, n, LoanType.DEFERRAL, loan, amount_fen=40 * WAN)
    part = (await city.parts(order_id))[n]["suborder_id"]
    await city.accept(part, n, shanghai("2026-03-11 09:00"))
    await city.contact(part, n, shanghai("2026-03-11 11:00"))

    await city.work(shanghai("2026-03-21 09:00"))

    async with city.db.reading(Role.REPORTER) as tx:
        replayed = await replay_in(tx, as_of=tx.now)
    assert ["DECISION"] == (await city.parts(order_id))[n]["breached"]
    assert () == replayed.differences
    assert (0, 1) == next(
        (r.value, r.of) for r in replayed.rows if (r.by, r.key, r.figure) == ("type", "deferral", "decided_in_time")
    )


async def test_a_bank_that_is_asked_after_the_month_owes_no_more_of_it(city: City) -> None:
    """A reserve cannot answer for the time that another bank used up."""
    first, reserve = [await shelve(city, LoanType.RECOMMENDED, n) for n in (0, 1)]
    for n in (first, reserve):
        await open_pool(city.db, city.banks[n], 100 * WAN, date(2026, 1, 1))
    await recommend(city, shanghai("2026-03-02 10:00"))
    order_id = await city.post(
        first, reserve, at=LATER, loan_type=LoanType.RECOMMENDED, places=1, until_on=date(2026, 5, 20)
    )
    ((n, row),) = (await city.parts(order_id)).items()
    await city.accept(row["suborder_id"], n, shanghai("2026-03-11 09:00"))
    await city.contact(row["suborder_id"], n, shanghai("2026-03-11 11:00"))
    await city.offer(row["suborder_id"], n, shanghai("2026-03-20 09:00"))

    await city.work(shanghai("2026-04-08 09:00"))

    late = (await city.parts(order_id))[first + reserve - n]
    states = {kind: state for kind, _, _, state in await city.rows(CLOCKS, late["suborder_id"])}
    assert ("pushed", []) == (late["state"], late["breached"])
    assert {"ACCEPT": "running", "RECOMMENDED": "void"} == states


async def test_the_month_of_a_recommended_firm_goes_on_at_another_branch(city: City) -> None:
    """A move neither starts it anew nor loses it."""
    n = await shelve(city, LoanType.RECOMMENDED)
    bank, other = city.banks[n], replace(city.banks[n], branch_id=new_id())
    async with city.db.transaction(Role.OPS) as tx:
        opened = parties.Branch(other.branch_id, bank.bank_id, "样品乙支行", None, None, None, date(2022, 3, 1), None)
        await parties.outlets.open_branch(tx, opened)
    for one in (bank, other):
        await open_pool(city.db, one, 100 * WAN, date(2026, 1, 1))
    await publish(city.db, other)
    await recommend(city, shanghai("2026-03-02 10:00"))
    order_id = await post(city, n, LoanType.RECOMMENDED, None)
    part, by, at = (await city.parts(order_id))[n]["suborder_id"], city.clerk(n), shanghai("2026-03-11 09:00")

    moved = await city.act(
        lambda tx: moving.reassign_suborder(tx, part, branch_id=other.branch_id, by=by, now=at), by, at
    )

    running = "select kind, due_on from clocks where case_id = $1 and state = 'running' and kind = 'RECOMMENDED'"
    assert [("RECOMMENDED", date(2026, 4, 2))] == await city.rows(running, moved)
