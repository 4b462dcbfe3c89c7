"""Machine clients over HTTP: the token endpoint, and what a bank's head office does with its machines."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath

from app.access.clients import service
from app.access.clients.rules import TOKEN_LIFE, Client
from app.access.clients.schemas import AskToken, ClientView, KeyView, RegisterClient, RotateKey, TokenView
from app.access.seats import Seat, SeatRole
from app.infra import settings
from app.infra.db import ReadTx, Role, Tx
from app.kernel.errors import Refusal
from app.web import idempotency
from app.web.body import Posted, Sent
from app.web.deps import Given

HEAD_OFFICE: Final = {"roles": (SeatRole.BANK_ADMIN,)}


@post("/token", opt={"roles": "public", "seat": False, "db": Role.AUTH, "rate": "token"}, status_code=200)
async def grant_token(data: Posted[AskToken], tx: Given[Tx]) -> Response[TokenView]:
    """Get an access token for five minutes, for a `private_key_jwt` assertion (RFC 7523)."""
    token = await service.grant_token(tx, data.client_assertion, issuer=settings.load().issuer)
    view = TokenView(token.access_token, "Bearer", int(TOKEN_LIFE.total_seconds()))
    return Response(view, headers={"cache-control": "no-store"})


@post("/clients", opt=HEAD_OFFICE)
async def register_client(
    data: Sent[RegisterClient], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[ClientView]:
    """Register a machine of one's bank with a signing and an encryption key."""

    async def act() -> UUID:
        client = await service.register_client(
            tx, data.name, signing_key=data.signing_key, encryption_key=data.encryption_key, by=seat,
            branch_id=data.branch_id,
        )  # fmt: skip
        return client.client_id

    client_id = await idempotency.once(request, tx, act, location="/clients/{}")
    return idempotency.answer(request, await _view(tx, client_id))


@get("/clients", opt=HEAD_OFFICE)
async def list_clients(tx: Given[ReadTx]) -> list[ClientView]:
    """The machines of one's bank, with their keys."""
    return [ClientView.of(client, await service.list_keys(tx, client.client_id)) for client in await _all(tx)]


@get("/clients/{client_id:uuid}", opt=HEAD_OFFICE)
async def show_client(client_id: FromPath[UUID], tx: Given[ReadTx]) -> ClientView:
    """One machine, with its keys."""
    return await _view(tx, client_id)


@post("/clients/{client_id:uuid}/keys", opt=HEAD_OFFICE)
async def rotate_client_key(
    client_id: FromPath[UUID],
    data: Sent[RotateKey],
    tx: Given[Tx],
    seat: Given[Seat],
    request: Request[Any, Any, Any],
) -> Response[list[KeyView]]:
    """Register the successor of a key; the old one works for 24 hours more."""

    async def act() -> UUID:
        await service.rotate_key(tx, client_id, data.use, data.key, by=seat)
        return client_id

    await idempotency.once(request, tx, act, location="/clients/{}")
    keys = [KeyView.of(key) for key in await service.list_keys(tx, client_id)]
    return idempotency.answer(request, keys)


@delete("/clients/{client_id:uuid}/keys/{kid:str}", opt=HEAD_OFFICE, status_code=204)
async def withdraw_client_key(client_id: FromPath[UUID], kid: FromPath[str], tx: Given[Tx], seat: Given[Seat]) -> None:
    """End a key at once, because it was lost."""
    await service.withdraw_key(tx, client_id, kid, by=seat)


@delete("/clients/{client_id:uuid}", opt=HEAD_OFFICE, status_code=204)
async def disable_client(client_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat]) -> None:
    """Switch a machine off; its tokens are dead on the next request."""
    await service.disable_client(tx, client_id, by=seat)


async def _all(tx: ReadTx) -> list[Client]:
    return await service.list_clients(tx)


async def _view(tx: ReadTx, client_id: UUID) -> ClientView:
    for client in await _all(tx):
        if client.client_id == client_id:
            return ClientView.of(client, await service.list_keys(tx, client_id))
    raise Refusal("not-found")
