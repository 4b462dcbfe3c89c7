"""Every page that answers a GET, for everybody who may see it, over a crowded city: p50 and p95 against 150 ms.

The pages are those of docs/access-matrix.toml, so that none is forgotten: what cannot be asked for want of a sample is
told as such. One web process as in production, one visitor at a time, a warm server; the first requests do not count.
"""

import asyncio
import json
import logging
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import httpx

from app.demo.load import PASSWORD
from app.infra import postgres, vault
from app.infra.db import Database
from app.infra.migrate import migrate
from app.infra.places import NAME
from app.wiring import make_bus
from bench.b2_post_order import HOST, REPOSITORY, free_port, process, until_open
from bench.crowd import Crowd, make_crowd
from bench.table import RESULTS, machine

SUBORDERS: Final = int(os.environ.get("BENCH_SUBORDERS", "100000"))
OPEN_AT_BRANCH: Final = int(os.environ.get("BENCH_OPEN", "10000"))
REQUESTS: Final = int(os.environ.get("BENCH_REQUESTS", "40"))
WARM: Final = 4
BUDGET_MS: Final = 150.0
PATIENCE_MS: Final = 12_000.0  # A page that has missed by far is not asked forty times.
QUERIES: Final[Mapping[str, str]] = {  # What a page needs to be asked with.
    "/matches": "amount_fen=30000000&term_months=12&purpose=%E5%A4%87%E8%B4%A7&collateral=none",
    "/supervision/promises/promise": "key=DECISION",
    "/figures/cases": "figure=accepted",
    "/supervision/cases": "figure=accepted",
}
ROLES: Final = (
    "business",
    "branch_clerk",
    "branch_checker",
    "bank_admin",
    "regulator",
    "service",
    "operator",
    "data_officer",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One page as one audience sees it. `status` other than 200 is told, not hidden; times in milliseconds."""

    page: str
    role: str
    status: int
    kind: str
    kb: int
    p50: float
    p95: float

    @property
    def verdict(self) -> str:
        if self.status == 0:
            return "not asked: no sample"
        if self.status >= 300:
            return f"answers {self.status}"
        return "ok" if self.p95 <= BUDGET_MS else "missed"


def measure() -> list[Measured]:
    """Measure every page on a server of its own."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    home = Path(tempfile.mkdtemp(prefix="xyd-bench-"))
    home.chmod(0o755)
    try:
        with postgres.running(home / "postgres") as server:
            return asyncio.run(_measure(home, server.url))
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _measure(home: Path, server_url: str) -> list[Measured]:
    secret = secrets.token_urlsafe(48)
    url = await migrate(server_url, secret.encode(), database=NAME, prefix=NAME)
    vault.unlock(home / "keys")
    began = time.monotonic()
    db = Database(url, secret.encode(), make_bus(), prefix=NAME, movable_clock=True, application_name="xinyidai-bench")
    crowd = await make_crowd(
        db, url, home / "city", suborders=SUBORDERS, at_one_branch=OPEN_AT_BRANCH
    )  # fmt: skip
    await db.close()
    print(f"{crowd.suborders} suborders, {crowd.open_at_branch} open at one branch: {time.monotonic() - began:.0f} s")
    port = free_port()
    environment = {"XINYIDAI_HOME": str(home), "DATABASE_URL": url, "XINYIDAI_SECRET": secret}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    async with process(command, environment, home / "web.log") as web:
        await until_open(port)
        found = await _ask_all(port, url, crowd)
        memory = _memory_kb(web.pid)
    print(report(found, crowd, memory))
    return found


async def _ask_all(port: int, url: str, crowd: Crowd) -> list[Measured]:
    samples = await _samples(url, crowd)
    logins = _logins(crowd)
    measured = []
    for role in (*ROLES, "public"):
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False, timeout=60) as client:
            if role in logins:
                answer = await client.post("/session", json={"login": logins[role], "password": PASSWORD})
                answer.raise_for_status()
                client.cookies.set("session", answer.cookies["session"])
            for path in _pages(role):
                measured.append(await _ask(client, path, role, samples))
                print(f"{measured[-1].p95:8.1f} ms  {role:15} {path} {measured[-1].verdict}", flush=True)
    return measured


def _pages(role: str) -> Iterator[str]:
    """The paths of the matrix that this role may GET; public ones once, by nobody."""
    document = tomllib.loads((REPOSITORY / "docs" / "access-matrix.toml").read_text())
    for key, value in document.items():
        method, path = key.split(" ", 1)
        roles = value["roles"] if isinstance(value, dict) else value
        if method != "GET":
            continue
        if (roles == "public" and role == "public") or (roles == "person" and role == "business") or role in roles:
            yield path


async def _ask(client: httpx.AsyncClient, path: str, role: str, samples: Mapping[str, Mapping[str, str]]) -> Measured:
    known = samples[role]
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    if any(name not in known for name in names):
        return Measured(path, role, 0, "", 0, 0.0, 0.0)
    query = QUERIES.get(path)
    url = path.format(**known) + (f"?{query}" if query else "")
    took = []
    for _ in range(WARM + REQUESTS):
        began = time.perf_counter()
        answer = await client.get(url, headers={"accept": "text/html"})
        took.append((time.perf_counter() - began) * 1000)
        if answer.status_code >= 400 or (len(took) > WARM and sum(took) > PATIENCE_MS):
            break
    took = sorted(took[WARM:] or took)
    kind = answer.headers.get("content-type", "").split(";")[0]
    return Measured(
        path, role, answer.status_code, kind, len(answer.content) // 1024, statistics.median(took),
        took[min(len(took) - 1, len(took) * 95 // 100)],
    )  # fmt: skip


def _logins(crowd: Crowd) -> dict[str, str]:
    head = crowd.clerk.split("-")[0] + "-head"
    return {
        "business": "firm1", "branch_clerk": crowd.clerk, "branch_checker": crowd.clerk + "c", "bank_admin": head,
        "regulator": "regulator", "service": "service", "operator": "operator", "data_officer": "officer",
    }  # fmt: skip


async def _samples(url: str, crowd: Crowd) -> dict[str, dict[str, str]]:
    """For each audience, one thing of each kind that it may see, by the name of the path's parameter."""
    seats = crowd.loaded.seats
    firm, clerk = seats["firm1"], seats[crowd.clerk]
    connection = await asyncpg.connect(url, server_settings={"application_name": "xinyidai-migrate"})
    try:
        names = {
            "order_id": ("select order_id from orders where business_id = $1 order by posted_at desc limit 1",
                         firm.org_id),
            "suborder_id": ("select suborder_id from suborders where branch_id = $1 and state = 'investigating'"
                            " order by pushed_at limit 1", clerk.branch_id),
            "list_id": ("select list_id from published_lists where branch_id = $1 order by version limit 1",
                        clerk.branch_id),
            "pool_id": ("select pool_id from pools where branch_id = $1 order by quarter limit 1", clerk.branch_id),
            "batch_id": ("select batch_id from batches where provider_id is not null limit 1",),
            "product_id": ("select product_id from products where bank_id = $1 limit 1", clerk.org_id),
            "proposal_id": ("select proposal_id from proposals where org_id = $1 limit 1", clerk.org_id),
            "complaint_id": ("select complaint_id from complaints where branch_id = $1 order by filed_at limit 1",
                             clerk.branch_id),
            "callback_id": ("select callback_id from callbacks order by drawn_at limit 1",),
        }  # fmt: skip
        await connection.execute(
            "update batches set provider_id = $1 where batch_id = (select min(batch_id::text)::uuid from batches)",
            seats["officer"].org_id,
        )
        found = {name: await connection.fetchval(*asked) for name, asked in names.items()}
        firms = await connection.fetchrow(
            "select suborder_id, consent_id from suborders where order_id = $1 limit 1", found["order_id"]
        )
        complaint_id = await connection.fetchval(
            "select complaint_id from complaints where business_id = $1 limit 1", firm.org_id
        )
    finally:
        await connection.close()
    common = {name: str(value) for name, value in found.items() if value is not None}
    last_month = date.today().replace(day=1) - timedelta(days=1)  # noqa: DTZ011 — a month to look at, no promise
    common |= {"month": f"{last_month:%Y-%m}"}
    common |= {"code": "not-found", "kind": "ACCEPT", "path": "openapi.json", "name": "app.css", "version": "0"}
    own = common | {name: str(value) for name, value in dict(firms or {}).items()}
    own.pop("complaint_id", None)
    own |= {"complaint_id": str(complaint_id)} if complaint_id else {}
    return {role: own if role == "business" else common for role in (*ROLES, "public")}


def _memory_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS"))


def report(measured: Sequence[Measured], crowd: Crowd, memory_kb: int) -> str:
    """Write `results/pages.{md,json}` and return the Markdown, the slowest first."""
    slowest = sorted(measured, key=lambda one: -one.p95)
    missed = sum(one.verdict != "ok" for one in measured)
    load = os.getloadavg()[0]
    lines = [
        f"Measured on {machine()}, {REQUESTS} requests each after {WARM}, load {load:.1f}."
        f" {crowd.suborders:,} suborders, {crowd.open_at_branch:,} open at the clerk's branch."
        f" Budget p95 ≤ {BUDGET_MS:.0f} ms; {len(measured) - missed} of {len(measured)} hold it."
        f" Web process after all: {memory_kb // 1024} MB.",
        "",
        "| page | audience | p50 ms | p95 ms | kB | verdict |",
        "|---|---|---:|---:|---:|---|",
        *(f"| {m.page} | {m.role} | {m.p50:.0f} | {m.p95:.0f} | {m.kb} | {m.verdict} |" for m in slowest),
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "pages.md").write_text("\n".join(lines) + "\n")
    document = {"machine": machine(), "memory_kb": memory_kb, "pages": [asdict(one) for one in measured]}
    (RESULTS / "pages.json").write_text(json.dumps(document, indent=2) + "\n")
    return "\n".join(lines)


if __name__ == "__main__":
    measure()
