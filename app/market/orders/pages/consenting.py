"""What the banks will see, class by class; one letter of consent for each bank; sign, and the need is posted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from pydantic import Field

from app.access import orgs
from app.access.seats import Seat
from app.credit import catalogue, consents, reports, subjects
from app.credit.catalogue import DataClass
from app.credit.reports import ReportItem
from app.credit.subjects import Subject
from app.infra.db import ReadTx, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import packages
from app.market.orders.pages import words
from app.market.orders.pages.answers import FIELDS, STEPS, Answers
from app.market.orders.pages.shelf import model_on
from app.market.orders.pages.wizard import FIRM, NEW, answers_of, find_choices, key_of
from app.market.orders.schemas import BANKS_EVER
from app.market.orders.service import reading
from app.market.orders.service.bounds import bounds_on
from app.market.orders.service.postings import (
    Draft,
    Match,
    Tick,
    letter_for,
    letter_names,
    match,
    sign_and_post,
)
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other

ALWAYS: Final = (DataClass.REGISTRATION, DataClass.JUDICIAL, DataClass.LISTS, DataClass.EVALUATION)
Short = Annotated[str, text(120)]


class PostForm(Form):
    """The answers once more, and a signature for each bank: `agree` is `branch:product`, `seen` adds the letter's
    hash, `see` is `branch:class`."""

    order_id: UUID
    previous: UUID | None = None
    kind: Short | None = None
    amount_wan: Short
    term_months: Short
    purpose: Short
    collateral: Short
    district: Short
    until_days: Short
    places: Short
    pick: Annotated[list[Short], Field(min_length=1, max_length=BANKS_EVER)]
    see: Annotated[list[Short], Field(min_length=1, max_length=20 * BANKS_EVER)]
    seen: Annotated[list[Annotated[str, text(200)]], Field(min_length=1, max_length=BANKS_EVER)]
    agree: Annotated[list[Short], Field(max_length=BANKS_EVER, default_factory=list)]


@dataclass(frozen=True, slots=True)
class ClassView:
    """One data class as the firm looks at it before it says who may see it; `ticked` are the branches that may,
    `needed_by` the banks whose product is measured with it."""

    code: str
    title: str
    items: Sequence[ReportItem]
    values: int
    no_record: int
    not_collected: int
    ticked: frozenset[UUID]
    needed_by: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter to sign, with the very items that this bank would see."""

    match: Match
    classes: Sequence[str]
    titles: Sequence[str]
    text: str
    text_hash: str
    items: Sequence[Mapping[str, Any]]
    valid_to: datetime

    @property
    def valid_on(self) -> date:
        """The last whole day."""
        return shanghai_date(self.valid_to - timedelta(seconds=1))


@get(f"{NEW}/data", opt={**FIRM, "records_access": True}, include_in_schema=False)
async def show_data(tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[Any]:
    """Every class that a bank may be shown, with its items, and a switch per bank and class."""
    answers, picked = await _read(tx, seat, request)
    if answers.open_question is not None:
        return see_other(request, _address(NEW, answers.hidden()))
    most = answers.draft(shanghai_date(tx.now)).places + (await bounds_on(tx, shanghai_date(tx.now))).reserves_max
    if not 0 < len(picked) <= most:
        return see_other(request, _address(NEW, [*answers.hidden(), ("fault", "most" if picked else "none")]))
    needs = await _needs(tx, picked)
    ticked = _ticked(request, picked) if "shown" in request.query_params else _suggested(needs, picked)
    firm = await _firm(tx, seat)
    return page(
        request,
        "orders/firm_data.html",
        hidden=_carried(answers, picked),
        picked=picked,
        source=words.source,
        kind=words.kind,
        classes=await _classes(tx, firm, ticked, needs, picked),
        back_url=_address(NEW, [*answers.hidden(), *(("pick", key_of(one)) for one in picked)]),
        fault=request.query_params.get("fault", ""),
        step=STEPS.index("data") + 1,
        steps=len(STEPS),
    )


@get(f"{NEW}/consent", opt={**FIRM, "records_access": True}, include_in_schema=False)
async def show_letters(tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[Any]:
    """One readable letter per bank, beside what it opens. What is shown here is kept as the preview."""
    answers, picked = await _read(tx, seat, request)
    if answers.open_question is not None or not picked:
        return see_other(request, _address(NEW, answers.hidden()))
    seen = [(key, value) for key, value in request.query_params.multi_items() if key == "see"]
    ticked = _ticked(request, picked)
    empty = [one for one in picked if not any(one.listing.branch.branch_id in banks for banks in ticked.values())]
    back = [*_carried(answers, picked), *seen, ("shown", "1")]
    if empty:
        return see_other(request, _address(f"{NEW}/data", [*back, ("fault", "none")]))
    firm, draft = await _firm(tx, seat), answers.draft(shanghai_date(tx.now))
    letters = [await _letter_view(tx, seat, firm, draft, one, ticked) for one in picked]
    return page(
        request,
        "orders/firm_letters.html",
        hidden=[*_carried(answers, picked), *seen],
        letters=letters,
        draft=draft,
        step=STEPS.index("sign") + 1,
        steps=len(STEPS),
        source=words.source,
        kind=words.kind,
        back_url=_address(f"{NEW}/data", back),
    )


@post("/my/orders", opt={**FIRM, "db": Role.ACT}, include_in_schema=False)
async def submit_order(
    data: Posted[PostForm], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Sign every letter and post the need, all or nothing."""
    await tx.narrow(case_id=data.order_id)
    sent = {name: str(value) for name in (*FIELDS, "order_id", "previous") if (value := getattr(data, name))}
    answers = await answers_of(tx, seat, request, sent)
    if answers.open_question is not None:
        raise Refusal("malformed-field", N_("需求还没有填完整，请返回核对。"))
    order_id = await once(request, tx, lambda: _sign_and_post(tx, seat, answers, data), location="/my/orders/{}")
    return see_other(request, f"/my/orders/{order_id}", flash=_("需求已发布，授权书已签署。银行须在期限内答复。"))


async def _sign_and_post(tx: Tx, seat: Seat, answers: Answers, data: PostForm) -> UUID:
    draft = answers.draft(shanghai_date(tx.now))
    if draft.previous_order_id is not None:
        await _check_previous(tx, seat, draft.previous_order_id)
    hashes = dict(entry.rsplit("=", 1) for entry in data.seen if "=" in entry)
    found = {key_of(one): one for one in await match(tx, draft, now=tx.now)}
    if set(data.pick) - found.keys():
        raise Refusal("no-match", N_("所选网点的授权清单刚有变化，请返回重新选择。"))
    if set(data.pick) - set(data.agree):
        raise Refusal("consent-missing", N_("请逐一勾选同意每家银行的授权书。"))
    ticks = [
        Tick(
            one.listing.branch.branch_id, one.listing.product.product_id,
            _classes_of(data.see, one.listing.branch.branch_id), hashes.get(key, ""),
        )
        for key, one in found.items() if key in data.pick
    ]  # fmt: skip
    return await sign_and_post(tx, draft, ticks, by=seat, now=tx.now)


async def _check_previous(tx: ReadTx, seat: Seat, order_id: UUID) -> None:
    """An order may only follow one of the firm's own."""
    found = await reading.get_order(tx, order_id)
    if found.order["business_id"] != seat.org_id:
        raise Refusal("not-found")


async def _read(tx: ReadTx, seat: Seat, request: Request[Any, Any, Any]) -> tuple[Answers, list[Match]]:
    """The answers and the chosen matches: `pick` of the ticked banks, or of all when the page sends no ticks."""
    query = request.query_params
    answers = await answers_of(tx, seat, request)
    if answers.open_question is not None:
        return answers, []
    keys, banks = set(query.getall("pick", [])), set(query.getall("bank", []))
    asks_banks = "shown" not in query and "see" not in query
    picked = [
        one
        for choice in await find_choices(tx, seat, answers)
        if not asks_banks or str(choice.best.listing.bank.bank_id) in banks
        for one in choice.matches
        if key_of(one) in keys
    ]
    return answers, picked


async def _firm(tx: ReadTx, seat: Seat) -> Subject:
    firm = await orgs.get_org(tx, seat.org_id)
    if firm.subject_id is None:
        raise Refusal("forbidden", N_("账户尚未与主体绑定"))
    return await subjects.get(tx, firm.subject_id)


async def _needs(tx: ReadTx, picked: Sequence[Match]) -> dict[UUID, frozenset[str]]:
    """By branch: the classes that its product is measured with, so that leaving one out costs the estimate."""
    on, found = shanghai_date(tx.now), {}
    for one in picked:
        model = await model_on(tx, one.listing.product, on)
        read = {entry.data_class for entry in model.inputs if entry.data_class} if model else set()
        found[one.listing.branch.branch_id] = frozenset(read)
    return found


def _suggested(needs: Mapping[UUID, frozenset[str]], picked: Sequence[Match]) -> dict[str, set[UUID]]:
    """As little as will do: the basic classes, and what each product's own model reads."""
    found: dict[str, set[UUID]] = {one.value: set() for one in ALWAYS}
    for branch_id, read in needs.items():
        for name in {*read, *(basic.value for basic in ALWAYS)}:
            found.setdefault(name, set()).add(branch_id)
    return found


def _ticked(request: Request[Any, Any, Any], picked: Sequence[Match]) -> dict[str, set[UUID]]:
    sent = request.query_params.getall("see", [])
    found: dict[str, set[UUID]] = {}
    for one in picked:
        branch_id = one.listing.branch.branch_id
        for name in _classes_of(sent, branch_id):
            found.setdefault(name, set()).add(branch_id)
    return found


def _classes_of(sent: Sequence[str], branch_id: UUID) -> tuple[str, ...]:
    """The classes that a form names for a branch, in the order in which classes are declared."""
    named = {entry.partition(":")[2] for entry in sent if entry.partition(":")[0] == str(branch_id)}
    return tuple(one.value for one in DataClass if one.value in named)


async def _classes(
    tx: Tx, firm: Subject, ticked: Mapping[str, set[UUID]], needs: Mapping[UUID, frozenset[str]],
    picked: Sequence[Match],
) -> list[ClassView]:  # fmt: skip
    """The firm's own report, class by class; a class that has no figure for this kind of subject is left out."""
    edition = await catalogue.edition_on(tx, shanghai_date(tx.now))
    names = [one.value for one in edition.classes]
    report = await reports.assemble(tx, firm.subject_id, names, as_of=tx.now)
    views = []
    for cover in report.coverage:
        items = [item for item in report.items if item.data_class == cover.data_class]
        views.append(
            ClassView(
                cover.data_class, edition.classes[DataClass(cover.data_class)], items, cover.values, cover.no_record,
                cover.not_collected, frozenset(ticked.get(cover.data_class, ())),
                [one.listing.bank.short_name for one in picked
                 if cover.data_class in needs[one.listing.branch.branch_id]],
            )
        )  # fmt: skip
    return sorted(views, key=lambda view: (not view.ticked, not view.needed_by, view.values == 0))


async def _letter_view(
    tx: Tx, seat: Seat, firm: Subject, draft: Draft, one: Match, ticked: Mapping[str, set[UUID]]
) -> LetterView:
    branch_id = one.listing.branch.branch_id
    classes = tuple(name.value for name in DataClass if branch_id in ticked.get(name.value, ()))
    branch = one.listing.branch
    grant = letter_for(draft, branch, classes, firm.subject_id, by=seat, now=tx.now)
    names = await letter_names(tx, branch, firm.subject_id)
    letter = await consents.write_letter(tx, grant, names, now=tx.now)
    shown = await packages.preview(
        tx, order_id=draft.order_id, business_id=seat.org_id, subject_id=firm.subject_id,
        bank_id=one.listing.bank.bank_id, data_classes=classes,
    )  # fmt: skip
    titles = (await catalogue.edition_on(tx, shanghai_date(tx.now))).classes
    return LetterView(
        one, classes, [_(titles[DataClass(name)]) for name in classes], letter.text, letter.text_hash,
        [_read_item(row) for row in shown.body["items"]], grant.valid_to,
    )  # fmt: skip


def _read_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """An item of a package body with every member in place, its day as a date."""
    as_of_on = row.get("as_of_on")
    return {
        "value": None, "source": "", **row,
        "as_of_on": None if as_of_on is None else date.fromisoformat(as_of_on),
    }  # fmt: skip


def _carried(answers: Answers, picked: Sequence[Match]) -> list[tuple[str, str]]:
    return [*answers.hidden(), *(("pick", key_of(one)) for one in picked)]


def _address(path: str, fields: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(fields)}"
