"""A head office's start: its branches by what is red, what is in hand and how the promise was kept.

It lies with supervision since a bank is shown the very figures by which the regulator ranks it, with the same mark on
few cases; what is in hand is what the inbox shows, and every number leads there.
"""

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get
from markupsafe import Markup

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx
from app.kernel.errors import Refusal
from app.market.supervision.pages import finding_words, sheets
from app.market.supervision.rules import Share, findings
from app.market.supervision.rules.branches import SORTS, BranchLine, Sort
from app.market.supervision.service.head_office import HeadOffice, read_branches
from app.web import charts
from app.web.charts import Series
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import page

ADMIN: Final = {"roles": (SeatRole.BANK_ADMIN,)}
URL: Final = "/bank"
CHART: Final = (608, 200)
HEADS: Final = (  # Column, words, whether it holds figures, whether it falls when first pressed.
    ("name", N_("网点"), False, False), ("late", N_("逾期未办"), True, True), ("today", N_("今天到期"), True, True),
    ("open", N_("在办"), True, True), ("decided", N_("按时办结"), True, False), ("refused", N_("拒单"), True, True),
)  # fmt: skip


@get(URL, opt=ADMIN, include_in_schema=False)
async def show_branches(tx: Given[ReadTx], seat: Given[Seat], request: Request[Any, Any, Any]) -> Response[str]:
    """Each branch in a row, red first; `?sort=` orders them otherwise."""
    sort = read_sort(request)
    found = await read_branches(tx, sort, by=seat)
    return page(
        request, "supervision/head_office.html", bank=await orgs.get_org(tx, seat.org_id), found=found, url=inbox_url,
        sort=f"-{sort[0]}" if sort[1] else sort[0], heads=_heads(sort), chart=_chart(found), small=_small(found),
        finding=_finding(found), tenths=sheets.tenths_text, percent=finding_words.percent, rows=_months(found),
    )  # fmt: skip


def read_sort(request: Request[Any, Any, Any]) -> Sort:
    """The order that the address asks for, red first by default; `bad-query` names what is not understood."""
    query = request.query_params
    for name in query:
        if name not in ("sort", "lang"):
            raise Refusal("bad-query", "没有这个查询条件。", parameter=name[:60])
    text = query.get("sort", "red")
    column = text.removeprefix("-")
    if column not in SORTS:
        raise Refusal("bad-query", parameter="sort")
    return column, text.startswith("-")


def inbox_url(line: BranchLine, **narrowed: str) -> str:
    """The inbox of one branch, narrowed further."""
    return "/desk?" + urlencode({"branch": str(line.branch_id), **narrowed})


def _heads(sort: Sort) -> list[tuple[str, str, str, bool]]:
    """(words, column, address that sorts by it, whether it holds figures); pressed again, it turns round."""
    column, falls = sort
    return [
        (_(words), name, f"{URL}?sort={'-' if (not falls if name == column else first) else ''}{name}", number)
        for name, words, number, first in HEADS
    ]


def _told(found: HeadOffice) -> list[tuple[str, Share]]:
    return [(f"{month:%Y-%m}", one) for month, one in zip(found.months, found.bank, strict=True)]


def _finding(found: HeadOffice) -> str:
    return finding_words.say_months(
        findings.judge_months(_told(found), found.norms.small), found.promise_days, found.norms
    )


def _months(found: HeadOffice) -> list[tuple[str, Share]]:
    return [(finding_words.month_words(month), one) for month, one in _told(found)]


def _chart(found: HeadOffice) -> Markup:
    """The bank's share by month, months of few cases in outline, and the share aimed at as a line."""
    told = [(words, one) for words, one in _months(found) if one.of]
    if not told:
        return Markup("")
    norms = found.norms
    values = [(one.is_small(norms.small), one.value * 100 / one.of) for _words, one in told]
    return charts.stacked(
        _finding(found), _("各月按时办结率，单位百分之一；虚线是目标。"), [words for words, _one in told],
        [
            Series(_("样本充足"), [None if few else value for few, value in values], "first"),
            Series(_("样本少（不足 {n} 笔）").format(n=norms.small), [value if few else None for few, value in values],
                   "hatched"),
        ],
        say=lambda value: f"{value:.0f} %", size=CHART, numbers=True,
        promise=(_("目标 {share}").format(share=finding_words.percent(norms.target_ppm)), norms.target_ppm / 10_000),
    )  # fmt: skip


def _small(found: HeadOffice) -> dict[str, Markup]:
    """The little bars of each branch, by its id."""
    return {
        str(line.branch_id): charts.small_bars(
            [None if one.ppm is None else one.ppm / 1_000_000 for one in line.months],
            [one.is_small(found.norms.small) for one in line.months],
            found.norms.target_ppm / 1_000_000,
        )
        for line in found.lines
    }
