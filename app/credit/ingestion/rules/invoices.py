"""Rows of VAT invoices, bought or sold. Lean: hundreds of thousands of rows pass here in one file."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from app.credit.ingestion.rules.persons import is_person
from app.credit.ingestion.rules.shapes import Accepted, Fault, Note, Quarantined, Verdict
from app.credit.ingestion.rules.values import (
    absent,
    lost_digits,
    name_too_long,
    plain_fen,
    read_day,
    read_fen,
    refused_code,
    serial_day,
    without_point,
)
from app.kernel.codes import CodeFault, Uscc, check_uscc
from app.kernel.text import half_width, text_fault

EARLIEST: Final = date(1994, 1, 1)  # Value added tax as it is began then.
SUM_MAX: Final = 10**15  # Fen; ten thousand 亿元 on one invoice is a slip of the keyboard.
VALID: Final = "valid"
VOID: Final = "void"
_STATUS: Final = {
    "有效发票": VALID, "有效": VALID, "正常": VALID, "正常发票": VALID, "valid": VALID, "normal": VALID,
    "作废发票": VOID, "作废": VOID, "已作废": VOID, "已作废发票": VOID, "void": VOID, "voided": VOID,
}  # fmt: skip
_NUMBER: Final = re.compile(r"[0-9]{1,8}|[0-9]{20}")  # 8 places, or 20 for the fully electronic kind.
_PLAIN_KEY: Final = re.compile(r"[A-Za-z]{0,4}[0-9][0-9A-Za-z]{0,30}")
_RETURN: Final = (Note.RETURN,)
_SUMS: Final = (
    ("amount", Fault.AMOUNT_UNREAD),
    ("tax", Fault.TAX_UNREAD),
    ("total", Fault.TOTAL_UNREAD),
)


def check_invoice(cells: Sequence[str], today: date) -> Verdict:
    """Judge one row: firm, number, issued_on, party, amount, tax, total, status.

    Values: firm key, number (8 places), day, party, amount, tax and total in fen, status.

    >>> check_invoice(["E1", "83885", "2017/6/8", "B00003", "-9.4", "-.6", "-10", "有效发票"], date(2020, 3, 1))
    Quarantined(code=<Fault.TAX_UNREAD: 'tax_unread'>, column='tax', original='-.6', suggestion='')
    >>> check_invoice(["E1", "83885", "2017/6/8", "B3", "9.4", "0.6", "10", " 作废发票"], date(2020, 3, 1)).notes
    (<Note.STATUS_BLANKS: 'status_blanks'>,)
    """
    firm, number, day, party, amount_text, tax_text, total_text, status_text = cells
    issued_on, status = read_day(day), _STATUS.get(status_text)
    amount, tax, total = plain_fen(amount_text), plain_fen(tax_text), plain_fen(total_text)
    if (
        issued_on is None or amount is None or tax is None or total is None or status is None
        or not EARLIEST <= issued_on <= today or not _NUMBER.fullmatch(number)
        or not _PLAIN_KEY.fullmatch(firm) or not _PLAIN_KEY.fullmatch(party) or len(party) in (15, 18)
        or amount + tax != total or (amount < 0 < tax) or (tax < 0 < amount) or abs(total) > SUM_MAX
    ):  # fmt: skip
        return _slowly(cells, today)
    return Accepted((firm, number.zfill(8), issued_on, party, amount, tax, total, status), _RETURN if total < 0 else ())


def _slowly(cells: Sequence[str], today: date) -> Verdict:
    """The same judgement for the few rows that are not plain: says what is wrong, or accepts after tidying."""
    for column, text in zip(_COLUMNS, cells, strict=True):
        if text_fault(text) is not None:
            return Quarantined(Fault.BAD_TEXT, column, text)
    firm, number, day, party, *sums, status_text = cells
    if absent(firm):
        return Quarantined(Fault.FIRM_MISSING, "firm", firm)
    if (bad := _party_fault(party)) is not None:
        return bad
    if lost_digits(number):
        return Quarantined(Fault.LOST_DIGITS, "number", number)
    written_number = half_width(number).replace(" ", "")
    bare_number = without_point(written_number)
    if not _NUMBER.fullmatch(bare_number):
        return Quarantined(Fault.NUMBER_MALFORMED, "number", number)
    issued_on = read_day(day)
    if issued_on is None:
        return Quarantined(Fault.DATE_UNREAD, "issued_on", day, serial_day(day))
    if issued_on > today or issued_on < EARLIEST:
        fault = Fault.DATE_IN_FUTURE if issued_on > today else Fault.DATE_TOO_EARLY
        return Quarantined(fault, "issued_on", day)
    fen = [read_fen(text) for text in sums]
    for (column, fault), text, one in zip(_SUMS, sums, fen, strict=True):
        if one is None or abs(one) > SUM_MAX:
            return Quarantined(fault, column, text)
    amount, tax, total = (one or 0 for one in fen)  # None was told apart above.
    written = " + ".join(sums[:2]) + " = " + sums[2]
    if amount + tax != total:
        return Quarantined(Fault.SUM_MISMATCH, "total", written)
    if (amount < 0 < tax) or (tax < 0 < amount):
        return Quarantined(Fault.SIGN_MISMATCH, "tax", written)
    status = _STATUS.get(half_width(status_text).replace(" ", "").lower())
    if status is None:
        return Quarantined(Fault.STATUS_UNKNOWN, "status", status_text)
    notes = tuple(
        note
        for note, holds in (
            (Note.STATUS_BLANKS, status_text not in _STATUS),
            (Note.RETURN, total < 0),
            (Note.NUMBER_AS_FIGURE, bare_number != written_number),
            (Note.SUM_SPELLING, any(plain_fen(text) is None for text in sums)),
        )
        if holds
    )
    firm_key, party_key = half_width(firm).strip(), half_width(party).strip()
    return Accepted((firm_key, bare_number.zfill(8), issued_on, party_key, amount, tax, total, status), notes)


def _party_fault(party: str) -> Quarantined | None:
    if absent(party):
        return Quarantined(Fault.PARTY_MISSING, "party", party)
    if name_too_long(party):
        return Quarantined(Fault.NAME_TOO_LONG, "party", party)
    if is_person(party):
        return Quarantined(Fault.PERSON_IDENTIFIER, "party", "*" * len(party.strip()))
    return None


_COLUMNS: Final = ("firm", "number", "issued_on", "party", "amount", "tax", "total", "status")


def check_firm_key(firm: str) -> str | Quarantined:
    """The firm's key as its subject is found by: a USCC in normal spelling, or a bank's customer number as it is.

    >>> check_firm_key("91500103ma00000159"), check_firm_key("E1")
    ('91500103MA00000159', 'E1')
    """
    found = check_uscc(firm)
    if isinstance(found, Uscc):
        return found.text
    if found.fault in _IS_A_CODE or is_person(firm) or lost_digits(firm):
        return refused_code(found, "firm", firm)
    return firm


_IS_A_CODE: Final = frozenset(
    {CodeFault.CHECK, CodeFault.ORG_CHECK, CodeFault.LOOKS_LIKE_CITIZEN_ID, CodeFault.OFFICE, CodeFault.PLACEHOLDER}
)
