"""What a bank undoes from its desk: an offer taken back, a case given to another branch. Pages and machines."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.market.orders import schemas
from app.market.orders.pages import desk_words
from app.market.orders.pages.desk import BRANCH
from app.market.orders.pages.desk_acts import ACT, do_once
from app.market.orders.pages.desk_proposals import LINK, firm_of, url_of
from app.market.orders.service import corrections, moving, reading
from app.market.orders.service.answering import BRANCH_ACTS, act_once
from app.market.orders.service.showing import SuborderView
from app.office import proposals
from app.office.proposals import Described, Line, Proposal
from app.web.body import Form, Posted, Sent, text
from app.web.deps import Given
from app.web.i18n import N_, _

DESK_REASSIGNS: Final = {"roles": (*BRANCH, SeatRole.BANK_ADMIN), "db": Role.ACT}
REASSIGNS: Final = {**DESK_REASSIGNS, "roles": (*BRANCH, SeatRole.BANK_ADMIN, SeatRole.REGULATOR)}
Asked = Request[Any, Any, Any]


class RetractionForm(Form):
    reason: Literal["fraud", "changed_facts"]
    words: Annotated[str, text(500, 6)]


@post("/suborders/{suborder_id:uuid}/retraction", opt=BRANCH_ACTS, status_code=200)
async def retract_offer(
    suborder_id: FromPath[UUID], data: Sent[schemas.RetractionBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Ask a second person to take an offer back; the answer names the proposal that waits."""
    return await act_once(
        request, tx, suborder_id,
        lambda: corrections.retract_offer(
            tx, suborder_id, reason=data.reason, words=data.words, by=seat, now=tx.now
        ),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/retraction", opt=ACT, include_in_schema=False)
async def submit_retraction(
    suborder_id: FromPath[UUID], data: Posted[RetractionForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The same from the desk."""
    return await do_once(
        request, tx, suborder_id,
        lambda: corrections.retract_offer(
            tx, suborder_id, reason=data.reason, words=data.words, by=seat, now=tx.now
        ),
        _("撤回授信方案须两人同意，已提交复核。"),
    )  # fmt: skip


class ReassignmentForm(Form):
    branch_id: UUID


@post("/suborders/{suborder_id:uuid}/reassignment", opt=REASSIGNS, status_code=200)
async def reassign_suborder(
    suborder_id: FromPath[UUID], data: Sent[schemas.ReassignmentBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[SuborderView]:
    """Let another branch of the same bank go on; what it takes over is named in the moves."""
    return await act_once(
        request, tx, suborder_id,
        lambda: moving.reassign_suborder(tx, suborder_id, branch_id=data.branch_id, by=seat, now=tx.now),
    )  # fmt: skip


@post("/desk/suborders/{suborder_id:uuid}/reassignment", opt=DESK_REASSIGNS, include_in_schema=False)
async def submit_reassignment(
    suborder_id: FromPath[UUID], data: Posted[ReassignmentForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The same from the desk."""
    return await do_once(
        request, tx, suborder_id,
        lambda: moving.reassign_suborder(tx, suborder_id, branch_id=data.branch_id, by=seat, now=tx.now),
        _("已转给该网点，时限照旧，企业会收到通知。"),
    )  # fmt: skip


async def tell_retraction(tx: ReadTx, proposal: Proposal) -> Described:
    """Which offer would be taken back, and why."""
    view = await reading.get_suborder(tx, proposal.case_id)
    made = view.offer
    lines = [
        Line(N_("授信方案金额"), 0 if made is None else made["amount_fen"], "fen"),
        Line(N_("撤回的原因"), desk_words.RETRACTIONS[proposal.body["reason"]], "words"),
        Line(N_("给企业的说明"), proposal.body["words"]),
    ]
    return Described(N_("撤回授信方案"), tuple(lines), url_of(proposal), await firm_of(tx, view), link=LINK)


proposals.describe_by(corrections.RETRACTION, tell_retraction)
