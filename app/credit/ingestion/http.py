"""Handing in a file over HTTP, and asking what became of it.

The body is the file itself, its particulars stand in the query. The body is read before a unit of work is opened: a
slow upload must not hold a transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.credit.ingestion import service
from app.credit.ingestion.rules import BROKEN_WORDS, Broken, FileKind
from app.credit.ingestion.rules.receipts import Batch
from app.credit.ingestion.service.sheets import SIZE_MAX, no_table
from app.infra.db import Database, ReadTx, Role, Tx
from app.kernel.errors import Refusal
from app.web import context, csrf, idempotency, paging
from app.web.deps import Given, scope_of

PROVIDERS: Final = {"roles": (SeatRole.OPERATOR, SeatRole.DATA_OFFICER)}
NO_TABLES: Final = ("text/html", "application/pdf", "application/xhtml", "image/", "multipart/", "application/json")
FIELDS: Final = frozenset({"kind", "file_name", "list_kind", "bank_id", "as_of_on"})


@dataclass(frozen=True, slots=True)
class BatchView:
    """One batch. `rows_read` grows while it is loaded; it is in force only when `in_force` says so."""

    batch_id: UUID
    kind: str
    file_name: str
    sha256: str
    size_bytes: int
    state: str
    in_force: bool
    stored_at: datetime
    ended_at: datetime | None
    rows_read: int
    rows_accepted: int
    rows_normalised: int
    rows_quarantined: int
    rows_new: int

    @classmethod
    def of(cls, batch: Batch, rows_read: int) -> "BatchView":
        return cls(
            batch.batch_id, batch.kind.value, batch.file_name, batch.sha256, batch.size_bytes, batch.state,
            batch.in_force, batch.stored_at, batch.ended_at, rows_read, batch.rows_accepted, batch.rows_normalised,
            batch.rows_quarantined, batch.rows_new,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Particulars:
    kind: FileKind
    file_name: str
    list_kind: str | None
    bank_id: UUID | None
    as_of_on: date | None


@post("/batches", opt=PROVIDERS | {"rate": "upload"}, status_code=202, request_max_body_size=SIZE_MAX)
async def store_batch(request: Request[Any, Any, Any], seat: Given[Seat]) -> Response[BatchView]:
    """Hand in a file (csv, csv.gz, xlsx). It is loaded later; the same file again is the same batch."""
    if csrf.is_form(request) or (request.headers.get("content-type") or "").lower().startswith(NO_TABLES):
        raise Refusal("unsupported-media", "请直接以文件内容作为请求正文发送。")
    asked, content = _particulars(dict(request.query_params)), await request.body()
    if no_table(content[:1024]):
        raise Refusal("bad-upload", BROKEN_WORDS[Broken.NOT_A_TABLE][0])
    if asked.bank_id is not None and seat.role is not SeatRole.OPERATOR and asked.bank_id != seat.org_id:
        raise Refusal("forbidden")
    db: Database = request.app.state.db
    async with db.transaction(Role.OPS, scope_of(request)) as tx:
        context.of(request).begun = True
        batch_id = await idempotency.once(
            request, tx, lambda: _store(tx, asked, content, seat), location="/batches/{}", status=202
        )
        return idempotency.answer(request, BatchView.of(*await service.get_batch(tx, batch_id)))


async def _store(tx: Tx, asked: _Particulars, content: bytes, seat: Seat) -> UUID:
    batch = await service.store_batch(
        tx, asked.kind, asked.file_name, content, now=tx.now, provider_id=seat.org_id, bank_id=asked.bank_id,
        list_kind=asked.list_kind, as_of_on=asked.as_of_on,
    )  # fmt: skip
    await audit.write(tx, "batch.stored", detail={"batch_id": str(batch.batch_id), "kind": batch.kind.value})
    return batch.batch_id


@get("/batches/{batch_id:uuid}", opt=PROVIDERS)
async def show_batch(batch_id: FromPath[UUID], tx: Given[ReadTx]) -> BatchView:
    """How far a batch is."""
    return BatchView.of(*await service.get_batch(tx, batch_id))


@get("/batches/{batch_id:uuid}/receipt", opt=PROVIDERS)
async def show_receipt(batch_id: FromPath[UUID], request: Request[Any, Any, Any], tx: Given[ReadTx]) -> dict[str, Any]:
    """What became of every row that was not taken, page by page in the order of the file."""
    page = paging.read_page(request, orders=("row",))
    after = int(page.after[0]) if page.after else 0
    receipt = await service.read_receipt(tx, batch_id, after=after, most=page.limit)
    last = receipt.rejected[-1].row_no if receipt.rejected else after
    return receipt.document() | {"next": page.next_cursor(receipt.rejected, (last,))}


def _particulars(fields: dict[str, str]) -> _Particulars:
    """The particulars of a file; `bad-query` names the one that is not understood."""
    for name in fields:
        if name not in FIELDS and name != "lang":
            raise Refusal("bad-query", "没有这个查询条件。", parameter=name[:60])
    try:
        name = "kind"
        kind = FileKind(fields.get("kind", ""))
        name = "bank_id"
        bank_id = UUID(fields["bank_id"]) if fields.get("bank_id") else None
        name = "as_of_on"
        as_of_on = date.fromisoformat(fields["as_of_on"]) if fields.get("as_of_on") else None
    except ValueError:
        raise Refusal("bad-query", parameter=name) from None
    list_kind = fields.get("list_kind") or (service.LIST_KIND_DEFAULT if kind is FileKind.LIST else None)
    return _Particulars(kind, fields.get("file_name", ""), list_kind, bank_id, as_of_on)
