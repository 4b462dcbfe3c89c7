"""Numbers of persons where codes of subjects are expected: what of them may be kept and shown is their shape alone."""

import re
from typing import Final

from app.kernel.codes import CitizenId, Uscc, check_citizen_id, check_uscc
from app.kernel.text import half_width

_PERSON: Final = re.compile(
    r"(?<![0-9A-Za-z])[1-9][0-9]{5}[ -]?(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[ -]?"
    r"[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
)
_OLD_PERSON: Final = re.compile(r"[1-9][0-9]{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}")
_FULL_DIGITS: Final = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), 0xFF58)}


def is_person(text: str) -> bool:
    """Whether a code is, or by its birth date was meant to be, a citizen id, of 18 places or the old 15.

    A number that passes the check of old registration numbers is one of those.

    >>> is_person("11010519491231002X"), is_person("110105194912310021"), is_person("110105491231003")
    (True, True, True)
    >>> is_person("500103000012345"), is_person("91500103MA00000159")
    (False, False)
    """
    plain = half_width(text).replace(" ", "")
    if len(plain) == 15:
        return _OLD_PERSON.fullmatch(plain) is not None and not is_reg_no(plain)
    return mask_persons(plain) != plain and len(plain) in (18, 20)


def mask_persons(text: str) -> str:
    """A text that may travel: of each citizen id in it nothing but its shape, also where its check fails.

    >>> mask_persons("张三，身份证号11010519491231002X。")
    '张三，身份证号******************。'
    """
    if sum(letter.isdigit() for letter in text) < 17:
        return text
    shown = text
    for found in _PERSON.finditer(text.translate(_FULL_DIGITS)):
        code = found[0].replace(" ", "").replace("-", "")
        valid = isinstance(check_citizen_id(code), CitizenId)
        if isinstance(check_uscc(code), Uscc) or (code[0] == "9" and not valid):
            continue
        shown = shown[: found.start()] + "*" * len(found[0]) + shown[found.end() :]
    return shown


def is_reg_no(digits: str) -> bool:
    """Whether 15 digits pass the check of old registration numbers (GS 15-2006, mod 11, 10).

    >>> is_reg_no("500103000012345"), is_reg_no("500103000012346")
    (True, False)
    """
    left = 10
    for digit in digits[:14]:
        left = ((int(digit) + left) % 10 or 10) * 2 % 11
    return (int(digits[14]) + left) % 10 == 1
