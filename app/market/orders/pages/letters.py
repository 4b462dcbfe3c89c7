"""The firm's consents: each letter to read, print and keep, one tap to take it back, and who opened what by them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from app.access.seats import Seat
from app.credit import catalogue, consents
from app.credit.catalogue import DataClass
from app.infra.db import ReadTx, Record
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import packages, papers, parties
from app.market.orders.pages import words
from app.market.orders.pages.wizard import FIRM
from app.market.orders.rules.states import BEFORE_SIGNING, TERMINAL, State
from app.market.orders.service import reading
from app.market.orders.service.reading import OrderView
from app.web.deps import Given
from app.web.i18n import N_
from app.web.pages import page

ORDERS_MAX: Final = 50


class Effect(StrEnum):
    """What taking a letter back does to its order."""

    STOPS = "stops"  # This bank stops, others go on.
    ENDS = "ends"  # It was the last one, so the order ends.
    LOAN_STAYS = "loan_stays"  # Signed already: only the reading ends.


EFFECTS: Final[Mapping[Effect, str]] = {
    Effect.STOPS: N_("该行停止办理这笔需求，其他银行继续。"),
    Effect.ENDS: N_("没有其他银行在办理，这笔需求随之结束。"),
    Effect.LOAN_STAYS: N_("已签的合同不受影响，该行只是不能再看数据。"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """One letter of the firm's with what hangs on it. `state`: standing, revoked or over; `opened` counts readings."""

    letter: consents.Consent
    order: Record
    bank: parties.Bank
    branch: parties.Branch
    state: str
    effect: Effect
    opened: int


@dataclass(frozen=True, slots=True)
class Opened:
    """Once that a bank opened the firm's data: its package or a paper by its `name`. `said` tells how."""

    at: datetime
    order: Record
    branch: parties.Branch
    consent_id: UUID | None
    said: str
    name: str = ""


@get("/my/consents", opt=FIRM, include_in_schema=False)
async def list_consents(tx: Given[ReadTx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[str]:
    """Every letter of the firm's orders, those in force first."""
    banks = await parties.shelf.banks(tx)
    orders = {row["order_id"]: row for row in await reading.list_orders(tx, seat.org_id, limit=ORDERS_MAX)}
    views = {order_id: await reading.get_order(tx, order_id) for order_id in orders}
    opened = Counter((one.order_id, one.bank_id) for one in await packages.list_reads(tx, *orders))
    letters = await consents.find_for_order(tx, *orders)
    branches = await _branches(tx, (one.branch_id for one in letters))
    rows = [
        Kept(
            one, orders[one.order_id], banks[one.bank_id], branches[one.branch_id],
            _state(one, tx, _ended_banks(views[one.order_id])), _effect(one, views[one.order_id]),
            opened[one.order_id, one.bank_id],
        )
        for one in letters
    ]  # fmt: skip
    rows.sort(key=lambda row: row.state != "standing")
    return page(
        request,
        "orders/firm_consents.html",
        rows=rows,
        titles=await _titles(tx),
        effects=EFFECTS,
        words=words,
    )


@get("/my/orders/{order_id:uuid}/consents/{consent_id:uuid}", opt=FIRM, include_in_schema=False)
async def show_letter(
    order_id: FromPath[UUID], consent_id: FromPath[UUID], tx: Given[ReadTx], request: Request[Any, Any, Any]
) -> Response[str]:
    """One letter as it was signed, to read, to print or to keep."""
    letter = await _letter(tx, order_id, consent_id)
    view = await reading.get_order(tx, order_id)
    titles = await _titles(tx)
    return page(
        request,
        "orders/firm_letter.html",
        letter=letter,
        order=view.order,
        text=await consents.read_letter(tx, consent_id),
        bank=(await parties.shelf.banks(tx))[letter.bank_id],
        state=_state(letter, tx, _ended_banks(view)),
        classes=[titles[name] for name in letter.data_classes],
        effect=EFFECTS[_effect(letter, view)],
        words=words,
    )


@get("/my/orders/{order_id:uuid}/consents/{consent_id:uuid}/file", opt=FIRM, include_in_schema=False)
async def keep_letter(order_id: FromPath[UUID], consent_id: FromPath[UUID], tx: Given[ReadTx]) -> Response[bytes]:
    """The signed text byte for byte, so that its SHA-256 is the one that was signed."""
    await _letter(tx, order_id, consent_id)
    text = await consents.read_letter(tx, consent_id)
    return Response(
        text.encode(),
        media_type="text/plain",
        headers={"content-disposition": f'attachment; filename="consent-{consent_id.hex}.txt"'},
    )


@get("/my/readings", opt=FIRM, include_in_schema=False)
async def list_readings(tx: Given[ReadTx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[str]:
    """Who opened the firm's data, when, and for which order; the newest first."""
    orders = {row["order_id"]: row for row in await reading.list_orders(tx, seat.org_id, limit=ORDERS_MAX)}
    letters = {(one.order_id, one.bank_id): one.consent_id for one in await consents.find_for_order(tx, *orders)}
    found: list[tuple[packages.Reading | papers.PaperReading, str, str]] = [
        (one, words.READ_BY[one.manner], "") for one in await packages.list_reads(tx, *orders)
    ]
    found += [(one, words.READ_BY["paper"], one.name) for one in await papers.list_reads(tx, *orders)]
    branches = await _branches(tx, (one.branch_id for one, _said, _name in found))
    rows = [
        Opened(
            one.read_at, orders[one.order_id], branches[one.branch_id], letters.get((one.order_id, one.bank_id)), said,
            name,
        )
        for one, said, name in found
    ]  # fmt: skip
    rows.sort(key=lambda row: row.at, reverse=True)
    return page(request, "orders/firm_readings.html", rows=rows)


async def _branches(tx: ReadTx, branch_ids: Iterable[UUID]) -> dict[UUID, parties.Branch]:
    return {one: await parties.shelf.get_branch(tx, one) for one in dict.fromkeys(branch_ids)}


async def _letter(tx: ReadTx, order_id: UUID, consent_id: UUID) -> consents.Consent:
    letter = next((one for one in await consents.find_for_order(tx, order_id) if one.consent_id == consent_id), None)
    if letter is None:
        raise Refusal("not-found")
    return letter


async def _titles(tx: ReadTx) -> dict[str, str]:
    titles = (await catalogue.edition_on(tx, shanghai_date(tx.now))).classes
    return {DataClass(one).value: title for one, title in titles.items()}


def _ended_banks(view: OrderView) -> set[UUID]:
    """The banks whose work on the order is over, and their consents with it; all of them once the order has ended."""
    if view.order["ended_at"] is not None:
        return {row["bank_id"] for row in view.listed}
    return {row["bank_id"] for row in view.suborders if State(row["state"]) in TERMINAL}


def _effect(letter: consents.Consent, view: OrderView) -> Effect:
    """What taking this letter back would do now."""
    states = {row["bank_id"]: State(row["state"]) for row in view.suborders}
    own = states.get(letter.bank_id)
    if own is not None and own not in BEFORE_SIGNING and own not in TERMINAL:
        return Effect.LOAN_STAYS
    others = [row["bank_id"] for row in view.listed if row["bank_id"] != letter.bank_id]
    go_on = any(bank_id not in states or states[bank_id] not in TERMINAL for bank_id in others)
    return Effect.STOPS if go_on else Effect.ENDS


def _state(letter: consents.Consent, tx: ReadTx, ended: set[UUID]) -> str:
    """standing, revoked or over."""
    if letter.gated or letter.revoked_at is not None:
        return "revoked"
    return "standing" if letter.valid_from <= tx.now < letter.valid_to and letter.bank_id not in ended else "over"
