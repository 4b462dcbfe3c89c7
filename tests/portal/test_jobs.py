"""Operators are reminded of a missing year of the calendar: by a message, once in each stretch of days."""

from app.infra.db import Database, Role
from app.portal.jobs import MISSING_YEAR, remind_of_calendar
from tests.support import shanghai


async def remind(db: Database, at: str) -> int:
    async with db.transaction(Role.OPS) as tx:
        await tx.execute(
            "insert into business_clock (frozen_at) values ($1) on conflict (id) do update set frozen_at = $1",
            shanghai(at),
        )
    async with db.transaction(Role.WORKER) as tx:
        return await remind_of_calendar(tx)


async def test_operators_hear_weekly_of_a_year_that_is_not_loaded(db: Database):
    """From 1 November on, by the dated policy; the same stretch of days tells nothing twice."""
    told = [await remind(db, f"2026-{day} 09:00") for day in ("10-31", "11-01", "11-02", "11-07", "11-08", "11-24")]

    assert [0, 1, 0, 0, 1, 1] == told
    async with db.reading(Role.WORKER) as tx:
        rows = await tx.fetch("select audience, kind, slots from messages order by happened_at")
    assert {("operator", MISSING_YEAR, "2027")} == {
        (row["audience"], row["kind"], row["slots"]["year"]) for row in rows
    }
