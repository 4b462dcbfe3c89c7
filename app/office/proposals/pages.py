"""What waits for a second person, told in words, with the two answers; and what became of what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.office.proposals import service
from app.office.proposals.rules import Described, NotChecked, Proposal, ProposalState
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other
from app.web.paging import Page, read_page

CHECKERS: Final = (SeatRole.BANK_ADMIN, SeatRole.BRANCH_CHECKER)
SEE: Final = {"roles": (*CHECKERS, SeatRole.BRANCH_CLERK)}
COUNTED: Final = {"roles": CHECKERS}
CHECK: Final = {"roles": CHECKERS, "db": Role.ACT}
URL: Final = "/desk/proposals"
SHOWN: Final = 20  # On one page: each is described by its owner with a few queries.
COUNTED_MAX: Final = 100
STATES: Final = {
    ProposalState.OPEN: ("warn", N_("等待复核")),
    ProposalState.APPROVED: ("good", N_("已同意")),
    ProposalState.REJECTED: ("bad", N_("已退回")),
    ProposalState.EXPIRED: ("still", N_("逾期未复核")),
    ProposalState.VOID: ("still", N_("事项已结束")),
}
WHY_NOT: Final = {
    NotChecked.MAKER: N_("您提交的，须由另一人复核"),
    NotChecked.ROLE: N_("由网点复核人或总部复核"),
    NotChecked.EXPIRED: N_("已过期限，不能再复核"),
}
Asked = Request[Any, Any, Any]


class ApprovalForm(Form):
    """A button that acts, without a field."""


class RejectionForm(Form):
    said: Annotated[str, text(500, 2)]


@dataclass(frozen=True, slots=True)
class Shown:
    """One proposal as a page shows it. `maker` and `checker` are names of people; `days` it still waits."""

    proposal: Proposal
    told: Described
    maker: str
    checker: str
    why_not: NotChecked | None
    days: int


@get(URL, opt=SEE, include_in_schema=False)
async def show_proposals(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """What waits, the oldest first; by `?state=` what is over, the newest first; by `?mine=1` one's own."""
    asked = read_page(request, orders=("made_at",), filters=frozenset({"state", "mine"}))
    asked = replace(asked, limit=min(asked.limit, SHOWN))
    state, mine = _read_state(request), request.query_params.get("mine") == "1"
    found = await service.find_page(
        tx, by=seat, states=(state,), made_by=seat.person_id if mine else None, after=_place(asked), limit=asked.limit
    )
    return page(
        request, "proposals/list.html", rows=await _shown(tx, found, seat), states=STATES, state=state, mine=mine,
        why_not=WHY_NOT, address=_address, more=_more(asked, found, state, mine=mine),
    )  # fmt: skip


@get("/desk/proposals/waiting", opt=COUNTED, include_in_schema=False)
async def show_waiting(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """How many wait for this person: a piece of the bar on top, fetched after the page."""
    count = await service.count_waiting(tx, by=seat, now=tx.now, most=COUNTED_MAX)
    return page(request, "proposals/count.html", count=count, most=COUNTED_MAX)


def _read_state(request: Asked) -> ProposalState:
    try:
        return ProposalState(request.query_params.get("state", ProposalState.OPEN))
    except ValueError:
        raise Refusal("bad-query", parameter="state") from None


def _address(state: ProposalState, *, mine: bool, cursor: str = "") -> str:
    pairs = {
        "state": "" if state is ProposalState.OPEN else state.value, "mine": "1" if mine else "", "cursor": cursor
    }  # fmt: skip
    query = urlencode({name: value for name, value in pairs.items() if value})
    return f"{URL}?{query}" if query else URL


def _place(asked: Page) -> tuple[datetime, UUID] | None:
    return None if asked.after is None else (datetime.fromisoformat(str(asked.after[0])), UUID(str(asked.after[1])))


def _more(asked: Page, found: Sequence[tuple[Proposal, UUID | None]], state: ProposalState, *, mine: bool) -> str:
    if not found:
        return ""
    last, _checker = found[-1]
    cursor = asked.next_cursor(found, (last.made_at.isoformat(), str(last.proposal_id)))
    return _address(state, mine=mine, cursor=cursor) if cursor else ""


async def _shown(tx: ReadTx, found: Sequence[tuple[Proposal, UUID | None]], seat: Seat) -> list[Shown]:
    people = {person_id for one, checker_id in found for person_id in (one.made_by, checker_id) if person_id}
    names = await orgs.names_of_colleagues(tx, people) if people else {}
    today = shanghai_date(tx.now)
    return [
        Shown(
            one, await service.described(tx, one), names.get(one.made_by, ""),
            names.get(checker_id, "") if checker_id else "",
            NotChecked.MAKER if one.made_by == seat.person_id else service.why_not(one, seat, tx.now),
            (shanghai_date(one.expires_at) - today).days,
        )
        for one, checker_id in found
    ]  # fmt: skip


@post("/desk/proposals/{proposal_id:uuid}/approval", opt=CHECK, include_in_schema=False)
async def submit_approval(
    proposal_id: FromPath[UUID], data: Posted[ApprovalForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Be the second person: it is done with this answer."""

    async def approve() -> UUID:
        return (await service.approve(tx, proposal_id, by=seat, now=tx.now)).proposal_id

    await once(request, tx, approve)
    return see_other(request, URL, flash=_("已同意，即时生效。"))


@post("/desk/proposals/{proposal_id:uuid}/rejection", opt=CHECK, include_in_schema=False)
async def submit_rejection(
    proposal_id: FromPath[UUID], data: Posted[RejectionForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Turn it down, with a word to its maker."""

    async def reject() -> UUID:
        return (await service.reject(tx, proposal_id, data.said, by=seat, now=tx.now)).proposal_id

    await once(request, tx, reject)
    return see_other(request, URL, flash=_("已退回，申请人会看到您的意见。"))
