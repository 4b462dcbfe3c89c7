"""Reasons: the dated tree of refusal reasons, and whether a refusal holds against its evidence."""

from app.market.reasons.rules import (
    Claim,
    Comparison,
    Held,
    Item,
    NotHeld,
    Reason,
    Source,
    Status,
    Tree,
    Why,
    check,
    compares,
)
from app.market.reasons.schemas import read_tree
from app.market.reasons.service import flags, reasons_on, tree_in_force

__all__ = [
    "Claim",
    "Comparison",
    "Held",
    "Item",
    "NotHeld",
    "Reason",
    "Source",
    "Status",
    "Tree",
    "Why",
    "check",
    "compares",
    "flags",
    "read_tree",
    "reasons_on",
    "tree_in_force",
]
