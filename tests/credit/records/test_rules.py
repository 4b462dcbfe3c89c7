"""The figures kept from invoices, said twice: once in Python here, once set-based in the database (test_service)."""

from datetime import date

import pytest

from app.credit.records.rules import Invoice, features_of, year_before


def sold(day: date, fen: int, party: str = "B1", status: str = "valid") -> Invoice:
    return Invoice("output", day, party, fen, status)


def bought(day: date, fen: int, party: str = "A1", status: str = "valid") -> Invoice:
    return Invoice("input", day, party, fen, status)


def test_the_twelve_months_end_with_the_newest_valid_invoice():
    """Data may be years old: the last twelve months are the firm's, not the calendar's."""
    newest = date(2020, 2, 21)

    found = features_of([sold(newest, 1), sold(date(2019, 2, 22), 10), sold(date(2019, 2, 21), 100)])

    assert found is not None
    assert (found.newest_on, found.turnover_12m_fen) == (newest, 11)


def test_a_void_invoice_neither_counts_nor_moves_the_window():
    """Otherwise a firm could refresh old data with an invoice that it takes back."""
    found = features_of([sold(date(2019, 6, 1), 100), sold(date(2020, 6, 2), 900, status="void")])

    assert found is not None
    assert (found.newest_on, found.turnover_12m_fen, found.void_share_ppm) == (date(2019, 6, 1), 100, 0)


def test_returns_are_taken_off_and_shown_as_a_share():
    """A return is less turnover; many of them say something about the firm."""
    found = features_of([sold(date(2020, 1, 1), 400), sold(date(2020, 1, 2), -100)])

    assert found is not None
    assert (found.turnover_12m_fen, found.gross_12m_fen, found.returns_12m_fen, found.return_share_ppm) == (
        300, 400, 100, 250_000,
    )  # fmt: skip


def test_shares_of_nothing_are_unknown_not_zero():
    """A firm that only bought has no void share; zero would praise it."""
    found = features_of([bought(date(2020, 1, 1), 400)])

    assert found is not None
    assert (found.void_share_ppm, found.return_share_ppm, found.purchases_12m_fen) == (None, None, 400)


def test_a_firm_without_a_valid_invoice_has_no_figures():
    """Nothing can be said, so nothing is."""
    assert features_of([sold(date(2020, 1, 1), 400, status="void")]) is None


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2020, 2, 29), date(2019, 2, 28)),
        (date(2021, 2, 28), date(2020, 2, 28)),
        (date(2020, 1, 1), date(2019, 1, 1)),
    ],
)
def test_a_year_before_a_leap_day_is_the_last_of_february(on, expected):
    """As the database reckons it, so that both say the same."""
    assert year_before(on) == expected
