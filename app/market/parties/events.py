"""What happens to lists and pools. Append-only shapes."""

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPublished(Event):
    """A new version of a branch's list for a product; the stream is the branch."""

    list_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolChanged(Event):
    """`kind`: open, raise, lower, freeze, thaw; the stream is the pool. `why` of a freeze by the ledger: `ledger`."""

    pool_id: UUID
    bank_id: UUID
    kind: str
    why: str
