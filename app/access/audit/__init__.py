"""Audit: who did or read what, when. Append-only, sealed, and provable to anybody outside."""

from app.access.audit.service import Proof, Waiting, erase, latest_head, proof_of, waiting, write, write_refusal
from app.access.audit.service.sealing import Forked, Sealer

__all__ = [
    "Forked",
    "Proof",
    "Sealer",
    "Waiting",
    "erase",
    "latest_head",
    "proof_of",
    "waiting",
    "write",
    "write_refusal",
]
