"""Outlets and their banks by name, quarters, and which list counts on a day."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from app.market.parties import Need, PublishedList, coverage, covers
from app.market.parties.rules import bank_of, in_force, office_key, quarter_of

NAMES = (
    "中国银行", "中国农业银行", "中国农业发展银行", "重庆银行股份有限公司", "重庆农村商业银行", "交通银行 ", "恒丰银行",
    "东亚银行（中国）有限公司", "固阳包商村镇银行股份有限公", "重庆渝北银座村镇银行", "浦发银行",
    "渝江银行", "渝江银行两江村镇银行",
)  # fmt: skip
OFFICES = {office_key(name): UUID(int=number) for number, name in enumerate(NAMES, 1)}

OUTLETS = [
    ("中国银行股份有限公司重庆渝中支行", "中国银行"),
    ("中国农业银行股份有限公司重庆石柱支行", "中国农业银行"),
    ("中国农业发展银行重庆市分行", "中国农业发展银行"),
    ("重庆银行股份有限公司巴南支行", "重庆银行股份有限公司"),
    ("重庆银行巴南支行", "重庆银行股份有限公司"),
    ("重庆农村商业银行股份有限公司（巴南）支行.", "重庆农村商业银行"),
    ("交通银行股份有限公司重庆市分行", "交通银行 "),
    ("东亚银行(中国)有限公司重庆分行", "东亚银行（中国）有限公司"),
    ("固阳包商村镇银行股份有限公司城关支行", "固阳包商村镇银行股份有限公"),
    ("重庆市浦发银行代理点", "浦发银行"),
    ("重庆渝北银座村镇银行股份有限公司恒丰银行代办处", "重庆渝北银座村镇银行"),
    ("渝江银行两江支行", "渝江银行"),
    ("渝江银行两江村镇银行两江支行", "渝江银行两江村镇银行"),
    ("汇丰银行（中国）有限公司重庆分行", None),
    ("云阳恒丰村镇银行", None),
    ("中国银行业协会重庆办事处", None),
    ("重庆银行学校", None),
    ("某某信用社（浦发银行恒丰银行代理）", None),
    ("", None),
]


@pytest.mark.parametrize(("outlet", "office"), OUTLETS)
def test_an_outlets_bank_is_the_longest_head_office_name(outlet: str, office: str | None) -> None:
    """Width, legal form and blanks do not count; what is not told by the name waits for a person."""
    expected = None if office is None else OFFICES[office_key(office)]

    assert expected == bank_of(outlet, OFFICES)


def test_a_blank_head_office_owns_nothing() -> None:
    """A blank name is the beginning of every name."""
    assert "" == office_key("   ")
    assert bank_of("汇丰银行重庆分行", {"": UUID(int=1)}) is None


@pytest.mark.parametrize(
    ("on", "quarter"),
    [
        (date(2025, 1, 1), date(2025, 1, 1)),
        (date(2025, 3, 31), date(2025, 1, 1)),
        (date(2025, 9, 30), date(2025, 7, 1)),
        (date(2025, 10, 1), date(2025, 10, 1)),
        (date(2025, 12, 31), date(2025, 10, 1)),
    ],
)
def test_a_quarter_is_named_by_its_first_day(on: date, quarter: date) -> None:
    """Both edges."""
    assert quarter == quarter_of(on)


LIST = PublishedList(
    UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4), 1, 10, 100, 50, 12, 40_000, 150_000,
    frozenset({"working_capital"}), frozenset(), frozenset({"500103"}), (), frozenset(), date(2025, 1, 1), None,
)  # fmt: skip
NEED = Need(50, 12, "working_capital", "none", "500103")


@pytest.mark.parametrize(
    ("lists", "on", "version"),
    [
        ([LIST], date(2024, 12, 31), None),
        ([LIST], date(2025, 1, 1), 1),
        ([replace(LIST, valid_to=date(2025, 6, 30))], date(2025, 6, 30), 1),
        ([replace(LIST, valid_to=date(2025, 6, 30))], date(2025, 7, 1), None),
        ([LIST, replace(LIST, version=2, valid_from=date(2025, 7, 1))], date(2025, 6, 30), 1),
        ([LIST, replace(LIST, version=2, valid_from=date(2025, 7, 1))], date(2025, 7, 1), 2),
        ([LIST, replace(LIST, version=2, valid_from=date(2025, 7, 1), valid_to=date(2025, 7, 31))],
         date(2025, 8, 1), None),
    ],
)  # fmt: skip
def test_the_newest_list_that_has_begun_counts(lists: list[PublishedList], on: date, version: int | None) -> None:
    """An ended list leaves nothing behind: the one before it does not come back."""
    found = in_force(lists, on)

    assert version == (found and found.version)


@pytest.mark.parametrize(
    ("need", "missing"),
    [
        (NEED, None),
        (replace(NEED, amount_fen=10), None),
        (replace(NEED, amount_fen=9), "list.covers_amount"),
        (replace(NEED, amount_fen=100), None),
        (replace(NEED, amount_fen=101), "list.covers_amount"),
        (replace(NEED, term_months=13), "list.covers_term"),
        (replace(NEED, purpose="house"), "list.covers_purpose"),
        (replace(NEED, collateral="land"), None),
        (replace(NEED, district="500112"), "list.covers_district"),
        (replace(NEED, district=None), "list.covers_district"),
    ],
)
def test_a_list_says_item_by_item_what_it_covers(need: Need, missing: str | None) -> None:
    """The same items are the evidence of a refusal before accept."""
    said = coverage(LIST, need)

    assert ([missing] if missing else []) == [path for path, covered in said.items() if not covered]
    assert covers(LIST, need) is (missing is None)


def test_no_list_covers_nothing() -> None:
    """And says only that."""
    assert {"list.in_force": 0} == coverage(None, NEED)
    assert not covers(None, NEED)
