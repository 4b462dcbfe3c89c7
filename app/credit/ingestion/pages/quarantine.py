"""The rows put aside as a work list by cause, and the score of a provider."""

from datetime import date
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from pydantic import Field

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.credit.ingestion.pages.words import KINDS, PROVIDERS, cure, said
from app.credit.ingestion.rules import FAULT_WORDS, Fault, FileKind
from app.credit.ingestion.service import get_batch, quarantine, scores
from app.credit.ingestion.service.quarantine import Chosen
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.web import charts
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import page, see_other
from app.web.paging import read_page

URL: Final = "/ops/quarantine"
FILTERS: Final = frozenset({"batch", "kind", "provider", "code", "done"})
MARKS: Final = {"kept": N_("留作记录，不再处理"), "mended": N_("已由新文件更正")}
PICKS_MAX: Final = 200
Asked = Request[Any, Any, Any]
Pick = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class MarkForm(Form):
    """Mark the ticked values of one cause, or all of it, within what the list was narrowed to."""

    code: Fault
    mark: Literal["kept", "mended"]
    pick: Annotated[list[Pick], Field(max_length=PICKS_MAX, default_factory=list)]
    every: Literal["1"] | None = None
    batch: UUID | None = None
    kind: FileKind | None = None
    provider: UUID | None = None


class UndoForm(Form):
    mark_id: UUID
    back: Annotated[str, text(400)] = URL


@get(URL, opt=PROVIDERS, include_in_schema=False)
async def show_quarantine(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """The causes with their counts; `?code=` opens one: each value that stood there, the most frequent first."""
    asked = read_page(request, orders=("rows",), filters=FILTERS)
    chosen, code, done = _chosen(request)
    causes = await quarantine.causes(tx, chosen)
    if code is None and causes:
        code = causes[0].fault
    after = (int(asked.after[0]), str(asked.after[1])) if asked.after else None
    found = []
    if code is not None:
        found = await quarantine.values(tx, chosen, code, is_open=not done, after=after, most=asked.limit)
    cursor = asked.next_cursor(found, (-found[-1].rows, found[-1].pick) if found else (0, ""))
    kept = {name: value for name, value in request.query_params.items() if name in FILTERS}
    acts = [(act, act["marked_by"] == seat.person_id) for act in await quarantine.acts(tx)]
    return page(
        request, "ingestion/quarantine.html", causes=causes, code=code, done=done, values=found, kept=kept,
        more="?" + urlencode({**kept, "cursor": cursor}) if cursor else "", said=said, cure=cure, faults=FAULT_WORDS,
        kinds=KINDS, marks=MARKS, acts=acts, fault_of=Fault, address=_address, providers=await providers(tx, seat),
        batch=(await get_batch(tx, chosen.batch_id))[0] if chosen.batch_id else None, here=_address(kept),
        cause=next((one for one in causes if one.fault is code), None),
    )  # fmt: skip


@post("/ops/quarantine/marks", opt=PROVIDERS, include_in_schema=False)
async def submit_marks(data: Posted[MarkForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Mark rows as dealt with. What comes into force comes by a new file alone."""
    if not data.pick and not data.every:
        raise Refusal("malformed-field", "请先勾选要标记的值。", pointer="/pick")
    chosen = Chosen(data.batch, data.kind, data.provider)
    picks = None if data.every else data.pick
    _mark_id, rows = await quarantine.mark_rows(tx, chosen, data.code, picks, data.mark, by=seat, now=tx.now)
    kept = {"batch": data.batch, "kind": data.kind and data.kind.value, "provider": data.provider, "code": data.code}
    url = _address({name: str(value) for name, value in kept.items() if value})
    return see_other(request, url, flash=_("已标记 {n} 行；在下面可以撤销。").format(n=rows))


@post("/ops/quarantine/undo", opt=PROVIDERS, include_in_schema=False)
async def submit_undo(data: Posted[UndoForm], tx: Given[Tx], request: Asked) -> Response[bytes]:
    """Take one act of marking back."""
    rows = await quarantine.unmark_rows(tx, data.mark_id)
    back = data.back if data.back.startswith(URL) else URL
    return see_other(request, back, flash=_("已撤销，{n} 行回到待处理。").format(n=rows))


@get("/ops/scoreboard", opt=PROVIDERS, include_in_schema=False)
async def show_scoreboard(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """A month of a provider's files beside the month before; an operator chooses whose."""
    read_page(request, orders=("month",), filters=frozenset({"month", "provider"}))
    this_month = shanghai_date(tx.now).replace(day=1)
    month = _month(request.query_params.get("month"), this_month)
    named = await providers(tx, seat)
    provider_id = _uuid(request.query_params.get("provider"), "provider")
    found = await scores.score(tx, month, provider_id)
    later = scores.month_after(month)
    org = await orgs.get_org(tx, provider_id or seat.org_id) if provider_id or not named else None
    return page(
        request, "ingestion/scoreboard.html", score=found, providers=named, provider_id=provider_id, said=said,
        name=org.name if org else "", faults=FAULT_WORDS, finding=_finding(found), chart=_shares_chart(found),
        causes_chart=_causes_chart(found), earlier=scores.month_before(month).strftime("%Y-%m"),
        later=later.strftime("%Y-%m") if later <= this_month else "", month=month.strftime("%Y-%m"),
    )  # fmt: skip


def _finding(found: scores.Score) -> str:
    """What the two months say, as a sentence."""
    now, before = found.now, found.before
    if not now.rows:
        return _("这个月还没有收到数据")
    share = _percent(now.share_ppm(now.quarantined))
    if not before.rows:
        return _("每百行隔离 {now} 行；上月没有数据可比").format(now=share)
    was = _percent(before.share_ppm(before.quarantined))
    if share == was:
        return _("每百行隔离 {now} 行，与上月持平").format(now=share)
    worse = now.share_ppm(now.quarantined) > before.share_ppm(before.quarantined)
    words = _("隔离变多：每百行 {now} 行，上月 {was} 行") if worse else _("隔离变少：每百行 {now} 行，上月 {was} 行")
    return words.format(now=share, was=was)


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.1f}"


def _shares_chart(found: scores.Score) -> Any:
    months = (found.before, found.now)
    rows = (
        (_("照原样采用"), "good", [one.plain for one in months]),
        (_("规范后采用"), "second", [one.normalised for one in months]),
        (_("隔离"), "warn", [one.quarantined for one in months]),
    )
    series = [
        charts.Series(name, [one.share_ppm(part) / 10_000 for one, part in zip(months, parts, strict=True)], look)
        for name, look, parts in rows
    ]
    return charts.stacked(
        _finding(found), _("两个月里每百行采用、规范、隔离各多少行"),
        [one.begins_on.strftime("%Y-%m") for one in months], series, say=lambda value: f"{value:g} %",
        sideways=True, size=(400, 130),
    )  # fmt: skip


def _causes_chart(found: scores.Score) -> Any:
    names = [said(FAULT_WORDS[fault]) for fault, _now, _before in found.causes]
    series = charts.Series(_("本月行数"), [now for _fault, now, _before in found.causes], "warn")
    return charts.bars(
        _("主要的隔离原因"), _("本月隔离最多的原因，按行数"), names, series, say=lambda value: f"{value:,g}",
        sideways=True, size=(400, 40 + 30 * max(len(names), 1)),
    )  # fmt: skip


async def providers(tx: ReadTx, seat: Seat) -> dict[UUID, str]:
    """Who hands files in, by name; for those who see more than one."""
    if seat.role is not SeatRole.OPERATOR:
        return {}
    found = {one: await orgs.get_org(tx, one) for one in await quarantine.provider_ids(tx)}
    return dict(sorted(((one, org.name) for one, org in found.items() if org), key=lambda pair: pair[1]))


def _chosen(request: Asked) -> tuple[Chosen, Fault | None, bool]:
    query = request.query_params
    kind, code = query.get("kind") or None, query.get("code") or None
    if kind is not None and kind not in set(FileKind):
        raise Refusal("bad-query", parameter="kind")
    if code is not None and code not in set(Fault):
        raise Refusal("bad-query", parameter="code")
    chosen = Chosen(_uuid(query.get("batch"), "batch"), kind, _uuid(query.get("provider"), "provider"))
    return chosen, Fault(code) if code else None, query.get("done") == "1"


def _address(kept: dict[str, str], **changed: str) -> str:
    """The list with these filters; an empty one is left out."""
    asked = {name: value for name, value in {**kept, **changed}.items() if value}
    return f"{URL}?{urlencode(asked)}" if asked else URL


def _uuid(typed: str | None, name: str) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        raise Refusal("bad-query", parameter=name) from None


def _month(typed: str | None, this_month: date) -> date:
    if not typed:
        return this_month
    try:
        return date.fromisoformat(f"{typed}-01")
    except ValueError:
        raise Refusal("bad-query", parameter="month") from None
