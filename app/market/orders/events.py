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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded(OrderEvent):
    """The order reached its end, which nothing leaves: withdrawn, refused, lapsed or unmatched."""

    end: str


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
    position: int
    until_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderAccepted(SuborderEvent):
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderContacted(SuborderEvent):
    contacted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuborderInvestigated(SuborderEvent):
    """The branch began its own investigation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersAsked(SuborderEvent):
    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersBrought(SuborderEvent):
    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersCapped(SuborderEvent):
    """The firm's time for the papers is over; the bank's time runs on without them."""

    request_id: UUID


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
