"""Batches for people: hand in a file, look at its profile, decide, see how far it is, keep its receipt."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from app.access import audit, orgs
from app.access.seats import Seat, SeatRole
from app.credit.ingestion import service
from app.credit.ingestion.pages.words import (
    DIRECTIONS,
    FATES,
    KINDS,
    OFFERED,
    PROVIDERS,
    SEPARATORS,
    STATES,
    URL,
    cure,
    left,
    said,
)
from app.credit.ingestion.rules import BROKEN_WORDS, FAULT_WORDS, NOTE_WORDS, Fault, FileKind, Note
from app.credit.ingestion.rules.receipts import Batch
from app.credit.ingestion.service.exports import receipt_csv, receipt_xlsx
from app.credit.ingestion.service.recognising import recognise
from app.credit.ingestion.service.sheets import SIZE_MAX, BrokenFile
from app.infra.db import Database, ReadTx, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.office import policies
from app.web import context, i18n
from app.web.body import Form, Posted
from app.web.deps import Given, scope_of
from app.web.i18n import _
from app.web.pages import page, see_other
from app.web.paging import read_page

FORM_BYTES: Final = 64 * 1024  # What a form adds to its file.
NEWEST: Final = 50
PATIENCE_SECONDS: Final = 5.0  # Beyond that the worker makes the profile, and the page says how far it is.
Asked = Request[Any, Any, Any]
log = structlog.get_logger(__name__)


class DecisionForm(Form):
    """A button that acts, without a field."""


@get(URL, opt=PROVIDERS, include_in_schema=False)
async def show_batches(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """The form to hand in a file, and the files that came lately."""
    today = shanghai_date(tx.now)
    rows = await policies.all_versions(tx, "list_kind")
    names = {row.key: row.body["name"] for row in rows if row.valid_from <= today}
    batches = [await service.get_batch(tx, one.batch_id) for one in await service.newest_batches(tx, NEWEST)]
    all_of_them = seat.role is SeatRole.OPERATOR
    return page(
        request, "ingestion/batches.html", batches=batches, kinds=KINDS, offered=OFFERED, list_kinds=names,
        states=STATES, mib=SIZE_MAX >> 20, providers=await _providers(tx, batches) if all_of_them else {},
    )  # fmt: skip


@post(URL, opt=PROVIDERS, include_in_schema=False, request_max_body_size=SIZE_MAX + FORM_BYTES)
async def submit_batch(request: Asked, seat: Given[Seat]) -> Response[bytes]:
    """Store a file and offer its profile; the same file again is the same batch: a second press changes nothing."""
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Refusal("bad-upload", "请选择要上传的文件。")
    content, file_name = await file.read(), file.filename.replace("\\", "/").rsplit("/", 1)[-1][-200:]
    kind, list_kind, as_of_on = await _particulars(
        {name: form.get(name) for name in ("kind", "list_kind", "as_of_on")}, content
    )
    db: Database = request.app.state.db
    async with db.transaction(Role.OPS, scope_of(request)) as tx:
        context.of(request).begun = True
        batch = await service.store_batch(
            tx, kind, file_name, content, now=tx.now, provider_id=seat.org_id, list_kind=list_kind, as_of_on=as_of_on,
            offer=True,
        )  # fmt: skip
        await audit.write(tx, "batch.stored", detail={"batch_id": str(batch.batch_id), "kind": kind.value})
    flash = _("文件已收到，正在检查；装载完成前不生效。")
    if batch.state == "landed":
        flash = _("这份文件以前收到过，已经生效；没有再装载一遍。")
    elif batch.state == "offered" and service.is_quick(file_name, len(content)):
        await _profile_now(db, batch)
        flash = _("检查完毕。请看过结果后决定是否装载；现在还没有生效。")
    return see_other(request, f"{URL}/{batch.batch_id}", flash=flash)


async def _profile_now(db: Database, batch: Batch) -> None:
    """Look through a small file while the person waits; whatever goes wrong or takes long is left to the worker."""
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await service.profile_batch(db, batch.batch_id)
    except Exception as error:  # noqa: BLE001  The file is stored; the worker says what is wrong with it.
        log.warning("profile_postponed", error=type(error).__name__)


@get("/ops/batches/{batch_id:uuid}", opt=PROVIDERS, include_in_schema=False)
async def show_batch(batch_id: FromPath[UUID], tx: Given[ReadTx], request: Asked) -> Response[str]:
    """A batch as it stands: its profile, how far it is, or its receipt; `?code=` narrows the rows put aside."""
    asked = read_page(request, orders=("row",), filters=frozenset({"code"}))
    code = request.query_params.get("code", "")
    if code and code not in set(Fault):
        raise Refusal("bad-query", parameter="code")
    batch, rows_read = await service.get_batch(tx, batch_id)
    after = int(asked.after[0]) if asked.after else 0
    fault = Fault(code) if code else None
    receipt = await service.read_receipt(tx, batch_id, after=after, most=asked.limit, fault=fault)
    cursor = asked.next_cursor(receipt.rejected, (receipt.rejected[-1].row_no,) if receipt.rejected else (0,))
    kept = {"code": code} if code else {}
    waits = batch.state in ("offered", "stored")
    profile = await service.read_profile(tx, batch)
    progress = await service.read_progress(tx, batch_id) if waits else None
    return page(
        request, "ingestion/batch.html", batch=batch, rows_read=rows_read, receipt=receipt, code=code, kinds=KINDS,
        states=STATES, more="?" + urlencode({**kept, "cursor": cursor}) if cursor else "", said=said, cure=cure,
        faults=FAULT_WORDS, notes=NOTE_WORDS, broken=BROKEN_WORDS, url=f"{URL}/{batch_id}", profile=profile,
        running=_running(progress, batch), left=left(progress.seconds_left()) if progress else "",
        cancelling=waits and await service.is_being_cancelled(tx, batch_id), separators=SEPARATORS,
        directions=DIRECTIONS, fates=FATES, twins=await service.twins(tx, batch), fault_of=Fault, note_of=Note,
        used=_used_columns(profile.samples) if profile else [],
        titles=[one["title"] for one in profile.columns if one["state"] != "unused"] if profile else [],
    )  # fmt: skip


@post("/ops/batches/{batch_id:uuid}/acceptance", opt=PROVIDERS, include_in_schema=False)
async def submit_acceptance(
    batch_id: FromPath[UUID], data: Posted[DecisionForm], tx: Given[Tx], request: Asked
) -> Response[bytes]:
    """The profile was looked at: load it."""
    batch = await service.accept_batch(tx, batch_id)
    await audit.write(tx, "batch.accepted", detail={"batch_id": str(batch.batch_id)})
    return see_other(request, f"{URL}/{batch_id}", flash=_("正在排队装载；装载完成前不生效。"))


@post("/ops/batches/{batch_id:uuid}/cancellation", opt=PROVIDERS, include_in_schema=False)
async def submit_cancellation(
    batch_id: FromPath[UUID], data: Posted[DecisionForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Stop a load that has not come into force."""
    at_once = await service.cancel_batch(tx, batch_id, by=seat, now=tx.now)
    await audit.write(tx, "batch.cancelled", detail={"batch_id": str(batch_id)})
    words = _("已停止装载，没有一行生效。") if at_once else _("正在停止，几秒后见结果。")
    return see_other(request, f"{URL}/{batch_id}", flash=words)


@post("/ops/batches/{batch_id:uuid}/discard", opt=PROVIDERS, include_in_schema=False)
async def submit_discard(
    batch_id: FromPath[UUID], data: Posted[DecisionForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[bytes]:
    """Give up a file before it is loaded; the file itself is forgotten."""
    at_once = await service.discard_batch(tx, batch_id, by=seat, now=tx.now)
    await audit.write(tx, "batch.discarded", detail={"batch_id": str(batch_id)})
    words = _("已放弃，文件已删除。") if at_once else _("正在停止检查，随后删除文件。")
    return see_other(request, f"{URL}/{batch_id}", flash=words)


@get("/ops/batches/{batch_id:uuid}/receipt.csv", opt=PROVIDERS, include_in_schema=False)
async def download_csv(batch_id: FromPath[UUID], tx: Given[ReadTx]) -> Response[bytes]:
    """The receipt with every rejected row, as CSV."""
    receipt = await service.read_receipt(tx, batch_id, most=0)
    content = await receipt_csv(tx, receipt, _, english=i18n.language() == "en")
    return _attached(content, receipt.batch, "csv", "text/csv")


@get("/ops/batches/{batch_id:uuid}/receipt.xlsx", opt=PROVIDERS, include_in_schema=False)
async def download_xlsx(batch_id: FromPath[UUID], tx: Given[ReadTx]) -> Response[bytes]:
    """The receipt with every rejected row, as a workbook."""
    receipt = await service.read_receipt(tx, batch_id, most=0)
    content = await receipt_xlsx(tx, receipt, _, english=i18n.language() == "en")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _attached(content, receipt.batch, "xlsx", kind)


def _attached(content: bytes, batch: Batch, ending: str, kind: str) -> Response[bytes]:
    name = quote(f"{batch.file_name.rsplit('.', 1)[0][:80]}-{_('回执')}.{ending}")
    disposition = f"attachment; filename=\"receipt.{ending}\"; filename*=UTF-8''{name}"
    return Response(content, media_type=kind, headers={"content-disposition": disposition})


async def _providers(tx: ReadTx, batches: list[tuple[Batch, int]]) -> dict[UUID | None, str]:
    """Who handed the files in, by name."""
    ids = {one.provider_id for one, _read in batches if one.provider_id}
    found = {provider_id: await orgs.get_org(tx, provider_id) for provider_id in ids}
    return {provider_id: org.name for provider_id, org in found.items() if org}


def _running(progress: Any, batch: Batch) -> Any:
    """Only progress of what is under way now: that of the profile says nothing of the load."""
    if progress is None or (batch.state == "stored" and progress.phase == "profile"):
        return None
    return progress


def _used_columns(samples: list[dict[str, Any]]) -> list[int]:
    """Places of the columns in which some sample has something."""
    width = len(samples[0]["cells"]) if samples else 0
    return [n for n in range(width) if any(one["cells"][n][1] or one["cells"][n][2] for one in samples)]


async def _particulars(fields: Mapping[str, object], content: bytes) -> tuple[FileKind, str | None, date | None]:
    """What kind of file it is, by its header where nobody says; `malformed-field` names what is not understood."""
    name = "kind"
    try:
        kind = FileKind(str(fields["kind"])) if fields["kind"] else await _recognised(content)
        name = "as_of_on"
        as_of_on = date.fromisoformat(str(fields["as_of_on"])) if fields["as_of_on"] else None
    except ValueError:
        raise Refusal("malformed-field", pointer=f"/{name}") from None
    list_kind = str(fields["list_kind"] or service.LIST_KIND_DEFAULT) if kind is FileKind.LIST else None
    return kind, list_kind, as_of_on


async def _recognised(content: bytes) -> FileKind:
    if len(content) > SIZE_MAX:
        raise Refusal("too-large", size_max=SIZE_MAX)
    try:
        kind = await asyncio.to_thread(recognise, content)
    except BrokenFile as broken:
        where = f"（{broken.where}）" if broken.where else ""
        raise Refusal("bad-upload", f"{said(BROKEN_WORDS[broken.why])}{where}") from None
    if kind is None:
        raise Refusal("bad-upload", "从表头认不出这是哪一种文件，请回到上一页选好文件种类再上传。")
    return kind
