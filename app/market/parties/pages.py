"""Pages of the head office (pools and published lists, each change laid before a second person) and of the operator
(outlets that wait for their bank)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from pydantic import Field, ValidationError

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.money import ReadSum, format_wan, parse_sum
from app.market.parties.rules import PublishedList, likely_banks, office_key, quarter_of
from app.market.parties.schemas import ListBody, PoolAmount, PoolOpening, PoolThaw
from app.market.parties.service import changes, outlets, pools, shelf
from app.office import proposals
from app.office.proposals import Proposal
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other

ADMIN: Final = {"roles": (SeatRole.BANK_ADMIN,)}
OPERATOR: Final = {"roles": (SeatRole.OPERATOR,)}
QUEUE_SHOWN: Final = 50
Asked = Request[Any, Any, Any]
Typed = Annotated[str, text(30)]
Why = Annotated[str, text(500, 2)]
CHANGES: Final[Mapping[str, str]] = {
    "open": N_("设立"), "raise": N_("调增"), "lower": N_("调减"), "freeze": N_("冻结"), "thaw": N_("解冻"),
}  # fmt: skip
WAITS: Final = N_("已提交，须由总部另一人复核后生效。")


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


class PlacementForm(Form):
    """Whose it is: a bank that was suggested, or one by its name as typed."""

    bank_id: UUID | None = None
    bank_name: Annotated[str, text(120)] | None = None


class DismissalForm(Form):
    """A button that acts, without a field."""


class FreezeForm(Form):
    why: Why


class ListForm(Form):
    """A new version as typed: sums in 万元, rates in percent. What is not here stays as it was."""

    branch_id: UUID
    product_id: UUID
    amount_min_wan: Typed
    ceiling_wan: Typed
    approval_wan: Typed
    term_months_max: Annotated[int, Field(ge=1, le=360)]
    rate_min_percent: Typed
    rate_max_percent: Typed
    two_person_reasons: Annotated[str, text(200)] = ""
    materials: Annotated[str, text(2000)] = ""
    valid_from: date
    valid_to: date | None = None


@get("/bank/pools", opt=ADMIN, include_in_schema=False)
async def show_pools(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """This quarter's pools: how much is held, posted and free, and on which day holds expire."""
    today = shanghai_date(tx.now)
    listings = await shelf.lists_for(tx, today, bank_id=seat.org_id)
    holds: dict[UUID, list[Any]] = {}
    for row in await pools.holds_of_bank(tx, seat.org_id):
        holds.setdefault(row["pool_id"], []).append(row)
    quarter = quarter_of(today)
    after = date(quarter.year + quarter.month // 10, (quarter.month + 2) % 12 + 1, 1)
    found = await pools.pools_of_bank(tx, seat.org_id, today)
    rows = [(pool, await _names(tx, pool), holds.get(pool.pool_id, [])) for pool in found]
    return page(request, "parties/pools.html", rows=rows, listings=listings, quarters=(quarter, after), quarter=quarter)


@post("/bank/pools", opt=ADMIN, include_in_schema=False)
async def submit_opening(
    data: Posted[OpeningForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Lay a new quarter's pool before a second person."""
    branch, _slash, product = data.key.partition("/")
    body = _shaped(
        PoolOpening, branch_id=_uuid(branch), product_id=_uuid(product), quarter=data.quarter,
        cap_fen=_fen(data.cap_wan), why=data.why,
    )  # fmt: skip
    return await _propose(
        request, tx, "/bank/pools", lambda: changes.propose_pool(tx, body, by=seat, now=tx.now)
    )  # fmt: skip


@get("/bank/pools/{pool_id:uuid}", opt=ADMIN, include_in_schema=False)
async def show_pool(pool_id: FromPath[UUID], tx: Given[ReadTx], request: Asked) -> Response[str]:
    """One pool, how it came to its cap, and what may be done to it."""
    pool = await pools.get_pool(tx, pool_id)
    return page(
        request, "parties/pool.html", pool=pool, names=await _names(tx, pool),
        changes=await pools.changes_of(tx, pool_id), words=CHANGES, waiting=await proposals.open_of(tx, pool_id),
    )  # fmt: skip


@post("/bank/pools/{pool_id:uuid}/changes", opt=ADMIN, include_in_schema=False)
async def submit_change(
    pool_id: FromPath[UUID], data: Posted[ChangeForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Lay a raise, a lowering or a thaw before a second person."""
    await pools.get_pool(tx, pool_id)
    body = PoolThaw(why=data.why) if data.kind == "thaw" else PoolAmount(amount_fen=_fen(data.amount_wan), why=data.why)
    return await _propose(
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


@get("/bank/lists", opt=ADMIN, include_in_schema=False)
async def show_lists(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """What each branch may decide today; `?branch=&product=` opens a new version of one to write."""
    today = shanghai_date(tx.now)
    listings = sorted(
        await shelf.lists_for(tx, today, bank_id=seat.org_id), key=lambda one: (one.branch.name, one.product.code)
    )
    asked = (request.query_params.get("branch"), request.query_params.get("product"))
    chosen = next((one for one in listings if (str(one.entry.branch_id), str(one.entry.product_id)) == asked), None)
    return page(
        request, "parties/lists.html", listings=listings, chosen=chosen, today=today, wan=_wan, percent=_percent,
        pools={(p.branch_id, p.product_id): p for p in await pools.pools_of_bank(tx, seat.org_id, today)},
    )  # fmt: skip


@post("/bank/lists", opt=ADMIN, include_in_schema=False)
async def submit_list(data: Posted[ListForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Lay a new version of a branch's list before a second person."""
    old = await shelf.list_in_force(tx, data.branch_id, data.product_id, shanghai_date(tx.now))
    body = _shaped(
        ListBody, branch_id=data.branch_id, product_id=data.product_id, amount_min_fen=_fen(data.amount_min_wan),
        ceiling_fen=_fen(data.ceiling_wan), approval_level_fen=_fen(data.approval_wan, zero=True),
        term_months_max=data.term_months_max, rate_min_ppm=_ppm(data.rate_min_percent),
        rate_max_ppm=_ppm(data.rate_max_percent), **_kept(old), materials=_lines(data.materials),
        two_person_reasons=data.two_person_reasons.replace("，", " ").replace(",", " ").split(),
        valid_from=data.valid_from, valid_to=data.valid_to,
    )  # fmt: skip
    return await _propose(request, tx, "/bank/lists", lambda: changes.propose_list(tx, body, by=seat, now=tx.now))


@get("/ops/outlets", opt=OPERATOR, include_in_schema=False)
async def show_outlets(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """Registered outlets whose bank the name does not tell, oldest first."""
    found = await outlets.outlet_queue(tx, limit=QUEUE_SHOWN)
    banks = sorted((await shelf.banks(tx)).values(), key=lambda bank: bank.name)
    return page(
        request, "parties/outlets.html", outlets=[(one, likely_banks(one.name, banks)) for one in found], banks=banks,
        most=QUEUE_SHOWN, settled=await outlets.settled_lately(tx, now=tx.now),
    )  # fmt: skip


@post("/ops/outlets/{outlet_id:uuid}/placement", opt=OPERATOR, include_in_schema=False)
async def submit_placement(
    outlet_id: FromPath[UUID], data: Posted[PlacementForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Say whose outlet it is; it becomes a branch of that bank."""

    await outlets.get_outlet(tx, outlet_id)
    bank_id = data.bank_id or await _bank_named(tx, data.bank_name or "")

    async def place() -> UUID:
        placed = await outlets.place_outlet(tx, outlet_id, bank_id, by_id=seat.person_id, now=tx.now)
        return placed.outlet_id

    await once(request, tx, place)
    return see_other(request, "/ops/outlets", flash=_("已归入该银行，成为它的网点。"))


@post("/ops/outlets/{outlet_id:uuid}/dismissal", opt=OPERATOR, include_in_schema=False)
async def submit_dismissal(
    outlet_id: FromPath[UUID], data: Posted[DismissalForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Put aside what is no outlet of a bank here."""

    async def dismiss() -> UUID:
        return (await outlets.dismiss_outlet(tx, outlet_id, by_id=seat.person_id, now=tx.now)).outlet_id

    await once(request, tx, dismiss)
    return see_other(request, "/ops/outlets", flash=_("已搁置。"))


@post("/ops/outlets/{outlet_id:uuid}/reopening", opt=OPERATOR, include_in_schema=False)
async def submit_reopening(
    outlet_id: FromPath[UUID], data: Posted[DismissalForm], tx: Given[Tx], request: Asked
) -> Response[bytes]:
    """Take back what was said of an outlet; it waits again."""

    async def reopen() -> UUID:
        return (await outlets.reopen_outlet(tx, outlet_id, now=tx.now)).outlet_id

    await once(request, tx, reopen)
    return see_other(request, "/ops/outlets", flash=_("已撤销，这个网点回到队列里。"))


async def _bank_named(tx: ReadTx, typed: str) -> UUID:
    """The bank of that name, with or without its legal form."""
    key = office_key(typed)
    found = (await outlets.offices(tx)).get(key) if key else None
    if found is None:
        raise Refusal("malformed-field", "没有叫这个名字的银行；请从列出的名称里选一个。", pointer="/bank_name")
    return found


async def _propose(request: Asked, tx: Tx, url: str, propose: Callable[[], Awaitable[Proposal]]) -> Response[bytes]:
    async def act() -> UUID:
        return (await propose()).proposal_id

    await once(request, tx, act)
    return see_other(request, url, flash=_(WAITS))


async def _names(tx: ReadTx, key: pools.Pool | PoolOpening | ListBody) -> tuple[str, str, str]:
    """Branch, product, and the product's English name."""
    product = await shelf.get_product(tx, key.product_id)
    return (await shelf.get_branch(tx, key.branch_id)).name, product.name, product.name_en


def _kept(old: PublishedList | None) -> dict[str, list[str]]:
    """What the form does not ask and a new version takes over."""
    if old is None:
        return {}
    return {name: sorted(getattr(old, name)) for name in ("purposes", "collateral", "districts")}


def _shaped(shape: type[Any], **values: object) -> Any:
    """The body of a change; bounds that contradict each other are a `malformed-field`."""
    try:
        return shape(**values)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))
        raise Refusal("malformed-field", "上下限或日期互相矛盾，请检查后重新提交。", pointer=f"/{field}") from None


def _fen(typed: str, *, zero: bool = False) -> int:
    read = parse_sum(typed)
    if isinstance(read, ReadSum) and (read.fen > 0 or (zero and read.fen == 0)):
        return int(read.fen)
    raise Refusal("malformed-field", _("“{typed}”不是金额，请只填数字。").format(typed=typed))


def _ppm(typed: str) -> int:
    try:
        ppm = Decimal(typed.removesuffix("%").strip()) * 10_000
    except InvalidOperation:
        ppm = Decimal(-1)
    if not ppm.is_finite() or not 0 < ppm <= 360_000 or ppm != int(ppm):
        raise Refusal("malformed-field", _("“{typed}”不是利率，请填百分数，例如 4.35。").format(typed=typed))
    return int(ppm)


def _wan(fen: int) -> str:
    return format_wan(fen).replace(",", "")


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".")


def _lines(typed: str) -> list[str]:
    return [line.strip() for line in typed.splitlines() if line.strip()]


def _uuid(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise Refusal("malformed-field", pointer="/key") from None
