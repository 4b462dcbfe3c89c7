"""Commands and reads of records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.credit.catalogue import edition_on
from app.credit.records import store
from app.credit.records.rules import Coverage, CreditRecord, Features, NewRecord, RecordStatus
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal


@dataclass(frozen=True, slots=True)
class LandedInvoices:
    """What the staged invoices became; each list holds (row number, what stood there) of rows not taken."""

    fresh: int  # New, or with another status than was held.
    subject_ids: tuple[UUID, ...]
    unknown_firm: tuple[tuple[int, str], ...]
    repeated: tuple[tuple[int, str], ...]
    conflicting: tuple[tuple[int, str], ...]


async def add_records(tx: Tx, records: Iterable[NewRecord], *, now: datetime, batch_id: UUID | None = None) -> int:
    """Add records under the catalogue's edition of the day; return how many are new.

    A provider's key that is known already adds nothing, so an ended record that is collected again stays ended.
    An item that no edition lists may not be held: `malformed-field`.
    """
    edition = await edition_on(tx, shanghai_date(now))
    fresh = 0
    for one in records:
        if one.item_code not in edition.items:
            raise Refusal("malformed-field", field="item_code")
        assert all(v is None or type(v) in (str, int) for v in one.values.values()), "text and whole numbers only"
        fresh += await store.insert(tx, one, edition.number, batch_id, now)
    return fresh


async def records_of(tx: ReadTx, subject_id: UUID, item_codes: Sequence[str], *, as_of: datetime) -> list[CreditRecord]:
    """The records known at an instant, ended and hidden ones too: `in_use` says whether one may be used now."""
    return await store.read(tx, subject_id, item_codes, as_of)


async def set_status(tx: Tx, subject_id: UUID, record_id: UUID, to: RecordStatus, *, now: datetime) -> None:
    """Show, share, hide or end a record. Ending is for good: `wrong-state` for what is ended or stands so already."""
    if await store.set_status(tx, subject_id, record_id, to, now) != 1:
        raise Refusal("wrong-state")


async def mark_covered(
    tx: Tx, subject_ids: Sequence[UUID], item_code: str, *, as_of_on: date, source: str, now: datetime
) -> None:
    """Say that a provider has reported on these subjects under an item, so that silence means "nothing"."""
    await store.insert_coverage(tx, subject_ids, item_code, as_of_on, source, now)


async def coverage_of(tx: ReadTx, subject_id: UUID, *, as_of: datetime) -> dict[str, Coverage]:
    """By item: the newest word of a provider on this subject. An item not in it was never collected: unknown."""
    return {one.item_code: one for one in await store.read_coverage(tx, subject_id, as_of)}


async def features_at(tx: ReadTx, subject_id: UUID, *, as_of: datetime) -> Features | None:
    """The figures kept from a firm's invoices as they were known at an instant; None without any."""
    return await store.read_features(tx, subject_id, as_of)


async def stage_invoices(tx: Tx, records: Iterable[Sequence[object]], *, first: bool) -> int:
    """COPY checked invoices beside the table; the first call makes the place for them."""
    if first:
        await store.create_staged(tx)
    return await store.copy_staged(tx, records)


async def land_invoices(
    tx: Tx, batch_id: UUID, *, direction: str, bank_id: UUID | None, now: datetime
) -> LandedInvoices:
    """Put the staged invoices in force, set-based, and keep the figures of every firm they are about."""
    subject_ids = await store.resolve_firms(tx, bank_id)
    unknown = await store.drop_unknown(tx)
    dropped = await store.drop_repeated(tx)
    fresh = await store.land(tx, batch_id, direction)
    if fresh:
        await store.keep_features(tx, subject_ids, batch_id, now)
    return LandedInvoices(
        fresh,
        tuple(subject_ids),
        tuple(unknown),
        tuple((row["row_no"], row["original"]) for row in dropped if not row["conflict"]),
        tuple((row["row_no"], row["original"]) for row in dropped if row["conflict"]),
    )
