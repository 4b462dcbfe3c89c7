"""The regulator's page of reckonings: is every figure what the moves say, and what if the promise had been another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from markupsafe import Markup
from pydantic import Field

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.market import parties
from app.market.reckonings import service
from app.market.reckonings.schemas import PROMISES, DaysCounted, PromiseCode, Reckoning, WhatIfBody
from app.office import policies
from app.web import charts
from app.web.body import Form, Posted
from app.web.deps import Given
from app.web.i18n import N_, _, language
from app.web.idempotency import once
from app.web.pages import page, see_other

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
URL: Final = "/supervision/reckonings"
PROMISE_WORDS: Final[Mapping[str, str]] = {
    "ACCEPT": N_("受理时限"), "CONTACT": N_("联系时限"), "DECISION": N_("办结时限"), "SIGN": N_("签约时限"),
    "PAYOUT": N_("放款时限"),
}  # fmt: skip
OUTCOME_WORDS: Final[Mapping[str, str]] = {
    "met": N_("按时"), "breached": N_("逾期"), "void": N_("期内了结"), "running": N_("未到期"),
}  # fmt: skip
DAYS_WORDS: Final[Mapping[str, str]] = {
    "": N_("当时的工作日历"), "weekdays": N_("周一至周五，不管放假和调休"), "every_day": N_("每一天"),
}  # fmt: skip
TABS: Final = {"bank": N_("银行"), "branch": N_("网点"), "product": N_("产品"), "month": N_("月份")}
CURVE_DAYS: Final = 20
Days = Annotated[int, Field(ge=0, le=2_500)]
Asked = Request[Any, Any, Any]


class CheckForm(Form):
    """Nothing but the button."""


class WhatIfForm(Form):
    promise: PromiseCode
    limit: Days
    pause_cap: Days
    from_on: date
    to_on: date
    days: DaysCounted = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A group under both promises: kept and settled as it was, kept and settled as supposed."""

    name: str
    was_met: int
    was_of: int
    would_met: int
    would_of: int

    @property
    def loss(self) -> float:
        """By how much the share falls; nothing to count comes last."""
        if not self.was_of or not self.would_of:
            return -1.0
        return self.was_met / self.was_of - self.would_met / self.would_of


@get(URL, opt=REGULATOR, include_in_schema=False)
async def show_reckonings(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """The last checks, a form for what would have been, and what was asked before."""
    today = shanghai_date(tx.now)
    last = _quarter_of(today) - timedelta(days=1)
    limits = {code: (await policies.in_force(tx, "clock", code, today)).body for code in PROMISES}
    return page(
        request, "reckonings/list.html", checks=await service.newest(tx, "check", 7),
        asked=await service.newest(tx, "what_if"), words=PROMISE_WORDS, from_on=_quarter_of(last), to_on=last,
        today=today, limits={code: (body["count"], body.get("pause_cap", 0)) for code, body in limits.items()},
        bounds=await service.bounds(tx), day_of=date.fromisoformat,
        day_kinds=[(code, _(said)) for code, said in DAYS_WORDS.items()],
    )  # fmt: skip


def _quarter_of(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


@post(f"{URL}/check", opt=REGULATOR, include_in_schema=False)
async def submit_check(data: Posted[CheckForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Have every figure reckoned a second time now."""
    made = await once(request, tx, lambda: service.ask_check(tx, by=seat))
    return see_other(request, f"{URL}/{made}", flash=_("已开始复算，结果会出现在本页。"))


@post(URL, opt=REGULATOR, include_in_schema=False)
async def submit_what_if(data: Posted[WhatIfForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Have a stretch of the past judged under another promise."""
    asked = WhatIfBody(
        promise=data.promise, limit=max(1, data.limit), pause_cap=data.pause_cap, from_on=data.from_on,
        to_on=data.to_on, days=data.days,
    )  # fmt: skip
    made = await once(request, tx, lambda: service.ask_what_if(tx, asked, by=seat))
    return see_other(request, f"{URL}/{made}", flash=_("已开始推演，结果会出现在本页。"))


@get(f"{URL}/{{reckoning_id:uuid}}", opt=REGULATOR, include_in_schema=False)
async def show_reckoning(reckoning_id: FromPath[UUID], tx: Given[ReadTx], request: Asked) -> Response[str]:
    """One question: how far it is, or its answer."""
    found = await service.get(tx, reckoning_id)
    shown: dict[str, Any] = {"one": found, "url": f"{URL}/{reckoning_id}", "words": PROMISE_WORDS,
                             "day_words": DAYS_WORDS}  # fmt: skip
    if found.kind == "what_if":
        shown |= {"asked": WhatIfBody.model_validate(dict(found.body)), "outcomes": OUTCOME_WORDS}
        if found.result is not None:
            shown |= await _answer(tx, found, request.query_params.get("by", "bank"))
    return page(request, "reckonings/one.html", **shown)


async def _answer(tx: ReadTx, found: Reckoning, by: str) -> dict[str, Any]:
    assert found.result is not None, "it is done"
    by = by if by in TABS else "bank"
    groups = found.result["groups"]
    names = await _names(tx, by, [row[0] for row in groups[by]])
    lines = [Line(names.get(row[0], row[0]), *row[1:]) for row in groups[by]]
    (whole,) = [Line("", *row[1:]) for row in groups["all"]] or [Line("", 0, 0, 0, 0)]
    return {
        "whole": whole, "lines": sorted(lines, key=lambda one: (-one.loss, one.name)), "by": by, "names": names,
        "tabs": [(_(words), f"{URL}/{found.reckoning_id}?by={key}", None, key == by) for key, words in TABS.items()],
        "curve": _curve(found.result["curve"], int(found.body["limit"]), found.result["limits"]),
        "points": found.result["curve"][:CURVE_DAYS],
    }  # fmt: skip


async def _names(tx: ReadTx, by: str, keys: Sequence[str]) -> Mapping[str, str]:
    """What the groups are called; a month is called by itself."""
    match by:
        case "bank":
            return {str(bank_id): bank.name for bank_id, bank in (await parties.shelf.banks(tx)).items()}
        case "branch":
            return {key: (await parties.shelf.get_branch(tx, UUID(key))).name for key in keys}
        case "product":
            found = [await parties.shelf.get_product(tx, UUID(key)) for key in keys]
            english = language() == "en"
            return {str(one.product_id): one.name_en if english else one.name for one in found}
        case _:
            return {}


def _curve(points: Sequence[Sequence[int]], limit: int, limits: Sequence[Sequence[int]]) -> Markup:
    """The share that a limit of so many workdays would have kept; the supposed limit stands out."""
    shown = points[:CURVE_DAYS]
    shares = [round(100 * met / of, 1) if of else 0.0 for _days, met, of in shown]
    real = {row[0] for row in limits}
    labels = [str(days) for days, _met, _of in shown]
    looks = ["supposed" if days == limit else "real" if days in real else "other" for days, _met, _of in shown]

    def only(look: str) -> list[float | None]:
        return [share if its == look else None for its, share in zip(looks, shares, strict=True)]

    series = [
        charts.Series(_("假设的时限"), only("supposed"), "second"),
        charts.Series(_("当时的时限"), only("real"), "first"),
        charts.Series(_("其他时限"), only("other"), "still"),
    ]  # fmt: skip
    title = _("时限越短，按时的越少")
    said = _("横轴是时限的工作日数，柱高是照此时限按时的比例。")
    return charts.stacked(title, said, labels, series, say=lambda value: f"{value:.0f} %")
