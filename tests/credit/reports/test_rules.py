"""A report keeps apart what is known, what was looked for and not found, and what nobody looked for."""

from datetime import date

from app.credit.reports.rules import Asked, Coverage, Known, Status, compose, cover, find_gaps

DAY = date(2025, 9, 25)
ARREARS = Asked("tax.arrears_fen", "欠税余额", "fen", "tax.arrears", "tax")
PAID = Asked("tax.paid_12m_fen", "近12个月实缴税款", "fen", "tax.paid", "tax")
UNTIL = Asked("tax.paid_until", "税款所属期止", "date", "tax.paid", "tax")
LISTED = Asked("judicial.dishonest_listed", "是否列为失信被执行人", "flag", "judicial.dishonest", "judicial")
ASKED = (ARREARS, PAID, UNTIL, LISTED)
KNOWN = {"tax.paid_12m_fen": Known(120_000_00, date(2025, 8, 31), "tax office")}


def test_three_kinds_of_nothing_are_three() -> None:
    """No court record is good news, no court feed is no news: a bank must not read one as the other."""
    items = compose(ASKED, KNOWN, {"judicial.dishonest"}, DAY)

    expected = [Status.NOT_COLLECTED, Status.VALUE, Status.NOT_COLLECTED, Status.NO_RECORD]
    assert expected == [item.status for item in items]


def test_a_value_carries_its_day_age_and_source() -> None:
    """Old data is not wrong, but its reader must see how old."""
    item = compose([PAID], KNOWN, (), DAY)[0]

    assert (120_000_00, date(2025, 8, 31), 25, "tax office") == (item.value, item.as_of_on, item.age_days, item.source)


def test_zero_is_a_value() -> None:
    """Nothing owed is a statement of the tax office, not a gap."""
    item = compose([ARREARS], {"tax.arrears_fen": Known(0, DAY, "tax office")}, (), DAY)[0]

    told = (item.status, item.value, item.age_days)
    assert told == (Status.VALUE, 0, 0)


def test_coverage_counts_every_line_once() -> None:
    """The counts are the reader's first look; they must add up to the lines."""
    items = compose(ASKED, KNOWN, {"judicial.dishonest"}, DAY)

    assert (Coverage("tax", 1, 0, 2), Coverage("judicial", 0, 1, 0)) == cover(items)


def test_a_gap_is_an_item_without_a_single_collected_figure() -> None:
    """`tax.paid` has one figure with a value, so it is no gap although another is missing."""
    items = compose(ASKED, KNOWN, {"judicial.dishonest"}, DAY)

    assert find_gaps(items) == ("tax.arrears",)


def test_what_was_not_asked_is_not_there() -> None:
    """A known value of another class leaves no trace in the report."""
    items = compose([LISTED], KNOWN, {"tax.paid"}, DAY)

    assert [LISTED.path] == [item.path for item in items]
