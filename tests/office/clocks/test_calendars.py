"""Clocks by other calendars than the State Council's: a dated policy names whose hours count, a clock keeps them."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.infra.db import Database, Role
from app.kernel.ids import new_id
from app.office import clocks
from app.office.clocks import CaseRef
from app.office.clocks.service.keeping import branch_key
from tests.office.clocks.test_cases import KIND, Invented
from tests.office.clocks.test_cases import invented as invented
from tests.office.clocks.test_recounting import NOTICE, announced
from tests.support import shanghai

FIRM, BANK, BRANCH, OTHER = (UUID(int=n) for n in (1, 2, 30, 31))
START = shanghai("2026-12-30 16:30")  # A Wednesday.
HOURS: dict[str, Any] = {
    "inherits": "cn",
    "week": {"mon-fri": ["09:00-12:00", "13:30-17:00"], "sat": ["09:00-12:00"]},
}
POLICY: dict[str, Any] = {"owner": "bank", "pause_cap": 0, "rungs": [{"share": 50, "told": ["branch"]}]}


async def load(admin: asyncpg.Connection, kind: str, key: str, body: dict[str, Any], version: int = 1) -> None:
    await admin.execute("select load_policy($1, $2, $3, '2018-01-01', null, $4)", kind, key, version, json.dumps(body))


async def begin(db: Database, branch_id: UUID | None, key: str) -> CaseRef:
    root_id = new_id()
    case = CaseRef(root_id, KIND, root_id, FIRM, BANK, branch_id)
    async with db.transaction(Role.WORKER) as tx:
        await tx.execute("insert into leases values ($1, $2, $3)", str(root_id), root_id, START)
        await clocks.start(tx, case, key, at=START)
    return case


async def kept(db: Database, case: CaseRef) -> tuple[Any, ...]:
    async with db.reading(Role.WORKER) as tx:
        row = await tx.row(
            "select calendar_key, calendar_version, base_version, due_on, due_at from clocks_v_clocks"
            " where root_id = $1", case.root_id
        )  # fmt: skip
    assert row is not None
    return (row[0], *row[1:3], row["due_on"].isoformat(), row["due_at"].astimezone(UTC))


def local(text: str) -> datetime:
    return shanghai(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("stated", "branch_id", "unit", "count", "found"),
    [
        ("branch", BRANCH, "working_minutes", 60, ("own", 1, 1, "2026-12-31", "2026-12-31 09:30")),
        ("branch", BRANCH, "workdays", 3, ("own", 1, 1, "2027-01-02", "2027-01-03 00:00")),  # Open on Saturdays.
        ("branch", OTHER, "workdays", 3, ("cn", 1, 0, "2027-01-04", "2027-01-05 00:00")),  # Without hours of its own.
        ("branch", None, "workdays", 3, ("cn", 1, 0, "2027-01-04", "2027-01-05 00:00")),
        ("national", BRANCH, "workdays", 3, ("cn", 1, 0, "2027-01-04", "2027-01-05 00:00")),
        ("xy-hall", BRANCH, "working_minutes", 60, ("xy-hall", 1, 0, "2026-12-30", "2026-12-30 21:00")),
    ],
)
async def test_a_clock_is_counted_by_the_calendar_that_its_policy_names(
    db: Database, admin: asyncpg.Connection, stated: str, branch_id: UUID | None, unit: str, count: int, found: Any
) -> None:
    """By the hours of the branch concerned while it has some, the State Council's days, or those of a stated key."""
    await load(admin, "calendar", branch_key(BRANCH), HOURS)
    await load(admin, "calendar", "xy-hall", {"zone": "Asia/Shanghai", "week": {"wed": ["20:00-22:00"]}, "years": []})
    await load(admin, "clock", "INVENTED", POLICY | {"unit": unit, "count": count, "calendar": stated})

    case = await begin(db, branch_id, "INVENTED")

    key, *versions, due_on, due_at = found
    key = branch_key(BRANCH) if key == "own" else key
    assert (key, *versions, due_on, local(due_at)) == await kept(db, case)


async def test_hours_that_arrive_later_move_no_clock_that_runs(
    db: Database, admin: asyncpg.Connection, invented: Invented
) -> None:
    """A branch without hours went by the State Council's days; that is how the promise was told."""
    await load(admin, "clock", "INVENTED", POLICY | {"unit": "workdays", "count": 3, "calendar": "branch"})
    before = await begin(db, BRANCH, "INVENTED")

    await load(admin, "calendar", branch_key(BRANCH), HOURS)
    recounted = await clocks.recounting.recount(db, {}, shanghai("2026-12-30 17:00"))
    after = await begin(db, BRANCH, "INVENTED")

    assert (0, "cn", branch_key(BRANCH)) == (recounted, (await kept(db, before))[0], (await kept(db, after))[0])


async def test_a_notice_moves_the_clocks_of_every_calendar_that_inherits_it(
    db: Database, admin: asyncpg.Connection, invented: Invented
) -> None:
    """Counted again by the branch's own hours on the new days, the log says by what, and the account follows."""
    body = HOURS | {"name": "hours of XY"}  # A process keeps what it has read of a version.
    await load(admin, "calendar", branch_key(OTHER), body, 70)
    await load(admin, "clock", "INVENTED", POLICY | {"unit": "working_minutes", "count": 600, "calendar": "branch"})
    case = await begin(db, OTHER, "INVENTED")
    before = await kept(db, case)

    await load(admin, "calendar", "cn", announced(NOTICE), 71)
    now = shanghai("2026-12-30 17:00")
    counts = [await clocks.recounting.recount(db, {}, now), await clocks.recounting.recount(db, {}, now)]

    key = branch_key(OTHER)
    assert (key, 70, 1, "2027-01-01", local("2027-01-01 12:00")) == before  # 30 + 390 + 180 minutes.
    assert [1, 0] == counts
    assert (key, 70, 71, "2027-01-04", local("2027-01-04 12:00")) == await kept(db, case)
    rows = await admin.fetch(
        "select calendar_key, from_version, to_version, from_base, to_base, old_due_on, due_on from clocks_v_recounts"
    )
    assert [(key, 70, 70, 1, 71, date(2027, 1, 1), date(2027, 1, 4))] == [tuple(row) for row in rows]
    async with db.reading(Role.WORKER) as tx:
        why = (await clocks.explain(tx, case.root_id, now=now))[case.case_id, "INVENTED"]
    assert (key, date(2027, 1, 4)) == (why.calendar_key, why.lines[-1].day)


async def test_a_changed_policy_holds_for_new_clocks_from_its_day_on(db: Database, admin: asyncpg.Connection) -> None:
    """Seven days instead of ten, minutes instead of days, another calendar, other rungs: by date, and for new ones."""
    await load(admin, "clock", "INVENTED", POLICY | {"unit": "workdays", "count": 3})
    old = await begin(db, None, "INVENTED")
    later = POLICY | {"unit": "minutes", "count": 90, "rungs": [{"share": 10, "told": ["firm"]}]}
    await admin.execute(
        "select load_policy('clock', 'INVENTED', 2, '2026-12-31', null, $1)", json.dumps(later)
    )  # fmt: skip
    same_day = await begin(db, None, "INVENTED")
    async with db.transaction(Role.WORKER) as tx:
        case = CaseRef(new_id(), KIND, new_id())
        due = await clocks.start(tx, case, "INVENTED", at=shanghai("2026-12-31 00:00"))

    assert await kept(db, old) == await kept(db, same_day)
    assert local("2026-12-31 01:30") == due.due_at.astimezone(UTC)
    shares = await admin.fetch("select share from clock_rungs where root_id = $1", case.root_id)
    assert [10] == [row["share"] for row in shares]
