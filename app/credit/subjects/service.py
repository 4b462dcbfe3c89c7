"""Commands and reads of subjects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.credit.subjects import store
from app.credit.subjects.rules import (
    Gazetteer,
    Subject,
    SubjectKind,
    code_piece,
    gazetteer,
    kind_of,
    likenesses,
    read_district,
)
from app.infra.db import ReadTx, Tx
from app.kernel.codes import BadCode, check_uscc
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.text import match_key, text_fault
from app.office.policies import all_versions


@dataclass(frozen=True, slots=True)
class Landed:
    """What a set of staged rows became. `repeated` are (row number, what stood there) that were not taken."""

    fresh: int
    subject_ids: tuple[UUID, ...]
    repeated: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Customer:
    """A masked firm of a bank with what the bank said of it: its own rating, never the public grade."""

    subject_id: UUID
    customer_no: str
    bank_rating: str | None
    defaulted: bool | None


async def get(tx: ReadTx, subject_id: UUID) -> Subject:
    """The subject, or `not-found`: also for one that the reader may not see."""
    subject = await store.read(tx, subject_id)
    if subject is None:
        raise Refusal("not-found")
    return subject


async def find_by_uscc(tx: ReadTx, uscc: str) -> Subject | None:
    """The subject of a code in any spelling; None for a code that fails its check."""
    found = check_uscc(uscc)
    return None if isinstance(found, BadCode) else await store.read_by_uscc(tx, found.text)


async def find_by_customer(tx: ReadTx, bank_id: UUID, customer_no: str) -> Subject | None:
    """The masked firm behind a bank's customer number."""
    return await store.read_by_customer(tx, bank_id, customer_no)


async def search_by_name(tx: ReadTx, name: str, *, most: int = 20) -> list[Subject]:
    """Candidates for a person: subjects whose name begins so in any spelling. A name alone decides nothing."""
    key = match_key(name)
    return await store.read_by_name(tx, key, most) if key else []


async def names_of(tx: ReadTx, subject_ids: Sequence[UUID], *, containing: str = "") -> dict[UUID, str]:
    """The names of many subjects at once, only of those whose name or code holds what was typed, in any spelling.

    It forgives: where no name has it in one piece, letters may have been left out, and then one may be wrong.
    """
    key = match_key(containing)
    if not containing:
        return await store.read_names_of(tx, subject_ids)
    for likes in likenesses(key):
        if found := await store.read_names_like(tx, subject_ids, likes, code_piece(containing)):
            return found
    return {}


async def name_history(tx: ReadTx, subject_id: UUID) -> list[tuple[str, datetime]]:
    """Each name as registered and the instant since which it is known here, oldest first."""
    return await store.read_names(tx, subject_id)


async def read_gazetteer(tx: ReadTx) -> Gazetteer:
    """All divisions and zones with their days, out of the policy `district`."""
    rows = await all_versions(tx, "district")
    return gazetteer(read_district(row.key, row.valid_from, row.valid_to, row.body) for row in rows)


async def district_name(tx: ReadTx, code: str, on: date) -> str | None:
    """What a division was called on a day; None when its code meant nothing then."""
    return (await read_gazetteer(tx)).name(code, on)


async def sole_bank_with_customers(tx: ReadTx) -> UUID | None:
    """The bank that is meant where only one has masked firms; None when none or several have."""
    banks = await store.read_banks_with_customers(tx)
    return banks[0] if len(banks) == 1 else None


async def register(
    tx: Tx, name: str, *, now: datetime, uscc: str | None = None, kind: SubjectKind | None = None,
    district_code: str | None = None, founded_on: date | None = None, address: str = "", entity_type: str = "",
    scope: str = "", capital_fen: int | None = None, agri: bool = False,
    bank_id: UUID | None = None, customer_no: str | None = None,
) -> Subject:  # fmt: skip
    """Add one subject by hand: `malformed-field` for a bad code or text. Its kind follows from its code."""
    if text_fault(name) is not None or not name.strip():
        raise Refusal("malformed-field", field="name")
    org_code = None
    if uscc is not None:
        found = check_uscc(uscc)
        if isinstance(found, BadCode):
            raise Refusal("malformed-field", field="uscc", fault=found.fault.value)
        uscc, org_code, kind = found.text, found.org_code, kind_of(found) or kind
        if await store.read_by_uscc(tx, uscc) is not None:
            raise Refusal("already-exists")
    if kind is None:
        raise Refusal("malformed-field", field="kind")
    subject = Subject(
        new_id(), kind, name, uscc, org_code, district_code, founded_on=founded_on, address=address,
        entity_type=entity_type, scope=scope, capital_fen=capital_fen, agri=agri,
        capital_currency=None if capital_fen is None else "CNY", bank_id=bank_id, customer_no=customer_no,
    )  # fmt: skip
    await store.insert(tx, subject, now)
    return subject


async def stage_registry(tx: Tx, records: Iterable[Sequence[object]], *, first: bool) -> int:
    """COPY checked rows of a register beside the table; the first call makes the place for them."""
    if first:
        await store.create_staged(tx)
    return await store.copy_staged(tx, records)


async def land_registry(tx: Tx, batch_id: UUID, *, as_of_on: date | None, outlets: bool, now: datetime) -> Landed:
    """Put the staged subjects in force, set-based: new ones, changed ones, their names."""
    repeated = await store.drop_repeated(tx)
    fresh = await store.upsert_staged(tx, batch_id, as_of_on, now)
    if outlets:
        await store.add_outlets(tx, batch_id)
    return Landed(fresh, tuple(await store.read_staged_ids(tx)), tuple(repeated))


async def stage_customers(tx: Tx, records: Iterable[Sequence[object]], *, first: bool) -> int:
    """COPY checked rows of a bank's masked firms beside the table."""
    if first:
        await store.create_staged_customers(tx)
    return await store.copy_staged_customers(tx, records)


async def land_customers(tx: Tx, batch_id: UUID, bank_id: UUID, *, now: datetime) -> tuple[Landed, list[Customer]]:
    """Put a bank's masked firms in force; give back what the bank said of each."""
    repeated = await store.drop_repeated_customers(tx)
    fresh = await store.upsert_staged_customers(tx, batch_id, bank_id, now)
    customers = [Customer(*row) for row in await store.read_staged_customers(tx, bank_id)]
    return Landed(fresh, tuple(one.subject_id for one in customers), tuple(repeated)), customers


async def outlet_rows(tx: ReadTx, batch_id: UUID) -> list[Subject]:
    """The bank outlets that a batch named, by code."""
    return await store.read_outlets(tx, batch_id)
