"""The firm's consents: each letter to read and keep, and one tap to take it back."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from app.access.seats import Seat
from app.credit import catalogue, consents
from app.credit.catalogue import DataClass
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import packages, parties
from app.market.orders.pages import words
from app.market.orders.pages.wizard import FIRM
from app.market.orders.rules.states import TERMINAL, State
from app.market.orders.service import reading
from app.web.deps import Given
from app.web.pages import page

ORDERS_MAX = 50


@get("/my/consents", opt=FIRM, include_in_schema=False)
async def list_consents(tx: Given[ReadTx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[str]:
    """Every letter of the firm's orders, those in force first."""
    banks = await parties.shelf.banks(tx)
    rows = []
    for order in await reading.list_orders(tx, seat.org_id, limit=ORDERS_MAX):
        reads = await packages.list_reads(tx, order["order_id"])
        ended = await _ended_banks(tx, order["order_id"])
        for letter in await consents.find_for_order(tx, order["order_id"]):
            branch = await parties.shelf.get_branch(tx, letter.branch_id)
            opened = sum(one.bank_id == letter.bank_id for one in reads)
            rows.append((letter, order, banks[letter.bank_id], branch, _state(letter, tx, ended), opened))
    rows.sort(key=lambda row: row[4] != "standing")
    titles = (await catalogue.edition_on(tx, shanghai_date(tx.now))).classes
    return page(
        request,
        "orders/firm_consents.html",
        rows=rows,
        titles={one.value: title for one, title in titles.items()},
        words=words,
    )


@get("/my/orders/{order_id:uuid}/consents/{consent_id:uuid}", opt=FIRM, include_in_schema=False)
async def show_letter(
    order_id: FromPath[UUID], consent_id: FromPath[UUID], tx: Given[ReadTx], request: Request[Any, Any, Any]
) -> Response[str]:
    """One letter as it was signed, to read or to print."""
    letter = next((one for one in await consents.find_for_order(tx, order_id) if one.consent_id == consent_id), None)
    if letter is None:
        raise Refusal("not-found")
    titles = (await catalogue.edition_on(tx, shanghai_date(tx.now))).classes
    return page(
        request,
        "orders/firm_letter.html",
        letter=letter,
        text=await consents.read_letter(tx, consent_id),
        bank=(await parties.shelf.banks(tx))[letter.bank_id],
        state=_state(letter, tx, await _ended_banks(tx, order_id)),
        classes=[titles[DataClass(name)] for name in letter.data_classes],
        words=words,
    )


async def _ended_banks(tx: ReadTx, order_id: UUID) -> set[UUID]:
    """The banks whose work on the order is over, and their consents with it; all of them once the order has ended."""
    view = await reading.get_order(tx, order_id)
    if view.order["ended_at"] is not None:
        return {row["bank_id"] for row in view.listed}
    return {row["bank_id"] for row in view.suborders if State(row["state"]) in TERMINAL}


def _state(letter: consents.Consent, tx: ReadTx, ended: set[UUID]) -> str:
    """standing, revoked or over."""
    if letter.gated or letter.revoked_at is not None:
        return "revoked"
    return "standing" if letter.valid_from <= tx.now < letter.valid_to and letter.bank_id not in ended else "over"
