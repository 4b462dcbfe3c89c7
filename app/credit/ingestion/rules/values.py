"""Single cells: dates, sums of invoices, and codes in whichever column they stand."""

import re
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from app.credit.ingestion.rules.persons import is_person
from app.credit.ingestion.rules.shapes import Fault, Note, Quarantined
from app.kernel.codes import (
    BadCode,
    CodeFault,
    CodeNote,
    OrgCode,
    Uscc,
    check_org_code,
    check_uscc,
    org_check,
    uscc_check,
)
from app.kernel.money import AbsentSum, ReadSum, Unit, UnreadSum, parse_sum
from app.kernel.text import half_width, match_key

_DAY: Final = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})[日号]|([0-9]{2})([0-9]{2})(?:\.0)?)"
    r"(?:[ T]?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
)
_DAY_IN_WORDS: Final = re.compile(
    r"([〇零○一二三四五六七八九]{4})年(十?[一二三四五六七八九]|十)月((?:[一二]?十)?[一二三四五六七八九]|[一二三]?十|三十一)[日号]"
)
_DIGITS: Final = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_SERIAL: Final = re.compile(r"([0-9]{5})(?:\.0+)?")
_FLOAT_NOISE: Final = re.compile(r"-?[0-9]{1,12}\.[0-9]{2}(?:0{6}|9{6})[0-9]{1,9}")
_POWERS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)
_PLAIN_SUM: Final = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,2}))?")
NAME_MAX: Final = 200  # Characters; an index of names has room for no more than 2,704 bytes.
CODE_MAX: Final = 100  # Characters of a code as written, with all its blanks.
ABSENT: Final = frozenset(
    {"", "-", "--", "---", "—", "/", "n/a", "na", "#n/a", "null", "none", "\\n", "无", "不详", "空"}
)
CODE_NOTES: Final = {
    CodeNote.LOWER_CASE: Note.CODE_LOWER_CASE,
    CodeNote.FULL_WIDTH: Note.CODE_FULL_WIDTH,
    CodeNote.BLANKS: Note.CODE_BLANKS,
    CodeNote.HYPHEN: Note.CODE_HYPHEN,
}
_MISREAD_DIGITS: Final = str.maketrans("OI", "01")  # S, Z and V are letters that an organisation code may have.
_MISREAD: Final = str.maketrans("IOSZV", "1052U")  # Letters that no code has, and what a scan took for them.


def absent(text: str) -> bool:
    """Whether a cell says that there is nothing to say.

    >>> absent(" N/A "), absent("－"), absent("0")
    (True, True, False)
    """
    return not text or half_width(text).strip().lower() in ABSENT


@lru_cache(maxsize=16384)
def read_day(text: str) -> date | None:
    """A day in one of the known spellings, zero padded or not; None when it is not one.

    >>> read_day("2017/7/8"), read_day("2017年07月08日"), read_day("2017-02-30"), read_day("17/7/8")
    (datetime.date(2017, 7, 8), datetime.date(2017, 7, 8), None, None)
    """
    plain = half_width(text).strip()
    found = _DAY.fullmatch(plain)
    if found is None:
        return _read_day_in_words(plain)
    month, day = (found[a] or found[b] or found[c] for a, b, c in ((3, 5, 7), (4, 6, 8)))
    return _date(int(found[1]), int(month), int(day))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _read_day_in_words(text: str) -> date | None:
    """二〇一九年一月五日, as official documents write it."""
    found = _DAY_IN_WORDS.fullmatch(text)
    if found is None:
        return None
    return _date(int(found[1].translate(_DIGITS)), _tens(found[2]), _tens(found[3]))


def _tens(text: str) -> int:
    """A number below 100 in characters.

    >>> _tens("五"), _tens("十"), _tens("十二"), _tens("二十"), _tens("三十一")
    (5, 10, 12, 20, 31)
    """
    tens, ten, ones = text.rpartition("十")
    return (int(tens.translate(_DIGITS) or 1) * 10 if ten else 0) + int(ones.translate(_DIGITS) or 0)


def serial_day(text: str) -> str:
    """The day that a bare number would be in a workbook; for a person to compare, since it may be something else.

    >>> serial_day("43467"), serial_day("43467.0"), serial_day("12345")
    ('2019-01-02', '2019-01-02', '')
    """
    found = _SERIAL.fullmatch(half_width(text).strip())
    day = date(1899, 12, 30) + timedelta(int(found[1])) if found else date.min
    return day.isoformat() if date(1949, 10, 1) <= day <= date(2099, 12, 31) else ""


def plain_fen(text: str) -> int | None:
    """A sum in its plainest spelling, -943.4, as fen; None for every other one, also for those that can be read."""
    found = _PLAIN_SUM.fullmatch(text)
    if found is None:
        return None
    sign, yuan, rest = found.groups()
    fen = int(yuan) * 100 + (int(rest) * (10 if len(rest) == 1 else 1) if rest else 0)
    return -fen if sign else fen


def read_fen(text: str) -> int | None:
    """A sum in yuan as fen; None when it is not one. Blank is not zero.

    >>> read_fen("-943.4"), read_fen("1,000"), read_fen(""), read_fen("1e3"), read_fen("0.005")
    (-94340, 100000, None, None, None)
    """
    if (plain := plain_fen(text)) is not None:
        return plain
    if _FLOAT_NOISE.fullmatch(half_width(text).strip()):
        text = str(Decimal(half_width(text).strip()).quantize(Decimal("0.01")))  # 1598.2900000000002
    match parse_sum(text, unit=Unit.YUAN, negative=True):
        case ReadSum(fen=fen):
            return fen
        case AbsentSum() | UnreadSum():
            return None
    return None  # A foreign sum on an invoice of this country is not understood.


def code_notes(found: Uscc) -> tuple[Note, ...]:
    return tuple(CODE_NOTES[note] for note in found.notes if note in CODE_NOTES)


def uscc_fault(bad: BadCode) -> Fault:
    """Which fault of a row a refused USCC is."""
    match bad.fault:
        case CodeFault.EMPTY | CodeFault.PLACEHOLDER:
            return Fault.USCC_MISSING
        case CodeFault.CHECK | CodeFault.ORG_CHECK:
            return Fault.USCC_CHECK
        case CodeFault.LOOKS_LIKE_CITIZEN_ID:
            return Fault.PERSON_IDENTIFIER
        case _:
            return Fault.USCC_MALFORMED


def lost_digits(text: str) -> bool:
    """Whether a spreadsheet has turned a number into powers of ten.

    >>> lost_digits("9.15001E+17"), lost_digits("91500103MA00000159")
    (True, False)
    """
    return _POWERS.fullmatch(half_width(text).replace(" ", "")) is not None


def without_point(number: str) -> str:
    """A number without the .0 of a figure.

    >>> without_point("11459356.0"), without_point("2.50")
    ('11459356', '2.50')
    """
    head, _, tail = number.partition(".")
    return head if tail and not tail.strip("0") and head.isdigit() and head[0] != "0" else number


def refused_code(bad: BadCode, column: str, original: str) -> Quarantined:
    """The verdict on a refused USCC; of what may be a person's number nothing but its shape is kept."""
    if bad.fault is CodeFault.LOOKS_LIKE_CITIZEN_ID or is_person(original):
        return Quarantined(Fault.PERSON_IDENTIFIER, column, "*" * len(original.strip()))
    if lost_digits(original):
        return Quarantined(Fault.LOST_DIGITS, column, original)
    return Quarantined(uscc_fault(bad), column, original, suggest(bad))


def suggest(bad: BadCode) -> str:
    """A code that a person may compare with; only where one reading stands out. Never applied by the machine.

    >>> suggest(BadCode(CodeFault.CHECK, "91500103MA0000015A"))
    '91500103MA00000159'
    >>> suggest(BadCode(CodeFault.CHARACTER, "915OO103MAOOOOO159"))
    '91500103MA00000159'
    """
    code = bad.normal
    if len(code) != 18 or not code.isascii():
        return ""
    read = code.translate(_MISREAD)
    if read != code and isinstance(check_uscc(read), Uscc):
        return read
    if bad.fault is CodeFault.CHECK and org_check(code[8:16]) == code[16]:
        return code[:17] + uscc_check(code[:17])
    return ""


def name_too_long(name: str) -> bool:
    """Whether a name is none: whole paragraphs land in the column of names when columns have slipped.

    >>> name_too_long("山城" * 100), name_too_long("山城" * 101)
    (False, True)
    """
    return len(name) > NAME_MAX or len(match_key(name)) > 2 * NAME_MAX


def suggest_org_code(code: str) -> str:
    """The organisation code that letters misread for digits would give, where it passes its check."""
    read = code.translate(_MISREAD_DIGITS)
    return read if read != code and isinstance(check_org_code(read), OrgCode) else ""
