"""Audit: who did or read what, when. Append-only."""

from app.access.audit.service import write, write_refusal

__all__ = ["write", "write_refusal"]
