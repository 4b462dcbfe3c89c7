"""The regulator's pages: the overview, the cases behind a figure, the case file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from app.access.seats import SeatRole
from app.infra.db import ReadTx, Tx
from app.market.supervision import service
from app.market.supervision.pages.words import (
    ACT_WORDS,
    BY_WORDS,
    CAUSE_WORDS,
    CLOCK_WORDS,
    EVENT_WORDS,
    FIGURE_WORDS,
    KIND_WORDS,
    NOTICE_WORDS,
    OWNER_WORDS,
    STATE_WORDS,
    figure_words,
)
from app.market.supervision.rules import (
    REFUSED,
    Board,
    By,
    Share,
    Step,
    Tally,
    funnel,
    mean_hundredths,
    refusals,
    share,
)
from app.market.supervision.schemas import CASE_FILTERS, read_cases_asked, read_group, read_place
from app.web.deps import Given
from app.web.i18n import _, language
from app.web.pages import page
from app.web.paging import read_page

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
BAR_WIDTH: Final = 200  # Of the SVG bars, in its own units.


@dataclass(frozen=True, slots=True)
class Bar:
    """A share drawn: the bar and the ends of its interval, in units of `BAR_WIDTH`."""

    share: Share
    url: str
    missed_url: str

    @property
    def width(self) -> int:
        return (self.share.ppm or 0) * BAR_WIDTH // 1_000_000

    @property
    def low(self) -> int:
        return (self.share.low_ppm or 0) * BAR_WIDTH // 1_000_000

    @property
    def high(self) -> int:
        return (self.share.high_ppm or 0) * BAR_WIDTH // 1_000_000


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A bank, product, district or month: its promises kept, and how long it took."""

    name: str
    decided: Bar
    answered: Bar
    workdays: str
    workdays_url: str


@dataclass(frozen=True, slots=True)
class ReasonRow:
    code: str
    words: str
    count: int
    width: int
    url: str


@dataclass(frozen=True, slots=True)
class Money:
    name: str
    fen: int
    acts: int
    url: str


@get("/supervision", opt=REGULATOR, include_in_schema=False)
async def show_overview(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Response[str]:
    """What is promised and kept, over all and by one kind of group."""
    by = read_group(request.query_params)
    by = By.BANK if by is By.ALL else by
    board = await service.read_board(tx, as_of=tx.now, by=[By.ALL, By.MONTH, by])
    names = await service.read_names(tx)
    whole = board.get((By.ALL, ""), {})
    words = await service.read_reason_words(tx)
    return page(
        request,
        "supervision/overview.html",
        as_of=tx.now,
        by=by,
        by_options=[(value, _(words)) for value, words in BY_WORDS.items()],
        by_title=_(BY_WORDS.get(by.value, BY_WORDS["bank"])),
        act_words=ACT_WORDS,
        steps=[(step, _url(f"funnel:{step.act}"), _width(step)) for step in funnel(whole)],
        decided=_bar(whole, "decided_in_time", By.ALL, ""),
        accepted=_bar(whole, "accepted", By.ALL, ""),
        contacted=_bar(whole, "contacted_in_time", By.ALL, ""),
        without_evidence=_bar(whole, "refused_without_evidence", By.ALL, ""),
        paused=_bar(whole, "paused_workdays", By.ALL, ""),
        workdays=_mean(whole),
        median=_median(whole),
        money=_money(whole),
        months=_groups(board, By.MONTH, names),
        groups=_groups(board, by, names),
        reasons=_reasons(whole, words),
        bar_width=BAR_WIDTH,
    )


@get("/supervision/cases", opt=REGULATOR, include_in_schema=False)
async def show_cases(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Response[str]:
    """The cases behind one figure."""
    part = read_page(request, orders=("at",), filters=CASE_FILTERS)
    asked = read_cases_asked(request.query_params)
    found = await service.find_cases(tx, asked, as_of=tx.now, after=read_place(part.after), limit=part.limit)
    names = await service.read_names(tx)
    query = dict(request.query_params)
    cursor = part.next_cursor(found, found[-1].place) if found else None
    return page(
        request,
        "supervision/cases.html",
        cases=found,
        names=names,
        figure=asked.figure,
        title=figure_words(asked.figure),
        group=names.get(asked.key, asked.key) if asked.by is not By.ALL else "",
        state_words=STATE_WORDS,
        next_url=f"/supervision/cases?{urlencode(query | {'cursor': cursor})}" if cursor else "",
    )


@get("/supervision/cases/{suborder_id:uuid}", opt=REGULATOR | {"records_access": True}, include_in_schema=False)
async def show_case_file(suborder_id: FromPath[UUID], request: Request[Any, Any, Any], tx: Given[Tx]) -> Response[str]:
    """One case in one column of time."""
    found = await service.open_case_file(tx, suborder_id)
    return page(
        request,
        "supervision/case.html",
        case=found,
        names=await service.read_names(tx),
        act_words=ACT_WORDS,
        cause_words=CAUSE_WORDS,
        clock_words=CLOCK_WORDS,
        event_words=EVENT_WORDS,
        kind_words=KIND_WORDS,
        notice_words=NOTICE_WORDS,
        owner_words=OWNER_WORDS,
        state_words=STATE_WORDS,
    )


def share_of(figures: Mapping[str, Tally], figure: str) -> Share:
    """A figure as a share, nothing of nothing when the group has none."""
    tally = figures.get(figure, Tally())
    return share(tally.value, tally.of)


def _url(figure: str, by: str = "all", key: str = "", counts: str = "") -> str:
    query = (
        {"figure": figure} | ({} if by == "all" else {"by": by, "key": key}) | ({"counts": counts} if counts else {})
    )
    return f"/supervision/cases?{urlencode(query)}"


def _bar(figures: Mapping[str, Tally], figure: str, by: str, key: str) -> Bar:
    return Bar(share_of(figures, figure), _url(figure, by, key), _url(figure, by, key, "0"))


def _width(step: Step) -> int:
    return (step.share.ppm or 0) * BAR_WIDTH // 1_000_000


def _hundredths(value: int | None) -> str:
    return "" if value is None else f"{value // 100}.{value % 100 // 10}"


def _mean(figures: Mapping[str, Tally]) -> str:
    return _hundredths(mean_hundredths(figures.get("workdays_to_decision", Tally())))


def _median(figures: Mapping[str, Tally]) -> str:
    tally = figures.get("workdays_to_decision_median_x2", Tally())
    return _hundredths(tally.value * 50 if tally.of else None)


def _money(figures: Mapping[str, Tally]) -> list[Money]:
    names = ("granted_fen", "signed_fen", "paid_out_fen")
    tallies = [(name, figures.get(name, Tally())) for name in names]
    return [Money(FIGURE_WORDS[name], tally.value, tally.of, _url(name)) for name, tally in tallies]


def _groups(board: Board, by: By, names: Mapping[str, str]) -> list[GroupRow]:
    """Groups by name; a month by its date, newest first."""
    rows = [
        GroupRow(
            names.get(key, key) or "—",
            _bar(figures, "decided_in_time", group, key),
            _bar(figures, "answered_in_time", group, key),
            _mean(figures),
            _url("workdays_to_decision", group, key),
        )
        for (group, key), figures in board.items()
        if group == by.value
    ]
    return sorted(rows, key=lambda row: row.name, reverse=by is By.MONTH)


def _reasons(figures: Mapping[str, Tally], words: Mapping[str, tuple[str, str]]) -> list[ReasonRow]:
    found = refusals(figures)
    most = max((one.count for one in found), default=1)
    place = 1 if language() == "en" else 0
    return [
        ReasonRow(
            one.code,
            words.get(one.code, (one.code, one.code))[place],
            one.count,
            one.count * BAR_WIDTH // most,
            _url(REFUSED + one.code),
        )
        for one in found
    ]
