"""Urges: the list, one with its course and what the seat may do, and a new one by a supervisor's hand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.oversight.pages import words
from app.market.oversight.pages.desk import PEOPLE, SEE, Asked
from app.market.oversight.rules import urges as rules
from app.market.oversight.rules.urges import About, Act, Addressee, State
from app.market.oversight.service import naming, urges
from app.market.oversight.service.urges import Subject, Urge
from app.market.oversight.store import urges as store
from app.office import clocks
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _, language
from app.web.idempotency import once
from app.web.pages import page, see_other
from app.web.paging import read_page

SEE_NEW: Final = {"roles": (SeatRole.REGULATOR,)}
ISSUE: Final = SEE_NEW | {"db": Role.ACT}
URL: Final = "/oversight/urges"
VIEWS: Final[Mapping[str, tuple[str, tuple[State, ...]]]] = {
    "open": (N_("未办结"), rules.OPEN),
    "closed": (N_("已办结"), (State.CLOSED,)),
    "withdrawn": (N_("已撤销"), (State.WITHDRAWN,)),
}
DONE: Final[Mapping[Act, str]] = {
    Act.RECEIVE: N_("已签收，请在时限前回复。"), Act.REPLY: N_("回复已送出。"),
    Act.RECTIFY: N_("已报告整改，等待办结。"), Act.CLOSE: N_("已办结。"),
    Act.SEND_BACK: N_("已退回，回复时限重新起算。"), Act.WITHDRAW: N_("督办已撤销。"),
}  # fmt: skip
DAY_CLASSES: Final = {"counted": "counted", "make_up": "counted", "provisional": "counted", "paused": "paused"}


class IssueForm(Form):
    about: About
    about_id: UUID
    order_id: UUID | None = None
    addressee: Addressee
    said: Annotated[str, text(1000)]


class ActForm(Form):
    """An act of the table. `rectified` reports with the reply that it is put right."""

    act: Act
    said: Annotated[str, text(2000, 0)] = ""
    rectified: Annotated[str, text(1, 0)] = ""


@get(URL, opt=SEE, include_in_schema=False)
async def show_urges(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """Urges that the seat may see, the newest first; `view` keeps those open, closed or withdrawn."""
    asked = read_page(request, orders=("issued_at",), filters=frozenset({"view"}))
    view = request.query_params.get("view", "open")
    if view not in VIEWS:
        raise Refusal("bad-query", parameter="view", allowed=list(VIEWS))
    after = (datetime.fromisoformat(str(asked.after[0])), UUID(str(asked.after[1]))) if asked.after else None
    found = await urges.find(tx, VIEWS[view][1], after=after, limit=asked.limit)
    cursor = asked.next_cursor(found, found[-1].place) if found else None
    regulator = seat.role is SeatRole.REGULATOR
    return page(
        request, "oversight/urges.html", urges=found, words=words, names=await naming.names_for(tx, seat), now=tx.now,
        tabs=[(_(label), f"{URL}?view={key}", None, key == view) for key, (label, _states) in VIEWS.items()],
        next_url=f"{URL}?{urlencode({'view': view, 'cursor': cursor})}" if cursor else "", regulator=regulator,
        sums=await store.read_sums(tx, None if regulator else seat.org_id), number_of=words.number_of,
    )  # fmt: skip


@get(f"{URL}/new", opt=SEE_NEW, include_in_schema=False)
async def show_new(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """The form of an urge about one suborder, branch or bank (`?about=…&id=…`)."""
    read_page(request, orders=("at",), filters=frozenset({"about", "id", "said"}))
    subject = await _subject(tx, request)
    waiting = [] if subject is None else [one for one in await urges.of_cases(tx, [subject.about_id]) if one.by_hand]
    return page(
        request, "oversight/urge_new.html", subject=subject, names=await naming.names_for(tx, seat), words=words,
        said=request.query_params.get("said", "")[:200], waiting=[one for one in waiting if one.state in rules.OPEN],
        number_of=words.number_of,
    )  # fmt: skip


async def _subject(tx: ReadTx, request: Asked) -> Subject | None:
    about, about_id = request.query_params.get("about", ""), request.query_params.get("id", "")
    if not about and not about_id:
        return None
    try:
        kind, found = About(about), UUID(about_id)
    except ValueError:
        raise Refusal("bad-query", parameter="about") from None
    return await urges.subject_of(tx, kind, found)


@post(URL, opt=ISSUE, include_in_schema=False)
async def submit_urge(data: Posted[IssueForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[bytes]:
    """A supervisor urges."""

    async def issue() -> UUID:
        subject = await urges.subject_of(tx, data.about, data.about_id, data.order_id)
        return await urges.issue(tx, subject, data.addressee, data.said, by=seat, now=tx.now)

    urge_id = await once(request, tx, issue)
    return see_other(request, f"{URL}/{urge_id}", flash=_("督办已下发。"))


@get(URL + "/{urge_id:uuid}", opt=SEE, include_in_schema=False)
async def show_urge(urge_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """One urge: why, until when and why that day, what was said, and what the seat may do now."""
    urge = await urges.get(tx, urge_id)
    moves = await urges.moves_of(tx, urge_id)
    people = await orgs.names_of_colleagues(tx, {row["by_person"] for row in moves if row["by_person"]})
    explained = await clocks.explain(tx, urge_id, now=tx.now)
    return page(
        request, "oversight/urge.html", urge=urge, words=words, Act=Act, now=tx.now,
        names=await naming.names_for(tx, seat),
        acts=rules.acts_for(urge.facts, urges.person_of(seat)), regulator=seat.role is SeatRole.REGULATOR,
        number_of=words.number_of,
        moves=[(row, _side(row["by_org"], urge), people.get(row["by_person"], "")) for row in moves],
        days=_days(explained.get((urge_id, urges.CLOCK))), about_url=_about_url(urge, seat),
        overdue=urge.breached_at is not None, today=shanghai_date(tx.now),
    )  # fmt: skip


def _side(org_id: UUID | None, urge: Urge) -> str:
    if org_id is None:
        return _("平台")
    return _("银行") if org_id == urge.bank_id else _("监管")


def _days(why: Any) -> list[tuple[Any, str, str]]:
    if why is None:
        return []
    english = language() == "en"
    return [
        (line.day, DAY_CLASSES.get(line.kind.value, "rest"), clocks.line_in_words(line, english=english))
        for line in why.lines
    ]


def _about_url(urge: Urge, seat: Seat) -> str:
    if urge.about_kind == About.COMPLAINT:
        return f"/complaints/{urge.about_id}"
    if urge.about_kind != About.SUBORDER:
        return ""
    return f"{'/supervision/cases' if seat.role is SeatRole.REGULATOR else '/desk/suborders'}/{urge.about_id}"


@post(URL + "/{urge_id:uuid}/acts", opt={"roles": PEOPLE, "db": Role.ACT}, include_in_schema=False)
async def submit_act(
    urge_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """One act of the table; a reply receives what was not received yet, and may report the rectification too."""

    async def act() -> UUID:
        await urges.act_with(tx, urge_id, data.act, data.said, rectified=bool(data.rectified), by=seat, now=tx.now)
        return urge_id

    await once(request, tx, act)
    return see_other(request, f"{URL}/{urge_id}", flash=_(DONE[data.act]))
