"""The product shelf and published lists for everybody; pools for their bank; the queue of outlets for operators."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.market.parties.schemas import (
    FreezeBody,
    ListBody,
    PlacementBody,
    PoolAmount,
    PoolChange,
    PoolOpening,
    PoolThaw,
)
from app.market.parties.service import changes, outlets, pools, shelf
from app.market.parties.service.outlets import Outlet
from app.market.parties.service.pools import Pool
from app.market.parties.service.shelf import Listing
from app.web import idempotency, paging
from app.web.body import Sent
from app.web.deps import Given

PUBLIC: Final = {"roles": "public"}
ADMIN: Final = {"roles": (SeatRole.BANK_ADMIN,)}
OPERATOR: Final = {"roles": (SeatRole.OPERATOR,)}


@dataclass(frozen=True, slots=True)
class ProductView:
    product_id: UUID
    bank_id: UUID
    bank: str
    code: str
    name: str
    name_en: str
    loan_type: str
    amount_min_fen: int
    amount_max_fen: int
    term_months_min: int
    term_months_max: int
    rate_min_ppm: int
    rate_max_ppm: int
    repayment: str
    is_unsecured: bool
    promised_workdays: int


@dataclass(frozen=True, slots=True)
class ListView:
    """What a branch may decide of a product. Pools are the bank's own business and not in it."""

    list_id: UUID
    bank: str
    branch_id: UUID
    branch: str
    product_id: UUID
    product: str
    version: int
    amount_min_fen: int
    ceiling_fen: int
    approval_level_fen: int
    term_months_max: int
    rate_min_ppm: int
    rate_max_ppm: int
    purposes: list[str]
    collateral: list[str]
    districts: list[str]
    materials: list[str]
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, found: Listing) -> "ListView":
        e = found.entry
        return cls(
            e.list_id, found.bank.name, e.branch_id, found.branch.name, e.product_id, found.product.name, e.version,
            e.amount_min_fen, e.ceiling_fen, e.approval_level_fen, e.term_months_max, e.rate_min_ppm, e.rate_max_ppm,
            sorted(e.purposes), sorted(e.collateral), sorted(e.districts), list(e.materials), e.valid_from, e.valid_to,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PoolView:
    pool_id: UUID
    branch_id: UUID
    product_id: UUID
    quarter: date
    cap_fen: int
    held_fen: int
    posted_fen: int
    free_fen: int
    is_frozen: bool

    @classmethod
    def of(cls, pool: Pool) -> "PoolView":
        return cls(
            pool.pool_id, pool.branch_id, pool.product_id, pool.quarter, pool.cap_fen, pool.held_fen,
            pool.posted_fen, pool.free_fen, pool.is_frozen,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """The proposal that now waits for a second person."""

    proposal_id: UUID


@get("/products", opt=PUBLIC)
async def list_products(tx: Given[ReadTx]) -> dict[str, list[ProductView]]:
    """Everything on the shelf today."""
    banks = await shelf.banks(tx)
    found = await shelf.products_on(tx, shanghai_date(tx.now))
    return {
        "products": [
            ProductView(
                p.product_id, p.bank_id, banks[p.bank_id].name, p.code, p.name, p.name_en, p.loan_type,
                p.amount_min_fen, p.amount_max_fen, p.term_months_min, p.term_months_max, p.rate_min_ppm,
                p.rate_max_ppm, p.repayment, p.is_unsecured, p.promised_workdays,
            )
            for p in found
        ]
    }  # fmt: skip


@get("/published-lists", opt=PUBLIC)
async def list_published(tx: Given[ReadTx], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What each branch may decide today, page by page."""
    page = paging.read_page(request, orders=("branch",))
    found = sorted(
        await shelf.lists_for(tx, shanghai_date(tx.now)),
        key=lambda one: (str(one.entry.branch_id), str(one.entry.product_id)),
    )
    keys = [(str(one.entry.branch_id), str(one.entry.product_id)) for one in found]
    begin = 0 if page.after is None else sum(key <= (str(page.after[0]), str(page.after[1])) for key in keys)
    part = found[begin : begin + page.limit]
    last = keys[begin + len(part) - 1] if part else ("", "")
    return {"lists": [ListView.of(one) for one in part], "next": page.next_cursor(part, last)}


@post("/published-lists", opt=ADMIN)
async def propose_list(
    data: Sent[ListBody], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[Waiting]:
    """Lay a new version of a branch's list before a second person."""

    async def propose() -> UUID:
        return (await changes.propose_list(tx, data, by=seat, now=tx.now)).proposal_id

    return await _waiting(request, tx, propose)


@get("/pools", opt=ADMIN)
async def list_pools(tx: Given[ReadTx], seat: Given[Seat]) -> dict[str, list[PoolView]]:
    """One's bank's pools of this quarter."""
    found = await pools.pools_of_bank(tx, seat.org_id, shanghai_date(tx.now))
    return {"pools": [PoolView.of(pool) for pool in found]}


@post("/pools", opt=ADMIN)
async def propose_pool(
    data: Sent[PoolOpening], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[Waiting]:
    """Lay a new quarter's pool before a second person."""

    async def propose() -> UUID:
        return (await changes.propose_pool(tx, data, by=seat, now=tx.now)).proposal_id

    return await _waiting(request, tx, propose)


@get("/pools/{pool_id:uuid}", opt=ADMIN)
async def show_pool(pool_id: FromPath[UUID], tx: Given[ReadTx]) -> PoolView:
    """One pool of one's bank."""
    return PoolView.of(await pools.get_pool(tx, pool_id))


@post("/pools/{pool_id:uuid}/changes", opt=ADMIN)
async def propose_pool_change(
    pool_id: FromPath[UUID],
    data: Sent[PoolChange],
    tx: Given[Tx],
    seat: Given[Seat],
    request: Request[Any, Any, Any],
) -> Response[Waiting]:
    """Lay a raise, a lowering or a thaw before a second person."""
    body = PoolThaw(why=data.why) if data.amount_fen is None else PoolAmount(amount_fen=data.amount_fen, why=data.why)

    async def propose() -> UUID:
        kind = f"pool-{data.kind}"
        return (await changes.propose_pool_change(tx, kind, pool_id, body, by=seat, now=tx.now)).proposal_id

    return await _waiting(request, tx, propose)


@post("/pools/{pool_id:uuid}/freeze", opt=ADMIN, status_code=200)
async def freeze_pool(
    pool_id: FromPath[UUID],
    data: Sent[FreezeBody],
    tx: Given[Tx],
    seat: Given[Seat],
    request: Request[Any, Any, Any],
) -> Response[PoolView]:
    """Stop new holds at once; one person may."""

    async def freeze() -> UUID:
        return (await pools.freeze(tx, pool_id, data.why, by_id=seat.person_id, now=tx.now)).pool_id

    await idempotency.once(request, tx, freeze, status=200)
    return idempotency.answer(request, PoolView.of(await pools.get_pool(tx, pool_id)))


@get("/outlets", opt=OPERATOR)
async def list_outlets(tx: Given[ReadTx], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Registered outlets whose bank the name does not tell, oldest first."""
    page = paging.read_page(request, orders=("recorded",))
    after = UUID(str(page.after[0])) if page.after else outlets.FIRST_ID
    found = await outlets.outlet_queue(tx, after=after, limit=page.limit)
    last = str(found[-1].outlet_id) if found else str(after)
    return {"outlets": list(found), "next": page.next_cursor(found, (last,))}


@post("/outlets/{outlet_id:uuid}/placement", opt=OPERATOR, status_code=200)
async def place_outlet(
    outlet_id: FromPath[UUID],
    data: Sent[PlacementBody],
    tx: Given[Tx],
    seat: Given[Seat],
    request: Request[Any, Any, Any],
) -> Response[Outlet]:
    """Say whose outlet it is; it becomes a branch of that bank."""

    async def place() -> UUID:
        placed = await outlets.place_outlet(tx, outlet_id, data.bank_id, by_id=seat.person_id, now=tx.now)
        return placed.outlet_id

    await idempotency.once(request, tx, place, status=200)
    return idempotency.answer(request, await outlets.get_outlet(tx, outlet_id))


@post("/outlets/{outlet_id:uuid}/dismissal", opt=OPERATOR, status_code=200)
async def dismiss_outlet(
    outlet_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[Outlet]:
    """Put aside what is no outlet of a bank here."""

    async def dismiss() -> UUID:
        return (await outlets.dismiss_outlet(tx, outlet_id, by_id=seat.person_id, now=tx.now)).outlet_id

    await idempotency.once(request, tx, dismiss, status=200)
    return idempotency.answer(request, await outlets.get_outlet(tx, outlet_id))


async def _waiting(
    request: Request[Any, Any, Any], tx: Tx, propose: Callable[[], Awaitable[UUID]]
) -> Response[Waiting]:
    proposal_id = await idempotency.once(request, tx, propose, location="/proposals/{}")
    return idempotency.answer(request, Waiting(proposal_id))
