"""Banks and their branches: from head offices and registered outlets, or by a person where names do not tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from app.access import audit, orgs
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.text import match_key, registered_name
from app.market.parties.rules import Bank, Branch, bank_of, office_key
from app.market.parties.store import shelf as store

FIRST_ID = UUID(int=0)
UNDO_WITHIN: Final = timedelta(days=1)
SETTLED_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class OutletEntry:
    """A registered outlet as a register gives it; `name` as registered."""

    name: str
    uscc: str | None = None
    district_code: str | None = None
    address: str | None = None
    opened_on: date | None = None


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet that waits for a person to say which bank's it is, or is settled."""

    outlet_id: UUID
    name: str
    uscc: str | None
    district_code: str | None
    address: str | None
    opened_on: date | None
    state: str
    branch_id: UUID | None


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a file of outlets: with their bank, waiting for a person, known before, without a name."""

    placed: int
    queued: int
    known: int
    nameless: int


@dataclass(frozen=True, slots=True)
class OfficesRead:
    """What became of a file of head offices. A name that comes twice is one bank; a blank name is none."""

    added: int
    known: int
    nameless: int


async def register_bank(
    tx: Tx, bank_id: UUID, name: str, *, valid_from: date, head_office_no: str | None = None
) -> Bank:
    """Make an organisation a bank of the marketplace. Refuses `already-exists` when another bank has that name."""
    bank = Bank(bank_id, registered_name(name), head_office_no, valid_from, None)
    key = office_key(name)
    assert key, "a bank has a name"
    if not await store.insert_bank(tx, bank, key):
        raise Refusal("already-exists", "已有同名银行。")
    return bank


async def import_head_offices(tx: Tx, rows: Iterable[tuple[str, str]], *, now: datetime) -> OfficesRead:
    """Read (bank number, name) pairs; each new name becomes an organisation and a bank. An operator's import."""
    known = set(await offices(tx))
    added = old = nameless = 0
    for number, name in rows:
        key = office_key(name)
        if not key:
            nameless += 1
        elif key in known:
            old += 1
        else:
            org = await orgs.create_org(tx, orgs.OrgKind.BANK, registered_name(name))
            await register_bank(
                tx, org.org_id, name, valid_from=shanghai_date(now), head_office_no=registered_name(number) or None
            )
            known.add(key)
            added += 1
    return OfficesRead(added, old, nameless)


async def offices(tx: ReadTx) -> dict[str, UUID]:
    """Every bank's name as outlets' names are held against it."""
    return {row["name_key"]: row["bank_id"] for row in await store.read_banks(tx)}


async def open_branch(tx: Tx, branch: Branch) -> Branch:
    """Add a branch of a known bank."""
    await store.insert_branches(tx, [branch])
    return branch


async def place_outlets(tx: Tx, entries: Sequence[OutletEntry], *, now: datetime) -> Placed:
    """Give every new outlet to the bank with the longest fitting name, as a branch; else queue it for a person.

    The same outlet again (same code, or same name without one) changes nothing.
    """
    named = [entry for entry in entries if match_key(entry.name)]
    banks = await offices(tx)
    seen = await store.read_known_outlets(tx, [_key(entry) for entry in named])
    branches: list[Branch] = []
    rows: list[tuple[object, ...]] = []
    for entry in named:
        if (key := _key(entry)) in seen:
            continue
        seen.add(key)
        outlet_id = new_id()
        if (bank_id := bank_of(entry.name, banks)) is not None:
            branches.append(_branch(outlet_id, bank_id, entry, shanghai_date(now)))
            rows.append(_row(outlet_id, entry, "placed", "longest_name", outlet_id))
        else:
            rows.append(_row(outlet_id, entry, "queued", None, None))
    await store.insert_branches(tx, branches)
    await store.insert_outlets(tx, rows)
    return Placed(len(branches), len(rows) - len(branches), len(named) - len(rows), len(entries) - len(named))


async def outlet_queue(tx: ReadTx, *, after: UUID = FIRST_ID, limit: int = 50) -> tuple[Outlet, ...]:
    """Outlets that wait for a person, oldest first, beyond `after`."""
    return tuple(_outlet(dict(row)) for row in await store.read_queue(tx, after, limit))


async def get_outlet(tx: ReadTx, outlet_id: UUID) -> Outlet:
    """One outlet, settled or not; refuses `not-found`."""
    if (row := await store.read_outlet(tx, outlet_id)) is None:
        raise Refusal("not-found")
    return _outlet(dict(row))


async def place_outlet(tx: Tx, outlet_id: UUID, bank_id: UUID, *, by_id: UUID, now: datetime) -> Outlet:
    """An operator says whose outlet it is. Refuses `not-found` and, when it was settled before, `wrong-state`."""
    waiting = await store.lock_outlet(tx, outlet_id)
    if waiting is None or await store.read_bank(tx, bank_id) is None:
        raise Refusal("not-found")
    if waiting["state"] != "queued":
        raise Refusal("wrong-state", "该网点已处理。")
    entry = OutletEntry(*(waiting[name] for name in ("name", "uscc", "district_code", "address", "opened_on")))
    await store.insert_branches(tx, [_branch(outlet_id, bank_id, entry, shanghai_date(now))])
    return await _settle(tx, outlet_id, "placed", "operator", outlet_id, by_id, now)


async def dismiss_outlet(tx: Tx, outlet_id: UUID, *, by_id: UUID, now: datetime) -> Outlet:
    """An operator puts aside what is no outlet of a bank of this marketplace. Refuses as `place_outlet` does."""
    if await store.lock_outlet(tx, outlet_id) is None:
        raise Refusal("not-found")
    return await _settle(tx, outlet_id, "dismissed", None, None, by_id, now)


async def reopen_outlet(tx: Tx, outlet_id: UUID, *, now: datetime) -> Outlet:
    """Take back what a person said of an outlet, within a day: it waits again, and the branch it became is no more.

    Refuses `not-found`, and `wrong-state` when nobody settled it lately, or the bank uses the branch already.
    """
    row = await store.lock_outlet(tx, outlet_id)
    if row is None:
        raise Refusal("not-found")
    if row["settled_by"] is None or row["settled_at"] <= now - UNDO_WITHIN:
        raise Refusal("wrong-state", "只能撤销一天之内由人处理的网点。")
    branch_id: UUID | None = row["branch_id"]
    if branch_id is not None and await store.is_in_use(tx, branch_id):
        raise Refusal("wrong-state", "该行已为这个网点发布清单或设立额度池，不能撤销。")
    again = await store.queue_again(tx, outlet_id)
    assert again is not None, "a settled outlet is not queued"
    if branch_id is not None:
        await store.delete_branch(tx, branch_id)
    await audit.write(tx, "outlet.reopened", case_id=outlet_id)
    return _outlet(dict(again))


async def settled_lately(tx: ReadTx, *, now: datetime) -> list[Record]:
    """What people said of outlets within a day (outlet_id, name, state, settled_at, bank), the newest first."""
    return await store.read_settled(tx, now - UNDO_WITHIN, SETTLED_SHOWN)


async def _settle(
    tx: Tx, outlet_id: UUID, state: str, placed_by: str | None, branch_id: UUID | None, by_id: UUID, now: datetime
) -> Outlet:
    row = await store.settle_outlet(tx, outlet_id, state, placed_by, branch_id, by_id, now)
    if row is None:
        raise Refusal("wrong-state", "该网点已处理。")
    await audit.write(tx, f"outlet.{state}", case_id=outlet_id)
    return _outlet(dict(row))


def _key(entry: OutletEntry) -> str:
    return entry.uscc or match_key(entry.name)


def _branch(branch_id: UUID, bank_id: UUID, entry: OutletEntry, on: date) -> Branch:
    return Branch(
        branch_id, bank_id, entry.name, entry.uscc, entry.district_code, entry.address, entry.opened_on or on, None
    )


def _row(
    outlet_id: UUID, entry: OutletEntry, state: str, placed_by: str | None, branch_id: UUID | None
) -> tuple[object, ...]:
    e = entry
    return (
        outlet_id, e.name, match_key(e.name), e.uscc, e.district_code, e.address, e.opened_on, state, placed_by,
        branch_id,
    )  # fmt: skip


def _outlet(row: dict[str, object]) -> Outlet:
    return Outlet(**{name: row[name] for name in Outlet.__dataclass_fields__})  # type: ignore[arg-type]
