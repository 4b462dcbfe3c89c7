"""One's messages, and where copies of them go."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, ReadTx, Tx
from app.kernel.errors import Refusal
from app.office.messages.rules import AUDIENCE_OF, SHOWN_MAX, Channel, CodeFault
from app.office.messages.schemas import CHANNEL_WORDS, AddressForm, CodeForm, RemovalForm, marked
from app.office.messages.service import addresses, boxes
from app.web import deps
from app.web.body import Posted
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other

READERS: Final = tuple(SeatRole(role) for role in AUDIENCE_OF)
SEE: Final = {"roles": READERS}
OPEN: Final = {"roles": READERS, "records_access": True}  # Opening the mailbox is what makes its messages old.
URL: Final = "/messages"
ADDRESSES: Final = "/messages/addresses"
FAULT_WORDS: Final = {
    CodeFault.CONFIRMED: N_("这个地址已经确认过。"),
    CodeFault.EXPIRED: N_("验证码已过期，请重新获取。"),
    CodeFault.TOO_MANY: N_("验证码输错次数过多，请重新获取。"),
    CodeFault.WRONG: N_("验证码不正确，请核对后再输入。"),
}
Asked = Request[Any, Any, Any]


@get(URL, opt=OPEN, include_in_schema=False)
async def show_messages(
    tx: Given[Tx], seat: Given[Seat], request: Asked, before: FromQuery[int] = boxes.NEWEST
) -> Response[str]:
    """The newest first; what came since the last look is marked."""
    if not 0 < before <= boxes.NEWEST:
        raise Refusal("bad-query")
    shown = await boxes.read_box(tx, seat, before=before)
    await boxes.note_seen(tx, seat, shown)
    return page(
        request, "messages/box.html", messages=[(one, marked(one.kind, one.slots)) for one in shown],
        next_url=f"{URL}?before={shown[-1].seq}" if len(shown) == SHOWN_MAX else "",
    )  # fmt: skip


@get("/messages/unread", opt=SEE, include_in_schema=False)
async def show_unread(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """How many are new: a piece of the bar on top, fetched after the page, so that no page waits for it."""
    return page(request, "messages/unread.html", count=await boxes.count_new(tx, seat), most=boxes.COUNTED_MAX)


@get(ADDRESSES, opt=SEE, include_in_schema=False)
async def show_addresses(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    return await _addresses(tx, seat, request)


@post(ADDRESSES, opt=SEE | {"rate": "message_code"}, include_in_schema=False)
async def submit_address(data: Posted[AddressForm], seat: Given[Seat], request: Asked) -> Response[Any]:
    """Take an address and send its code; one that cannot be is shown again with the fault beside it."""
    db: Database = request.app.state.db
    try:
        async with db.transaction(deps.audience(seat), deps.scope_of(request)) as tx:

            async def act() -> UUID:
                return (await addresses.set_address(tx, data.channel, data.address, by=seat)).address_id

            await once(request, tx, act)
    except Refusal as refusal:
        if refusal.code != "malformed-field":
            raise
        async with db.reading(deps.audience(seat), deps.scope_of(request)) as reading:
            return await _addresses(reading, seat, request, fault=(data.channel, data.address))
    return see_other(request, ADDRESSES, flash=_("验证码已发出，请在 15 分钟内填入。"))


@post("/messages/addresses/{address_id:uuid}/confirmation", opt=SEE, include_in_schema=False)
async def submit_code(
    address_id: FromPath[UUID], data: Posted[CodeForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    fault: list[CodeFault | None] = []

    async def act() -> UUID:
        fault.append(await addresses.confirm_address(tx, address_id, data.code, by=seat))
        return address_id

    await once(request, tx, act)
    if fault and fault[0] is not None:
        return await _addresses(tx, seat, request, code_fault=(address_id, _(FAULT_WORDS[fault[0]])))
    return see_other(request, ADDRESSES, flash=_("已确认，以后的消息会同时发到这个地址。"))


@post("/messages/addresses/removal", opt=SEE, include_in_schema=False)
async def submit_removal(
    data: Posted[RemovalForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    async def act() -> UUID:
        await addresses.remove_address(tx, data.channel, by=seat)
        return seat.person_id

    await once(request, tx, act)
    return see_other(request, ADDRESSES, flash=_("不再向这个地址发送。"))


async def _addresses(
    tx: ReadTx,
    seat: Seat,
    request: Asked,
    *,
    fault: tuple[Channel, str] | None = None,
    code_fault: tuple[UUID, str] | None = None,
) -> Response[str]:
    """Both channels, each with its address or the field for one."""
    known = {one.channel: one for one in await addresses.list_addresses(tx, seat)}
    return page(
        request, "messages/addresses.html", status=422 if fault or code_fault else 200, fault=fault,
        code_fault=code_fault, channels=[(one, CHANNEL_WORDS[one], known.get(one)) for one in Channel],
        hints={Channel.SMS: N_("中国大陆手机号，11 位"), Channel.EMAIL: N_("例如 name@example.com")},
    )  # fmt: skip
