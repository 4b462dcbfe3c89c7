"""The regulator's page of the promises: what is promised today, what was, and another promise from a day on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.promises import service
from app.market.promises.rules import NAMED_BY_THE_ACT, TOLD, UNITS, Rung, Version, act_names_limit
from app.market.promises.schemas import RUNGS_MAX, ChangeForm, read_change
from app.market.promises.service import Promise
from app.office import proposals
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
URL: Final = "/supervision/promises"
ORDER: Final[Mapping[str, str]] = {
    "ACCEPT": N_("接单时限"), "CONTACT": N_("联系时限"), "DECISION": N_("办结时限"),
    "DECISION/renewal": N_("办结时限（续贷）"), "DECISION/deferral": N_("办结时限（延期还本付息）"),
    "DECISION/appeal": N_("办结时限（申诉后重办）"), "RECOMMENDED": N_("推荐清单答复时限"), "SIGN": N_("签约时限"),
    "PAYOUT": N_("放款时限"), "PAPERS": N_("补件时限"), "OFFER": N_("方案有效期"), "GRACE": N_("企业答复期"),
    "DRAWS": N_("提款期"), "UNTIL": N_("需求有效期"), "DELIVERY": N_("数据包送达时限"), "APPEAL": N_("申诉答复时限"),
    "COMPLAINT_ACK": N_("投诉受理时限"), "COMPLAINT": N_("投诉办结时限"), "RATING_FOLLOW": N_("差评处理时限"),
    "URGE": N_("督办回复时限"), "CIRCULAR": N_("通报整改时限"),
}  # fmt: skip
UNIT_WORDS: Final[Mapping[str, str]] = {
    "workdays": N_("个工作日"), "calendar_days": N_("个自然日"), "months": N_("个月"), "minutes": N_("分钟"),
    "working_minutes": N_("分钟工作时间"), NAMED_BY_THE_ACT: N_("由办理时约定"),
}  # fmt: skip
ONE_WORDS: Final[Mapping[str, str]] = {  # English has a singular.
    "workdays": N_("1 个工作日"), "calendar_days": N_("1 个自然日"), "months": N_("1 个月"), "minutes": N_("1 分钟"),
    "working_minutes": N_("1 分钟工作时间"),
}  # fmt: skip
TOLD_WORDS: Final[Mapping[str, str]] = {
    "branch": N_("网点"), "head_office": N_("银行总部"), "customer_service": N_("平台客服"),
    "supervisor": N_("监管"), "firm": N_("企业"),
}  # fmt: skip
OWNER_WORDS: Final[Mapping[str, str]] = {"bank": N_("银行"), "firm": N_("企业"), "platform": N_("平台")}
WHATS_TRIED: Final = frozenset({"ACCEPT", "CONTACT", "DECISION", "SIGN", "PAYOUT"})  # What a what-if can judge.
Asked = Request[Any, Any, Any]


class AgreementForm(Form):
    """Nothing but the button."""


class RejectionForm(Form):
    said: Annotated[str, text(500, 2)]


@dataclass(frozen=True, slots=True)
class Line:
    """A promise in the list."""

    name: str
    url: str
    today: Version | None
    ahead: Version | None
    waits: bool


@get(URL, opt=REGULATOR, include_in_schema=False)
async def show_promises(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """Every limit of time as it is promised today, and what is agreed for later."""
    today = shanghai_date(tx.now)
    found = sorted(await service.read_promises(tx), key=lambda one: (_place(one.key), one.key))
    lines = [
        Line(name_of(one.key), url_of(one.key), one.on(today), one.ahead(today), one.waiting is not None)
        for one in found
    ]
    return page(request, "promises/list.html", lines=lines, limit=limit_words, rungs=rung_words, owners=OWNER_WORDS)


@get(f"{URL}/promise", opt=REGULATOR, include_in_schema=False)
async def show_promise(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """One promise: its versions, what waits for a second person, and a form for another."""
    promise = await service.read_promise(tx, request.query_params.get("key", "")[:60])
    return page(request, "promises/one.html", **await _shown(tx, promise, seat))


async def _shown(tx: ReadTx, promise: Promise, seat: Seat) -> dict[str, Any]:
    today = shanghai_date(tx.now)
    waiting, newest = promise.waiting, promise.newest
    units = [(one, _(UNIT_WORDS[one])) for one in UNITS]
    return {
        "promise": promise, "title": name_of(promise.key), "url": URL, "own": url_of(promise.key), "today": today,
        "now": promise.on(today), "limit": limit_words, "rungs": rung_words, "units": units,
        "fixed": act_names_limit(newest.body), "told": [(one, _(TOLD_WORDS[one])) for one in TOLD],
        "slots": _slots(newest), "earliest": max(today + timedelta(days=1), newest.valid_from),
        "asked": None if waiting is None else read_change(waiting.body), "tried": promise.key in WHATS_TRIED,
        "people": {} if waiting is None else await orgs.names_of_colleagues(tx, {waiting.made_by}),
        "why_not": "" if waiting is None else _why_not(waiting, seat, tx),
    }  # fmt: skip


def _slots(newest: Version) -> list[Rung | None]:
    rungs: list[Rung | None] = [Rung(one["share"], tuple(one["told"])) for one in newest.body["rungs"]]
    return (rungs + [None] * RUNGS_MAX)[:RUNGS_MAX]


def _why_not(waiting: proposals.Proposal, seat: Seat, tx: ReadTx) -> str:
    why = proposals.judge_check(waiting, seat, service.REGULATORS, tx.now)
    return why.value if why else ""


@post(URL, opt=REGULATOR, include_in_schema=False)
async def submit_change(data: Posted[ChangeForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """Lay another promise before a second person."""
    await once(request, tx, lambda: service.propose_change(tx, data.key, data.change(), data.why, by=seat))
    return see_other(request, url_of(data.key), flash=_("已提出变更，等同一单位的另一人同意。"))


@post(f"{URL}/{{proposal_id:uuid}}/approval", opt=REGULATOR, include_in_schema=False)
async def submit_approval(
    proposal_id: FromPath[UUID], data: Posted[AgreementForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Be the second person: the promise has its next version with this answer."""
    key = await _key_of(tx, proposal_id)

    async def approve() -> UUID:
        return (await proposals.approve(tx, proposal_id, by=seat, now=tx.now)).proposal_id

    await once(request, tx, approve)
    return see_other(request, url_of(key), flash=_("已同意。新规则从生效日起用于新开始的时限，已开始的不变。"))


@post(f"{URL}/{{proposal_id:uuid}}/rejection", opt=REGULATOR, include_in_schema=False)
async def submit_rejection(
    proposal_id: FromPath[UUID], data: Posted[RejectionForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Turn it down, with a word to its maker."""
    key = await _key_of(tx, proposal_id)

    async def reject() -> UUID:
        return (await proposals.reject(tx, proposal_id, data.said, by=seat, now=tx.now)).proposal_id

    await once(request, tx, reject)
    return see_other(request, url_of(key), flash=_("已退回，规则没有变。"))


async def _key_of(tx: Tx, proposal_id: UUID) -> str:
    """The promise that a proposal is about; refused (`not-found`) where it is about something else."""
    found = await proposals.get(tx, proposal_id)
    if found.kind != service.CHANGE:
        raise Refusal("not-found")
    return str(found.body["key"])


def url_of(key: str) -> str:
    return f"{URL}/promise?key={quote(key, safe='')}"


def name_of(key: str) -> str:
    """A promise in words; one that the house does not know yet by its key."""
    return _(ORDER[key]) if key in ORDER else key


def limit_words(unit: str, count: int) -> str:
    """How long it is: 10 个工作日."""
    if unit == NAMED_BY_THE_ACT or not count:
        return _(UNIT_WORDS[NAMED_BY_THE_ACT])
    return _(ONE_WORDS[unit]) if count == 1 else f"{count} {_(UNIT_WORDS[unit])}"


def rung_words(told: list[str]) -> str:
    return _("、").join(_(TOLD_WORDS.get(one, one)) for one in told)


def _place(key: str) -> int:
    return list(ORDER).index(key) if key in ORDER else len(ORDER)
