"""A frozen month as a document: PDF to print, XLSX with every figure and the very lines that its digest is of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import Tx
from app.kernel.clock import SHANGHAI
from app.kernel.errors import Refusal
from app.market.supervision import service
from app.market.supervision.pages import figure_text
from app.market.supervision.pages.finding_words import month_words, say_decided
from app.market.supervision.pages.group_words import group_name
from app.market.supervision.pages.words import BY_WORDS
from app.market.supervision.rules import By, Tally, frozen, share
from app.market.supervision.rules.frozen import Figures, Restated
from app.market.supervision.rules.norms import Norms
from app.market.supervision.schemas import read_month
from app.market.supervision.service import documents, months
from app.market.supervision.service.documents import Draft
from app.market.supervision.service.months import Head
from app.web.body import Form, Posted
from app.web.deps import Given
from app.web.i18n import _, language
from app.web.idempotency import once
from app.web.pages import see_other
from app.web.pdf import Block, Paper, pdf
from app.web.tables import TYPES, Table
from app.web.workbooks import workbook

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,), "rate": "export"}
DOWNLOADS: Final = {"roles": (SeatRole.REGULATOR,), "records_access": True}
MEDIA: Final = {"pdf": "application/pdf", "xlsx": TYPES["xlsx"]}
ON_PAPER: Final = (By.BANK, By.DISTRICT, By.PRODUCT, By.INDUSTRY, By.SIZE, By.TYPE)  # Branches are in the workbook.
Asked = Request[Any, Any, Any]


class DocumentForm(Form):
    format: Annotated[Literal["pdf", "xlsx"], "which file"]


@post("/supervision/months/{month:str}/documents", opt=REGULATOR, include_in_schema=False)
async def submit_document(
    month: FromPath[str], data: Posted[DocumentForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Make a document of a frozen month, in the language in use."""
    on = read_month(month)
    line = await months.read_month(tx, on)
    if line.head is None:
        raise Refusal("wrong-state", "这个月还没有冻结。")
    kept = _Kept(
        line.head, await months.read_frozen(tx, on), await months.read_restated(tx, on, [By.ALL]),
        await service.read_norms(tx, on), await service.read_reason_words(tx), tx.now, verify_url(request),
    )  # fmt: skip

    async def make() -> UUID:
        return documents.case_of(await documents.make(tx, kept.draft(data.format), by=seat))

    await once(request, tx, make)
    return see_other(request, f"/supervision/months/{on:%Y-%m}#documents", flash=_("文件已生成，编号和指纹见下。"))


@get("/supervision/documents/{number:str}", opt=DOWNLOADS, include_in_schema=False)
async def download_document(number: FromPath[str], tx: Given[Tx]) -> Response[bytes]:
    """A document as it was made, byte for byte."""
    kind, content = await documents.read_file(tx, number)
    headers = {"content-disposition": f'attachment; filename="{number}.{kind}"', "cache-control": "no-store"}
    return Response(content, media_type=MEDIA[kind], headers=headers)


def verify_url(request: Asked) -> str:
    """Where anybody verifies a document of this site; its number follows."""
    return f"{str(request.base_url).rstrip('/')}/verify/"


class _Kept:
    """What a document of a frozen month is made of."""

    def __init__(
        self, head: Head, figures: Figures, restated: Sequence[Restated], norms: Norms,
        reasons: Mapping[str, tuple[str, str]], now: datetime, verify: str,
    ) -> None:  # fmt: skip
        self.head, self.figures, self.restated, self.norms, self.reasons, self.now, self.verify = (
            head, figures, restated, norms, reasons, now, verify,
        )  # fmt: skip
        self.names: Mapping[str, str] = {key.partition(":")[2]: one for key, one in head.frozen.names.items()}

    @property
    def title(self) -> str:
        month = month_words(f"{self.head.frozen.month:%Y-%m}")
        return _("{month} 服务监管月报").format(month=month)

    def draft(self, kind: str) -> Draft:
        one = self.head.frozen
        build = self.paper if kind == "pdf" else self.book
        return Draft(
            "month", kind, language(), self.title, one.month, self.now, one.frozen_at, self.head.sha256, build
        )  # fmt: skip

    def about(self, number: str) -> list[tuple[str, str]]:
        one = self.head.frozen
        policies = _("、").join(f"{name} {version}" for name, version in sorted(one.policies.items()))
        return [
            (_("文件编号"), number), (_("月度编号"), one.number), (_("冻结时间"), said_at(one.frozen_at)),
            (_("数字指纹"), f"SHA-256 {self.head.sha256}"), (_("指标口径"), _("第 {n} 版").format(n=one.formula)),
            (_("依据的案件事实"), _("{n} 条").format(n=f"{one.facts:,}")), (_("规则版本"), policies),
            (_("生成时间"), said_at(self.now)),
        ]  # fmt: skip

    def paper(self, number: str) -> bytes:
        link = self.verify + number
        decided = self.figures.get((By.ALL.value, "", "decided_in_time"), Tally())
        found = say_decided(share(decided.value, decided.of), self.norms)
        said = (f"{found}{_('。')}" if found else "") + _("冻结后数字不再改动；此后的变化另行列出。")
        about = [pair for pair in self.about(number) if pair[0] != _("规则版本")]
        blocks = [self._whole(), *(block for by in ON_PAPER if (block := self._league(by)).rows), self._changes()]
        return pdf(
            Paper(
                self.title,
                said,
                about,
                link,
                _("扫码核验本文件"),
                blocks,
                f"{number} · {_('信易贷·渝惠融')}",
                self.now,
                by_word=language() == "en",
            )
        )

    def _whole(self) -> Block:
        heads = [(_("指标"), 5, "L"), (_("数值"), 3, "R"), (_("笔数"), 3, "R"), (_("可能范围"), 3, "R")]
        rows = []
        for figure, tally in self._of(By.ALL.value, "").items():
            found = figure_text.share_of(figure, tally)
            interval = "" if found is None or figure.endswith("_fen") else _interval(found.low_ppm, found.high_ppm)
            rows.append(
                (
                    figure_text.name(figure, self.reasons), figure_text.said(figure, tally),
                    figure_text.counts(figure, tally), interval,
                )
            )  # fmt: skip
        return Block(_("全市"), _("可能范围：Wilson 区间，置信水平 95 %"), heads, rows)

    def _of(self, by: str, key: str) -> dict[str, Tally]:
        found = {figure: tally for (b, k, figure), tally in self.figures.items() if (b, k) == (by, key)}
        return {figure: found[figure] for figure in sorted(found, key=figure_text.in_order)}

    def _league(self, by: By) -> Block:
        """The groups of a kind: those with cases enough by their share, the others behind them by name."""
        heads = [
            (_(BY_WORDS[by.value]), 5, "L"), (_("按时办结"), 2, "R"), (_("笔数"), 2, "R"), (_("可能范围"), 3, "R"),
            (_("接单率"), 2, "R"), (_("平均办结工作日"), 2, "R"), (_("放款金额"), 3, "R"),
        ]  # fmt: skip
        keys = {key for b, key, _figure in self.figures if b == by.value}
        rows = []
        for key in keys:
            of = self._of(by.value, key)
            decided = of.get("decided_in_time", Tally())
            found = share(decided.value, decided.of)
            few = found.is_small(self.norms.small)
            name = group_name(by.value, key, self.names) + (f" ({_('样本少')})" if few else "")
            cells = (
                name, figure_text.said("decided_in_time", decided), f"{decided.value}/{decided.of}",
                _interval(found.low_ppm, found.high_ppm), figure_text.said("accepted", of.get("accepted")),
                figure_text.said("workdays_to_decision", of.get("workdays_to_decision")),
                figure_text.said("paid_out_fen", of.get("paid_out_fen")),
            )  # fmt: skip
            rows.append(((few, 0 if few else found.ppm or 0, name), cells))
        said = _("按时办结率低的在前；不足 {n} 笔的标“样本少”，排在后面，不参加排名。").format(n=self.norms.small)
        heading = _("按{group}").format(group=_(BY_WORDS[by.value]))
        return Block(heading, said, heads, [cells for _place, cells in sorted(rows)])

    def _changes(self) -> Block:
        heads = [(_("指标"), 5, "L"), (_("冻结时"), 3, "R"), (_("现在"), 3, "R"), (_("变化"), 3, "R")]
        rows = [
            (
                figure_text.name(one.figure, self.reasons), _pair(one.figure, one.then), _pair(one.figure, one.now),
                figure_text.difference(one.figure, one.then, one.now),
            )
            for one in sorted(self.restated, key=lambda one: figure_text.in_order(one.figure))
        ]  # fmt: skip
        said = _("截至 {at}").format(at=said_at(self.now)) if rows else _("没有变化。")
        return Block(_("冻结后的变化（全市）"), said, heads, rows)

    def book(self, number: str) -> bytes:
        """Every figure of every group, the rules, and the very lines that the digest is of."""
        heads = [
            (_("分组"), "text"), (_("名称"), "text"), (_("指标"), "text"), (_("数值"), "text"), ("by", "text"),
            ("key", "text"), ("figure", "text"), ("value", "count"), ("of", "count"),
        ]  # fmt: skip
        ordered = sorted(self.figures, key=lambda p: (p[0], p[1], figure_text.in_order(p[2])))
        rows = [
            (
                _("全市") if by == By.ALL else _(BY_WORDS[by]), group_name(by, key, self.names),
                figure_text.name(figure, self.reasons), figure_text.said(figure, self.figures[by, key, figure]), by,
                key, figure, self.figures[by, key, figure].value, self.figures[by, key, figure].of,
            )
            for by, key, figure in ordered
        ]  # fmt: skip
        lines = frozen.canonical(self.head.frozen, self.figures).decode().splitlines()
        digest = Table("digest", [(_("指纹所依据的文字，逐行，行末换行"), "text")], [(line,) for line in lines], [])
        about = [(_("文件"), self.title), *self.about(number), (_("核验"), self.verify + number)]
        return workbook([Table("figures", heads, rows, []), digest], about, self.verify + number, self.now)


def _pair(figure: str, tally: Tally | None) -> str:
    counted = figure_text.counts(figure, tally)
    return f"{figure_text.said(figure, tally)} {counted}".strip()


def _interval(low_ppm: int | None, high_ppm: int | None) -> str:
    return "" if low_ppm is None or high_ppm is None else f"{low_ppm / 10_000:.1f}–{high_ppm / 10_000:.1f} %"


def said_at(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} +08:00"
