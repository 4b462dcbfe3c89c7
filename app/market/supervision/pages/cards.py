"""Scorecards: every figure of a bank, branch, district, product, industry, size or type of loan on one page."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.supervision import service
from app.market.supervision.pages import figure_text, finding_words, sheets
from app.market.supervision.pages.finding_words import month_words
from app.market.supervision.pages.group_words import group_name
from app.market.supervision.pages.month_files import said_at, verify_url
from app.market.supervision.pages.words import BY_WORDS
from app.market.supervision.rules import By, share
from app.market.supervision.rules.cards import CardLine
from app.market.supervision.schemas import Part, periods_until, read_group, read_month
from app.market.supervision.service import cards, documents, months
from app.market.supervision.service.cards import Card
from app.market.supervision.service.documents import Draft
from app.web import charts
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _, language
from app.web.idempotency import once
from app.web.pages import page, see_other
from app.web.pdf import Block, Paper, pdf
from app.web.tables import Table
from app.web.workbooks import workbook

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
MAKES: Final = REGULATOR | {"rate": "export"}
URL: Final = "/supervision/card"
KINDS: Final = (By.BANK, By.BRANCH, By.DISTRICT, By.PRODUCT, By.INDUSTRY, By.SIZE, By.TYPE)
PICTURED: Final = frozenset({"accepted", "after_red", "bad_ratings", "refused_without_evidence", "satisfied"})
Asked = Request[Any, Any, Any]
Reasons = Mapping[str, tuple[str, str]]


class CardForm(Form):
    format: Annotated[Literal["pdf", "xlsx"], "which file"]
    by: Annotated[str, text(20)]
    key: Annotated[str, text(80, 0)] = ""
    period: Annotated[str, text(7, 7)]


def is_ratio(figure: str) -> bool:
    """Whether groups are compared by value over cases, rather than by the value itself."""
    return figure_text.is_share(figure) or figure in figure_text.MEANS


@get(URL, opt=REGULATOR, include_in_schema=False)
async def show_card(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """One group in one month beside the city, its like and the months before; every figure opens its cases."""
    query = request.query_params
    for one in query:
        if one not in ("by", "key", "period", "lang"):
            raise Refusal("bad-query", "没有这个查询条件。", parameter=one[:60])
    by, key, month = _asked(query, shanghai_date(tx.now))
    card = await cards.read_card(tx, by, key, month, is_ratio)
    names = await _names(tx)
    period = f"{month:%Y-%m}"
    lines, reasons = _shown(card), await service.read_reason_words(tx)
    return page(
        request, "supervision/card.html", card=card, lines=lines, group=group_name(by.value, key, names), by=by.value,
        key=key, period=period, title=month_words(period), text=figure_text, url=URL, by_words=BY_WORDS,
        reasons=reasons, percent=finding_words.percent, say_decided=finding_words.say_decided,
        tenths=sheets.tenths_text, cases=_cases_url(card),
        small=_pictures(card), tabs=_tabs(by, period),
        options=[(one, month_words(one)) for one in _periods(shanghai_date(tx.now), period)],
        frozen=await months.is_frozen(tx, month),
        papers=[one for one in await documents.read_of_month(tx, month) if one.kind == "card"][:10],
    )  # fmt: skip


def _asked(query: Mapping[str, str], today: date) -> tuple[By, str, date]:
    """(kind of group, its key, month): the whole city and the month of today, where nothing is asked."""
    by, key = read_group(query), query.get("key", "")
    if by is By.MONTH or len(key) > 80:
        raise Refusal("bad-query", parameter="by" if by is By.MONTH else "key")
    month = read_month(query["period"]) if query.get("period") else today.replace(day=1)
    if month > today:
        raise Refusal("not-found")
    return by, key, month


async def _names(tx: ReadTx) -> dict[str, str]:
    divisions = sorted(await service.read_divisions(tx), key=lambda one: one.valid_from)
    return await service.read_names(tx) | {one.code: one.name for one in divisions}


def _periods(today: date, asked: str) -> list[str]:
    found = periods_until(today, quarters=0, years=0)
    return found if asked in found else [asked, *found]


def _tabs(by: By, period: str) -> list[tuple[str, str, None, bool]]:
    """The kinds of group: the city's own card, and the leagues in which the others are found."""
    league = f"/supervision/overview?period={period}&by="
    return [
        (_("全市"), f"{URL}?period={period}", None, by is By.ALL),
        *((_(BY_WORDS[one.value]), f"{league}{one.value}#groups", None, one is by) for one in KINDS),
    ]


def _shown(card: Card) -> list[CardLine]:
    """The lines in the order in which figures are told; those of the city that the group never had are left out."""
    lines = [one for one in card.lines if any(of.of for of in one.months)]
    return sorted(lines, key=lambda one: figure_text.in_order(one.figure))


def _cases_url(card: Card) -> Any:
    period = f"{card.month:%Y-%m}"
    part = Part(period, {"period": period}, months.within(card.month))

    def url(figure: str) -> str:
        return sheets.figure_url(part, figure, card.by.value, card.key)

    return url


def _pictures(card: Card) -> dict[str, Any]:
    """Shares month by month as little bars; the aim is that of decisions in time."""
    found = {}
    for one in card.lines:
        if one.figure in PICTURED or one.figure.endswith("_in_time"):
            shares = [tally.value * 100 / tally.of if tally.of else None for tally in one.months]
            few = [tally.of < card.norms.small for tally in one.months]
            aim = card.goal_ppm if one.figure == "satisfied" else card.norms.target_ppm
            found[one.figure] = charts.small_bars(shares, few, aim / 10_000)
    return found


@post("/supervision/card/documents", opt=MAKES, include_in_schema=False)
async def submit_card(data: Posted[CardForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Make a document of a scorecard as it stands now, in the language in use."""
    by, key, month = _asked({"by": data.by, "key": data.key, "period": data.period}, shanghai_date(tx.now))
    card = await cards.read_card(tx, by, key, month, is_ratio)
    group, reasons = group_name(by.value, key, await _names(tx)), await service.read_reason_words(tx)
    title = _("{group} {month} 评价表").format(group=group, month=month_words(data.period))
    link = verify_url(request)

    def build(number: str) -> bytes:
        write = _paper if data.format == "pdf" else _book
        return write(card, title, number, link, reasons)

    async def make() -> UUID:
        draft = Draft("card", data.format, language(), title, month, tx.now, None, None, build)
        return documents.case_of(await documents.make(tx, draft, by=seat))

    await once(request, tx, make)
    query = urlencode({"by": by.value, "key": key, "period": data.period})
    return see_other(request, f"{URL}?{query}#documents", flash=_("文件已生成，编号和指纹见下。"))


def _rows(card: Card, reasons: Reasons) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in _shown(card):
        found = figure_text.share_of(one.figure, one.own)
        plain = found is None or found.ppm is None or one.figure.endswith("_fen")
        low, high = (found.low_ppm or 0, found.high_ppm or 0) if found is not None else (0, 0)
        interval = "" if plain else f"{low / 10_000:.1f}–{high / 10_000:.1f} %"
        rows.append(
            (
                figure_text.name(one.figure, reasons), figure_text.said(one.figure, one.own),
                figure_text.counts(one.figure, one.own), interval, figure_text.said(one.figure, one.before),
                figure_text.said(one.figure, one.city), figure_text.said(one.figure, one.like),
            )
        )  # fmt: skip
    return rows


def _heads() -> list[str]:
    return [_("指标"), _("本月"), _("笔数"), _("可能范围"), _("上月"), _("全市"), _("同类中位数")]


def _said(card: Card) -> str:
    found = "".join(
        finding_words.say_decided(share(one.own.value, one.own.of), card.norms) + _("。")
        for one in card.lines if one.figure == "decided_in_time" and one.own.of
    )  # fmt: skip
    return found + _(
        "同类中位数只看不少于 {n} 笔的；可能范围是 95 % 置信区间（Wilson）。数字没有冻结，之后可能变化。"
    ).format(n=card.norms.small)


def _paper(card: Card, title: str, number: str, link: str, reasons: Reasons) -> bytes:
    widths = ((9, "L"), (6, "R"), (6, "R"), (6, "R"), (5, "R"), (5, "R"), (5, "R"))
    heads = [(words, width, side) for words, (width, side) in zip(_heads(), widths, strict=True)]
    about = [(_("文件编号"), number), (_("截至"), said_at(card.as_of))]
    block = Block(_("各项指标"), "", heads, _rows(card, reasons))
    foot = f"{number} · {_('信易贷·渝惠融')}"
    return pdf(
        Paper(title, _said(card), about, link + number, _("扫码核验本文件"), [block], foot, card.as_of,
              by_word=language() == "en")
    )  # fmt: skip


def _book(card: Card, title: str, number: str, link: str, reasons: Reasons) -> bytes:
    heads = [*((words, "text") for words in _heads()), ("figure", "text"), ("value", "count"), ("of", "count")]
    rows: list[tuple[str | int | None, ...]] = [
        (*cells, one.figure, one.own.value, one.own.of)
        for cells, one in zip(_rows(card, reasons), _shown(card), strict=True)
    ]  # fmt: skip
    about = [
        (_("文件"), title), (_("文件编号"), number), (_("截至"), said_at(card.as_of)), (_("说明"), _said(card)),
        (_("核验"), link + number),
    ]  # fmt: skip
    return workbook([Table("figures", heads, rows, [])], about, link + number, card.as_of)
