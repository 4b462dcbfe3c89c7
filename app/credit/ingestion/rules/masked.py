"""Rows of one bank's masked firms: its customer number, its own rating, whether the firm defaulted.

The rating is the bank's input, never the public grade. A blank rating stays blank: there is no default rating.
"""

from collections.abc import Sequence
from typing import Final

from app.credit.ingestion.rules.shapes import Accepted, Fault, Note, Quarantined, Verdict
from app.credit.ingestion.rules.values import absent, name_too_long
from app.kernel.codes import CitizenId, check_citizen_id
from app.kernel.text import half_width, match_key, registered_name, text_fault

_RATINGS: Final = frozenset("ABCD")
_YES_NO: Final = {"是": True, "否": False, "true": True, "false": False, "yes": True, "no": False}
_COLUMNS: Final = ("customer_no", "name", "rating", "defaulted")


def check_masked(cells: Sequence[str]) -> Verdict:
    """Judge one row: customer_no, name, rating, defaulted. Values: number, name, its key, rating, defaulted.

    >>> check_masked(["E1", "***公司", "A", "否"]).values
    ('E1', '***公司', '***公司', 'A', False)
    >>> check_masked(["E2", "***公司", "", ""]).notes
    (<Note.RATING_NOT_SUPPLIED: 'rating_not_supplied'>,)
    """
    number, name, rating, defaulted = cells
    for column, text in zip(_COLUMNS, cells, strict=True):
        if text_fault(text) is not None:
            return Quarantined(Fault.BAD_TEXT, column, text)
    customer_no = half_width(number).strip()
    if absent(number):
        return Quarantined(Fault.FIRM_MISSING, "customer_no", number)
    if len(customer_no) > 64:
        return Quarantined(Fault.NUMBER_MALFORMED, "customer_no", number)
    if len(customer_no) == 18 and isinstance(check_citizen_id(customer_no), CitizenId):
        return Quarantined(Fault.PERSON_IDENTIFIER, "customer_no", "*" * 18)
    if absent(name):
        return Quarantined(Fault.NAME_MISSING, "name", name)
    if name_too_long(name):
        return Quarantined(Fault.NAME_TOO_LONG, "name", name)
    letter = None if absent(rating) else half_width(rating).strip().upper()
    if letter is not None and letter not in _RATINGS:
        return Quarantined(Fault.RATING_UNKNOWN, "rating", rating)
    bad = None if absent(defaulted) else _YES_NO.get(half_width(defaulted).strip().lower())
    if bad is None and not absent(defaulted):
        return Quarantined(Fault.DEFAULT_UNKNOWN, "defaulted", defaulted)
    shown = registered_name(name)
    notes = (Note.RATING_NOT_SUPPLIED,) if letter is None else ()
    return Accepted((customer_no, shown, match_key(shown), letter, bad), notes)
