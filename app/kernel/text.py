"""Text as people type it: what is refused, what is only different spelling, and what is kept as it was registered.

A name is stored as registered (outer blanks removed, nothing else); two spellings of one name are compared by
`match_key`. A code is brought to half width by `half_width` before it is checked. Nothing here touches storage.
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final

MARKS_MAX: Final = 4  # Combining marks on one letter. Vietnamese and IPA need two; a heap of them is an attack.

# Blanks that are not U+0020, and characters that take no room at all. Both come out of web pages and spreadsheets.
_BLANKS: Final = "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_BLANK: Final = re.compile(f"[ {_BLANKS}]")
_ZERO_WIDTH: Final = re.compile("[\u00ad\u180e\u200b\u200c\u200d\u2060\ufeff]")
_BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NONCHARACTER: Final = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")

_HALF: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_OPENING: Final = "(（[［【〔〖{｛﹙﹝⟨〈《⦅"
_CLOSING: Final = ")）]］】〕〗}｝﹚﹞⟩〉》⦆"
_DASHES: Final = "-－‐‑‒–—―−﹣﹘"  # Not ー, the long vowel of Japanese, which is a letter.
_DOTS: Final = "·•・‧∙⋅˙"
_UNIFIED: Final = str.maketrans(
    {
        **dict.fromkeys(_OPENING, "("),
        **dict.fromkeys(_CLOSING, ")"),
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys(_DOTS, "·"),
    }
)
_TRAILING: Final = ".。．｡,，、;；"


class TextFault(StrEnum):
    """Why a text is refused, in the order the checks run."""

    NUL = "nul"  # PostgreSQL text cannot hold it.
    SURROGATE = "surrogate"  # Half a character: no UTF-8 for it.
    NONCHARACTER = "noncharacter"  # Code points that Unicode promises never to use.
    BIDI = "bidi"  # Makes a text read otherwise than it is stored.
    CONTROL = "control"  # Everything but tab, line feed and carriage return.
    MARKS = "marks"  # More combining marks on one letter than any writing needs.


TEXT_FAULT_WORDS: Final = {
    TextFault.NUL: ("含有空字符", "has a NUL character"),
    TextFault.SURROGATE: ("含有不完整的字符", "has half a character (a lone surrogate)"),
    TextFault.NONCHARACTER: ("含有非字符码位", "has a code point that is no character"),
    TextFault.BIDI: ("含有改变文字方向的控制符", "has a control that turns the direction of the text"),
    TextFault.CONTROL: ("含有控制字符", "has a control character"),
    TextFault.MARKS: ("一个字上叠加的符号过多", "has too many marks on one letter"),
}


def text_fault(text: str, *, marks_max: int = MARKS_MAX) -> TextFault | None:
    """Why `text` may not be stored, or None.

    >>> text_fault("重庆（两江）a\\u0301") is None
    True
    >>> text_fault("a\\x00b"), text_fault("\\u202egnp.exe"), text_fault("e" + "\\u0301" * 9)
    (<TextFault.NUL: 'nul'>, <TextFault.BIDI: 'bidi'>, <TextFault.MARKS: 'marks'>)
    """
    if text.isascii() and text.isprintable():
        return None
    if "\x00" in text:
        return TextFault.NUL
    for pattern, fault in (
        (_SURROGATE, TextFault.SURROGATE),
        (_NONCHARACTER, TextFault.NONCHARACTER),
        (_BIDI, TextFault.BIDI),
        (_CONTROL, TextFault.CONTROL),
    ):
        if pattern.search(text):
            return fault
    return TextFault.MARKS if _marks_in_a_row(text, marks_max) > marks_max else None


def _marks_in_a_row(text: str, enough: int) -> int:
    """The longest run of combining marks, counted no further than one above `enough`."""
    longest = run = 0
    for letter in text:
        run = run + 1 if letter > "\u02ff" and unicodedata.category(letter) in ("Mn", "Me") else 0
        longest = max(longest, run)
        if longest > enough:
            break
    return longest


def half_width(text: str) -> str:
    """Full-width letters, digits and signs as ASCII, every kind of blank as one space, zero-width characters gone.

    For codes and figures only: in a name full-width signs are part of the registered spelling.

    >>> half_width("９１５００１０３ＭＡ\\u3000（１）\\u200b")
    '91500103MA (1)'
    """
    return _BLANK.sub(" ", _ZERO_WIDTH.sub("", text.translate(_HALF)))


def registered_name(text: str) -> str:
    """A name as it is kept: outer blanks and zero-width characters gone, all else as registered.

    >>> registered_name("\\xa0重庆（某某）有限公司. ")
    '重庆（某某）有限公司.'
    """
    return _ZERO_WIDTH.sub("", text).strip(
        " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
        "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    )


def match_key(name: str) -> str:
    """The same for all spellings of one name: width, brackets, dashes, dots, case, blanks and a trailing stop differ.

    A key is compared and indexed, never shown and never stored as the name. Two subjects may share a key:
    a name is a candidate for a person to judge, only a code decides.

    >>> match_key("重庆（两江）ＡＢＣ 有限公司.") == match_key("重庆(两江)abc有限公司")
    True
    """
    key = name
    while (folded := _fold(key)) != key:  # A second round where one step made work for another, as with U and a macron.
        key = folded
    return key


def _fold(name: str) -> str:
    unified = unicodedata.normalize("NFKC", name.translate(_UNIFIED)).translate(_UNIFIED)
    return _BLANK.sub("", _ZERO_WIDTH.sub("", unified)).rstrip(_TRAILING).casefold()
