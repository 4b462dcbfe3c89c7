"""B6: what a regulator opens in the morning, over 10 thousand, 100 thousand and a million suborders: p95 ≤ 100 ms.

The invented city is lived by the rooms' own commands and folded by the worker's own function up to the first size.
From there its ended orders are copied in SQL, with fresh ids and earlier days over three years: orders, moves, clocks
and all that stands beside them, the folded facts too; their sums are added up from those of what is copied, which is
what folding the copies would give, those of conduct too. One web process as in production, one visitor at a time, a
warm server.
"""

import asyncio
import json
import logging
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import httpx

from app.access.seats import Seat
from app.demo.load import PASSWORD
from app.infra import postgres, vault
from app.infra.db import Database, Role, Scope
from app.infra.migrate import migrate
from app.infra.places import NAME
from app.kernel.clock import shanghai_date
from app.market.supervision.service import months
from app.office import proposals
from app.wiring import make_bus
from bench import crowd
from bench.b2_post_order import HOST, free_port, process, until_open
from bench.table import RESULTS, machine

SIZES: Final = tuple(int(size) for size in os.environ.get("BENCH_B6_SIZES", "10000,100000,1000000").split(","))
REQUESTS: Final = int(os.environ.get("BENCH_REQUESTS", "40"))
WARM: Final = 4
BUDGET_MS: Final = 100.0
SHIFTS, SHIFT_DAYS = 13, 84  # Copies lie up to three years back, in steps of twelve weeks.
DAYS: Final = f"(g.k % {SHIFTS}) * {SHIFT_DAYS}"
FOLDED: Final = ("supervision_traits", "supervision_facts")
LARGE: Final = ("supervision_facts", "suborder_moves", "clocks")  # Their indexes are built once, after the copy.
SOURCE: Final = """
create temp table source as
 select o.order_id from orders o
  where not exists (select 1 from suborders s where s.order_id = o.order_id and s.state = any($1))
    and exists (select 1 from suborders s where s.order_id = o.order_id)
    and not exists (select 1 from supervision_open p where p.order_id = o.order_id)
"""
SUMS_OF_SOURCE: Final = """
create temp table source_sums as
 select g."by", g.key, f.told_on, f.figure, f.bucket, sum(f.value)::bigint as value, sum(f.whole)::bigint as whole
   from supervision_facts f join source using (order_id) cross join lateral (values
     ('all', ''), ('bank', f.bank_id::text), ('branch', f.branch_id::text), ('product', f.product_id::text),
     ('district', f.district), ('industry', f.industry), ('size', f.size), ('type', f.loan_type)) g ("by", key)
  group by 1, 2, 3, 4, 5
"""
ADD_SUMS: Final = """
insert into supervision_sums as s ("by", key, grain, told_on, figure, bucket, value, whole)
select x."by", x.key, g.grain, g.told_on, x.figure, x.bucket, sum(x.value * n.times), sum(x.whole * n.times)
  from source_sums x
  cross join (select (k % $2) * $3 as days, count(*) as times from generate_series(1, $1::integer) k group by 1) n
  cross join lateral (values ('day', x.told_on - n.days::integer),
    ('month', date_trunc('month', x.told_on - n.days::integer)::date), ('ever', date '0001-01-01')) g (grain, told_on)
 group by 1, 2, 3, 4, 5, 6
on conflict ("by", grain, told_on, key, figure, bucket) do update set
  value = s.value + excluded.value, whole = s.whole + excluded.whole
"""
CONDUCT_OF_SOURCE: Final = """
create temp table source_conduct as
 select f.measure, f.bank_id, f.branch_id, f.told_on, count(*) as cases, sum(f.value) as value, sum(f.whole) as whole,
        sum(f.value * f.value) as value_square, sum(f.value * f.whole) as value_whole,
        sum(f.whole * f.whole) as whole_square
   from gaming_facts f join suborders using (suborder_id) join source using (order_id) group by 1, 2, 3, 4
"""
ADD_CONDUCT: Final = """
insert into gaming_sums as s
select x.measure, x.bank_id, x.branch_id, x.told_on - n.days::integer, sum(x.cases * n.times), sum(x.value * n.times),
       sum(x.whole * n.times), sum(x.value_square * n.times), sum(x.value_whole * n.times),
       sum(x.whole_square * n.times)
  from source_conduct x
  cross join (select (k % $2) * $3 as days, count(*) as times from generate_series(1, $1::integer) k group by 1) n
 group by 1, 2, 3, 4
on conflict (measure, told_on, branch_id, bank_id) do update set
  cases = s.cases + excluded.cases, value = s.value + excluded.value, whole = s.whole + excluded.whole,
  value_square = s.value_square + excluded.value_square, value_whole = s.value_whole + excluded.value_whole,
  whole_square = s.whole_square + excluded.whole_square
"""


@dataclass(frozen=True, slots=True)
class Page:
    """One page at one size, in milliseconds."""

    suborders: int
    page: str
    p50: float
    p95: float


def measure() -> list[Page]:
    """Measure every size on a server of its own, print and keep the table."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    home = Path(tempfile.mkdtemp(prefix="xyd-b6-"))
    home.chmod(0o755)
    try:
        with postgres.running(home / "postgres") as server:
            return asyncio.run(_measure(home, server.url))
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _measure(home: Path, server_url: str) -> list[Page]:
    secret = secrets.token_urlsafe(48)
    url = await migrate(server_url, secret.encode(), database=NAME, prefix=NAME)
    vault.unlock(home / "keys")
    db = Database(url, secret.encode(), make_bus(), prefix=NAME, movable_clock=True, application_name="xinyidai-bench")
    began = time.monotonic()
    made = await crowd.make_crowd(db, url, home / "city", suborders=SIZES[0], at_one_branch=SIZES[0] // 10)
    print(f"{made.suborders} suborders lived and folded: {time.monotonic() - began:.0f} s", flush=True)
    found: list[Page] = []
    for size in SIZES:
        began = time.monotonic()
        suborders = await grow(url, size)
        print(f"{suborders} suborders: {time.monotonic() - began:.0f} s", flush=True)
        found += await _ask_all(home, url, secret, suborders)
        print(f"  a month frozen in {await _freeze(db, made.loaded.seats['regulator'], size):.1f} s", flush=True)
    await db.close()
    print(report(found))
    return found


async def grow(url: str, wanted: int) -> int:
    """Copy ended orders until there are so many suborders; returns how many there are."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "xinyidai-migrate"})
    try:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("set work_mem = '512MB'; set maintenance_work_mem = '1GB'; set jit = off")
        have: int = await connection.fetchval("select count(*) from suborders")
        await connection.execute(SOURCE.replace("$1", crowd._texts(crowd.ALIVE)))
        each = await connection.fetchval("select count(*) from suborders join source using (order_id)")
        copies = (wanted - have) // each
        if copies > 0:
            await _copy(connection, copies, salt=wanted * 100)
        return int(await connection.fetchval("select count(*) from suborders"))
    finally:
        await connection.close()


async def _copy(connection: crowd.Connection, copies: int, *, salt: int) -> None:
    await connection.execute(SUMS_OF_SOURCE)
    await connection.execute(CONDUCT_OF_SOURCE)
    tables = ", ".join(repr(one) for one in LARGE)
    dropped = await connection.fetch(
        "select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as made from pg_index i"
        f" join pg_class c on c.oid = i.indrelid where c.relname in ({tables}) and not indisunique"
    )
    for row in dropped:
        await connection.execute(f"drop index {row['name']}")
    shapes = await crowd._shapes(connection) | await _folded(connection)
    for table, columns in shapes.items():
        key = "root_id" if table in ("clocks", "clock_pauses") else "order_id"
        of = f"join source o on o.order_id = t.{key}"
        await crowd._copy(connection, table, columns, of, copies, DAYS, salt=salt)
    await connection.execute(ADD_SUMS, copies, SHIFTS, SHIFT_DAYS)
    await connection.execute(ADD_CONDUCT, copies, SHIFTS, SHIFT_DAYS)
    for row in dropped:
        await connection.execute(row["made"])
    await connection.execute("vacuum analyze")


async def _folded(connection: crowd.Connection) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in FOLDED}
    for row in await connection.fetch(crowd.COLUMNS, list(FOLDED)):
        found[row["table_name"]].append((row["column_name"], row["data_type"]))
    return found


async def _ask_all(home: Path, url: str, secret: str, suborders: int) -> list[Page]:
    port = free_port()
    environment = {"XINYIDAI_HOME": str(home), "DATABASE_URL": url, "XINYIDAI_SECRET": secret}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    found = []
    async with process(command, environment, home / "web.log"):
        await until_open(port)
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False, timeout=120) as client:
            answer = await client.post("/session", json={"login": "regulator", "password": PASSWORD})
            answer.raise_for_status()
            client.cookies.set("session", answer.cookies["session"])
            for path in pages(date.today()):  # noqa: DTZ011 — a month to look at, no promise
                found.append(await _ask(client, path, suborders))
                print(f"{found[-1].p95:8.1f} ms  {path}", flush=True)
    return found


def pages(today: date) -> list[str]:
    """What a regulator opens: the morning, the overview, a league of branches, cards, months, cases."""
    month = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    return [
        "/supervision", "/supervision/overview", f"/supervision/overview?period={month}&by=branch",
        "/supervision/overview?by=industry", "/supervision/card", f"/supervision/card?period={month}",
        "/supervision/months", f"/supervision/months/{month}", f"/supervision/months/{month}?by=branch",
        "/supervision/cases?figure=decided_in_time&counts=0",
    ]  # fmt: skip


async def _ask(client: httpx.AsyncClient, path: str, suborders: int) -> Page:
    took = []
    for _ in range(WARM + REQUESTS):
        began = time.perf_counter()
        answer = await client.get(path, headers={"accept": "text/html"})
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, f"{path} answers {answer.status_code}"
    took = sorted(took[WARM:])
    return Page(suborders, path, took[len(took) // 2], took[min(len(took) - 1, len(took) * 95 // 100)])


async def _freeze(db: Database, seat: Seat, size: int) -> float:
    """Freeze a month by two people, another one at each size; returns the seconds of the second person's act."""
    async with db.reading(Role.REGULATOR, Scope(seat.org_id, seat.person_id)) as tx:
        today = shanghai_date(tx.now)
        lines = await months.read_months(tx)
    month = next(one.month for one in lines if one.may_be_frozen and one.month < today.replace(day=1))
    async with db.transaction(Role.REGULATOR, Scope(seat.org_id, seat.person_id)) as tx:
        proposal_id = await months.propose_freeze(tx, month, by=seat)
    second = Seat(UUID(int=size), seat.org_id, seat.role)
    began = time.perf_counter()
    async with db.transaction(Role.REGULATOR, Scope(seat.org_id, second.person_id)) as tx:
        await proposals.approve(tx, proposal_id, by=second, now=tx.now)
    return time.perf_counter() - began


def report(found: Sequence[Page]) -> str:
    """Write `results/b6.{md,json}` and return the Markdown: a row a page, a column a size."""
    sizes = sorted({one.suborders for one in found})
    paths = list(dict.fromkeys(one.page for one in found))
    cells = {(one.page, one.suborders): one for one in found}
    heads = "".join(f" p95 at {size:,} |" for size in sizes)
    lines = [
        f"B6 on {machine()}, {REQUESTS} requests each after {WARM}; milliseconds, budget p95 ≤ {BUDGET_MS:.0f}.",
        "",
        f"| page |{heads} ratio |",
        "|---|" + "---:|" * (len(sizes) + 1),
        *(
            f"| {path} |"
            + "".join(f" {cells[path, size].p95:.0f} |" for size in sizes)
            + f" {cells[path, sizes[-1]].p50 / cells[path, sizes[0]].p50:.2f} |"
            for path in paths
        ),
        "",
        "Ratio: the median at the largest size over that at the smallest.",
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "b6.md").write_text("\n".join(lines) + "\n")
    document = {"machine": machine(), "pages": [asdict(one) for one in found]}
    (RESULTS / "b6.json").write_text(json.dumps(document, indent=2) + "\n")
    return "\n".join(lines)
