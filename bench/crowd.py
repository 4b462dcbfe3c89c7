"""A city far larger than anybody could live through: a lived one, copied in bulk. For benches alone.

Half a year of the invented city is lived by the rooms' own commands; then its orders are copied with fresh ids, in SQL,
past every service and past row-level security. Copies of what has ended are spread over the half-year; copies of what
stands open all lie at one branch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import asyncpg

from app.demo.city import make_city
from app.demo.load import Loaded, load_city
from app.demo.past import Past
from app.demo.plans import Days, make_plans
from app.infra.db import Database, Role
from app.kernel.clock import WALL, shanghai_date
from app.kernel.workdays import starts_at
from app.office import clocks

MONTHS: Final = 6
TABLES: Final = (
    "orders", "order_listed", "suborders", "suborder_moves", "contacts", "papers_requests", "papers_items", "offers",
    "refusals", "contracts", "draws", "clocks", "clock_pauses", "consents", "packages", "reservations",
)  # fmt: skip
MINTED: Final = {
    "order_id", "suborder_id", "offer_id", "request_id", "draw_id", "clock_id", "pause_id", "consent_id", "package_id",
    "reservation_id", "contact_id", "root_id", "case_id", "proof_id", "previous_order_id",
}  # fmt: skip
OPEN: Final = ("pushed", "accepted", "contacted", "investigating", "offered")
ALIVE: Final = (*OPEN, "picked", "signed", "paying")
COLUMNS: Final = """
select table_name, column_name, data_type from information_schema.columns
 where table_schema = 'public' and table_name = any($1) and is_identity = 'NO' and is_generated = 'NEVER'
 order by table_name, ordinal_position
"""
FIRST_FIRM: Final = "(select org_id from seats where role = 'business' order by seat_id limit 1)"
Shapes = Mapping[str, Sequence[tuple[str, str]]]
Connection: TypeAlias = "asyncpg.Connection[Any]"


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was made: the people by login, the crowded branch's clerk, and how many suborders there are."""

    loaded: Loaded
    clerk: str
    suborders: int
    open_at_branch: int


async def make_crowd(db: Database, owner_url: str, folder: Path, *, suborders: int, at_one_branch: int) -> Crowd:
    """Live the city, then copy it up to `suborders` in all, about `at_one_branch` of them open at one branch."""
    loaded = await _live(db, folder)
    connection = await asyncpg.connect(owner_url, server_settings={"application_name": "xinyidai-migrate"})
    try:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("set work_mem = '256MB'")
        shapes = await _shapes(connection)
        branch_id = await connection.fetchval(
            "select branch_id from suborders where state = any($1) group by 1 order by count(*) desc, 1 limit 1",
            list(OPEN),
        )
        have = await connection.fetchval("select count(*) from suborders")
        await _copy_ended(connection, shapes, suborders - at_one_branch - have)
        await _copy_open(connection, shapes, branch_id, at_one_branch)
        total = await connection.fetchval("select count(*) from suborders")
        at_branch = await connection.fetchval(
            "select count(*) from suborders where branch_id = $1 and state = any($2)", branch_id, list(OPEN)
        )
        await connection.execute("vacuum analyze")
        await _fold(connection)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()
    return Crowd(loaded, loaded.clerks[str(branch_id)], total, at_branch)


async def _fold(connection: Connection) -> None:
    """Keep the figures of the copies, as the worker does of what moves: copying woke no trigger."""
    await connection.execute("insert into supervision_touched (suborder_id) select suborder_id from suborders")
    await connection.execute("insert into gaming_touched (suborder_id) select suborder_id from suborders")
    for fold in ("supervision_fold(now(), 5000)", "gaming_fold(5000)"):
        while await connection.fetchval(f"select {fold}"):
            pass


async def _live(db: Database, folder: Path) -> Loaded:
    until = WALL.now()
    city = make_city(shanghai_date(until) - timedelta(days=MONTHS * 30))

    async def freeze(at: datetime) -> None:
        async with db.transaction(Role.OPS) as tx:
            await tx.execute(
                "insert into business_clock (frozen_at) values ($1)"
                " on conflict (id) do update set frozen_at = excluded.frozen_at", at,
            )  # fmt: skip

    await freeze(starts_at(city.today) + timedelta(hours=8))
    loaded = await load_city(db, city, folder, lambda *_: None, until=shanghai_date(until))
    async with db.reading(Role.REPORTER) as tx:
        _, calendar = await clocks.calendar_on(tx, shanghai_date(until))
    days = Days(calendar)
    plans = make_plans(city.firms, days, days.shift(city.today, 1), days.shift(shanghai_date(until), 0), seed=city.seed)
    past = Past(db, city, days, plans, loaded.seats, loaded.clerks, set_clock=freeze, told=lambda *_: None)
    await past.live_until(until)
    async with db.transaction(Role.OPS) as tx:
        await tx.execute("delete from business_clock")
    return loaded


async def _shapes(connection: Connection) -> Shapes:
    shapes: dict[str, list[tuple[str, str]]] = {name: [] for name in TABLES}
    for row in await connection.fetch(COLUMNS, list(TABLES)):
        shapes[row["table_name"]].append((row["column_name"], row["data_type"]))
    return {name: columns for name, columns in shapes.items() if columns}


async def _copy_ended(connection: Connection, shapes: Shapes, wanted: int) -> None:
    """Whole orders of which nothing is open, again and again, each some weeks earlier. The first firm keeps its own."""
    await connection.execute(
        "create temp table ended as select o.order_id from orders o"
        " where not exists (select 1 from suborders s"
        f" where s.order_id = o.order_id and s.state = any({_texts(ALIVE)}))"
        " and exists (select 1 from suborders s where s.order_id = o.order_id)"
        f" and o.business_id <> {FIRST_FIRM}"
    )
    each = await connection.fetchval("select count(*) from suborders join ended using (order_id)")
    for table, columns in shapes.items():
        key = "root_id" if table in ("clocks", "clock_pauses") else "order_id"
        await _copy(
            connection, table, columns, f"join ended o on o.order_id = t.{key}", wanted // each, "g.k * 7 % 182"
        )


async def _copy_open(connection: Connection, shapes: Shapes, branch_id: object, wanted: int) -> None:
    """Single open suborders of one branch with their orders; not the first firm's."""
    await connection.execute(
        "create temp table alone as select order_id, suborder_id, consent_id from suborders"
        f" where branch_id = '{branch_id}' and state = any({_texts(OPEN)})"
        f" and business_id <> {FIRST_FIRM}"
    )
    each = await connection.fetchval("select count(*) from alone")
    for table, columns in shapes.items():
        if table == "consents":
            of = "join alone o on o.consent_id = t.consent_id"
        elif table == "clocks":
            of = "join alone o on t.case_id in (o.suborder_id, o.order_id)"
        elif table == "clock_pauses":
            of = "join clocks c on c.clock_id = t.clock_id join alone o on o.suborder_id = c.case_id"
        else:
            key = "suborder_id" if any(name == "suborder_id" for name, _ in columns) else "order_id"
            of = f"join alone o on o.{key} = t.{key}"
        await _copy(connection, table, columns, of, wanted // each, "0", salt=1_000_000)


async def _copy(
    connection: Connection,
    table: str,
    columns: Sequence[tuple[str, str]],
    of: str,
    copies: int,
    days: str,
    salt: int = 0,
) -> None:
    chosen = {name: _expression(name, kind, days, salt) for name, kind in columns}
    await connection.execute(
        f"insert into {table} ({', '.join(chosen)}) select {', '.join(chosen.values())}"
        f" from {table} t {of} cross join generate_series(1, {copies}) g (k)"
    )


def _expression(name: str, kind: str, days: str, salt: int) -> str:
    """How a column is copied: ids are minted from the old id and the number of the copy, times moved back."""
    if name in MINTED and kind == "uuid":
        return f"md5(t.{name}::text || (g.k + {salt})::text)::uuid"
    if kind == "timestamp with time zone" and name != "recorded_at":
        return f"t.{name} - make_interval(days => {days})"
    if kind == "date":
        return f"t.{name} - ({days})"
    if name == "contract_no":
        return f"t.{name} || '-' || (g.k + {salt})"
    return f"t.{name}"


def _texts(values: Sequence[str]) -> str:
    return f"array[{', '.join(repr(value) for value in values)}]"
