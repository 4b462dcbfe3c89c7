"""Single cells: dates, sums of invoices, and codes in whichever column they stand."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from app.credit.ingestion.rules.shapes import Fault, Note
from app.kernel.codes import BadCode, CodeFault, CodeNote, Uscc, check_uscc, org_check, uscc_check
from app.kernel.money import AbsentSum, ReadSum, Unit, UnreadSum, parse_sum
from app.kernel.text import half_width

_DAY: Final = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日|([0-9]{2})([0-9]{2}))"
    r"(?:[ T]?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
)
_PLAIN_SUM: Final = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,2}))?")
ABSENT: Final = frozenset(
    {"", "-", "--", "---", "—", "/", "n/a", "na", "#n/a", "null", "none", "\\n", "无", "不详", "空"}
)
CODE_NOTES: Final = {
    CodeNote.LOWER_CASE: Note.CODE_LOWER_CASE,
    CodeNote.FULL_WIDTH: Note.CODE_FULL_WIDTH,
    CodeNote.BLANKS: Note.CODE_BLANKS,
    CodeNote.HYPHEN: Note.CODE_HYPHEN,
}
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
    found = _DAY.fullmatch(half_width(text).strip())
    if found is None:
        return None
    month, day = (found[a] or found[b] or found[c] for a, b, c in ((3, 5, 7), (4, 6, 8)))
    try:
        return date(int(found[1]), int(month), int(day))
    except ValueError:
        return None


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


def kept(bad: BadCode, original: str) -> str:
    """What of a refused code may stand in a receipt: of a citizen id nothing but its shape."""
    if bad.fault is CodeFault.LOOKS_LIKE_CITIZEN_ID:
        return "*" * len(original.strip())
    return original


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
