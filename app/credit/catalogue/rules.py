"""The catalogue of public credit information 公共信用信息目录: what may be held of whom, shown to whom, for how long.

Pure. What is in no edition may not be used as credit information. A record keeps the edition it was collected under.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class DataClass(StrEnum):
    """What a firm consents to and a package is composed of, class by class."""

    REGISTRATION = "registration"
    ANNUAL_REPORT = "annual_report"
    LICENCES = "licences"
    PENALTIES = "penalties"
    JUDICIAL = "judicial"
    LISTS = "lists"
    TAX = "tax"
    INVOICES = "invoices"
    SOCIAL_INSURANCE = "social_insurance"
    HOUSING_FUND = "housing_fund"
    UTILITIES = "utilities"
    PROPERTY = "property"
    CONTRACTS = "contracts"
    COMMITMENTS = "commitments"
    HONOURS = "honours"
    EVALUATION = "evaluation"
    QUALIFICATIONS = "qualifications"
    SELF_REPORTED = "self_reported"
    AGRICULTURE = "agriculture"


class Nature(StrEnum):
    BASIC = "basic"
    POSITIVE = "positive"
    NEGATIVE = "negative"


class Share(StrEnum):
    """共享属性: how departments get it."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    NONE = "none"


class Disclosure(StrEnum):
    """公开方式: who else may see it."""

    PUBLIC = "public"  # 公开公示
    GOVERNMENT = "government"  # 政务共享
    AUTHORISED = "authorised"  # 授权查询


class Cycle(StrEnum):
    """How often the provider sends it."""

    INSTANT = "instant"
    WORKDAYS_7 = "workdays_7"
    DAILY = "daily"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class Figure:
    """One value that a report or a package gives; `unit` is one of `UNITS`, `path` is ASCII."""

    path: str
    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the catalogue. `retention_months` None: as long as the subject exists."""

    code: str
    title: str
    category: int
    data_class: DataClass
    subject_kinds: tuple[str, ...]
    nature: Nature
    share: Share
    disclosure: Disclosure
    cycle: Cycle
    retention_months: int | None
    provider: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """One dated edition, whole. `number` is what records keep."""

    number: int
    title: str
    valid_from: date
    valid_to: date | None
    categories: Mapping[int, str]
    classes: Mapping[DataClass, str]
    items: Mapping[str, Item]

    def of_class(self, data_class: DataClass) -> tuple[Item, ...]:
        return tuple(item for item in self.items.values() if item.data_class is data_class)

    def figure(self, path: str) -> tuple[Item, Figure] | None:
        """The item and the figure of a report path."""
        for item in self.items.values():
            for figure in item.figures:
                if figure.path == path:
                    return item, figure
        return None


UNITS = ("text", "date", "flag", "count", "fen", "ppm", "months")


def read_edition(number: int, valid_from: date, valid_to: date | None, body: Mapping[str, Any]) -> Edition:
    """The policy `catalogue` as an edition; a broken reference in it is a programmer's error in the data."""
    categories = {int(key): title for key, title in body["categories"].items()}
    classes = {DataClass(key): title for key, title in body["classes"].items()}
    items: dict[str, Item] = {}
    paths: set[str] = set()
    for line in body["items"]:
        item = _item(line)
        assert item.code not in items, f"{item.code} stands twice"
        assert item.category in categories, f"{item.code}: category {item.category}"
        assert item.data_class in classes, f"{item.code}: class {item.data_class}"
        for figure in item.figures:
            assert figure.path.isascii(), f"{figure.path} is not ASCII"
            assert figure.path not in paths, f"{figure.path} stands twice"
            assert figure.unit in UNITS, f"{figure.path}: unit {figure.unit}"
            paths.add(figure.path)
        items[item.code] = item
    return Edition(number, body["title"], valid_from, valid_to, categories, classes, items)


def _item(line: Mapping[str, Any]) -> Item:
    return Item(
        code=line["code"],
        title=line["title"],
        category=line["category"],
        data_class=DataClass(line["class"]),
        subject_kinds=tuple(line["kinds"]),
        nature=Nature(line["nature"]),
        share=Share(line["share"]),
        disclosure=Disclosure(line["disclosure"]),
        cycle=Cycle(line["cycle"]),
        retention_months=line["retention_months"],
        provider=line["provider"],
        figures=tuple(Figure(path, title, unit) for path, title, unit in line["figures"]),
    )
