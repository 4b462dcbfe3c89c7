"""Audit: who did or read what, when. Append-only."""

from app.access.audit.service import write

__all__ = ["write"]
