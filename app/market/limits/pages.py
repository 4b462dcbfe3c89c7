"""A firm's own estimates, one card per product: what it could get, what that rests on, and what changed since."""

from collections.abc import Iterator, Mapping, Sequence
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
from app.market.limits.rules import changes, effects, plain_words
from app.market.limits.schemas import ModelBody
from app.market.limits.service import Estimate
from app.web import formats, i18n
from app.web.body import Form, Posted
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import page, see_other

FIRM: Final = {"roles": (SeatRole.BUSINESS,)}
UNITS: Final = {"fen": "fen", "ppm": "ppm", "months": "months"}  # By how the name of a step's result ends.


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
class Since:
    """The card before it that said something else. `lines`: what of its inputs differs, (then, now, what that did to
    the amount in fen; None where it cannot be told). `model_fen`: what another document did; None when it is the same.
    """

    estimate: Estimate
    lines: tuple[tuple[Line, Line, int | None], ...]
    is_other_model: bool
    model_fen: int | None


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
    since: Since | None

    @property
    def fell(self) -> bool:
        return self.since is not None and self.estimate.amount_fen < self.since.estimate.amount_fen

    @property
    def expires_on(self) -> date:
        return shanghai_date(self.estimate.expires_at)

    @property
    def missing(self) -> tuple[Line, ...]:
        """The inputs that are not known, which is what most zeros come from."""
        return tuple(line for line in self.lines if line.status == "not_collected")


@get("/my/estimates", opt={**FIRM, "records_access": True}, include_in_schema=False)
async def show_estimates(tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[str]:
    """One card per product. Cards of today are shown again; older ones are made anew: shelf or data may differ."""
    on = shanghai_date(tx.now)
    kept = await service.latest(tx, seat.org_id, now=tx.now)
    offered = {product.product_id for product in await parties.shelf.products_on(tx, on)}
    kept = tuple(card for card in kept if card.product_id in offered)
    if len(kept) < len(offered) or any(shanghai_date(card.made_at) < on for card in kept):
        kept = await _make(tx, seat)
    cards = await show_cards(tx, kept, on)
    firm = await orgs.get_org(tx, seat.org_id)
    return page(
        request,
        "limits/estimates.html",
        able=[card for card in cards if card.estimate.amount_fen],
        unable=[card for card in cards if not card.estimate.amount_fen],
        firm=firm,
    )


@post("/my/estimates/refresh", opt=FIRM, include_in_schema=False)
async def refresh_estimates(
    data: Posted[RefreshForm], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Make every card anew from what is known now; harmless to repeat."""
    before = {card.product_id: card.amount_fen for card in await service.latest(tx, seat.org_id, now=tx.now)}
    made = await _make(tx, seat)
    other = sum(before.get(card.product_id) != card.amount_fen for card in made)
    said = _("已按最新数据重新测算 {n} 个产品，{other} 个额度有变化。").format(n=len(made), other=other)
    return see_other(request, "/my/estimates", flash=said)


async def _make(tx: Tx, seat: Seat) -> tuple[Estimate, ...]:
    firm = await orgs.get_org(tx, seat.org_id)
    if firm.subject_id is None:
        raise Refusal("forbidden", N_("账户尚未与主体绑定"), cure=_("请联系平台客服，核对统一社会信用代码后即可使用。"))
    return await service.cards(tx, firm.subject_id, business_id=seat.org_id, now=tx.now)


async def show_cards(tx: ReadTx, estimates: Sequence[Estimate], on: date) -> list[Card]:
    """Estimates in words, the largest amount first; those of zero after them."""
    products = {product.product_id: product for product in await parties.shelf.products_on(tx, on)}
    banks, units = await parties.shelf.banks(tx), await _units(tx, on)
    before = await service.earlier(tx, estimates)
    cards = []
    for one in estimates:
        product = products[one.product_id]
        body = await service.model_of(tx, one, product)
        named = {} if body is None else body.labels
        labels = {name: label.en if i18n.language() == "en" else label.zh for name, label in named.items()}
        then = before.get(one.product_id)
        cards.append(
            Card(
                one, product, banks[one.bank_id], tuple(_line(entry, units) for entry in one.inputs),
                tuple(_steps(one, labels)), _words(one.why_zero, ""), _words(one.why_zero, "change_"),
                one.data_age_days(on), None if then is None else _since(then, one, units, body),
            )
        )  # fmt: skip
    return sorted(cards, key=lambda card: (-card.estimate.amount_fen, card.product.rate_min_ppm, card.product.code))


async def _units(tx: ReadTx, on: date) -> dict[str, str]:
    edition = await catalogue.edition_on(tx, on)
    return {figure.path: figure.unit for item in edition.items.values() for figure in item.figures}


def _since(then: Estimate, now: Estimate, units: Mapping[str, str], body: ModelBody | None) -> Since:
    found = changes(then.inputs, now.inputs)
    names = [str(after["name"]) for _before, after in found]
    done = None if body is None else effects(body.text, _facts(then), _facts(now), names, then.amount_fen)
    model_fen, each = (None, (None,) * len(found)) if done is None else done
    lines = tuple((_line(old, units), _line(new, units), did) for (old, new), did in zip(found, each, strict=True))
    is_other = (then.model_key, then.model_version) != (now.model_key, now.model_version)
    return Since(then, lines, is_other, model_fen if is_other else None)


def _facts(card: Estimate) -> Mapping[str, str | int | None]:
    return {str(entry["name"]): entry["value"] for entry in card.inputs}


def _line(entry: Mapping[str, str | int | None], units: Mapping[str, str]) -> Line:
    as_of_on = entry["as_of_on"]
    return Line(
        plain_words(str(entry[f"words_{i18n.language()}"])), str(entry["status"]), entry["value"],
        units.get(str(entry["path"]), "text"), None if as_of_on is None else date.fromisoformat(str(as_of_on)),
        str(entry["source"] or ""),
    )  # fmt: skip


def _steps(one: Estimate, labels: Mapping[str, str]) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """The engine's trace in words, step by step; what has no words of its own is left to its name."""
    given = {str(entry["name"]): entry for entry in one.inputs}
    said = {name: plain_words(str(entry[f"words_{i18n.language()}"])) for name, entry in given.items()} | dict(labels)
    for step in one.trace:
        results = tuple(
            (said.get(key, key), _said(key, value) or _nothing(given.get(key))) for key, value in _results(step["data"])
        )
        if results:
            yield labels.get(str(step["step"]), str(step["name"])), results


def _nothing(entry: Mapping[str, str | int | None] | None) -> str:
    """Which kind of nothing a figure of the firm is that has no value; what the rule itself left out does not apply."""
    status = "" if entry is None else str(entry["status"])
    return formats.nothing(status) if status in formats.NOTHING else _("不适用")


def _results(data: object) -> Iterator[tuple[str, str]]:
    """What a step of a decision document gave: the results of its expressions, or what its table looked at."""
    if not isinstance(data, Mapping):
        return
    looked = data.get("reference_map")
    for name, value in (looked if isinstance(looked, Mapping) else data).items():
        result = value.get("result") if isinstance(value, Mapping) else value
        if not isinstance(result, Mapping | list):
            yield str(name), "" if result is None else str(result).lower() if isinstance(result, bool) else str(result)


def _said(key: str, value: str) -> str:
    """A result in the unit that its name ends with; yes and no in words."""
    if value in ("true", "false"):
        return _("是") if value == "true" else _("否")
    unit = UNITS.get(key.rpartition("_")[2])
    if unit is None or not value.lstrip("-").isdigit():
        return value
    return formats.figure(int(value), unit, i18n.language())


def _words(why: Mapping[str, str] | None, prefix: str) -> str:
    return "" if why is None else why[f"{prefix}{i18n.language()}"]
