"""Timers of every kind before the storm, what they must come to, and the judgement from the outbox.

Three kinds: rungs of clocks (told by the block), clocks of orders (under the order's lock, with money and a next bank
behind them) and clocks of complaints (a room's own kind of case). What is expected is reckoned here, from the start and
the limit of each clock, and not read from the tables of clocks.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra import vault
from app.infra.db import Role, Scope
from app.kernel.clock import WALL
from app.kernel.ids import new_id
from app.market import complaints
from app.office import clocks
from app.office.clocks import CaseRef
from app.office.clocks.rules import Limit, LimitUnit
from app.office.clocks.service.keeping import Terms
from tests.crash.judge import ahead_at
from tests.crash.rig import Rig
from tests.credit.firm import register
from tests.market.orders.conftest import EARLY, POSTED, WAN, City, publish
from tests.market.parties.world import make_world, open_pool
from tests.support import shanghai

SHARES: Final = (70, 90, 100, 150)
SAID: Final = "柜台说系统故障，让我们过几天再来，至今没有人联系。"
FILED: Final = shanghai("2025-09-25 10:00")
MIDNIGHT: Final = shanghai("2025-09-27 00:00")  # Two workdays after the posting, one after the complaint.
SECOND: Final = shanghai("2025-09-30 00:00")  # Two workdays more: what the next bank had to accept in.
AFTER_ALL: Final = shanghai("2025-12-01 00:00")  # Past until-when and every answer to a complaint.
BLOCK: Final = 200
TOLD = """
select seq, at, recorded_at, body ->> 'clock_id' as clock_id, (body ->> 'share')::integer as share,
       body ->> 'clock' as clock
  from outbox where kind = 'RungReached' order by seq
"""
# What is due and waits. A `timed` clock has rungs alone: nobody fires it.
LEFT = """
select (select count(*) from clocks where state = 'running' and due_at <= $1 and case_kind <> 'timed')
     + (select count(*) from clock_rungs where told_at is null and rung_at <= $1)
     + (select count(*) from outbox_deliveries where parked_at is null)
"""
Key = tuple[str, int]


@dataclass(slots=True)
class Timers:
    """What must be told, by clock and share: exactly once, at exactly that instant."""

    expected: dict[Key, datetime] = field(default_factory=dict)
    orders: list[UUID] = field(default_factory=list)

    @property
    def last_at(self) -> datetime:
        return max(self.expected.values())


async def load_city(rig: Rig) -> City:
    """One invented firm and two banks, long before."""
    vault.unlock(rig.home / "files" / "keys")
    subject = await register(rig.db, 1, EARLY, founded_on=date(2019, 9, 26))
    async with rig.db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, "business", "渝样品1号厂", subject_id=subject.subject_id)
    banks = []
    for n in range(2):
        bank = await make_world(rig.db, name=f"样品第{n + 1}银行")
        await open_pool(rig.db, bank, 100 * WAN, date(2025, 10, 1))
        await publish(rig.db, bank, rate_min_ppm=34_500 + n * 1000)
        banks.append(bank)
    return City(rig.db, subject, Seat(new_id(), org.org_id, SeatRole.BUSINESS), banks)


async def post_and_complain(city: City, timers: Timers, count: int) -> None:
    """Orders with a place and a reserve behind it, and a complaint about each of the first banks."""
    for _ in range(count):
        timers.orders.append(await city.post(0, 1, at=POSTED, places=1))
    await city.set_clock(FILED)
    firm = city.firm
    for order_id in timers.orders:
        (part,) = (await city.parts(order_id)).values()
        complaint_id = new_id()
        async with city.db.transaction(Role.ACT, Scope(firm.org_id, firm.person_id, case_id=complaint_id)) as tx:
            _version, offered = await complaints.categories_on(tx, FILED)
            about = complaints.About(firm.org_id, city.subject.subject_id, part["bank_id"], part["branch_id"],
                                     part["suborder_id"], order_id)  # fmt: skip
            await complaints.file_complaint(
                tx, complaint_id, about, category=next(iter(offered)), said=SAID, by=firm, now=FILED
            )


async def start_clocks(rig: Rig, timers: Timers, count: int, first_at: datetime, window: timedelta) -> None:
    """Clocks whose rungs come due all over the window, each by a moment of its own."""
    dice = random.Random(20260301)
    for begin in range(0, count, BLOCK):
        expected: dict[UUID, Mapping[int, datetime]] = {}
        async with rig.db.transaction(Role.WORKER) as tx:
            since = tx.now
            least, most = (first_at - since) / 0.7, (first_at + window - since) / 1.5
            for _ in range(min(BLOCK, count - begin)):
                case = CaseRef(new_id(), "timed", new_id())
                length = timedelta(seconds=round(dice.uniform(least.total_seconds(), most.total_seconds()), 3))
                limit = Limit(LimitUnit.INSTANT, at=since + length)
                terms = Terms("bank", limit, 1, policy_key="TIMED", rungs=tuple((share, ()) for share in SHARES))
                await clocks.start(tx, case, "TIMED", terms, at=since)
                expected[case.case_id] = {share: since + length * share / 100 for share in SHARES}
        rows = await rig.fetch("select clock_id, case_id from clocks where case_id = any($1)", list(expected))
        assert len(rows) == len(expected)
        for row in rows:
            timers.expected |= {(str(row["clock_id"]), share): at for share, at in expected[row["case_id"]].items()}


async def judge_rungs(rig: Rig, timers: Timers) -> dict[str, str]:
    """Each rung of each clock once, at its own instant, recorded not before it; none that nobody expects."""
    rows = await rig.fetch(TOLD)
    times = Counter((row["clock_id"], row["share"]) for row in rows)
    told = {(row["clock_id"], row["share"]): row["at"] for row in rows if row["clock"] == "TIMED"}
    late = [(row["recorded_at"] + ahead_at(rig, row) - row["at"]).total_seconds() for row in rows]
    timed = sorted(s for s, row in zip(late, rows, strict=True) if row["clock"] == "TIMED")
    traces = await rig.value("select count(*) from audit_events where act = 'clock.rung'")
    left = await rig.value("select count(*) from clock_rungs where told_at is null and rung_at <= $1", AFTER_ALL)

    twice = {key: count for key, count in times.items() if count != 1}
    lost = set(timers.expected) - set(told)
    assert not twice, f"rungs that were told more than once: {list(twice.items())[:5]}"
    assert not lost, f"{len(lost)} rungs were never told"
    assert told == timers.expected, "each is told at its own instant, and none that nobody expects"
    assert min(late) >= 0, f"a rung was told {-min(late):.3f} s early"
    assert (traces, left) == (len(rows), 0)
    p50, p99 = (timed[min(len(timed) - 1, len(timed) * share // 100)] for share in (50, 99))
    return {
        "rungs told, each once, none early": f"{len(rows):,} ({len(timed):,} of them timed)",
        "late: median, 99 %, worst": f"{p50:.2f} s, {p99:.2f} s, {timed[-1]:.2f} s",
    }


async def judge_orders(rig: Rig, timers: Timers) -> dict[str, str]:
    """Both banks of each order were asked once and lapsed once, by their own clock; the order ended once."""
    rows = await rig.fetch(
        "select kind, stream_id, at, body from outbox where kind in ('SuborderLapsed', 'OrderEnded')"
    )
    lapsed = Counter(row["body"]["suborder_id"] for row in rows if row["kind"] == "SuborderLapsed")
    ended = Counter(row["stream_id"] for row in rows if row["kind"] == "OrderEnded")

    assert set(lapsed.values()) == set(ended.values()) == {1}
    assert (len(lapsed), set(ended)) == (2 * len(timers.orders), set(timers.orders))
    assert {row["at"] for row in rows if row["kind"] == "SuborderLapsed"} == {MIDNIGHT, SECOND}
    return {"orders that ended, each once": str(len(ended)), "suborders that lapsed, each once": str(len(lapsed))}


async def judge_complaints(rig: Rig, timers: Timers) -> dict[str, str]:
    """Both promises about each complaint were broken once, at their own instants."""
    rows = await rig.fetch(
        "select stream_id, body ->> 'clock' as clock, at, recorded_at from outbox where kind = 'ComplaintLate'"
    )
    times = Counter((row["stream_id"], row["clock"]) for row in rows)

    assert set(times.values()) == {1}, f"fired more than once: {times.most_common(3)}"
    assert len(times) == 2 * len(timers.orders)
    assert {row["at"] for row in rows if row["clock"] == "COMPLAINT_ACK"} == {MIDNIGHT}
    assert min(row["recorded_at"] + ahead_at(rig, row) - row["at"] for row in rows) >= timedelta()
    return {"complaints' clocks fired, each once, none early": str(len(rows))}


async def business_now_is(rig: Rig, at: datetime) -> None:
    """Let the business clock run on from `at`."""
    async with rig.db.transaction(Role.OPS) as tx:
        await tx.execute("update business_clock set frozen_at = null")
    await rig.move_clock(at - WALL.now())


async def business_now(rig: Rig) -> datetime:
    return WALL.now() + rig.moves[-1][1]
