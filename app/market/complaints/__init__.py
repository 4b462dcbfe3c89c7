"""Complaints 投诉: what a firm holds against a bank, and what becomes of it in which time."""

from app.market.complaints.jobs import TOLD, tell
from app.market.complaints.rules import TRANSITIONS, Act, Finding, Side, State
from app.market.complaints.schemas import TEXTS
from app.market.complaints.service import (
    CASES,
    About,
    act_on,
    categories_on,
    counts,
    file_complaint,
    get,
    list_complaints,
    list_of_order,
    weigh,
)

__all__ = [
    "CASES",
    "TEXTS",
    "TOLD",
    "TRANSITIONS",
    "About",
    "Act",
    "Finding",
    "Side",
    "State",
    "act_on",
    "categories_on",
    "counts",
    "file_complaint",
    "get",
    "list_complaints",
    "list_of_order",
    "tell",
    "weigh",
]
