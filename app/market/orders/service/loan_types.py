"""Which type of loan a firm may ask for: what each needs beside the published lists, when it is posted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.access.seats import Seat
from app.credit import subjects
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import recommendations
from app.market.orders import store
from app.market.orders.rules.loans import OF_A_LOAN, LoanType
from app.market.orders.rules.states import State
from app.market.orders.service import acting
from app.market.orders.service.lending import lending_on
from app.market.orders.store import lending as lending_store


class Asked(Protocol):
    """What of a draft says its type."""

    @property
    def order_id(self) -> UUID: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def places(self) -> int: ...
    @property
    def loan_type(self) -> LoanType: ...
    @property
    def of_suborder_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Typed:
    """What a type binds an order to: the one bank that may be asked with the loan's order, and since when a firm was
    recommended.
    """

    bank_id: UUID | None = None
    of_order_id: UUID | None = None
    recommended_at: datetime | None = None


async def bank_of_loan(tx: ReadTx, draft: Asked) -> UUID | None:
    """The only bank that may be asked, for a type that points to a loan; else None. Refuses `not-found`."""
    if draft.loan_type not in OF_A_LOAN:
        return None
    row = None if draft.of_suborder_id is None else await store.read_suborder(tx, draft.of_suborder_id)
    if row is None:
        raise Refusal("not-found", "没有这笔贷款")
    bank_id: UUID = row["bank_id"]
    return bank_id


async def check_type(tx: Tx, draft: Asked, subject_id: UUID, *, by: Seat, now: datetime) -> Typed:
    """What the type needs, on the day of posting. The loan that it points to is locked until the order stands.

    Refuses `no-match` for a type that the firm may not ask for, `not-found`, `wrong-state` for a loan that owes nothing
    or runs not yet, `already-exists` when the same is asked of it already, `terms-out-of-range`, and
    `amount-out-of-range` for a deferral of another sum than is owed.
    """
    lending = await lending_on(tx, shanghai_date(now))
    match draft.loan_type:
        case LoanType.AGRI:
            if (await subjects.get(tx, subject_id)).kind.value not in lending.agri_kinds:
                raise Refusal("no-match", "三农贷款面向农民专业合作社、农户和农村集体经济组织")
        case LoanType.RECOMMENDED:
            found = await recommendations.live_of(tx, subject_id, now=now, days=lending.recommended_days)
            if found is None:
                raise Refusal("no-match", "企业不在推荐清单上，或推荐已过期")
            return Typed(recommended_at=found.recommended_at)
        case LoanType.RENEWAL | LoanType.DEFERRAL:
            return await _check_loan(tx, draft, by=by, now=now)
        case LoanType.NEW:
            pass
    if draft.of_suborder_id is not None:
        raise Refusal("terms-out-of-range", "只有续贷和延期才指向一笔贷款")
    return Typed()


async def _check_loan(tx: Tx, draft: Asked, *, by: Seat, now: datetime) -> Typed:
    bank_id = await bank_of_loan(tx, draft)
    assert bank_id is not None
    assert draft.of_suborder_id is not None
    loan_order_id = await store.find_order_of(tx, draft.of_suborder_id)
    if loan_order_id is None:
        raise Refusal("not-found", "没有这笔贷款")
    await acting.narrow(tx, loan_order_id)
    entered = await acting.enter(tx, loan_order_id, now=now)
    part = entered.part(draft.of_suborder_id, by)
    await acting.narrow(tx, draft.order_id)
    if part.state is not State.SERVICED or part.outstanding_fen == 0:
        raise Refusal("wrong-state", "这笔贷款还没有放款完毕，或已经还清")
    if await lending_store.find_asked(tx, part.suborder_id, draft.loan_type.value) is not None:
        raise Refusal("already-exists", "这笔贷款已有同样的申请正在办理")
    if draft.places != 1:
        raise Refusal("terms-out-of-range", "续贷和延期只向原贷款银行申请", most=1)
    if draft.loan_type is LoanType.DEFERRAL and draft.amount_fen != part.outstanding_fen:
        raise Refusal("amount-out-of-range", "延期的金额是这笔贷款的全部余额")
    return Typed(bank_id, loan_order_id)
