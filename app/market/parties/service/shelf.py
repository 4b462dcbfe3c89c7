"""What banks offer: products, and what each branch may decide of them on a day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.kernel.errors import Refusal
from app.market.parties.rules import Bank, Branch, Product, PublishedList, in_force
from app.market.parties.store import shelf as store


@dataclass(frozen=True, slots=True)
class Listing:
    """A list in force with the names around it: what matching ranks and a page shows."""

    entry: PublishedList
    product: Product
    branch: Branch
    bank: Bank


async def add_product(tx: Tx, product: Product) -> Product:
    """Put a product on the shelf. Refuses `already-exists` when the bank has that code."""
    if not await store.insert_product(tx, product):
        raise Refusal("already-exists", "该行已有此产品代码。")
    return product


async def products_on(tx: ReadTx, on: date, *, bank_id: UUID | None = None) -> tuple[Product, ...]:
    """Products offered on a day, by bank and code."""
    return await store.read_products(tx, on, bank_id)


async def get_product(tx: ReadTx, product_id: UUID) -> Product:
    """One product, offered or not; refuses `not-found`."""
    if (product := await store.read_product(tx, product_id)) is None:
        raise Refusal("not-found")
    return product


async def banks(tx: ReadTx) -> Mapping[UUID, Bank]:
    """Every bank by its id."""
    rows = await store.read_banks(tx)
    return {bank.bank_id: bank for bank in map(_bank, rows)}


async def get_bank(tx: ReadTx, bank_id: UUID) -> Bank:
    """One bank; refuses `not-found`."""
    if (row := await store.read_bank(tx, bank_id)) is None:
        raise Refusal("not-found")
    return _bank(row)


async def get_branch(tx: ReadTx, branch_id: UUID) -> Branch:
    """One branch; refuses `not-found`."""
    if (branch := await store.read_branch(tx, branch_id)) is None:
        raise Refusal("not-found")
    return branch


async def branches_of(tx: ReadTx, bank_id: UUID) -> tuple[Branch, ...]:
    """The branches of a bank, by name."""
    return await store.read_branches(tx, bank_id)


async def list_in_force(tx: ReadTx, branch_id: UUID, product_id: UUID, on: date) -> PublishedList | None:
    """What a branch may decide of a product on a day; None when nothing is published."""
    return in_force(await store.read_lists_begun(tx, on, branch_id, product_id, None, None), on)


async def lists_in_force(
    tx: ReadTx, branch_ids: Collection[UUID], on: date
) -> Mapping[tuple[UUID, UUID], PublishedList]:
    """What these branches may decide on a day, by branch and product."""
    begun = await store.read_lists_begun(tx, on, None, None, None, None, branch_ids)
    return {(entry.branch_id, entry.product_id): entry for entry in begun if in_force([entry], on)}


async def get_list(tx: ReadTx, list_id: UUID) -> PublishedList:
    """One version of a list, in force or not; refuses `not-found`."""
    if (entry := await store.read_list(tx, list_id)) is None:
        raise Refusal("not-found")
    return entry


async def versions_of_bank(tx: ReadTx, bank_id: UUID) -> tuple[PublishedList, ...]:
    """Every version of every list of a bank, also those to come and those that are over."""
    return await store.read_versions(tx, bank_id)


async def history_of(tx: ReadTx, entry: PublishedList) -> Sequence[Record]:
    """The versions of a list, the newest first: list_id, version, valid_from, valid_to, made_by, checked_by,
    published_at."""
    return await store.read_history(tx, entry.branch_id, entry.product_id)


async def lists_for(
    tx: ReadTx,
    on: date,
    *,
    loan_type: str | None = None,
    bank_id: UUID | None = None,
    branch_ids: Collection[UUID] | None = None,
) -> tuple[Listing, ...]:
    """Every list in force on a day, narrowed as asked, with its product, branch and bank."""
    rows = await store.read_listings_begun(tx, on, bank_id, loan_type, branch_ids)
    listings = (
        Listing(store.published_list(row["entry"]), Product(**row["product"]), Branch(**row["branch"]),
                _bank(row["bank"]))
        for row in rows
    )  # fmt: skip
    return tuple(listing for listing in listings if in_force([listing.entry], on))


def _bank(row: Record) -> Bank:
    return Bank(**{name: row[name] for name in Bank.__dataclass_fields__})
