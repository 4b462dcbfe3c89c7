"""The tables behind the pictures and the lists of cases, as CSV and XLSX. Every download is in the audit."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Stream

from app.access import audit
from app.access.seats import SeatRole
from app.infra.db import Tx
from app.kernel.clock import SHANGHAI
from app.kernel.errors import Refusal
from app.market.supervision import service
from app.market.supervision.pages import overview
from app.market.supervision.pages.board import View, read_view
from app.market.supervision.pages.sheets import Unit
from app.market.supervision.pages.words import BY_WORDS, STATE_WORDS, figure_words
from app.market.supervision.schemas import CASE_FILTERS, CasesAsked, read_cases_asked
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.tables import TYPES, Table, csv_lines, xlsx_chunks

DOWNLOADS: Final = {"roles": (SeatRole.REGULATOR,), "records_access": True}
UNIT_WORDS: Final = {
    Unit.COUNT: N_("笔"), Unit.PPM: N_("百分比"), Unit.HUNDREDTHS: N_("工作日"), Unit.FEN: N_("元"), Unit.TEXT: "",
}  # fmt: skip
CASE_HEADS: Final = (
    (N_("案件编号"), Unit.TEXT), (N_("时间"), Unit.TEXT), (N_("银行"), Unit.TEXT), (N_("网点"), Unit.TEXT),
    (N_("产品"), Unit.TEXT), (N_("区县代码"), Unit.TEXT), (N_("申请金额"), Unit.FEN), (N_("当前环节"), Unit.TEXT),
    (N_("计入"), Unit.COUNT), (N_("总数"), Unit.COUNT),
)  # fmt: skip
PAGE: Final = 5_000
CASES_MAX: Final = 200_000


@get("/supervision/exports/{name:str}", opt=DOWNLOADS, include_in_schema=False)
async def download_chart(name: FromPath[str], request: Request[Any, Any, Any], tx: Given[Tx]) -> Stream:
    """The table behind one picture: `<picture>.csv` or `<picture>.xlsx`, over the same part of the city."""
    code, _dot, kind = name.partition(".")
    view = await read_view(tx, overview.read_asked(request, tx))
    if kind not in TYPES or code not in view.sheets:
        raise Refusal("not-found")
    sheet = view.sheets[code]
    table = Table(
        code, [(_head(_(one.words), one.unit), one.unit.value) for one in sheet.columns],
        [row.cells for row in sheet.rows], _about(view, sheet.finding),
    )  # fmt: skip
    detail = {"table": code, "kind": kind, "rows": str(len(sheet.rows))} | _narrowed(request)
    await audit.write(tx, "figures.downloaded", detail=detail)
    return _answer(table, kind, f"{code}-{tx.now.astimezone(SHANGHAI):%Y%m%d}")


@get("/supervision/case-lists/{name:str}", opt=DOWNLOADS, include_in_schema=False)
async def download_cases(name: FromPath[str], request: Request[Any, Any, Any], tx: Given[Tx]) -> Stream:
    """The cases behind a figure: `cases.csv` or `cases.xlsx`, all of them."""
    for one in request.query_params:
        if one not in (*CASE_FILTERS, "lang"):
            raise Refusal("bad-query", "没有这个查询条件。", parameter=one[:60])
    code, _dot, kind = name.partition(".")
    if code != "cases" or kind not in TYPES:
        raise Refusal("not-found")
    asked = read_cases_asked(request.query_params)
    rows = [row async for row in _cases(tx, asked)]
    heads = [(_head(_(words), unit), unit.value) for words, unit in CASE_HEADS]
    about = [(_("指标"), figure_words(asked.figure)), *_origin(tx.now)]
    await audit.write(
        tx, "figures.downloaded", detail={"table": "cases", "kind": kind, "rows": str(len(rows))} | _narrowed(request)
    )
    return _answer(Table("cases", heads, rows, about), kind, f"cases-{tx.now.astimezone(SHANGHAI):%Y%m%d}")


async def _cases(tx: Tx, asked: CasesAsked) -> AsyncIterator[tuple[str | int | None, ...]]:
    """Every case, a page at a time; refused rather than cut when there are too many for one file."""
    names = await service.read_names(tx)
    after: tuple[datetime, UUID] | None = None
    count = 0
    while found := await service.find_cases(tx, asked, as_of=tx.now, after=after, limit=PAGE):
        count += len(found)
        if count > CASES_MAX:
            raise Refusal("bad-query", "案件太多，请缩小期间或范围。", most=CASES_MAX)
        for one in found:
            yield (
                str(one.suborder_id), f"{one.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
                names.get(str(one.bank_id), ""), names.get(str(one.branch_id), ""), names.get(str(one.product_id), ""),
                one.district_code, one.amount_fen, _(STATE_WORDS.get(one.state, one.state)), one.value, one.of,
            )  # fmt: skip
        after = (found[-1].at, found[-1].suborder_id) if len(found) == PAGE else None
        if after is None:
            return


def _head(words: str, unit: Unit) -> str:
    said = _(UNIT_WORDS[unit]) if UNIT_WORDS[unit] else ""
    return _("{name}（{unit}）").format(name=words, unit=said) if said else words


def _about(view: View, finding: str) -> list[tuple[str, str]]:
    narrowed = "；".join(words for _name, words in overview.filters(view)) or _("全部")
    norms = view.norms
    return [
        (_("要点"), finding), *_origin(view.as_of), (_("筛选"), narrowed),
        (_("分组"), _(BY_WORDS[view.asked.by.value])),
        (_("样本少"), _("不足 {small} 笔").format(small=norms.small)),
        (_("可能范围"), _("Wilson 区间，置信水平 95 %")),
    ]  # fmt: skip


def _origin(as_of: datetime) -> list[tuple[str, str]]:
    return [
        (_("截至"), f"{as_of.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} +08:00"),
        (_("来源"), _("平台的办理记录、时限记录、合同、放款和拒单记录")),
    ]


def _narrowed(request: Request[Any, Any, Any]) -> dict[str, str]:
    return {name: value[:80] for name, value in request.query_params.items() if name != "lang"}


def _answer(table: Table, kind: str, name: str) -> Stream:
    made: Iterator[bytes] = csv_lines(table) if kind == "csv" else xlsx_chunks(table)
    headers = {"content-disposition": f'attachment; filename="{name}.{kind}"', "cache-control": "no-store"}
    return Stream(made, media_type=TYPES[kind], headers=headers)
