"""Months: which are over and which are frozen; one as it was frozen and as it is today; two people freeze it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.market.supervision import service
from app.market.supervision.pages import figure_text, sheets
from app.market.supervision.pages.finding_words import month_words
from app.market.supervision.pages.group_words import group_name
from app.market.supervision.pages.words import ACT_WORDS, BY_WORDS, CAUSE_WORDS, STATE_WORDS
from app.market.supervision.rules import By, Tally, frozen, voices
from app.market.supervision.rules.frozen import Figures
from app.market.supervision.schemas import Part, read_group, read_month
from app.market.supervision.service import documents, months
from app.market.supervision.service.months import Head, MonthLine
from app.office import proposals
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
URL: Final = "/supervision/months"
TABS: Final = (By.ALL, By.BANK, By.BRANCH, By.PRODUCT, By.DISTRICT, By.INDUSTRY, By.SIZE, By.TYPE)
COLUMNS: Final = (
    "decided_in_time", "accepted", "workdays_to_decision", "refused_without_evidence", "paid_out_fen",
)  # fmt: skip
MEDIAN: Final = "_median_x2"
Asked = Request[Any, Any, Any]


class Pressed(Form):
    """A button that acts, without a field."""


class RejectionForm(Form):
    said: Annotated[str, text(500, 2)]


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One figure of one group: as frozen (None where it is not frozen, or was not there) and as of now."""

    figure: str
    then: Tally | None
    now: Tally | None
    cases_url: str
    why_url: str

    @property
    def is_restated(self) -> bool:
        return (self.then or Tally()) != (self.now or Tally())


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group with some of its figures; `restated` counts all that differ."""

    key: str
    name: str
    figures: Mapping[str, Tally]
    restated: int
    url: str


@get(URL, opt=REGULATOR, include_in_schema=False)
async def show_months(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """Every month that is over, the newest first, and whether it is frozen."""
    return page(request, "supervision/months.html", lines=await months.read_months(tx), month_words=_words, url=URL)


@get("/supervision/months/{month:str}", opt=REGULATOR, include_in_schema=False)
async def show_month(month: FromPath[str], tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """A month by one kind of group: as it was frozen, as it is today, and what differs."""
    on, by = read_month(month), read_group(request.query_params)
    for one in request.query_params:
        if one not in ("by", "key", "lang"):
            raise Refusal("bad-query", parameter=one[:60])
    by = by if by in TABS else By.ALL
    key = request.query_params.get("key") if by is not By.ALL else ""
    line = await months.read_month(tx, on)
    then, now = await _figures(tx, line, by)
    names = dict(line.head.frozen.names) if line.head else {}
    names = {one.partition(":")[2]: words for one, words in names.items()} or await _names_today(tx)
    return page(
        request, "supervision/month.html", line=line, month=on, by=by.value, key=key, title=_words(on), url=URL,
        rows=[] if key is None else _lines(on, line.head, by, key, then, now),
        groups=_groups(on, by, then if line.head else now, now, names) if key is None else [],
        group=group_name(by.value, key or "", names) if key is not None else "", tabs=_tabs(on, by),
        by_words=BY_WORDS, text=figure_text, reasons=await service.read_reason_words(tx), columns=COLUMNS,
        small=(await service.read_norms(tx, on)).small,
        restated=_count(then, now) if line.head else 0, why_not=_why_not(line, seat, tx),
        people=await _people(tx, line), papers=await documents.read_of_month(tx, on) if line.head else (),
    )  # fmt: skip


async def _figures(tx: ReadTx, line: MonthLine, by: By) -> tuple[Figures, Figures]:
    """(as frozen, as of now); medians of the whole city alone, since they are dear and are told there."""
    groups = [by] if by is By.ALL else [By.ALL, by]
    then = await months.read_frozen(tx, line.month, groups) if line.head else {}
    now = await months.read_today(tx, line.month, groups, medians=by is By.ALL)
    if by is By.ALL:
        return then, now
    return {place: tally for place, tally in then.items() if not place[2].endswith(MEDIAN)}, now


async def _names_today(tx: ReadTx) -> dict[str, str]:
    divisions = sorted(await service.read_divisions(tx), key=lambda one: one.valid_from)
    return await service.read_names(tx) | {one.code: one.name for one in divisions}


def _lines(on: date, head: Head | None, by: By, key: str, then: Figures, now: Figures) -> list[FigureLine]:
    """Every figure of a group, in the order in which figures are told."""
    part = Part(f"{on:%Y-%m}", {"period": f"{on:%Y-%m}"}, months.within(on))
    names = {figure for group, one, figure in {*then, *now} if (group, one) == (by.value, key)}
    found = []
    for figure in sorted(names, key=figure_text.in_order):
        place = (by.value, key, figure)
        query = urlencode({"figure": figure, "by": by.value, "key": key})
        cases = sheets.figure_url(part, figure, by.value, key)
        why = "" if figure in voices.SAID else f"{URL}/{on:%Y-%m}/restated?{query}"
        found.append(FigureLine(figure, then.get(place), now.get(place), cases, why))
    return [one if head else FigureLine(one.figure, one.now, one.now, one.cases_url, "") for one in found]


def _groups(on: date, by: By, shown: Figures, now: Figures, names: Mapping[str, str]) -> list[GroupLine]:
    """The groups of a kind by name, with the figures as frozen."""
    of: dict[str, dict[str, Tally]] = {}
    for (group, key, figure), tally in shown.items():
        if group == by.value:
            of.setdefault(key, {})[figure] = tally
    differs: dict[str, int] = {}
    for one in frozen.restated(shown, now, [by.value]):
        differs[one.key] = differs.get(one.key, 0) + 1
        of.setdefault(one.key, {})
    lines = [
        GroupLine(
            key, group_name(by.value, key, names), figures, differs.get(key, 0),
            f"{URL}/{on:%Y-%m}?{urlencode({'by': by.value, 'key': key})}",
        )
        for key, figures in of.items()
    ]  # fmt: skip
    return sorted(lines, key=lambda one: (one.name, one.key))


def _count(then: Figures, now: Figures) -> int:
    """How many figures of the whole city are others today."""
    return len(frozen.restated(then, now, [By.ALL.value]))


def _tabs(on: date, by: By) -> list[tuple[str, str, None, bool]]:
    return [
        (_("全市") if one is By.ALL else _(BY_WORDS[one.value]),
         f"{URL}/{on:%Y-%m}" + ("" if one is By.ALL else f"?by={one.value}"), None, one is by)
        for one in TABS
    ]  # fmt: skip


def _words(month: date) -> str:
    return month_words(f"{month:%Y-%m}")


def _why_not(line: MonthLine, seat: Seat, tx: ReadTx) -> str:
    """Why this person may not be the second; empty where they may, or where nothing waits."""
    if line.waiting is None:
        return ""
    why = proposals.judge_check(line.waiting, seat, frozenset({SeatRole.REGULATOR}), tx.now)
    return why.value if why else ""


async def _people(tx: ReadTx, line: MonthLine) -> Mapping[UUID, str]:
    """Names of colleagues; people of another office stay unnamed."""
    ids = {line.waiting.made_by} if line.waiting else {line.head.made_by, line.head.checked_by} if line.head else set()
    return await orgs.names_of_colleagues(tx, ids) if ids else {}


@get("/supervision/months/{month:str}/restated", opt=REGULATOR, include_in_schema=False)
async def show_restated(month: FromPath[str], tx: Given[ReadTx], request: Asked) -> Response[str]:
    """Which cases changed a figure since its month was frozen, and what happened to each of them."""
    on, by, query = read_month(month), read_group(request.query_params), request.query_params
    figure, key = query.get("figure", "decided_in_time"), query.get("key", "")[:80]
    if len(figure) > 80 or by is By.MONTH:
        raise Refusal("bad-query", parameter="figure" if by is not By.MONTH else "by")
    line = await months.read_month(tx, on)
    if line.head is None:
        raise Refusal("not-found")
    then, now = await _figures(tx, line, by)
    names = await _names_today(tx)
    place = (by.value, key, figure)
    return page(
        request, "supervision/restated.html", line=line, title=_words(on), figure=figure, text=figure_text,
        then=then.get(place), now=now.get(place), group=group_name(by.value, key, names), names=names,
        cases=await months.read_changed(tx, line.head, figure, by, key), most=months.CHANGED_MAX,
        url=f"{URL}/{on:%Y-%m}", act_words=ACT_WORDS, state_words=STATE_WORDS, cause_words=CAUSE_WORDS,
        tally=lambda pair: Tally(*pair) if pair else None, reasons=await service.read_reason_words(tx),
    )  # fmt: skip


@post("/supervision/months/{month:str}/proposal", opt=REGULATOR, include_in_schema=False)
async def submit_proposal(
    month: FromPath[str], data: Posted[Pressed], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Propose to freeze a month."""
    on = read_month(month)
    await once(request, tx, lambda: months.propose_freeze(tx, on, by=seat))
    return see_other(request, f"{URL}/{on:%Y-%m}", flash=_("已提出冻结，等同一单位的另一人同意。"))


@post("/supervision/months/{month:str}/approval", opt=REGULATOR, include_in_schema=False)
async def submit_approval(
    month: FromPath[str], data: Posted[Pressed], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Be the second person: the month is frozen with this answer."""
    on = read_month(month)

    async def approve() -> UUID:
        waiting = await _waiting(tx, on)
        return (await proposals.approve(tx, waiting, by=seat, now=tx.now)).proposal_id

    await once(request, tx, approve)
    return see_other(request, f"{URL}/{on:%Y-%m}", flash=_("已冻结。此后的变化会另行列出，不改动冻结的数字。"))


@post("/supervision/months/{month:str}/rejection", opt=REGULATOR, include_in_schema=False)
async def submit_rejection(
    month: FromPath[str], data: Posted[RejectionForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Turn it down, with a word to its maker."""
    on = read_month(month)

    async def reject() -> UUID:
        waiting = await _waiting(tx, on)
        return (await proposals.reject(tx, waiting, data.said, by=seat, now=tx.now)).proposal_id

    await once(request, tx, reject)
    return see_other(request, f"{URL}/{on:%Y-%m}", flash=_("已退回，数字没有冻结。"))


async def _waiting(tx: Tx, month: date) -> UUID:
    """The proposal that waits for this month; refused (`not-found`) where none does."""
    open_ones: Sequence[proposals.Proposal] = await proposals.open_of(tx, months.case_of(month))
    if not open_ones:
        raise Refusal("not-found")
    return open_ones[0].proposal_id
