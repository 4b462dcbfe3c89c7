"""Codes that name a subject: the unified social credit code, the organisation code and the citizen id.

GB 32100-2015 (18 places, check character mod 31), GB 11714 (organisation code, its own check digit, found again in
places 9-17), GB 11643 (citizen id). A check either gives the code in its normal spelling with notes of what was
normalised, or a `BadCode` with one reason. A code is never repaired: a well-formed wrong code is for a person to judge.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from app.kernel.text import half_width

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # No I O S V Z: they are misread as 1 0 5 U 2.
_VALUE: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class CodeKind(StrEnum):
    """The kind of subject, as the first two places of its code say it."""

    ORGAN = "organ"  # 机关
    INSTITUTION = "institution"  # 事业单位
    MASS_ORGANISATION = "mass_organisation"  # 群众团体
    ASSOCIATION = "association"  # 社会团体
    PRIVATE_NON_ENTERPRISE = "private_non_enterprise"  # 民办非企业单位
    FOUNDATION = "foundation"  # 基金会
    ENTERPRISE = "enterprise"  # 企业
    SOLE_TRADER = "sole_trader"  # 个体工商户
    COOPERATIVE = "cooperative"  # 农民专业合作社
    COLLECTIVE = "collective"  # 农村集体经济组织
    TRADE_UNION = "trade_union"  # 工会
    LEGAL_SERVICE = "legal_service"  # 律师事务所, 公证处 …
    RELIGIOUS = "religious"  # 宗教活动场所, 宗教院校
    REPRESENTATION = "representation"  # 外国或港澳台机构的代表机构
    OTHER = "other"


AUTHORITIES: Final[Mapping[str, str]] = {
    "1": "机构编制", "2": "外交", "3": "司法行政", "4": "文化", "5": "民政", "6": "旅游",
    "7": "宗教", "8": "工会", "9": "市场监督管理", "A": "军队编制", "N": "农业农村", "Y": "其他",
}  # fmt: skip
_KINDS: Final[Mapping[str, CodeKind]] = {
    "11": CodeKind.ORGAN, "12": CodeKind.INSTITUTION, "13": CodeKind.MASS_ORGANISATION,
    "21": CodeKind.REPRESENTATION,
    "31": CodeKind.LEGAL_SERVICE, "32": CodeKind.LEGAL_SERVICE, "33": CodeKind.LEGAL_SERVICE,
    "34": CodeKind.LEGAL_SERVICE, "35": CodeKind.LEGAL_SERVICE,
    "41": CodeKind.REPRESENTATION,
    "51": CodeKind.ASSOCIATION, "52": CodeKind.PRIVATE_NON_ENTERPRISE, "53": CodeKind.FOUNDATION,
    "61": CodeKind.REPRESENTATION, "62": CodeKind.REPRESENTATION,
    "71": CodeKind.RELIGIOUS, "72": CodeKind.RELIGIOUS,
    "81": CodeKind.TRADE_UNION,
    "91": CodeKind.ENTERPRISE, "92": CodeKind.SOLE_TRADER, "93": CodeKind.COOPERATIVE,
    "A1": CodeKind.INSTITUTION,
    "N1": CodeKind.COLLECTIVE, "N2": CodeKind.COLLECTIVE, "N3": CodeKind.COLLECTIVE,
}  # fmt: skip
# 其他 within each authority, as the standard lists it: known, but no kind of its own.
_OTHERS: Final = frozenset({"19", "29", "39", "49", "59", "69", "79", "89", "99", "A9", "N9", "Y1"})
KIND_WORDS: Final[Mapping[CodeKind, tuple[str, str]]] = {
    CodeKind.ORGAN: ("机关", "government organ"),
    CodeKind.INSTITUTION: ("事业单位", "public institution"),
    CodeKind.MASS_ORGANISATION: ("群众团体", "mass organisation"),
    CodeKind.ASSOCIATION: ("社会团体", "association"),
    CodeKind.PRIVATE_NON_ENTERPRISE: ("民办非企业单位", "private non-enterprise unit"),
    CodeKind.FOUNDATION: ("基金会", "foundation"),
    CodeKind.ENTERPRISE: ("企业", "enterprise"),
    CodeKind.SOLE_TRADER: ("个体工商户", "sole trader"),
    CodeKind.COOPERATIVE: ("农民专业合作社", "farmers' cooperative"),
    CodeKind.COLLECTIVE: ("农村集体经济组织", "rural collective"),
    CodeKind.TRADE_UNION: ("工会", "trade union"),
    CodeKind.LEGAL_SERVICE: ("法律服务机构", "legal service"),
    CodeKind.RELIGIOUS: ("宗教活动场所或院校", "religious place or school"),
    CodeKind.REPRESENTATION: ("代表机构", "representation from abroad"),
    CodeKind.OTHER: ("其他", "other"),
}


class CodeNote(StrEnum):
    """What was normalised. The receiver keeps the original beside the normal spelling."""

    FULL_WIDTH = "full_width"
    LOWER_CASE = "lower_case"
    BLANKS = "blanks"
    HYPHEN = "hyphen"  # 60003734-1
    OLD_15 = "old_15"  # A citizen id of 15 places, made 18 by the century 19 and the check character.
    KIND_UNLISTED = "kind_unlisted"  # A second place that the standard does not list; kind `other`.


NOTE_WORDS: Final[Mapping[CodeNote, tuple[str, str]]] = {
    CodeNote.FULL_WIDTH: ("全角字符已转半角", "full-width characters were made half width"),
    CodeNote.LOWER_CASE: ("小写字母已转大写", "lower-case letters were made upper case"),
    CodeNote.BLANKS: ("空白已去除", "blanks were removed"),
    CodeNote.HYPHEN: ("连字符已去除", "the hyphen was removed"),
    CodeNote.OLD_15: ("15 位旧号已转 18 位", "an id of 15 places was made 18"),
    CodeNote.KIND_UNLISTED: ("第 2 位机构类别未列明", "the kind in place 2 is not listed"),
}


class CodeFault(StrEnum):
    """Why a code is refused, in the order the checks run: the first that holds is the reason."""

    EMPTY = "empty"
    PLACEHOLDER = "placeholder"  # 00000000000000000X, N/A, 无: a way of saying unknown.
    LOOKS_LIKE_ORG_CODE = "looks_like_org_code"  # 9 places: another column's code.
    LOOKS_LIKE_REGISTRATION = "looks_like_registration"  # 13 or 15 digits: the old 工商注册号.
    LENGTH = "length"
    LOOKS_LIKE_CITIZEN_ID = "looks_like_citizen_id"  # Personal: the receiver must not keep it.
    CHARACTER = "character"  # Outside the alphabet, among them I O S V Z.
    AUTHORITY = "authority"
    OFFICE = "office"  # Places 3-8 are digits.
    BIRTH_DATE = "birth_date"
    CHECK = "check"
    ORG_CHECK = "org_check"  # Place 17 does not check places 9-16 (GB 11714).


FAULT_WORDS: Final[Mapping[CodeFault, tuple[str, str]]] = {
    CodeFault.EMPTY: ("为空", "is empty"),
    CodeFault.PLACEHOLDER: ("是占位代码，不指任何主体", "is a placeholder and names nobody"),
    CodeFault.LOOKS_LIKE_ORG_CODE: ("像是 9 位组织机构代码", "looks like an organisation code of 9 places"),
    CodeFault.LOOKS_LIKE_REGISTRATION: ("像是工商注册号", "looks like an old registration number"),
    CodeFault.LENGTH: ("位数不对", "has the wrong number of places"),
    CodeFault.LOOKS_LIKE_CITIZEN_ID: ("像是公民身份号码", "looks like a citizen id"),
    CodeFault.CHARACTER: ("含有字符集以外的字符（不用 IOSVZ）", "has a character outside the alphabet (no I O S V Z)"),
    CodeFault.AUTHORITY: ("登记管理部门代码未知", "names no known registering authority in its first place"),
    CodeFault.OFFICE: ("第 3 至 8 位应为数字", "needs digits in places 3 to 8"),
    CodeFault.BIRTH_DATE: ("出生日期不存在或不可能", "has an impossible date of birth"),
    CodeFault.CHECK: ("末位校验码不符", "fails its last check character"),
    CodeFault.ORG_CHECK: ("第 17 位组织机构代码校验码不符", "fails the organisation code's check digit in place 17"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BadCode:
    """A refused code. `normal` is what was checked; empty when it may be personal and must not travel on."""

    fault: CodeFault
    normal: str = ""


@dataclass(frozen=True, slots=True)
class Uscc:
    """A unified social credit code that passes both checks."""

    text: str
    kind: CodeKind
    notes: tuple[CodeNote, ...] = ()

    @property
    def authority(self) -> str:
        """The registering authority's place 1, a key of `AUTHORITIES`."""
        return self.text[0]

    @property
    def office(self) -> str:
        """Places 3-8: the district of the registering office at that time. Not the address, never rewritten."""
        return self.text[2:8]

    @property
    def org_code(self) -> str:
        """Places 9-17: the organisation code."""
        return self.text[8:17]


@dataclass(frozen=True, slots=True)
class OrgCode:
    text: str  # Nine places, no hyphen.
    notes: tuple[CodeNote, ...] = ()


class CitizenIdKind(StrEnum):
    RESIDENT = "resident"
    HMT_RESIDENCE = "hmt_residence"  # 港澳台居民居住证: 810000 820000 830000
    FOREIGN_RESIDENT = "foreign_resident"  # 外国人永久居留身份证 of 2023: begins with 9


@dataclass(frozen=True, slots=True)
class CitizenId:
    """A citizen id that passes its check. Its digits stay out of `repr`, so that no log line carries them."""

    text: str = field(repr=False)
    kind: CitizenIdKind
    born_on: date = field(repr=False)
    notes: tuple[CodeNote, ...] = ()

    @property
    def masked(self) -> str:
        """What a page may show: 110105********002X."""
        return f"{self.text[:6]}********{self.text[14:]}"


def check_uscc(text: str) -> Uscc | BadCode:
    """The code in normal spelling with its kind, or why not.

    >>> found = check_uscc("91500103ma00000159")
    >>> found.text, found.kind, found.notes
    ('91500103MA00000159', <CodeKind.ENTERPRISE: 'enterprise'>, (<CodeNote.LOWER_CASE: 'lower_case'>,))
    >>> check_uscc("91500103MA0000015A").fault, check_uscc("00000000000000000X").fault
    (<CodeFault.CHECK: 'check'>, <CodeFault.PLACEHOLDER: 'placeholder'>)
    """
    normal, notes = _normal(text)
    if (fault := _unusable(normal) or _other_column(normal)) is not None:
        return BadCode(fault, normal)
    fault = _uscc_fault(normal)
    if fault is not None:
        # Only now: one USCC in eleven would pass the citizen id's check by chance, so the code's own checks go first.
        if isinstance(check_citizen_id(normal), CitizenId):
            return BadCode(CodeFault.LOOKS_LIKE_CITIZEN_ID)
        return BadCode(fault, normal)
    kind = _KINDS.get(normal[:2])
    if kind is None and normal[:2] not in _OTHERS:
        notes = (*notes, CodeNote.KIND_UNLISTED)
    return Uscc(normal, kind or CodeKind.OTHER, notes)


def _uscc_fault(code: str) -> CodeFault | None:
    if any(letter not in _VALUE for letter in code):
        return CodeFault.CHARACTER
    if code[0] not in AUTHORITIES:
        return CodeFault.AUTHORITY
    if not code[2:8].isdigit():
        return CodeFault.OFFICE
    if uscc_check(code[:17]) != code[17]:
        return CodeFault.CHECK
    if org_check(code[8:16]) != code[16]:
        return CodeFault.ORG_CHECK
    return None


def check_org_code(text: str) -> OrgCode | BadCode:
    """An organisation code of nine places, with or without its hyphen, or why not.

    >>> check_org_code("60003734-1")
    OrgCode(text='600037341', notes=(<CodeNote.HYPHEN: 'hyphen'>,))
    """
    normal, notes = _normal(text)
    if len(normal) == 10 and normal[8] == "-":
        normal, notes = normal[:8] + normal[9], (*notes, CodeNote.HYPHEN)
    if (fault := _unusable(normal)) is not None:
        return BadCode(fault, normal)
    if len(normal) != 9:
        return BadCode(CodeFault.LENGTH, normal)
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", normal):
        return BadCode(CodeFault.CHARACTER, normal)
    if org_check(normal[:8]) != normal[8]:
        return BadCode(CodeFault.ORG_CHECK, normal)
    return OrgCode(normal, notes)


def check_citizen_id(text: str, *, on: date | None = None) -> CitizenId | BadCode:
    """A citizen id of 18 places (15 are read and made 18), or why not. With `on`, a later birth is refused.

    The area is not looked up: abolished districts live on in ids.

    >>> check_citizen_id("11010519491231002x").masked
    '110105********002X'
    """
    normal, notes = _normal(text)
    if (fault := _unusable(normal)) is not None:
        return BadCode(fault)
    if len(normal) not in (15, 18):
        return BadCode(CodeFault.LENGTH)
    if not re.fullmatch(r"[1-9][0-9]{14}|[1-9][0-9]{16}[0-9X]", normal):
        return BadCode(CodeFault.CHARACTER)
    if len(normal) == 15:
        longer = f"{normal[:6]}19{normal[6:]}"
        normal, notes = longer + citizen_check(longer), (*notes, CodeNote.OLD_15)
    born_on = _born_on(normal[6:14])
    if born_on is None or (on is not None and born_on > on):
        return BadCode(CodeFault.BIRTH_DATE)
    if citizen_check(normal[:17]) != normal[17]:
        return BadCode(CodeFault.CHECK)
    kind = CitizenIdKind.RESIDENT
    if normal[0] == "9":
        kind = CitizenIdKind.FOREIGN_RESIDENT
    elif normal[:6] in ("810000", "820000", "830000"):
        kind = CitizenIdKind.HMT_RESIDENCE
    return CitizenId(normal, kind, born_on, notes)


def _born_on(digits: str) -> date | None:
    try:
        born_on = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return born_on if born_on.year >= 1850 else None


def uscc_check(first17: str) -> str:
    """The check character of 17 places out of `ALPHABET` (GB 32100).

    >>> uscc_check("91110000600037341")
    'L'
    """
    total = sum(_VALUE[letter] * weight for letter, weight in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def org_check(first8: str) -> str:
    """The check digit of an organisation code's eight places, 0-9 or X (GB 11714).

    >>> org_check("60003734"), org_check("M000100Y")
    ('1', '4')
    """
    total = sum(int(letter, 36) * weight for letter, weight in zip(first8, _ORG_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def citizen_check(first17: str) -> str:
    """The check character of a citizen id's 17 digits (GB 11643).

    >>> citizen_check("11010519491231002")
    'X'
    """
    total = sum(int(digit) * weight for digit, weight in zip(first17, _CITIZEN_WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def _normal(text: str) -> tuple[str, tuple[CodeNote, ...]]:
    """Half width, upper case, no blanks; and what had to be changed for it."""
    half = half_width(text)
    bare = half.replace(" ", "")
    upper = bare.upper() if bare.isascii() else bare  # ı and ß must not turn into letters of a code.
    notes = (
        (CodeNote.FULL_WIDTH, any("\uff01" <= letter <= "\uff5e" for letter in text)),
        (CodeNote.BLANKS, len(bare) != len(text)),
        (CodeNote.LOWER_CASE, upper != bare),
    )
    return upper, tuple(note for note, holds in notes if holds)


_PLACEHOLDER_WORDS: Final = frozenset("N/A NA NULL NONE NIL \\N - -- — —— / 无 空 不详 未知 暂无 未填 待补".split())
_RUNS: Final = ("0123456789" * 3, "1234567890" * 3, "9876543210" * 3)


def _unusable(normal: str) -> CodeFault | None:
    if not normal:
        return CodeFault.EMPTY
    body = normal[:-1] if len(normal) > 1 and normal[-1] == "X" else normal
    if normal in _PLACEHOLDER_WORDS or (len(set(body)) == 1 and len(body) >= 8):
        return CodeFault.PLACEHOLDER
    if len(body) >= 8 and any(run.startswith(body) for run in _RUNS):
        return CodeFault.PLACEHOLDER
    return None


def _other_column(normal: str) -> CodeFault | None:
    """Why something that is not 18 places long is no USCC; a code in the wrong column is named as what it is."""
    if len(normal) == 18:
        return None
    if re.fullmatch(r"[0-9A-Z]{8}-?[0-9X]", normal):
        return CodeFault.LOOKS_LIKE_ORG_CODE
    if re.fullmatch(r"[0-9]{13}|[0-9]{15}", normal):
        return CodeFault.LOOKS_LIKE_REGISTRATION
    return CodeFault.LENGTH
