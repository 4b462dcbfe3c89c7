"""The cases behind a figure, and one case whole."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from markupsafe import Markup

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.kernel.errors import Refusal
from app.market.orders import moving
from app.market.supervision import service
from app.market.supervision.pages.words import (
    ACT_WORDS,
    ADDRESSEE_WORDS,
    AUDIENCE_WORDS,
    AUDIT_WORDS,
    CALL_WORDS,
    CAUSE_WORDS,
    CLOCK_WORDS,
    COMPLAINT_WORDS,
    EVENT_WORDS,
    FLAG_WORDS,
    KIND_WORDS,
    MONEY_WORDS,
    NOTICE_WORDS,
    OWNER_WORDS,
    PROPOSAL_WORDS,
    RATING_WORDS,
    SIDE_WORDS,
    STATE_WORDS,
    URGE_WORDS,
    VOICE_SIDES,
    figure_words,
)
from app.market.supervision.rules import By, CaseLine
from app.market.supervision.rules.voices import SAID
from app.market.supervision.schemas import CASE_FILTERS, read_cases_asked, read_place
from app.market.supervision.service import CaseFound, voices
from app.market.supervision.service.voices import VoiceFound
from app.office import clocks, messages
from app.web.body import Form, Posted
from app.web.deps import Given
from app.web.i18n import N_, _, language
from app.web.idempotency import once
from app.web.pages import page, see_other
from app.web.paging import read_page

REGULATOR: Final = {"roles": (SeatRole.REGULATOR,)}
MOVES: Final = REGULATOR | {"db": Role.ACT}
MOVABLE: Final = ("pushed", "accepted", "contacted")


class ReassignmentForm(Form):
    """To which of the bank's other branches."""

    branch_id: UUID


@get("/supervision/cases", opt=REGULATOR, include_in_schema=False)
async def show_cases(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Response[str]:
    """The cases behind one figure."""
    part = read_page(request, orders=("at",), filters=CASE_FILTERS)
    asked = read_cases_asked(request.query_params)
    found: Sequence[CaseFound | VoiceFound]
    cursor = None
    if asked.figure in SAID:
        found = await voices.find(tx, asked, as_of=tx.now)
    else:
        of_page = await service.find_cases(tx, asked, as_of=tx.now, after=read_place(part.after), limit=part.limit)
        found, cursor = of_page, part.next_cursor(of_page, of_page[-1].place) if of_page else None
    names = await service.read_names(tx)
    query = dict(request.query_params)
    return page(
        request,
        "supervision/cases.html",
        cases=found,
        names=names,
        figure=asked.figure,
        is_said=asked.figure in SAID,
        title=figure_words(asked.figure),
        group=names.get(asked.key, asked.key) if asked.by is not By.ALL else "",
        state_words=STATE_WORDS,
        kept=urlencode(
            {name: value for name, value in query.items() if name not in ("cursor", "limit", "order", "lang")}
        ),
        next_url=f"/supervision/cases?{urlencode(query | {'cursor': cursor})}" if cursor else "",
    )


@get("/supervision/cases/{suborder_id:uuid}", opt=REGULATOR | {"records_access": True}, include_in_schema=False)
async def show_case_file(suborder_id: FromPath[UUID], request: Request[Any, Any, Any], tx: Given[Tx]) -> Response[str]:
    """One case in one column of time, and why each deadline is on its day. `kind` keeps one kind of line."""
    kind = request.query_params.get("kind", "")
    if kind not in ("", *KIND_WORDS):
        raise Refusal("bad-query", parameter="kind", allowed=list(KIND_WORDS))
    found = await service.open_case_file(tx, suborder_id)
    counts = Counter(line.kind.value for line in found.lines)
    url = f"/supervision/cases/{suborder_id}"
    tabs = [(_("全部"), url, len(found.lines), not kind)]
    tabs += [(_(words), f"{url}?kind={one}", counts[one], one == kind) for one, words in KIND_WORDS.items()]
    return page(
        request,
        "supervision/case.html",
        case=found,
        lines=[line for line in found.lines if not kind or line.kind == kind],
        tabs=[tab for tab in tabs if tab[2]],
        strips=[(why, _days(why)) for why in await service.explain_deadlines(tx, found.order_id, suborder_id)],
        english=language() == "en",
        names=await service.read_names(tx) | await _districts(tx),
        others=await _others(tx, found),
        act_words=ACT_WORDS,
        cause_words=CAUSE_WORDS,
        clock_words=CLOCK_WORDS,
        event_words=EVENT_WORDS,
        flag_words=FLAG_WORDS,
        kind_words=KIND_WORDS,
        notice_words=NOTICE_WORDS,
        owner_words=OWNER_WORDS,
        state_words=STATE_WORDS,
        side_words=SIDE_WORDS,
        money_words=MONEY_WORDS,
        proposal_words=PROPOSAL_WORDS,
        clock_states=CLOCK_STATES,
        audit_words=AUDIT_WORDS,
        audience_words=AUDIENCE_WORDS,
        urge_words=URGE_WORDS,
        complaint_words=COMPLAINT_WORDS,
        call_words=CALL_WORDS,
        rating_words=RATING_WORDS,
        voice_sides=VOICE_SIDES,
        addressee_words=ADDRESSEE_WORDS,
        message_text=_message_text,
    )


async def _districts(tx: ReadTx) -> dict[str, str]:
    """The newest name of each district by its code."""
    return {one.code: one.name for one in sorted(await service.read_divisions(tx), key=lambda one: one.valid_from)}


async def _others(tx: ReadTx, case: service.CaseFile) -> list[tuple[UUID, str]]:
    """The branches to which a case may go while nothing is decided; none later."""
    if case.state not in MOVABLE:
        return []
    return await moving.branches_for(tx, case.bank_id, case.branch_id, case.product_id, now=tx.now)


@post("/supervision/cases/{suborder_id:uuid}/reassignment", opt=MOVES, include_in_schema=False)
async def submit_reassignment(
    suborder_id: FromPath[UUID], data: Posted[ReassignmentForm], tx: Given[Tx], seat: Given[Seat],
    request: Request[Any, Any, Any],
) -> Response[bytes]:  # fmt: skip
    """Have another branch of the same bank go on with a case."""

    async def act() -> UUID:
        return await moving.reassign_suborder(tx, suborder_id, branch_id=data.branch_id, by=seat, now=tx.now)

    followed_by = await once(request, tx, act)
    return see_other(
        request,
        f"/supervision/cases/{followed_by}",
        flash=_("已转给该网点，这是接手后的案卷；时限照旧，企业和两个网点会收到通知。"),
    )


DAY_CLASSES: Final = {"counted": "counted", "make_up": "counted", "provisional": "counted", "paused": "paused"}
CLOCK_STATES: Final = {
    "running": ("still", N_("计时中")), "paused": ("still", N_("停表")), "met": ("good", N_("按时完成")),
    "breached": ("bad", N_("逾期")), "void": ("still", N_("不再计时")),
}  # fmt: skip


def _message_text(line: CaseLine) -> Markup:
    """The sentence that people were told, out of the line's codes."""
    return messages.marked(line.what, {name: _typed(name, value) for name, value in line.detail.items()})


def _typed(name: str, value: str) -> str | int:
    return int(value) if name.endswith(("_fen", "_ppm")) or name == "days" else value


def _days(why: clocks.Explanation) -> list[tuple[date, str, str]]:
    english = language() == "en"
    return [
        (line.day, DAY_CLASSES.get(line.kind.value, "rest"), clocks.line_in_words(line, english=english))
        for line in why.lines
    ]
