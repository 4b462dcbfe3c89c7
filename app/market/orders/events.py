"""What happened to an order, told to other rooms. Append-only shapes: a new field goes last and has a default.

Every event's stream is its order, so that a listener sees one order's facts in the order in which they became true.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.kernel.events import Event
from app.market.orders.rules.states import Clock as Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent(Event):
    """A fact about the order as a whole; `stream_id` equals `order_id`."""

    order_id: UUID
    business_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPosted(OrderEvent):
    subject_id: UUID
    amount_fen: int
    places: int
    until_on: date
    loan_type: str = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded(OrderEvent):
    """The order reached its end, which nothing leaves: withdrawn, refused, lapsed or unmatched."""

    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalExplained(OrderEvent):
    """The firm says whether a bank had it take its order back. For supervision: no bank is told of it."""

    by_bank: bool
    suborder_id: UUID | None = None
    bank_id: UUID | None = None
    branch_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderEvent(OrderEvent):
    """A fact about the order as one bank holds it."""

    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    consent_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderPushed(SuborderEvent):
    """`recommended_at`: of a firm on a list of recommendations, when it was put there."""

    position: int
    until_on: date
    loan_type: str = "new"
    recommended_at: datetime | None = None
    is_moved: bool = False  # It follows a suborder of another branch.


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderAccepted(SuborderEvent):
    amount_fen: int
    loan_type: str = "new"
    is_carried: bool = False  # Another branch had accepted it before: its promises run already.


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderReassigned(SuborderEvent):
    """Another branch of the bank goes on with it, as `to_suborder_id`, with every promise and the time it has used.

    `from_state` says how far the branch before had come; the push of what follows is told right after.
    """

    to_suborder_id: UUID
    to_branch_id: UUID
    from_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderReopened(SuborderEvent):
    """A refusal was overturned, and the bank looks once more, as a suborder outside the places.

    `loan_type` names the policy by which it has to decide.
    """

    origin_id: UUID
    loan_type: str = "appeal"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalAppealed(SuborderEvent):
    """The firm asks for a second opinion on a refusal."""

    appeal_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealAnswered(SuborderEvent):
    """The second opinion. Upheld: the refusal counts as overturned; `reopened_id` is the suborder made of it, if any.

    The refusal itself stays what it was.
    """

    appeal_id: UUID
    upheld: bool
    reopened_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderContacted(SuborderEvent):
    contacted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderInvestigated(SuborderEvent):
    """The branch began its own investigation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDenied(SuborderEvent):
    """The firm says that the contact told at `contacted_at` never was: the promise to call goes on from its start."""

    contacted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersAsked(SuborderEvent):
    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersBrought(SuborderEvent):
    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersContested(SuborderEvent):
    """The firm contests a request for papers: the bank's time runs on, what was paused stays used."""

    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersCapped(SuborderEvent):
    """The firm's time for the papers is over; the bank's time runs on without them."""

    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmSaid(SuborderEvent):
    """The firm's own word to this bank: `gave_up`, `served_elsewhere` or `terms_declined`."""

    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderRefused(SuborderEvent):
    reason_code: str
    from_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(SuborderEvent):
    """`valid_workdays` counts from the day after the offer; rates in ppm a year."""

    offer_id: UUID
    amount_fen: int
    rate_ppm: int
    valid_workdays: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRetracted(SuborderEvent):
    """The bank took its offer back, by two people: the decision is judged as if the offer had never been."""

    offer_id: UUID
    reason: str
    from_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPicked(SuborderEvent):
    offer_id: UUID
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderSigned(SuborderEvent):
    """The contract; the last day on which it can be drawn is `draw_until_on`."""

    amount_fen: int
    draw_until_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawPaid(SuborderEvent):
    draw_id: UUID
    amount_fen: int
    paid_on: date
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawsEnded(SuborderEvent):
    """The rest of the contract is given up: by the firm, or because the draw period is over."""

    unused_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderPassedOver(SuborderEvent):
    """The firm picked another bank's offer."""

    from_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderWithdrawn(SuborderEvent):
    """`cause` is `withdrawn` (the firm took back the order) or `revoked` (it took back this bank's consent)."""

    from_state: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderLapsed(SuborderEvent):
    """`cause` is the clock that ended it (ACCEPT, OFFER, UNTIL, SIGN, DRAWS) or `let_go` by the firm."""

    from_state: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBreached(SuborderEvent):
    """A promise was not kept: a fact that nothing removes. `at` is the deadline itself."""

    clock: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRepaid(SuborderEvent):
    """Principal came back; `outstanding_fen` is what is still owed."""

    entry_id: UUID
    amount_fen: int
    repaid_on: date
    outstanding_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanExtended(SuborderEvent):
    """The loan's last day is now `until_on`; `by_deferral` when a deferral put a new schedule on it."""

    entry_id: UUID
    amount_fen: int
    until_on: date
    by_deferral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanOverdue(SuborderEvent):
    entry_id: UUID
    amount_fen: int
    since_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanSettled(SuborderEvent):
    """The loan is over: nothing is owed, or `written_off_fen` was written off."""

    entry_id: UUID
    written_off_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralAgreed(SuborderEvent):
    """A deferral is signed: its new schedule, until `until_on`, stands on the loan it points to."""

    amount_fen: int
    until_on: date
