"""What the branch does from its pages: each act once, then back to the suborder with a word of what happened."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from app.access.seats import Seat
from app.infra.db import Role, Tx
from app.kernel.errors import Refusal
from app.market.orders.pages import desk_words
from app.market.orders.pages.desk import BRANCH, case_page, refusal_page
from app.market.orders.pages.desk_forms import (
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
from app.market.orders.pages.desk_lists import tail_in
from app.market.orders.service import acceptances, decisions, desk, payments
from app.market.orders.service.decisions import Offered
from app.office.proposals import Proposal
from app.web.body import Posted
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

ACT: Final = {"roles": BRANCH, "db": Role.ACT}
Asked = Request[Any, Any, Any]


@post("/desk/suborders/{suborder_id:uuid}/acceptance", opt=ACT, include_in_schema=False)
async def submit_acceptance(
    suborder_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Take the order on."""
    if await acceptances.holds_money(tx, suborder_id):
        said = _("已受理：额度已占用，数据包已封存。请在 3 个工作日内联系企业。")
    else:
        said = _("已受理：延期不占用额度，数据包已封存。请在 3 个工作日内联系企业。")
    return await do_once(
        request, tx, suborder_id, lambda: acceptances.accept_suborder(tx, suborder_id, by=seat, now=tx.now), said
    )


@post("/desk/suborders/{suborder_id:uuid}/contact", opt=ACT, include_in_schema=False)
async def submit_contact(
    suborder_id: FromPath[UUID], data: Posted[ContactForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Record that the firm was spoken with."""
    return await do_once(
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
    return await do_once(
        request, tx, suborder_id, lambda: acceptances.investigate_suborder(tx, suborder_id, by=seat, now=tx.now),
        _("已登记开始调查。"),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/papers-request", opt=ACT, include_in_schema=False)
async def submit_papers(
    suborder_id: FromPath[UUID], data: Posted[PapersForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Ask the firm for papers, all at once; what cannot be asked for comes back with what was typed."""
    fault = await _papers_fault(tx, suborder_id, data, seat)
    if fault:
        return await case_page(
            request, tx, suborder_id, seat, status=422, act="papers", typed=typed_of(data), fault=fault,
            fault_at="f-items",
        )  # fmt: skip
    return await do_once(
        request, tx, suborder_id,
        lambda: acceptances.ask_papers(tx, suborder_id, items=data.names(), note=data.note, by=seat, now=tx.now),
        _("已请企业补充材料，办结计时暂停。"),
    )  # fmt: skip


async def _papers_fault(tx: Tx, suborder_id: UUID, data: PapersForm, seat: Seat) -> str:
    """Why these papers cannot be asked for, in words; whose the suborder is comes before what is wrong with them."""
    items: tuple[str, ...] = ()
    fault = ""
    try:
        items = data.names()
    except Refusal as refusal:
        fault = _(refusal.detail)
    why = await acceptances.weigh_papers(tx, suborder_id, items=items, by=seat, now=tx.now)
    return fault or (_(desk_words.PAPERS_FAULTS.get(why, desk_words.PAPERS_REFUSED)) if why else "")


@post("/desk/suborders/{suborder_id:uuid}/offer", opt=ACT, include_in_schema=False)
async def submit_offer(
    suborder_id: FromPath[UUID], data: Posted[OfferForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """First what the offer would cost the firm and whether it may be made; once that is confirmed, the offer."""
    quoted = await _quoted(tx, suborder_id, data, seat)
    if quoted.fault or quoted.offered is None or data.sure is None:
        return await case_page(
            request, tx, suborder_id, seat, status=422 if quoted.fault else 200, act="offer", typed=typed_of(data),
            **quoted.shown,
        )  # fmt: skip
    offered = quoted.offered
    made: list[object] = []

    async def make() -> None:
        made.append(await decisions.make_offer(tx, suborder_id, offered, by=seat, now=tx.now))

    return await do_once(
        request, tx, suborder_id, make,
        lambda: _("超过本级审批限额，已提交复核。") if _waits(made) else _("授信方案已报给企业。"),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/offer/quote", opt=ACT, status_code=200, include_in_schema=False)
async def quote_offer(
    suborder_id: FromPath[UUID], data: Posted[OfferForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """What an offer would cost, while it is being written: the same reckoning as when it is sent."""
    quoted = await _quoted(tx, suborder_id, data, seat)
    entry = (await desk.case_view(tx, suborder_id)).entry
    level_fen = entry.approval_level_fen if entry else 0
    return page(request, "orders/desk_quote.html", level_fen=level_fen, **quoted.shown)


@dataclass(frozen=True, slots=True)
class _Quoted:
    """An offer as typed, reckoned: what is wrong with it and in which field, or what it costs."""

    offered: Offered | None
    quote: desk.Quote | None
    fault: str
    fault_at: str
    payment: str

    @property
    def shown(self) -> dict[str, Any]:
        quote = None if self.fault else self.quote
        return {"quote": quote, "fault": self.fault, "fault_at": self.fault_at, "payment": self.payment}


async def _quoted(tx: Tx, suborder_id: UUID, data: OfferForm, seat: Seat) -> _Quoted:
    payment = desk_words.PAYMENTS[data.repayment.value]
    try:
        offered = offered_of(data)
    except Refusal as refusal:
        if refusal.code != "malformed-field":
            raise
        await desk.evidence(tx, suborder_id, by=seat, now=tx.now)  # Whose it is comes before what is wrong with it.
        return _Quoted(None, None, _(refusal.detail), f"f-{refusal.extra.get('field', 'amount_wan')}", payment)
    quote = await desk.quote_offer(tx, suborder_id, offered, by=seat, now=tx.now)
    if quote.code is None:
        return _Quoted(offered, quote, "", "", payment)
    fault = _(desk_words.QUOTE_FAULTS.get(quote.code, desk_words.QUOTE_FAULTS["terms-out-of-range"]))
    return _Quoted(offered, quote, fault, desk_words.QUOTE_FIELDS.get(quote.code, ""), payment)


@post("/desk/suborders/{suborder_id:uuid}/refusal", opt=ACT, include_in_schema=False)
async def submit_refusal(
    suborder_id: FromPath[UUID], data: Posted[RefusalForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Refuse with a reason that holds; one that does not comes back with what is missing, the words kept."""
    said = said_of(data)
    weighed = await desk.weigh_refusal(tx, suborder_id, said, by=seat, now=tx.now)
    if weighed.why is not None:
        await decisions.flag_misfit(tx, suborder_id, said, weighed.why, by=seat, now=tx.now)
        return await refusal_page(request, tx, suborder_id, seat, typed_of(data), status=422, why=weighed.why)
    made: list[object] = []

    async def refuse() -> None:
        made.append(await decisions.refuse_suborder(tx, suborder_id, said, by=seat, now=tx.now))

    return await do_once(
        request, tx, suborder_id, refuse,
        lambda: _("该原因须两人同意，已提交复核。") if _waits(made) else _("已拒单，原因已送达企业。"),
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
        return page(request, "orders/desk_verdict.html", fault=_(refusal.detail), fault_at="", needs_two=False)
    fault = _(desk_words.FAULTS[weighed.why]) if weighed.why is not None else ""
    fault_at = desk_words.FAULT_FIELDS.get(weighed.why, "") if weighed.why is not None else ""
    return page(request, "orders/desk_verdict.html", fault=fault, fault_at=fault_at, needs_two=weighed.needs_two)


@post("/desk/suborders/{suborder_id:uuid}/signature", opt=ACT, include_in_schema=False)
async def submit_signature(
    suborder_id: FromPath[UUID], data: Posted[SignatureForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Record the signed contract."""
    return await do_once(
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
    return await do_once(
        request, tx, suborder_id,
        lambda: payments.pay_out(
            tx, suborder_id, draw_id=data.draw_id, amount_fen=fen_of(data.amount_wan), paid_on=data.paid_on, by=seat,
            now=tx.now,
        ),
        _("放款已登记。"),
    )  # fmt: skip


def _waits(made: list[object]) -> bool:
    return any(isinstance(one, Proposal) for one in made)


async def do_once(
    request: Asked, tx: Tx, suborder_id: UUID, command: Callable[[], Awaitable[object]],
    said: str | Callable[[], str],
) -> Response[Any]:  # fmt: skip
    """Do it once, and go back to the suborder."""

    async def act() -> UUID:
        await command()
        return suborder_id

    await once(request, tx, act)
    back = f"/desk/suborders/{suborder_id}{tail_in(request)}"
    return see_other(request, back, flash=said if isinstance(said, str) else said())
