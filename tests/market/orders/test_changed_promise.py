"""A promise that two people changed: clocks before its day and from it on, and the replay that reads the same rule."""

from datetime import date

from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Role
from app.office import proposals
from app.replay.service import replay_in
from tests.market.orders.conftest import WAN, City
from tests.market.parties.world import open_pool
from tests.market.promises.objects import scope, waiting_change
from tests.market.supervision.test_store_folded import freeze as set_clock
from tests.support import shanghai
from tests.web.app_for_tests import make_org, make_seat

FROM_ON = date(2026, 3, 12)
DECISION = "select due_on, count, state from clocks where kind = 'DECISION' and case_id = $1"


async def change_decision(city: City) -> None:
    """Seven workdays instead of ten from 12 March on, agreed on 2 March."""
    await set_clock(city.db, shanghai("2026-03-02 10:00"))
    org_id = await make_org(city.db, OrgKind.REGULATOR, "XY 监管二处")
    one, other = [await make_seat(city.db, SeatRole.REGULATOR, org_id, login=f"office-{n}") for n in (1, 2)]
    proposal_id = await waiting_change(city.db, one, "DECISION", FROM_ON)
    async with city.db.transaction(Role.REGULATOR, scope(other)) as tx:
        await proposals.approve(tx, proposal_id, by=other, now=tx.now)


async def test_a_changed_promise_is_for_clocks_that_start_under_it_by_both_reckonings(city: City) -> None:
    """Accepted the evening before: ten workdays; accepted that morning: seven; and the replay agrees."""
    await change_decision(city)
    await open_pool(city.db, city.banks[0], 100 * WAN, date(2026, 1, 1))
    parts = []
    for at in ("2026-03-11 17:00", "2026-03-12 09:00"):
        order_id = await city.post(0, at=shanghai("2026-03-10 10:00"), until_on=date(2026, 5, 20), amount_fen=40 * WAN)
        parts.append((await city.parts(order_id))[0]["suborder_id"])
        await city.accept(parts[-1], 0, shanghai(at))
        await city.contact(parts[-1], 0, shanghai("2026-03-13 09:00"))

    await city.work(shanghai("2026-03-24 09:00"))

    found = [tuple((await city.rows(DECISION, part))[0]) for part in parts]
    async with city.db.reading(Role.REPORTER) as tx:
        replayed = await replay_in(tx, as_of=tx.now)
    assert found == [(date(2026, 3, 25), 10, "running"), (date(2026, 3, 23), 7, "breached")]
    assert replayed.differences == ()
    assert (0, 1) == next(
        (row.value, row.of) for row in replayed.rows if (row.by, row.figure) == ("all", "decided_in_time")
    )
