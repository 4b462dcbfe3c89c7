"""What happened to a complaint, told to other rooms. Append-only shapes: a new field goes last and has a default."""

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintEvent(Event):
    """`stream_id` is the complaint. One about a bank as a whole has no branch, suborder or order."""

    complaint_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID | None
    suborder_id: UUID | None
    order_id: UUID | None
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFiled(ComplaintEvent):
    """`for_firm`: written down by customer service on the firm's word."""

    for_firm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAcknowledged(ComplaintEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAnswered(ComplaintEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAccepted(ComplaintEvent):
    """The firm is content with the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintDisputed(ComplaintEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintEscalated(ComplaintEvent):
    """Customer service has put it before the regulator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintClosed(ComplaintEvent):
    """`finding` is founded, partly or unfounded."""

    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintWithdrawn(ComplaintEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintLate(ComplaintEvent):
    """A deadline passed: a fact that nothing removes. `at` is the deadline itself."""

    clock: str
