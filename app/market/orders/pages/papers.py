"""Papers over HTTP: answering a request with files, and opening what was brought; for people and machines alike.

Files are read and judged before a transaction is opened: a slow phone must not hold one, nor a file that takes long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import ValidationException
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, ReadTx, Role, Tx
from app.kernel.errors import Refusal
from app.market import papers
from app.market.orders.pages.mine import order_page
from app.market.orders.pages.wizard import FIRM
from app.market.orders.service import acting, bringing, reading
from app.web import context, csrf, idempotency
from app.web.body import FORM_EXTRAS, Form, text
from app.web.deps import Given, audience, scope_of
from app.web.i18n import _
from app.web.pages import see_other

BRANCH: Final = (SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER, SeatRole.BANK_CLIENT)
SIDES: Final = {"roles": (SeatRole.BUSINESS, *BRANCH)}
OPENS: Final = {**SIDES, "db": Role.ACT, "records_access": True}
SANDBOX: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"
TOLD: Final = frozenset({"bad-upload", "too-large", "unsupported-media", "bad-text", "malformed-field"})
Asked = Request[Any, Any, Any]


class WordsForm(Form):
    """What an answer may say beside its files."""

    answer: Annotated[str, text(2000)] | None = None


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper. `same_as` names an equal one that was brought before."""

    paper_id: UUID
    request_id: UUID
    name: str
    kind: str
    size_bytes: int
    sha256: str
    same_as: UUID | None
    brought_at: datetime

    @classmethod
    def of(cls, paper: papers.Paper) -> "PaperView":
        return cls(**{name: getattr(paper, name) for name in cls.__dataclass_fields__})


@post(
    "/my/orders/{order_id:uuid}/suborders/{suborder_id:uuid}/papers", opt=FIRM, include_in_schema=False,
    request_max_body_size=papers.BODY_MAX,
)  # fmt: skip
async def submit_papers(
    order_id: FromPath[UUID], suborder_id: FromPath[UUID], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Answer a request for papers. Files that are not taken are named on the page; the words typed stay there."""
    said = ""
    try:
        form = await request.form()
        said = str(form.get("answer") or "")
        await _bring(request, suborder_id, seat)
    except Refusal as refusal:
        if refusal.code not in TOLD:
            raise
        db: Database = request.app.state.db
        async with db.reading(Role.BUSINESS, scope_of(request)) as tx:
            return await order_page(request, tx, order_id, seat, refused=(suborder_id, refusal, said[:2000]))
    return see_other(request, f"/my/orders/{order_id}", flash=_("已交给银行，银行的时限继续计算。"))


@post("/suborders/{suborder_id:uuid}/papers/files", opt=FIRM, status_code=200, request_max_body_size=papers.BODY_MAX)
async def bring_files(
    suborder_id: FromPath[UUID], seat: Given[Seat], request: Asked
) -> Response[dict[str, list[PaperView]]]:
    """Answer a request with files (multipart/form-data: `files`, any number; `answer`, words); the time counts on."""
    if not csrf.is_form(request):
        raise Refusal("unsupported-media", "请以 multipart/form-data 发送文件。")
    await _bring(request, suborder_id, seat)
    db: Database = request.app.state.db
    async with db.reading(Role.BUSINESS, scope_of(request)) as tx:
        found = await papers.list_of_suborder(tx, suborder_id)
    return idempotency.answer(request, {"papers": [PaperView.of(one) for one in found]})


@get("/suborders/{suborder_id:uuid}/papers", opt=SIDES)
async def list_papers(suborder_id: FromPath[UUID], tx: Given[ReadTx]) -> dict[str, list[PaperView]]:
    """What the firm brought to one bank, as it was brought."""
    row = (await reading.get_suborder(tx, suborder_id)).suborder
    found = await papers.list_of_suborder(tx, suborder_id, bringing.moved_from(row))
    return {"papers": [PaperView.of(one) for one in found]}


@get("/suborders/{suborder_id:uuid}/papers/{paper_id:uuid}", opt=OPENS)
async def open_paper(
    suborder_id: FromPath[UUID], paper_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat]
) -> Response[bytes]:
    """One file, to be saved, never shown inside a page of ours. A bank's opening is seen by the firm."""
    paper, content = await bringing.open_paper(tx, suborder_id, paper_id, by=seat, now=tx.now)
    headers = {
        "content-disposition": f"attachment; filename=\"paper.{paper.kind}\"; filename*=UTF-8''{quote(paper.name)}",
        "content-security-policy": SANDBOX,
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(content, headers=headers, media_type=paper.media)


async def _bring(request: Asked, suborder_id: UUID, seat: Seat) -> None:
    """Read, judge, and then answer in one transaction, once for each request however often it comes."""
    answer, uploads = await _parts(request)
    db: Database = request.app.state.db
    async with db.reading(audience(seat), scope_of(request)) as looking:
        limits = await papers.limits_on(looking, looking.now)
    files = await papers.check(uploads, limits)
    kept: Refusal | None = None
    async with db.transaction(Role.ACT, scope_of(request)) as tx:
        context.of(request).begun = True

        async def act() -> UUID:
            return await bringing.bring(tx, suborder_id, answer=answer, files=files, limits=limits, by=seat, now=tx.now)

        try:
            await idempotency.once(request, tx, act, location="/suborders/{}/papers", status=200)
            await acting.find(tx, suborder_id)
        except Refusal as refusal:
            if not refusal.keep:
                raise
            kept = refusal  # What was due is written; only the answer came too late.
    if kept is not None:
        raise kept


async def _parts(request: Asked) -> tuple[str, Sequence[papers.Upload]]:
    """The words and the files of a form; `malformed-body`, `unknown-field`, `bad-upload` for what is neither."""
    try:
        form = await request.form()
    except ValidationException:
        raise Refusal("malformed-body") from None  # No boundary; the framework takes that for a fault of the query.
    words: dict[str, Any] = {}
    uploads = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name != "files":
                raise Refusal("unknown-field", pointer=f"/{name[:60]}")
            content = await value.read()
            await value.seek(0)
            if value.filename or content:  # A browser sends one nameless part when no file was chosen.
                uploads.append(papers.Upload(value.filename, value.content_type or "", content))
        elif name == "files":
            if value:
                raise Refusal("bad-upload", "请以文件上传，不要填写文字。")
        elif name not in FORM_EXTRAS and name in words:
            raise Refusal("duplicate-key", pointer=f"/{name[:60]}")
        else:
            words[name] = value
    return WordsForm.read(words).answer or "", uploads
