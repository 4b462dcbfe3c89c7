"""What the branch does from its pages: each act once, then back to the suborder with a word of what happened."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from app.access.seats import Seat
from app.infra.db import Database, Role, Tx
from app.kernel.errors import Refusal
from app.market.orders.pages import desk_words
from app.market.orders.pages.desk import BRANCH, case_page, refusal_page
from app.market.orders.pages.desk_forms import (
    AcceptancesForm,
    ActForm,
    ContactForm,
    DrawForm,
    OfferForm,
    PapersForm,
    RefusalForm,
    SignatureForm,
    fen_of,
    offered_of,
    said_of,
    typed_of,
)
from app.market.orders.service import acceptances, decisions, desk, payments
from app.office.proposals import Proposal
from app.web.body import Posted
from app.web.deps import Given, scope_of
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

ACT: Final = {"roles": BRANCH, "db": Role.ACT}
Asked = Request[Any, Any, Any]


@post("/desk/acceptances", opt={"roles": BRANCH}, include_in_schema=False)
async def submit_acceptances(data: Posted[AcceptancesForm], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Accept the ticked ones, each by itself: one that cannot be accepted holds no other back.

    Repeated it changes nothing more: what was accepted is refused the second time.
    """
    db: Database = request.app.state.db
    accepted, refused = 0, ""
    for suborder_id in dict.fromkeys(data.suborder_id):
        refusal = await _accept_alone(db, request, suborder_id, seat)
        accepted += refusal is None
        refused = refused or (_(refusal.detail or refusal.problem.title_zh) if refusal else "")
    said = _("已受理 {n} 笔。").format(n=accepted)
    if refused:
        said += _("另有 {n} 笔没有受理：{why}").format(n=len(set(data.suborder_id)) - accepted, why=refused)
    return see_other(request, "/desk", flash=said)


async def _accept_alone(db: Database, request: Asked, suborder_id: UUID, seat: Seat) -> Refusal | None:
    kept: Refusal | None = None
    try:
        async with db.transaction(Role.ACT, scope_of(request)) as tx:
            try:
                await acceptances.accept_suborder(tx, suborder_id, by=seat, now=tx.now)
            except Refusal as refusal:
                if not refusal.keep:
                    raise
                kept = refusal  # A clock has fired on the way: that is committed.
    except Refusal as refusal:
        return refusal
    return kept


@post("/desk/suborders/{suborder_id:uuid}/acceptance", opt=ACT, include_in_schema=False)
async def submit_acceptance(
    suborder_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Take the order on."""
    return await _do(
        request, tx, suborder_id, lambda: acceptances.accept_suborder(tx, suborder_id, by=seat, now=tx.now),
        _("已受理：额度已占用，数据包已封存。请在 3 个工作日内联系企业。"),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/contact", opt=ACT, include_in_schema=False)
async def submit_contact(
    suborder_id: FromPath[UUID], data: Posted[ContactForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Record that the firm was spoken with."""
    return await _do(
        request, tx, suborder_id,
        lambda: acceptances.contact_firm(
            tx, suborder_id, contacted_at=data.instant(), how=data.how, whom=data.whom, by=seat, now=tx.now
        ),
        _("联系情况已登记。"),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/investigation", opt=ACT, include_in_schema=False)
async def submit_investigation(
    suborder_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Begin the bank's own investigation."""
    return await _do(
        request, tx, suborder_id, lambda: acceptances.investigate_suborder(tx, suborder_id, by=seat, now=tx.now),
        _("已登记开始调查。"),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/papers-request", opt=ACT, include_in_schema=False)
async def submit_papers(
    suborder_id: FromPath[UUID], data: Posted[PapersForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Ask the firm for papers, all at once."""
    return await _do(
        request, tx, suborder_id,
        lambda: acceptances.ask_papers(tx, suborder_id, items=data.names(), note=data.note, by=seat, now=tx.now),
        _("已请企业补充材料，办结计时暂停。"),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/offer", opt=ACT, include_in_schema=False)
async def submit_offer(
    suborder_id: FromPath[UUID], data: Posted[OfferForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """First what the offer would cost the firm and whether it may be made; once that is confirmed, the offer."""
    fault = ""
    try:
        offered = offered_of(data)
        quote = await desk.quote_offer(tx, suborder_id, offered, by=seat, now=tx.now)
        if quote.code is not None:
            fault = _(desk_words.QUOTE_FAULTS.get(quote.code, desk_words.QUOTE_FAULTS["terms-out-of-range"]))
    except Refusal as refusal:
        if refusal.code != "malformed-field":
            raise
        await desk.evidence(tx, suborder_id, by=seat, now=tx.now)  # Whose it is comes before what is wrong with it.
        fault, quote = _(refusal.detail), None
    if fault or quote is None or data.sure is None:
        status = 422 if fault else 200
        return await case_page(
            request, tx, suborder_id, seat, status=status, act="offer", typed=typed_of(data), fault=fault,
            quote=None if fault else quote,
        )  # fmt: skip
    made: list[object] = []

    async def make() -> None:
        made.append(await decisions.make_offer(tx, suborder_id, offered, by=seat, now=tx.now))

    return await _do(
        request, tx, suborder_id, make,
        lambda: _("超过本级审批限额，已提交复核。") if _waits(made) else _("方案已报给企业。"),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/refusal", opt=ACT, include_in_schema=False)
async def submit_refusal(
    suborder_id: FromPath[UUID], data: Posted[RefusalForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Refuse with a reason that holds; one that does not comes back with what is missing, the words kept."""
    said = said_of(data)
    weighed = await desk.weigh_refusal(tx, suborder_id, said, by=seat, now=tx.now)
    if weighed.why is not None:
        fault = _(desk_words.FAULTS[weighed.why])
        return await refusal_page(request, tx, suborder_id, seat, typed_of(data), status=422, fault=fault)
    made: list[object] = []

    async def refuse() -> None:
        made.append(await decisions.refuse_suborder(tx, suborder_id, said, by=seat, now=tx.now))

    return await _do(
        request, tx, suborder_id, refuse,
        lambda: _("该理由须两人同意，已提交复核。") if _waits(made) else _("已拒绝，理由已送达企业。"),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/refusal/check", opt=ACT, include_in_schema=False)
async def check_refusal(
    suborder_id: FromPath[UUID], data: Posted[RefusalForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """What is still missing, while it is being written: the same verdict as when it is sent."""
    try:
        weighed = await desk.weigh_refusal(tx, suborder_id, said_of(data), by=seat, now=tx.now)
    except Refusal as refusal:
        if refusal.code != "wrong-state":
            raise
        return page(request, "orders/desk_verdict.html", fault=_(refusal.detail), needs_two=False)
    fault = _(desk_words.FAULTS[weighed.why]) if weighed.why is not None else ""
    return page(request, "orders/desk_verdict.html", fault=fault, needs_two=weighed.needs_two)


@post("/desk/suborders/{suborder_id:uuid}/signature", opt=ACT, include_in_schema=False)
async def submit_signature(
    suborder_id: FromPath[UUID], data: Posted[SignatureForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Record the signed contract."""
    return await _do(
        request, tx, suborder_id,
        lambda: payments.sign_contract(
            tx, suborder_id, contract_no=data.contract_no, signed_on=data.signed_on, amount_fen=fen_of(data.amount_wan),
            draw_until_on=data.draw_until_on, by=seat, now=tx.now,
        ),
        _("合同已登记。"),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/draws", opt=ACT, include_in_schema=False)
async def submit_draw(
    suborder_id: FromPath[UUID], data: Posted[DrawForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Record a payment to the firm."""
    return await _do(
        request, tx, suborder_id,
        lambda: payments.pay_out(
            tx, suborder_id, draw_id=data.draw_id, amount_fen=fen_of(data.amount_wan), paid_on=data.paid_on, by=seat,
            now=tx.now,
        ),
        _("放款已登记。"),
    )  # fmt: skip


def _waits(made: list[object]) -> bool:
    return any(isinstance(one, Proposal) for one in made)


async def _do(
    request: Asked, tx: Tx, suborder_id: UUID, command: Callable[[], Awaitable[object]],
    said: str | Callable[[], str],
) -> Response[Any]:  # fmt: skip
    """Do it once, and go back to the suborder."""

    async def act() -> UUID:
        await command()
        return suborder_id

    await once(request, tx, act)
    return see_other(request, f"/desk/suborders/{suborder_id}", flash=said if isinstance(said, str) else said())
