"""Pages that belong to no single room: what the operator sees of the machinery."""

from app.portal import health, outbox

__all__ = ["health", "outbox"]
