"""The composition root of events and jobs: which room listens to which event of another, and what a worker runs."""

from collections.abc import Mapping

from app.infra.db import Database
from app.infra.outbox import Bus
from app.infra.settings import Settings
from app.worker import Job


def make_bus() -> Bus:
    """Subscribe every listener. Order matters only within one event's in-transaction list."""
    return Bus()


def make_jobs(settings: Settings, db: Database) -> Mapping[str, Job]:
    """What a worker does beside the outbox, by name; each returns how much it did."""
    return {}
