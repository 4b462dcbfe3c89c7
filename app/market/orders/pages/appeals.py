"""Appeals of refusals: the firm's on its order's page, the answer at the bank's desk, the list of those that wait."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.credit import subjects
from app.infra.db import ReadTx, Role, Tx
from app.market import parties
from app.market.orders import schemas
from app.market.orders.pages.desk_acts import do_once
from app.market.orders.service import appealing
from app.market.orders.service.answering import FIRM_ACTS, act_once
from app.market.orders.service.showing import SuborderView
from app.web.body import Form, Posted, Sent, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

ANSWERERS: Final = (SeatRole.BRANCH_CHECKER, SeatRole.BANK_ADMIN)
ANSWERS: Final = {"roles": ANSWERERS, "db": Role.ACT}
Asked = Request[Any, Any, Any]


class AppealForm(Form):
    words: Annotated[str, text(2000, 10)]


class AppealAnswerForm(Form):
    upheld: Literal["yes", "no"]
    words: Annotated[str, text(2000, 10)]


@post("/suborders/{suborder_id:uuid}/appeal", opt=FIRM_ACTS, status_code=200)
async def appeal_refusal(
    suborder_id: FromPath[UUID], data: Sent[schemas.AppealBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Ask for a second opinion on a refusal, by somebody of the bank who had no part in it."""
    return await act_once(
        request, tx, suborder_id,
        lambda: appealing.appeal_refusal(tx, suborder_id, words=data.words, by=seat, now=tx.now),
    )  # fmt: skip


@post("/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/appeal", opt=FIRM_ACTS, include_in_schema=False)
async def submit_appeal(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], data: Posted[AppealForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[bytes]:  # fmt: skip
    """The same from the order's page."""
    await once(request, tx, lambda: appealing.appeal_refusal(tx, suborder_id, words=data.words, by=seat, now=tx.now))
    return see_other(request, f"/my/orders/{order_id}", flash=_("申诉已提交，由没有参与拒单的人答复。"))


@post("/suborders/{suborder_id:uuid}/appeal/answer", opt=ANSWERS, status_code=200)
async def answer_appeal(
    suborder_id: FromPath[UUID], data: Sent[schemas.AppealAnswerBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Answer an appeal. Upheld in time, the bank looks at the order once more."""
    return await act_once(
        request, tx, suborder_id,
        lambda: appealing.answer_appeal(tx, suborder_id, upheld=data.upheld, words=data.words, by=seat, now=tx.now),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/appeal-answer", opt=ANSWERS, include_in_schema=False)
async def submit_answer(
    suborder_id: FromPath[UUID], data: Posted[AppealAnswerForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The same from the desk."""
    return await do_once(
        request, tx, suborder_id,
        lambda: appealing.answer_appeal(
            tx, suborder_id, upheld=data.upheld == "yes", words=data.words, by=seat, now=tx.now
        ),
        _("已答复申诉，企业会看到。"),
    )  # fmt: skip


@get("/desk/appeals", opt={"roles": (SeatRole.BRANCH_CLERK, *ANSWERERS)}, include_in_schema=False)
async def list_appeals(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """Appeals that wait for an answer, the soonest deadline first."""
    rows = await appealing.open_appeals(tx)
    names = await subjects.names_of(tx, [row["subject_id"] for row in rows])
    branches = {one.branch_id: one.name for one in await parties.shelf.branches_of(tx, seat.org_id)}
    return page(
        request, "orders/desk_appeals.html", rows=rows, names=names, branches=branches, now=tx.now,
        may_answer=seat.role in ANSWERERS,
    )  # fmt: skip
