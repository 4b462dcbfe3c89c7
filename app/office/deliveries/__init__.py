"""Deliveries: telling banks' endpoints by signed POST, with retries and dead letters."""

from app.office.deliveries.rules import Endpoint, Notice, NoticeState, Outcome, Scheme, kind_of
from app.office.deliveries.service.endpoints import (
    check_url,
    dead_by_bank,
    disable_endpoint,
    is_told,
    list_dead,
    list_endpoints,
    list_notices,
    outgoing,
    register_endpoint,
    resend,
    rotate_key,
    tell,
)
from app.office.deliveries.service.sending import Courier, run_due

__all__ = [
    "Courier",
    "Endpoint",
    "Notice",
    "NoticeState",
    "Outcome",
    "Scheme",
    "check_url",
    "dead_by_bank",
    "disable_endpoint",
    "is_told",
    "kind_of",
    "list_dead",
    "list_endpoints",
    "list_notices",
    "outgoing",
    "register_endpoint",
    "resend",
    "rotate_key",
    "run_due",
    "tell",
]
