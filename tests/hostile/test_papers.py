"""Files that a firm must not be able to leave with a bank: each is refused in the one word that is its cause."""

import io
import struct
import time
import zipfile
import zlib

import pytest

from app.market.papers.rules import Checked, Fault, Kind, Limits, Upload, clean_name, inspect
from tests.market.papers.samples import LINK, bundle, chunk, docx, jpg, object_stream, ofd, pdf, png, xlsx

LIMITS = Limits(1, frozenset(Kind), 2 << 20, 4 << 20, 10, 8 << 20, 1_000_000)
TYPES = "application/octet-stream"
WHOLE = [
    ("a.pdf", "application/pdf", pdf()),
    ("linked.PDF", "", pdf(b"<</Type/Action/S/URI/URI(https://example.invalid)>>")),
    ("objects.pdf", "application/pdf", pdf(object_stream(b"4 0 <</Type/Font>>"))),
    ("a.jpg", "image/jpeg", jpg()),
    ("a.jpeg", "image/jpg", jpg()),
    ("phone.jpg", "image/jpeg", jpg(tail=jpg(4, 4))),
    ("phone2.jpg", "image/jpeg", jpg(tail=b"\0\0SEFHnotesSEFT")),
    ("a.png", "image/png", png()),
    ("laced.png", "image/png", png(1, 1, interlace=1, rows=b"\0abc")),
    ("a.xlsx", TYPES, xlsx(xl__printerSettings__printerSettings1_DOT_bin=b"x")),
    ("a.docx", TYPES, docx(**{"word/_rels/document.xml.rels": LINK.format(type="hyperlink")})),
    ("发票.ofd", "application/zip", ofd()),
]


@pytest.mark.parametrize(("name", "declared", "content"), WHOLE, ids=[row[0] for row in WHOLE])
def test_what_a_firm_ordinarily_has_is_taken(name: str, declared: str, content: bytes):
    """A scan, a photograph, a sheet, a contract, an electronic invoice."""
    assert isinstance(inspect(Upload(name, declared, content), LIMITS), Checked)


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]


def locked(content: bytes) -> bytes:
    """Marked as encrypted, in the local header and in the directory."""
    out, at = bytearray(content), 0
    out[6] |= 1
    while (at := out.find(b"PK\x01\x02", at)) >= 0:
        out[at + 8] |= 1
        at += 4
    return bytes(out)


def lying_size(real: int) -> bytes:
    """An archive whose directory says that a member is small."""
    whole = bytearray(bundle({"[Content_Types].xml": "<x/>", "xl/workbook.xml": b" " * real}))
    at = whole.rfind(b"PK\x01\x02")
    struct.pack_into("<I", whole, at + 24, 100)
    return bytes(whole)


def twice() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/workbook.xml", "<x/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("[Content_Types].xml", "<y/>")
    return out.getvalue()


JS = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
ZIP = bundle({"x": "y"})
BOMB = png(1000, 1000, rows=bytes(4_000_000))
BAD = [
    ("zero bytes", "a.pdf", b"", Fault.EMPTY),
    ("a byte too many", "a.pdf", pdf() + b" " * (2 << 20), Fault.TOO_LARGE),
    ("a program", "a.exe", b"MZ\x90\x00", Fault.KIND_NOT_TAKEN),
    ("a program named twice", "流水.pdf.exe", pdf(), Fault.KIND_NOT_TAKEN),
    ("turned around", "流水\u202efdp.exe", pdf(), Fault.KIND_NOT_TAKEN),
    ("no extension", "流水", pdf(), Fault.KIND_NOT_TAKEN),
    ("an old workbook", "a.xls", b"\xd0\xcf\x11\xe0", Fault.KIND_NOT_TAKEN),
    ("a drawing with scripts", "a.svg", b"<svg/>", Fault.KIND_NOT_TAKEN),
    ("a workbook with macros by name", "a.xlsm", xlsx(), Fault.KIND_NOT_TAKEN),
    ("a page for a PDF", "a.pdf", b"<html>", Fault.NOT_WHAT_IT_SAYS),
    ("a picture for a PDF", "a.pdf", png(), Fault.NOT_WHAT_IT_SAYS),
    ("a PDF for a picture", "a.jpg", pdf(), Fault.NOT_WHAT_IT_SAYS),
    ("an archive for a document", "a.docx", ZIP, Fault.NOT_WHAT_IT_SAYS),
    ("a sheet for a document", "a.docx", xlsx(), Fault.NOT_WHAT_IT_SAYS),
    ("bytes before the PDF", "a.pdf", b"\n" + pdf(), Fault.NOT_WHAT_IT_SAYS),
    ("a PDF cut off", "a.pdf", pdf()[:-30], Fault.BROKEN),
    ("a PDF of a head alone", "a.pdf", b"%PDF-1.7\n", Fault.BROKEN),
    ("a PDF with a password", "a.pdf", pdf(b"<</Filter/Standard>>", b"<</Encrypt 4 0 R>>"), Fault.LOCKED),
    ("a script in a PDF", "a.pdf", pdf(JS), Fault.ACTIVE),
    ("a script in letters of numbers", "a.pdf", pdf(JS.replace(b"JavaScript", b"J#61vaScr#69pt")), Fault.ACTIVE),
    ("a script in packed objects", "a.pdf", pdf(object_stream(b"4 0 " + JS)), Fault.ACTIVE),
    ("packed objects behind a spelt name", "a.pdf",
     pdf(object_stream(b"4 0 " + JS).replace(b"/ObjStm", b"/Obj#53tm")), Fault.ACTIVE),
    ("objects packed twice", "a.pdf", pdf(object_stream(b"x", b"[/ASCIIHexDecode/FlateDecode]")), Fault.BROKEN),
    ("a program started by a PDF", "a.pdf", pdf(b"<</S/Launch/F(cmd.exe)>>"), Fault.ACTIVE),
    ("a file inside a PDF", "a.pdf", pdf(b"<</Type/EmbeddedFile>>"), Fault.ACTIVE),
    ("a form that sends", "a.pdf", pdf(b"<</S/SubmitForm>>"), Fault.ACTIVE),
    ("objects that unpack to too much", "a.pdf", pdf(object_stream(bytes(9 << 20))), Fault.BOMB),
    ("a page behind a PDF", "a.pdf", pdf() + b"<script>alert(1)</script>", Fault.STOWAWAY),
    ("an archive behind a PDF", "a.pdf", pdf() + ZIP, Fault.STOWAWAY),
    ("an archive inside a PDF", "a.pdf", pdf(b"<<>>\nstream\n" + ZIP + b"\nendstream"), Fault.STOWAWAY),
    ("a PNG with a wrong checksum", "a.png", flipped(png(), 20), Fault.BROKEN),
    ("a PNG cut off", "a.png", png()[:-4], Fault.BROKEN),
    ("a PNG with too few rows", "a.png", png(rows=b"\0" * 19), Fault.BROKEN),
    ("a PNG that claims a continent", "a.png", png(60_000, 60_000, rows=b"\0"), Fault.BOMB),
    ("a PNG that unpacks to more than it says", "a.png", BOMB, Fault.BOMB),
    ("a PNG with a page behind", "a.png", png() + b"<html>", Fault.STOWAWAY),
    ("a PNG that is an archive too", "a.png", png(more=chunk(b"zIPx", ZIP)), Fault.STOWAWAY),
    ("a JPEG cut off", "a.jpg", jpg()[:-2], Fault.BROKEN),
    ("a JPEG without a picture", "a.jpg", b"\xff\xd8\xff\xe0\x00\x02\xff\xd9", Fault.BROKEN),
    ("a JPEG that claims a continent", "a.jpg", jpg(60_000, 60_000), Fault.BOMB),
    ("a JPEG with an archive behind", "a.jpg", jpg() + ZIP, Fault.STOWAWAY),
    ("a JPEG with a page behind", "a.jpg", jpg() + b"<script>alert(1)</script>", Fault.STOWAWAY),
    ("notes that are a page", "a.jpg", jpg(tail=b"SEFH<script>SEFT"), Fault.STOWAWAY),
    ("macros under another name", "a.xlsx", xlsx(xl__vbaProject_DOT_bin=b"x"), Fault.ACTIVE),
    ("a document that says macros", "a.docx",
     docx(**{"[Content_Types].xml": "<Types ContentType='application/vnd.ms-word.document.macroEnabled.main+xml'/>"}),
     Fault.ACTIVE),
    ("a template from outside", "a.docx",
     docx(**{"word/_rels/settings.xml.rels": LINK.format(type="attachedTemplate")}), Fault.ACTIVE),
    ("cells from outside", "a.xlsx", xlsx(xl__externalLinks__externalLink1_DOT_xml='<ddeLink ddeService="cmd"/>'),
     Fault.ACTIVE),
    ("an entity", "a.docx", docx(word__settings_DOT_xml="<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"),
     Fault.ACTIVE),
    ("an entity in other letters", "a.docx",
     docx(word__settings_DOT_xml="<!DOCTYPE x [<!ENTITY e 'x'>]>".encode("utf-16")), Fault.ACTIVE),
    ("an object inside a document", "a.docx", docx(word__embeddings__oleObject1_DOT_bin=b"x"), Fault.ACTIVE),
    ("a program inside an invoice", "a.ofd", ofd(Doc_0__Attachs__a_DOT_exe=b"MZ"), Fault.ACTIVE),
    ("a path out of the archive", "a.xlsx", xlsx(**{"../../etc/cron.d/x": "x"}), Fault.BROKEN),
    ("a sheet without its list of types", "a.xlsx", bundle({"xl/workbook.xml": "<x/>"}), Fault.BROKEN),
    ("a member twice", "a.xlsx", twice(), Fault.BROKEN),
    ("a damaged member", "a.xlsx", flipped(bundle({"[Content_Types].xml": "<x/>" * 9, "xl/workbook.xml": "<x/>"},
                                                  packed=zipfile.ZIP_STORED), 60), Fault.BROKEN),
    ("a sheet with a password", "a.xlsx", locked(xlsx()), Fault.LOCKED),
    ("a sheet that says it is a bomb", "a.xlsx", xlsx(xl__a_DOT_xml=bytes(9 << 20)), Fault.BOMB),
    ("ten thousand members", "a.xlsx", xlsx(**{f"xl__{n}": b"" for n in range(2100)}), Fault.BOMB),
    ("a sheet behind a picture", "a.xlsx", b"PK\x03\x04" + bytes(26) + xlsx(), Fault.STOWAWAY),
    ("a comment behind a sheet", "a.xlsx", xlsx()[:-2] + b"\x04\0evil", Fault.STOWAWAY),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "fault"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_file_is_refused_for_what_it_is(name: str, content: bytes, fault: Fault):
    """The firm reads the cause and the cure; nothing of the file is kept."""
    assert inspect(Upload(name, "", content), LIMITS) == fault


@pytest.mark.parametrize("declared", ["text/html", "image/png", "application/x-msdownload"])
def test_a_file_that_is_sent_as_something_else_is_refused(declared: str):
    """Name, content and declared type must say the same."""
    assert inspect(Upload("a.pdf", declared, pdf()), LIMITS) == Fault.NOT_WHAT_IT_SAYS


def test_a_directory_that_lies_about_sizes_opens_no_bomb():
    """Nothing is unpacked beyond what a member says of itself, and then its checksum fails."""
    began = time.perf_counter()

    fault = inspect(Upload("a.xlsx", "", lying_size(64 << 20)), LIMITS)

    assert fault == Fault.BROKEN
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(("_name", "declared", "content"), WHOLE, ids=[row[0] for row in WHOLE])
def test_no_damage_makes_the_judges_fall_over(_name: str, declared: str, content: bytes):
    """Cut at any place, or with any byte turned, a file is judged: never an error, never a wait."""
    step = max(1, len(content) // 60)
    for at in range(0, len(content), step):
        for damaged in (content[:at], flipped(content, at), content[:at] + content[at + 1 :], content[:at] * 2):
            assert isinstance(inspect(Upload(_name, declared, damaged), LIMITS), Checked | Fault)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("C:\\fakepath\\流水.pdf", "流水.pdf"),
        ("/etc/../../a.pdf", "a.pdf"),
        ("a\u202e\u2066\u200bb.pdf", "ab.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ('"><script>.pdf', "script.pdf"),
        ("e" + "\u0301" * 30 + ".pdf", "\u00e9.pdf"),
        ("名" * 500 + ".pdf", "名" * 96 + ".pdf"),
        ("\ud800.pdf", "材料.pdf"),
        ("...", "材料"),
        ("NUL.pdf", "_NUL.pdf"),
    ],
)
def test_a_name_is_made_plain(raw: str, clean: str):
    """What is shown and saved is one name without folders, turned direction or controls."""
    assert clean_name(raw) == clean


def test_judging_a_full_size_file_takes_less_than_a_second():
    """Ten of them may come at once; the city has two cores."""
    limits = Limits(1, frozenset(Kind), 10 << 20, 30 << 20, 10, 128 << 20, 60_000_000)
    heavy = pdf(*(object_stream(zlib.compress(bytes([n]) * 900_000) * 3) for n in range(200)))
    began = time.perf_counter()

    inspect(Upload("a.pdf", "", heavy + b""), limits)
    inspect(Upload("a.png", "", png(4000, 4000)), limits)

    assert time.perf_counter() - began < 1.5
