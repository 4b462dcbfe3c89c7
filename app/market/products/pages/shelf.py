"""The head office's products: what is in force and since when, the document as tables, the draft, what waits."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import limits
from app.market.limits import ModelBody, ModelVersion
from app.market.products import service
from app.market.products.pages.trying import try_row
from app.market.products.pages.words import finding_words
from app.market.products.rules import (
    Brackets,
    Fixed,
    Formulas,
    Held,
    Sheet,
    Table,
    changes,
    check,
    formula_lines,
    label,
    read_sheet,
    shown_cell,
    unit_words,
    value_words,
)
from app.market.products.service import Shelved
from app.office import proposals
from app.office.proposals import Change as Told
from app.office.proposals import Described, Line, Proposal
from app.web import i18n
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import page

ADMIN: Final = {"roles": (SeatRole.BANK_ADMIN,)}
CHANGES_TOLD: Final = 12
REPAYMENTS: Final = {
    "instalments": N_("等额分期"),
    "interest_first": N_("按月付息，到期还本"),
    "bullet": N_("到期一次还本付息"),
}
Asked = Request[Any, Any, Any]
Document = tuple[ModelBody, Sheet]


@get("/bank/products", opt=ADMIN, include_in_schema=False)
async def show_products(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """Every product with the version in force, the next one, and since when."""
    rows = await service.shelf_of(tx, seat.org_id, shanghai_date(tx.now))
    return page(request, "products/products.html", rows=rows, name=product_name, version=version_words)


@get("/bank/products/{product_id:uuid}", opt=ADMIN, include_in_schema=False)
async def show_product(
    product_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """One product with a document of it as tables; `?version=` shows another one than that in force."""
    one = await service.shelved(tx, product_id, shanghai_date(tx.now), by=seat)
    chosen = _version(one, request.query_params.get("version", ""))
    document = None if chosen is None else service.opened(chosen)
    row = None
    if chosen is not None and document is not None:
        row = try_row(request.query_params, [(version_words(chosen), *document)])
    return page(
        request, "products/product.html", one=one, name=product_name, version=version_words, chosen=chosen, row=row,
        document=document, repayments=REPAYMENTS, steps=[] if document is None else tell_steps(document[1]),
        source="" if document is None else _source(document[0]), url=f"/bank/products/{product_id}",
    )  # fmt: skip


@get("/bank/products/{product_id:uuid}/draft", opt=ADMIN, include_in_schema=False)
async def show_draft(product_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """The draft as tables to change, the test row on both documents, the checks, and what differs."""
    one = await service.shelved(tx, product_id, shanghai_date(tx.now), by=seat)
    draft = await service.draft_of(tx, one)
    return _compared(
        request, "products/draft.html", one, (draft.model, draft.sheet), draft=draft, today=shanghai_date(tx.now)
    )


@get("/bank/products/{product_id:uuid}/waiting", opt=ADMIN, include_in_schema=False)
async def show_waiting(
    product_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """What waits for the second person: the same tables, test row, checks and differences. `not-found` without one."""
    one = await service.shelved(tx, product_id, shanghai_date(tx.now), by=seat)
    if one.waiting is None:
        raise Refusal("not-found")
    model = limits.read_model(one.waiting.body["model"])
    return _compared(
        request, "products/waiting.html", one, (model, read_sheet(model)), proposal=one.waiting,
        is_own=one.waiting.made_by == seat.person_id,
    )  # fmt: skip


def _compared(request: Asked, template: str, one: Shelved, new: Document, **more: Any) -> Response[str]:
    old = None if one.in_force is None else service.opened(one.in_force)
    documents = [(_("草稿") if "draft" in more else _("待复核的版本"), *new)]
    differences: tuple[Any, ...] = ()
    if one.in_force is not None and old is not None:
        documents.append((version_words(one.in_force), *old))
        differences = changes(old[1], new[1], i18n.language())
    checked = check(new[0])
    return page(
        request, template, one=one, name=product_name, version=version_words, steps=tell_steps(new[1]), checked=checked,
        findings=[(finding.tone, finding_words(finding, new[1])) for finding in checked.findings], whys=new[1].whys,
        changes=differences, row=try_row(request.query_params, documents), source=_source(new[0]), model=new[0],
        url=f"/bank/products/{one.product.product_id}", **more,
    )  # fmt: skip


def tell_steps(sheet: Sheet) -> list[Mapping[str, Any]]:
    """Steps as a page shows them: heads and cells of tables in words, formulas as sentences or brackets."""
    language = i18n.language()
    return [
        _table(step, sheet, language) if isinstance(step, Table) else _formulas(step, sheet, language)
        for step in sheet.steps
    ]


def _table(step: Table, sheet: Sheet, language: str) -> Mapping[str, Any]:
    heads = [(label(one, language), unit_words(one.unit, language)) for one in step.inputs]
    gives = [(label(one, language), unit_words(one.unit, language)) for one in step.outputs]
    rows = []
    for row in step.rows:
        cells = [
            shown_cell(one, column.unit, language) for column, one in zip(step.inputs, row.conditions, strict=True)
        ]
        outputs = [
            (sheet.whys[str(one)][language == "en"] if one is not None else _("可以测算")) if column.name == "why"
            else value_words(one, column.unit, language) or _("无")
            for column, one in zip(step.outputs, row.outputs, strict=True)
        ]  # fmt: skip
        rows.append((cells, outputs))
    return {
        "kind": "table", "id": step.step_id, "words": step.words[language == "en"], "heads": heads, "gives": gives,
        "rows": rows,
    }  # fmt: skip


def _formulas(step: Formulas, sheet: Sheet, language: str) -> Mapping[str, Any]:
    told = []
    for formula in step.formulas:
        kinds = {Brackets: "brackets", Held: "held", Fixed: "fixed"}
        lines = [line.partition(" = ")[2] for line in formula_lines(formula, sheet, language)]
        told.append(
            {
                "key": formula.column.name, "name": label(formula.column, language), "lines": lines,
                "shape": kinds.get(type(formula.shape), "formula"), "text": formula.text,
            }
        )  # fmt: skip
    return {"kind": "formulas", "id": step.step_id, "words": step.words[language == "en"], "formulas": told}


def product_name(product: Any) -> str:
    return str(product.name_en if i18n.language() == "en" else product.name)


def version_words(version: ModelVersion) -> str:
    return _("第 {n} 版").format(n=version.version) if version.is_own else _("通用模型")


def _version(one: Shelved, asked: str) -> ModelVersion | None:
    every = [*one.following, *filter(None, [one.in_force]), *one.past]
    if not asked:
        return one.in_force
    found = next((version for version in every if str(version.version) == asked), None)
    if found is None:
        raise Refusal("not-found")
    return found


def _source(model: ModelBody) -> str:
    return json.dumps(model.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=1)


async def tell_model(tx: ReadTx, proposal: Proposal) -> Described:
    """What changes, as sentences, for the second person."""
    product = await service.product_of(tx, proposal.case_id)
    lines = [Line(N_("产品"), product_name(product)), Line(N_("生效日"), proposal.body["valid_from"])]
    new = read_sheet(limits.read_model(proposal.body["model"]))
    before = await service.before(tx, product, proposal)
    told = () if before is None else changes(service.opened(before)[1], new, i18n.language())
    if len(told) > CHANGES_TOLD:
        lines.append(Line(N_("其余改动"), len(told) - CHANGES_TOLD, "count"))
    return Described(
        N_("更换产品的决策文件"), tuple(lines), f"/bank/products/{proposal.case_id}/waiting", product_name(product),
        tuple(Told(one.step, one.before, one.after) for one in told[:CHANGES_TOLD]), link=N_("查看全部改动"),
    )  # fmt: skip


proposals.describe_by(service.MODEL_PUBLISH, tell_model)
