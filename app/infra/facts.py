"""Facts of the machinery for the operator: the database, the jobs' last runs, the disk. Nothing of anybody's."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.infra.db import ReadTx


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """`oldest_seconds`: how long the oldest transaction of anybody has been open; None when none is."""

    version: str
    fsync: str
    checksums: str
    synchronous_commit: str
    full_page_writes: str
    size_bytes: int
    oldest_seconds: int | None
    connections: int
    connections_max: int
    revision: str


@dataclass(frozen=True, slots=True)
class JobRun:
    """The last run of one job. `error` is the class of what it failed with, None after a good one."""

    job: str
    process: str
    ended_at: datetime
    took_ms: int
    done: int
    busy_at: datetime | None
    failed_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Disk:
    total_bytes: int
    free_bytes: int


async def database_facts(tx: ReadTx) -> DatabaseFacts:
    row = await tx.row("select * from database_facts($1)", tx.wall)
    assert row is not None, "the function gives one row"
    return DatabaseFacts(**dict(row))


async def job_runs(tx: ReadTx) -> list[JobRun]:
    """The last run of every job, the one that ran longest ago first."""
    rows = await tx.fetch(
        "select job, process, ended_at, took_ms, done, busy_at, failed_at, error from job_runs order by ended_at"
    )
    return [JobRun(**dict(row)) for row in rows]


def disk_of(folder: Path) -> Disk:
    """Room on the disk that holds a folder, or the nearest folder above it that there is."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    found = shutil.disk_usage(folder)
    return Disk(found.total, found.free)
