"""Writing the draft: a table row by row, a formula or its brackets, the reasons, the whole as JSON; and handing it in.

Every press of a button sends the whole table and answers with it, so that all of it works without scripts.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from pydantic import Field

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.products import service
from app.market.products.pages import cells as typed
from app.market.products.pages.shelf import product_name
from app.market.products.pages.words import FLAWS, FORMULAS, fault_words
from app.market.products.rules import (
    BYTES_MAX,
    ROWS_MAX,
    Formula,
    Formulas,
    Malformed,
    Table,
    label,
    moved,
    parse,
    with_formula,
    with_rows,
    with_why,
)
from app.market.products.service import Draft, Shelved
from app.web import body as bodies
from app.web import i18n
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

ADMIN: Final = {"roles": (SeatRole.BANK_ADMIN,)}
Asked = Request[Any, Any, Any]
Act = Annotated[str, text(12)]
Cells = Annotated[list[Annotated[str, text(2_000, 0)]], Field(max_length=2_500)]
Words = Annotated[str, text(300)]


class CellsForm(Form):
    """All cells of a table, row by row, and the button that was pressed: `save`, or an act with a row's number."""

    revision: Annotated[int, Field(ge=0)]
    act: Act
    cells: Cells = Field(default_factory=list)


class ReasonForm(Form):
    revision: Annotated[int, Field(ge=0)]
    code: Annotated[str, text(40)]
    zh: Words
    en: Words
    change_zh: Words
    change_en: Words


class DocumentForm(Form):
    revision: Annotated[int, Field(ge=0)]
    document: Annotated[str, text(BYTES_MAX)]


class SubmissionForm(Form):
    valid_from: date


class DiscardForm(Form):
    """A button that acts, without a field."""


@get("/bank/products/{product_id:uuid}/draft/steps/{step_id:str}", opt=ADMIN, include_in_schema=False)
async def show_table(
    product_id: FromPath[UUID], step_id: FromPath[str], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """One table of the draft, each cell a field."""
    one, draft, table = await _table(tx, product_id, step_id, seat)
    grid = typed.show_rows(table, draft.sheet, table.rows)
    return _table_page(request, one, draft, table, grid)


@post("/bank/products/{product_id:uuid}/draft/steps/{step_id:str}", opt=ADMIN, include_in_schema=False)
async def submit_table(
    product_id: FromPath[UUID], step_id: FromPath[str], data: Posted[CellsForm], tx: Given[Tx], seat: Given[Seat],
    request: Asked,
) -> Response[Any]:  # fmt: skip
    """Keep the table, with a row more, less or elsewhere; cells that cannot be read are named and nothing is kept."""
    one, draft, table = await _table(tx, product_id, step_id, seat)
    grid = typed.read_rows(table, draft.sheet, data.cells)
    act, at = _pressed(data.act)
    if grid.faults:
        return _table_page(request, one, draft, table, grid, status=422)
    rows = moved(grid.rows, act, at)
    if len(rows) > ROWS_MAX:
        raise Refusal("model-refused", _("一张表最多 {n} 行。").format(n=ROWS_MAX))
    await _keep(request, tx, seat, product_id, with_rows(draft.body, step_id, rows), data.revision)
    url = f"/bank/products/{product_id}/draft"
    if act == "save":
        return see_other(request, url, flash=_("草稿已保存，尚未生效。"))
    return see_other(request, f"{url}/steps/{step_id}")


@get("/bank/products/{product_id:uuid}/draft/formulas/{step_id:str}/{key:str}", opt=ADMIN, include_in_schema=False)
async def show_formula(
    product_id: FromPath[UUID], step_id: FromPath[str], key: FromPath[str], tx: Given[ReadTx], seat: Given[Seat],
    request: Asked,
) -> Response[str]:  # fmt: skip
    """One formula: as brackets, bounds or a number where it is that, else as it stands."""
    one, draft, formula = await _formula(tx, product_id, step_id, key, seat)
    as_text = request.query_params.get("as") == "formula"
    return _formula_page(request, one, draft, step_id, formula, typed.show_shape(formula, draft.sheet, as_text=as_text))


@post("/bank/products/{product_id:uuid}/draft/formulas/{step_id:str}/{key:str}", opt=ADMIN, include_in_schema=False)
async def submit_formula(
    product_id: FromPath[UUID], step_id: FromPath[str], key: FromPath[str], data: Posted[CellsForm], tx: Given[Tx],
    seat: Given[Seat], request: Asked,
) -> Response[Any]:  # fmt: skip
    """Keep a formula, or its brackets with a row more or less."""
    one, draft, formula = await _formula(tx, product_id, step_id, key, seat)
    act, at = _pressed(data.act)
    shaped = typed.read_shape(formula, draft.sheet, data.cells, act, at)
    if not shaped.faults:
        tree = parse(shaped.text)
        if isinstance(tree, Malformed):
            shaped = typed.with_fault(shaped, _(FORMULAS[tree]))
    body = with_formula(draft.body, step_id, key, shaped.text) if not shaped.faults else draft.body
    if not shaped.faults:
        _model, faults = await service.judge(tx, body, tx.now)
        if faults:
            shaped = typed.with_fault(shaped, _(FLAWS[faults[0].flaw]) + " " + faults[0].words)
    if shaped.faults:
        return _formula_page(request, one, draft, step_id, formula, shaped, status=422)
    await _keep(request, tx, seat, product_id, body, data.revision)
    url = f"/bank/products/{product_id}/draft"
    if act in ("save", "text"):
        return see_other(request, url, flash=_("草稿已保存，尚未生效。"))
    return see_other(request, f"{url}/formulas/{step_id}/{key}")


@post("/bank/products/{product_id:uuid}/draft/reasons", opt=ADMIN, include_in_schema=False)
async def submit_reason(
    product_id: FromPath[UUID], data: Posted[ReasonForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Write down a reason for lending nothing, or tell one in other words."""
    _one, draft = await _opened(tx, product_id, seat)
    words = {"zh": data.zh, "en": data.en, "change_zh": data.change_zh, "change_en": data.change_en}
    await _keep(request, tx, seat, product_id, with_why(draft.body, data.code, words), data.revision)
    return see_other(request, f"/bank/products/{product_id}/draft", flash=_("草稿已保存，尚未生效。"))


@post("/bank/products/{product_id:uuid}/draft/document", opt=ADMIN, include_in_schema=False)
async def submit_document(
    product_id: FromPath[UUID], data: Posted[DocumentForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Take the whole document as JSON, judged like everything else."""
    await _opened(tx, product_id, seat)
    parsed = bodies.gate(data.document.encode())
    if not isinstance(parsed, dict):
        raise Refusal("model-refused", _("决策文件须是一个 JSON 对象。"))
    await _keep(request, tx, seat, product_id, parsed, data.revision)
    return see_other(request, f"/bank/products/{product_id}/draft", flash=_("草稿已保存，尚未生效。"))


@post("/bank/products/{product_id:uuid}/draft/discard", opt=ADMIN, include_in_schema=False)
async def submit_discard(
    product_id: FromPath[UUID], data: Posted[DiscardForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Throw the draft away."""

    async def act() -> UUID:
        await service.discard_draft(tx, product_id, by=seat)
        return product_id

    await once(request, tx, act)
    return see_other(request, f"/bank/products/{product_id}", flash=_("草稿已丢弃。"))


@post("/bank/products/{product_id:uuid}/submission", opt=ADMIN, include_in_schema=False)
async def submit_draft(
    product_id: FromPath[UUID], data: Posted[SubmissionForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Lay the draft before a second person."""

    async def act() -> UUID:
        return (await service.propose_model(tx, product_id, data.valid_from, by=seat, now=tx.now)).proposal_id

    await once(request, tx, act)
    return see_other(
        request, f"/bank/products/{product_id}/waiting", flash=_("已提交，须由总部另一人复核；到生效日才开始使用。")
    )


async def _keep(request: Asked, tx: Tx, seat: Seat, product_id: UUID, body: Mapping[str, Any], revision: int) -> None:
    """Save once; what is wrong with the document is said in words, place by place."""

    async def act() -> UUID:
        _model, faults = await service.judge(tx, body, tx.now)
        if faults:
            raise Refusal("model-refused", "；".join(fault_words(one) for one in faults[:6]))
        await service.save_draft(tx, product_id, body, revision, by=seat, now=tx.now)
        return product_id

    await once(request, tx, act)


async def _opened(tx: ReadTx, product_id: UUID, seat: Seat) -> tuple[Shelved, Draft]:
    one = await service.shelved(tx, product_id, shanghai_date(tx.now), by=seat)
    return one, await service.draft_of(tx, one)


async def _table(tx: ReadTx, product_id: UUID, step_id: str, seat: Seat) -> tuple[Shelved, Draft, Table]:
    one, draft = await _opened(tx, product_id, seat)
    table = draft.sheet.step(step_id)
    if not isinstance(table, Table):
        raise Refusal("not-found")
    return one, draft, table


async def _formula(tx: ReadTx, product_id: UUID, step_id: str, key: str, seat: Seat) -> tuple[Shelved, Draft, Formula]:
    one, draft = await _opened(tx, product_id, seat)
    step = draft.sheet.step(step_id)
    found = [one for one in step.formulas if one.column.name == key] if isinstance(step, Formulas) else []
    if not found:
        raise Refusal("not-found")
    return one, draft, found[0]


def _pressed(act: str) -> tuple[str, int]:
    """The act and its row, from 0, of a button's value such as `down-2`."""
    name, _dash, number = act.partition("-")
    if name not in ("save", "text", "add", "drop", "up", "down") or (number and not number.isascii()):
        raise Refusal("malformed-field", pointer="/act")
    return name, int(number) if number.isdigit() else 0


def _table_page(
    request: Asked, one: Shelved, draft: Draft, table: Table, grid: typed.Grid, *, status: int = 200
) -> Response[str]:
    return page(
        request, "products/table.html", status=status, one=one, name=product_name, draft=draft, grid=grid,
        step_id=table.step_id, words=table.words[i18n.language() == "en"],
        url=f"/bank/products/{one.product.product_id}",
        faults=[(f"c{at}", words) for at, words in grid.faults.items()],
    )  # fmt: skip


def _formula_page(
    request: Asked,
    one: Shelved,
    draft: Draft,
    step_id: str,
    formula: Formula,
    shaped: typed.Shaped,
    *,
    status: int = 200,
) -> Response[str]:
    language = i18n.language()
    known: Sequence[tuple[str, str]] = [(name, label(one, language)) for name, one in draft.sheet.columns.items()]
    return page(
        request, "products/formula.html", status=status, one=one, name=product_name, draft=draft, shaped=shaped,
        words=label(formula.column, language), url=f"/bank/products/{one.product.product_id}", step_id=step_id,
        key=formula.column.name, known=known, faults=[(f"c{at}", words) for at, words in shaped.faults.items()],
    )  # fmt: skip
