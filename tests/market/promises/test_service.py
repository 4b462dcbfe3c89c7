"""A promise is changed by two people, from a day on, and the database itself asks for both (P25)."""

from datetime import date

import asyncpg
import pytest

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role
from app.kernel.errors import Refusal
from app.market.orders.events import Clock
from app.market.promises.service import read_promise
from app.market.sla.jobs import policy_of
from app.office import policies, proposals
from app.office.policies import Policy
from tests.market.promises.objects import RUNGS, scope, waiting_change
from tests.market.supervision.test_store_folded import freeze as set_clock
from tests.support import shanghai
from tests.web.app_for_tests import make_org, make_seat

FROM_ON = date(2026, 4, 1)
NOW = shanghai("2026-03-02 09:00")


@pytest.fixture
async def office(db: Database) -> tuple[Seat, Seat]:
    """Two people of a supervising office, on 2 March 2026."""
    await set_clock(db, NOW)
    org_id = await make_org(db, OrgKind.REGULATOR, "XY 监管二处")
    one, other = [await make_seat(db, SeatRole.REGULATOR, org_id, login=f"office-{n}") for n in (1, 2)]
    return one, other


async def approve(db: Database, proposal_id: object, seat: Seat) -> None:
    async with db.transaction(Role.REGULATOR, scope(seat)) as tx:
        await proposals.approve(tx, proposal_id, by=seat, now=tx.now)  # type: ignore[arg-type]


async def test_two_people_change_a_promise_from_a_day_on(db: Database, office: tuple[Seat, Seat]) -> None:
    """Clocks that start before that day go by the old version, those from it on by the new one."""
    one, other = office
    proposal_id = await waiting_change(db, one, "DECISION", FROM_ON)
    with pytest.raises(Refusal) as refused:
        await approve(db, proposal_id, one)

    await approve(db, proposal_id, other)

    async with db.reading(Role.WORKER) as tx:
        before, after = [await policy_of(tx, Clock.DECISION, on) for on in (date(2026, 3, 31), FROM_ON)]
        promise = await read_promise(tx, "DECISION")
    assert refused.value.code == "four-eyes"
    assert (before.count, after.count) == (10, 7)
    assert [(one.share, one.told) for one in after.rungs] == [(one.share, one.told) for one in RUNGS]
    assert after.words == before.words
    assert [one.number for one in promise.versions] == [1, 2, 3]


async def test_a_change_that_came_too_late_is_not_made(db: Database, office: tuple[Seat, Seat]) -> None:
    """The second person answers after the day on which it should have begun: nothing is changed backwards."""
    one, other = office
    proposal_id = await waiting_change(db, one, "SIGN", date(2026, 3, 3))
    await set_clock(db, shanghai("2026-03-03 00:00"))

    with pytest.raises(Refusal) as refused:
        await approve(db, proposal_id, other)

    async with db.reading(Role.REGULATOR, scope(one)) as tx:
        promise = await read_promise(tx, "SIGN")
    assert (refused.value.code, refused.value.extra["why"]) == ("wrong-state", "too_soon")
    assert len(promise.versions) == 2
    assert promise.waiting is not None


@pytest.mark.parametrize(
    ("kind", "key", "valid_from"),
    [
        ("clock", "PAYOUT", FROM_ON), ("clock", "DECISION", date(2026, 3, 31)),
        ("gaming", "DECISION", FROM_ON),
    ],
)  # fmt: skip
async def test_the_database_takes_no_version_that_two_people_did_not_agree_on(
    db: Database, office: tuple[Seat, Seat], kind: str, key: str, valid_from: date
) -> None:
    """Another promise, another day, another kind of policy: one approval stands for just what it says."""
    one, other = office
    await approve(db, await waiting_change(db, one, "DECISION", FROM_ON), other)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(Role.REGULATOR, scope(one)) as tx:
            await policies.add(tx, Policy(kind, key, 9, valid_from, None, {}))
