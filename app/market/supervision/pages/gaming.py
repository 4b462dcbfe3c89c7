"""Conduct that could game the promises: the panel, one measure over all branches, the cases behind it, and files."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Stream

from app.access import audit
from app.access.seats import SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.clock import SHANGHAI, shanghai_date
from app.kernel.errors import Refusal
from app.market.supervision import service
from app.market.supervision.pages.gaming_words import (
    FORMULA_WORDS,
    MEASURE_WORDS,
    SUMMED,
    say,
    say_panel,
    say_urge,
    told,
)  # fmt: skip
from app.market.supervision.pages.overview import period_words
from app.market.supervision.pages.words import STATE_WORDS
from app.market.supervision.rules.gaming import Compared, Line, Measure
from app.market.supervision.schemas import RANGE, Part, periods_until, read_part
from app.market.supervision.service import circular_figures, gaming
from app.market.supervision.service.gaming import Panel
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import page
from app.web.paging import read_page
from app.web.tables import TYPES, Table, csv_lines, xlsx_chunks

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
DOWNLOADS: Final = REGULATOR | {"records_access": True}
URL: Final = "/supervision/conduct"
ASKED: Final = frozenset({"period", "from", "to", "bank"})
HEADS: Final = (
    (N_("银行"), "text"), (N_("网点"), "text"), (N_("计入"), "count"), (N_("总数"), "count"), (N_("案件数"), "count"),
    (N_("比率"), "ppm"), (N_("可能下限"), "ppm"), (N_("可能上限"), "ppm"), (N_("其他网点合计"), "ppm"),
    (N_("偏离倍数（十分之一）"), "count"), (N_("判断"), "text"),
)  # fmt: skip
Asked = Request[Any, Any, Any]


def _part(request: Asked, more: frozenset[str] = frozenset()) -> Part:
    for name in request.query_params:
        if name not in (*ASKED, *more, "lang", "cursor", "limit", "order"):
            raise Refusal("bad-query", "没有这个查询条件。", parameter=name[:60])
    return read_part({name: value for name, value in request.query_params.items() if name in ASKED})


def _measure(request: Asked) -> Measure:
    try:
        return Measure(request.query_params.get("measure", Measure.PAUSED))
    except ValueError:
        raise Refusal("bad-query", parameter="measure", allowed=[one.value for one in Measure]) from None


@get(URL, opt=REGULATOR, include_in_schema=False)
async def show_conduct(request: Asked, tx: Given[ReadTx]) -> Response[str]:
    """Every measure with what it shows, and who stands out."""
    part = _part(request)
    panel = await gaming.read_panel(tx, part.within)
    names = await service.read_names(tx)
    return page(
        request, "supervision/conduct.html", panel=panel, part=part, names=names, words=MEASURE_WORDS,
        formulas=FORMULA_WORDS, told=told, finding=say_panel(panel.measures),
        url=lambda one: part.url(f"{URL}/branches", measure=one.value),
        findings={one: say(found, names, panel.norms.peers) for one, found in panel.measures.items()},
        **_filters(part, panel, await service.read_parties(tx), tx),
    )  # fmt: skip


def _filters(
    part: Part, panel: Panel, parties: Mapping[str, Sequence[tuple[str, str]]], tx: ReadTx
) -> Mapping[str, Any]:
    names = periods_until(shanghai_date(tx.now))
    options = [(name, period_words(Part(name, {}, part.within))) for name in names]
    near = _("最近 {days} 天").format(days=panel.norms.days)
    return {"periods": [("", near), (RANGE, _("自选日期")), *options], "banks": parties["bank"]}


@get(f"{URL}/branches", opt=REGULATOR, include_in_schema=False)
async def show_measure(request: Asked, tx: Given[ReadTx]) -> Response[str]:
    """One measure: who stands out, all branches with their intervals, and the ways on."""
    part, measure = _part(request, frozenset({"measure"})), _measure(request)
    panel = await gaming.read_panel(tx, part.within, (measure,))
    found, names = panel.measures[measure], await service.read_names(tx)
    kept = urlencode(dict(part.values))
    return page(
        request, "supervision/conduct_branches.html", panel=panel, found=found, names=names, part=part,
        title=_(MEASURE_WORDS[measure]), formula=_(FORMULA_WORDS[measure]), told=lambda ppm: told(measure, ppm),
        finding=say(found, names, panel.norms.peers), measure=measure, is_gap=measure is Measure.PICKED,
        counted=_(SUMMED.get(measure, N_("笔"))),
        cases_url=lambda line, counts="": _cases_url(part, measure, line, counts),
        urge_url=lambda line: _urge_url(found, line, names),
        circular_url=lambda line: _circular_url(measure, line, panel),
        files=(f"/supervision/conduct-files/{measure}.csv?{kept}", f"/supervision/conduct-files/{measure}.xlsx?{kept}"),
        tabs=[(_(words), part.url(f"{URL}/branches", measure=one.value), None, one is measure)
              for one, words in MEASURE_WORDS.items()],
        **_filters(part, panel, await service.read_parties(tx), tx),
    )  # fmt: skip


def _cases_url(part: Part, measure: Measure, line: Line | None, counts: str = "") -> str:
    branch = "" if line is None else str(line.branch_id)
    return part.url(f"{URL}/cases", measure=measure.value, branch=branch, counts=counts)


def _urge_url(found: Compared, line: Line, names: Mapping[str, str]) -> str:
    query = {"about": "branch", "id": str(line.branch_id), "said": say_urge(found, line, names)}
    return f"/oversight/urges/new?{urlencode(query)}"


def _circular_url(measure: Measure, line: Line, panel: Panel) -> str:
    name = circular_figures.name_of(measure)
    if name is None:
        return ""
    query = {"who": str(line.branch_id), "measure": name, "month": f"{panel.last:%Y-%m}"}
    return f"/oversight/circular-drafts/new?{urlencode(query)}"


@get(f"{URL}/cases", opt=REGULATOR, include_in_schema=False)
async def show_conduct_cases(request: Asked, tx: Given[ReadTx]) -> Response[str]:
    """The cases behind a share of a branch, or of all, the newest first."""
    part, measure = _part(request, frozenset({"measure", "branch", "counts"})), _measure(request)
    query = request.query_params
    asked = read_page(request, orders=("at",), filters=ASKED | {"measure", "branch", "counts"})
    branch_id, counts = _branch(query.get("branch", "")), _counts(query.get("counts", ""))
    norms = await gaming.read_panel_norms(tx, shanghai_date(tx.now))
    first, last = gaming.days_of(part.within, shanghai_date(tx.now), norms)
    found = await gaming.find_cases(
        tx, measure, first, last, branch_id=branch_id, counts=counts, after=_place(asked.after), limit=asked.limit
    )
    end = found[-1] if found else None
    cursor = asked.next_cursor(found, (end["at"].isoformat(), str(end["suborder_id"]), end["mark"])) if end else None
    names = await service.read_names(tx)
    kept = {"measure": measure.value, "branch": query.get("branch", ""), "counts": query.get("counts", "")}
    return page(
        request, "supervision/conduct_cases.html", cases=found, names=names, measure=measure, first=first, last=last,
        title=_(MEASURE_WORDS[measure]), formula=_(FORMULA_WORDS[measure]), state_words=STATE_WORDS,
        branch=names.get(query.get("branch", ""), ""), is_days=measure is Measure.PAUSED,
        back=part.url(f"{URL}/branches", measure=measure.value),
        tabs=[(_(words), part.url(f"{URL}/cases", **(kept | {"counts": one})), None, query.get("counts", "") == one)
              for one, words in (("", N_("全部")), ("1", N_("计入的")), ("0", N_("未计入的")))],
        next_url=part.url(f"{URL}/cases", **kept, cursor=cursor) if cursor else "",
    )  # fmt: skip


def _branch(typed: str) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        raise Refusal("bad-query", parameter="branch") from None


def _counts(typed: str) -> bool | None:
    if typed not in ("", "0", "1"):
        raise Refusal("bad-query", parameter="counts", allowed=["0", "1"])
    return None if typed == "" else typed == "1"


def _place(after: Sequence[str | int] | None) -> tuple[datetime, UUID, int] | None:
    """Where a page begins. (A cursor is sealed, so it is as we wrote it.)"""
    if after is None:
        return None
    return datetime.fromisoformat(str(after[0])), UUID(str(after[1])), int(after[2])


@get("/supervision/conduct-files/{name:str}", opt=DOWNLOADS, include_in_schema=False)
async def download_conduct(name: FromPath[str], request: Asked, tx: Given[Tx]) -> Stream:
    """The table behind a measure: `<measure>.csv` or `<measure>.xlsx`."""
    part = _part(request)
    code, _dot, kind = name.partition(".")
    if kind not in TYPES or code not in [one.value for one in Measure]:
        raise Refusal("not-found")
    measure = Measure(code)
    panel = await gaming.read_panel(tx, part.within, (measure,))
    found, names = panel.measures[measure], await service.read_names(tx)
    about = [
        (_("要点"), say(found, names, panel.norms.peers)), (_("指标"), _(MEASURE_WORDS[measure])),
        (_("算法"), _(FORMULA_WORDS[measure])), (_("期间"), _days(panel.first, panel.last)),
        (_("截至"), f"{tx.now.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} +08:00"),
        (_("样本少"), _("不足 {small} 笔").format(small=found.norm.least)),
    ]  # fmt: skip
    rows = [_row(one, names) for one in found.lines]
    await audit.write(tx, "figures.downloaded", detail={"table": code, "kind": kind, "rows": str(len(rows))})
    table = Table(code, [(_(words), unit) for words, unit in HEADS], rows, about)
    headers = {
        "content-disposition": f'attachment; filename="{code}-{tx.now.astimezone(SHANGHAI):%Y%m%d}.{kind}"',
        "cache-control": "no-store",
    }
    return Stream(csv_lines(table) if kind == "csv" else xlsx_chunks(table), media_type=TYPES[kind], headers=headers)


def _days(first: date, last: date) -> str:
    return _("{first} 至 {last}").format(first=first.isoformat(), last=last.isoformat())


def _row(one: Line, names: Mapping[str, str]) -> tuple[str | int | None, ...]:
    found = one.estimate
    verdict = _("明显偏高") if one.stands_out else _("样本少") if one.is_small else ""
    return (
        names.get(str(one.bank_id), ""), names.get(str(one.branch_id), ""), found.value, found.whole, found.cases,
        found.ppm, found.low_ppm, found.high_ppm, one.others.ppm, one.z_tenths, verdict,
    )  # fmt: skip
