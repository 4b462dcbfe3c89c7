"""P10: the figures a regulator is shown equal a replay of what happened, and need no clock to be replayed."""

import json

import asyncpg
import pytest

from app.infra.db import Database
from app.market.orders.service.sweeping import CASE_KINDS
from app.market.orders.store import lock_free
from app.office import clocks
from app.replay import Row, replay_sla
from tests.replay.city import play
from tests.support import REPOSITORY, shanghai

AS_OF = shanghai("2025-11-20 12:00")


def whole(rows: tuple[Row, ...]) -> dict[str, tuple[int, int]]:
    """The figures over all, by name."""
    return {row.figure: (row.value, row.of) for row in rows if row.by == "all"}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_supervision_shows_what_the_replay_reckons(db: Database, seed: int) -> None:
    """Two implementations, SQL over clocks and a walk over moves, on random histories across the National Day."""
    await play(db, seed, 60, AS_OF)

    found = await replay_sla(db, as_of=AS_OF)

    figures = whole(found.rows)
    print(f"\nseed {seed}: {found.cases} suborders, {len(found.rows)} figures, {len(found.differences)} differences;",
          ", ".join(f"{name} {value}/{of}" for name, (value, of) in sorted(figures.items())))  # fmt: skip
    assert found.differences == ()
    assert figures["funnel:push"] == (60, 60)
    assert min(figures["decided_in_time"][0], figures["paused_workdays"][0], figures["paid_out_fen"][0]) > 0
    assert figures["decided_in_time"][0] < figures["decided_in_time"][1], "some decisions came too late"


async def test_at_any_instant_of_the_past_they_agree_too(db: Database) -> None:
    """As of a holiday, a make-up Sunday and the very instants on which days end."""
    await play(db, 7, 40, AS_OF)

    for text in ("2025-09-24 00:00", "2025-09-28 15:00", "2025-10-05 12:00", "2025-10-16 00:00", "2025-10-16 00:01"):
        assert (await replay_sla(db, as_of=shanghai(text))).differences == (), text


async def test_a_promise_that_is_broken_counts_before_anybody_has_fired_its_clock(
    db: Database, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """No figure depends on when the worker ran: a deadline that has passed is a deadline that has passed."""
    await play(db, 2, 60, AS_OF)
    fired = await replay_sla(db, as_of=AS_OF)

    await admin.execute("update clocks set state = 'running' where state = 'breached' and stopped_at is null")
    unfired = await replay_sla(db, as_of=AS_OF)

    assert (fired.rows, ()) == (unfired.rows, unfired.differences)


async def test_with_every_clock_row_dropped_the_replay_prints_the_same(
    db: Database, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """The figures rest on what happened; the clocks only rang in time."""
    await play(db, 4, 40, AS_OF)
    before = await replay_sla(db, as_of=AS_OF)

    await admin.execute("truncate clocks, clock_pauses, clock_rungs, clock_recounts")
    after = await replay_sla(db, as_of=AS_OF)

    assert before.rows == after.rows
    assert before.differences == ()
    assert after.differences, "and supervision, which reads clocks, is seen to differ"


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_notice_that_arrives_in_between_leaves_no_difference(
    db: Database, admin: "asyncpg.Connection[asyncpg.Record]", seed: int
) -> None:
    """Deadlines of before stay by the days that were known, those that ran go by what they were counted by again, and
    those told at too short notice stay: the replay follows the log of it, without the clocks too."""
    body = json.loads((REPOSITORY / "migrations/policies/calendar.json").read_text())[-1]["body"]
    year = next(one for one in body["years"] if one["year"] == 2025)
    later = year | {
        "holidays": [*year["holidays"], {"name": "invented", "from": "2025-10-09", "to": "2025-10-10"}],
        "make_up": [*year["make_up"], {"on": "2025-09-27", "for": "invented"}],
    }
    body = body | {"years": [later if one["year"] == 2025 else one for one in body["years"]]}
    at = shanghai("2025-09-26 12:00")

    async def arrive() -> None:
        await admin.execute(
            "select load_policy('calendar', 'cn', 95, '2018-01-01', null, $1, $2)", json.dumps(body), at
        )
        while await clocks.recounting.recount(db, dict.fromkeys(CASE_KINDS, lock_free), at):
            pass

    await play(db, seed, 60, AS_OF, midway=(at, arrive))
    found = await replay_sla(db, as_of=AS_OF)
    outcomes = await admin.fetch("select body ->> 'outcome' as said, count(*) from outbox group by 1")
    await admin.execute("truncate clocks, clock_pauses, clock_rungs, clock_recounts")
    after = await replay_sla(db, as_of=AS_OF)

    print(f"\nseed {seed}: counted again {dict(tuple(row) for row in outcomes)}")
    assert () == found.differences
    assert {"moved", "same"} <= {row["said"] for row in outcomes}
    assert found.rows == after.rows


async def test_a_forged_clock_is_found(db: Database, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Whoever turns a breach into a success is named by the figure it changes."""
    await play(db, 2, 60, AS_OF)

    forged = "update clocks set state = 'met', stopped_at = due_at - interval '1 hour' where clock_id in"
    await admin.execute(
        f"{forged} (select clock_id from clocks where kind = 'DECISION' and state = 'breached' limit 1)"
    )
    found = await replay_sla(db, as_of=AS_OF)

    assert any("all - decided_in_time" in line for line in found.differences)
