"""The composition root of events: which room listens to which event of another."""

from app.infra.outbox import Bus


def make_bus() -> Bus:
    """Subscribe every listener. Order matters only within one event's in-transaction list."""
    return Bus()
