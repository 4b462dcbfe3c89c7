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
from app.market.reasons.service import (
    FlagKind,
    Whose,
    flag_attempt,
    flag_copy,
    flags_of,
    reasons_on,
    tree_in_force,
)

__all__ = [
    "Claim",
    "Comparison",
    "FlagKind",
    "Held",
    "Item",
    "NotHeld",
    "Reason",
    "Source",
    "Status",
    "Tree",
    "Whose",
    "Why",
    "check",
    "compares",
    "flag_attempt",
    "flag_copy",
    "flags_of",
    "read_tree",
    "reasons_on",
    "tree_in_force",
]
