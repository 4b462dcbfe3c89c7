"""Judging files that a firm brings: name, kind, content. Pure: bytes in, verdicts out."""

from dataclasses import dataclass
from hashlib import sha256

from app.market.papers.rules.bundles import ZIP_END, ZIP_HEAD, ZIP_TAIL, judge_bundle, kind_of
from app.market.papers.rules.kinds import DECLARED, FAULT_WORDS, MEDIA, OF_EXTENSION, Fault, Kind, Limits
from app.market.papers.rules.names import clean_name, extension_of
from app.market.papers.rules.pages import PDF_HEAD, judge_pdf
from app.market.papers.rules.pictures import JPG_HEAD, PNG_HEAD, judge_jpg, judge_png

__all__ = ["FAULT_WORDS", "MEDIA", "Checked", "Fault", "Kind", "Limits", "Upload", "clean_name", "inspect", "sniff"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: the name and the media type are its sender's words."""

    name: str
    declared: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was judged and may be kept. `name` is clean, `kind` what its bytes are."""

    name: str
    kind: Kind
    sha256: str
    content: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.content)


def inspect(upload: Upload, limits: Limits) -> Checked | Fault:
    """Judge one file: emptiness, size, kind by its bytes against name and declared type, then its content."""
    content, name = upload.content, clean_name(upload.name)
    if not content:
        return Fault.EMPTY
    if len(content) > limits.size_max:
        return Fault.TOO_LARGE
    named = OF_EXTENSION.get(extension_of(name))
    if named is None or named not in limits.kinds:
        return Fault.KIND_NOT_TAKEN
    if sniff(content) is not named or upload.declared.partition(";")[0].strip().lower() not in DECLARED[named]:
        return Fault.NOT_WHAT_IT_SAYS
    fault = _judge(content, named, limits)
    return fault if fault is not None else Checked(name, named, sha256(content).hexdigest(), content)


def sniff(content: bytes) -> Kind | None:
    """What the first bytes say, and of an archive its heart.

    >>> sniff(b"%PDF-1.7"), sniff(b"MZ"), sniff(b"\\xff\\xd8\\xff\\xe0")
    (<Kind.PDF: 'pdf'>, None, <Kind.JPG: 'jpg'>)
    """
    if content.startswith(PDF_HEAD):
        return Kind.PDF
    if content.startswith(PNG_HEAD):
        return Kind.PNG
    if content.startswith(JPG_HEAD):
        return Kind.JPG
    return kind_of(content) if content.startswith(ZIP_HEAD) else None


def _judge(content: bytes, kind: Kind, limits: Limits) -> Fault | None:
    if kind in (Kind.PDF, Kind.PNG, Kind.JPG) and ZIP_END in content[-ZIP_TAIL:]:
        return Fault.STOWAWAY  # An archive reader looks from the end: the same bytes are an archive, too.
    match kind:
        case Kind.PDF:
            return judge_pdf(content, limits.unpacked_max)
        case Kind.PNG:
            return judge_png(content, limits.pixels_max)
        case Kind.JPG:
            return judge_jpg(content, limits.pixels_max)
        case Kind.XLSX | Kind.DOCX | Kind.OFD:
            return judge_bundle(content, kind, limits.unpacked_max)
