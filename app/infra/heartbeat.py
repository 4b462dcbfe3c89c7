"""What the worker's jobs did last, beside the work itself: so that a worker that stands still can be seen."""

import os
import socket
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import DateTime, Text
from sqlmodel import Field, SQLModel

from app.infra.db import Database, Role

BEAT_SECONDS: Final = 5.0  # A job that runs each second is noted only this often, unless it failed or mended.


class JobRunRow(SQLModel, table=True):
    """The last run of one job, by whichever process ran it. `busy_at`: when it last had something to do."""

    __tablename__ = "job_runs"

    job: str = Field(primary_key=True, sa_type=Text)
    process: str = Field(sa_type=Text)
    began_at: datetime = Field(sa_type=DateTime(timezone=True))
    ended_at: datetime = Field(sa_type=DateTime(timezone=True))
    took_ms: int
    done: int
    busy_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    failed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    error: str | None = Field(default=None, sa_type=Text)


NOTE: Final = """
insert into job_runs as j (job, process, began_at, ended_at, took_ms, done, busy_at, failed_at, error)
values ($1, $2, $3, $4::timestamptz, $5, $6::integer, case when $6::integer > 0 then $4::timestamptz end,
  case when $7::text is not null then $4::timestamptz end, $7::text)
on conflict (job) do update set process = excluded.process, began_at = excluded.began_at,
  ended_at = excluded.ended_at, took_ms = excluded.took_ms, done = excluded.done,
  busy_at = coalesce(excluded.busy_at, j.busy_at), failed_at = coalesce(excluded.failed_at, j.failed_at),
  error = excluded.error
"""


@dataclass(slots=True)
class Pulse:
    """Remembers of each job when it was last noted, and how much it has done since."""

    db: Database
    process: str = field(default_factory=lambda: f"{socket.gethostname()[:60]}:{os.getpid()}")
    _noted: dict[str, tuple[float, str | None]] = field(default_factory=dict)
    _done: dict[str, int] = field(default_factory=dict)

    async def beat(self, job: str, took_seconds: float, done: int, error: str | None = None) -> None:
        """Note a run that has just ended; `error` is the class of what it failed with. Mostly writes nothing."""
        last, before = self._noted.get(job, (0.0, None))
        self._done[job] = self._done.get(job, 0) + done
        now = time.monotonic()
        if last and now - last < BEAT_SECONDS and error == before:
            return
        self._noted[job] = now, error
        async with self.db.transaction(Role.WORKER) as tx:
            began_at = tx.wall - timedelta(seconds=took_seconds)
            done_since = min(self._done.pop(job), 2**31 - 1)
            await tx.execute(NOTE, job, self.process, began_at, tx.wall, int(took_seconds * 1000), done_since, error)
