"""PDF: whether it is whole, without password, and without anything that acts. Pure.

What acts is found by name in the whole file, names spelt with `#` included, and inside object streams, where current
writers put their objects. An object stream that is packed in a way we do not unpack cannot be judged and is refused.
"""

import re
import zlib
from typing import Final

from app.market.papers.rules.kinds import Fault

PDF_HEAD: Final = b"%PDF-"
_VERSION: Final = re.compile(rb"%PDF-[12]\.[0-9]")
_TAIL: Final = 2048
_END: Final = re.compile(rb"startxref\s+[0-9]{1,12}\s+%%EOF[\s\0]*\Z")
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTS: Final = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|Rendition|SubmitForm|ImportData|GoToE|XFA)(?![A-Za-z0-9])"
)
_LOCK: Final = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_OBJECTS: Final = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
_STREAM: Final = re.compile(rb">>\s*stream\r?\n")
_FILTER: Final = re.compile(rb"/Filter\s*(\[[^\]]*\]|/[A-Za-z0-9]+)")
_DICTIONARY: Final = 4096  # Bytes before a stream in which its dictionary stands.


def judge_pdf(content: bytes, unpacked_max: int) -> Fault | None:
    """The head at the very first byte, the end at the very last, and nothing that acts between them."""
    if not _VERSION.match(content):
        return Fault.BROKEN
    if not _END.search(content[-_TAIL:]):
        return Fault.STOWAWAY if b"%%EOF" in content else Fault.BROKEN
    plain = _unescaped(content)
    if _LOCK.search(plain):
        return Fault.LOCKED
    if _ACTS.search(plain):
        return Fault.ACTIVE
    return _judge_objects(content, unpacked_max)


def _judge_objects(content: bytes, unpacked_max: int) -> Fault | None:
    left = unpacked_max
    for start in _STREAM.finditer(content):
        before = content[max(0, start.start() - _DICTIONARY) : start.start()]
        dictionary = _unescaped(before[before.rfind(b" obj") + 1 :])
        if not _OBJECTS.search(dictionary):
            continue
        filters = _FILTER.search(dictionary)
        packed = filters[1].strip(b"[] \r\n\t/") if filters else b""
        if packed not in (b"", b"FlateDecode", b"Fl"):
            return Fault.BROKEN
        end = content.find(b"endstream", start.end())
        objects = _unpacked(content[start.end() : end], left) if packed else content[start.end() : end]
        if objects is None or end < 0:
            return Fault.BROKEN
        left -= len(objects)
        if left < 0:
            return Fault.BOMB
        if _ACTS.search(_unescaped(objects)):
            return Fault.ACTIVE
    return None


def _unpacked(packed: bytes, most: int) -> bytes | None:
    """At most one byte more than `most`; None for what does not unpack."""
    try:
        return zlib.decompressobj().decompress(packed, most + 1)
    except zlib.error:
        return None


def _unescaped(part: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), part) if b"#" in part else part
