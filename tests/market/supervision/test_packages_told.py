"""Packages among the figures."""

import asyncpg

from app.infra.db import Role
from app.replay import replay_sla
from tests.market.orders.conftest import City, city, keys  # noqa: F401 - fixtures
from tests.support import shanghai


async def test_a_package_sealed_after_the_instant_that_it_tells_of_counts(
    city: City,  # noqa: F811
    admin: asyncpg.Connection,
) -> None:
    """On a clock that runs the two are never the same instant; both are asked for as of a third."""
    part = (await city.parts(await city.post(0)))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await admin.execute("set session_replication_role = replica")
    await admin.execute("update packages set as_of = sealed_at - interval '1 second'")
    await city.set_clock(shanghai("2025-09-26 09:00"))

    found = await replay_sla(city.db)

    async with city.db.reading(Role.REPORTER) as tx:
        shown = await tx.value(
            "select value from supervision_v_figures($1, array['all']) where figure = 'packages'", tx.now
        )
    assert (1, ()) == (shown, found.differences)
