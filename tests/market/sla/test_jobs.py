"""The platform's own promise: ten minutes until a bank that is told knows of its package."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.infra.db import Role, Scope
from app.kernel.ids import new_id
from app.market import sla
from app.market.packages.events import DeliveryFailed, PackageDelivered
from app.office import deliveries
from tests.market.orders.conftest import City, city, keys
from tests.support import shanghai

__all__ = ["city", "keys"]  # Fixtures of the orders' tests.
ACCEPTED = shanghai("2025-09-25 09:00")
DELIVERY = "select state, due_at, stopped_at from clocks where kind = 'DELIVERY'"


async def accepted(city: City, *, is_told: bool = True) -> UUID:
    """A suborder that was accepted at 09:00 by a bank with, or without, an endpoint."""
    if is_told:
        admin = city.banks[0].maker
        async with city.db.transaction(Role.BANK, Scope(admin.org_id, admin.person_id)) as tx:
            await deliveries.register_endpoint(tx, "https://bank.example.com/told", kinds=["*"], by=admin)
    order_id = await city.post(0)
    part: UUID = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, ACCEPTED)
    return part


async def tell(city: City, kind: type[Any], at: datetime, **more: object) -> None:
    """What the deliveries' events lead to, at a business instant."""
    await city.set_clock(at)
    async with city.db.transaction(Role.WORKER) as tx:
        row = await tx.row("select * from suborders")
        assert row is not None
        names = ("order_id", "suborder_id", "business_id", "bank_id", "branch_id")
        event = kind(stream_id=row["order_id"], at=at, package_id=new_id(), **{n: row[n] for n in names}, **more)
        listener = {PackageDelivered: sla.package_delivered, DeliveryFailed: sla.delivery_failed}[kind]
        await listener(tx, event)


async def fail(city: City, at: datetime) -> None:
    await tell(city, DeliveryFailed, at, outcome="timeout", try_number=1, began_at=at, ended_at=at, dead=False)


async def test_a_bank_that_is_told_in_time(city: City) -> None:
    """Minutes count by the clock, day and night."""
    await accepted(city)

    await tell(city, PackageDelivered, shanghai("2025-09-25 09:04"), told_at=ACCEPTED)

    assert [("met", shanghai("2025-09-25 09:10"), shanghai("2025-09-25 09:04"))] == await city.rows(DELIVERY)


async def test_a_platform_that_is_late_breaches_its_own_promise(city: City) -> None:
    """A fact like any other, by the platform, and nothing ends by it."""
    part = await accepted(city)

    await city.work(shanghai("2025-09-25 09:10"))

    assert [("breached", shanghai("2025-09-25 09:10"), None)] == await city.rows(DELIVERY)
    assert [("accepted", ["DELIVERY"])] == await city.rows(
        "select state, breached from suborders where suborder_id = $1", part
    )
    async with city.db.reading(Role.WORKER) as tx:
        owner = await tx.value("select body ->> 'owner' from outbox where kind = 'ClockBreached'")
    assert "platform" == owner


async def test_a_bank_whose_endpoint_is_down_stops_the_platforms_time(city: City) -> None:
    """Proved by the try that failed; the minutes before it count."""
    await accepted(city)

    await fail(city, shanghai("2025-09-25 09:06"))
    await city.work(shanghai("2025-09-25 12:00"))
    await tell(city, PackageDelivered, shanghai("2025-09-25 12:00"), told_at=ACCEPTED)

    assert [("met", shanghai("2025-09-25 12:04"), shanghai("2025-09-25 12:00"))] == await city.rows(DELIVERY)


async def test_a_bank_that_only_pulls_has_no_such_clock(city: City) -> None:
    """Nobody promised to tell it."""
    await accepted(city, is_told=False)

    assert [] == await city.rows(DELIVERY)
