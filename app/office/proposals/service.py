"""Proposing, approving, rejecting and expiring two-person acts.

An act's owner registers its kind once, at import; the handler applies the body in the transaction of the approval.
Lock order: the case first (the kind's `lock`), then the proposal, so that an act on the case never waits in a circle.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import ReadTx, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.office import policies
from app.office.proposals import store
from app.office.proposals.events import ProposalClosed, ProposalMade
from app.office.proposals.rules import (
    PROBLEM_OF,
    Described,
    Line,
    NotChecked,
    Proposal,
    ProposalState,
    is_theirs,
    judge_check,
)

Apply = Callable[[Tx, Proposal, Seat, datetime], Awaitable[None]]
Lock = Callable[[Tx, UUID], Awaitable[None]]
Describe = Callable[[ReadTx, Proposal], Awaitable[Described]]
Vet = Callable[[Tx, UUID, Mapping[str, Any], Seat, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of two-person act, as its owner registers it.

    `apply(tx, proposal, by, now)` does it; `by` is the checker. `vet(tx, case_id, body, by, now)` refuses a proposal
    that could never be applied. `lock(tx, case_id)` locks the case before the proposal is taken.
    """

    name: str
    makers: frozenset[SeatRole]
    checkers: frozenset[SeatRole]
    apply: Apply
    vet: Vet | None = None
    lock: Lock | None = None


_KINDS: Final[dict[str, Kind]] = {}
_DESCRIBERS: Final[dict[str, Describe]] = {}


def register(kind: Kind) -> None:
    """Make a kind known. Called once, when its owner is imported."""
    assert kind.name not in _KINDS, f"two owners of {kind.name}"
    _KINDS[kind.name] = kind


def describe_by(kind: str, describe: Describe) -> None:
    """Say how proposals of a kind are told to the second person. Called once, by the owner's pages."""
    assert kind not in _DESCRIBERS, f"two describers of {kind}"
    _DESCRIBERS[kind] = describe


async def described(tx: ReadTx, proposal: Proposal) -> Described:
    """A proposal in words: the owner's, or the bare body where the owner has none."""
    describe = _DESCRIBERS.get(proposal.kind)
    if describe is not None:
        return await describe(tx, proposal)
    return Described(proposal.kind, tuple(Line(name, str(value)) for name, value in proposal.body.items()))


async def propose(
    tx: Tx,
    kind: str,
    case_id: UUID,
    body: Mapping[str, Any],
    *,
    by: Seat,
    now: datetime,
    root_id: UUID | None = None,
) -> Proposal:
    """Lay an act before a second person. Refuses `forbidden`, `already-exists` and what the kind's `vet` refuses."""
    known = _KINDS[kind]
    if by.role not in known.makers:
        raise Refusal("forbidden")
    if known.vet is not None:
        await known.vet(tx, case_id, body, by, now)
    validity = await policies.in_force(tx, "proposal", "validity", shanghai_date(now))
    expires_at = now + timedelta(days=int(validity.body["days"]))
    proposal = Proposal(
        new_id(), kind, case_id, root_id, by.org_id, by.branch_id, body, by.person_id, now, expires_at,
        ProposalState.OPEN,
    )  # fmt: skip
    if not await store.insert_proposal(tx, proposal):
        raise Refusal("already-exists", "同一事项已有待复核的申请。", kind=kind)
    stream_id = root_id or case_id
    await outbox.record(
        tx,
        ProposalMade(
            stream_id=stream_id, at=now, proposal_id=proposal.proposal_id, kind=kind, case_id=case_id, org_id=by.org_id
        ),
    )
    await audit.write(tx, "proposal.make", case_id=case_id, detail={"kind": kind})
    return proposal


async def approve(tx: Tx, proposal_id: UUID, *, by: Seat, now: datetime) -> Proposal:
    """Be the second person: close the proposal and apply it, in this transaction.

    Refuses `not-found`, `forbidden`, `four-eyes` (403) and `wrong-state`; of two approvals that race one wins.
    """
    proposal, kind = await _check(tx, proposal_id, by, now)
    closed = await _close(tx, proposal, ProposalState.APPROVED, now, None, checker_id=by.person_id)
    await kind.apply(tx, closed, by, now)
    return closed


async def reject(tx: Tx, proposal_id: UUID, said: str, *, by: Seat, now: datetime) -> Proposal:
    """Turn a proposal down, with a word to its maker. Refuses as `approve` does."""
    proposal, _ = await _check(tx, proposal_id, by, now)
    return await _close(tx, proposal, ProposalState.REJECTED, now, said, checker_id=by.person_id)


async def void_open(tx: Tx, case_id: UUID, *, now: datetime) -> tuple[Proposal, ...]:
    """Close whatever still waits on a case that has ended. The case is locked by the caller."""
    open_ones = await store.lock_open_of_case(tx, case_id)
    return tuple([await _close(tx, proposal, ProposalState.VOID, now, None) for proposal in open_ones])


async def open_of(tx: ReadTx, case_id: UUID) -> tuple[Proposal, ...]:
    """What waits on a case, as far as the caller's organisation may see it."""
    return await store.read_open_of_case(tx, case_id)


async def expire_due(tx: Tx, *, now: datetime, limit: int = 100) -> int:
    """Close proposals that nobody checked in time; return how many. For the worker, again and again until 0."""
    due = await store.lock_due(tx, now, limit)
    for proposal in due:
        await _close(tx, proposal, ProposalState.EXPIRED, now, None)
    return len(due)


async def get(tx: ReadTx, proposal_id: UUID, *, by: Seat | None = None) -> Proposal:
    """One proposal of the caller's organisation, of its branch when the seat has one; refuses `not-found`."""
    proposal = await store.read_proposal(tx, proposal_id)
    if proposal is None or (by is not None and not is_theirs(proposal, by)):
        raise Refusal("not-found")
    return proposal


async def find(
    tx: ReadTx, *, by: Seat, state: ProposalState | None = ProposalState.OPEN, limit: int = 100
) -> tuple[Proposal, ...]:
    """The proposals of a seat's organisation, of its branch when it has one, newest first."""
    return await store.list_proposals(tx, by.org_id, state, by.branch_id, limit)


async def find_page(
    tx: ReadTx, *, by: Seat, states: Sequence[ProposalState], made_by: UUID | None = None,
    after: store.Place | None = None, limit: int,
) -> list[tuple[Proposal, UUID | None]]:  # fmt: skip
    """A seat's proposals in these states beyond a place, each with the person who answered it: the open ones oldest
    first, the others newest first."""
    return await store.read_page(tx, by.org_id, states, by.branch_id, made_by, after, limit)


async def count_waiting(tx: ReadTx, *, by: Seat, now: datetime, most: int) -> int:
    """How many wait for this very person's answer; counted up to `most`."""
    kinds = [kind.name for kind in _KINDS.values() if by.role in kind.checkers]
    if not kinds:
        return 0
    return await store.count_waiting(tx, by.org_id, by.branch_id, kinds, by.person_id, now, most)


def why_not(proposal: Proposal, by: Seat, now: datetime) -> NotChecked | None:
    """Why a seat may not answer this proposal, or None."""
    return judge_check(proposal, by, _KINDS[proposal.kind].checkers, now)


async def _check(tx: Tx, proposal_id: UUID, by: Seat, now: datetime) -> tuple[Proposal, Kind]:
    proposal = await get(tx, proposal_id)
    kind = _KINDS[proposal.kind]
    if (why := why_not(proposal, by, now)) is not None:
        raise Refusal(PROBLEM_OF[why], why=why.value)
    if proposal.root_id is not None and tx.role is Role.ACT:
        await tx.narrow(case_id=proposal.root_id)
    if kind.lock is not None:
        await kind.lock(tx, proposal.case_id)
    return proposal, kind


async def _close(
    tx: Tx,
    proposal: Proposal,
    state: ProposalState,
    now: datetime,
    said: str | None,
    *,
    checker_id: UUID | None = None,
) -> Proposal:
    if not await store.close_proposal(tx, proposal.proposal_id, state, now, said):
        raise Refusal("wrong-state", why=NotChecked.CLOSED.value)
    if checker_id is not None:
        await store.insert_approval(tx, proposal, checker_id, state, now)
    await outbox.record(
        tx,
        ProposalClosed(
            stream_id=proposal.root_id or proposal.case_id, at=now, proposal_id=proposal.proposal_id,
            kind=proposal.kind, case_id=proposal.case_id, org_id=proposal.org_id, state=state.value,
        ),
    )  # fmt: skip
    await audit.write(tx, f"proposal.{state.value}", case_id=proposal.case_id, detail={"kind": proposal.kind})
    return replace(proposal, state=state, closed_at=now, said=said)
