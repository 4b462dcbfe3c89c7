"""XLSX, DOCX and OFD: archives whose members are counted, unpacked to their end, and hold nothing that acts. Pure."""

import io
import re
import zipfile
import zlib
from typing import Final

from app.market.papers.rules.kinds import Fault, Kind

ZIP_HEAD: Final = b"PK\x03\x04"
MEMBERS_MAX: Final = 2000
_HEART: Final = {Kind.XLSX: "xl/workbook.xml", Kind.DOCX: "word/document.xml", Kind.OFD: "OFD.xml"}
_TYPES: Final = "[Content_Types].xml"
ZIP_END: Final = b"PK\x05\x06"
ZIP_TAIL: Final = 65_557  # How far from its end an archive may keep its directory's end.
_END_LENGTH: Final = 22
_STEP: Final = 1 << 18
_LOOKED_AT: Final = 4 << 20  # Bytes of one part of markup that are searched.
_ACTING_NAME: Final = re.compile(
    r"(?i)(vbaproject|vbadata|/macrosheets/|/dialogsheets/|/activex/|/embeddings/|/oleobject|customui|/ctrlprops/)"
    r"|\.(exe|dll|com|scr|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|lnk|jar|msi|html?|bin)$"
)
_PLAIN_BIN: Final = re.compile(r"(?i)(^|/)printerSettings\d*\.bin$")
_ACTING_TYPE: Final = re.compile(rb"(?i)macroEnabled|vbaProject|ms-office\.activeX|oleObject")
_OUTSIDE: Final = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>", re.IGNORECASE)
_ACTING_FIELD: Final = re.compile(rb"(?i)\bDDE(?:AUTO)?\s|<(?:\w+:)?ddeLink\b|<!(?:DOCTYPE|ENTITY)|<\?mso-application")
_STEP_OUT: Final = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:|\\|\x00")


def kind_of(content: bytes) -> Kind | None:
    """Which of the three an archive is, by the part that makes it so."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RecursionError):
        return None
    return next((kind for kind, heart in _HEART.items() if heart in names), None)


def judge_bundle(content: bytes, kind: Kind, unpacked_max: int) -> Fault | None:
    """Names, sizes, every member to its end, and what the markup asks a reader to do."""
    if content[-_END_LENGTH : -_END_LENGTH + 4] != ZIP_END:  # A comment or a file stands behind the archive.
        return Fault.STOWAWAY if ZIP_END in content else Fault.BROKEN
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            return _judge_members(members, kind, unpacked_max) or _judge_parts(archive, members)
    except NotImplementedError:
        return Fault.LOCKED
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, RuntimeError):
        return Fault.BROKEN


def _judge_members(members: list[zipfile.ZipInfo], kind: Kind, unpacked_max: int) -> Fault | None:
    names = [member.filename for member in members]
    if any(member.flag_bits & 0x1 for member in members):
        return Fault.LOCKED
    if len(members) > MEMBERS_MAX or sum(member.file_size for member in members) > unpacked_max:
        return Fault.BOMB
    if len({name.lower() for name in names}) != len(names) or any(map(_STEP_OUT.search, names)):
        return Fault.BROKEN
    if min(member.header_offset for member in members) != 0:
        return Fault.STOWAWAY
    if any(_ACTING_NAME.search(f"/{name}") and not _PLAIN_BIN.search(name) for name in names):
        return Fault.ACTIVE
    if kind is not Kind.OFD and _TYPES not in names:
        return Fault.BROKEN
    return None


def _judge_parts(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Fault | None:
    """Unpack everything once. No member is read beyond the size it states; one that lied fails its checksum."""
    for member in members:
        head = bytearray()
        with archive.open(member) as part:
            while chunk := part.read(_STEP):
                if len(head) < _LOOKED_AT:
                    head += chunk
        if member.filename.endswith((".xml", ".rels")) and _acts(member.filename, bytes(head)):
            return Fault.ACTIVE
    return None


def _acts(name: str, markup: bytes) -> bool:
    if markup[:2] in (b"\xff\xfe", b"\xfe\xff"):
        markup = markup.decode("utf-16", "replace").encode()
    if name == _TYPES and _ACTING_TYPE.search(markup):
        return True
    if name.endswith(".rels"):
        outside = [one for one in _OUTSIDE.findall(markup) if re.search(rb"""(?i)TargetMode\s*=\s*["']External""", one)]
        return any(not re.search(rb"""(?i)/hyperlink["']""", one) for one in outside)
    return bool(_ACTING_FIELD.search(markup))
