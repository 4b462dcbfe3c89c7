"""The regulator's overview: figures of a part of the city as pictures, each with its finding and its table."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get
from markupsafe import Markup

from app.access.seats import SeatRole
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.supervision.pages import finding_words, sheets
from app.market.supervision.pages.board import Asked, View, read_view
from app.market.supervision.pages.words import ACT_WORDS, BY_WORDS, FIGURE_WORDS
from app.market.supervision.rules import By, Tally
from app.market.supervision.schemas import (
    PART,
    RANGE,
    Part,
    periods_until,
    read_day,
    read_group,
    read_part,
    read_sort,
)
from app.web import charts
from app.web.charts import Series
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import page

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
URL: Final = "/supervision/overview"
GROUPS: Final = (By.BANK, By.BRANCH, By.PRODUCT, By.DISTRICT, By.INDUSTRY, By.SIZE, By.TYPE)
OWN: Final = ("by", "sort", "on")  # Of the page beside the part: kind of group, its order, the day of the map.
MONEY: Final = ("granted_fen", "signed_fen", "paid_out_fen")
CHART: Final = (608, 230)
LABELS_MAX: Final = 12


def read_asked(request: Request[Any, Any, Any], tx: ReadTx, more: tuple[str, ...] = ()) -> Asked:
    """The overview that the address asks for; `more` are a handler's own parameters."""
    query = request.query_params
    for name in query:
        if name not in (*PART, *OWN, "lang", *more):
            raise Refusal("bad-query", "没有这个查询条件。", parameter=name[:60])
    by = read_group(query)
    by = by if by in GROUPS else By.BANK
    return Asked(read_part(query), by, read_sort(query), read_day(query, "on", shanghai_date(tx.now)))


@get(URL, opt=REGULATOR, include_in_schema=False)
async def show_overview(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Response[str]:
    """What is promised and kept, in a part of the city and over some days."""
    view = await read_view(tx, read_asked(request, tx))
    asked = view.asked
    own = {"by": asked.by.value, "sort": _sort(*asked.sort), "on": request.query_params.get("on", "")}
    return page(
        request, "supervision/overview.html", view=view, part=asked.part, own=own, url=URL, chips=chips(view, own),
        periods=period_options(view), act_words=ACT_WORDS, by_words=BY_WORDS, by_options=_by_options(asked, own),
        money=[(_(FIGURE_WORDS[name]), _money(view, name)) for name in MONEY], months_chart=_months_chart(view),
        heads=_heads(view, own), exports=_exports(view, own), tenths=sheets.tenths_text, rows=_rows,
        card_url=_card_url(view), figure_column=FIGURE_COLUMN, percent=finding_words.percent,
        kept=_kept(asked.part, own),
    )  # fmt: skip


def _card_url(view: View) -> Callable[[str], str]:
    """The scorecard of a group of the league, in the month that is looked at or the present one."""
    period = view.asked.part.period
    month = {"period": period} if len(period) == len("2026-07") and "Q" not in period else {}

    def url(key: str) -> str:
        return f"/supervision/card?{urlencode({'by': view.asked.by.value, 'key': key, **month})}"

    return url


FIGURE_COLUMN: Final[tuple[tuple[str, str], ...]] = (
    ("name", N_("名称")), ("decided", N_("按时办结")), ("answered", N_("按时应答")), ("accepted", N_("接单率")),
    ("workdays", N_("平均办结工作日")), ("unproved", N_("无据拒单")), ("cases", N_("到期或办结")),
)  # fmt: skip


def _sort(column: str, falls: bool) -> str:
    return f"-{column}" if falls else column


def _heads(view: View, own: dict[str, str]) -> list[tuple[str, str, str, bool]]:
    """(words, column, address that sorts by it, whether it holds figures); pressed again, it turns round."""
    column, falls = view.asked.sort
    sorts = {name: own | {"sort": _sort(name, name == column and not falls)} for name, _words in FIGURE_COLUMN}
    return [
        (_(words), name, view.asked.part.url(URL, **sorts[name]) + "#groups", name != "name")
        for name, words in FIGURE_COLUMN
    ]


def _by_options(asked: Asked, own: dict[str, str]) -> list[tuple[str, str, None, bool]]:
    return [
        (_(BY_WORDS[by.value]), asked.part.url(URL, **(own | {"by": by.value})) + "#groups", None, by is asked.by)
        for by in GROUPS
    ]


def _kept(part: Part, own: dict[str, str]) -> list[tuple[str, str]]:
    """What a form of the page carries along, so that one filter does not lose another."""
    return [(name, value) for name, value in (*part.values.items(), *own.items()) if value]


def chips(view: View, own: dict[str, str]) -> list[tuple[str, str, None, bool]]:
    """The filters that are on, each as words with the address that turns it off."""
    part = view.asked.part
    gone = {"period": {"period": "", "from": "", "to": ""}}
    return [
        (words if name == "period" else Markup("<span data-text>{}</span>").format(words),
         part.url(URL, **(own | gone.get(name, {name: ""}))), None, True)
        for name, words in filters(view)
    ]  # fmt: skip


def filters(view: View) -> list[tuple[str, str]]:
    """(name, words) of every filter that is on."""
    part = view.asked.part
    names = {key: name for rows in view.parties.values() for key, name in rows} | dict(view.districts)
    return [
        (name, period_words(part) if name == "period" else names.get(value, value))
        for name, value in part.values.items()
        if name not in ("from", "to")
    ]


def period_words(part: Part) -> str:
    """The days that are looked at, in words."""
    period = part.period
    if period == RANGE:
        first, last = part.values.get("from", ""), part.values.get("to", "")
        return _("{first} 至 {last}").format(first=first or _("最早"), last=last or _("今天"))
    if not period:
        return _("全部时间")
    year, _dash, rest = period.partition("-")
    if rest.startswith("Q"):
        return _("{year} 年第 {quarter} 季度").format(year=year, quarter=rest[1:])
    return finding_words.month_words(period) if rest else _("{year} 年").format(year=year)


def period_options(view: View) -> list[tuple[str, str]]:
    names = periods_until(shanghai_date(view.as_of))
    asked = view.asked.part.period
    if asked not in ("", RANGE, *names):
        names.insert(0, asked)
    words = [(name, period_words(Part(name, {}, view.asked.part.within))) for name in names]
    return [("", _("全部时间")), (RANGE, _("自选日期")), *words]


def _money(view: View, name: str) -> tuple[Tally, str]:
    return view.figures.get(name, Tally()), sheets.cases_url(view.asked.part, name)


def _exports(view: View, own: dict[str, str]) -> dict[str, tuple[str, str]]:
    """The addresses of the CSV and the XLSX of each picture."""
    kept = urlencode({name: value for name, value in {**view.asked.part.values, **own}.items() if value})
    return {
        code: (f"/supervision/exports/{code}.csv?{kept}", f"/supervision/exports/{code}.xlsx?{kept}")
        for code in view.sheets
    }


def _rows(sheet: sheets.Sheet) -> list[tuple[sheets.Row, list[tuple[object, str]]]]:
    """Each row with its cells and their units, for the table behind a picture."""
    return [
        (row, [(value, column.unit.value) for value, column in zip(row.cells, sheet.columns, strict=True)])
        for row in sheet.rows
    ]


def _months_chart(view: View) -> Markup:
    """Bars of the share in time by month, months of few cases in outline, and the share aimed at as a line."""
    told = [one for one in view.months if one.cells["decided"].share.of][-LABELS_MAX:]
    if not told:
        return Markup("")
    shares = [(one, one.cells["decided"].share.value * 100 / one.cells["decided"].share.of) for one in told]
    target = view.norms.target_ppm / 10_000
    sheet = view.sheets["months"]
    return charts.stacked(
        sheet.finding, _("各月按时办结率，单位百分之一；虚线是目标。"), [one.name for one in told],
        [
            Series(_("样本充足"), [None if one.is_small else value for one, value in shares], "first"),
            Series(_("样本少（不足 {n} 笔）").format(n=view.norms.small),
                   [value if one.is_small else None for one, value in shares], "hatched"),
        ],
        say=lambda value: f"{value:.0f} %", size=CHART, numbers=True,
        promise=(_("目标 {share}").format(share=finding_words.percent(view.norms.target_ppm)), target),
    )  # fmt: skip
