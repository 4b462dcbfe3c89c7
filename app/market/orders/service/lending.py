"""A loan after signing: repaid, extended, marked overdue, settled; and a deferral agreed.

The state stays until `settle`; what is owed is a fold of draws and entries. A deferral is agreed under two locks, its
own order first and then that of its loan, so that what the loan owes cannot change meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from app.access.seats import Seat
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.workdays import month_later
from app.market.orders import rules, store
from app.market.orders.rules import facts
from app.market.orders.rules.cost import Repayment
from app.market.orders.rules.loans import Lending, latest_extension
from app.market.orders.rules.schedule import Instalment, schedule_of
from app.market.orders.rules.states import LENT, State
from app.market.orders.schemas import read_lending
from app.market.orders.service import acting
from app.market.orders.store import lending as lending_store
from app.office import policies

POLICY: Final = ("lending", "terms")


async def lending_on(tx: ReadTx, on: date) -> Lending:
    """What differs by type of loan, by the edition in force on a day; refused (`policy-missing`) when there is none."""
    version = await policies.version_in_force(tx, *POLICY, on)
    kept: dict[int, Lending] = tx.shared.setdefault("orders.lending", {})
    if version not in kept:
        kept[version] = read_lending((await policies.get_version(tx, *POLICY, version)).body)
    return kept[version]


class EntryKind(StrEnum):
    """What a branch tells of a loan; a deferral is told by its own agreement."""

    REPAYMENT = "repayment"
    EXTENSION = "extension"
    OVERDUE = "overdue"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line of a loan's ledger as the branch tells it; the bank names it, so that it never counts twice.

    `on` is the day on which money came back, the extension was agreed, the loan was due or was settled. `until_on` is
    the new last day of an extension; `reason` says why what is still owed is written off.
    """

    kind: EntryKind
    entry_id: UUID
    on: date
    amount_fen: int = 0
    until_on: date | None = None
    reason: str = ""


async def tell_loan(tx: Tx, suborder_id: UUID, told: Told, *, by: Seat, now: datetime) -> UUID:
    """Record a repayment, an extension, what is overdue, or the end of a loan. Nothing leaves the end.

    Refuses `amount-out-of-range`, `bad-time`, `terms-out-of-range`, `already-exists` for a mark that was used before.
    """
    entered, part = await _enter(tx, suborder_id, by, now)
    await acting.decide(tx, entered, await _command(tx, part, told, now), by=by)
    amount_fen, reason = told.amount_fen, ""
    if told.kind is EntryKind.SETTLEMENT:
        amount_fen = part.outstanding_fen
        reason = told.reason.strip() if amount_fen else ""
    until_on = told.until_on if told.kind is EntryKind.EXTENSION else None
    await _append(
        tx, entered, part, told.entry_id, told.kind.value, amount_fen, told.on, by=by, reason=reason, until_on=until_on
    )
    return told.entry_id


async def weigh(tx: Tx, suborder_id: UUID, told: Told, *, by: Seat, now: datetime) -> facts.Refused | None:
    """Why a line would not be taken, judged exactly as when it is told; None when it would. Nothing is written."""
    entered, part = await _enter(tx, suborder_id, by, now)
    answer = rules.judge(entered.case, await _command(tx, part, told, now), now)
    return answer if isinstance(answer, facts.Refused) else None


async def _command(tx: ReadTx, part: facts.Part, told: Told, now: datetime) -> facts.LoanCommand:
    who, today = part.suborder_id, shanghai_date(now)
    match told.kind:
        case EntryKind.REPAYMENT:
            return facts.Repay(who, told.entry_id, told.amount_fen, told.on, today)
        case EntryKind.EXTENSION:
            until_on = told.until_on or told.on
            latest_on = await latest_day(tx, part.loan, today) or until_on
            return facts.Extend(who, told.entry_id, told.amount_fen, told.on, until_on, latest_on, today)
        case EntryKind.OVERDUE:
            return facts.MarkOverdue(who, told.entry_id, told.amount_fen, told.on, today)
        case EntryKind.SETTLEMENT:
            words_min = (await lending_on(tx, today)).write_off_words_min
            return facts.Settle(who, told.entry_id, told.on, told.reason, words_min, today)


async def agree_deferral(
    tx: Tx, suborder_id: UUID, *, agreement_no: str, signed_on: date, by: Seat, now: datetime
) -> UUID:
    """A deferral that the firm picked is signed: its schedule stands on the loan from that day on, and it is over.

    Refuses `wrong-state` when the loan is settled meanwhile, `amount-out-of-range` when it owes less than is deferred.
    """
    entered, part = await _enter(tx, suborder_id, by, now)
    loan_id, loan_order_id = entered.order["of_suborder_id"], entered.order["of_order_id"]
    offer = await store.read_offer(tx, suborder_id)
    if loan_id is None or offer is None or part.state is not State.PICKED:
        raise acting.refusal_of(facts.Refused("wrong-state"), kept=entered.fired)
    today = shanghai_date(now)
    until_on = month_later(min(signed_on, today), offer["term_months"])  # A day ahead is refused by the rule.
    await acting.narrow(tx, loan_order_id)
    lent = await acting.enter(tx, loan_order_id, now=now)
    loan = lent.case.part(loan_id)
    if loan.state not in LENT:
        raise Refusal("wrong-state", "原贷款已结清，不能再延期")
    await acting.narrow(tx, entered.case.order_id)
    agreed = facts.Reschedule(suborder_id, signed_on, loan.outstanding_fen, until_on, today, loan.loan.ends_on)
    await acting.decide(tx, entered, agreed, by=by)
    await _insert_agreement(tx, entered, part, agreement_no, signed_on)
    await acting.narrow(tx, loan_order_id)
    entry_id = new_id()
    command = facts.Defer(loan_id, entry_id, part.offered_fen, signed_on, until_on, suborder_id)
    await acting.decide(tx, lent, command, by=by)
    terms = {name: offer[name] for name in ("rate_ppm", "term_months", "repayment")}
    await _append(
        tx, lent, loan, entry_id, "deferral", part.offered_fen, signed_on, by=by, until_on=until_on, terms=terms,
        by_suborder_id=suborder_id,
    )  # fmt: skip
    await acting.narrow(tx, entered.case.order_id)
    return suborder_id


async def _insert_agreement(
    tx: Tx, entered: acting.Entered, part: facts.Part, agreement_no: str, signed_on: date
) -> None:
    """The agreement stands among the bank's contracts; nothing is drawn under it."""
    row = {
        "contract_no": agreement_no, "signed_on": signed_on, "amount_fen": part.offered_fen,
        "draw_until_on": signed_on, "recorded_at": entered.now,
    }  # fmt: skip
    try:
        await store.insert_child(tx, "contracts", entered.case, part, row)
    except asyncpg.UniqueViolationError:
        raise Refusal("already-exists", "该合同编号已登记") from None


async def latest_day(tx: ReadTx, loan: facts.Loan, on: date) -> date | None:
    """The last day to which a loan may be extended; None before its first draw."""
    if loan.starts_on is None or loan.term_ends_on is None:
        return None
    return latest_extension(await lending_on(tx, on), loan.starts_on, loan.term_ends_on)


async def _enter(tx: Tx, suborder_id: UUID, by: Seat, now: datetime) -> tuple[acting.Entered, facts.Part]:
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    return entered, entered.part(suborder_id, by)


async def _append(
    tx: Tx, entered: acting.Entered, part: facts.Part, entry_id: UUID, kind: str, amount_fen: int, told_on: date, *,
    by: Seat, **more: object,
) -> None:  # fmt: skip
    columns = {
        "entry_id": entry_id, "kind": kind, "amount_fen": amount_fen, "told_on": told_on, "recorded_at": entered.now,
        "made_by": by.person_id, **more,
    }  # fmt: skip
    await lending_store.append_entry(tx, entered.case, part, columns)


# Reading.


@dataclass(frozen=True, slots=True)
class Due:
    """A payment of the loan's schedule on its day."""

    on: date
    row: Instalment


@dataclass(frozen=True, slots=True)
class LoanView:
    """A loan as both sides see it. `schedule` is that of its contract, or of the newest deferral."""

    loan: facts.Loan
    paid_fen: int
    entries: Sequence[Record]
    schedule: Sequence[Due]
    latest_on: date | None

    @property
    def outstanding_fen(self) -> int:
        return self.paid_fen - self.loan.repaid_fen - self.loan.written_off_fen

    def next_due(self, today: date) -> Due | None:
        """The next payment that is not past; None when nothing is owed or the schedule is over."""
        if self.outstanding_fen == 0:
            return None
        return next((one for one in self.schedule if one.on >= today), None)


async def loan_of(tx: ReadTx, row: Record) -> LoanView | None:
    """The loan of a suborder's row; None before its first draw."""
    if row["paid_fen"] == 0:
        return None
    loan = (await lending_store.read_loans(tx, [row["suborder_id"]]))[row["suborder_id"]]
    entries = await lending_store.read_entries(tx, row["suborder_id"])
    schedule = await _schedule(tx, row, loan, entries)
    return LoanView(loan, row["paid_fen"], entries, schedule, await latest_day(tx, loan, shanghai_date(tx.now)))


async def _schedule(tx: ReadTx, row: Record, loan: facts.Loan, entries: Sequence[Record]) -> list[Due]:
    """Every payment with its day, as if all was drawn on the first day; the bank's own contract prevails."""
    deferred = next((one for one in reversed(entries) if one["kind"] == "deferral"), None)
    if deferred is not None:
        terms, amount_fen, start_on = deferred["terms"], deferred["amount_fen"], deferred["told_on"]
    else:
        offer, start_on = await store.read_offer(tx, row["suborder_id"]), loan.starts_on
        if offer is None or start_on is None:
            return []
        terms, amount_fen = offer, row["paid_fen"]
    rows = schedule_of(amount_fen, terms["rate_ppm"], terms["term_months"], Repayment(terms["repayment"]), ())
    return [Due(month_later(start_on, one.month), one) for one in rows if one.paid_fen]


async def own_loans(tx: ReadTx, business_id: UUID) -> list[tuple[Record, facts.Loan]]:
    """A firm's serviced loans with what each still owes, those that owe nothing left out; the newest first."""
    rows = await lending_store.read_own(tx, business_id)
    loans = await lending_store.read_loans(tx, [row["suborder_id"] for row in rows]) if rows else {}
    return [
        (row, loans[row["suborder_id"]]) for row in rows
        if row["paid_fen"] > loans[row["suborder_id"]].repaid_fen + loans[row["suborder_id"]].written_off_fen
    ]  # fmt: skip
