"""Two-person acts on a real database: made, checked, raced for, expired."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.office import proposals
from app.office.proposals import Kind, Proposal, ProposalState, service

BANK, OTHER_BANK = new_id(), new_id()
MAKER = Seat(new_id(), BANK, SeatRole.BANK_ADMIN)
CHECKERS = [replace(MAKER, person_id=new_id()) for _ in range(4)]
BY_BANK = Scope(org_id=BANK, actor_id=MAKER.person_id)


async def _apply(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    if proposal.body.get("refuse"):
        raise Refusal("pool-below-used")
    await audit.write(tx, "rehearsal.applied", case_id=proposal.case_id)


async def _vet(tx: Tx, case_id: UUID, body: object, by: Seat, now: datetime) -> None:
    if body == {"impossible": True}:
        raise Refusal("amount-out-of-range")


MET: list[asyncio.Barrier] = []  # Where those who race wait for each other, past the rule and before the update.


async def _lock(tx: Tx, case_id: UUID) -> None:
    for barrier in MET:
        await barrier.wait()


ADMINS = frozenset({SeatRole.BANK_ADMIN})
proposals.register(Kind("rehearsal", ADMINS, ADMINS, _apply, _vet, _lock))


async def _propose(db: Database, body: dict[str, object] | None = None, case_id: UUID | None = None) -> Proposal:
    async with db.transaction(Role.BANK, BY_BANK) as tx:
        return await proposals.propose(tx, "rehearsal", case_id or new_id(), body or {}, by=MAKER, now=tx.now)


async def _applied(db: Database) -> int:
    async with db.reading(Role.REPORTER) as tx:
        return int(await tx.value("select count(*) from audit_events where act = 'rehearsal.applied'"))


async def _approve(db: Database, proposal_id: UUID, by: Seat, now: datetime | None = None) -> str:
    try:
        async with db.transaction(Role.BANK, Scope(org_id=by.org_id, actor_id=by.person_id)) as tx:
            return (await proposals.approve(tx, proposal_id, by=by, now=now or tx.now)).state.value
    except Refusal as refusal:
        return refusal.code


async def test_a_second_person_applies_what_the_first_proposed(db: Database) -> None:
    """Approval and effect are one transaction."""
    made = await _propose(db)

    answer = await _approve(db, made.proposal_id, CHECKERS[0])

    assert "approved" == answer
    assert 1 == await _applied(db)


async def test_the_maker_is_told_that_a_second_person_must_check(db: Database) -> None:
    """403 four-eyes, and nothing happens."""
    made = await _propose(db)

    answer = await _approve(db, made.proposal_id, MAKER)

    assert "four-eyes" == answer
    assert 0 == await _applied(db)


async def test_of_racing_approvals_and_rejections_one_wins(db: Database) -> None:
    """The proposal is closed by a guarded update; the others find it closed."""
    made = await _propose(db)

    async def reject(by: Seat) -> str:
        try:
            async with db.transaction(Role.BANK, BY_BANK) as tx:
                return (await proposals.reject(tx, made.proposal_id, "不同意", by=by, now=tx.now)).state.value
        except Refusal as refusal:
            return refusal.code

    first, second, third, fourth = CHECKERS
    MET.append(asyncio.Barrier(4))
    try:
        answers = await asyncio.gather(
            _approve(db, made.proposal_id, first), reject(second), _approve(db, made.proposal_id, third), reject(fourth)
        )
    finally:
        MET.clear()

    assert 3 == answers.count("wrong-state")
    assert answers.count("approved") == await _applied(db)


async def test_what_its_owner_refuses_on_approval_leaves_the_proposal_open(db: Database) -> None:
    """Approved means applied: both or neither."""
    made = await _propose(db, {"refuse": True})

    answer = await _approve(db, made.proposal_id, CHECKERS[0])

    assert "pool-below-used" == answer
    async with db.reading(Role.BANK, BY_BANK) as tx:
        assert ProposalState.OPEN == (await proposals.get(tx, made.proposal_id)).state


async def test_what_could_never_be_applied_is_refused_when_proposed(db: Database) -> None:
    """The maker learns it, not the checker a week later."""
    with pytest.raises(Refusal) as refused:
        await _propose(db, {"impossible": True})

    assert "amount-out-of-range" == refused.value.code


async def test_one_case_has_one_open_proposal_of_a_kind(db: Database) -> None:
    """Two that wait could contradict each other; after the first is closed the next may come."""
    case_id = new_id()
    made = await _propose(db, case_id=case_id)

    with pytest.raises(Refusal) as refused:
        await _propose(db, case_id=case_id)
    await _approve(db, made.proposal_id, CHECKERS[0])
    again = await _propose(db, case_id=case_id)

    assert "already-exists" == refused.value.code
    assert ProposalState.OPEN == again.state


async def test_an_unchecked_proposal_expires_and_cannot_be_approved_before_the_sweep(db: Database) -> None:
    """No result depends on when the worker ran."""
    made = await _propose(db)
    late = made.expires_at + timedelta(seconds=1)

    before_sweep = await _approve(db, made.proposal_id, CHECKERS[0], late)
    async with db.transaction(Role.WORKER) as tx:
        swept = await proposals.service.expire_due(tx, now=late)
    after_sweep = await _approve(db, made.proposal_id, CHECKERS[0], late)

    assert ("wrong-state", 1, "wrong-state") == (before_sweep, swept, after_sweep)
    assert 0 == await _applied(db)


async def test_the_end_of_a_case_voids_what_still_waits_on_it(db: Database) -> None:
    """A late approval must not act on a case that is over."""
    made = await _propose(db)

    async with db.transaction(Role.WORKER) as tx:
        voided = await proposals.void_open(tx, made.case_id, now=tx.now)
    answer = await _approve(db, made.proposal_id, CHECKERS[0])

    assert [made.proposal_id] == [proposal.proposal_id for proposal in voided]
    assert "wrong-state" == answer


async def test_another_bank_does_not_see_it(db: Database) -> None:
    """Missing and foreign are the same answer."""
    made = await _propose(db)

    answer = await _approve(db, made.proposal_id, Seat(new_id(), OTHER_BANK, SeatRole.BANK_ADMIN))

    assert "not-found" == answer


async def test_a_clerk_may_not_propose_what_is_for_head_office(db: Database) -> None:
    """The kind says who makes it."""
    clerk = replace(MAKER, role=SeatRole.BRANCH_CLERK, branch_id=new_id())

    with pytest.raises(Refusal) as refused:
        async with db.transaction(Role.BANK, BY_BANK) as tx:
            await proposals.propose(tx, "rehearsal", new_id(), {}, by=clerk, now=tx.now)

    assert "forbidden" == refused.value.code


async def test_only_what_waits_for_this_person_is_counted(db: Database) -> None:
    """Not one's own, not what is over or too late, and nothing for a role that checks nothing of the kind."""
    made = await _propose(db)
    closed = await _propose(db)
    await _approve(db, closed.proposal_id, CHECKERS[0])
    clerk = replace(CHECKERS[1], role=SeatRole.BRANCH_CLERK)
    async with db.reading(Role.BANK, BY_BANK) as tx:

        async def count(by: Seat, now: datetime) -> int:
            return await service.count_waiting(tx, by=by, now=now, most=10)

        counted = [await count(by, tx.now) for by in (MAKER, CHECKERS[0], clerk)]
        late = await count(CHECKERS[0], made.expires_at)

    assert [0, 1, 0] == counted
    assert 0 == late


async def test_pages_of_proposals_follow_each_other_and_name_who_answered(db: Database) -> None:
    """Open ones the oldest first, closed ones the newest first, each page beyond the last row of the one before."""
    made = [await _propose(db) for _ in range(3)]
    for one in made[:2]:
        await _approve(db, one.proposal_id, CHECKERS[1])
    async with db.reading(Role.BANK, BY_BANK) as tx:
        waiting = await service.find_page(tx, by=MAKER, states=(ProposalState.OPEN,), limit=5)
        first = await service.find_page(tx, by=MAKER, states=(ProposalState.APPROVED,), limit=1)
        place = (first[0][0].made_at, first[0][0].proposal_id)
        second = await service.find_page(tx, by=MAKER, states=(ProposalState.APPROVED,), after=place, limit=5)
        others = await service.find_page(
            tx, by=MAKER, states=(ProposalState.OPEN,), made_by=CHECKERS[0].person_id, limit=5
        )

    assert [(made[2].proposal_id, None)] == [(one.proposal_id, who) for one, who in waiting]
    assert [made[1].proposal_id, made[0].proposal_id] == [one.proposal_id for one, _ in (*first, *second)]
    assert {CHECKERS[1].person_id} == {who for _, who in (*first, *second)}
    assert [] == others
