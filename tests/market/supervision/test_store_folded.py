"""What is kept of figures is what a reckoning of the whole history gives, at every moment and over every part."""

from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.infra.db import Database, ReadTx, Role
from app.market.supervision import store
from app.market.supervision.jobs import fold
from app.market.supervision.rules import EVERYTHING, By, Within
from app.market.supervision.store import folded as store_folded
from tests.market.orders.conftest import City, city, keys  # noqa: F401 - fixtures
from tests.replay.city import play
from tests.support import shanghai

SUBORDERS = 60
UNTIL = shanghai("2025-11-20 12:00")
GROUPS = [by.value for by in By]


async def freeze(db: Database, at: object) -> None:
    async with db.transaction(Role.OPS) as tx:
        await tx.execute(
            "insert into business_clock (frozen_at) values ($1)"
            " on conflict (id) do update set frozen_at = excluded.frozen_at", at,
        )  # fmt: skip


async def fold_all(db: Database) -> int:
    """Let the worker fold until nothing is left."""
    done = 0
    while True:
        async with db.transaction(Role.WORKER) as tx:
            block = await fold(tx)
        if not block:
            return done
        done += block


async def parts_of(tx: ReadTx) -> list[Within]:
    """Everything; days that cut months; a single day; a bank, a product, two districts."""
    one = await tx.row("select bank_id, product_id from suborders order by suborder_id limit 1")
    assert one is not None
    cut = Within(from_on=date(2025, 9, 20), to_on=date(2025, 11, 7))
    return [
        EVERYTHING,
        cut,
        Within(from_on=date(2025, 10, 1), to_on=date(2025, 10, 31)),
        Within(from_on=date(2025, 10, 9), to_on=date(2025, 10, 9)),
        Within(to_on=date(2025, 10, 15)),
        Within(bank_id=one["bank_id"], from_on=date(2025, 9, 20)),
        Within(product_id=one["product_id"]),
        Within(districts=("500103", "500106"), to_on=date(2025, 10, 20)),
    ]


async def assert_equal_to_history(db: Database) -> None:
    """Compare every figure of every group over every part, as the regulator reads them."""
    async with db.reading(Role.REGULATOR) as tx:
        for part in await parts_of(tx):
            expected = await store.read_figures(tx, tx.now, GROUPS, part)
            actual = await store_folded.read_figures(tx, tx.now, GROUPS, part, medians=True)
            assert expected == actual, part
            asked = (tx, tx.now, "paused_workdays", ("all", ""), None, None, 200, part)
            assert await store.read_cases(*asked) == await store_folded.read_cases(*asked), part


@pytest.mark.parametrize("seed", [1, 7])
async def test_what_is_kept_equals_the_whole_history(db: Database, seed: int):
    """Before the worker has folded anything, halfway, and afterwards; also when the deadlines of what runs pass."""
    await freeze(db, UNTIL)
    await play(db, seed, SUBORDERS, UNTIL)

    await assert_equal_to_history(db)
    async with db.transaction(Role.WORKER) as tx:
        await tx.value("select supervision_fold($1, 40)", tx.now)
    await assert_equal_to_history(db)
    await fold_all(db)
    await assert_equal_to_history(db)
    for days in (1, 3, 30):
        await freeze(db, UNTIL + timedelta(days=days))
        await assert_equal_to_history(db)


async def test_folding_twice_adds_nothing(db: Database, admin: "asyncpg.Connection[asyncpg.Record]"):
    """A suborder that moves again is folded again; what is settled counts once."""
    await freeze(db, UNTIL)
    await play(db, 3, SUBORDERS, UNTIL)
    await fold_all(db)
    before = await admin.fetch("select * from supervision_sums order by 1, 2, 3, 4, 5, 6")

    await admin.execute("insert into supervision_touched (suborder_id) select suborder_id from suborders")
    again = await fold_all(db)

    assert SUBORDERS == again
    assert before == await admin.fetch("select * from supervision_sums order by 1, 2, 3, 4, 5, 6")


async def test_a_history_goes_on_after_it_was_folded(db: Database):
    """New suborders and new moves of old ones are counted at once, folded or not."""
    await freeze(db, UNTIL)
    await play(db, 4, SUBORDERS // 2, UNTIL)
    await fold_all(db)
    await play(db, 5, SUBORDERS // 2, UNTIL)
    await assert_equal_to_history(db)

    await fold_all(db)

    await assert_equal_to_history(db)


@pytest.mark.parametrize("counts", [None, True, False])
async def test_the_cases_are_those_of_the_whole_history(db: Database, counts: bool | None):
    """Page by page, newest first, whether they are folded or still open."""
    await freeze(db, UNTIL)
    await play(db, 6, SUBORDERS, UNTIL)
    await fold_all(db)

    async with db.reading(Role.REGULATOR) as tx:
        for figure in ("paused_workdays", "decided_in_time", "funnel:push", "paid_out_fen"):
            after: tuple[object, UUID] | None = None
            while True:
                asked = (tx, tx.now, figure, ("all", ""), counts, after, 7, EVERYTHING)
                expected = await store.read_cases(*asked)
                assert expected == await store_folded.read_cases(*asked)
                if not expected:
                    break
                after = (expected[-1]["at"], expected[-1]["suborder_id"])


async def test_a_suborder_that_goes_on_is_counted_once(city: City, db: Database):  # noqa: F811
    """A DECISION clock that ran when it was folded is late by the next fold and stopped by the third: its paused and
    used days move from the open to the late and to the settled, and are never told twice."""
    order_id = await city.post(0)
    part = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    for at in ("2025-09-26 09:00", "2025-10-10 09:00"):
        await city.work(shanghai(at))
        await fold_all(db)
        await assert_equal_to_history(db)
    await city.work(shanghai("2025-11-05 09:00"))  # Late since October.
    await fold_all(db)
    await assert_equal_to_history(db)

    await city.contact(part, 0, shanghai("2025-11-06 09:00"))
    await city.offer(part, 0, shanghai("2025-11-06 10:00"))
    await assert_equal_to_history(db)
    await fold_all(db)

    await assert_equal_to_history(db)
    async with db.reading(Role.REPORTER) as tx:
        assert 0 == await tx.value("select count(*) from supervision_open")
