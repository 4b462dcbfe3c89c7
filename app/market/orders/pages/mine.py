"""What a firm sees of its orders: an overview, one order with its deadlines and offers, and the acts on it."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access import orgs
from app.access.seats import Seat
from app.infra.db import Database, ReadTx, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import limits, papers
from app.market.orders.pages import following, words
from app.market.orders.pages.answers import of_order
from app.market.orders.pages.kinds import TITLES
from app.market.orders.pages.offers import offers_of
from app.market.orders.pages.wizard import FIRM, NEW
from app.market.orders.rules.states import BEFORE_SIGNING, TERMINAL, State
from app.market.orders.service import decisions, marks, payments, reading, withdrawals
from app.market.orders.service.reading import OrderView
from app.web import context
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

FIRM_ACTS: Final = {**FIRM, "db": Role.ACT}
Asked = Request[Any, Any, Any]
Refused = tuple[UUID, Refusal, str]  # Whose papers were not taken, why, and the words that were typed beside them.
RECENT: Final = 20
CONFIRMED: Final = ("withdrawal", "pick", "release", "draws-end", "revocation")


class ActForm(Form):
    """A button that acts, without a field."""


class LeavingForm(Form):
    """Whether a bank had the firm leave: its suborder, or none of them."""

    caused_by: UUID | Literal["none"] | None = None
    words: Annotated[str, text(500, 0)] = ""


@get("/my", opt=FIRM, include_in_schema=False)
async def show_home(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """The firm's own start: what waits for it, its orders, its estimates."""
    rows = await reading.list_orders(tx, seat.org_id, limit=RECENT)
    views = [await reading.get_order(tx, row["order_id"]) for row in rows]
    cards = await limits.latest(tx, seat.org_id, now=tx.now)
    return page(
        request,
        "orders/firm_home.html",
        firm=await orgs.get_org(tx, seat.org_id),
        orders=[(view, _waiting(view)) for view in views],
        highest=max((card.amount_fen for card in cards), default=None),
        words=words,
    )


@get("/my/orders/{order_id:uuid}", opt=FIRM, include_in_schema=False)
async def show_order(order_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[Any]:
    """One order: whose turn it is, each deadline and why, papers, offers, refusals, who opened the data.

    The page asks again by itself with the stamp of what it shows; while nothing happened it gets no answer to swap in.
    """
    return await order_page(request, tx, order_id, seat)


async def order_page(
    request: Asked, tx: ReadTx, order_id: UUID, seat: Seat, *, refused: Refused | None = None
) -> Response[Any]:
    """The page of an order; after a refused upload with the faults at their place and the words still there."""
    view = await reading.get_order(tx, order_id)
    if view.order["business_id"] != seat.org_id:
        raise Refusal("not-found")
    banks = await following.banks_of(tx, view)
    seen = await following.openings(tx, view, banks)
    beside = await marks.marks_of(tx, order_id, seat)
    stamp = following.stamp(view, banks, seen, tx.now, beside)
    if context.is_partial(request) and request.query_params.get("seen") == stamp:
        return Response(b"", status_code=204)
    return page(
        request,
        "orders/firm_order.html",
        status=422 if refused else 200,
        view=view,
        order=view.order,
        banks=banks,
        turns=following.turns(banks),
        stages=following.stages(view, banks),
        offers=offers_of(banks),
        readings=seen,
        marks=beside,
        history=following.history(banks),
        stamp=stamp,
        limits=await papers.limits_on(tx, tx.now),
        refused=refused,
        can_withdraw=view.order["ended_at"] is None and _before_signing(view),
        again_url=f"{NEW}?{urlencode(of_order(dict(view.order)))}",
        words=words,
        now=tx.now,
        today=shanghai_date(tx.now),
        loan_titles=TITLES,
        loan_order_id=view.order["of_order_id"],
    )


@get("/my/orders/{order_id:uuid}/confirmation", opt=FIRM, include_in_schema=False)
async def show_confirmation(
    order_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """Before what cannot be undone: `?act=`, for which bank and sum (`?of=` names its suborder), and what follows."""
    act = request.query_params.get("act", "withdrawal")
    view = await reading.get_order(tx, order_id)
    if view.order["business_id"] != seat.org_id or act not in CONFIRMED:
        raise Refusal("not-found")
    banks = await following.banks_of(tx, view)
    of = request.query_params.get("of", "")
    bank = next((one for one in banks if str(one.suborder_id) == of), None)
    if bank is None and act != "withdrawal":
        raise Refusal("not-found")
    return page(
        request,
        "orders/firm_confirm.html",
        act=act,
        order=view.order,
        bank=bank,
        offer=next((one for one in offers_of(banks) if bank is not None and one.bank is bank), None),
        others=[one for one in banks if one is not bank and one.part and _is_live(one)],
        words=words,
        url=_url_of(act, order_id, bank),
    )


@post("/my/orders/{order_id:uuid}/withdrawal", opt=FIRM_ACTS, include_in_schema=False)
async def submit_withdrawal(
    order_id: FromPath[UUID], data: Posted[LeavingForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Take the whole order back, and say whether a bank had the firm do so."""
    why = None
    if data.caused_by:
        why = withdrawals.WhyLeft(None if data.caused_by == "none" else data.caused_by, data.words)
    await once(request, tx, lambda: withdrawals.withdraw_order(tx, order_id, by=seat, now=tx.now, why=why))
    return see_other(request, f"/my/orders/{order_id}", flash=_("需求已撤回，各银行的授权同时终止。"))


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/pick", opt=FIRM_ACTS, include_in_schema=False)
async def submit_pick(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """Take this bank's offer; the others are passed over."""
    await once(request, tx, lambda: decisions.pick_offer(tx, suborder_id, by=seat, now=tx.now))
    return see_other(request, f"/my/orders/{order_id}", flash=_("已选定方案，等待银行与您签约。"))


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/release", opt=FIRM_ACTS, include_in_schema=False)
async def submit_letting_go(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """Leave a bank that broke its promise to sign or to pay out."""
    await once(request, tx, lambda: withdrawals.let_go(tx, suborder_id, by=seat, now=tx.now))
    return see_other(request, f"/my/orders/{order_id}", flash=_("已不再等待该行。"))


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/draws-end", opt=FIRM_ACTS, include_in_schema=False)
async def submit_draws_end(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """Give up what is still to be drawn under the contract."""
    await once(request, tx, lambda: payments.end_draws(tx, suborder_id, by=seat, now=tx.now))
    return see_other(request, f"/my/orders/{order_id}", flash=_("已放弃剩余未放款部分。"))


@post("/my/orders/{order_id:uuid}/consents/{consent_id:uuid}/revocation", opt=FIRM, include_in_schema=False)
async def submit_revocation(
    order_id: FromPath[UUID], consent_id: FromPath[UUID], data: Posted[ActForm], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Take one bank's consent back. Access has ended when this answers; repeating it changes nothing."""
    db: Database = request.app.state.db
    async with db.reading(Role.BUSINESS) as tx:
        now = tx.now
    await withdrawals.revoke_consent(db, consent_id, order_id, by=seat, now=now)
    return see_other(request, f"/my/orders/{order_id}", flash=_("授权已撤回，该行从此刻起看不到您的数据。"))


def _waiting(view: OrderView) -> int:
    """How many things wait for the firm: papers to bring, offers to pick."""
    return sum(row["papers_open"] is not None or row["state"] == State.OFFERED for row in view.suborders)


def _before_signing(view: OrderView) -> bool:
    live = [State(row["state"]) for row in view.suborders if State(row["state"]) not in TERMINAL]
    return all(state in BEFORE_SIGNING for state in live)


def _is_live(bank: following.BankView) -> bool:
    return bank.part is not None and State(bank.part.suborder["state"]) not in TERMINAL


def _url_of(act: str, order_id: UUID, bank: following.BankView | None) -> str:
    if bank is None or act == "withdrawal":
        return f"/my/orders/{order_id}/withdrawal"
    if act == "revocation":
        return f"/my/orders/{order_id}/consents/{bank.listed['consent_id']}/revocation"
    return f"/my/orders/{order_id}/suborders/{bank.suborder_id}/{act}"
