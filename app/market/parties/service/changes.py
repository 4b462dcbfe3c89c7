"""Changes of pools and lists that need two people (P25): vetted when proposed, applied when approved."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

from pydantic import ValidationError

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.parties.events import ListPublished
from app.market.parties.rules import Product, PublishedList, quarter_of
from app.market.parties.schemas import ChangeBody, ListBody, ListsBody, PoolAmount, PoolOpening, PoolThaw
from app.market.parties.service.pools import Pool, differs, get_pool, note_change
from app.market.parties.service.shelf import branches_of, get_branch, get_product, products_on
from app.market.parties.store import pools as pool_store
from app.market.parties.store import shelf as shelf_store
from app.office import proposals
from app.office.proposals import Kind, Proposal

ADMINS: Final = frozenset({SeatRole.BANK_ADMIN})
POOL_OPEN, POOL_RAISE, POOL_LOWER, POOL_THAW, LIST_PUBLISH, LISTS_PUBLISH = (
    "pool-open", "pool-raise", "pool-lower", "pool-thaw", "list-publish", "lists-publish",
)  # fmt: skip
B = TypeVar("B", bound=ChangeBody)


async def propose_pool(tx: Tx, body: PoolOpening, *, by: Seat, now: datetime) -> Proposal:
    """Ask a second person to open a pool for a quarter."""
    case_id = pool_case(body.branch_id, body.product_id, body.quarter.isoformat())
    return await proposals.propose(tx, POOL_OPEN, case_id, body.model_dump(mode="json"), by=by, now=now)


async def propose_pool_change(
    tx: Tx, kind: str, pool_id: UUID, body: PoolAmount | PoolThaw, *, by: Seat, now: datetime
) -> Proposal:
    """Ask a second person to raise, lower or thaw a pool; `kind` is one of the three."""
    assert kind in (POOL_RAISE, POOL_LOWER, POOL_THAW), f"{kind} is no change of a pool"
    return await proposals.propose(tx, kind, pool_id, body.model_dump(mode="json"), by=by, now=now)


async def propose_list(tx: Tx, body: ListBody, *, by: Seat, now: datetime) -> Proposal:
    """Ask a second person to publish a new version of a branch's list."""
    case_id = pool_case(body.branch_id, body.product_id, "list")
    return await proposals.propose(tx, LIST_PUBLISH, case_id, body.model_dump(mode="json"), by=by, now=now)


async def propose_lists(tx: Tx, body: ListsBody, *, by: Seat, now: datetime) -> Proposal:
    """Ask a second person to publish new versions of many lists, all or none; one such change waits at once."""
    case_id = uuid5(by.org_id, "lists")
    return await proposals.propose(tx, LISTS_PUBLISH, case_id, body.model_dump(mode="json"), by=by, now=now)


def lists_in(proposal: Proposal) -> ListsBody:
    """The new versions that a proposal of many lists holds."""
    assert proposal.kind == LISTS_PUBLISH, f"{proposal.kind} is no change of many lists"
    return _read(ListsBody, proposal.body)


def pool_case(branch_id: UUID, product_id: UUID, what: str) -> UUID:
    """A stable case id for what has no row yet: the same branch, product and matter always give the same one."""
    return uuid5(branch_id, f"{product_id}:{what}")


async def _vet_opening(tx: Tx, case_id: UUID, body: Mapping[str, Any], by: Seat, now: datetime) -> None:
    opening = _read(PoolOpening, body)
    await _own(tx, by, opening)
    _not_past(opening, now)


async def _open(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    body = _read(PoolOpening, proposal.body)
    product = await _own(tx, by, body)
    _not_past(body, now)
    pool_id = new_id()
    if not await pool_store.insert_pool(
        tx, pool_id, product.bank_id, body.branch_id, body.product_id, body.quarter, body.cap_fen
    ):
        raise Refusal("already-exists", "该季度已有额度池。")
    pool = await get_pool(tx, pool_id)
    await _note(tx, pool, "open", body.cap_fen, body.cap_fen, body.why, proposal, by, now)


def _not_past(body: PoolOpening, now: datetime) -> None:
    if body.quarter < quarter_of(shanghai_date(now)):
        raise Refusal("bad-time", "额度池不能为已经过去的季度开立。")


async def _vet_amount(tx: Tx, pool_id: UUID, body: Mapping[str, Any], by: Seat, now: datetime) -> None:
    _read(PoolAmount, body)
    await _own_pool(tx, pool_id, by)


async def _raise(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    body = _read(PoolAmount, proposal.body)
    pool = await _own_pool(tx, proposal.case_id, by)
    cap_fen = await pool_store.change(tx, pool_store.RAISE, pool.pool_id, body.amount_fen)
    assert cap_fen is not None, "the pool was read in this transaction"
    await _note(tx, pool, "raise", body.amount_fen, cap_fen, body.why, proposal, by, now)


async def _lower(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    body = _read(PoolAmount, proposal.body)
    pool = await _own_pool(tx, proposal.case_id, by)
    cap_fen = await pool_store.change(tx, pool_store.LOWER, pool.pool_id, body.amount_fen)
    if cap_fen is None:
        raise Refusal("pool-below-used", held_fen=pool.held_fen, posted_fen=pool.posted_fen)
    await _note(tx, pool, "lower", body.amount_fen, cap_fen, body.why, proposal, by, now)


async def _vet_thaw(tx: Tx, pool_id: UUID, body: Mapping[str, Any], by: Seat, now: datetime) -> None:
    _read(PoolThaw, body)
    pool = await _own_pool(tx, pool_id, by)
    if not pool.is_frozen:
        raise Refusal("wrong-state", "额度池未冻结。")


async def _thaw(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    body = _read(PoolThaw, proposal.body)
    pool = await _own_pool(tx, proposal.case_id, by)
    if await differs(tx, pool.pool_id):
        raise Refusal("wrong-state", "额度池与台账不符，查明前不能解冻。")
    cap_fen = await pool_store.change(tx, pool_store.THAW, pool.pool_id)
    if cap_fen is None:
        raise Refusal("wrong-state", "额度池未冻结。")
    await _note(tx, pool, "thaw", 0, cap_fen, body.why, proposal, by, now)


async def _vet_list(tx: Tx, case_id: UUID, body: Mapping[str, Any], by: Seat, now: datetime) -> None:
    await _own_list(tx, by, _read(ListBody, body), now)


async def _publish(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    body = _read(ListBody, proposal.body)
    await _own_list(tx, by, body, now)
    await _publish_one(tx, body, proposal, by, now)


async def _vet_lists(tx: Tx, case_id: UUID, body: Mapping[str, Any], by: Seat, now: datetime) -> None:
    await _own_lists(tx, by, _read(ListsBody, body), now)


async def _publish_lists(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    """Every one or none: the first that may not be published undoes the approval."""
    body = _read(ListsBody, proposal.body)
    await _own_lists(tx, by, body, now)
    for one in body.rows:
        await _publish_one(tx, one, proposal, by, now)


async def _publish_one(tx: Tx, body: ListBody, proposal: Proposal, by: Seat, now: datetime) -> None:
    version = 1 + await shelf_store.read_newest_version(tx, body.branch_id, body.product_id)
    entry = PublishedList(
        new_id(), by.org_id, body.branch_id, body.product_id, version, body.amount_min_fen, body.ceiling_fen,
        body.approval_level_fen, body.term_months_max, body.rate_min_ppm, body.rate_max_ppm, frozenset(body.purposes),
        frozenset(body.collateral), frozenset(body.districts), tuple(body.materials),
        frozenset(body.two_person_reasons), body.valid_from, body.valid_to,
    )  # fmt: skip
    if not await shelf_store.insert_list(tx, entry, proposal.made_by, by.person_id, now):
        raise Refusal("conflict")
    await outbox.record(
        tx,
        ListPublished(
            stream_id=entry.branch_id, at=now, list_id=entry.list_id, bank_id=entry.bank_id,
            branch_id=entry.branch_id, product_id=entry.product_id, version=version,
        ),
    )  # fmt: skip
    await audit.write(tx, "list.publish", case_id=entry.list_id, detail={"version": str(version)})


async def _note(
    tx: Tx, pool: Pool, kind: str, amount_fen: int, cap_fen: int, why: str, proposal: Proposal, by: Seat, now: datetime
) -> None:
    await note_change(
        tx, pool, kind, amount_fen, cap_fen, why, made_by=proposal.made_by, checked_by=by.person_id, now=now
    )


def _read(shape: type[B], body: Mapping[str, Any]) -> B:
    try:
        return shape.model_validate_json(json.dumps(dict(body)), strict=True)
    except ValidationError:
        raise Refusal("malformed-field") from None


async def _own(tx: ReadTx, by: Seat, body: PoolOpening | ListBody) -> Product:
    """The product, when both it and the branch are the seat's bank's; else `not-found`."""
    product = await get_product(tx, body.product_id)
    branch = await get_branch(tx, body.branch_id)
    if {product.bank_id, branch.bank_id} != {by.org_id}:
        raise Refusal("not-found")
    return product


async def _own_list(tx: ReadTx, by: Seat, body: ListBody, now: datetime) -> None:
    _stay_within(await _own(tx, by, body), body, now)


async def _own_lists(tx: ReadTx, by: Seat, body: ListsBody, now: datetime) -> None:
    """As `_own_list` for each, with branches and products read once."""
    branches = {one.branch_id for one in await branches_of(tx, by.org_id)}
    products = {one.product_id: one for one in await products_on(tx, shanghai_date(now), bank_id=by.org_id)}
    for one in body.rows:
        if one.branch_id not in branches or one.product_id not in products:
            raise Refusal("not-found")
        _stay_within(products[one.product_id], one, now)


def _stay_within(product: Product, body: ListBody, now: datetime) -> None:
    """A list stays inside its product and never changes a day that has passed."""
    if body.valid_from < shanghai_date(now):
        raise Refusal("bad-time", "清单不能追溯生效。")
    if not product.amount_min_fen <= body.amount_min_fen <= body.ceiling_fen <= product.amount_max_fen:
        raise Refusal("amount-out-of-range")
    rates_fit = product.rate_min_ppm <= body.rate_min_ppm <= body.rate_max_ppm <= product.rate_max_ppm
    if not rates_fit or body.term_months_max > product.term_months_max:
        raise Refusal("terms-out-of-range")


async def _own_pool(tx: ReadTx, pool_id: UUID, by: Seat) -> Pool:
    pool = await get_pool(tx, pool_id)
    if pool.bank_id != by.org_id:
        raise Refusal("not-found")
    return pool


for _kind in (
    Kind(POOL_OPEN, ADMINS, ADMINS, _open, _vet_opening),
    Kind(POOL_RAISE, ADMINS, ADMINS, _raise, _vet_amount, pool_store.lock_pool),
    Kind(POOL_LOWER, ADMINS, ADMINS, _lower, _vet_amount, pool_store.lock_pool),
    Kind(POOL_THAW, ADMINS, ADMINS, _thaw, _vet_thaw, pool_store.lock_pool),
    Kind(LIST_PUBLISH, ADMINS, ADMINS, _publish, _vet_list),
    Kind(LISTS_PUBLISH, ADMINS, ADMINS, _publish_lists, _vet_lists),
):
    proposals.register(_kind)
