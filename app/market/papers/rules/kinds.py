"""What kinds of files are taken, how each is named and declared, and what may be wrong with one. Pure.

A file is judged by its bytes. Its name and the type it was sent with must say the same, since whoever opens it later
goes by the name. Programs that know no type send `application/octet-stream` or nothing; that says nothing wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    PDF = "pdf"
    JPG = "jpg"
    PNG = "png"
    XLSX = "xlsx"
    DOCX = "docx"
    OFD = "ofd"  # 版式文档, the format of China's electronic invoices.


class Fault(StrEnum):
    """Why a file is not taken, in the order of the checks."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    KIND_NOT_TAKEN = "kind_not_taken"
    NOT_WHAT_IT_SAYS = "not_what_it_says"
    BROKEN = "broken"
    LOCKED = "locked"
    ACTIVE = "active"
    BOMB = "bomb"
    STOWAWAY = "stowaway"


FAULT_WORDS: Final[Mapping[Fault, tuple[str, str]]] = {
    Fault.EMPTY: ("文件是空的", "the file is empty"),
    Fault.TOO_LARGE: ("文件过大，请压缩或分成几份", "the file is too large; compress it or split it"),
    Fault.KIND_NOT_TAKEN: (
        "不接收这种文件，请转成 PDF 或图片", "files of this kind are not taken; turn it into a PDF or a picture",
    ),
    Fault.NOT_WHAT_IT_SAYS: (
        "文件内容与扩展名不符，请用原来的程序重新导出", "the content is not what the name says; export it again",
    ),
    Fault.BROKEN: (
        "文件不完整或已损坏，请重新导出或拍照", "the file is cut off or damaged; export or photograph it again",
    ),
    Fault.LOCKED: ("文件设有密码，请去掉密码后再传", "the file has a password; take it off first"),
    Fault.ACTIVE: (
        "文件含有宏、脚本、外部链接或嵌入的文件，请另存为不含这些的 PDF",
        "the file holds macros, scripts, outside links or embedded files; save it as a PDF without them",
    ),
    Fault.BOMB: ("文件展开后过大，请缩小后再传", "the file unpacks to too much; make it smaller"),
    Fault.STOWAWAY: (
        "文件里夹带了其他内容，请重新导出或拍照", "something else is hidden in the file; export or photograph it again",
    ),
}  # fmt: skip
OF_EXTENSION: Final[Mapping[str, Kind]] = {kind.value: kind for kind in Kind} | {"jpeg": Kind.JPG}
MEDIA: Final[Mapping[Kind, str]] = {
    Kind.PDF: "application/pdf",
    Kind.JPG: "image/jpeg",
    Kind.PNG: "image/png",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.OFD: "application/ofd",
}
DECLARED: Final[Mapping[Kind, frozenset[str]]] = {
    kind: frozenset({media, "", "application/octet-stream"}) for kind, media in MEDIA.items()
} | {
    Kind.JPG: frozenset({"image/jpeg", "image/jpg", "image/pjpeg", "", "application/octet-stream"}),
    Kind.OFD: frozenset({"application/ofd", "application/zip", "application/x-zip-compressed", "",
                         "application/octet-stream"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """The edition of the rules for papers in force: sizes in bytes of a file, of one answer, and when unpacked."""

    version: int
    kinds: frozenset[Kind]
    size_max: int
    total_max: int
    count_max: int
    unpacked_max: int
    pixels_max: int
