"""A quarter and the National Day holiday, 1 July to 15 October 2026, with 500 orders of the seeded city.

Invented firms and banks act by the business clock, through the rooms' own commands. July, August and
September are frozen by two people on the way. A replay agrees then and at the end, with the clocks and without them.
The deadlines below were counted by hand on the State Council's notice for 2026: off 25–27 September and 1–7 October,
at work on Sunday 20 September and Saturday 10 October.
"""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from rich.console import Console
from rich.table import Table

from app.access.seats import Seat
from app.cli_calendar import load_calendar
from app.demo.city import City, make_city
from app.demo.load import load_city, load_month
from app.demo.past import Past
from app.demo.plans import Days, make_plans
from app.infra import vault
from app.infra.db import Database, Role
from app.infra.outbox import drain
from app.invariants import check_all
from app.kernel.clock import shanghai_date
from app.kernel.workdays import add_workdays, starts_at
from app.market import orders, supervision
from app.market.supervision.service import months
from app.office import clocks
from app.replay import Replay, replay_month, replay_sla
from tests.market.supervision.objects import freeze_month
from tests.support import shanghai

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

FIRST_ON, END = date(2026, 7, 1), shanghai("2026-10-15 20:00")
ORDERS, DRAWN, TWISTED = 500, 490, 0.3
FROZEN = {  # Each on a morning on which nobody else is at work yet.
    date(2026, 7, 1): shanghai("2026-08-05 08:30"),
    date(2026, 8, 1): shanghai("2026-09-04 08:30"),
    date(2026, 9, 1): shanghai("2026-10-12 08:30"),
}
COUNTED = [  # The day of the start, workdays, the last day.
    ("2026-09-18", 2, "2026-09-21"), ("2026-09-24", 7, "2026-10-12"), ("2026-09-24", 10, "2026-10-15"),
    ("2026-09-28", 10, "2026-10-16"), ("2026-09-30", 10, "2026-10-20"), ("2026-09-30", 1, "2026-10-08"),
]  # fmt: skip
LIVED = {  # What the promises to answer (2), to call (3) and to decide (10) must have come to, if they never paused.
    ("ACCEPT", date(2026, 9, 18)): date(2026, 9, 21), ("ACCEPT", date(2026, 9, 24)): date(2026, 9, 29),
    ("ACCEPT", date(2026, 9, 29)): date(2026, 10, 8), ("ACCEPT", date(2026, 9, 30)): date(2026, 10, 9),
    ("CONTACT", date(2026, 9, 28)): date(2026, 10, 8), ("CONTACT", date(2026, 9, 30)): date(2026, 10, 10),
    ("DECISION", date(2026, 9, 24)): date(2026, 10, 15), ("DECISION", date(2026, 9, 28)): date(2026, 10, 16),
    ("DECISION", date(2026, 9, 30)): date(2026, 10, 20),
}  # fmt: skip
DUE = """
select distinct k.kind, (k.started_at at time zone 'Asia/Shanghai')::date as started_on, k.due_on from clocks k
 where k.kind = any($1) and k.policy_key in ('', k.kind) and k.gen = 1
   and not exists (select 1 from clock_pauses p where p.clock_id = k.clock_id)
   and not exists (select 1 from suborders s where s.suborder_id = k.case_id and s.origin in ('moved', 'appeal'))
"""
ACROSS = "select count(*) from clock_pauses where paused_at < $1 and coalesce(resumed_at, $2) >= $2"
HAPPENED = (
    "已放款", "已选定授信方案", "已签约", "已撤回需求", "已撤回授权", "已放弃余额", "已还本", "已还清", "已标记逾期",
    "已结清", "已投诉", "已评价", "已否认联系", "已质疑材料", "已补充材料", "已撤回方案", "已转网点", "已申诉",
    "申诉成立", "申诉不成立",
)  # fmt: skip
ENDS = {"serviced", "refused", "lapsed", "withdrawn", "passed_over", "moved"}
Admin = asyncpg.Connection
console = Console(width=120)


@pytest.mark.parametrize(("start", "workdays", "last"), COUNTED)
def test_deadlines_across_the_holiday_are_those_counted_by_hand(start: str, workdays: int, last: str):
    """The day of the start does not count; days off do not count; make-up workdays do."""
    due = add_workdays(load_calendar(), date.fromisoformat(start), workdays)

    assert date.fromisoformat(last) == due.due_on


async def test_a_quarter_and_the_holiday_with_500_orders(db: Database, admin: Admin, tmp_path: Path):
    """Everything that a quarter brings, within two minutes; three frozen months and every figure equal a replay."""
    vault.unlock(tmp_path / "keys")
    began = time.monotonic()
    past = await _live(db, tmp_path)
    found = await _judge(db, admin)
    seconds = time.monotonic() - began
    await _print(db, admin, past, found, seconds)

    assert past.tally["已发布需求"] >= ORDERS
    assert [] == [what for what in HAPPENED if not past.tally[what]]
    assert {} == {one.name: one.broken for one in await check_all(db) if one.broken}
    assert await _shares(db) is not None
    await admin.execute("truncate clock_pauses, clocks cascade")
    assert found.rows == (await replay_sla(db)).rows
    await _frozen_equal_replay(db)


async def _live(db: Database, home: Path) -> Past:
    city, days = make_city(FIRST_ON), Days(load_calendar())
    await _stand(db, starts_at(FIRST_ON) + timedelta(hours=8))
    loaded = await load_city(db, city, home / "files", _silent, until=shanghai_date(END))
    two = loaded.seats["regulator"], loaded.seats["regulator2"]
    plans = make_plans(
        city.firms, days, FIRST_ON, shanghai_date(END), seed=city.seed, drawn=DRAWN, twists=TWISTED
    )  # fmt: skip
    past = Past(
        db, city, days, plans, loaded.seats, loaded.clerks, set_clock=lambda at: _stand(db, at), told=_silent
    )  # fmt: skip
    for on in (date(2026, 8, 3), date(2026, 9, 2), date(2026, 10, 9)):
        past.at(days.at(on, 0), lambda on=on: _month(db, city, home, on))  # type: ignore[misc]
    for month, at in FROZEN.items():
        past.at(at, lambda month=month: _freeze(db, month, *two))  # type: ignore[misc]
    await past.live_until(END)
    await _stand(db, END)
    await _settle(db)
    return past


async def _month(db: Database, city: City, home: Path, on: date) -> None:
    await load_month(db, city, home / "files", on, _silent)


async def _freeze(db: Database, month: date, first: Seat, second: Seat) -> None:
    await _settle(db)
    await freeze_month(db, month, first, second)


async def _settle(db: Database) -> None:
    """What a worker does, until nothing is left."""
    while await orders.sweep(db) or await clocks.sweep(db) or await drain(db) or await _fold(db):
        pass


async def _fold(db: Database) -> int:
    async with db.transaction(Role.WORKER) as tx:
        return await supervision.fold(tx)


async def _stand(db: Database, at: datetime) -> None:
    async with db.transaction(Role.OPS) as tx:
        await tx.execute(
            "insert into business_clock (frozen_at) values ($1)"
            " on conflict (id) do update set frozen_at = excluded.frozen_at", at,
        )  # fmt: skip


def _silent(_kind: str, _rows: int) -> None:
    pass


async def _judge(db: Database, admin: Admin) -> Replay:
    """The replay agrees, for today and for each month when it was frozen; deadlines fell where they were counted."""
    found = await replay_sla(db)
    assert () == found.differences
    await _frozen_equal_replay(db)
    due: dict[tuple[str, date], set[date]] = {}
    for kind, started_on, due_on in await admin.fetch(DUE, sorted({kind for kind, _on in LIVED})):
        due.setdefault((kind, started_on), set()).add(due_on)
    assert {place: {on} for place, on in LIVED.items()} == {place: due.get(place, set()) for place in LIVED}
    assert 0 < await admin.fetchval(ACROSS, starts_at(date(2026, 10, 1)), starts_at(date(2026, 10, 8)))
    return found


async def _frozen_equal_replay(db: Database) -> None:
    async with db.reading(Role.REPORTER) as tx:
        for month in FROZEN:
            head = (await months.read_month(tx, month)).head
            assert head is not None
            assert head.made_by != head.checked_by
            rows = await replay_month(tx, f"{month:%Y-%m}", as_of=head.frozen.frozen_at, last_seq=head.last_seq)
            expected = {(row.by, row.key, row.figure): (row.value, row.of) for row in rows}
            kept = await months.read_frozen(tx, month)
            assert {place: both for place, both in expected.items() if both != (0, 0)} == {
                place: (tally.value, tally.of) for place, tally in kept.items()
            }
            assert len(kept) > 200


async def _shares(db: Database) -> Sequence[tuple[str, dict[str, tuple[int, int]]]]:
    """Of each frozen month: promises kept of promises due, by promise."""
    found = []
    async with db.reading(Role.REPORTER) as tx:
        for month in FROZEN:
            kept = await months.read_frozen(tx, month, [supervision.By.ALL])
            found.append((f"{month:%Y-%m}", {f: (t.value, t.of) for (_by, _key, f), t in kept.items()}))
    return found


async def _print(db: Database, admin: Admin, past: Past, found: Replay, seconds: float) -> None:
    states = await admin.fetch("select state, count(*) as n from suborders group by state order by 2 desc")
    table = Table("what", "count", title="1 July – 15 October 2026")
    table.add_row("orders posted", str(past.tally["已发布需求"]))
    for row in states:
        table.add_row(f"suborders {row['state']}", str(row["n"]))
    for month, figures in await _shares(db):
        for figure in ("answered_in_time", "contacted_in_time", "decided_in_time", "signed_in_time", "paid_in_time"):
            value, of = figures.get(figure, (0, 0))
            table.add_row(f"{month} {figure}", f"{value}/{of} = {value / max(of, 1):.1%}")
    table.add_row("figures replayed, differences", f"{len(found.rows)}, {len(found.differences)}")
    table.add_row("seconds", f"{seconds:.0f}")
    console.print(table)
    console.print(dict(Counter(past.tally).most_common()))
    assert {row["state"] for row in states} >= ENDS
