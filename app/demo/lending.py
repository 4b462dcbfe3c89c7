"""What happens to the city's loans after they are paid out, and the orders that follow from them.

Part of living the past (`demo.past`): repayments, overdue sums, settled loans; renewals and deferrals of loans that
run, orders of recommended firms and of cooperatives.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, Protocol
from uuid import UUID

from app.access.seats import Seat
from app.demo.city import WAN, City, Firm
from app.demo.plans import Plan
from app.infra.db import Database, Role, Scope, Tx
from app.kernel.clock import shanghai_date
from app.market import recommendations
from app.market.orders import Draft
from app.market.orders.rules.loans import OF_A_LOAN, LoanType
from app.market.orders.service import lending
from app.market.orders.service.lending import EntryKind, Told

LOANS: Final = """
select s.suborder_id, s.business_id, s.purpose, s.collateral, s.district_code,
       s.paid_fen - coalesce((select sum(e.amount_fen) from orders_v_loan_entries e
                               where e.suborder_id = s.suborder_id and e.kind in ('repayment', 'settlement')), 0)
         as owed_fen
  from orders_v_suborders s
 where s.state = 'serviced' and s.loan_type = 'new'
   and not exists (select 1 from orders_v_orders o where o.of_suborder_id = s.suborder_id)
 order by s.picked_at, s.suborder_id
"""
Command = Callable[[Tx], Awaitable[Any]]


class Living(Protocol):
    """What the past lends to these deeds."""

    db: Database
    city: City
    seats: Mapping[str, Seat]
    _now: datetime | None

    async def _may(self, seat: Seat, what: str, command: Command) -> bool: ...
    async def _part(self, running: Any, who: UUID) -> Mapping[str, Any]: ...


async def owed_of(living: Living, who: UUID) -> int:
    """What a loan still owes, in fen."""
    async with living.db.reading(Role.REPORTER) as tx:
        row = await tx.row("select suborder_id, paid_fen from orders_v_suborders where suborder_id = $1", who)
        assert row is not None
        loan = await lending.loan_of(tx, row)
    return 0 if loan is None else loan.outstanding_fen


async def tell(living: Living, clerk: Seat, who: UUID, act: str, dice: Random) -> bool:
    """One line of a loan's ledger: `repay` a part, `repay_all`, mark `overdue` a part, or `settle`."""
    assert living._now is not None
    owed, on = await owed_of(living, who), shanghai_date(living._now)
    kinds = {
        "repay": (EntryKind.REPAYMENT, max(owed // 6 // WAN, 1) * WAN, "已还本"),
        "repay_all": (EntryKind.REPAYMENT, owed, "已还清"),
        "overdue": (EntryKind.OVERDUE, max(owed // 6 // WAN, 1) * WAN, "已标记逾期"),
        "settle": (EntryKind.SETTLEMENT, 0, "已结清"),
    }
    kind, amount_fen, what = kinds[act]
    told = Told(kind=kind, entry_id=UUID(int=dice.getrandbits(128)), on=on, amount_fen=min(amount_fen, owed))
    return await living._may(clerk, what, lambda tx: lending.tell_loan(tx, who, told, by=clerk, now=tx.now))


async def agree(living: Living, clerk: Seat, who: UUID, number: int) -> bool:
    """The written agreement of a deferral."""
    assert living._now is not None
    on = shanghai_date(living._now)
    return await living._may(
        clerk, "已签延期协议",
        lambda tx: lending.agree_deferral(
            tx, who, agreement_no=f"YQ-{on:%y%m}-{number:04d}", signed_on=on, by=clerk, now=tx.now
        ),
    )  # fmt: skip


async def asked_of(living: Living, plan: Plan, order_id: UUID) -> tuple[Firm, Seat, Draft] | None:
    """Who posts a plan, and what; None when no loan is there to be renewed or deferred."""
    loan_type = LoanType(plan.loan_type)
    firm, on = living.city.firms[plan.firm], shanghai_date(plan.posted_at)
    loan: Mapping[str, Any] | None = None
    if loan_type in OF_A_LOAN:
        async with living.db.reading(Role.REPORTER) as tx:
            loans = [dict(row) for row in await tx.fetch(LOANS)]
        loan = next((row for row in loans if row["owed_fen"] >= 5 * WAN), None)
        if loan is None:
            return None
        firm = next(one for one in living.city.firms if living.seats[one.login].org_id == loan["business_id"])
    if loan_type is LoanType.RECOMMENDED:
        await recommend(living, firm)
    return firm, living.seats[firm.login], _draft(plan, order_id, firm, loan_type, loan, on)


def _draft(
    plan: Plan, order_id: UUID, firm: Firm, loan_type: LoanType, loan: Mapping[str, Any] | None, on: date
) -> Draft:
    owed = plan.amount_fen if loan is None else int(loan["owed_fen"])
    return Draft(
        order_id=order_id, amount_fen=owed if loan_type is LoanType.DEFERRAL else min(plan.amount_fen, max(owed, WAN)),
        term_months=plan.term_months, purpose=plan.purpose, collateral="none", district_code=firm.district_code,
        until_on=on + timedelta(days=60), places=1 if loan is not None else plan.places, loan_type=loan_type,
        of_suborder_id=None if loan is None else loan["suborder_id"],
    )  # fmt: skip


async def recommend(living: Living, firm: Firm) -> None:
    """The regulator's list of a visit, with this firm on it."""
    seat = living.seats["regulator"]
    head = ",".join(["统一社会信用代码", *recommendations.CRITERIA.values()])
    row = ",".join([firm.uscc, *["是"] * len(recommendations.CRITERIA)])
    async with living.db.transaction(Role.REGULATOR, Scope(seat.org_id, seat.person_id)) as tx:
        await recommendations.import_list(tx, f"{head}\n{row}", by=seat, now=tx.now)
