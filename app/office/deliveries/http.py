"""Endpoints and dead letters over HTTP, for a bank's head office."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, FromQuery

from app.access.seats import Seat, SeatRole
from app.infra import settings
from app.infra.db import Database, ReadTx, Tx
from app.kernel.errors import Refusal
from app.office.deliveries.schemas import DeadLetterView, EndpointView, RegisterEndpoint, RotateEndpointKey
from app.office.deliveries.service import endpoints
from app.web import deps, idempotency
from app.web.body import Sent
from app.web.deps import Given

HEAD_OFFICE: Final = {"roles": (SeatRole.BANK_ADMIN,)}


@post("/endpoints", opt=HEAD_OFFICE)
async def register_endpoint(
    data: Sent[RegisterEndpoint], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[EndpointView]:
    """Register where one's bank is told. The address must be public, `https`, port 443."""
    async with endpoints.outgoing(settings.load()) as http:  # Names are resolved before any transaction is open.
        await endpoints.check_url(http, data.url)
    db: Database = request.app.state.db
    async with db.transaction(deps.audience(seat), deps.scope_of(request)) as tx:

        async def act() -> UUID:
            made, _ = await endpoints.register_endpoint(
                tx, data.url, kinds=data.kinds, by=seat, scheme=data.scheme, secret=data.secret
            )
            return made.endpoint_id

        endpoint_id = await idempotency.once(request, tx, act, location="/endpoints/{}")
        return idempotency.answer(request, await _view(tx, endpoint_id))


@get("/endpoints", opt=HEAD_OFFICE)
async def list_endpoints(tx: Given[ReadTx]) -> list[EndpointView]:
    """The endpoints of one's bank, without what verifies their notices."""
    return [EndpointView.of(endpoint) for endpoint in await endpoints.list_endpoints(tx)]


@post("/endpoints/{endpoint_id:uuid}/keys", opt=HEAD_OFFICE)
async def rotate_endpoint_key(
    endpoint_id: FromPath[UUID],
    data: Sent[RotateEndpointKey],
    tx: Given[Tx],
    seat: Given[Seat],
    request: Request[Any, Any, Any],
) -> Response[EndpointView]:
    """Make, or take, the next signing key; old and new sign for 24 hours."""

    async def act() -> UUID:
        await endpoints.rotate_key(tx, endpoint_id, by=seat, secret=data.secret)
        return endpoint_id

    await idempotency.once(request, tx, act, location="/endpoints/{}")
    return idempotency.answer(request, await _view(tx, endpoint_id))


@delete("/endpoints/{endpoint_id:uuid}", opt=HEAD_OFFICE, status_code=204)
async def disable_endpoint(endpoint_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat]) -> None:
    """Stop telling an endpoint; what waits becomes a dead letter."""
    await endpoints.disable_endpoint(tx, endpoint_id, by=seat)


@get("/dead-letters", opt=HEAD_OFFICE)
async def list_dead_letters(tx: Given[ReadTx], after: FromQuery[int] = 0) -> list[DeadLetterView]:
    """Notices that could not be delivered, oldest first; go on with `after` = the last `seq`."""
    if not 0 <= after < 2**63:
        raise Refusal("bad-query")
    return [DeadLetterView.of(notice) for notice in await endpoints.list_dead(tx, after=after)]


@post("/dead-letters/{notice_id:uuid}/resending", opt=HEAD_OFFICE, status_code=200)
async def resend_dead_letter(
    notice_id: FromPath[UUID], tx: Given[Tx], request: Request[Any, Any, Any]
) -> Response[dict[str, str]]:
    """Try a dead letter again from the start, within 30 days, under the same id."""

    async def act() -> UUID:
        await endpoints.resend(tx, notice_id)
        return notice_id

    await idempotency.once(request, tx, act, status=200)
    return idempotency.answer(request, {"notice_id": str(notice_id)})


async def _view(tx: ReadTx, endpoint_id: UUID) -> EndpointView:
    """An endpoint with what verifies its notices."""
    for endpoint in await endpoints.list_endpoints(tx):
        if endpoint.endpoint_id == endpoint_id:
            return EndpointView.of(endpoint, await endpoints.verification_key(tx, endpoint_id))
    raise Refusal("not-found")
