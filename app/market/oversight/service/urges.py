"""Issuing an urge, by a rung or by hand, and every act on it until it is closed.

An act locks the urge, fires its clock when it is due, and is then judged, so that nothing depends on when the worker
ran. The urge is the root of its own clocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import ReadTx, Record, Role, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.oversight.events import UrgeMoved
from app.market.oversight.rules import urges as rules
from app.market.oversight.rules.urges import About, Act, Addressee, Facts, Moved, Not, Person, State
from app.market.oversight.store import urges as store
from app.office import clocks
from app.office.clocks import CaseKind, CaseRef, ClockState

CASE_KIND: Final = "urge"
CLOCK: Final = "URGE"
PROBLEM_OF: Final[Mapping[Not, tuple[str, str]]] = {
    Not.SIDE: ("forbidden", ""),
    Not.STATE: ("wrong-state", "督办现在的环节不能这样办。"),
    Not.MAKER: ("four-eyes", "回复的人不能办结或退回，须由另一人办理。"),
    Not.WORDS: ("malformed-field", "请写明情况，至少四个字。"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is urged about, and whose it is. `order_id` where it belongs to an order."""

    kind: About
    about_id: UUID
    bank_id: UUID
    branch_id: UUID | None
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """The rung of a clock that urges; `at` is when it was reached."""

    clock: str
    share: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Urge:
    """An urge as it stands, with its newest clock. `clock` and `share` are the rung that issued it."""

    urge_id: UUID
    no: int
    about_kind: str
    about_id: UUID
    order_id: UUID | None
    bank_id: UUID
    branch_id: UUID | None
    addressee: Addressee
    clock: str
    share: int
    by_hand: bool
    said: str
    issued_by: UUID | None
    issued_at: datetime
    state: State
    replied_by: UUID | None
    replied_at: datetime | None
    breached_at: datetime | None
    ended_by: UUID | None
    ended_at: datetime | None
    due_on: date | None = None
    due_at: datetime | None = None
    clock_state: str | None = None
    stopped_at: datetime | None = None

    @property
    def facts(self) -> Facts:
        return Facts(self.state, self.addressee, self.bank_id, self.branch_id, self.by_hand, self.replied_by)

    @property
    def place(self) -> tuple[str, str]:
        """Where the next page begins when this is the last of a page."""
        return self.issued_at.isoformat(), str(self.urge_id)


async def subject_of(tx: ReadTx, kind: About, about_id: UUID, order_id: UUID | None = None) -> Subject:
    """What is urged about; refused (`not-found`) where there is none.

    An act names the order of a suborder, since its role sees that order alone; a complaint is a case of its own.
    """
    if tx.role is Role.ACT and kind in (About.SUBORDER, About.COMPLAINT):
        await tx.narrow(case_id=(order_id or about_id) if kind is About.SUBORDER else about_id)
    if kind is About.BANK:
        return Subject(kind, about_id, (await parties.shelf.get_bank(tx, about_id)).bank_id, None)
    if kind is About.BRANCH:
        branch = await parties.shelf.get_branch(tx, about_id)
        return Subject(kind, about_id, branch.bank_id, branch.branch_id)
    read = store.read_suborder if kind is About.SUBORDER else store.read_complaint
    row = await read(tx, about_id)
    if row is None:
        raise Refusal("not-found")
    return Subject(kind, about_id, row["bank_id"], row["branch_id"], row["order_id"])


async def issue(tx: Tx, subject: Subject, addressee: Addressee, said: str, *, by: Seat, now: datetime) -> UUID:
    """A supervisor urges. Refuses `forbidden`, `malformed-field` and, while one by hand is open, `already-exists`."""
    if by.role is not SeatRole.REGULATOR:
        raise Refusal("forbidden")
    if len(said.strip()) < rules.WORDS_MIN or (addressee is Addressee.BRANCH and subject.branch_id is None):
        raise Refusal(*PROBLEM_OF[Not.WORDS])
    urge_id = await _issue(tx, subject, addressee, None, said.strip(), by, now)
    if urge_id is None:
        raise Refusal("already-exists", "这一案件已有一件督办没有办结。")
    await audit.write(tx, "urge.issue", case_id=subject.order_id, detail={"urge_id": str(urge_id)})
    return urge_id


async def issue_by_rung(tx: Tx, subject: Subject, addressee: Addressee, rung: Rung, *, now: datetime) -> UUID | None:
    """A rung urges; None where it has done so already, or one of the same case and rung is open."""
    return await _issue(tx, subject, addressee, rung, "", None, now)


async def _issue(
    tx: Tx, subject: Subject, addressee: Addressee, rung: Rung | None, said: str, by: Seat | None, now: datetime
) -> UUID | None:
    urge_id = new_id()
    await _narrow(tx, urge_id)
    values = (
        urge_id, subject.kind.value, subject.about_id, subject.order_id, subject.bank_id, subject.branch_id,
        addressee.value, rung.clock if rung else "", rung.share if rung else 0, rung.at if rung else None, rung is None,
        said, by.person_id if by else None, now,
    )  # fmt: skip
    if not await store.insert(tx, values):
        return None
    urge = await get(tx, urge_id)
    await _note(tx, urge, "", "issue", State.ISSUED, said, by, now)
    due = await clocks.start(tx, _case(urge), CLOCK, at=now)
    await _tell(tx, urge, "issue", State.ISSUED, now, due.due_on)
    return urge_id


async def act(tx: Tx, urge_id: UUID, act: Act, said: str = "", *, by: Seat, now: datetime) -> State:
    """One act of somebody. Refuses `not-found`, `forbidden`, `wrong-state`, `four-eyes`, `malformed-field`."""
    urge = await _enter(tx, urge_id, now)
    verdict = rules.judge(urge.facts, act, person_of(by), said)
    if not isinstance(verdict, Moved):
        if verdict.why is Not.NOT_THEIRS:
            raise Refusal("not-found")  # To the letter as if there were none.
        code, detail = PROBLEM_OF[verdict.why]
        raise Refusal(code, detail, why=verdict.why.value)
    await _set(tx, urge, act, verdict.to, by, now)
    due_on = None
    if act is Act.REPLY:
        await clocks.stop(tx, urge_id, CLOCK, at=now)
    elif act is Act.SEND_BACK:
        due_on = (await clocks.start(tx, _case(urge), CLOCK, at=now)).due_on
    elif act is Act.WITHDRAW:
        await clocks.void(tx, urge_id, at=now)
    await _note(tx, urge, urge.state, act, verdict.to, said.strip(), by, now)
    await _tell(tx, urge, act, verdict.to, now, due_on)
    await audit.write(
        tx, f"urge.{act.value.replace('_', '-')}", case_id=urge.order_id, detail={"urge_id": str(urge_id)}
    )
    return verdict.to


async def _enter(tx: Tx, urge_id: UUID, now: datetime) -> Urge:
    """Lock the urge and fire its clock if it is due; refused (`not-found`) where there is none."""
    await _narrow(tx, urge_id)
    row = await store.lock(tx, urge_id)
    if row is None:
        raise Refusal("not-found")
    await KIND.fire_due(tx, urge_id, now=now)
    return _urge(row)


async def _narrow(tx: Tx, urge_id: UUID) -> None:
    """The urge is the case of this act: its role sees this one and its clocks alone."""
    if tx.role is Role.ACT:
        await tx.narrow(case_id=urge_id)


async def act_with(tx: Tx, urge_id: UUID, what: Act, said: str, *, rectified: bool, by: Seat, now: datetime) -> State:
    """An act as people do it: whoever replies has received it, and may say with the reply that it is put right."""
    urge = await _enter(tx, urge_id, now)
    if what is Act.REPLY and urge.state is State.ISSUED:
        await act(tx, urge_id, Act.RECEIVE, by=by, now=now)
    state = await act(tx, urge_id, what, said, by=by, now=now)
    if what is Act.REPLY and rectified:
        state = await act(tx, urge_id, Act.RECTIFY, said, by=by, now=now)
    return state


async def _set(tx: Tx, urge: Urge, act: Act, to: State, by: Seat, now: datetime) -> None:
    if act is Act.REPLY:
        await store.set_replied(tx, urge.urge_id, by.person_id, now)
    elif to in rules.ENDS:
        await store.set_ended(tx, urge.urge_id, to.value, by.person_id, now)
    else:
        await store.set_state(tx, urge.urge_id, to.value, urge.state.value)


async def _fire(tx: Tx, clock: ClockState) -> None:
    """The time for the reply is over: a fact that nothing removes, told upwards."""
    row = await store.lock(tx, clock.case_id)
    assert row is not None, "a clock has its urge"
    urge = _urge(row)
    await store.set_breached(tx, urge.urge_id, clock.due_at)
    await _note(tx, urge, urge.state, Act.BREACH, urge.state, "", None, clock.due_at)
    await _tell(tx, urge, Act.BREACH, urge.state, clock.due_at, clock.due_on)


KIND: Final = CaseKind(CASE_KIND, store.lock_free, _fire)


async def _note(tx: Tx, urge: Urge, start: str, act: str, to: State, said: str, by: Seat | None, at: datetime) -> None:
    values = (
        urge.urge_id, urge.about_id, urge.bank_id, urge.branch_id, urge.addressee.value, str(start), str(act), to.value,
        at, said, by.person_id if by else None, by.org_id if by else None,
    )  # fmt: skip
    await store.insert_move(tx, values)


async def _tell(tx: Tx, urge: Urge, act: str, to: State, at: datetime, due_on: date | None) -> None:
    await outbox.record(
        tx,
        UrgeMoved(
            stream_id=urge.urge_id, at=at, urge_id=urge.urge_id, act=str(act), to_state=to.value,
            addressee=urge.addressee.value, about_kind=urge.about_kind, about_id=urge.about_id, bank_id=urge.bank_id,
            branch_id=urge.branch_id, by_hand=urge.by_hand, due_on=due_on,
        ),
    )  # fmt: skip


def _case(urge: Urge) -> CaseRef:
    return CaseRef(urge.urge_id, CASE_KIND, urge.urge_id, None, urge.bank_id)


def person_of(seat: Seat) -> Person:
    return Person(seat.person_id, seat.role.value, seat.org_id, seat.branch_id)


async def get(tx: ReadTx, urge_id: UUID) -> Urge:
    """One urge that the caller may see; refused (`not-found`) otherwise."""
    row = await store.read(tx, urge_id)
    if row is None:
        raise Refusal("not-found")
    return _urge(row)


async def moves_of(tx: ReadTx, urge_id: UUID) -> Sequence[Record]:
    return await store.read_moves(tx, urge_id)


async def find(
    tx: ReadTx, states: Sequence[State], *, bank_id: UUID | None = None, addressee: Addressee | None = None,
    after: tuple[datetime, UUID] | None = None, limit: int = 50,
) -> list[Urge]:  # fmt: skip
    """Urges in these states that the caller may see, the newest first."""
    to = None if addressee is None else addressee.value
    return [_urge(row) for row in await store.read_page(tx, [one.value for one in states], bank_id, to, after, limit)]


async def of_cases(tx: ReadTx, about_ids: Sequence[UUID]) -> list[Urge]:
    """Urges about these cases, branches or banks, the newest first."""
    return [_urge(row) for row in await store.read_of_cases(tx, about_ids)]


def _urge(row: Mapping[str, Any] | Record) -> Urge:
    values = dict(row)
    return Urge(**{**values, "addressee": Addressee(values["addressee"]), "state": State(values["state"])})
