"""Orders for machines and for the pages' forms: the firm's side, the bank's side, and why a deadline is on its day."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import reasons
from app.market.orders import schemas
from app.market.orders.rules.cost import Fee, Repayment
from app.market.orders.rules.loans import OF_A_LOAN, LoanType
from app.market.orders.service import acceptances, decisions, payments, postings, reading, withdrawals
from app.market.orders.service.answering import BRANCH, BRANCH_ACTS, act_once
from app.market.orders.service.showing import (
    EnvelopeView,
    ExplanationView,
    InboxView,
    MatchView,
    OrderLine,
    OrderView,
    SuborderView,
)
from app.web import idempotency
from app.web.body import Sent
from app.web.deps import Given
from app.web.paging import read_page

FIRM: Final = {"roles": (SeatRole.BUSINESS,)}
FIRM_ACTS: Final = {**FIRM, "db": Role.ACT}
BANK: Final = (*BRANCH, SeatRole.BANK_ADMIN)
SEES: Final = {"roles": (*BANK, SeatRole.BUSINESS, SeatRole.REGULATOR)}
MATCH_FILTERS: Final = frozenset({"amount_fen", "term_months", "purpose", "collateral", "district_code", "loan_type"})
Asked = Request[Any, Any, Any]


# The firm's side.


@get("/matches", opt=FIRM)
async def list_matches(request: Asked, tx: Given[ReadTx]) -> dict[str, list[MatchView]]:
    """Branches whose published list covers the need, best first, each with why it stands where it does."""
    query = request.query_params
    for name in query:
        if name not in MATCH_FILTERS and name != "lang":
            raise Refusal("bad-query", "没有这个查询条件。", parameter=name[:60])
    draft = postings.Draft(
        order_id=new_id(), amount_fen=_whole(request, "amount_fen", 10**12), places=1, until_on=date.max,
        term_months=_whole(request, "term_months", 360), purpose=query.get("purpose", "")[:60],
        collateral=query.get("collateral", "")[:60], district_code=query.get("district_code"),
        loan_type=_type(query.get("loan_type", "new")),
    )  # fmt: skip
    return {"matches": [MatchView.of(found) for found in await postings.match(tx, draft, now=tx.now)]}


@post("/orders", opt=FIRM_ACTS)
async def post_order(
    data: Sent[schemas.OrderBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[OrderView]:
    """Post a need to the ticked banks, with one consent signed for each."""

    async def act() -> UUID:
        draft = postings.Draft(
            order_id=data.order_id or new_id(), amount_fen=data.amount_fen, term_months=data.term_months,
            purpose=data.purpose, collateral=data.collateral, district_code=data.district_code,
            until_on=data.until_on, places=data.places, previous_order_id=data.previous_order_id,
            loan_type=LoanType(data.loan_type), of_suborder_id=data.of_suborder_id,
        )  # fmt: skip
        ticks = [postings.Tick(b.branch_id, b.product_id, tuple(b.data_classes), b.text_hash) for b in data.banks]
        return await postings.sign_and_post(tx, draft, ticks, by=seat, now=tx.now)

    order_id = await idempotency.once(request, tx, act, location="/orders/{}")
    await tx.narrow(case_id=order_id)
    return idempotency.answer(request, OrderView.of(await reading.get_order(tx, order_id), tx.now))


@get("/orders", opt=FIRM)
async def list_orders(request: Asked, tx: Given[ReadTx], seat: Given[Seat]) -> dict[str, Any]:
    """The firm's orders, newest first."""
    page = read_page(request, orders=("posted_at",))
    rows = await reading.list_orders(tx, seat.org_id, after=_after(page.after), limit=page.limit)
    last = (rows[-1]["posted_at"].isoformat(), str(rows[-1]["order_id"])) if rows else ()
    return {"orders": [OrderLine.of(row) for row in rows], "next": page.next_cursor(rows, last)}


@get("/orders/{order_id:uuid}", opt={"roles": (SeatRole.BUSINESS, SeatRole.REGULATOR)})
async def show_order(order_id: FromPath[UUID], tx: Given[ReadTx]) -> OrderView:
    """One order: what it is now, its banks in their places, its deadlines."""
    return OrderView.of(await reading.get_order(tx, order_id), tx.now)


@post("/orders/{order_id:uuid}/withdrawal", opt=FIRM_ACTS, status_code=200)
async def withdraw_order(
    order_id: FromPath[UUID], data: Sent[schemas.WithdrawalBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[OrderView]:
    """Take the whole order back, before it is signed."""

    async def act() -> UUID:
        why = withdrawals.WhyLeft(data.caused_by, data.words) if data.asked or data.caused_by else None
        return await withdrawals.withdraw_order(tx, order_id, by=seat, now=tx.now, why=why)

    await idempotency.once(request, tx, act, status=200)
    return idempotency.answer(request, OrderView.of(await reading.get_order(tx, order_id), tx.now))


@post("/orders/{order_id:uuid}/consents/{consent_id:uuid}/revocation", opt=FIRM, status_code=200)
async def revoke_consent(
    order_id: FromPath[UUID],
    consent_id: FromPath[UUID],
    data: Sent[schemas.NothingBody],
    tx: Given[Tx],
    seat: Given[Seat],
    request: Asked,
) -> Response[OrderView]:
    """Take one bank's consent back. Access has ended when this answers; repeating it changes nothing.

    The gate and the revocation commit by themselves, each in its own transaction of the acting role; this request's
    own transaction only remembers that it was done.
    """

    async def act() -> UUID:
        await withdrawals.revoke_consent(request.app.state.db, consent_id, order_id, by=seat, now=tx.now)
        return order_id

    await idempotency.once(request, tx, act, status=200)
    return idempotency.answer(request, OrderView.of(await reading.get_order(tx, order_id), tx.now))


# Both sides.


@get("/suborders", opt={"roles": BANK})
async def list_suborders(request: Asked, tx: Given[ReadTx]) -> dict[str, Any]:
    """The branch's inbox: what it has in hand, soonest deadline first."""
    page = read_page(request, orders=("due_at",))
    rows = await reading.inbox(tx, after=_after(page.after), limit=page.limit)
    last = (rows[-1]["due_at"].isoformat(), str(rows[-1]["suborder_id"])) if rows else ()
    return {"suborders": [InboxView.of(row, tx.now) for row in rows], "next": page.next_cursor(rows, last)}


@get("/suborders/{suborder_id:uuid}", opt=SEES)
async def show_suborder(suborder_id: FromPath[UUID], tx: Given[ReadTx]) -> SuborderView:
    """One suborder with its history, deadlines, papers, offer or refusal, contract and draws."""
    return SuborderView.of(await reading.get_suborder(tx, suborder_id), tx.now)


@get("/suborders/{suborder_id:uuid}/clocks/{kind:str}", opt=SEES)
async def explain_clock(suborder_id: FromPath[UUID], kind: FromPath[str], tx: Given[ReadTx]) -> ExplanationView:
    """Why a deadline is on its day: every day from the start, and what it counted for."""
    why = await reading.explain_clock(tx, suborder_id, kind[:20], now=tx.now)
    return ExplanationView.of(why, await reading.ladder_of(tx, why))


@get(
    "/suborders/{suborder_id:uuid}/package",
    opt={"roles": (SeatRole.BANK_CLIENT,), "db": Role.ACT, "records_access": True, "rate": "package"},
)
async def open_package(suborder_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat]) -> Response[EnvelopeView]:
    """The sealed package for the bank's machine, encrypted to its key, while the suborder and its consent live."""
    envelope = await reading.open_package(tx, suborder_id, by=seat, now=tx.now)
    return Response(EnvelopeView.of(envelope), headers={"cache-control": "no-store"})


# The bank's acts.


@post("/suborders/{suborder_id:uuid}/acceptance", opt=BRANCH_ACTS, status_code=200)
async def accept_suborder(
    suborder_id: FromPath[UUID], data: Sent[schemas.NothingBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Take the order on: the asked amount is held and the package sealed."""
    return await act_once(
        request, tx, suborder_id, lambda: acceptances.accept_suborder(tx, suborder_id, by=seat, now=tx.now)
    )


@post("/suborders/{suborder_id:uuid}/contact", opt=BRANCH_ACTS, status_code=200)
async def contact_firm(
    suborder_id: FromPath[UUID], data: Sent[schemas.ContactBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Record that the bank has spoken with the firm."""
    return await act_once(
        request, tx, suborder_id,
        lambda: acceptances.contact_firm(
            tx, suborder_id, contacted_at=data.contacted_at, how=data.how, whom=data.whom, by=seat, now=tx.now
        ),
    )  # fmt: skip


@post("/suborders/{suborder_id:uuid}/investigation", opt=BRANCH_ACTS, status_code=200)
async def investigate_suborder(
    suborder_id: FromPath[UUID], data: Sent[schemas.NothingBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Begin the bank's own investigation."""
    return await act_once(
        request, tx, suborder_id, lambda: acceptances.investigate_suborder(tx, suborder_id, by=seat, now=tx.now)
    )


@post("/suborders/{suborder_id:uuid}/papers-requests", opt=BRANCH_ACTS, status_code=200)
async def ask_papers(
    suborder_id: FromPath[UUID], data: Sent[schemas.PapersBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Ask the firm for papers, all at once and by name; the time to decide pauses."""
    return await act_once(
        request, tx, suborder_id,
        lambda: acceptances.ask_papers(tx, suborder_id, items=data.items, note=data.note, by=seat, now=tx.now),
    )  # fmt: skip


@post("/suborders/{suborder_id:uuid}/refusal", opt=BRANCH_ACTS, status_code=200)
async def refuse_suborder(
    suborder_id: FromPath[UUID], data: Sent[schemas.RefusalBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Refuse with a reason that holds. Where two people are needed, the answer names the proposal that waits."""
    claim = None
    if data.claim is not None:
        claim = reasons.Claim(data.claim.path, reasons.Comparison(data.claim.comparison), data.claim.value)
    said = decisions.Said(code=data.reason_code, words=data.words, claim=claim)
    return await act_once(
        request, tx, suborder_id,
        lambda: decisions.refuse_suborder(tx, suborder_id, said, by=seat, now=tx.now),
    )  # fmt: skip


@post("/suborders/{suborder_id:uuid}/offer", opt=BRANCH_ACTS, status_code=200)
async def make_offer(
    suborder_id: FromPath[UUID], data: Sent[schemas.OfferBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Offer a loan. Above the approval level, the answer names the proposal that waits for a second person."""
    offered = decisions.Offered(
        amount_fen=data.amount_fen, rate_ppm=data.rate_ppm, term_months=data.term_months,
        repayment=Repayment(data.repayment), valid_workdays=data.valid_workdays,
        fees=tuple(Fee(fee.name, fee.amount_fen, fee.months) for fee in data.fees),
    )  # fmt: skip
    return await act_once(
        request, tx, suborder_id, lambda: decisions.make_offer(tx, suborder_id, offered, by=seat, now=tx.now)
    )


@post("/suborders/{suborder_id:uuid}/signature", opt=BRANCH_ACTS, status_code=200)
async def sign_contract(
    suborder_id: FromPath[UUID], data: Sent[schemas.SignatureBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Record the signed contract."""
    return await act_once(
        request, tx, suborder_id,
        lambda: payments.sign_contract(
            tx, suborder_id, contract_no=data.contract_no, signed_on=data.signed_on, amount_fen=data.amount_fen,
            draw_until_on=data.draw_until_on, by=seat, now=tx.now,
        ),
    )  # fmt: skip


@post("/suborders/{suborder_id:uuid}/draws", opt=BRANCH_ACTS, status_code=200)
async def pay_out(
    suborder_id: FromPath[UUID], data: Sent[schemas.DrawBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Record a payment to the firm; the last one makes the suborder serviced."""
    return await act_once(
        request, tx, suborder_id,
        lambda: payments.pay_out(
            tx, suborder_id, draw_id=data.draw_id, amount_fen=data.amount_fen, paid_on=data.paid_on, by=seat,
            now=tx.now,
        ),
    )  # fmt: skip


# The firm's acts on one suborder.


@post("/suborders/{suborder_id:uuid}/papers", opt=FIRM_ACTS, status_code=200)
async def bring_papers(
    suborder_id: FromPath[UUID], data: Sent[schemas.AnswerBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Bring what was asked for; the bank's time counts on."""
    return await act_once(
        request, tx, suborder_id,
        lambda: acceptances.bring_papers(tx, suborder_id, answer=data.answer, by=seat, now=tx.now),
    )  # fmt: skip


@post("/suborders/{suborder_id:uuid}/pick", opt=FIRM_ACTS, status_code=200)
async def pick_offer(
    suborder_id: FromPath[UUID], data: Sent[schemas.NothingBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Take this offer; every other bank is passed over."""
    return await act_once(request, tx, suborder_id, lambda: decisions.pick_offer(tx, suborder_id, by=seat, now=tx.now))


@post("/suborders/{suborder_id:uuid}/draws-end", opt=FIRM_ACTS, status_code=200)
async def end_draws(
    suborder_id: FromPath[UUID], data: Sent[schemas.NothingBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Give up what is not drawn yet."""
    return await act_once(request, tx, suborder_id, lambda: payments.end_draws(tx, suborder_id, by=seat, now=tx.now))


@post("/suborders/{suborder_id:uuid}/release", opt=FIRM_ACTS, status_code=200)
async def let_go(
    suborder_id: FromPath[UUID], data: Sent[schemas.NothingBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Leave a bank that broke its promise to sign or to pay out."""
    return await act_once(request, tx, suborder_id, lambda: withdrawals.let_go(tx, suborder_id, by=seat, now=tx.now))


def _after(key: tuple[str | int, ...] | None) -> tuple[datetime, UUID] | None:
    return None if key is None else (datetime.fromisoformat(str(key[0])), UUID(str(key[1])))


def _whole(request: Asked, name: str, most: int) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 13 and 1 <= int(text) <= most):
        raise Refusal("bad-query", parameter=name)
    return int(text)


def _type(text: str) -> LoanType:
    """The types that any bank may serve; the others are asked of the bank of their loan."""
    if text not in set(LoanType) - OF_A_LOAN:
        raise Refusal("bad-query", parameter="loan_type")
    return LoanType(text)
