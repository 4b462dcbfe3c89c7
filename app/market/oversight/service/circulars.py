"""Writing a circular, publishing it by a second person, and what each named bank and the regulator do about it.

The figures are taken from the journal when it is written, and frozen with their fingerprint; the second person
publishes exactly that. Where figures come from is registered by the room that reckons them, which stands above.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.oversight.events import CircularMoved
from app.market.oversight.rules import circulars as rules
from app.market.oversight.rules.circulars import Act, Document, Finding, Moved, Not, State
from app.market.oversight.schemas import CircularBody
from app.market.oversight.store import circulars as store
from app.office import policies, proposals
from app.office.proposals import Proposal, ProposalState

PUBLISH: Final = "circular-publish"
REGULATORS: Final = frozenset({SeatRole.REGULATOR})
BANKS_MAX: Final = 200
TITLE_MAX, SAID_MAX = 120, 4000
PROBLEM_OF: Final[Mapping[Not, tuple[str, str]]] = {
    Not.SIDE: ("forbidden", ""),
    Not.STATE: ("wrong-state", "通报现在的环节不能这样办。"),
    Not.WORDS: ("malformed-field", "请写明情况，至少四个字。"),
}


class Read(Protocol):
    """Reads a measure of a month for banks, and for branches, as of an instant."""

    def __call__(
        self, tx: ReadTx, name: str, month: date, who: Sequence["Who"], /, *, as_of: datetime
    ) -> Awaitable[Sequence[Finding]]: ...


@dataclass(frozen=True, slots=True)
class Who:
    """A bank, or one of its branches, that a circular names."""

    bank_id: UUID
    branch_id: UUID | None
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the figures of some measures come from. `measures`: name → Chinese source text."""

    measures: Mapping[str, str]
    read: Read


@dataclass(frozen=True, slots=True)
class Draft:
    """What a regulator writes; the figures are taken when it is laid before the second person."""

    title: str
    said: str
    measure: str
    month: date
    who: tuple[Who, ...]
    rectify_by_on: date
    to_all: bool
    refers_to: UUID | None = None


_SOURCES: Final[list[Source]] = []


def register_source(source: Source) -> None:
    """Say where figures come from; done at start-up by the composition root."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def measures() -> Mapping[str, str]:
    """Every measure that a circular may be about: name → Chinese source text."""
    return {name: words for source in _SOURCES for name, words in source.measures.items()}


async def read_rules(tx: ReadTx, on: date) -> CircularBody:
    return CircularBody.model_validate((await policies.in_force(tx, "circular", "rules", on)).body)


async def find_who(tx: ReadTx, ids: Sequence[UUID]) -> tuple[Who, ...]:
    """Banks and branches by their ids; refused (`not-found`) where one is neither."""
    banks = await parties.shelf.banks(tx)
    found = []
    for one in dict.fromkeys(ids):
        if one in banks:
            found.append(Who(one, None, banks[one].name))
        else:
            branch = await parties.shelf.get_branch(tx, one)
            found.append(Who(branch.bank_id, branch.branch_id, branch.name))
    return tuple(found)


async def propose(tx: Tx, draft: Draft, *, by: Seat, now: datetime) -> Proposal:
    """Freeze the figures and lay the circular before a second person.

    Refuses `forbidden`, `malformed-field` (an unknown measure, nobody named, no words, a month that has not begun),
    `bad-time` (a date outside what policy allows) and `not-found` (a circular to refer to).
    """
    document = await _document(tx, draft, now)
    return await proposals.propose(tx, PUBLISH, new_id(), rules.written(document), by=by, now=now)


async def _document(tx: Tx, draft: Draft, now: datetime) -> Document:
    source = next((one for one in _SOURCES if draft.measure in one.measures), None)
    worded = 0 < len(draft.title.strip()) <= TITLE_MAX and rules.WORDS_MIN <= len(draft.said.strip()) <= SAID_MAX
    if source is None or not worded or not 0 < len(draft.who) <= BANKS_MAX or draft.month > shanghai_date(now):
        raise Refusal("malformed-field", "通报要有标题、正文、指标、已开始的月份和被通报的银行或网点。")
    await _check_date(tx, draft.rectify_by_on, now)
    if draft.refers_to is not None and await store.read(tx, draft.refers_to) is None:
        raise Refusal("not-found")
    month = draft.month.replace(day=1)
    findings = tuple(await source.read(tx, draft.measure, month, draft.who, as_of=now))
    return Document(
        draft.title.strip(), draft.said.strip(), draft.measure, month, now, draft.rectify_by_on, draft.to_all,
        findings, draft.refers_to,
    )  # fmt: skip


async def _check_date(tx: ReadTx, by_on: date, now: datetime) -> None:
    today = shanghai_date(now)
    limits = await read_rules(tx, today)
    first, last = today + timedelta(days=limits.days_min), today + timedelta(days=limits.days_max)
    if not first <= by_on <= last:
        raise Refusal("bad-time", "整改期限不在允许的日期之内。", earliest=first.isoformat(), latest=last.isoformat())


async def _vet(tx: Tx, _case_id: UUID, body: Mapping[str, object], _by: Seat, _now: datetime) -> None:
    """What was frozen reads back as it was written."""
    assert rules.written(rules.read(body)) == dict(body), "a circular has one way of being written"


async def _publish(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    kept = dict(proposal.body)
    document = rules.read(kept)
    await _check_date(tx, document.rectify_by_on, now)
    circular_id = proposal.case_id
    values = (
        circular_id, document.measure, document.month, document.title, document.rectify_by_on, document.to_all,
        list(document.bank_ids), kept, rules.fingerprint(kept), document.refers_to, proposal.made_by, by.person_id, now,
    )  # fmt: skip
    await store.insert(tx, values)
    await store.insert_named(tx, circular_id, document.bank_ids, document.rectify_by_on)
    for bank_id in document.bank_ids:
        await store.insert_move(
            tx, (circular_id, bank_id, "", "publish", State.NAMED.value, now, "", by.person_id, by.org_id)
        )
    told = await parties.shelf.banks(tx) if document.to_all else document.bank_ids
    for bank_id in sorted(told, key=str):
        named = bank_id in document.bank_ids
        await _tell(tx, circular_id, "publish", bank_id, document.rectify_by_on, now, named=named)
    await audit.write(tx, "circular.publish", detail={"circular_id": str(circular_id)})


async def _tell(
    tx: Tx, circular_id: UUID, act: str, bank_id: UUID, by_on: date, at: datetime, *, named: bool = True
) -> None:
    await outbox.record(
        tx,
        CircularMoved(
            stream_id=circular_id, at=at, circular_id=circular_id, act=act, bank_id=bank_id, named=named,
            rectify_by_on=by_on,
        ),
    )  # fmt: skip


async def act(tx: Tx, circular_id: UUID, bank_id: UUID, act: Act, said: str = "", *, by: Seat, now: datetime) -> State:
    """A named bank answers, or a regulator accepts or returns. Refuses `not-found`, `forbidden`, `wrong-state`,
    `malformed-field`."""
    row = await store.lock_named(tx, circular_id, bank_id)
    if row is None:
        raise Refusal("not-found")
    state = State(row["state"])
    verdict = rules.judge(state, act, bank_id=bank_id, org_id=by.org_id, role=by.role.value, words=said)
    if not isinstance(verdict, Moved):
        if verdict.why is Not.NOT_THEIRS:
            raise Refusal("not-found")  # To the letter as if there were none.
        code, detail = PROBLEM_OF[verdict.why]
        raise Refusal(code, detail, why=verdict.why.value)
    key, words = (circular_id, bank_id), said.strip()
    if act is Act.ANSWER:
        await store.set_answered(tx, key, words, by.person_id, now)
    else:
        await store.set_judged(tx, key, verdict.to.value, by.person_id, now)
    moved = (*key, state.value, act.value, verdict.to.value, now, words, by.person_id, by.org_id)
    await store.insert_move(tx, moved)
    await _tell(tx, circular_id, act.value, bank_id, row["rectify_by_on"], now)
    await audit.write(tx, f"circular.{act.value}", detail={"circular_id": str(circular_id), "bank_id": str(bank_id)})
    return verdict.to


@dataclass(frozen=True, slots=True)
class Circular:
    """A circular as published. `named`: each named bank with its state, of a bank only its own."""

    record: Record
    document: Document
    named: Sequence[Record]
    moves: Sequence[Record]
    corrections: Sequence[Record]


async def get(tx: ReadTx, circular_id: UUID) -> Circular:
    """One that the caller may see; refused (`not-found`) otherwise."""
    row = await store.read(tx, circular_id)
    if row is None:
        raise Refusal("not-found")
    return Circular(
        row, rules.read(row["document"]), await store.read_named(tx, circular_id),
        await store.read_moves(tx, circular_id), await store.read_corrections(tx, circular_id),
    )  # fmt: skip


async def find(tx: ReadTx, *, after: tuple[datetime, UUID] | None = None, limit: int = 50) -> Sequence[Record]:
    """Published circulars that the caller may see, the newest first, each with how many banks have put it right."""
    return await store.read_page(tx, shanghai_date(tx.now), after, limit)


async def states(tx: ReadTx) -> Sequence[tuple[State, date]]:
    """(state, rectify by) of every named bank's part that the caller may see."""
    return [(State(row["state"]), row["rectify_by_on"]) for row in await store.read_states(tx)]


async def banks(tx: ReadTx) -> Sequence[tuple[UUID, str]]:
    """(id, name) of every bank, by name."""
    found = await parties.shelf.banks(tx)
    return sorted(((one, bank.name) for one, bank in found.items()), key=lambda pair: (pair[1], str(pair[0])))


async def drafts(tx: ReadTx, *, by: Seat) -> Sequence[Proposal]:
    """What waits for a second person to be published."""
    found = await proposals.find(tx, by=by, state=ProposalState.OPEN)
    return [one for one in found if one.kind == PUBLISH]


async def get_draft(tx: ReadTx, proposal_id: UUID, *, by: Seat) -> Proposal:
    proposal = await proposals.get(tx, proposal_id, by=by)
    if proposal.kind != PUBLISH:
        raise Refusal("not-found")
    return proposal


KIND: Final = proposals.Kind(PUBLISH, REGULATORS, REGULATORS, apply=_publish, vet=_vet)
proposals.register(KIND)
