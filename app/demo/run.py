"""`make demo`: one command from nothing to a living city on 127.0.0.1."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.demo.city import City, make_city
from app.demo.load import PASSWORD, Loaded, load_city, load_month
from app.demo.past import Past
from app.demo.plans import Days, make_plans
from app.demo.story import Story
from app.infra import postgres, vault
from app.infra.db import Database, Role
from app.infra.migrate import migrate
from app.infra.outbox import drain
from app.infra.places import NAME, open_database
from app.infra.settings import BadSettings, Settings, load
from app.invariants import TRUTHS, check_all
from app.kernel.clock import WALL, shanghai_date
from app.kernel.workdays import starts_at
from app.market import orders, supervision
from app.office import clocks
from app.replay import replay_sla
from app.wiring import make_bus

MONTHS: Final = 6  # The city wakes up so long ago …
DAYS_AGO: Final = 9  # … lives by itself until then, from there on also over HTTP, and wakes today.
ORDERS: Final = 24
READY_SECONDS_MAX: Final = 90
console = Console()


def run_demo(*, once: bool, port: int) -> None:
    """Make the city anew, live the main job, print the logins; serve until Ctrl-C unless `once`."""
    home = Path(os.environ.get("XINYIDAI_HOME", "var")).absolute() / "demo"
    base_url = f"http://127.0.0.1:{port}"
    os.environ.update(
        XINYIDAI_HOME=str(home), XINYIDAI_MOVABLE_CLOCK="1", XINYIDAI_WEBHOOK_LOOPBACK="127.0.0.1",
        XINYIDAI_ISSUER=base_url,
    )  # fmt: skip
    os.environ.pop("DATABASE_URL", None)
    settings = load()
    with _fresh_server(home) as server_url, _processes(home, port) as start:
        asyncio.run(_live(settings, server_url, base_url, home, start))
        if not once:
            console.print(f"\n[bold]{base_url}[/bold]  正在服务；按 Ctrl-C 结束 (serving; Ctrl-C ends).")
            _until_interrupted()


@contextmanager
def _fresh_server(home: Path) -> Iterator[str]:
    """A server over an empty folder; refuses to take the folder from a demo that still runs."""
    if (home / "postgres").exists():
        running = postgres.start(home / "postgres")
        if not running.started_here:
            raise BadSettings(f"another demo runs in {home}; end it first, or set XINYIDAI_HOME to another folder.")
        postgres.stop(running)
        shutil.rmtree(home / "postgres")
    with postgres.running(home / "postgres") as server:
        yield server.url


async def _live(settings: Settings, server_url: str, base_url: str, home: Path, start: "Starter") -> None:
    """From nothing to today: load, half a year by the rooms' own commands, the last days over HTTP, and the proof."""
    until = WALL.now()
    first_on = shanghai_date(until) - timedelta(days=MONTHS * 30)
    await migrate(server_url, settings.secret, database=NAME, prefix=NAME)
    vault.unlock(home / "keys")
    city = make_city(first_on)
    async with open_database(settings, server_url, make_bus(), "xinyidai-demo") as db:
        with _counting("资料 rows") as told:
            await _freeze(db, starts_at(first_on) + timedelta(hours=8))
            loaded = await load_city(db, city, home / "files", told, until=shanghai_date(until))
        with _counting("过去半年 acts of half a year") as told:
            past = await _past(db, city, loaded, until, home / "files", told)
            await past.live_until(until - timedelta(days=DAYS_AGO))
        await asyncio.to_thread(start)
        await asyncio.to_thread(_wait_until_ready, base_url, start)
        await _move(db, until - timedelta(days=DAYS_AGO))
        tally = await _tell(db, base_url, loaded, past)
        await past.live_until(WALL.now())
        await _move(db, WALL.now())
        await _settle(db)
        _print_counts(past.tally + tally)
        await _prove(db)
    _print_logins(loaded, base_url)


async def _past(
    db: Database, city: City, loaded: Loaded, until: datetime, folder: Path, told: Callable[[str, int], None]
) -> Past:
    async with db.reading(Role.REPORTER) as tx:
        _, calendar = await clocks.calendar_on(tx, shanghai_date(until))
    days = Days(calendar)
    first_on, last_on = days.shift(city.today, 1), days.shift(shanghai_date(until), 0)
    plans = make_plans(city.firms, days, first_on, last_on, seed=city.seed)
    past = Past(
        db, city, days, plans, loaded.seats, loaded.clerks, set_clock=lambda at: _freeze(db, at), told=told
    )  # fmt: skip
    for month in range(1, MONTHS + 1):
        on = days.shift(first_on + timedelta(days=30 * month), 0)
        past.at(days.at(on, 0), lambda on=on: load_month(db, city, folder, on, told))  # type: ignore[misc]
    return past


async def _tell(db: Database, base_url: str, loaded: Loaded, past: Past) -> Counter[str]:
    """The main job over HTTP; on every day that passes, the city's own life goes on beside it."""

    async def move_clock(to: datetime) -> None:
        await past.live_until(to)
        await _move(db, to)

    with _progress() as progress:
        task = progress.add_task("主流程 main job", total=None)

        def told(line: str) -> None:
            progress.update(task, advance=1, description=line[:60])

        story = Story(base_url, PASSWORD, loaded.clerks, move_clock=move_clock, now=lambda: _now(db), told=told)
        tally = await story.tell(list(past.city.firms[:ORDERS]))
        progress.update(task, total=sum(tally.values()), description="主流程完成 main job done")
    return tally


async def _settle(db: Database) -> None:
    """Do what a worker would do next, so that nothing is left over for the first visitor to wait for."""
    while await orders.sweep(db) or await drain(db) or await _fold(db):
        pass


async def _fold(db: Database) -> int:
    async with db.transaction(Role.WORKER) as tx:
        return await supervision.fold(tx)


async def _prove(db: Database) -> None:
    """The figures of the whole history, held against a replay and the invariants."""
    found = await replay_sla(db)
    wrong = [one for one in await check_all(db) if one.broken]
    console.print(
        f"重算核对 (replay sla): {found.cases} 笔, {len(found.differences)} 处不符   "
        f"不变量 (check-invariants): {len(TRUTHS) - len(wrong)} / {len(TRUTHS)} 成立"
    )
    for line in (*found.differences[:5], *(line for one in wrong for line in one.broken[:5])):
        console.print(f"  {line}")


def _print_counts(tally: Counter[str]) -> None:
    table = Table("环节 step", "笔数 count")
    for what, count in tally.most_common():
        table.add_row(what, str(count))
    console.print(table)


@contextmanager
def _counting(title: str) -> Iterator[Callable[[str, int], None]]:
    """A line with a growing count for each kind of thing."""
    started, tasks = time.monotonic(), dict[str, TaskID]()
    with _progress() as progress:

        def told(kind: str, rows: int) -> None:
            if kind not in tasks:
                tasks[kind] = progress.add_task(kind, total=None)
            progress.update(tasks[kind], completed=rows, total=rows)

        yield told
    console.print(f"{title}: {time.monotonic() - started:.0f} s")


async def _freeze(db: Database, at: datetime) -> None:
    """Let the business clock stand at an instant."""
    async with db.transaction(Role.OPS) as tx:
        await tx.execute(
            "insert into business_clock (frozen_at) values ($1)"
            " on conflict (id) do update set frozen_at = excluded.frozen_at", at,
        )  # fmt: skip


async def _move(db: Database, to: datetime) -> None:
    """Let the business clock show `to` now and run on from there."""
    ahead = to - WALL.now()
    async with db.transaction(Role.OPS) as tx:
        await tx.execute(
            "insert into business_clock (ahead) values ($1)"
            " on conflict (id) do update set ahead = $1, frozen_at = null",
            ahead,
        )


async def _now(db: Database) -> datetime:
    async with db.reading(Role.OPS) as tx:
        return tx.now.astimezone(UTC)


@contextmanager
def _processes(home: Path, port: int) -> "Iterator[Starter]":
    starter = Starter(home, port)
    try:
        yield starter
    finally:
        starter.stop()


class Starter:
    """Starts web and worker as processes of their own, and ends them."""

    def __init__(self, home: Path, port: int) -> None:
        self._home = home
        self._commands = (["serve", "--port", str(port)], ["worker"])
        self._running: list[subprocess.Popen[bytes]] = []

    def __call__(self) -> None:
        for command in self._commands:
            with (self._home / f"{command[0]}.log").open("wb") as log:
                process = subprocess.Popen(  # noqa: S603 - our own command line
                    [sys.executable, "-m", "app.cli", *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL
                )
            self._running.append(process)

    def failure(self) -> str | None:
        """The last words of a process that has ended, or None while all run."""
        for command, process in zip(self._commands, self._running, strict=True):
            if process.poll() is not None:
                lines = (self._home / f"{command[0]}.log").read_text(errors="replace").strip().splitlines()
                return f"`xinyidai {command[0]}` ended: {lines[-1] if lines else 'it said nothing'}"
        return None

    def stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(base_url: str, start: "Starter") -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while True:
        try:
            if httpx.get(f"{base_url}/health/ready", trust_env=False, timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        if (failure := start.failure()) is not None:
            raise BadSettings(failure)
        if time.monotonic() > deadline:
            raise BadSettings(f"nothing answers at {base_url}; is the port taken? See serve.log in the demo's folder.")
        time.sleep(0.1)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.completed:>6.0f}"),
        TimeElapsedColumn(), console=console,
    )  # fmt: skip


def _print_logins(loaded: Loaded, base_url: str) -> None:
    table = Table("账号 login", "身份 role", "机构 organisation", title=f"口令 password: {PASSWORD}   {base_url}/login")
    seen: dict[str, int] = {}
    for login in loaded.logins:
        seen[login.role] = seen.get(login.role, 0) + 1
        if seen[login.role] <= 3:
            table.add_row(login.login, login.role, login.org_name)
    console.print(table)


def _until_interrupted() -> None:
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("\n结束 (ending) …")
