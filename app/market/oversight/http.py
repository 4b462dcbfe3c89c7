"""Urges and circulars for a bank's machine: what there is, and the bank's own answers to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Record, Role, Tx
from app.kernel.errors import Refusal
from app.market.oversight.rules import circulars as circular_rules
from app.market.oversight.rules import urges as rules
from app.market.oversight.rules.circulars import Act as CircularAct
from app.market.oversight.rules.urges import Act
from app.market.oversight.service import circulars, urges
from app.market.oversight.service.urges import Urge
from app.web import idempotency
from app.web.body import Body, Sent, text
from app.web.deps import Given
from app.web.paging import read_page

BANK: Final = (SeatRole.BANK_CLIENT, SeatRole.BANK_ADMIN, SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER)
SEES: Final = {"roles": BANK}
ACTS: Final = {"roles": BANK, "db": Role.ACT}
WHOLE: Final = {"roles": (SeatRole.BANK_CLIENT, SeatRole.BANK_ADMIN)}
STATES: Final = {"open": rules.OPEN, "closed": (rules.State.CLOSED,), "withdrawn": (rules.State.WITHDRAWN,)}
Words = Annotated[str, text(2000, rules.WORDS_MIN)]
Asked = Request[Any, Any, Any]


class ReceiptBody(Body):
    """Nothing but the fact that it has been received."""


class WordsBody(Body):
    said: Words


@dataclass(frozen=True, slots=True)
class UrgeMoveView:
    at: datetime
    act: str
    to_state: str
    said: str


@dataclass(frozen=True, slots=True)
class UrgeView:
    """An urge. The reply is in time until the end of `due_on` in Shanghai; `clock` and `share` name the rung that
    urged, both empty where a supervisor did. `may` are the acts that the caller may do now."""

    urge_id: UUID
    no: int
    about: str
    about_id: UUID
    branch_id: UUID | None
    addressee: str
    state: str
    clock: str
    share: int
    said: str
    issued_at: datetime
    due_on: date | None
    due_at: datetime | None
    is_late: bool
    may: Sequence[str]
    moves: Sequence[UrgeMoveView]

    @classmethod
    def of(cls, urge: Urge, seat: Seat, moves: Sequence[Record] = ()) -> Self:
        may = [one.value for one in rules.acts_for(urge.facts, urges.person_of(seat))]
        return cls(
            urge.urge_id, urge.no, urge.about_kind, urge.about_id, urge.branch_id, urge.addressee.value,
            urge.state.value, urge.clock, urge.share, urge.said, urge.issued_at, urge.due_on, urge.due_at,
            urge.breached_at is not None, may,
            [UrgeMoveView(one["at"], one["act"], one["to_state"], one["said"]) for one in moves],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CircularLine:
    """A circular of a list. `state` is the bank's own part of it, empty where it is told to all and does not name the
    bank."""

    circular_id: UUID
    no: int
    title: str
    measure: str
    month: str
    published_at: datetime
    rectify_by_on: date
    state: str

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(
            row["circular_id"], row["no"], row["title"], row["measure"], f"{row['month']:%Y-%m}", row["published_at"],
            row["rectify_by_on"], row["own_state"] or "",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CircularView:
    """A circular: `document` as it was published, with its SHA-256; `answer` is what the bank said last. `may` are the
    acts that the caller may do now."""

    circular_id: UUID
    no: int
    published_at: datetime
    sha256: str
    rectify_by_on: date
    state: str
    answer: str
    may: Sequence[str]
    document: dict[str, Any]

    @classmethod
    def of(cls, row: Record, named: Record | None, seat: Seat) -> Self:
        state = named["state"] if named is not None else ""
        owes = state in (circular_rules.State.NAMED, circular_rules.State.RETURNED) and seat.branch_id is None
        return cls(
            row["circular_id"], row["no"], row["published_at"], row["sha256"],
            row["rectify_by_on"] if named is None else named["rectify_by_on"], state,
            "" if named is None else named["answer"], [CircularAct.ANSWER.value] if owes else [],
            dict(row["document"]),
        )  # fmt: skip


@get("/urges", opt=SEES)
async def list_urges(request: Asked, tx: Given[ReadTx], seat: Given[Seat]) -> dict[str, Any]:
    """Urges to the bank or the branch, the newest first; `state` is open (what is asked without it), closed or
    withdrawn."""
    page = read_page(request, orders=("issued_at",), filters=frozenset({"state"}))
    state = request.query_params.get("state", "open")
    if state not in STATES:
        raise Refusal("bad-query", parameter="state", allowed=list(STATES))
    found = await urges.find(tx, STATES[state], after=_after(page.after), limit=page.limit)
    cursor = page.next_cursor(found, found[-1].place) if found else None
    return {"urges": [UrgeView.of(one, seat) for one in found], "next": cursor}


@get("/urges/{urge_id:uuid}", opt=SEES)
async def show_urge(urge_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat]) -> UrgeView:
    """One urge with everything that was said to it."""
    return UrgeView.of(await urges.get(tx, urge_id), seat, await urges.moves_of(tx, urge_id))


@post("/urges/{urge_id:uuid}/receipt", opt=ACTS, status_code=200)
async def receive_urge(
    urge_id: FromPath[UUID], data: Sent[ReceiptBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[UrgeView]:
    """Say that it has been received; the time for the reply runs on."""
    return await _act(request, tx, urge_id, Act.RECEIVE, "", seat)


@post("/urges/{urge_id:uuid}/reply", opt=ACTS, status_code=200)
async def reply_to_urge(
    urge_id: FromPath[UUID], data: Sent[WordsBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[UrgeView]:
    """Say what happened and what is being done. What was not received yet is received with it."""
    return await _act(request, tx, urge_id, Act.REPLY, data.said, seat)


@post("/urges/{urge_id:uuid}/rectification", opt=ACTS, status_code=200)
async def rectify_urge(
    urge_id: FromPath[UUID], data: Sent[WordsBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[UrgeView]:
    """Report that it is put right; whoever urged looks at it."""
    return await _act(request, tx, urge_id, Act.RECTIFY, data.said, seat)


async def _act(request: Asked, tx: Tx, urge_id: UUID, act: Act, said: str, seat: Seat) -> Response[UrgeView]:
    """Do it once, and answer with the urge as it is then."""

    async def command() -> UUID:
        await urges.act_with(tx, urge_id, act, said, rectified=False, by=seat, now=tx.now)
        return urge_id

    await idempotency.once(request, tx, command, location="/urges/{}", status=200)
    await tx.narrow(case_id=urge_id)  # A repetition has not looked for its urge yet.
    view = UrgeView.of(await urges.get(tx, urge_id), seat, await urges.moves_of(tx, urge_id))
    return idempotency.answer(request, view)


@get("/circulars", opt=WHOLE)
async def list_circulars(request: Asked, tx: Given[ReadTx]) -> dict[str, Any]:
    """Circulars that name the bank or are told to all, the newest first."""
    page = read_page(request, orders=("published_at",))
    found = await circulars.find(tx, after=_after(page.after), limit=page.limit)
    last = (found[-1]["published_at"].isoformat(), str(found[-1]["circular_id"])) if found else ("", "")
    return {
        "circulars": [CircularLine.of(row) for row in found],
        "next": page.next_cursor(found, last) if found else None,
    }


@get("/circulars/{circular_id:uuid}", opt=WHOLE)
async def show_circular(circular_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat]) -> CircularView:
    """One as it was published, and where the bank's own answer stands."""
    return await _circular(tx, circular_id, seat)


@post("/circulars/{circular_id:uuid}/answer", opt=WHOLE, status_code=200)
async def answer_circular(
    circular_id: FromPath[UUID], data: Sent[WordsBody], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[CircularView]:
    """Say what was put right, by a day. A machine that works for one branch alone does not speak for its bank."""

    async def command() -> UUID:
        if seat.branch_id is not None:
            raise Refusal("forbidden")
        await circulars.act(tx, circular_id, seat.org_id, CircularAct.ANSWER, data.said, by=seat, now=tx.now)
        return circular_id

    await idempotency.once(request, tx, command, location="/circulars/{}", status=200)
    return idempotency.answer(request, await _circular(tx, circular_id, seat))


async def _circular(tx: ReadTx, circular_id: UUID, seat: Seat) -> CircularView:
    found = await circulars.get(tx, circular_id)
    named = next((row for row in found.named if row["bank_id"] == seat.org_id), None)
    return CircularView.of(found.record, named, seat)


def _after(place: Sequence[str | int] | None) -> tuple[datetime, UUID] | None:
    return None if place is None else (datetime.fromisoformat(str(place[0])), UUID(str(place[1])))
