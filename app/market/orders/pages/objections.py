"""What a firm says while a bank works: no contact was, no papers are needed, its own word. Pages and machines."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from app.access.seats import Seat
from app.infra.db import Role, Tx
from app.market.orders import schemas
from app.market.orders.pages.wizard import FIRM
from app.market.orders.service import corrections, firm_words
from app.market.orders.service.answering import act_once
from app.market.orders.service.showing import SuborderView
from app.web.body import Form, Posted, Sent, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import see_other

FIRM_ACTS: Final = {**FIRM, "db": Role.ACT}
Asked = Request[Any, Any, Any]


class DenialForm(Form):
    words: Annotated[str, text(500, 0)] = ""


class ContestForm(Form):
    words: Annotated[str, text(500, 6)]


class WordForm(Form):
    word: Literal["gave_up", "served_elsewhere", "terms_declined"]
    words: Annotated[str, text(500, 0)] = ""


@post("/suborders/{suborder_id:uuid}/firm-words", opt=FIRM_ACTS, status_code=200)
async def say_word(
    suborder_id: FromPath[UUID], data: Sent[schemas.WordBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """The firm's own word to a bank: without it no bank refuses in the firm's name."""
    return await act_once(
        request, tx, suborder_id,
        lambda: firm_words.say_word(tx, suborder_id, word=data.word, words=data.words, by=seat, now=tx.now),
    )  # fmt: skip


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/firm-words", opt=FIRM_ACTS, include_in_schema=False)
async def submit_word(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[WordForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """The same from the order's page."""
    await once(
        request, tx,
        lambda: firm_words.say_word(tx, suborder_id, word=data.word, words=data.words, by=seat, now=tx.now),
    )  # fmt: skip
    return see_other(request, f"/my/orders/{order_id}", flash=_("已告诉这家银行。"))


@post("/suborders/{suborder_id:uuid}/contact-denial", opt=FIRM_ACTS, status_code=200)
async def deny_contact(
    suborder_id: FromPath[UUID], data: Sent[schemas.DenialBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Say that the bank's contact never was; its time to call goes on from its start."""
    return await act_once(
        request, tx, suborder_id,
        lambda: corrections.deny_contact(tx, suborder_id, words=data.words, by=seat, now=tx.now),
    )  # fmt: skip


@post("/suborders/{suborder_id:uuid}/papers-contest", opt=FIRM_ACTS, status_code=200)
async def contest_papers(
    suborder_id: FromPath[UUID], data: Sent[schemas.ContestBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Contest the open request for papers, and say why; the bank's time counts on."""
    return await act_once(
        request, tx, suborder_id,
        lambda: corrections.contest_papers(tx, suborder_id, words=data.words, by=seat, now=tx.now),
    )  # fmt: skip


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/contact-denial", opt=FIRM_ACTS, include_in_schema=False)
async def submit_denial(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[DenialForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """The same from the order's page."""
    await once(request, tx, lambda: corrections.deny_contact(tx, suborder_id, words=data.words, by=seat, now=tx.now))
    return see_other(
        request, f"/my/orders/{order_id}", flash=_("已记下：银行没有联系过您。该行的联系时限从受理时起继续计算。")
    )


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/papers-contest", opt=FIRM_ACTS, include_in_schema=False)
async def submit_contest(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[ContestForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """The same from the order's page."""
    await once(request, tx, lambda: corrections.contest_papers(tx, suborder_id, words=data.words, by=seat, now=tx.now))
    return see_other(request, f"/my/orders/{order_id}", flash=_("已提出异议，银行的时限继续计算，监管部门会看到。"))
