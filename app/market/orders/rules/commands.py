"""Commands: what somebody wants to do to an order or to one of its suborders. Frozen; judged by `rules.judge`."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Accept:
    suborder_id: UUID


@dataclass(frozen=True, slots=True)
class Reason:
    """A refusal's reason as the reasons room judged it. `problem` is its problem code, empty when the reason holds."""

    code: str
    own_evidence: bool = False  # Rests on the order itself or on the bank's own list or pool.
    needs_two: bool = False
    problem: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    suborder_id: UUID
    reason: Reason
    seconded: bool = False  # A second person has approved it.


@dataclass(frozen=True, slots=True)
class Contact:
    suborder_id: UUID
    contacted_at: datetime


@dataclass(frozen=True, slots=True)
class Investigate:
    suborder_id: UUID


@dataclass(frozen=True, slots=True)
class AskPapers:
    suborder_id: UUID
    request_id: UUID
    items: tuple[str, ...]
    in_package: frozenset[str] = frozenset()  # Those of the items that the sealed package already answers.


@dataclass(frozen=True, slots=True)
class BringPapers:
    suborder_id: UUID


@dataclass(frozen=True, slots=True)
class Offer:
    suborder_id: UUID
    offer_id: UUID
    amount_fen: int
    rate_ppm: int
    term_months: int
    valid_workdays: int
    seconded: bool = False
    apr_ppm: int = 0  # What it costs in a year with its fees.


@dataclass(frozen=True, slots=True)
class Pick:
    suborder_id: UUID


@dataclass(frozen=True, slots=True)
class Sign:
    suborder_id: UUID
    amount_fen: int
    signed_on: date
    draw_until_on: date
    today: date


@dataclass(frozen=True, slots=True)
class PayOut:
    suborder_id: UUID
    draw_id: UUID
    amount_fen: int
    paid_on: date
    today: date


@dataclass(frozen=True, slots=True)
class EndDraws:
    suborder_id: UUID


@dataclass(frozen=True, slots=True)
class LetGo:
    suborder_id: UUID


@dataclass(frozen=True, slots=True)
class Revoke:
    """The firm took back one bank's consent; that bank may or may not have a suborder."""

    consent_id: UUID


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The firm takes back the whole order."""


@dataclass(frozen=True, slots=True)
class DenyContact:
    """The firm says that the bank's contact never was."""

    suborder_id: UUID


@dataclass(frozen=True, slots=True)
class ContestPapers:
    """The firm says that what was asked for is not needed, or was brought before."""

    suborder_id: UUID


@dataclass(frozen=True, slots=True)
class Reassign:
    """Another branch of the same bank goes on, as the suborder `to_id`. `covers`: its list in force covers the order
    for the same product; `room_fen`: free money in its pool; `request_id`: the open request for papers goes on so."""

    suborder_id: UUID
    to_id: UUID
    branch_id: UUID
    covers: bool
    room_fen: int
    request_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Retract:
    """The bank takes its offer back; `reason` is one of `RETRACTIONS`."""

    suborder_id: UUID
    reason: str
    seconded: bool = False
