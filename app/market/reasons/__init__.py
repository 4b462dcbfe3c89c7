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
    in_force,
)
from app.market.reasons.schemas import read_tree
from app.market.reasons.service import reasons_on, tree_in_force

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
    "in_force",
    "read_tree",
    "reasons_on",
    "tree_in_force",
]
