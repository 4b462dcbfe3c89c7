"""What one can get, open to everybody: the start page, the shelf with its search, one product, up to three compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from app.access.seats import SeatRole
from app.credit import catalogue, subjects
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.kernel.codes import BadCode, check_uscc
from app.kernel.errors import Refusal
from app.kernel.money import ReadSum, parse_sum
from app.kernel.text import match_key
from app.market import limits, parties
from app.market.orders.pages import words
from app.market.orders.rules.loans import OF_A_LOAN
from app.office import policies
from app.web import context, i18n
from app.web.context import SeatLike
from app.web.deps import Given
from app.web.i18n import _
from app.web.pages import page

OPEN: Final = {"roles": "public"}
PROMISED: Final = ("ACCEPT", "CONTACT", "DECISION")
FIRST: Final = 3  # On the start page; the shelf has all.
COMPARED_MAX: Final = 3
CLOSE: Final = 600  # Thousandths of a word's letters that must be found, in their order: one slip in three is forgiven.


@dataclass(frozen=True, slots=True)
class OnShelf:
    """A product with who gives it: `branches` have a list in force today, `purposes` of all lists, empty for any."""

    product: parties.Product
    bank: parties.Bank
    branches: int
    purposes: frozenset[str]


@get("/", opt=OPEN, include_in_schema=False)
async def show_start(tx: Given[ReadTx], request: Request[Any, Any, Any]) -> Response[str]:
    """What one can get, from whom, at which rate, how soon; no account is needed to look."""
    on = shanghai_date(tx.now)
    shelf = await _shelf(tx, on)
    limits_of = {name: await policies.in_force(tx, "clock", name, on) for name in PROMISED}
    return page(
        request,
        "market/start.html",
        shelf=shelf[:FIRST],
        count=len(shelf),
        promise={name: policy.body["count"] for name, policy in limits_of.items()},
    )


@get("/shelf", opt=OPEN, include_in_schema=False)
async def show_shelf(tx: Given[ReadTx], request: Request[Any, Any, Any]) -> Response[str]:
    """The whole shelf, narrowed by sum and purpose, searched in a way that forgives a slip."""
    query = request.query_params
    typed = {name: query.get(name, "").strip()[:60] for name in ("q", "amount_wan", "purpose")}
    asked = parse_sum(typed["amount_wan"]) if typed["amount_wan"] else None
    purpose = typed["purpose"] if typed["purpose"] in words.PURPOSES else ""
    shelf = await _shelf(tx, shanghai_date(tx.now))
    found = [
        one for one in shelf
        if (not isinstance(asked, ReadSum) or one.product.amount_min_fen <= asked.fen <= one.product.amount_max_fen)
        and (not purpose or not one.purposes or purpose in one.purposes)
    ]  # fmt: skip
    return page(
        request,
        "market/shelf.html",
        shelf=searched(typed["q"], found),
        count=len(shelf),
        typed=typed,
        is_narrowed=any(typed.values()),
        fault=_("请只填数字，单位是万元，例如 30 或 12.5。") if asked and not isinstance(asked, ReadSum) else "",
        purposes=words.PURPOSES,
    )


@get("/shelf/compare", opt=OPEN, include_in_schema=False)
async def compare_products(tx: Given[ReadTx], request: Request[Any, Any, Any]) -> Response[str]:
    """Up to three products side by side; of more the first three that were ticked."""
    wanted = list(dict.fromkeys(request.query_params.getall("p", [])))
    shelf = {str(one.product.product_id): one for one in await _shelf(tx, shanghai_date(tx.now))}
    chosen = [shelf[key] for key in wanted if key in shelf]
    return page(
        request,
        "market/compare.html",
        chosen=chosen[:COMPARED_MAX],
        left_out=len(chosen) - COMPARED_MAX,
        without={
            one.product.product_id: "?" + urlencode([("p", o.product.product_id) for o in chosen if o is not one])
            for one in chosen
        },
        repayments=words.REPAYMENTS,
        purposes=words.PURPOSES,
    )


@get("/shelf/{product_id:uuid}", opt=OPEN, include_in_schema=False)
async def show_product(product_id: FromPath[UUID], tx: Given[ReadTx], request: Request[Any, Any, Any]) -> Response[str]:
    """One product: its terms, who gives it, what its estimate looks at, and why that might be nothing."""
    on = shanghai_date(tx.now)
    one = next((one for one in await _shelf(tx, on) if one.product.product_id == product_id), None)
    if one is None:
        raise Refusal("not-found")
    own = _reads_documents(context.of(request).seat, one.bank.bank_id)
    model = await (model_on(tx, one.product, on) if own else _shared_model(tx, one.product, on))
    classes = (await catalogue.edition_on(tx, on)).classes
    lists = [entry for entry in await parties.lists_for(tx, on, bank_id=one.bank.bank_id)
             if entry.product.product_id == product_id]  # fmt: skip
    return page(
        request,
        "market/product.html",
        one=one,
        model=model,
        is_shared=not own,
        inputs=[
            (
                limits.plain_words(entry.words_en if i18n.language() == "en" else entry.words_zh),
                classes[catalogue.DataClass(entry.data_class)] if entry.data_class else "",
            )
            for entry in (model.inputs if model else ())
        ],
        branches=[entry.branch for entry in lists],
        repayments=words.REPAYMENTS,
        purposes=words.PURPOSES,
    )


@get("/firm", opt=OPEN, include_in_schema=False)
async def find_firm(tx: Given[ReadTx], request: Request[Any, Any, Any]) -> Response[str]:
    """The registered name behind a code: what is public of it, so that a firm sees that it is meant."""
    typed = request.query_params.get("uscc", "").strip()[:60]
    code = check_uscc(typed) if typed else None
    firm = await subjects.find_by_uscc(tx, typed) if code and not isinstance(code, BadCode) else None
    district = ""
    if firm is not None and firm.district_code:
        district = await subjects.district_name(tx, firm.district_code, shanghai_date(tx.now)) or ""
    fault = ""
    if isinstance(code, BadCode):
        fault = _("这不是有效的统一社会信用代码：应为 18 位数字和大写字母，请对照营业执照核对。")
    elif code and firm is None:
        fault = _("没有找到这个代码。新登记的企业要等登记信息送达后才能查到；请核对，或联系平台客服。")
    return page(request, "market/firm.html", typed=typed, firm=firm, district=district, fault=fault)


async def model_on(tx: ReadTx, product: parties.Product, on: date) -> limits.ModelBody | None:
    """The document that measures a product on a day; None when there is none that can be read."""
    for version in await limits.model_versions(tx, product, on):
        if version.valid_from <= on:
            try:
                return limits.read_model(version.body)
            except ValueError:
                return None
    return None


def _reads_documents(seat: SeatLike | None, bank_id: UUID) -> bool:
    """Whether this visitor may read a bank's own documents: firms, the regulator and the bank itself."""
    return seat is not None and (seat.role in (SeatRole.BUSINESS, SeatRole.REGULATOR) or seat.org_id == bank_id)


async def _shared_model(tx: ReadTx, product: parties.Product, on: date) -> limits.ModelBody | None:
    """The published document that a product began with. A bank changes its figures, not what it looks at."""
    found = {one.key: one for one in await policies.all_in_force(tx, "limit_model", on)}.get(product.model_key)
    return None if found is None else limits.read_model(found.body)


async def _shelf(tx: ReadTx, on: date) -> list[OnShelf]:
    """Every product on offer, the lowest rate first; a renewal and a deferral are offered where the loan is shown."""
    banks = await parties.shelf.banks(tx)
    lists: dict[UUID, list[parties.PublishedList]] = {}
    for found in await parties.lists_for(tx, on):
        lists.setdefault(found.product.product_id, []).append(found.entry)
    offered = [one for one in await parties.shelf.products_on(tx, on) if one.loan_type not in OF_A_LOAN]
    products = sorted(offered, key=lambda p: (p.rate_min_ppm, -p.amount_max_fen, p.code))
    return [_on_shelf(product, banks, lists.get(product.product_id, ())) for product in products]


def _on_shelf(
    product: parties.Product, banks: Mapping[UUID, parties.Bank], lists: Sequence[parties.PublishedList]
) -> OnShelf:
    anything = any(not entry.purposes for entry in lists)
    named = frozenset(purpose for entry in lists for purpose in entry.purposes)
    branches = len({entry.branch_id for entry in lists})
    return OnShelf(product, banks[product.bank_id], branches, frozenset() if anything else named)


def searched(typed: str, shelf: Sequence[OnShelf]) -> list[OnShelf]:
    """What every typed word comes close to, the closest first; without words all, as they stand."""
    wanted = [match_key(word) for word in typed.split()]
    scored = [(_score(wanted, one), one) for one in shelf]
    return [one for score, one in sorted(scored, key=lambda pair: -pair[0]) if score >= 0]


def _score(wanted: Sequence[str], one: OnShelf) -> int:
    product = one.product
    texts = [match_key(text) for text in (product.name, product.name_en, product.code, one.bank.name)]
    scores = [max(closeness(word, text) for text in texts) for word in wanted]
    return -1 if any(score < CLOSE for score in scores) else sum(scores)


def closeness(word: str, text: str) -> int:
    """Thousandths of a word's letters that a text has in their order, within a stretch hardly longer than the word.

    >>> closeness("税易贷", "税易贷"), closeness("水易贷", "税易贷"), closeness("房贷", "税易贷")
    (1000, 666, 500)
    >>> closeness("taxloan", "tax loan")
    1000
    """
    if not word or word in text:
        return 1000
    room = len(word) + max(1, len(word) // 2)
    stretches = [text[at : at + room] for at in range(max(1, len(text) - room + 1))]
    return max(1000 * _common(word, stretch) // len(word) for stretch in stretches)


def _common(one: str, other: str) -> int:
    """How many letters two texts share in the same order."""
    row = [0] * (len(other) + 1)
    for letter in one:
        before = 0
        for at, found in enumerate(other, 1):
            before, row[at] = row[at], before + 1 if letter == found else max(row[at], row[at - 1])
    return row[-1]
