"""A real PostgreSQL built by the real migrations, once; a fresh copy of it for every test that asks."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from app.infra import postgres
from app.infra.db import Database, with_database
from app.infra.migrate import APPLICATION, migrate
from app.wiring import make_bus

SECRET = b"tests-only-secret-of-at-least-32-characters"
TEMPLATE = "template_xyd"
_numbers = itertools.count(1)

settings.register_profile("untimed", deadline=None)  # How fast it is, the benches measure.
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and files of the run go to a folder of its own, never into the checkout."""
    folder = tmp_path_factory.mktemp("home")
    os.environ["XINYIDAI_HOME"] = str(folder)
    return folder


@dataclass(frozen=True, slots=True)
class Cluster:
    """The test run's server; `url` is the superuser's, for cloning and for planting faults only."""

    home: Path
    url: str

    def address(self, database: str) -> str:
        return with_database(self.url, database)

    async def clone(self) -> str:
        name = f"t{next(_numbers)}_{os.getpid()}"
        await self._run(f"create database {name} template {TEMPLATE} strategy file_copy")
        return name

    async def drop(self, name: str) -> None:
        await self._run(f"drop database if exists {name} with (force)")

    async def _run(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url, server_settings={"application_name": APPLICATION})
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Start the launcher's server in a temporary home (in memory where there is room) and migrate a template."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30
    home = Path(tempfile.mkdtemp(prefix="xyd-test-", dir=memory if roomy else None))
    home.chmod(0o755)
    server = postgres.start(home)
    try:
        asyncio.run(migrate(server.url, SECRET, database=TEMPLATE, prefix="xyd"))
        yield Cluster(home, server.url)
    finally:
        postgres.stop(server)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def database_name(cluster: Cluster) -> AsyncIterator[str]:
    name = await cluster.clone()
    yield name
    await cluster.drop(name)


@pytest.fixture
async def db(cluster: Cluster, database_name: str) -> AsyncIterator[Database]:
    """The application's own pools on a fresh copy of the migrated database, with a movable business clock."""
    database = open_database(cluster, database_name)
    yield database
    await database.close()


def open_database(cluster: Cluster, name: str) -> Database:
    """Waits longer for a connection than a service would: a busy machine is no reason for a test to fail."""
    return Database(
        url=cluster.address(name), secret=SECRET, bus=make_bus(), prefix="xyd", movable_clock=True,
        application_name="xinyidai-test", acquire_seconds_max=20,
    )  # fmt: skip


@pytest.fixture
async def admin(cluster: Cluster, database_name: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A superuser, for planting faults and reading everything. Never for what a test is about."""
    connection = await asyncpg.connect(
        cluster.address(database_name), server_settings={"application_name": "fault-injector"}
    )
    yield connection
    await connection.close()
