"""SQL of banks, branches, outlets, products and published lists."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.market.parties.rules import Bank, Branch, Product, PublishedList

INSERT_BANK = """
insert into banks (bank_id, name, name_key, head_office_no, valid_from, valid_to) values ($1, $2, $3, $4, $5, $6)
on conflict (name_key) do nothing
"""
INSERT_BRANCH = """
insert into branches (branch_id, bank_id, name, uscc, district_code, address, valid_from, valid_to)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
INSERT_PRODUCT = """
insert into products (product_id, bank_id, code, name, name_en, loan_type, amount_min_fen, amount_max_fen,
  term_months_min, term_months_max, rate_min_ppm, rate_max_ppm, repayment, is_unsecured, promised_workdays, model_key,
  valid_from, valid_to)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
on conflict (bank_id, code) do nothing
"""
INSERT_LIST = """
insert into published_lists (list_id, bank_id, branch_id, product_id, version, amount_min_fen, ceiling_fen,
  approval_level_fen, term_months_max, rate_min_ppm, rate_max_ppm, purposes, collateral, districts, materials,
  two_person_reasons, valid_from, valid_to, made_by, checked_by, published_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
on conflict (branch_id, product_id, version) do nothing
"""
# The newest version that has begun; that it may be over is for the rule to say, or an older one would come back.
BEGUN = """
from published_lists l join products p using (product_id) join branches b using (branch_id)
where l.valid_from <= $1
  and p.valid_from <= $1 and (p.valid_to is null or $1 <= p.valid_to)
  and b.valid_from <= $1 and (b.valid_to is null or $1 <= b.valid_to)
  and ($2::uuid is null or l.branch_id = $2) and ($3::uuid is null or l.product_id = $3)
  and ($4::uuid is null or l.bank_id = $4) and ($5::text is null or p.loan_type = $5)
  and ($6::uuid[] is null or l.branch_id = any($6))
order by l.branch_id, l.product_id, l.version desc
"""
LISTS_BEGUN = f"select distinct on (l.branch_id, l.product_id) l.* {BEGUN}"
LISTINGS_BEGUN = f"""
select distinct on (l.branch_id, l.product_id) l as entry, p as product, b as branch,
  (select k from banks k where k.bank_id = l.bank_id) as bank {BEGUN}
"""  # noqa: S608
PRODUCTS_ON = """
select * from products
where valid_from <= $1 and (valid_to is null or $1 <= valid_to) and ($2::uuid is null or bank_id = $2)
order by bank_id, code
"""
OUTLETS_KNOWN = "select coalesce(uscc, name_key) as key from outlets where coalesce(uscc, name_key) = any($1)"
INSERT_OUTLET = """
insert into outlets (outlet_id, name, name_key, uscc, district_code, address, opened_on, state, placed_by, branch_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
QUEUE = "select * from outlets where state = 'queued' and outlet_id > $1 order by outlet_id limit $2"
SETTLE = """
update outlets set state = $2, placed_by = $3, branch_id = $4, settled_by = $5, settled_at = $6
where outlet_id = $1 and state = 'queued' returning *
"""


async def insert_bank(tx: Tx, bank: Bank, name_key: str) -> bool:
    """False when a bank of that name is known already."""
    b = bank
    return await tx.execute(INSERT_BANK, b.bank_id, b.name, name_key, b.head_office_no, b.valid_from, b.valid_to) == 1


async def read_banks(tx: ReadTx) -> list[Record]:
    return await tx.fetch("select * from banks order by name")


async def read_bank(tx: ReadTx, bank_id: UUID) -> Record | None:
    return await tx.row("select * from banks where bank_id = $1", bank_id)


async def insert_branches(tx: Tx, branches: Sequence[Branch]) -> None:
    await tx.executemany(
        INSERT_BRANCH,
        [
            (b.branch_id, b.bank_id, b.name, b.uscc, b.district_code, b.address, b.valid_from, b.valid_to)
            for b in branches
        ],
    )


async def read_branch(tx: ReadTx, branch_id: UUID) -> Branch | None:
    row = await tx.row("select * from branches where branch_id = $1", branch_id)
    return None if row is None else Branch(**row)


async def read_branches(tx: ReadTx, bank_id: UUID) -> tuple[Branch, ...]:
    rows = await tx.fetch("select * from branches where bank_id = $1 order by name, branch_id", bank_id)
    return tuple(Branch(**row) for row in rows)


async def insert_product(tx: Tx, product: Product) -> bool:
    p = product
    rows = await tx.execute(
        INSERT_PRODUCT, p.product_id, p.bank_id, p.code, p.name, p.name_en, p.loan_type, p.amount_min_fen,
        p.amount_max_fen, p.term_months_min, p.term_months_max, p.rate_min_ppm, p.rate_max_ppm, p.repayment,
        p.is_unsecured, p.promised_workdays, p.model_key, p.valid_from, p.valid_to,
    )  # fmt: skip
    return rows == 1


async def read_product(tx: ReadTx, product_id: UUID) -> Product | None:
    row = await tx.row("select * from products where product_id = $1", product_id)
    return None if row is None else Product(**row)


async def read_products(tx: ReadTx, on: date, bank_id: UUID | None) -> tuple[Product, ...]:
    return tuple(Product(**row) for row in await tx.fetch(PRODUCTS_ON, on, bank_id))


async def insert_list(tx: Tx, entry: PublishedList, made_by: UUID, checked_by: UUID, at: datetime) -> bool:
    """False when that version exists: somebody published meanwhile."""
    e = entry
    rows = await tx.execute(
        INSERT_LIST, e.list_id, e.bank_id, e.branch_id, e.product_id, e.version, e.amount_min_fen, e.ceiling_fen,
        e.approval_level_fen, e.term_months_max, e.rate_min_ppm, e.rate_max_ppm, sorted(e.purposes),
        sorted(e.collateral), sorted(e.districts), list(e.materials), sorted(e.two_person_reasons), e.valid_from,
        e.valid_to, made_by, checked_by, at,
    )  # fmt: skip
    return rows == 1


async def read_newest_version(tx: ReadTx, branch_id: UUID, product_id: UUID) -> int:
    return int(
        await tx.value(
            "select coalesce(max(version), 0) from published_lists where branch_id = $1 and product_id = $2",
            branch_id,
            product_id,
        )
    )


async def read_lists_begun(
    tx: ReadTx,
    on: date,
    branch_id: UUID | None,
    product_id: UUID | None,
    bank_id: UUID | None,
    loan_type: str | None,
    branch_ids: Collection[UUID] | None = None,
) -> tuple[PublishedList, ...]:
    branches = None if branch_ids is None else list(branch_ids)
    rows = await tx.fetch(LISTS_BEGUN, on, branch_id, product_id, bank_id, loan_type, branches)
    return tuple(published_list(row) for row in rows)


async def read_listings_begun(
    tx: ReadTx, on: date, bank_id: UUID | None, loan_type: str | None, branch_ids: Collection[UUID] | None
) -> list[Record]:
    """Like `read_lists_begun`, each list (`entry`) with its `product`, `branch` and `bank`."""
    branches = None if branch_ids is None else list(branch_ids)
    return await tx.fetch(LISTINGS_BEGUN, on, None, None, bank_id, loan_type, branches)


async def read_versions(tx: ReadTx, bank_id: UUID) -> tuple[PublishedList, ...]:
    """Every version of every list of a bank, the newest of each first."""
    rows = await tx.fetch(
        "select * from published_lists where bank_id = $1 order by branch_id, product_id, version desc", bank_id
    )
    return tuple(published_list(row) for row in rows)


async def read_history(tx: ReadTx, branch_id: UUID, product_id: UUID) -> list[Record]:
    """Every version of one list, the newest first, with who made and who agreed to it."""
    return await tx.fetch(
        "select list_id, version, valid_from, valid_to, made_by, checked_by, published_at from published_lists"
        " where branch_id = $1 and product_id = $2 order by version desc",
        branch_id, product_id,
    )  # fmt: skip


async def read_list(tx: ReadTx, list_id: UUID) -> PublishedList | None:
    row = await tx.row("select * from published_lists where list_id = $1", list_id)
    return None if row is None else published_list(row)


def published_list(row: Record) -> PublishedList:
    """A row as the rule's shape; who made it and when stays in the table."""
    fields = {name: value for name, value in row.items() if name not in ("made_by", "checked_by", "published_at")}
    for name in ("purposes", "collateral", "districts", "two_person_reasons"):
        fields[name] = frozenset(fields[name])
    return PublishedList(**{**fields, "materials": tuple(fields["materials"])})


async def read_known_outlets(tx: ReadTx, keys: Sequence[str]) -> set[str]:
    return {row["key"] for row in await tx.fetch(OUTLETS_KNOWN, list(keys))}


async def insert_outlets(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    await tx.executemany(INSERT_OUTLET, rows)


async def read_queue(tx: ReadTx, after: UUID, limit: int) -> list[Record]:
    return await tx.fetch(QUEUE, after, limit)


async def read_outlet(tx: ReadTx, outlet_id: UUID) -> Record | None:
    return await tx.row("select * from outlets where outlet_id = $1", outlet_id)


async def lock_outlet(tx: Tx, outlet_id: UUID) -> Record | None:
    return await tx.row("select * from outlets where outlet_id = $1 for no key update", outlet_id)


async def settle_outlet(
    tx: Tx, outlet_id: UUID, state: str, placed_by: str | None, branch_id: UUID | None, by_id: UUID, at: datetime
) -> Record | None:
    """The outlet as it now is; None when it was settled before."""
    return await tx.row(SETTLE, outlet_id, state, placed_by, branch_id, by_id, at)


async def is_in_use(tx: ReadTx, branch_id: UUID) -> bool:
    """Whether a branch has a list or a pool."""
    sql = (
        "select exists (select 1 from published_lists where branch_id = $1)"
        " or exists (select 1 from pools where branch_id = $1)"
    )
    return bool(await tx.value(sql, branch_id))


async def queue_again(tx: Tx, outlet_id: UUID) -> Record | None:
    """The outlet waits again, as if nobody had settled it."""
    sql = (
        "update outlets set state = 'queued', placed_by = null, branch_id = null, settled_by = null, settled_at = null"
        " where outlet_id = $1 and state <> 'queued' returning *"
    )
    return await tx.row(sql, outlet_id)


async def delete_branch(tx: Tx, branch_id: UUID) -> None:
    """Take back a branch that nothing refers to; whatever does, the database says no."""
    touched = await tx.execute("delete from branches where branch_id = $1", branch_id)
    assert touched == 1, "a placed outlet has its branch"


async def read_settled(tx: ReadTx, since: datetime, most: int) -> list[Record]:
    """Outlets that a person settled since an instant, the newest first, with the bank of those that were placed."""
    return await tx.fetch(
        "select o.outlet_id, o.name, o.state, o.settled_at, k.name as bank from outlets o"
        " left join branches b on b.branch_id = o.branch_id left join banks k on k.bank_id = b.bank_id"
        " where o.settled_at > $1 and o.settled_by is not null order by o.settled_at desc limit $2",
        since,
        most,
    )
