"""Sums: every spelling met, every refusal, and exactness."""

import csv
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.money import (
    FEN_MAX,
    SUM_FAULT_WORDS,
    AbsentSum,
    ForeignSum,
    ReadSum,
    SumFault,
    Unit,
    UnreadSum,
    format_sum,
    format_wan,
    format_yuan,
    parse_sum,
)
from tests.support import real_data

WAN = 1_000_000

READ = [
    ("50(万)", 50 * WAN),
    ("1,000(万)", 1_000 * WAN),
    ("1,600(万人民币元)", 1_600 * WAN),
    ("495(万人民币元)", 495 * WAN),
    ("482.9000(万人民币元)", 482_900_000),
    ("894.3400(万)", 894_340_000),
    ("3,644.7000(万)", 3_644_700_000),
    ("1,297.7000(万人民币元)", 1_297_700_000),
    ("2,000(万元人民币)", 2_000 * WAN),
    ("1,116,000(万元人民币)", 1_116_000 * WAN),
    ("3万人民币", 3 * WAN),
    ("5.68万人民币", 5_680_000),
    ("300万元人民币", 300 * WAN),
    ("36666.6万元人民币", 36_666_600_000),
    ("2560.0", 2_560 * WAN),
    ("500.000000", 500 * WAN),
    ("0.000001", 1),
    ("0", 0),
    ("０．５（万）", 500_000),
    ("１，６００（万人民币元）", 1_600 * WAN),
    (" 50 万元 ", 50 * WAN),
    ("50\xa0万\u3000元", 50 * WAN),
    ("人民币50万元", 50 * WAN),
    ("(人民币)50万元整", 50 * WAN),
    ("50万元（人民币）", 50 * WAN),
    ("RMB 50万", 50 * WAN),
    ("¥50万", 50 * WAN),
    ("￥50万元整", 50 * WAN),
    ("1.5亿元", 15_000 * WAN),
    ("500000元", 50 * WAN),
    ("500,000.00元", 50 * WAN),
    ("5百万元", 500 * WAN),
    ("2千万", 2_000 * WAN),
    ("+50万", 50 * WAN),
]
ABSENT = ["", " ", "\u3000", "-", "－", "--", "——", "N/A", "n/a", "Ｎ／Ａ", "null", "NULL", "\\N", "无", "/"]
FOREIGN = [
    ("4250万美元", "42500000", "USD"),
    ("100(万美元)", "1000000", "USD"),
    ("1500万港元", "15000000", "HKD"),
    ("1,200.5(万欧元)", "12005000", "EUR"),
    ("3000万日元", "30000000", "JPY"),
    ("USD 10万", "100000", "USD"),
    ("0.33(万新台湾元)", "3300", "TWD"),
]
UNREAD = [
    ("伍拾万元", SumFault.NOT_A_SUM),
    ("五十万", SumFault.NOT_A_SUM),
    ("约50万", SumFault.NOT_A_SUM),
    ("50万-100万", SumFault.NOT_A_SUM),
    ("50万 60万", SumFault.NOT_A_SUM),
    ("1e3", SumFault.NOT_A_SUM),
    ("1E3(万)", SumFault.NOT_A_SUM),
    ("NaN", SumFault.NOT_A_SUM),
    ("Infinity", SumFault.NOT_A_SUM),
    ("0x32", SumFault.NOT_A_SUM),
    (".5万", SumFault.NOT_A_SUM),
    ("5.万", SumFault.NOT_A_SUM),
    ("1.2.3", SumFault.NOT_A_SUM),
    ("(50)", SumFault.NOT_A_SUM),
    ("50(万", SumFault.NOT_A_SUM),
    ("50万)", SumFault.NOT_A_SUM),
    ("50万卢布", SumFault.NOT_A_SUM),
    ("人民币50万美元", SumFault.NOT_A_SUM),
    ("50%", SumFault.NOT_A_SUM),
    ("٥٠万", SumFault.NOT_A_SUM),
    ("=50", SumFault.NOT_A_SUM),
    ("1,60(万)", SumFault.GROUPING),
    ("1,6000", SumFault.GROUPING),
    ("1,,600", SumFault.GROUPING),
    ("16,00,000", SumFault.GROUPING),
    ("50人民币", SumFault.UNIT_UNCLEAR),
    ("50(人民币)", SumFault.UNIT_UNCLEAR),
    ("100美元", SumFault.UNIT_UNCLEAR),
    ("-50万", SumFault.NEGATIVE),
    ("0.0000001", SumFault.TOO_FINE),
    ("123456789012.0000000000000000000000000001", SumFault.TOO_FINE),
    ("99999999999999999999", SumFault.TOO_LARGE),
    ("9223372036855元万"[:-1] + "0000", SumFault.NOT_A_SUM),
    ("50\x00万", SumFault.BAD_TEXT),
    ("\u202e50万", SumFault.BAD_TEXT),
    ("9" * 65, SumFault.TOO_LONG),
]


@pytest.mark.parametrize(("text", "fen"), READ)
def test_a_known_spelling_is_read_exactly(text, fen):
    """The spellings of the real registry and their near relations."""
    found = parse_sum(text)

    assert isinstance(found, ReadSum)
    assert fen == found.fen
    assert ("万" in text or "亿" in text or "元" in text) == found.unit_given


@pytest.mark.parametrize("text", ABSENT)
def test_no_sum_is_not_zero(text):
    """Unknown is its own answer."""
    assert AbsentSum(text) == parse_sum(text)


@pytest.mark.parametrize(("text", "amount", "currency"), FOREIGN)
def test_a_foreign_sum_is_never_fen(text, amount, currency):
    """No rate is known here, so it cannot be added to yuan by accident."""
    found = parse_sum(text)

    assert isinstance(found, ForeignSum)
    assert (Decimal(amount), currency) == (found.amount, found.currency)


@pytest.mark.parametrize(("text", "fault"), UNREAD)
def test_an_unseen_spelling_is_refused_with_its_original(text, fault):
    """Quarantined with the value as it came; never guessed, never zero."""
    assert UnreadSum(fault, text) == parse_sum(text)


def test_a_bare_figure_means_the_unit_of_its_column():
    """Invoices are in yuan and hold returns below zero."""
    assert ReadSum(-123_456, unit_given=False) == parse_sum("-1,234.56", unit=Unit.YUAN, negative=True)
    assert ReadSum(5_000, unit_given=False) == parse_sum("¥50", unit=Unit.YUAN)
    assert UnreadSum(SumFault.TOO_FINE, "0.001") == parse_sum("0.001", unit=Unit.YUAN)


def test_the_largest_sum_is_the_largest_that_is_stored():
    """One fen more is a refusal, not an overflow in the database."""
    assert ReadSum(FEN_MAX, unit_given=True) == parse_sum("92233720368547758.07元")
    assert UnreadSum(SumFault.TOO_LARGE, "92233720368547758.08元") == parse_sum("92233720368547758.08元")


def test_every_refusal_has_words_in_both_languages():
    """A new member cannot be forgotten."""
    assert set(SumFault) == set(SUM_FAULT_WORDS)


@given(st.integers(-FEN_MAX, FEN_MAX))
def test_what_is_shown_can_be_read_back_to_the_fen(fen):
    """Neither 万元 nor yuan is ever rounded for show."""
    assert fen == parse_sum(f"{format_wan(fen)}(万)", negative=True).fen
    assert fen == parse_sum(f"{format_yuan(fen)}元", negative=True).fen
    assert f"{format_wan(fen)} 万元（{format_yuan(fen)} 元）" == format_sum(fen)


@given(st.text(max_size=30))
def test_any_text_gets_an_answer(text):
    """Total: no text raises, and none that has no digit becomes a figure."""
    found = parse_sum(text)

    assert not isinstance(found, ReadSum) or any(letter.isdigit() for letter in text)


@pytest.mark.parametrize("file", ["companies_2019", "bank_outlets"])
def test_every_spelling_of_the_real_registry_is_understood(file):
    """Nothing of it is quarantined for its sum, and only a written 0 is zero."""
    with real_data(f"registry/{file}.csv").open(encoding="utf-8-sig", newline="") as source:
        found = [(row["注册资金"], parse_sum(row["注册资金"])) for row in csv.DictReader(source)]

    assert [] == [text for text, one in found if isinstance(one, UnreadSum)]
    zeros = [text for text, one in found if isinstance(one, ReadSum) and one.fen == 0]
    assert [text for text in zeros if set(text) & set("123456789")] == []
