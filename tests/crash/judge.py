"""The judgement after the storm, from the client's ledger, the outbox and the tables alone. Reads only."""

import asyncio
import io
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from app.infra.db import Record
from app.kernel.clock import WALL
from tests.crash.rig import Rig, environment
from tests.support import REPOSITORY

PLACES = (
    "web",
    "web between COMMIT and answer",
    "worker",
    "worker between COMMIT and answer",
    "postmaster",
    "postmaster between COMMIT and answer",
)
LEAST = dict.fromkeys(PLACES, 3) | {PLACES[-1]: 1}
BACK_SECONDS_MAX = 10.0  # P1
# The outbox's breaches beside the clocks that they are about; `early` in seconds of the business clock.
BREACHES = """
select o.seq, o.at, o.recorded_at, o.body->>'clock' as clock, o.body->>'suborder_id' as suborder_id, c.due_at, c.state
from outbox o left join clocks c on c.case_id = (o.body->>'suborder_id')::uuid and c.kind = o.body->>'clock'
where o.kind = 'ClockBreached' order by o.seq
"""
POOLS = """
select p.pool_id, p.held_fen, p.posted_fen,
  coalesce(sum(case e.kind when 'hold' then e.amount_fen else -e.amount_fen end), 0)::bigint as held_by_entries,
  coalesce(sum(e.amount_fen) filter (where e.kind = 'post'), 0)::bigint as posted_by_entries,
  count(*) filter (where e.kind = 'hold') as holds
from pools p left join reservations r using (pool_id) left join pool_entries e using (reservation_id)
group by p.pool_id
"""


async def judge_orders(rig: Rig, acknowledged: Mapping[str, str]) -> dict[str, str]:
    """No acknowledged order lost, none doubled, none that nobody knows of; each is its own key's."""
    rows = await rig.fetch("select order_id::text, purpose from orders")
    made = {row["purpose"]: row["order_id"] for row in rows}
    doubled = {key: count for key, count in Counter(row["purpose"] for row in rows).items() if count > 1}
    lost = {key: order_id for key, order_id in acknowledged.items() if made.get(key) != order_id}

    assert not lost, f"{len(lost)} acknowledged orders are not there: {list(lost.items())[:5]}"
    assert not doubled, f"{len(doubled)} keys made more than one order: {list(doubled.items())[:5]}"
    assert made == dict(acknowledged), "after the last repetition every order is acknowledged"
    return {"orders acknowledged": str(len(acknowledged)), "lost": "0", "doubled": "0"}


async def judge_pushes(rig: Rig, orders: int) -> dict[str, str]:
    """Each order was told once, and once pushed to its first place; each suborder was pushed once."""
    told = await rig.fetch("select kind, stream_id, body->>'suborder_id' as suborder_id from outbox")
    posted = Counter(row["stream_id"] for row in told if row["kind"] == "OrderPosted")
    pushed = Counter(row["suborder_id"] for row in told if row["kind"] == "SuborderPushed")
    first = await rig.value("select count(*) from suborders where position = 1")
    rows = {str(row[0]) for row in await rig.fetch("select suborder_id from suborders")}
    waiting = await rig.value("select count(*) from outbox_deliveries")

    assert set(posted.values()) == {1}
    assert len(posted) == orders
    assert first == orders, f"{orders - first} orders were never pushed"
    assert set(pushed.values()) == {1}, f"pushed more than once: {pushed.most_common(3)}"
    assert set(pushed) == rows, "what the outbox tells and what the table holds are the same suborders"
    assert waiting == 0, f"{waiting} deliveries are stuck"
    return {"suborders pushed, each once": f"{len(rows):,}"}


async def judge_clocks(rig: Rig) -> dict[str, str]:
    """Every clock that came due fired exactly once, at its own instant, and was recorded after it."""
    rows = await rig.fetch(BREACHES)
    times = Counter((row["suborder_id"], row["clock"]) for row in rows)
    breached = await rig.fetch("select case_id::text as case_id, kind from clocks where state = 'breached'")
    left = await overdue(rig)
    lateness = [(row["recorded_at"] + ahead_at(rig, row) - row["due_at"]).total_seconds() for row in rows]

    twice = {key: count for key, count in times.items() if count != 1}
    assert not twice, f"clocks that fired more than once: {list(twice.items())[:5]}"
    assert set(times) == {(row["case_id"], row["kind"]) for row in breached if row["kind"] in {k for _, k in times}}
    assert left == 0, f"{left} due clocks never fired"
    assert [row for row in rows if row["at"] != row["due_at"]] == [], "a breach happens at the deadline itself"
    assert min(lateness) >= 0, f"a clock fired {-min(lateness):.1f} s before its deadline"
    by_clock = Counter(row["clock"] for row in rows)
    return {"clocks fired, each once, none early": ", ".join(f"{k} {n}" for k, n in sorted(by_clock.items()))}


async def overdue(rig: Rig) -> int:
    """Clocks that run though the business clock is past their deadline."""
    sql = "select count(*) from clocks where state = 'running' and due_at <= $1 and case_kind <> 'timed'"
    return await rig.value(sql, WALL.now() + rig.moves[-1][1])


def ahead_at(rig: Rig, row: Record) -> timedelta:
    """How far the business clock ran ahead when the row was written."""
    return [ahead for since, ahead in rig.moves if since <= row["recorded_at"]][-1]


async def judge_endings(rig: Rig) -> dict[str, str]:
    """A suborder that nobody accepted ended once by its ACCEPT clock, and only such a one."""
    told = await rig.fetch("select kind, body from outbox where kind in ('SuborderAccepted', 'SuborderLapsed')")
    accepted = Counter(row["body"]["suborder_id"] for row in told if row["kind"] == "SuborderAccepted")
    lapsed = Counter(
        row["body"]["suborder_id"]
        for row in told
        if row["kind"] == "SuborderLapsed" and row["body"]["cause"] == "ACCEPT"
    )
    pushed = {str(row[0]) for row in await rig.fetch("select suborder_id from suborders")}

    assert set(accepted.values()) == {1}, "an acceptance that is repeated counts once"
    assert set(lapsed.values()) == {1}, "a suborder ends once"
    assert set(lapsed) == pushed - set(accepted)
    return {"accepted once": f"{len(accepted):,}", "lapsed once": f"{len(lapsed):,}"}


async def judge_money(rig: Rig, accepted: int) -> dict[str, str]:
    """Ledger sums equal counters: one hold per acceptance."""
    rows = await rig.fetch(POOLS)
    off = [
        row
        for row in rows
        if (row["held_fen"], row["posted_fen"]) != (row["held_by_entries"], row["posted_by_entries"])
    ]

    assert not off, f"pools whose counters are not their entries' sums: {off}"
    assert sum(row["holds"] for row in rows) == accepted, "one hold per acceptance"
    return {"pools whose counters equal their entries": f"{len(rows):,}", "holds": f"{accepted:,}"}


async def check_invariants(rig: Rig) -> dict[str, str]:
    """The command that an operator would run."""
    env = environment(rig.home, rig.server.port)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "check-invariants", "--json", cwd=REPOSITORY, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert out, err.decode()[-2000:]
    found = json.loads(out)
    broken = [truth for truth in found["truths"] if truth["broken"]]
    assert found["holds"], json.dumps(broken, ensure_ascii=False)[:2000]
    return {"invariants that hold": str(len(found["truths"]))}


def judge_kills(rig: Rig) -> None:
    """A storm that missed a place proves nothing about it."""
    missed = {place: rig.kills[place] for place in PLACES if rig.kills[place] < LEAST[place]}
    assert not missed, f"too few kills: {missed}"
    alone = {"web": rig.web.ended_alone, "worker": rig.worker.ended_alone}
    assert rig.worker.ended_alone == 0, f"ended without being killed: {alone}"


def report(rig: Rig, found: Mapping[str, str], told: Counter[str], places: Sequence[str] = PLACES) -> str:
    """The table that the run prints."""
    kills = Table(
        "killed with -9" if places == PLACES else "done to it",
        "times",
        "back in s: median",
        "worst",
        title="kills by place",
    )
    for place in places:
        seconds = sorted(rig.back_seconds.get(place, [0.0]))
        kills.add_row(place, str(rig.kills[place]), f"{seconds[len(seconds) // 2]:.1f}", f"{seconds[-1]:.1f}")
    outcome = Table("judged from outbox and tables", "", title="after everything was started again")
    for what, value in found.items():
        outcome.add_row(what, value)
    for what, count in sorted(told.items()):
        outcome.add_row(f"answers: {what}", f"{count:,}")
    text = io.StringIO()
    console = Console(width=110, file=text)
    console.print(kills)
    console.print(outcome)
    return text.getvalue()
