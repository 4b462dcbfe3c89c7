"""The start page with the shelf, open to everybody; a firm's own estimates, one card per product."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from litestar import Request, Response, get, post

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.credit import catalogue
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import parties
from app.market.limits import service
from app.market.limits.service import Estimate
from app.office import policies
from app.web import i18n
from app.web.body import Form, Posted
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import page, see_other

FIRM: Final = {"roles": (SeatRole.BUSINESS,)}
PROMISED: Final = ("ACCEPT", "CONTACT", "DECISION")
LINES: Final = 3  # What a card rests on, before it is opened.
REPAYMENTS: Final = {
    "instalments": N_("等额分期"),
    "interest_first": N_("按月付息，到期还本"),
    "bullet": N_("到期一次还本付息"),
}
# The unit stands with the value, so it need not stand in the words as well.
_UNIT_WORDS: Final = re.compile(r"（(?:分|百万分之)）|，分(?=）)| \((?:fen|ppm)\)")


class RefreshForm(Form):
    """Nothing but the button."""


@dataclass(frozen=True, slots=True)
class Line:
    """One input of an estimate in words. `status` other than `value` names a kind of nothing."""

    words: str
    status: str
    value: str | int | None
    unit: str
    as_of_on: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Card:
    """An estimate as its page shows it. `why`, `change`: in the visitor's language, empty beside an amount."""

    estimate: Estimate
    product: parties.Product
    bank: parties.Bank
    lines: tuple[Line, ...]
    steps: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    why: str
    change: str
    age_days: int | None


@get("/", opt={"roles": "public"}, include_in_schema=False)
async def show_start(tx: Given[ReadTx], request: Request[Any, Any, Any]) -> Response[str]:
    """What one can get, from whom, at which rate, how soon; no account is needed to look."""
    on = shanghai_date(tx.now)
    banks = await parties.shelf.banks(tx)
    products = sorted(
        await parties.shelf.products_on(tx, on), key=lambda p: (p.rate_min_ppm, -p.amount_max_fen, p.code)
    )
    limits = {name: await policies.in_force(tx, "clock", name, on) for name in PROMISED}
    return page(
        request,
        "market/start.html",
        shelf=[(product, banks[product.bank_id]) for product in products],
        repayments=REPAYMENTS,
        promise={name: policy.body["count"] for name, policy in limits.items()},
    )


@get("/my/estimates", opt={**FIRM, "records_access": True}, include_in_schema=False)
async def show_estimates(tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[str]:
    """One card per product. Cards of today are shown again; older ones are made anew: shelf or data may differ."""
    on = shanghai_date(tx.now)
    kept = await service.latest(tx, seat.org_id, now=tx.now)
    offered = {product.product_id for product in await parties.shelf.products_on(tx, on)}
    kept = tuple(card for card in kept if card.product_id in offered)
    if len(kept) < len(offered) or any(shanghai_date(card.made_at) < on for card in kept):
        kept = await _make(tx, seat)
    firm = await orgs.get_org(tx, seat.org_id)
    return page(request, "limits/estimates.html", cards=await show_cards(tx, kept, on), firm=firm, today=on)


@post("/my/estimates/refresh", opt=FIRM, include_in_schema=False)
async def refresh_estimates(
    data: Posted[RefreshForm], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Make every card anew from what is known now; harmless to repeat."""
    await _make(tx, seat)
    return see_other(request, "/my/estimates", flash=_("已按最新数据重新测算。"))


async def _make(tx: Tx, seat: Seat) -> tuple[Estimate, ...]:
    firm = await orgs.get_org(tx, seat.org_id)
    if firm.subject_id is None:
        raise Refusal("forbidden", N_("账户尚未与主体绑定"), cure=_("请联系平台客服，核对统一社会信用代码后即可使用。"))
    return await service.cards(tx, firm.subject_id, business_id=seat.org_id, now=tx.now)


async def show_cards(tx: ReadTx, estimates: tuple[Estimate, ...], on: date) -> list[Card]:
    """Estimates in words, the largest amount first; those of zero after them."""
    products = {product.product_id: product for product in await parties.shelf.products_on(tx, on)}
    banks = await parties.shelf.banks(tx)
    units = await _units(tx, on)
    cards = [
        Card(
            one, products[one.product_id], banks[one.bank_id], tuple(_line(entry, units) for entry in one.inputs),
            tuple((str(step["name"]), tuple(_results(step["data"]))) for step in one.trace),
            _words(one.why_zero, ""), _words(one.why_zero, "change_"), one.data_age_days(on),
        )
        for one in estimates
    ]  # fmt: skip
    return sorted(cards, key=lambda card: (-card.estimate.amount_fen, card.product.rate_min_ppm, card.product.code))


async def _units(tx: ReadTx, on: date) -> dict[str, str]:
    edition = await catalogue.edition_on(tx, on)
    return {figure.path: figure.unit for item in edition.items.values() for figure in item.figures}


def _line(entry: Mapping[str, str | int | None], units: Mapping[str, str]) -> Line:
    words = str(entry[f"words_{i18n.language()}"])
    as_of_on = entry["as_of_on"]
    return Line(
        _UNIT_WORDS.sub("", words), str(entry["status"]), entry["value"], units.get(str(entry["path"]), "text"),
        None if as_of_on is None else date.fromisoformat(str(as_of_on)), str(entry["source"] or ""),
    )  # fmt: skip


def _results(data: object) -> Iterator[tuple[str, str]]:
    """What a step of a decision document gave: the results of its expressions, or what its table looked at."""
    if not isinstance(data, Mapping):
        return
    looked = data.get("reference_map")
    for name, value in (looked if isinstance(looked, Mapping) else data).items():
        result = value.get("result") if isinstance(value, Mapping) else value
        if not isinstance(result, Mapping | list):
            yield str(name), "—" if result is None else str(result).lower() if isinstance(result, bool) else str(result)


def _words(why: Mapping[str, str] | None, prefix: str) -> str:
    return "" if why is None else why[f"{prefix}{i18n.language()}"]
