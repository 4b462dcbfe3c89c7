"""What a credit data package is: composed from a report under a consent, byte for byte the same for the same inputs.

Pure: every input is an argument, every answer is a value. A package holds strings and integers only, under ASCII keys
(integers within ±2^53-1); then compact JSON with sorted keys is the canonical form of RFC 8785, which is hashed and
signed. Nothing is left out silently: each item has a status, each class its coverage, each gap its name.
"""

from typing import Final

from app.market.packages.rules.canonical import EXACT_MAX, canonical, digest, instant, is_plain
from app.market.packages.rules.composing import (
    claims,
    compose,
    compose_items,
    find_changes,
    find_item,
    judge_scope,
    read_items,
    read_shown,
)
from app.market.packages.rules.shapes import (
    BankInput,
    Body,
    Case,
    Entry,
    Letter,
    PackageItem,
    ScopeFault,
    Shown,
    Status,
    Subject,
)

JWS_TYPE: Final = "credit-package+jws"
JWE_TYPE: Final = "credit-package+jwe"

__all__ = [
    "EXACT_MAX",
    "JWE_TYPE",
    "JWS_TYPE",
    "BankInput",
    "Body",
    "Case",
    "Entry",
    "Letter",
    "PackageItem",
    "ScopeFault",
    "Shown",
    "Status",
    "Subject",
    "canonical",
    "claims",
    "compose",
    "compose_items",
    "digest",
    "find_changes",
    "find_item",
    "instant",
    "is_plain",
    "judge_scope",
    "read_items",
    "read_shown",
]
