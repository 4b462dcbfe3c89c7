"""The rig: a real server, web and worker as processes of their own, and the means to kill each of them.

Whatever is killed is started again at once, as a supervisor would. Only processes that the rig started are ever
killed, each by its own handle.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx

from app.infra import postgres
from app.infra.db import OUTCOME_UNKNOWN, Database, Record, Role
from app.infra.migrate import migrate
from app.infra.places import NAME
from app.kernel.clock import WALL
from app.wiring import make_bus
from tests.crash.proxy import CommitProxy
from tests.support import REPOSITORY, eventually

SECRET = "crash-only-secret-of-at-least-32-characters"
HOST = "127.0.0.1"
PATIENCE_SECONDS = 90  # A loaded machine is slow; a service that does not come back at all is what fails.
STOP_SECONDS_MAX = 20
LOOK_SECONDS_MAX = 20  # One look at the tables; a server that died under it may leave it without an answer.


@dataclass(slots=True)
class Kept:
    """One process that is started again whenever it ends, until the rig closes."""

    command: list[str]
    env: dict[str, str]
    log: Path
    starts: int = 0
    killed: int = 0
    ended_alone: int = 0
    _process: asyncio.subprocess.Process | None = None
    _expected: bool = False
    _closing: bool = False

    async def keep(self) -> None:
        with self.log.open("ab") as log:
            while not self._closing:
                self._expected = False
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "app.cli", *self.command, cwd=REPOSITORY, env=self.env, stdout=log,
                    stderr=log, stdin=asyncio.subprocess.DEVNULL,
                )  # fmt: skip
                self.starts += 1
                await self._process.wait()
                self.ended_alone += not self._expected

    def kill(self) -> bool:
        """kill -9; False when there was no living process to kill."""
        process = self._process
        if process is None or process.returncode is not None:
            return False
        self._expected = True
        process.kill()
        self.killed += 1
        return True

    async def pause(self, seconds: float) -> bool:
        """SIGSTOP for a while; False when there was no living process to stop."""
        process = self._process
        if process is None or process.returncode is not None:
            return False
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
        return True

    async def close(self, keeping: "asyncio.Task[None]") -> None:
        self._closing = self._expected = True
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS_MAX)
            except TimeoutError:
                process.kill()
                await process.wait()
        await asyncio.wait([keeping], timeout=STOP_SECONDS_MAX)


@dataclass(slots=True)
class Rig:
    """What the storm rages over. `db` looks on and moves the business clock, as login roles.

    All three reach the server through a proxy, also the one that looks on: a server that comes back may have another
    port, and then only the proxies need to know.
    """

    home: Path
    server: postgres.Running
    web_proxy: CommitProxy
    worker_proxy: CommitProxy
    watch_proxy: CommitProxy
    web: Kept
    worker: Kept
    db: Database
    base_url: str
    kills: Counter[str] = field(default_factory=Counter)
    back_seconds: dict[str, list[float]] = field(default_factory=dict)
    moves: list[tuple[datetime, timedelta]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """What a failing run shows of its way."""
        print(f"{time.monotonic() - self.began:7.1f} s  {line}")

    # Killing. `place` is what the report counts; a kill that found nothing alive is not counted.

    async def kill_web(self, place: str) -> None:
        self.kills[place] += self.web.kill()
        self.say(f"killed: {place}")

    async def kill_worker(self, place: str) -> None:
        self.kills[place] += self.worker.kill()
        self.say(f"killed: {place}")

    async def kill_postmaster(self, place: str) -> None:
        """kill -9 of the postmaster alone; its children end by themselves, and the launcher starts it again."""
        os.kill(self.server.pid, signal.SIGKILL)
        self.kills[place] += 1
        self.say(f"killed: {place}")
        await self._start_again()
        assert self.server.started_here, "the killed server is gone, so the new one is ours"

    async def restart_postmaster(self, place: str) -> None:
        """An orderly stop and start, as for an upgrade."""
        await asyncio.to_thread(postgres.stop, self.server)
        self.kills[place] += 1
        self.say(f"restarted: {place}")
        await self._start_again()

    async def _start_again(self) -> None:
        before = self.server.port
        self.server = await asyncio.to_thread(postgres.start, self.server.home)
        for proxy in (self.web_proxy, self.worker_proxy, self.watch_proxy):
            proxy.upstream_port = self.server.port
        if self.server.port != before:
            self.say(f"the server came back at port {self.server.port}, not {before}")

    async def pause_worker(self, place: str, seconds: float) -> None:
        """SIGSTOP, as on a machine that swaps or a hypervisor that moves it: it wakes into a later time."""
        self.kills[place] += await self.worker.pause(seconds)
        self.say(f"paused: {place}")

    async def pause_database(self, place: str, seconds: float) -> None:
        """SIGSTOP of the postmaster and of all that it started."""
        pids = [self.server.pid, *children(self.server.pid)]
        for pid in pids:
            _send(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        for pid in pids:
            _send(pid, signal.SIGCONT)
        self.kills[place] += 1
        self.say(f"paused: {place}")

    # Being back.

    async def web_answers(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
                return (await client.get(f"{self.base_url}/health/ready")).is_success
        except httpx.TransportError:
            return False

    async def until_web_is_back(self, since: float, place: str) -> None:
        await eventually(self.web_answers, PATIENCE_SECONDS)
        self.back_seconds.setdefault(place, []).append(time.monotonic() - since)

    async def until_worker_is_back(self, since: float, place: str) -> None:
        """The worker answers nobody; it is back when its new process has ended a unit of work."""
        starts = self.worker.killed + self.worker.ended_alone

        async def runs() -> bool:
            return self.worker.starts > starts

        await eventually(runs, PATIENCE_SECONDS)
        before = self.worker_proxy.commits

        async def works() -> bool:
            return self.worker_proxy.commits > before

        await eventually(works, PATIENCE_SECONDS)
        self.back_seconds.setdefault(place, []).append(time.monotonic() - since)

    # Time and waiting.

    async def move_clock(self, ahead: timedelta) -> None:
        """Let the business clock run `ahead` of the wall clock from now on."""
        self.moves.append((WALL.now(), ahead))
        async with self.db.transaction(Role.OPS) as tx:
            await tx.execute(
                "insert into business_clock (ahead) values ($1) on conflict (id) do update set ahead = $1", ahead
            )

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """Rows of the whole database, in the reporter's role; waits while the server is away."""
        found: list[Record] = []

        async def read() -> bool:
            try:
                async with asyncio.timeout(LOOK_SECONDS_MAX), self.db.reading(Role.REPORTER) as tx:
                    found[:] = await tx.fetch(sql, *args)
            except (*OUTCOME_UNKNOWN, asyncpg.PostgresError):
                return False  # away, or just come back: look again
            return True

        await eventually(read, PATIENCE_SECONDS)
        return found

    async def value(self, sql: str, *args: object) -> int:
        return int((await self.fetch(sql, *args))[0][0] or 0)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        await eventually(condition, PATIENCE_SECONDS)


@asynccontextmanager
async def rigged() -> AsyncIterator[Rig]:
    """A migrated server in a home of its own, two proxies before it, web and worker behind them (not yet started)."""
    home = Path(tempfile.mkdtemp(prefix="xyd-crash-"))
    home.chmod(0o755)
    try:
        server = await asyncio.to_thread(postgres.start, home / "postgres")
        rig: Rig | None = None
        try:
            url = await migrate(server.url, SECRET.encode(), database=NAME, prefix=NAME)
            async with AsyncExitStack() as stack:
                proxies = [await stack.enter_async_context(CommitProxy(server.port)) for _ in range(3)]
                rig = make_rig(home, server, url, *proxies)
                stack.push_async_callback(rig.db.close)
                yield rig
        finally:
            await asyncio.to_thread(postgres.stop, rig.server if rig is not None else server)
    finally:
        for log in home.rglob("*.log"):
            print(log.name, log.read_text(errors="replace")[-2500:], sep="\n")
        shutil.rmtree(home, ignore_errors=True)


def make_rig(
    home: Path, server: postgres.Running, url: str, web_proxy: CommitProxy, worker_proxy: CommitProxy,
    watch_proxy: CommitProxy,
) -> Rig:  # fmt: skip
    port = free_port()
    web = Kept(["serve", "--port", str(port)], environment(home, web_proxy.port), home / "web.log")
    worker = Kept(["worker"], environment(home, worker_proxy.port), home / "worker.log")
    db = Database(
        url=f"postgresql://nobody@{HOST}:{watch_proxy.port}/{urlsplit(url).path[1:]}", secret=SECRET.encode(),
        bus=make_bus(), prefix=NAME, movable_clock=True, application_name="xinyidai-crash",
    )  # fmt: skip
    return Rig(home, server, web_proxy, worker_proxy, watch_proxy, web, worker, db, f"http://{HOST}:{port}")


@asynccontextmanager
async def started(*services: Kept) -> AsyncIterator[None]:
    """Keep these processes going inside the block; none of them outlives it."""
    keeping = [asyncio.create_task(service.keep()) for service in services]
    try:
        yield
    finally:
        await asyncio.gather(*(service.close(task) for service, task in zip(services, keeping, strict=True)))


def environment(home: Path, port: int) -> dict[str, str]:
    """What the processes are told: the database behind a proxy. Role names and passwords follow from the secret."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DATABASE_URL": f"postgresql://nobody@{HOST}:{port}/{NAME}",
        "XINYIDAI_HOME": str(home / "files"),
        "XINYIDAI_SECRET": SECRET,
        "XINYIDAI_MOVABLE_CLOCK": "1",
        "PYTHONUNBUFFERED": "1",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def children(pid: int) -> list[int]:
    """Processes that `pid` started and that still live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(after_name[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
