"""Files as a firm's phone and office make them, small but whole, and what may be done to them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

CONTENT_TYPES: Final = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>'
)
LINK: Final = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{type}" '
    'Target="http://example.invalid/x" TargetMode="External"/></Relationships>'
)


def pdf(*more: bytes) -> bytes:
    """One blank page; `more` are further objects' bodies."""
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        *more,
    ]
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, table)
    return bytes(out)


def object_stream(inside: bytes, packing: bytes = b"/FlateDecode") -> bytes:
    """Objects in a packed stream, as current writers store them."""
    packed = zlib.compress(inside)
    head = b"<</Type/ObjStm/N 1/First 4/Filter%s/Length %d>>" % (packing, len(packed))
    return head + b"\nstream\n" + packed + b"\nendstream"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 6, height: int = 5, *, rows: bytes | None = None, interlace: int = 0, more: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlace)
    raw = rows if rows is not None else (b"\0" + b"\x7f" * (3 * width)) * height
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    )


def jpg(width: int = 8, height: int = 8, *, tail: bytes = b"") -> bytes:
    """A grey square: tables, one scan with stuffing and a restart marker, the end."""
    part = lambda marker, body: bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body  # noqa: E731
    return (
        b"\xff\xd8"
        + part(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + part(0xDB, b"\0" + bytes(range(1, 65)))
        + part(0xC0, b"\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\0")
        + part(0xC4, b"\0" + bytes([0, 1, *[0] * 14]) + b"\0")
        + part(0xDA, b"\x01\x01\0\0\x3f\0")
        + b"\x12\xff\x00\x34\xff\xd0\x56"
        + b"\xff\xd9"
        + tail
    )


def bundle(members: Mapping[str, bytes | str], *, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def xlsx(**more: bytes | str) -> bytes:
    """A workbook; `more` are further members, `__` standing for `/`."""
    return _office("xl/workbook.xml", "spreadsheetml.sheet", "<workbook/>", more)


def docx(**more: bytes | str) -> bytes:
    return _office("word/document.xml", "wordprocessingml.document", "<w:document/>", more)


def ofd(**more: bytes | str) -> bytes:
    return bundle({"OFD.xml": "<ofd:OFD/>", "Doc_0/Document.xml": "<x/>"} | _paths(more))


def _office(heart: str, kind: str, body: str, more: Mapping[str, bytes | str]) -> bytes:
    types = CONTENT_TYPES.format(part=heart, kind=kind)
    return bundle({"[Content_Types].xml": types, heart: body} | _paths(more))


def _paths(more: Mapping[str, bytes | str]) -> dict[str, bytes | str]:
    return {name.replace("__", "/").replace("_DOT_", "."): body for name, body in more.items()}
