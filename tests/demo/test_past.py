"""A past that is lived through the rooms' own commands keeps every promise that the rooms make."""

from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from app.cli_calendar import load_calendar
from app.demo.city import make_city
from app.demo.load import load_city, load_month
from app.demo.past import Past
from app.demo.plans import Days, make_plans
from app.infra import vault
from app.infra.db import Database, Role
from app.invariants import check_all
from app.kernel.clock import shanghai_date
from app.kernel.workdays import starts_at
from app.replay import replay_sla
from tests.support import shanghai

VISIT = shanghai("2026-03-20 17:30")


async def freeze(db: Database, at: datetime) -> None:
    async with db.transaction(Role.OPS) as tx:
        await tx.execute(
            "insert into business_clock (frozen_at) values ($1)"
            " on conflict (id) do update set frozen_at = excluded.frozen_at", at,
        )  # fmt: skip


async def live(db: Database, folder: Path) -> Past:
    """Six weeks of a small city: every fifth of its drawn orders, and those that stand open on the day of the visit."""
    city, days = make_city(shanghai_date(VISIT) - timedelta(days=42), firms=8), Days(load_calendar())
    await freeze(db, starts_at(city.today) + timedelta(hours=8))
    loaded = await load_city(db, city, folder, lambda *_: None, until=shanghai_date(VISIT))
    plans = make_plans(city.firms, days, days.shift(city.today, 1), shanghai_date(VISIT), seed=city.seed)
    chosen = [plan for plan in plans if plan.number % 5 == 0 or plan.number >= 190]
    past = Past(
        db, city, days, chosen, loaded.seats, loaded.clerks, set_clock=lambda at: freeze(db, at), told=lambda *_: None
    )
    month_on = days.shift(city.today + timedelta(days=30), 0)
    past.at(days.at(month_on, 0), lambda: _month(db, past, folder, month_on))
    await past.live_until(VISIT)
    await freeze(db, VISIT)
    return past


async def _month(db: Database, past: Past, folder: Path, on: object) -> None:
    await load_month(db, past.city, folder, on, lambda *_: None)  # type: ignore[arg-type]


@pytest.mark.timeout(240)
async def test_the_past_leaves_every_state_and_breaks_no_truth(
    db: Database, admin: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
):
    """What a visitor finds: work in every state, some of it late and some due today; figures that a replay confirms."""
    vault.unlock(tmp_path / "keys")

    past = await live(db, tmp_path / "files")

    states = {row["state"] for row in await admin.fetch("select distinct state from suborders")}
    due_today = await admin.fetchval(
        "select count(*) from clocks where state = 'running' and due_on = $1 and owner = 'bank'", shanghai_date(VISIT)
    )
    reasons = {row["reason_code"] for row in await admin.fetch("select distinct reason_code from refusals")}
    assert {"pushed", "accepted", "investigating", "offered", "picked", "signed", "paying", "refused"} <= states
    assert due_today >= 3
    assert len(reasons) >= 3
    urged = {row["state"] for row in await admin.fetch("select distinct state from urges")}
    assert {"closed"} < urged, "urges that are open and others that are closed"
    assert await admin.fetchval("select count(*) from circulars")
    assert 0 == await admin.fetchval("select count(*) from refusals where evidence is null")
    assert past.tally["已放款"] > 5
    assert () == (await replay_sla(db)).differences
    assert {} == {one.name: one.broken for one in await check_all(db) if one.broken}
