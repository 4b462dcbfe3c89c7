"""Pages of the operator: registered outlets that wait for their bank."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.market.parties.rules import likely_banks, office_key
from app.market.parties.service import outlets, shelf
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

OPERATOR: Final = {"roles": (SeatRole.OPERATOR,)}
QUEUE_SHOWN: Final = 50
Asked = Request[Any, Any, Any]


class PlacementForm(Form):
    """Whose it is: a bank that was suggested, or one by its name as typed."""

    bank_id: UUID | None = None
    bank_name: Annotated[str, text(120)] | None = None


class DismissalForm(Form):
    """A button that acts, without a field."""


@get("/ops/outlets", opt=OPERATOR, include_in_schema=False)
async def show_outlets(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """Registered outlets whose bank the name does not tell, oldest first."""
    found = await outlets.outlet_queue(tx, limit=QUEUE_SHOWN)
    banks = sorted((await shelf.banks(tx)).values(), key=lambda bank: bank.name)
    return page(
        request, "parties/outlets.html", outlets=[(one, likely_banks(one.name, banks)) for one in found], banks=banks,
        most=QUEUE_SHOWN, settled=await outlets.settled_lately(tx, now=tx.now),
    )  # fmt: skip


@post("/ops/outlets/{outlet_id:uuid}/placement", opt=OPERATOR, include_in_schema=False)
async def submit_placement(
    outlet_id: FromPath[UUID], data: Posted[PlacementForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Say whose outlet it is; it becomes a branch of that bank."""

    await outlets.get_outlet(tx, outlet_id)
    bank_id = data.bank_id or await _bank_named(tx, data.bank_name or "")

    async def place() -> UUID:
        placed = await outlets.place_outlet(tx, outlet_id, bank_id, by_id=seat.person_id, now=tx.now)
        return placed.outlet_id

    await once(request, tx, place)
    return see_other(request, "/ops/outlets", flash=_("已归入该银行，成为它的网点。"))


@post("/ops/outlets/{outlet_id:uuid}/dismissal", opt=OPERATOR, include_in_schema=False)
async def submit_dismissal(
    outlet_id: FromPath[UUID], data: Posted[DismissalForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Put aside what is no outlet of a bank here."""

    async def dismiss() -> UUID:
        return (await outlets.dismiss_outlet(tx, outlet_id, by_id=seat.person_id, now=tx.now)).outlet_id

    await once(request, tx, dismiss)
    return see_other(request, "/ops/outlets", flash=_("已搁置。"))


@post("/ops/outlets/{outlet_id:uuid}/reopening", opt=OPERATOR, include_in_schema=False)
async def submit_reopening(
    outlet_id: FromPath[UUID], data: Posted[DismissalForm], tx: Given[Tx], request: Asked
) -> Response[bytes]:
    """Take back what was said of an outlet; it waits again."""

    async def reopen() -> UUID:
        return (await outlets.reopen_outlet(tx, outlet_id, now=tx.now)).outlet_id

    await once(request, tx, reopen)
    return see_other(request, "/ops/outlets", flash=_("已撤销，这个网点回到队列里。"))


async def _bank_named(tx: ReadTx, typed: str) -> UUID:
    """The bank of that name, with or without its legal form."""
    key = office_key(typed)
    found = (await outlets.offices(tx)).get(key) if key else None
    if found is None:
        raise Refusal("malformed-field", "没有叫这个名字的银行；请从列出的名称里选一个。", pointer="/bank_name")
    return found
