"""What clocks tell other rooms. Append-only shapes: a new field goes last and has a default."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RungReached(Event):
    """A share of a clock's counted time, in percent, was used up at `at`: told once per clock and share.

    The stream is the clock's root. `told`: audiences that the policy names (`branch`, `head_office`,
    `customer_service`, `supervisor`, `firm`); `state`: the clock's when this was written down. `policy_key` is the
    clock's own name where it is empty. Written by the database by the block, so nobody listens in the transaction.
    """

    clock_id: UUID
    case_kind: str
    case_id: UUID
    root_id: UUID
    clock: str
    share: int
    told: tuple[str, ...]
    due_on: date
    due_at: datetime
    owner: str
    state: str
    business_id: UUID | None = None
    bank_id: UUID | None = None
    branch_id: UUID | None = None
    policy_key: str = ""
    policy_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRecounted(Event):
    """A clock that runs was counted again at `at` by a later version of its calendar: what holds from then on.

    The stream is the clock's root. `outcome`: moved, confirmed, kept (it stays by the version before) or same; it is
    written down for each, so that history alone tells by what a clock was counted when. Told to people only where
    another day came of it. Written by the block, so nobody listens in the transaction.
    """

    clock_id: UUID
    case_kind: str
    case_id: UUID
    root_id: UUID
    clock: str
    owner: str
    outcome: str
    calendar_key: str
    from_version: int
    to_version: int
    old_due_on: date
    due_on: date
    from_base: int = 0
    to_base: int = 0
    business_id: UUID | None = None
    bank_id: UUID | None = None
    branch_id: UUID | None = None
