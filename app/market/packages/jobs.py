"""What packages do when others tell them something. Subscribed at the composition root."""

from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from app.infra import outbox
from app.infra.db import Tx
from app.kernel.events import Event
from app.market.packages import store
from app.market.packages.events import DeliveryFailed, PackageDelivered, PackageSealed
from app.office import deliveries
from app.office.deliveries.events import NoticeDelivered, NoticeFailed

# What a bank is told of an event: ids that mean something to it. The firm's own ids stay here.
TOLD: Final[frozenset[str]] = frozenset(
    {"order_id", "suborder_id", "branch_id", "package_id", "offer_id", "request_id", "draw_id"}
)
SEALED: Final = deliveries.kind_of(PackageSealed.__name__)


async def tell_bank(tx: Tx, event: Event) -> None:
    """After commit, for any event that names a bank: put notices before that bank's endpoints."""
    bank_id = getattr(event, "bank_id", None)
    if not isinstance(bank_id, UUID):
        return
    names = [field.name for field in fields(event) if field.name in TOLD]
    ids: dict[str, UUID] = {name: getattr(event, name) for name in names}
    kind = deliveries.kind_of(type(event).__name__)
    await deliveries.tell(tx, bank_id, kind, ids, stream_id=event.stream_id, at=event.at)


async def note_delivered(tx: Tx, event: NoticeDelivered) -> None:
    """A bank was told of its package: the platform has delivered."""
    common = await _package(tx, event)
    if common is not None:
        await outbox.record(tx, PackageDelivered(**common, told_at=event.ended_at))


async def note_failed(tx: Tx, event: NoticeFailed) -> None:
    """A bank could not be told of its package: a proof for the clock of delivery."""
    common = await _package(tx, event)
    if common is None:
        return
    failed = DeliveryFailed(
        **common,
        outcome=event.outcome,
        try_number=event.try_number,
        began_at=event.began_at,
        ended_at=event.ended_at,
        dead=event.dead,
    )
    await outbox.record(tx, failed)


async def _package(tx: Tx, event: NoticeDelivered | NoticeFailed) -> dict[str, Any] | None:
    """What a package's events have in common, when the notice was about a sealed package."""
    if event.kind != SEALED or "package_id" not in event.ids:
        return None
    row = await store.read_package(tx, event.ids["package_id"])
    assert row is not None, "a notice names a package that exists"
    same = ("package_id", "order_id", "suborder_id", "business_id", "bank_id", "branch_id")
    return {"stream_id": row["order_id"], "at": event.at, **{name: row[name] for name in same}}
