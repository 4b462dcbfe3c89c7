"""Writing the log, sealing it, and proving it."""

from app.access.audit.service.proving import Proof, Waiting, erase, latest_head, proof_of, waiting
from app.access.audit.service.writing import write, write_refusal

__all__ = ["Proof", "Waiting", "erase", "latest_head", "proof_of", "waiting", "write", "write_refusal"]
