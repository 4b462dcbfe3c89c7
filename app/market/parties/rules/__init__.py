"""Which bank an outlet belongs to, which list counts on a day, which quarter a day is in. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Final
from uuid import UUID

from app.kernel.text import match_key

_LEGAL_FORM: Final = re.compile(
    "(股份有限公司|有限责任公司|有限公司|股份有限公|股份公司)$"
)  # One real list cuts names off.
LIKE_MIN: Final = 2  # Letters in a row that two names have in common, to be worth a person's look.
_NO_OUTLET: Final = "业间学"  # 银行业协会, 银行间市场 …, 银行学校: bodies that begin like a bank and are none.


@dataclass(frozen=True, slots=True)
class Bank:
    """`bank_id` is its organisation's id."""

    bank_id: UUID
    name: str
    head_office_no: str | None
    valid_from: date
    valid_to: date | None

    @property
    def short_name(self) -> str:
        """As people call it, without its legal form.

        >>> Bank(UUID(int=1), "山城示例银行股份有限公司", None, date(2022, 3, 1), None).short_name
        '山城示例银行'
        """
        return _LEGAL_FORM.sub("", self.name)


@dataclass(frozen=True, slots=True)
class Branch:
    branch_id: UUID
    bank_id: UUID
    name: str
    uscc: str | None
    district_code: str | None
    address: str | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Product:
    """What a bank offers. `model_key` names its decision document among the limit models."""

    product_id: UUID
    bank_id: UUID
    code: str
    name: str
    name_en: str
    loan_type: str
    amount_min_fen: int
    amount_max_fen: int
    term_months_min: int
    term_months_max: int
    rate_min_ppm: int
    rate_max_ppm: int
    repayment: str
    is_unsecured: bool
    promised_workdays: int
    model_key: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class PublishedList:
    """What a branch may decide of a product. An empty set of purposes, collateral or districts restricts nothing."""

    list_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    version: int
    amount_min_fen: int
    ceiling_fen: int
    approval_level_fen: int
    term_months_max: int
    rate_min_ppm: int
    rate_max_ppm: int
    purposes: frozenset[str]
    collateral: frozenset[str]
    districts: frozenset[str]
    materials: tuple[str, ...]
    two_person_reasons: frozenset[str]
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Need:
    """What a list is held against. `district` is None when the firm's is unknown: then only "everywhere" covers it."""

    amount_fen: int
    term_months: int
    purpose: str
    collateral: str
    district: str | None


@dataclass(frozen=True, slots=True)
class PoolKey:
    """Whose pool; the quarter follows from the instant of the act."""

    branch_id: UUID
    product_id: UUID


def office_key(name: str) -> str:
    """A head office's name as it is compared: one spelling, without its legal form. Empty for a blank name.

    >>> office_key("浙商银行 "), office_key("东亚银行（中国）有限公司"), office_key(" ")
    ('浙商银行', '东亚银行(中国)', '')
    """
    return _LEGAL_FORM.sub("", match_key(name))


def bank_of(outlet_name: str, offices: Mapping[str, UUID]) -> UUID | None:
    """The bank whose head-office name is the longest that the outlet's begins with; else the longest it contains.

    `offices` maps `office_key` to the bank. None goes to a person: no name, or two banks that fit equally well.

    >>> offices = {"重庆银行": UUID(int=1), "重庆农村商业银行": UUID(int=2), "中国银行": UUID(int=3)}
    >>> bank_of("重庆农村商业银行股份有限公司巴南支行", offices) == UUID(int=2)
    True
    >>> bank_of("中国银行业协会重庆办事处", offices) is None
    True
    """
    name = match_key(outlet_name)
    for length in range(len(name), 0, -1):
        bank_id = offices.get(name[:length])
        if bank_id is not None and name[length : length + 1] not in (*_NO_OUTLET,):
            return bank_id
    within = [key for key in offices if key and _contains(name, key)]
    longest = {offices[key] for key in within if len(key) == max(map(len, within))}
    return longest.pop() if len(longest) == 1 else None


def likely_banks(outlet_name: str, banks: Iterable[Bank], most: int = 3) -> list[Bank]:
    """Banks whose name has most in common with an outlet's, for a person to choose from; never chosen by the machine.

    >>> on = date(2022, 3, 1)
    >>> banks = [Bank(UUID(int=n), name, None, on, None) for n, name in enumerate(("示例商业银行", "渝中村镇银行"))]
    >>> [bank.name for bank in likely_banks("渝中村镇某某营业部", banks)], likely_banks("某某大道营业部", banks)
    (['渝中村镇银行'], [])
    """
    name = match_key(outlet_name)
    found: list[tuple[int, str, Bank]] = []
    for bank in banks:
        key = office_key(bank.name).removesuffix("银行")
        same = SequenceMatcher(None, name, key, autojunk=False).find_longest_match().size
        if same >= LIKE_MIN and same * 2 >= len(key):
            found.append((-same, bank.name, bank))
    best = min((same for same, _name, _bank in found), default=0)
    return [bank for same, _name, bank in sorted(found, key=lambda one: one[:2]) if same == best][:most]


def _contains(name: str, key: str) -> bool:
    at = name.find(key)
    return at >= 0 and name[at + len(key) : at + len(key) + 1] not in (*_NO_OUTLET,)


def quarter_of(on: date) -> date:
    """The first day of the calendar quarter.

    >>> quarter_of(date(2025, 9, 30)), quarter_of(date(2025, 10, 1))
    (datetime.date(2025, 7, 1), datetime.date(2025, 10, 1))
    """
    return date(on.year, (on.month - 1) // 3 * 3 + 1, 1)


def is_valid(valid_from: date, valid_to: date | None, on: date) -> bool:
    """Whether a day lies in a span; `valid_to` is its last day, None while open."""
    return valid_from <= on and (valid_to is None or on <= valid_to)


def in_force(lists: Iterable[PublishedList], on: date) -> PublishedList | None:
    """Of one branch's lists for one product, the newest that has begun; nothing when that one is over.

    An older version never comes back to life when a newer one ends.
    """
    newest = max((entry for entry in lists if entry.valid_from <= on), key=lambda entry: entry.version, default=None)
    return newest if newest is not None and is_valid(newest.valid_from, newest.valid_to, on) else None


def coverage(entry: PublishedList | None, need: Need) -> Mapping[str, int]:
    """What a list says of a need, item by item: 1 covered, 0 not. Evidence paths of refusals; all 1 is a match."""
    if entry is None:
        return {"list.in_force": 0}
    return {
        "list.in_force": 1,
        "list.covers_amount": int(entry.amount_min_fen <= need.amount_fen <= entry.ceiling_fen),
        "list.covers_term": int(need.term_months <= entry.term_months_max),
        "list.covers_purpose": int(not entry.purposes or need.purpose in entry.purposes),
        "list.covers_collateral": int(not entry.collateral or need.collateral in entry.collateral),
        "list.covers_district": int(not entry.districts or need.district in entry.districts),
    }


def covers(entry: PublishedList | None, need: Need) -> bool:
    return all(coverage(entry, need).values())
