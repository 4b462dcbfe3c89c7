"""Seeing, approving and rejecting what waits for a second person."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.office.proposals import service
from app.office.proposals.schemas import ProposalView, RejectionBody
from app.web import idempotency
from app.web.body import Sent
from app.web.deps import Given

SEE: Final = {"roles": (SeatRole.BANK_ADMIN, SeatRole.BRANCH_CHECKER, SeatRole.BRANCH_CLERK)}
# What is approved may belong to an order and touch the firm's side of it, so it runs in the role that may.
CHECK: Final = {"roles": (SeatRole.BANK_ADMIN, SeatRole.BRANCH_CHECKER), "db": Role.ACT}


@get("/proposals", opt=SEE)
async def list_proposals(tx: Given[ReadTx], seat: Given[Seat]) -> dict[str, list[ProposalView]]:
    """What waits for a second person in one's bank, or branch; the newest first."""
    return {"proposals": [ProposalView.of(found) for found in await service.find(tx, by=seat)]}


@get("/proposals/{proposal_id:uuid}", opt=SEE)
async def show_proposal(proposal_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat]) -> ProposalView:
    """One of them, in whatever state."""
    return ProposalView.of(await service.get(tx, proposal_id, by=seat))


@post("/proposals/{proposal_id:uuid}/approval", opt=CHECK, status_code=200)
async def approve_proposal(
    proposal_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[ProposalView]:
    """Be the second person; the act is done before the answer comes."""

    async def approve() -> UUID:
        return (await service.approve(tx, proposal_id, by=seat, now=tx.now)).proposal_id

    await idempotency.once(request, tx, approve, status=200)
    return idempotency.answer(request, ProposalView.of(await service.get(tx, proposal_id, by=seat)))


@post("/proposals/{proposal_id:uuid}/rejection", opt=CHECK, status_code=200)
async def reject_proposal(
    proposal_id: FromPath[UUID],
    data: Sent[RejectionBody],
    tx: Given[Tx],
    seat: Given[Seat],
    request: Request[Any, Any, Any],
) -> Response[ProposalView]:
    """Turn it down, with a word to its maker."""

    async def reject() -> UUID:
        return (await service.reject(tx, proposal_id, data.said, by=seat, now=tx.now)).proposal_id

    await idempotency.once(request, tx, reject, status=200)
    return idempotency.answer(request, ProposalView.of(await service.get(tx, proposal_id, by=seat)))
