"""Anybody verifies a document of supervision: what it is, its digest, and whether a file is the one that was made."""

from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

import segno
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import ValidationException
from litestar.params import FromPath
from markupsafe import Markup

from app.infra.db import ReadTx, Role
from app.kernel.errors import Refusal
from app.market import supervision
from app.market.supervision import Document
from app.web import csrf
from app.web.deps import Given
from app.web.i18n import _
from app.web.pages import page, see_other

# In nobody's role, whoever is signed in: everybody sees the same.
OPEN: Final = {"roles": "public", "rate": "verify", "db": Role.PUBLIC}
URL: Final = "/verify"
FILE_MAX: Final = 20 * 1024 * 1024
BODY_MAX: Final = FILE_MAX + 64 * 1024
LONGEST: Final = 40
DIGEST: Final = frozenset("0123456789abcdef")
DIGEST_LENGTH: Final = 64
Asked = Request[Any, Any, Any]


@get(URL, opt=OPEN, include_in_schema=False)
async def show_form(request: Asked) -> Response[Any]:
    """Where a number is typed."""
    number = request.query_params.get("number", "").strip()[:LONGEST]
    if number:
        return see_other(request, f"{URL}/{quote(number.upper(), safe='')}")
    return _asked(request)


@get("/verify/{number:str}", opt=OPEN, include_in_schema=False)
async def show_document(number: FromPath[str], tx: Given[ReadTx], request: Asked) -> Response[str]:
    """What a document is, and where a file or a digest is compared with it; or that there is none of this number."""
    found = await supervision.find_document(tx, number)
    return _asked(request, number) if found is None else _shown(request, found, None, "")


@post("/verify/{number:str}", opt=OPEN, status_code=200, include_in_schema=False, request_max_body_size=BODY_MAX)
async def compare_document(number: FromPath[str], tx: Given[ReadTx], request: Asked) -> Response[str]:
    """Compare a file, or a digest that was typed, with the document. Nothing of it is kept."""
    found = await _find(tx, number)
    given = await _given(request)
    matches = given in (found.sha256, found.figures_sha256) if len(given) == DIGEST_LENGTH else False
    return _shown(request, found, matches, given)


async def _find(tx: ReadTx, number: str) -> Document:
    found = await supervision.find_document(tx, number)
    if found is None:
        raise Refusal("not-found")
    return found


async def _given(request: Asked) -> str:
    """The digest of the file that was sent, or the one that was typed; refused where there is neither."""
    if not csrf.is_form(request):
        raise Refusal("unsupported-media")
    try:
        form = await request.form()
    except ValidationException:
        raise Refusal("malformed-body") from None  # No boundary.
    file: Any = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        content = await file.read()
        if len(content) > FILE_MAX:
            raise Refusal("too-large")
        return sha256(content).hexdigest()
    typed = form.get("sha256")
    text = "".join(typed.split()).lower()[:200] if isinstance(typed, str) else ""
    if not text:
        raise Refusal("bad-upload", "请选择文件，或输入指纹。")
    return text if set(text) <= DIGEST else "?"


def _asked(request: Asked, unknown: str = "") -> Response[str]:
    """The field for a number, and which one stands for nothing."""
    return page(
        request, "portal/verify.html", status=404 if unknown else 200, found=None, unknown=unknown[:LONGEST],
        matches=None, given="", mib=FILE_MAX >> 20, code="",
    )  # fmt: skip


def _shown(request: Asked, found: Document, matches: bool | None, given: str) -> Response[str]:
    return page(
        request, "portal/verify.html", found=found, matches=matches, given=given, mib=FILE_MAX >> 20,
        code=qr(f"{str(request.base_url).rstrip('/')}{URL}/{found.number}", _("本页的二维码")),
    )  # fmt: skip


def qr(link: str, title: str) -> Markup:
    """A QR code as an SVG of attributes and one path, which the content security policy lets through."""
    made = segno.make(link, error="m", micro=False)
    rows = [[bool(module) for module in row] for row in made.matrix]
    size = len(rows) + 8
    path = "".join(f"M{x + 4} {y + 4}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return Markup(
        '<svg class="qr" viewBox="0 0 {} {}" width="148" height="148" role="img" aria-label="{}">'
        '<rect width="{}" height="{}" fill="#fff"/><path d="{}" fill="#000"/></svg>'
    ).format(size, size, title, size, size, path)
