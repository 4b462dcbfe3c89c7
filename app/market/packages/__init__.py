"""Packages: what a bank may see of a firm, shown before consent, sealed at acceptance, opened under the gate."""

from app.market.packages.rules import BankInput, Case, PackageItem, Status
from app.market.packages.service.reading import (
    Envelope,
    Head,
    Opened,
    Reading,
    deliver,
    find_of_suborder,
    item,
    items,
    list_of_order,
    list_reads,
    open,
    read,
    read_own,
)
from app.market.packages.service.sealing import Preview, preview, seal

__all__ = [
    "BankInput",
    "Case",
    "Envelope",
    "Head",
    "Opened",
    "PackageItem",
    "Preview",
    "Reading",
    "Status",
    "deliver",
    "find_of_suborder",
    "item",
    "items",
    "list_of_order",
    "list_reads",
    "open",
    "preview",
    "read",
    "read_own",
    "seal",
]
