"""The words of packages: what goes in, what is shown, what is read back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

Body = dict[str, Any]


class Status(StrEnum):
    """What the platform knows about an item: three different things, never mixed up and never zero."""

    VALUE = "value"
    NO_RECORD = "no_record"  # Collected, and nothing was found.
    NOT_COLLECTED = "not_collected"


class ScopeFault(StrEnum):
    """Why a package may not be sealed under a consent, in the order of the checks. All need a new consent."""

    OTHER_ORDER = "other-order"
    OTHER_BANK = "other-bank"
    OTHER_BRANCH = "other-branch"
    OTHER_SUBJECT = "other-subject"
    DATA_CLASS = "data-class"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as the report gives it. `value` stands only with status `value`; `as_of_on` is the day it speaks of."""

    path: str
    item_code: str
    data_class: str
    title: str
    unit: str
    status: Status
    source: str = ""
    value: str | int | None = None
    as_of_on: date | None = None


@dataclass(frozen=True, slots=True)
class BankInput:
    """What a bank put in about the firm by itself, such as its own rating: the bank's statement, not a record.

    `path` begins with `bank.`; `recorded_by` is None for an import.
    """

    path: str
    value: str | int
    as_of_on: date
    source: str
    recorded_at: datetime
    recorded_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The consent, as far as a package depends on it. `subject_id` is whose data it opens."""

    consent_id: UUID
    business_id: UUID
    order_id: UUID
    bank_id: UUID
    branch_id: UUID
    subject_id: UUID
    purpose: str
    data_classes: tuple[str, ...]
    text_hash: str
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The suborder that a package is for, and what was asked."""

    order_id: UUID
    suborder_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    amount_fen: int
    term_months: int
    purpose: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data it is. `code` is the unified social credit code, or the bank's customer number of a masked subject."""

    subject_id: UUID
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the firm saw before it signed: per path (status, value)."""

    preview_id: UUID
    sha256: str
    previewed_at: datetime
    items: Mapping[str, tuple[str, str | int | None]]


@dataclass(frozen=True, slots=True)
class PackageItem:
    """One item of a sealed package, or one of the bank's own inputs (then `stated_by_bank`)."""

    path: str
    title: str
    unit: str
    status: Status
    value: str | int | None
    data_class: str | None
    source: str
    as_of_on: date | None
    age_days: int | None
    changed_since_consent: bool = False
    stated_by_bank: bool = False
