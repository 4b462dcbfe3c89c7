"""Pages of the head office: pools of money, how they are used and when that ends, and changes by two people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from app.access import audit, orgs
from app.access.seats import Seat
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.market.parties.describing import TITLES
from app.market.parties.pages.shaping import ADMIN, Asked, Typed, Why, lay, read_fen, read_uuid, shaped
from app.market.parties.rules import quarter_of
from app.market.parties.rules.list_files import quarter_after
from app.market.parties.schemas import PoolAmount, PoolOpening, PoolThaw
from app.market.parties.service import changes, pools, shelf
from app.market.parties.service.pools import LEDGER, Pool
from app.office import proposals
from app.office.proposals import Proposal
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other

CHANGES: Final[Mapping[str, str]] = {
    "open": N_("设立"), "raise": N_("调增"), "lower": N_("调减"), "freeze": N_("冻结"), "thaw": N_("解冻"),
}  # fmt: skip
ALL_KINDS: Final = (changes.POOL_OPEN, changes.POOL_RAISE, changes.POOL_LOWER, changes.POOL_THAW)


class OpeningForm(Form):
    """A pool for a branch, a product and a quarter; `key` is `branch/product`."""

    key: Annotated[str, text(80)]
    quarter: date
    cap_wan: Typed
    why: Why


class ChangeForm(Form):
    kind: Literal["raise", "lower", "thaw"]
    amount_wan: Annotated[str, text(30)] = ""
    why: Why


class FreezeForm(Form):
    why: Why


class ReconcileForm(Form):
    """Nothing but the button."""


@dataclass(frozen=True, slots=True)
class Named:
    """A pool with its names, its open holds by the day on which they end, and what waits for a second person."""

    pool: Pool
    branch: str
    product: str
    product_en: str
    holds: Sequence[Record]
    waiting: Sequence[Proposal]

    @property
    def tightness(self) -> tuple[bool, int, str]:
        """Frozen ones first, then those with the smallest part free."""
        pool = self.pool
        return not pool.is_frozen, pool.free_fen * 1000 // pool.cap_fen if pool.cap_fen else 0, self.branch


@get("/bank/pools", opt=ADMIN, include_in_schema=False)
async def show_pools(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """This quarter's pools: how much is held, posted and free, on which day holds end, what waits."""
    today = shanghai_date(tx.now)
    listings = await shelf.lists_for(tx, today, bank_id=seat.org_id)
    waiting = [one for one in await proposals.find(tx, by=seat) if one.kind in ALL_KINDS]
    found = await pools.pools_of_bank(tx, seat.org_id, today)
    rows = sorted(await _named(tx, found, seat.org_id, waiting), key=lambda one: one.tightness)
    names = {(one.entry.branch_id, one.entry.product_id): one for one in listings}
    opening = [
        (one, names.get((UUID(one.body["branch_id"]), UUID(one.body["product_id"]))))
        for one in waiting if one.kind == changes.POOL_OPEN
    ]  # fmt: skip
    return page(
        request, "parties/pools.html", rows=rows, listings=listings, quarter=quarter_of(today), opening=opening,
        quarters=(quarter_of(today), quarter_after(today)[0]), words=CHANGES, seat_person=seat.person_id,
        people=await orgs.names_of_colleagues(tx, [one.made_by for one in waiting]), day_of=date.fromisoformat,
    )  # fmt: skip


async def _named(tx: ReadTx, found: Sequence[Pool], bank_id: UUID, waiting: Sequence[Proposal]) -> list[Named]:
    branches = {one.branch_id: one.name for one in await shelf.branches_of(tx, bank_id)}
    products = {key: await shelf.get_product(tx, key) for key in {one.product_id for one in found}}
    holds: dict[UUID, list[Record]] = {}
    for row in await pools.holds_of_bank(tx, bank_id):
        holds.setdefault(row["pool_id"], []).append(row)
    return [
        Named(
            one, branches.get(one.branch_id, ""), products[one.product_id].name, products[one.product_id].name_en,
            holds.get(one.pool_id, []), [two for two in waiting if two.case_id == one.pool_id],
        )
        for one in found
    ]  # fmt: skip


@post("/bank/pools", opt=ADMIN, include_in_schema=False)
async def submit_opening(
    data: Posted[OpeningForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Lay a new quarter's pool before a second person."""
    branch, _slash, product = data.key.partition("/")
    body = shaped(
        PoolOpening, branch_id=read_uuid(branch), product_id=read_uuid(product), quarter=data.quarter,
        cap_fen=read_fen(data.cap_wan), why=data.why,
    )  # fmt: skip
    return await lay(request, tx, "/bank/pools", lambda: changes.propose_pool(tx, body, by=seat, now=tx.now))


@post("/bank/pools/reconciliation", opt=ADMIN, include_in_schema=False)
async def submit_reconciliation(
    data: Posted[ReconcileForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Hold the counters of the bank's pools against their ledger now; what differs is frozen. Harmless to repeat."""
    found = await pools.reconcile(tx, now=tx.now)
    await audit.write(tx, "pool.reconcile", detail={"differences": str(len(found))})
    said = (
        _("{n} 个额度池与流水不符，已冻结，请查明后解冻。").format(n=len(found)) if found else _("已核对，账实相符。")
    )
    return see_other(request, "/bank/pools", flash=said)


@get("/bank/pools/{pool_id:uuid}", opt=ADMIN, include_in_schema=False)
async def show_pool(pool_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """One pool: how it is used, when holds end, how it came to its cap and by whom, and what may be done to it."""
    pool = await pools.get_pool(tx, pool_id)
    waiting = await proposals.open_of(tx, pool_id)
    history = await pools.changes_of(tx, pool_id)
    (named,) = await _named(tx, [pool], pool.bank_id, waiting)
    acted = [who for row in history for who in (row["made_by"], row["checked_by"]) if who is not None]
    people = await orgs.names_of_colleagues(tx, [*acted, *(two.made_by for two in waiting)])
    return page(
        request, "parties/pool.html", one=named, pool=pool, changes=history, words=CHANGES, ledger=LEDGER,
        people=people, seat_person=seat.person_id, titles=TITLES,
    )  # fmt: skip


@post("/bank/pools/{pool_id:uuid}/changes", opt=ADMIN, include_in_schema=False)
async def submit_change(
    pool_id: FromPath[UUID], data: Posted[ChangeForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Lay a raise, a lowering or a thaw before a second person."""
    await pools.get_pool(tx, pool_id)
    body = (
        PoolThaw(why=data.why)
        if data.kind == "thaw"
        else PoolAmount(amount_fen=read_fen(data.amount_wan), why=data.why)
    )
    return await lay(
        request, tx, f"/bank/pools/{pool_id}",
        lambda: changes.propose_pool_change(tx, f"pool-{data.kind}", pool_id, body, by=seat, now=tx.now),
    )  # fmt: skip


@post("/bank/pools/{pool_id:uuid}/freeze", opt=ADMIN, include_in_schema=False)
async def submit_freeze(
    pool_id: FromPath[UUID], data: Posted[FreezeForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Stop new holds at once; one person may."""

    async def freeze() -> UUID:
        return (await pools.freeze(tx, pool_id, data.why, by_id=seat.person_id, now=tx.now)).pool_id

    await once(request, tx, freeze)
    return see_other(request, f"/bank/pools/{pool_id}", flash=_("额度池已冻结，新的受理不能再占用。"))
