"""All SQL of clocks and their pauses. The caller holds the lock of the root (an order)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.kernel.ids import new_id
from app.office.clocks.rules import Clock, Due, Limit, LimitUnit, Pause
from app.office.clocks.rules.terms import Edition

ALIVE = "state in ('running', 'paused')"
AHEAD = "told_at is null and rung_at > $2"
COLUMNS = (
    "clock_id, root_id, case_kind, case_id, kind, gen, owner, state, unit, count, limit_at, pause_cap, started_at,"
    " due_on, due_at, is_provisional, policy_key, policy_version, calendar_version, stopped_at, business_id, bank_id,"
    " branch_id, calendar_key, base_version"
)


async def insert_clock(
    tx: Tx, key: tuple[UUID, str, UUID, str], owner: str, clock: Clock, due: Due, policy: tuple[str, int],
    edition: Edition, pause_cap: int, parties: tuple[UUID | None, UUID | None, UUID | None],
    rungs: Sequence[tuple[int, Sequence[str], datetime | None]],
) -> None:  # fmt: skip
    """`key`: root, case kind, case, clock kind. `policy`: its key and version. `parties`: the firm, the bank and its
    branch. `rungs`: share in percent, who is told, and when it is used up as far as is known.
    """
    root_id, case_kind, case_id, kind = key
    await tx.execute(
        "with started as (insert into clocks (clock_id, root_id, case_kind, case_id, kind, gen, owner, state, unit,"
        " count, limit_at, pause_cap, started_at, due_on, due_at, is_provisional, policy_key, policy_version,"
        " calendar_version, calendar_key, base_version, business_id, bank_id, branch_id)"
        " select $1, $2, $3, $4, $5, 1 + coalesce(max(gen), 0), $6, 'running', $7, $8, $9, $10, $11, $12, $13, $14,"
        " $15, $16, $17, $18, $19, $20, $21, $22 from clocks where case_id = $4 and kind = $5)"
        " insert into clock_rungs (clock_id, share, root_id, case_id, told, rung_at, business_id, bank_id)"
        " select $1, share, $2, $4, string_to_array(told, ','), rung_at, $20, $21"
        " from unnest($23::integer[], $24::text[], $25::timestamptz[]) as rung (share, told, rung_at)",
        new_id(), root_id, case_kind, case_id, kind, owner, clock.limit.unit.value, clock.limit.n, clock.limit.at,
        pause_cap, clock.started_at, due.due_on, due.due_at, due.provisional, *policy, edition.version, edition.key,
        edition.base_version, *parties,
        [share for share, _, _ in rungs], [",".join(told) for _, told, _ in rungs], [at for _, _, at in rungs],
    )  # fmt: skip


async def read_alive(tx: ReadTx, case_id: UUID, kind: str) -> Record | None:
    return await tx.row(f"select {COLUMNS} from clocks where case_id = $1 and kind = $2 and {ALIVE}", case_id, kind)  # noqa: S608


async def read_newest(tx: ReadTx, case_id: UUID, kind: str) -> Record | None:
    sql = f"select {COLUMNS} from clocks where case_id = $1 and kind = $2 order by gen desc limit 1"  # noqa: S608
    return await tx.row(sql, case_id, kind)


async def insert_reopened(tx: Tx, clock_id: UUID, at: datetime) -> UUID:
    """A further generation of a stopped clock, with its start, its deadline and its pauses; the old one is undone."""
    new = new_id()
    touched = await tx.execute(
        "update clocks set undone_at = $2 where clock_id = $1 and undone_at is null", clock_id, at
    )
    assert touched == 1, "a clock is undone once"
    await tx.execute(
        "insert into clocks (clock_id, root_id, case_kind, case_id, kind, gen, owner, state, unit, count, limit_at,"
        " pause_cap, started_at, due_on, due_at, is_provisional, policy_version, calendar_version, business_id,"
        " bank_id, opened_at, policy_key, branch_id, calendar_key, base_version)"
        " select $2, root_id, case_kind, case_id, kind, gen + 1, owner,"
        " case when due_at <= $3 then 'breached' else 'running' end, unit, count, limit_at, pause_cap, started_at,"
        " due_on, due_at, is_provisional, policy_version, calendar_version, business_id, bank_id, $3,"
        " policy_key, branch_id, calendar_key, base_version from clocks where clock_id = $1",
        clock_id, new, at,
    )  # fmt: skip
    await tx.execute(
        "insert into clock_rungs (clock_id, share, root_id, case_id, told, rung_at, told_at, business_id, bank_id)"
        " select $2, share, root_id, case_id, told, case when told_at is not null then rung_at end, told_at,"
        " business_id, bank_id from clock_rungs where clock_id = $1",
        clock_id, new,
    )  # fmt: skip
    await tx.execute(
        "insert into clock_pauses (pause_id, clock_id, root_id, proof_id, paused_at, resumed_at, business_id, bank_id)"
        " select gen_random_uuid(), $2, root_id, proof_id, paused_at, resumed_at, business_id, bank_id"
        " from clock_pauses where clock_id = $1",
        clock_id, new,
    )  # fmt: skip
    return new


async def read_all_alive(tx: ReadTx, case_id: UUID) -> list[Record]:
    sql = f"select {COLUMNS} from clocks where case_id = $1 and {ALIVE} order by started_at, clock_id"  # noqa: S608
    return await tx.fetch(sql, case_id)


async def insert_carried(tx: Tx, clock_id: UUID, to_id: UUID, branch_id: UUID | None, at: datetime) -> UUID:
    """The same clock for another case, with its rungs and its pauses, open ones too."""
    new = new_id()
    await tx.execute(
        "insert into clocks (clock_id, root_id, case_kind, case_id, kind, gen, owner, state, unit, count, limit_at,"
        " pause_cap, started_at, due_on, due_at, is_provisional, policy_version, calendar_version, business_id,"
        " bank_id, opened_at, policy_key, branch_id, calendar_key, base_version)"
        " select $2, root_id, case_kind, $3, kind, 1, owner, state, unit, count, limit_at, pause_cap, started_at,"
        " due_on, due_at, is_provisional, policy_version, calendar_version,"
        " business_id, bank_id, $5, policy_key, $4, calendar_key, base_version from clocks where clock_id = $1",
        clock_id, new, to_id, branch_id, at,
    )  # fmt: skip
    await tx.execute(
        "insert into clock_rungs (clock_id, share, root_id, case_id, told, rung_at, told_at, business_id, bank_id)"
        " select $2, share, root_id, $3, told, rung_at, told_at, business_id, bank_id from clock_rungs"
        " where clock_id = $1",
        clock_id, new, to_id,
    )  # fmt: skip
    await tx.execute(
        "insert into clock_pauses (pause_id, clock_id, root_id, proof_id, paused_at, resumed_at, business_id, bank_id)"
        " select gen_random_uuid(), $2, root_id, proof_id, paused_at, resumed_at, business_id, bank_id"
        " from clock_pauses where clock_id = $1",
        clock_id, new,
    )  # fmt: skip
    return new


async def read_of_root(tx: ReadTx, root_id: UUID) -> list[Record]:
    sql = f"select {COLUMNS} from clocks where root_id = $1 order by started_at, clock_id"  # noqa: S608
    return await tx.fetch(sql, root_id)


async def read_due_of_root(tx: ReadTx, root_id: UUID, now: datetime) -> list[Record]:
    sql = f"select {COLUMNS} from clocks where root_id = $1 and state = 'running' and due_at <= $2 order by due_at"  # noqa: S608
    return await tx.fetch(sql, root_id, now)


async def read_first_due(tx: ReadTx, root_id: UUID, case_kind: str, now: datetime) -> Record | None:
    sql = (
        f"select {COLUMNS} from clocks where root_id = $1 and case_kind = $2 and state = 'running' and due_at <= $3"  # noqa: S608
        " order by due_at, clock_id limit 1"
    )
    return await tx.row(sql, root_id, case_kind, now)


async def read_due_roots(tx: ReadTx, case_kinds: Sequence[str] | None, now: datetime, limit: int) -> list[UUID]:
    """Roots with a due clock, earliest first, without locks."""
    rows = await tx.fetch(
        "select root_id, min(due_at) from clocks where state = 'running' and due_at <= $1"
        " and ($2::text[] is null or case_kind = any($2))"
        " group by root_id order by 2, 1 limit $3",
        now, None if case_kinds is None else list(case_kinds), limit,
    )  # fmt: skip
    return [row["root_id"] for row in rows]


async def read_pauses(tx: ReadTx, clock_id: UUID) -> tuple[Pause, ...]:
    sql = "select paused_at, resumed_at from clock_pauses where clock_id = $1 order by paused_at"
    return tuple(Pause(row["paused_at"], row["resumed_at"]) for row in await tx.fetch(sql, clock_id))


async def read_pauses_of_root(tx: ReadTx, root_id: UUID) -> Mapping[UUID, tuple[Pause, ...]]:
    """The pauses of every clock of one root, by clock."""
    sql = "select clock_id, paused_at, resumed_at from clock_pauses where root_id = $1 order by paused_at"
    found: dict[UUID, tuple[Pause, ...]] = {}
    for row in await tx.fetch(sql, root_id):
        found[row["clock_id"]] = (*found.get(row["clock_id"], ()), Pause(row["paused_at"], row["resumed_at"]))
    return found


async def set_breached(tx: Tx, clock_id: UUID) -> None:
    sql = "update clocks set state = 'breached' where clock_id = $1 and state = 'running'"
    touched = await tx.execute(sql, clock_id)
    assert touched == 1, "a clock fires once"


async def set_met(tx: Tx, clock_id: UUID, at: datetime) -> None:
    touched = await tx.execute(
        "update clocks set state = 'met', stopped_at = $2 where clock_id = $1 and state = 'running'", clock_id, at
    )
    assert touched == 1, "only a running clock is met"
    await end_rungs(tx, [clock_id], at)


async def note_late_stop(tx: Tx, case_id: UUID, kind: str, at: datetime) -> None:
    """What was promised came after the breach: the breach stays, the instant is kept."""
    rows = await tx.fetch(
        "update clocks set stopped_at = $3 where case_id = $1 and kind = $2 and state = 'breached'"
        " and stopped_at is null returning clock_id",
        case_id, kind, at,
    )  # fmt: skip
    if rows:
        await end_rungs(tx, [row["clock_id"] for row in rows], at)


async def set_void(tx: Tx, case_id: UUID, kind: str | None, at: datetime) -> None:
    """Void one kind, or with None all that still run on the case; their open pauses end.

    With None the case is over: what was breached reaches no further rung either.
    """
    rows = await tx.fetch(
        f"update clocks set state = 'void', stopped_at = $3 where case_id = $1 and ($2::text is null or kind = $2)"  # noqa: S608
        f" and {ALIVE} returning clock_id",
        case_id, kind, at,
    )  # fmt: skip
    if rows:
        await tx.execute(
            "update clock_pauses set resumed_at = $2 where clock_id = any($1) and resumed_at is null",
            [row["clock_id"] for row in rows], at,
        )  # fmt: skip
    if kind is None:
        await tx.execute(f"update clock_rungs set rung_at = null where case_id = $1 and {AHEAD}", case_id, at)  # noqa: S608
    elif rows:
        await end_rungs(tx, [row["clock_id"] for row in rows], at)


async def read_untold(tx: ReadTx, clock_id: UUID) -> list[int]:
    sql = "select share from clock_rungs where clock_id = $1 and told_at is null order by share"
    return [row["share"] for row in await tx.fetch(sql, clock_id)]


async def move_rungs(tx: Tx, clock_id: UUID, moved: Mapping[int, datetime | None]) -> None:
    """New instants of rungs that were not told yet; a told rung stays told."""
    await tx.execute(
        "update clock_rungs r set rung_at = moved.rung_at from unnest($2::integer[], $3::timestamptz[])"
        " as moved (share, rung_at) where r.clock_id = $1 and r.share = moved.share and r.told_at is null",
        clock_id, list(moved), list(moved.values()),
    )  # fmt: skip


async def end_rungs(tx: Tx, clock_ids: Sequence[UUID], at: datetime) -> None:
    """Rungs ahead of `at` are reached no more; one that was reached before it is still told."""
    await tx.execute(f"update clock_rungs set rung_at = null where clock_id = any($1) and {AHEAD}", clock_ids, at)  # noqa: S608


async def read_told(tx: ReadTx, clock_ids: Sequence[UUID]) -> Mapping[tuple[UUID, int], datetime]:
    """When each rung that was told had been reached, by clock and share."""
    sql = "select clock_id, share, rung_at from clock_rungs where clock_id = any($1) and told_at is not null"
    return {(row["clock_id"], row["share"]): row["rung_at"] for row in await tx.fetch(sql, clock_ids)}


async def tell_rungs(tx: Tx, up_to: datetime, wall: datetime, most: int, listeners: Sequence[str]) -> int:
    return int(await tx.value("select tell_rungs($1, $2, $3, $4)", up_to, wall, most, listeners))


async def tell_rungs_of(tx: Tx, clock_ids: Sequence[UUID], up_to: datetime, listeners: Sequence[str]) -> int:
    """Tell what these clocks, whose roots the caller has locked, had reached by an instant."""
    told = await tx.value(
        "select note_rungs(array_agg(ctid), $2, $3, $4) from clock_rungs"
        " where clock_id = any($1) and told_at is null and rung_at <= $2 having count(*) > 0",
        clock_ids, up_to, tx.wall, listeners,
    )  # fmt: skip
    return int(told or 0)


async def insert_pause(
    tx: Tx, clock_id: UUID, root_id: UUID, proof_id: UUID, at: datetime, parties: tuple[UUID | None, UUID | None]
) -> None:
    touched = await tx.execute("update clocks set state = 'paused' where clock_id = $1 and state = 'running'", clock_id)
    assert touched == 1, "only a running clock is paused"
    await tx.execute(
        "insert into clock_pauses (pause_id, clock_id, root_id, proof_id, paused_at, business_id, bank_id)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        new_id(), clock_id, root_id, proof_id, at, *parties,
    )  # fmt: skip


async def end_pause(tx: Tx, clock_id: UUID, at: datetime) -> None:
    touched = await tx.execute(
        "update clock_pauses set resumed_at = $2 where clock_id = $1 and resumed_at is null", clock_id, at
    )
    assert touched == 1, "a paused clock has one open pause"


async def set_running(tx: Tx, clock_id: UUID, due: Due) -> None:
    touched = await tx.execute(
        "update clocks set state = 'running', due_on = $2, due_at = $3, is_provisional = $4"
        " where clock_id = $1 and state = 'paused'",
        clock_id, due.due_on, due.due_at, due.provisional,
    )  # fmt: skip
    assert touched == 1, "only a paused clock is resumed"


def clock_of(row: Record, pauses: tuple[Pause, ...]) -> Clock:
    return Clock(row["started_at"], Limit(LimitUnit(row["unit"]), row["count"], row["limit_at"]), pauses)


COUNTED = "c.state = 'running' and c.unit in ('workdays', 'calendar_days', 'months', 'working_minutes')"
# Clocks counted by an older version of their calendar, or of the one that it inherits, and not yet kept with it on
# purpose. One part for each index; $1 … $3 are the calendars in force.
STALE = f"""
  from unnest($1::text[], $2::integer[], $3::integer[]) as now (key, version, base) cross join lateral (
    select * from clocks c where {COUNTED} and c.calendar_key = now.key and c.calendar_version < now.version
    union all
    select * from clocks c where {COUNTED} and c.calendar_key = now.key and c.calendar_version >= now.version
       and c.base_version > 0 and c.base_version < now.base) c
 where c.due_at > $4 and not exists (
   select 1 from clock_recounts r where r.clock_id = c.clock_id and r.outcome = 'kept' and r.due_at = c.due_at
      and (r.to_version, r.to_base) = (now.version, now.base))
"""  # noqa: S608


async def read_stale_roots(
    tx: ReadTx, case_kinds: Sequence[str], editions: Sequence[Edition], now: datetime, limit: int
) -> Mapping[str, list[UUID]]:
    """Some roots with clocks counted by an older version of a calendar, by kind of case, without locks."""
    rows = await tx.fetch(
        f"select distinct c.case_kind, c.root_id {STALE} and c.case_kind = any($5) limit $6",
        *_columns(editions), now, case_kinds, limit,
    )  # fmt: skip
    found: dict[str, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["case_kind"], []).append(row["root_id"])
    return {kind: sorted(root_ids) for kind, root_ids in found.items()}


async def read_stale(
    tx: ReadTx, case_kind: str, root_ids: Sequence[UUID], editions: Sequence[Edition], now: datetime
) -> list[Record]:
    columns = ", ".join(f"c.{name.strip()}" for name in COLUMNS.split(","))
    sql = f"select {columns} {STALE} and c.root_id = any($5) and c.case_kind = $6 order by c.clock_id"
    return await tx.fetch(sql, *_columns(editions), now, root_ids, case_kind)


def _columns(editions: Sequence[Edition]) -> tuple[list[str], list[int], list[int]]:
    return [one.key for one in editions], [one.version for one in editions], [one.base_version for one in editions]


async def read_pauses_of(tx: ReadTx, clock_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Pause, ...]]:
    sql = "select clock_id, paused_at, resumed_at from clock_pauses where clock_id = any($1) order by paused_at"
    found: dict[UUID, tuple[Pause, ...]] = {}
    for row in await tx.fetch(sql, clock_ids):
        found[row["clock_id"]] = (*found.get(row["clock_id"], ()), Pause(row["paused_at"], row["resumed_at"]))
    return found


async def set_recounted(tx: Tx, counted: Sequence[tuple[UUID, Edition, Due]]) -> None:
    touched = await tx.execute(
        "update clocks c set due_on = n.due_on, due_at = n.due_at, is_provisional = n.is_provisional,"
        " calendar_version = n.version, base_version = n.base from unnest($1::uuid[], $2::integer[], $3::integer[],"
        " $4::date[], $5::timestamptz[], $6::boolean[]) as n (clock_id, version, base, due_on, due_at, is_provisional)"
        " where c.clock_id = n.clock_id and c.state = 'running'",
        [clock_id for clock_id, _edition, _due in counted], [edition.version for _id, edition, _due in counted],
        [edition.base_version for _id, edition, _due in counted], [due.due_on for _id, _edition, due in counted],
        [due.due_at for _id, _edition, due in counted], [due.provisional for _id, _edition, due in counted],
    )  # fmt: skip
    assert touched == len(counted), "under the lock of its root a clock stays as it was read"


async def insert_recounts(tx: Tx, at: datetime, told: Sequence[tuple[Record, Edition, str, Due, Due]]) -> None:
    """`told`: the clock as it was, by what it was counted again, what came of it, the deadline that holds, and what the
    new version alone gives."""
    await tx.executemany(
        "insert into clock_recounts (recount_id, clock_id, root_id, recounted_at, outcome, from_version, to_version,"
        " old_due_on, old_due_at, was_provisional, due_on, due_at, is_provisional, counted_on, counted_at,"
        " business_id, bank_id, calendar_key, from_base, to_base)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        [
            (new_id(), row["clock_id"], row["root_id"], at, outcome, row["calendar_version"], by.version, row["due_on"],
             row["due_at"], row["is_provisional"], due.due_on, due.due_at, due.provisional, counted.due_on,
             counted.due_at, row["business_id"], row["bank_id"], by.key, row["base_version"], by.base_version)
            for row, by, outcome, due, counted in told
        ],
    )  # fmt: skip


async def read_recounts_of_root(tx: ReadTx, root_id: UUID) -> list[Record]:
    return await tx.fetch(
        "select r.clock_id, c.case_id, c.kind, r.recounted_at, r.outcome, r.from_version, r.to_version, r.old_due_on,"
        " r.due_on, r.was_provisional, r.is_provisional, r.counted_on from clock_recounts r join clocks c"
        " using (clock_id) where r.root_id = $1 order by r.recounted_at, r.recount_id",
        root_id,
    )  # fmt: skip
