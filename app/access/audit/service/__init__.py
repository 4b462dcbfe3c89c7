"""Writing the log, sealing it, and proving it."""

from app.access.audit.service.proving import Proof, erase, latest_head, proof_of, waiting
from app.access.audit.service.writing import write, write_refusal
from app.access.audit.store.proofs import Waiting

__all__ = ["Proof", "Waiting", "erase", "latest_head", "proof_of", "waiting", "write", "write_refusal"]
