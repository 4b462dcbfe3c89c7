"""What waits for a second person, told in words, with the two answers."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.office.proposals import service
from app.office.proposals.rules import ProposalState
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other

CHECKERS: Final = (SeatRole.BANK_ADMIN, SeatRole.BRANCH_CHECKER)
SEE: Final = {"roles": (*CHECKERS, SeatRole.BRANCH_CLERK)}
CHECK: Final = {"roles": CHECKERS, "db": Role.ACT}
URL: Final = "/desk/proposals"
CLOSED_SHOWN: Final = 20
STATES: Final = {
    ProposalState.OPEN: ("warn", N_("等待复核")),
    ProposalState.APPROVED: ("good", N_("已同意")),
    ProposalState.REJECTED: ("bad", N_("已退回")),
    ProposalState.EXPIRED: ("still", N_("逾期未复核")),
    ProposalState.VOID: ("still", N_("事项已结束")),
}
Asked = Request[Any, Any, Any]


class ApprovalForm(Form):
    """A button that acts, without a field."""


class RejectionForm(Form):
    said: Annotated[str, text(500, 2)]


@get(URL, opt=SEE, include_in_schema=False)
async def show_proposals(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """What waits, the oldest first; below it what was answered lately."""
    waiting = sorted(await service.find(tx, by=seat), key=lambda one: one.made_at)
    lately = [one for one in await service.find(tx, by=seat, state=None) if one.state is not ProposalState.OPEN]
    return page(
        request, "proposals/waiting.html", states=STATES, may_check=seat.role in CHECKERS, person_id=seat.person_id,
        waiting=[(one, await service.described(tx, one)) for one in waiting],
        lately=[(one, await service.described(tx, one)) for one in lately[:CLOSED_SHOWN]],
    )  # fmt: skip


@post("/desk/proposals/{proposal_id:uuid}/approval", opt=CHECK, include_in_schema=False)
async def submit_approval(
    proposal_id: FromPath[UUID], data: Posted[ApprovalForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Be the second person: it is done with this answer."""

    async def approve() -> UUID:
        return (await service.approve(tx, proposal_id, by=seat, now=tx.now)).proposal_id

    await once(request, tx, approve)
    return see_other(request, URL, flash=_("已同意，即时生效。"))


@post("/desk/proposals/{proposal_id:uuid}/rejection", opt=CHECK, include_in_schema=False)
async def submit_rejection(
    proposal_id: FromPath[UUID], data: Posted[RejectionForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Turn it down, with a word to its maker."""

    async def reject() -> UUID:
        return (await service.reject(tx, proposal_id, data.said, by=seat, now=tx.now)).proposal_id

    await once(request, tx, reject)
    return see_other(request, URL, flash=_("已退回，申请人会看到您的意见。"))
