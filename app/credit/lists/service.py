"""Commands and reads of lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.credit.lists import store
from app.credit.lists.rules import Entry, ListKind, read_list_kind
from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.office.policies import in_force


@dataclass(frozen=True, slots=True)
class LandedEntries:
    """What the staged rows became. `subject_ids` are those that were found behind an entry by this landing."""

    fresh: int
    subject_ids: tuple[UUID, ...]
    repeated: tuple[tuple[int, str], ...]


async def list_kind(tx: ReadTx, key: str, on: date) -> ListKind:
    """A kind of list with the reasons it knows on a day; `policy-missing` for one that there is not."""
    return read_list_kind(key, (await in_force(tx, "list_kind", key, on)).body)


async def stage_entries(tx: Tx, records: Iterable[Sequence[object]], *, first: bool) -> int:
    """COPY checked rows of a list beside the table; the first call makes the place for them."""
    if first:
        await store.create_staged(tx)
    return await store.copy_staged(tx, records)


async def land_entries(tx: Tx, batch_id: UUID, kind: str, *, now: datetime) -> LandedEntries:
    """Put the staged entries in force and match them. One without a subject is kept and waits."""
    repeated = await store.drop_repeated(tx)
    fresh = await store.land(tx, batch_id, kind, now)
    return LandedEntries(fresh, tuple(await store.match(tx, now)), tuple(repeated))


async def match_waiting(tx: Tx, *, now: datetime) -> list[UUID]:
    """After subjects have come: match the entries that waited for them; return the subjects found."""
    return await store.match(tx, now)


async def entries_of(tx: ReadTx, subject_id: UUID, *, as_of: datetime) -> list[Entry]:
    """What lists say of a subject, as known at an instant; `stands` tells which entries are in force then."""
    return await store.read_of_subject(tx, subject_id, as_of)


async def waiting(tx: ReadTx, kind: str, *, most: int = 100) -> list[Entry]:
    """Entries of a list that wait for their subject, oldest first."""
    return await store.read_waiting(tx, kind, most)


async def end_entry(tx: Tx, entry_id: UUID, why: str, *, now: datetime) -> None:
    """Take an entry out of force from now on; `wrong-state` when it is already."""
    if await store.end(tx, entry_id, why, now) != 1:
        raise Refusal("wrong-state")


async def landed_kinds(tx: ReadTx, *, as_of: datetime) -> dict[str, datetime]:
    """Which lists have been collected, and when last. Of a list that was not, nothing may be concluded."""
    return {row["list_kind"]: row["known_at"] for row in await store.read_landed_kinds(tx, as_of)}
