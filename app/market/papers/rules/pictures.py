"""JPEG and PNG: whether a picture is whole, is not too large unpacked, and holds nothing besides. Pure.

A PNG is unpacked to its last row. A JPEG is walked marker by marker through all its scans to its end; its coefficients
are not decoded. Phones add further pictures behind the first one, and Samsung's a block of notes: both are walked.
"""

import re
import struct
import zlib
from typing import Final

from app.market.papers.rules.kinds import Fault

PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
JPG_HEAD: Final = b"\xff\xd8\xff"
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_FOREIGN: Final = re.compile(
    rb"%PDF-|PK\x05\x06|PK\x03\x04|<\s*(?:script|html|svg|\?php)|\x7fELF|Rar!|7z\xbc\xaf", re.IGNORECASE
)
_STEP: Final = 1 << 20


def judge_png(content: bytes, pixels_max: int) -> Fault | None:
    """Every chunk with its checksum, the picture's data to the last byte, and nothing behind the end."""
    at, header, packed, ended = len(PNG_HEAD), b"", [], False
    while at + 12 <= len(content) and not ended:
        length, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + length]
        checksum = content[at + 8 + length : at + 12 + length]
        if len(body) != length or checksum != struct.pack(">I", zlib.crc32(kind + body)):
            return Fault.BROKEN
        if (kind == b"IHDR") != (header == b""):
            return Fault.BROKEN
        header = body if kind == b"IHDR" else header
        if kind == b"IDAT":
            packed.append(body)
        ended = kind == b"IEND"
        at += 12 + length
    if not ended or len(header) != 13:
        return Fault.BROKEN
    if at != len(content):
        return Fault.STOWAWAY
    return _judge_rows(header, packed, pixels_max)


def _judge_rows(header: bytes, packed: list[bytes], pixels_max: int) -> Fault | None:
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if (
        depth not in _DEPTHS.get(colour, ())
        or (packing, filtering) != (0, 0)
        or interlace > 1
        or not width
        or not height
    ):
        return Fault.BROKEN
    if width * height > pixels_max:
        return Fault.BOMB
    bits = depth * _CHANNELS[colour]
    passes = _PASSES if interlace else ((0, 0, 1, 1),)
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes if width > x and height > y]
    expected = sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes)
    unpacked, inflate = 0, zlib.decompressobj()
    try:
        for part in packed:
            rest = part
            while rest and not inflate.eof:
                unpacked += len(inflate.decompress(rest, _STEP))
                if unpacked > expected:
                    return Fault.BOMB
                rest = inflate.unconsumed_tail
    except zlib.error:
        return Fault.BROKEN
    if inflate.unused_data:
        return Fault.STOWAWAY
    return None if inflate.eof and unpacked == expected else Fault.BROKEN


def judge_jpg(content: bytes, pixels_max: int) -> Fault | None:
    """Every segment, every scan, the end; then at most further pictures, zeros, or a phone's notes."""
    found = _walk(content, 0, pixels_max)
    if isinstance(found, Fault):
        return found
    while content[found : found + 3] == JPG_HEAD:
        after = _walk(content, found, pixels_max)
        if isinstance(after, Fault):
            return Fault.STOWAWAY
        found = after
    rest = content[found:].strip(b"\0")
    is_note = rest.endswith(b"SEFT") and b"SEFH" in rest and not _FOREIGN.search(rest)
    return None if not rest or is_note else Fault.STOWAWAY


def _walk(content: bytes, start: int, pixels_max: int) -> int | Fault:
    """One picture from `start`; where it ends."""
    at, size, tables = start + 2, 0, False
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return Fault.BROKEN
        marker = content[at + 1]
        if marker == 0xFF:  # A filling byte.
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        body = content[at + 4 : at + 2 + length]
        if marker in (0x00, 0x01, 0xD8, 0xD9) or 0xD0 <= marker <= 0xD7 or length < 2 or len(body) != length - 2:
            return Fault.BROKEN
        at += 2 + length
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            size = _pixels(body)
            if size == 0 or size > pixels_max:
                return Fault.BOMB if size else Fault.BROKEN
        tables = tables or marker in (0xC4, 0xCC)
        if marker == 0xDA:
            if not size or not tables:
                return Fault.BROKEN
            at = _end_of_scan(content, at)
            if content[at : at + 2] == b"\xff\xd9":
                return at + 2
    return Fault.BROKEN


def _pixels(frame: bytes) -> int:
    if len(frame) < 6:
        return 0
    height, width = struct.unpack_from(">HH", frame, 1)
    return int(height * width)


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the next marker stands that is no restart; stuffed zeros belong to the scan."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return len(content)
        following = content[at + 1]
        if following == 0x00 or 0xD0 <= following <= 0xD7:
            at += 2
        elif following == 0xFF:
            at += 1
        else:
            return at
