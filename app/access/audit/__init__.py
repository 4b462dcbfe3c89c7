"""Audit: who did or read what, when. Append-only, sealed, and provable to anybody outside."""

from app.access.audit.rules.checking import WHAT as WHAT_IS_WRONG
from app.access.audit.service import Proof, Waiting, erase, latest_head, proof_of, waiting, write, write_refusal
from app.access.audit.service.exporting import find_wrong
from app.access.audit.service.sealing import Forked, Sealer

__all__ = [
    "WHAT_IS_WRONG",
    "Forked",
    "Proof",
    "Sealer",
    "Waiting",
    "erase",
    "find_wrong",
    "latest_head",
    "proof_of",
    "waiting",
    "write",
    "write_refusal",
]
