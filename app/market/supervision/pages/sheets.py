"""The table behind a picture: what the page shows, and what its CSV and XLSX hold, cell for cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlencode

from app.market.supervision.pages.words import ACT_WORDS
from app.market.supervision.rules import Reason, Share, Step, Tally, findings, mean_hundredths, share, voices
from app.market.supervision.rules.norms import Norms
from app.market.supervision.schemas import RANGE, Part
from app.web.i18n import N_, _, language


class Unit(StrEnum):
    TEXT = "text"
    COUNT = "count"
    PPM = "ppm"  # Shown and written in percent.
    HUNDREDTHS = "hundredths"  # Workdays, in hundredths.
    FEN = "fen"  # Written in yuan.


@dataclass(frozen=True, slots=True)
class Column:
    """`words` is a Chinese source text."""

    words: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Row:
    """Cells in the order of the columns; None is nothing to say. `url` leads to the cases."""

    cells: tuple[str | int | None, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    code: str
    finding: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One share of one group, as a page shows it. `figure`, `by` and `key` say which; the links lead to its cases."""

    figure: str
    by: str
    key: str
    share: Share
    small: bool
    url: str
    missed_url: str


@dataclass(frozen=True, slots=True)
class Group:
    """A bank, branch, product, district or month with its figures."""

    key: str
    name: str
    figures: Mapping[str, Tally]
    cells: Mapping[str, Cell]
    workdays: int | None
    workdays_url: str

    @property
    def cases(self) -> int:
        return self.cells["decided"].share.of

    @property
    def is_small(self) -> bool:
        return self.cells["decided"].small


SHARES: Mapping[str, str] = {
    "decided": "decided_in_time", "answered": "answered_in_time", "contacted": "contacted_in_time",
    "accepted": "accepted", "unproved": "refused_without_evidence", "signed": "signed_in_time", "paid": "paid_in_time",
    "paused": "paused_workdays",
}  # fmt: skip


def cases_url(part: Part, figure: str, by: str = "all", key: str = "", counts: str = "") -> str:
    """The cases behind a figure of a group, in the same part of the city."""
    query = (
        {"figure": figure} | ({} if by == "all" else {"by": by, "key": key}) | ({"counts": counts} if counts else {})
    )
    return f"/supervision/cases?{urlencode({**query, **part.values})}"


def figure_url(part: Part, figure: str, by: str = "all", key: str = "") -> str:
    """The cases behind any figure: of a median those of its mean, of a balance every change until the last day, of
    complaints per order the complaints."""
    if figure == voices.BALANCE and part.within.to_on is not None:
        until = {"period": RANGE, "to": part.within.to_on.isoformat()}
        return cases_url(replace(part, values={**part.values, **until}), "outstanding_fen", by, key)
    if figure == voices.AFTER_RED:
        whose = {"bank": {"bank": key}, "branch": {"branch": key}}.get(by, {})
        path = "/supervision/conduct/branches" if by == "bank" else "/supervision/conduct/cases"
        return f"{path}?{urlencode({'measure': voices.AFTER_RED, **whose, **part.values})}"
    of = {voices.COMPLAINED: voices.COMPLAINTS, voices.BALANCE: "outstanding_fen"}
    return cases_url(part, of.get(figure, figure.removesuffix("_median_x2")), by, key)


def cell(part: Part, figures: Mapping[str, Tally], figure: str, by: str, key: str, norms: Norms) -> Cell:
    tally = figures.get(figure, Tally())
    found = share(tally.value, tally.of)
    urls = cases_url(part, figure, by, key), cases_url(part, figure, by, key, "0")
    return Cell(figure, by, key, found, found.is_small(norms.small), *urls)


def group(part: Part, figures: Mapping[str, Tally], by: str, key: str, name: str, norms: Norms) -> Group:
    cells = {short: cell(part, figures, figure, by, key, norms) for short, figure in SHARES.items()}
    workdays = mean_hundredths(figures.get("workdays_to_decision", Tally()))
    return Group(key, name, figures, cells, workdays, cases_url(part, "workdays_to_decision", by, key))


FUNNEL = (Column(N_("环节"), Unit.TEXT), Column(N_("笔数"), Unit.COUNT), Column(N_("占推送"), Unit.PPM))
MONTHS = (
    Column(N_("月份"), Unit.TEXT), Column(N_("按时办结"), Unit.COUNT), Column(N_("到期或办结"), Unit.COUNT),
    Column(N_("按时办结率"), Unit.PPM), Column(N_("可能下限"), Unit.PPM), Column(N_("可能上限"), Unit.PPM),
    Column(N_("平均办结工作日"), Unit.HUNDREDTHS),
)  # fmt: skip
REASONS = (
    Column(N_("代码"), Unit.TEXT), Column(N_("原因"), Unit.TEXT), Column(N_("笔数"), Unit.COUNT),
    Column(N_("无有效依据"), Unit.COUNT),
)  # fmt: skip
GROUPS = (
    Column(N_("名称"), Unit.TEXT), Column(N_("按时办结"), Unit.COUNT), Column(N_("到期或办结"), Unit.COUNT),
    Column(N_("按时办结率"), Unit.PPM), Column(N_("可能下限"), Unit.PPM), Column(N_("可能上限"), Unit.PPM),
    Column(N_("样本"), Unit.TEXT), Column(N_("按时应答"), Unit.COUNT), Column(N_("应答到期"), Unit.COUNT),
    Column(N_("接单"), Unit.COUNT), Column(N_("应接"), Unit.COUNT), Column(N_("平均办结工作日"), Unit.HUNDREDTHS),
    Column(N_("无有效依据的拒单"), Unit.COUNT), Column(N_("拒单"), Unit.COUNT), Column(N_("放款金额"), Unit.FEN),
)  # fmt: skip


def of_funnel(part: Part, steps: Sequence[Step], finding: str) -> Sheet:
    rows = [
        Row(
            (_(ACT_WORDS[step.act]), step.count, step.share.ppm),
            cases_url(part, f"funnel:{step.act}") if step.count else "",
        )
        for step in steps
    ]
    return Sheet("funnel", finding, FUNNEL, tuple(rows))


def of_months(groups: Sequence[Group], finding: str) -> Sheet:
    rows = [
        Row((one.name, *_counts(one, "decided"), *_interval(one.cells["decided"].share), one.workdays),
            one.cells["decided"].url)
        for one in groups
    ]  # fmt: skip
    return Sheet("months", finding, MONTHS, tuple(rows))


def of_reasons(part: Part, reasons: Sequence[Reason], words: Mapping[str, tuple[str, str]], finding: str) -> Sheet:
    rows = [
        Row((one.code, reason_words(words, one.code), one.count, one.unproved), cases_url(part, f"refused:{one.code}"))
        for one in reasons
    ]
    return Sheet("reasons", finding, REASONS, tuple(rows))


def of_groups(code: str, groups: Sequence[Group], finding: str) -> Sheet:
    rows = [
        Row(
            (
                one.name, *_counts(one, "decided"), *_interval(one.cells["decided"].share),
                _("样本少") if one.is_small else "", *_counts(one, "answered"), *_counts(one, "accepted"), one.workdays,
                *_counts(one, "unproved"), one.figures.get("paid_out_fen", Tally()).value,
            ),
            one.cells["decided"].url if one.cases else "",
        )
        for one in groups
    ]  # fmt: skip
    return Sheet(code, finding, GROUPS, tuple(rows))


def reason_words(words: Mapping[str, tuple[str, str]], code: str) -> str:
    return words.get(code, ("", ""))[1 if language() == "en" else 0] or code


def arranged(groups: Sequence[Group], column: str, falls: bool) -> list[Group]:
    """By a column. Whoever has too few cases stands behind the others and is ranked by name alone."""

    def value(one: Group) -> int:
        if column == "workdays":
            return one.workdays or 0
        return one.cases if column == "cases" else one.cells[column].share.ppm or 0

    by_name = sorted(groups, key=lambda one: (one.name, one.key))
    if column == "name":
        return by_name[::-1] if falls else by_name
    if column == "cases":
        return sorted(by_name, key=value, reverse=falls)
    enough = sorted((one for one in by_name if not one.is_small), key=value, reverse=falls)
    return enough + [one for one in by_name if one.is_small]


def tenths_text(one: Share) -> str:
    """A share in percent for the eye, one decimal.

    >>> tenths_text(share(14, 15))
    '93.3 %'
    """
    tenths = findings.tenths(one)
    return f"{tenths // 10}.{tenths % 10} %"


def _counts(one: Group, short: str) -> tuple[int, int]:
    found = one.cells[short].share
    return found.value, found.of


def _interval(found: Share) -> tuple[int | None, int | None, int | None]:
    return found.ppm, found.low_ppm, found.high_ppm
