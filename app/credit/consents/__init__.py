"""Consents (授权书): who may read what for which purpose, until when, and the gate that ends it at once."""

from app.credit.consents.jobs import finish_revocations
from app.credit.consents.rules import Consent, Grant, Purpose, SignMethod, Why
from app.credit.consents.service import (
    Letter,
    Names,
    amend_branch,
    check,
    close_gate,
    find_for_order,
    finish_revocation,
    grant,
    read_letter,
    revoke,
    write_letter,
)

__all__ = [
    "Consent",
    "Grant",
    "Letter",
    "Names",
    "Purpose",
    "SignMethod",
    "Why",
    "amend_branch",
    "check",
    "close_gate",
    "find_for_order",
    "finish_revocation",
    "finish_revocations",
    "grant",
    "read_letter",
    "revoke",
    "write_letter",
]
