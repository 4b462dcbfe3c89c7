"""The real bank reproduced: 10 to 100 万, 4 to 15 %, one year, nothing for D; fed by real invoices.

The rating is the bank's own input. What the model answers is printed as a table.
"""

import csv
import gzip
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache

import pytest

from app.credit.records.rules import Features, Invoice, features_of
from app.market.limits import Measured, ModelBody, measure, read_model
from tests.support import REPOSITORY, real_data

WAN = 1_000_000
RATED = [f"E{number}" for number in range(1, 21)]
RATED_D = ["E36", "E52", "E82", "E99"]
STATUS = {"有效发票": "valid", "作废发票": "void"}


@cache
def model() -> ModelBody:
    rows = json.loads((REPOSITORY / "migrations" / "policies" / "limit_model.json").read_text())
    (row,) = [row for row in rows if row["key"] == "invoices_rated"]
    return read_model(row["body"])


@dataclass(frozen=True, slots=True)
class Firm:
    """One of the bank's customers: its rating there and its invoices."""

    name: str
    bank_rating: str
    invoices: tuple[Invoice, ...]

    @property
    def features(self) -> Features:
        found = features_of(self.invoices)
        assert found is not None
        return found


@cache
def firms() -> Mapping[str, Firm]:
    invoices: dict[str, list[Invoice]] = defaultdict(list)
    for direction, party in (("input", "销方单位代号"), ("output", "购方单位代号")):
        for row in _rows(f"loans/invoices_{direction}.csv.gz"):
            year, month, day = map(int, row["开票日期"].split("/"))
            fen = int(Decimal(row["金额"]) * 100)
            one = Invoice(direction, date(year, month, day), row[party], fen, STATUS[row["发票状态"].strip()])
            invoices[row["企业代号"]].append(one)
    ratings = {row["企业代号"]: row["信誉评级"] for row in _rows("loans/enterprises_123.csv")}
    return {name: Firm(name, ratings[name], tuple(found)) for name, found in invoices.items()}


def _rows(path: str) -> Iterator[dict[str, str]]:
    content = real_data(path).read_bytes()
    text = (gzip.decompress(content) if path.endswith(".gz") else content).decode("utf-8-sig")
    return csv.DictReader(io.StringIO(text, newline=""))


def limit(features: Features | None, bank_rating: str | None) -> Measured:
    facts = {
        "bank_rating": bank_rating,
        "turnover_12m_fen": features and features.turnover_12m_fen,
        "void_share_ppm": features and features.void_share_ppm,
        "return_share_ppm": features and features.return_share_ppm,
    }
    found = measure(model().text, facts)
    assert isinstance(found, Measured)
    return found


def test_at_least_ten_of_the_twenty_lie_inside_all_bounds_with_eight_amounts() -> None:
    """A model that gives everybody the ceiling measures nothing."""
    answers = {name: limit(firms()[name].features, firms()[name].bank_rating) for name in RATED}

    print("\nfirm bank_rating newest      turnover_12m   void  return   unclamped            clamped")
    for name, found in answers.items():
        f = firms()[name].features
        print(
            f"{name:4} {firms()[name].bank_rating:^11} {f.newest_on} {f.turnover_12m_fen / WAN:10.0f} 万 "
            f"{(f.void_share_ppm or 0) / 1e4:5.2f}% {(f.return_share_ppm or 0) / 1e4:5.2f}% "
            f"{found.raw_amount_fen / WAN:8.2f} 万 {found.raw_rate_ppm / 1e4:6.2f}% "
            f"{found.amount_fen // WAN:6} 万 {found.rate_ppm / 1e4:6.2f}%"
        )
    inside = [
        found
        for found in answers.values()
        if 10 * WAN < found.amount_fen < 100 * WAN and 40_000 < found.rate_ppm < 150_000
    ]
    assert len(inside) >= 10
    assert len({found.amount_fen for found in inside}) >= 8
    for found in answers.values():
        assert 10 * WAN <= found.amount_fen <= 100 * WAN
        assert 40_000 <= found.rate_ppm <= 150_000
        assert 12 == found.term_months
        assert 0 == found.amount_fen % WAN


@pytest.mark.parametrize("name", RATED)
def test_doubling_valid_turnover_raises_the_unclamped_amount(name: str) -> None:
    """And never lowers the clamped one, nor raises the rate."""
    firm = firms()[name]
    doubled = tuple(
        replace(one, amount_fen=2 * one.amount_fen) if one.status == "valid" else one for one in firm.invoices
    )

    before = limit(firm.features, firm.bank_rating)
    after = limit(replace(firm, invoices=doubled).features, firm.bank_rating)

    assert after.raw_amount_fen > before.raw_amount_fen
    assert after.amount_fen >= before.amount_fen
    assert after.rate_ppm <= before.rate_ppm


@pytest.mark.parametrize("share", ["void_share_ppm", "return_share_ppm"])
@pytest.mark.parametrize("name", RATED)
def test_doubling_void_or_return_share_lowers_the_unclamped_amount_and_raises_the_rate(name: str, share: str) -> None:
    """And never moves a clamped one the other way. A firm without any stays where it is."""
    firm = firms()[name]
    value = getattr(firm.features, share)

    before = limit(firm.features, firm.bank_rating)
    after = limit(replace(firm.features, **{share: min(2 * value, 1_000_000)}), firm.bank_rating)

    if value == 0:
        assert before == after
        return
    assert after.raw_amount_fen < before.raw_amount_fen
    assert after.raw_rate_ppm > before.raw_rate_ppm
    assert after.amount_fen <= before.amount_fen
    assert after.rate_ppm >= before.rate_ppm


@pytest.mark.parametrize(
    ("name", "bank_rating", "bound", "raw_beyond"),
    [
        ("E1", "A", "amount_max_fen", True),
        ("E82", "C", "amount_min_fen", True),
        ("E16", "A", "rate_min_ppm", True),
        ("E3", "C", "rate_max_ppm", True),
    ],
)
def test_each_bound_is_hit_by_a_case(name: str, bank_rating: str, bound: str, raw_beyond: bool) -> None:
    """Three by the bank's customers under its own ratings; the smallest loan by one it rates D, as if it were C."""
    assert name == "E82" or firms()[name].bank_rating == bank_rating
    found = limit(firms()[name].features, bank_rating)

    limits = model().bounds
    value = found.amount_fen if "amount" in bound else found.rate_ppm
    raw = found.raw_amount_fen if "amount" in bound else found.raw_rate_ppm

    assert getattr(limits, bound) == value
    assert raw_beyond is (raw > value if bound in ("amount_max_fen", "rate_max_ppm") else raw < value)


@pytest.mark.parametrize("name", RATED)
def test_without_a_rating_the_limit_is_zero_and_says_so(name: str) -> None:
    """Never a default, never another grade in its place."""
    found = limit(firms()[name].features, None)

    assert (0, 0, 0, 0, 0, "not_rated") == (
        found.amount_fen, found.rate_ppm, found.term_months, found.raw_amount_fen, found.raw_rate_ppm, found.why,
    )  # fmt: skip
    assert "has not rated you" in model().whys["not_rated"].en


@pytest.mark.parametrize("name", RATED_D)
def test_a_firm_rated_d_gets_nothing_and_is_told_why(name: str) -> None:
    """The bank's own rule."""
    found = limit(firms()[name].features, firms()[name].bank_rating)

    assert (0, "rated_d") == (found.amount_fen, found.why)


@pytest.mark.parametrize("bank_rating", ["E", "a", "AA", ""])
def test_a_rating_that_cannot_be_read_is_no_rating(bank_rating: str) -> None:
    """An unseen spelling is never read as the nearest one."""
    assert "rating_unreadable" == limit(firms()["E5"].features, bank_rating).why


def test_a_firm_without_invoices_is_not_measured_as_one_with_none_sold() -> None:
    """Unknown is not zero."""
    assert "no_invoices" == limit(None, "A").why


def test_a_firm_whose_year_is_smaller_than_the_smallest_loan_gets_nothing() -> None:
    """The lower bound lifts a small amount up to the smallest loan, but not beyond what the firm sells in a year."""
    small = replace(firms()["E5"].features, turnover_12m_fen=10 * WAN - 1, void_share_ppm=0, return_share_ppm=0)

    found = [limit(small, "A"), limit(replace(small, turnover_12m_fen=10 * WAN), "A")]

    assert [(0, "turnover_below_minimum"), (10 * WAN, None)] == [(one.amount_fen, one.why) for one in found]
