"""All that a rule about an order may know, and all that it may answer. Frozen in, frozen out."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from app.market.orders.rules.commands import (
    Accept as Accept,
)
from app.market.orders.rules.commands import (
    AskPapers as AskPapers,
)
from app.market.orders.rules.commands import (
    BringPapers as BringPapers,
)
from app.market.orders.rules.commands import (
    Contact as Contact,
)
from app.market.orders.rules.commands import (
    ContestPapers as ContestPapers,
)
from app.market.orders.rules.commands import (
    DenyContact as DenyContact,
)
from app.market.orders.rules.commands import (
    EndDraws as EndDraws,
)
from app.market.orders.rules.commands import (
    Investigate as Investigate,
)
from app.market.orders.rules.commands import (
    LetGo as LetGo,
)
from app.market.orders.rules.commands import (
    Offer as Offer,
)
from app.market.orders.rules.commands import (
    PayOut as PayOut,
)
from app.market.orders.rules.commands import (
    Pick as Pick,
)
from app.market.orders.rules.commands import (
    Reason as Reason,
)
from app.market.orders.rules.commands import (
    Reassign as Reassign,
)
from app.market.orders.rules.commands import (
    Refuse as Refuse,
)
from app.market.orders.rules.commands import (
    Retract as Retract,
)
from app.market.orders.rules.commands import (
    Revoke as Revoke,
)
from app.market.orders.rules.commands import (
    Sign as Sign,
)
from app.market.orders.rules.commands import (
    Withdraw as Withdraw,
)
from app.market.orders.rules.loans import Defer as Defer
from app.market.orders.rules.loans import Extend as Extend
from app.market.orders.rules.loans import Loan as Loan
from app.market.orders.rules.loans import LoanType as LoanType
from app.market.orders.rules.loans import MarkOverdue as MarkOverdue
from app.market.orders.rules.loans import Repay as Repay
from app.market.orders.rules.loans import Reschedule as Reschedule
from app.market.orders.rules.loans import Settle as Settle
from app.market.orders.rules.states import TERMINAL, Act, Clock, End, State


@dataclass(frozen=True, slots=True)
class Terms:
    """What the bank has published about the product; money in fen, rates in ppm a year.

    For an acceptance: the list in force today. For an offer: the approval level of the list in force today (of the day
    of acceptance when none is) and the product's own range of amounts, rates and terms.
    """

    ceiling_fen: int
    approval_level_fen: int
    rate_min_ppm: int
    rate_max_ppm: int
    term_months_max: int
    amount_min_fen: int
    term_months_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far an order may go, by the edition in force on the day it is posted. Sums in fen, terms in months.

    `term_months`, `until_days` are the choices that a firm is shown; the `*_max` bind whoever asks without the pages.
    """

    amount_min_fen: int
    amount_max_fen: int
    term_months: tuple[int, ...]
    term_months_max: int
    until_days: tuple[int, ...]
    until_days_suggested: int
    until_days_max: int
    places_max: int
    places_suggested: int
    reserves_max: int
    offer_workdays_min: int
    offer_workdays_max: int
    draw_days_max: int
    apr_max_ppm: int = 10_000_000  # Interest and all fees together, as a yearly rate.


@dataclass(frozen=True, slots=True)
class Context:
    """What stands outside the order and is only read: the list, the pool's room today, the state of DECISION."""

    terms: Terms | None = None  # None: nothing is published.
    room_fen: int = 0  # Free money in the pool of today's quarter; 0 when there is none or it is frozen.
    decision_runs: bool = False  # DECISION is running: neither paused, stopped nor breached.
    pause_left: int = 0  # Workdays of pause that DECISION may still have.
    contact_due_at: datetime | None = None  # When CONTACT, now met, would have been due; None unless it is met.
    decision_due_at: datetime | None = None  # The same of DECISION.


class Origin(StrEnum):
    """How a suborder came to be."""

    LISTED = "listed"  # From the order's list, by the fill rule.
    MOVED = "moved"  # From another branch of the bank.
    APPEAL = "appeal"  # From a refusal that was overturned; outside the places.


@dataclass(frozen=True, slots=True)
class Part:
    """A suborder: the order as one bank holds it."""

    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    consent_id: UUID
    position: int
    state: State
    held_fen: int = 0  # The open reservation; 0 when none is open.
    offer_id: UUID | None = None
    offered_fen: int = 0
    signed_fen: int = 0
    paid_fen: int = 0
    papers_open: UUID | None = None
    papers_asked: frozenset[str] = frozenset()
    breached: frozenset[Clock] = frozenset()
    accepted_at: datetime | None = None
    picked_at: datetime | None = None
    signed_on: date | None = None
    loan_type: LoanType = LoanType.NEW
    loan: Loan = field(default=Loan())
    origin: Origin = Origin.LISTED
    origin_id: UUID | None = None  # The suborder that this one follows.
    is_carried: bool = False  # It follows one that a branch had accepted: promises made then go on.
    context: Context = field(default=Context(), compare=False)

    @property
    def is_live(self) -> bool:
        return self.state not in TERMINAL

    @property
    def outstanding_fen(self) -> int:
        """What is still owed 余额: draws less repayments (and less what was written off)."""
        return self.paid_fen - self.loan.repaid_fen - self.loan.written_off_fen

    @property
    def takes_a_place(self) -> bool:
        """A suborder whose DECISION breached never counts as a place again; one that an appeal made never does."""
        return self.is_live and Clock.DECISION not in self.breached and self.origin is not Origin.APPEAL


@dataclass(frozen=True, slots=True)
class Listed:
    """A bank on the order's frozen list. Its suborder's id is fixed at posting, so that a push is repeatable."""

    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    consent_id: UUID
    position: int
    holds: bool = True  # Consent and match still hold at the instant that is judged.


@dataclass(frozen=True, slots=True)
class Case:
    """The whole order at one instant, read under its lock."""

    order_id: UUID
    business_id: UUID
    amount_fen: int
    places: int
    until_at: datetime
    bounds: Bounds
    listed: tuple[Listed, ...]
    parts: tuple[Part, ...] = ()
    withdrawn_at: datetime | None = None
    end: End | None = None
    loan_type: LoanType = LoanType.NEW
    recommended_at: datetime | None = None

    def part(self, suborder_id: UUID) -> Part:
        return next(part for part in self.parts if part.suborder_id == suborder_id)

    @property
    def live(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.is_live)


LoanCommand: TypeAlias = Repay | Extend | Defer | MarkOverdue | Settle | Reschedule
BankCommand: TypeAlias = (
    Accept | Refuse | Contact | Investigate | AskPapers | Offer | Retract | Reassign | Sign | PayOut | LoanCommand
)
FirmCommand: TypeAlias = BringPapers | ContestPapers | DenyContact | Pick | EndDraws | LetGo
Command: TypeAlias = BankCommand | FirmCommand | Revoke | Withdraw


@dataclass(frozen=True, slots=True)
class Due:
    """A clock whose instant has come. UNTIL has no suborder."""

    clock: Clock
    due_at: datetime
    suborder_id: UUID | None = None


# Answers: what follows, in the order in which it is written.


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of one suborder; `part` is the suborder before it."""

    part: Part
    act: Act
    to: State
    at: datetime
    cause: str = ""  # The clock that caused it, or the firm's word.
    command: BankCommand | FirmCommand | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A new reservation in the pool of the quarter of `at`."""

    part: Part
    amount_fen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The open reservation gives back `amount_fen`."""

    part: Part
    amount_fen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Posted:
    part: Part
    draw_id: UUID
    amount_fen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """The rest of the open reservation is given back; `expired` when the DECISION deadline took it."""

    part: Part
    amount_fen: int
    at: datetime
    expired: bool = False


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The firm withdrew the order."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    end: End
    at: datetime


PoolStep: TypeAlias = Held | Shrunk | Posted | Released
Step: TypeAlias = Moved | PoolStep | TakenBack | Ended


@dataclass(frozen=True, slots=True)
class Outcome:
    """The order afterwards, and the steps that led there."""

    case: Case
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is a published problem type; `allowed` names the acts that the state does allow (for wrong-state)."""

    code: str
    detail: str = ""
    allowed: tuple[Act, ...] = ()
