"""What a file is called here: one plain name, whatever its sender's machine called it. Pure."""

import re
import unicodedata
from typing import Final

NAME_MAX: Final = 100
_TURNING: Final = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad\u180e\ufff9-\ufffb]")
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*;%\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]')
_MARKS: Final = re.compile(r"[\u0300-\u036f\u20d0-\u20ff]{5,}")
_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
UNNAMED: Final = "材料"


def clean_name(raw: str) -> str:
    """A name that can be shown, stored and saved anywhere: no folders, no turning of direction, no controls.

    >>> clean_name("C:\\\\桌面\\\\流水 2025.PDF"), clean_name("../../etc/passwd"), clean_name("发票\\u202efdp.exe")
    ('流水 2025.pdf', 'passwd', '发票fdp.exe')
    >>> clean_name("a\\x00.pdf"), clean_name(".pdf"), clean_name("  租赁合同 .pdf "), clean_name("con.pdf")
    ('a.pdf', '材料.pdf', '租赁合同.pdf', '_con.pdf')
    >>> len(clean_name("长" * 300 + ".jpeg")), clean_name("长" * 300 + ".jpeg")[-5:]
    (100, '.jpeg')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", raw[:4000]))[-1]
    plain = " ".join(_MARKS.sub("", _FORBIDDEN.sub("", _TURNING.sub("", last))).split()).rstrip(". ")
    stem, dot, extension = plain.rpartition(".")
    if not dot:
        stem, extension = plain, ""
    stem = stem.strip(". ") or UNNAMED
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    ending = f".{extension.lower()[:12]}" if extension else ""
    return stem[: NAME_MAX - len(ending)] + ending


def extension_of(name: str) -> str:
    """
    >>> extension_of("流水.pdf"), extension_of("发票.pdf.exe"), extension_of("没有")
    ('pdf', 'exe', '')
    """
    return name.rpartition(".")[2].lower() if "." in name else ""
