"""The catalogue 公共信用信息目录: items, their classes and figures, edition by edition."""

from app.credit.catalogue.rules import Cycle, DataClass, Disclosure, Edition, Figure, Item, Nature, Share, read_edition
from app.credit.catalogue.service import edition_on

__all__ = [
    "Cycle",
    "DataClass",
    "Disclosure",
    "Edition",
    "Figure",
    "Item",
    "Nature",
    "Share",
    "edition_on",
    "read_edition",
]
