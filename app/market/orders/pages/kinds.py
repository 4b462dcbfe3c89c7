"""Which types of loan the firm may ask for, as the first question of its way offers them.

A firm without a loan, a recommendation or an agricultural kind is offered one type, and is not asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from app.access import orgs
from app.access.seats import Seat
from app.credit import subjects
from app.infra.db import ReadTx, Record
from app.kernel.clock import shanghai_date
from app.kernel.money import format_wan
from app.market import parties, recommendations
from app.market.orders.rules.loans import Loan, LoanType
from app.market.orders.service import lending
from app.web.i18n import N_

TITLES: Final[Mapping[str, str]] = {
    "new": N_("新贷款"),
    "recommended": N_("推荐清单贷款"),
    "agri": N_("三农贷款"),
    "renewal": N_("续贷"),
    "deferral": N_("延期还本付息"),
}

MARKS: Final[Mapping[str, str]] = {  # As a list marks them, in a word.
    "recommended": N_("推荐"),
    "agri": N_("三农"),
    "renewal": N_("续贷"),
    "deferral": N_("延期"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A type with the loan that it points to. `answers` are given beforehand; those in `fixed` cannot be changed."""

    loan_type: LoanType = LoanType.NEW
    of_suborder_id: UUID | None = None
    bank: str = ""
    owed_fen: int = 0
    ends_on: date | None = None
    recommended_on: date | None = None  # When the firm was put on the list: the bank's month runs from there.
    answers: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def value(self) -> str:
        """How an address names it."""
        return self.loan_type.value if self.of_suborder_id is None else f"{self.loan_type}:{self.of_suborder_id}"

    @property
    def title(self) -> str:
        return TITLES[self.loan_type]


NEW: Final = Kind()


def value_of(loan_type: str, of_suborder_id: object) -> str:
    """How an address names the type of an order that is posted again."""
    return loan_type if of_suborder_id is None else f"{loan_type}:{of_suborder_id}"


async def kinds_of(tx: ReadTx, seat: Seat) -> tuple[Kind, ...]:
    """What the firm may ask for today: a new loan first, then what it has a claim to, then what its loans allow."""
    firm = await orgs.get_org(tx, seat.org_id)
    if firm.subject_id is None:
        return (NEW,)
    dated = await lending.lending_on(tx, shanghai_date(tx.now))
    found = [NEW]
    listed = await recommendations.live_of(tx, firm.subject_id, now=tx.now, days=dated.recommended_days)
    if listed is not None:
        found.append(Kind(LoanType.RECOMMENDED, recommended_on=shanghai_date(listed.recommended_at)))
    if (await subjects.get(tx, firm.subject_id)).kind.value in dated.agri_kinds:
        found.append(Kind(LoanType.AGRI))
    loans = await lending.own_loans(tx, seat.org_id)
    banks = await parties.shelf.banks(tx) if loans else {}
    for row, loan in loans:
        found += _of_loan(row, loan, banks[row["bank_id"]].short_name)
    return tuple(found)


def _of_loan(row: Record, loan: Loan, bank: str) -> Sequence[Kind]:
    owed_fen = row["paid_fen"] - loan.repaid_fen - loan.written_off_fen
    same = {name: row[name] for name in ("purpose", "collateral")} | {"district": row["district_code"] or ""}
    owed = format_wan(owed_fen).replace(",", "")
    shown = (row["suborder_id"], bank, owed_fen, loan.ends_on, None)
    return (
        Kind(LoanType.RENEWAL, *shown, {**same, "amount_wan": owed, "term_months": str(row["term_months"])},
             {"places": "1"}),
        Kind(LoanType.DEFERRAL, *shown, same, {"amount_wan": owed, "places": "1"}),
    )  # fmt: skip
