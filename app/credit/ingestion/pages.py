"""Batches for people: hand in a file, see how far its load is, and work through what was put aside, cause by cause."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.credit.ingestion import service
from app.credit.ingestion.rules import BROKEN_WORDS, FAULT_WORDS, NOTE_WORDS, Fault, FileKind
from app.credit.ingestion.service.sheets import SIZE_MAX
from app.infra.db import Database, ReadTx, Role
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.office import policies
from app.web import context, i18n
from app.web.deps import Given, scope_of
from app.web.i18n import N_, _
from app.web.pages import page, see_other
from app.web.paging import read_page

PROVIDERS: Final = {"roles": (SeatRole.OPERATOR, SeatRole.DATA_OFFICER)}
URL: Final = "/ops/batches"
FORM_BYTES: Final = 64 * 1024  # What a form adds to its file.
NEWEST: Final = 50
KINDS: Final[Mapping[FileKind, str]] = {
    FileKind.REGISTRY: N_("市场主体登记"),
    FileKind.OUTLETS: N_("银行网点"),
    FileKind.LIST: N_("名单"),
    FileKind.INVOICES: N_("发票"),
    FileKind.MASKED: N_("银行脱敏客户"),
}
OFFERED: Final = (FileKind.REGISTRY, FileKind.OUTLETS, FileKind.LIST, FileKind.INVOICES)
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "stored": ("still", N_("已收到，尚未生效")),
    "landed": ("good", N_("已生效")),
    "refused": ("bad", N_("整份退回，没有一行生效")),
}
# What a person does about a row that was put aside, by cause; whatever is not named here is mended at its source.
CURES: Final[Mapping[Fault, str]] = {
    Fault.CELL_COUNT: N_("检查该行是否多了或少了分隔符，改好后重报这一行。"),
    Fault.QUOTING: N_("检查该行的引号是否成对，改好后重报这一行。"),
    Fault.USCC_CHECK: N_("请对照营业执照核对代码；系统不会替您改。"),
    Fault.USCC_MALFORMED: N_("请对照营业执照核对代码，应为 18 位。"),
    Fault.USCC_MISSING: N_("补上统一社会信用代码后重报。"),
    Fault.LOST_DIGITS: N_("请把该列按文本格式重新导出后重报；丢失的末位无法从文件中找回。"),
    Fault.NAME_MASKED: N_("请报送未脱敏的登记名称。"),
    Fault.PERSON_IDENTIFIER: N_("不要报送公民身份号码；原值没有留存。"),
    Fault.REPEATED: N_("同一份文件里重复，前面的一行已采用；如后面的才对，请单独重报。"),
    Fault.FIRM_UNKNOWN: N_("先报送该企业，再重报这份文件。"),
    Fault.OUTSIDE_CITY: N_("不属本市，不用处理。"),
    Fault.DATE_IN_FUTURE: N_("核对日期，年份常有误写。"),
    Fault.SUM_MISMATCH: N_("核对金额、税额与价税合计。"),
}
CURE: Final = N_("请报送单位核对原始记录，改好后随下一份文件重报。")
Asked = Request[Any, Any, Any]


@get(URL, opt=PROVIDERS, include_in_schema=False)
async def show_batches(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """The form to hand in a file, and the files that came lately."""
    today = shanghai_date(tx.now)
    rows = await policies.all_versions(tx, "list_kind")
    names = {row.key: row.body["name"] for row in rows if row.valid_from <= today}
    batches = [await service.get_batch(tx, one.batch_id) for one in await service.newest_batches(tx, NEWEST)]
    return page(
        request, "ingestion/batches.html", batches=batches, kinds=KINDS, offered=OFFERED, list_kinds=names,
        states=STATES, mib=SIZE_MAX >> 20,
    )  # fmt: skip


@post(URL, opt=PROVIDERS, include_in_schema=False, request_max_body_size=SIZE_MAX + FORM_BYTES)
async def submit_batch(request: Asked, seat: Given[Seat]) -> Response[bytes]:
    """Store a file; the same file again is the same batch, so that a second press changes nothing."""
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Refusal("bad-upload", "请选择要上传的文件。")
    kind, list_kind, as_of_on = _particulars({name: form.get(name) for name in ("kind", "list_kind", "as_of_on")})
    content, file_name = await file.read(), file.filename.replace("\\", "/").rsplit("/", 1)[-1][-200:]
    db: Database = request.app.state.db
    async with db.transaction(Role.OPS, scope_of(request)) as tx:
        context.of(request).begun = True
        batch = await service.store_batch(
            tx, kind, file_name, content, now=tx.now, provider_id=seat.org_id, list_kind=list_kind, as_of_on=as_of_on
        )
        await audit.write(tx, "batch.stored", detail={"batch_id": str(batch.batch_id), "kind": kind.value})
    return see_other(request, f"{URL}/{batch.batch_id}", flash=_("文件已收到，正在排队装载；装载完成前不生效。"))


@get("/ops/batches/{batch_id:uuid}", opt=PROVIDERS, include_in_schema=False)
async def show_batch(batch_id: FromPath[UUID], tx: Given[ReadTx], request: Asked) -> Response[str]:
    """How far a batch is, and its receipt; `?code=` narrows the rows put aside to one cause."""
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
    return page(
        request, "ingestion/batch.html", batch=batch, rows_read=rows_read, receipt=receipt, code=code, kinds=KINDS,
        states=STATES, more="?" + urlencode({**kept, "cursor": cursor}) if cursor else "", said=_said, cure=_cure,
        faults=FAULT_WORDS, notes=NOTE_WORDS, broken=BROKEN_WORDS, url=f"{URL}/{batch_id}",
    )  # fmt: skip


def _said(words: tuple[str, str]) -> str:
    return words[1] if i18n.language() == "en" else words[0]


def _cure(fault: Fault) -> str:
    return _(CURES.get(fault, CURE))


def _particulars(fields: Mapping[str, object]) -> tuple[FileKind, str | None, date | None]:
    """What kind of file it is; `malformed-field` names the particular that is not understood."""
    name = "kind"
    try:
        kind = FileKind(str(fields["kind"] or ""))
        name = "as_of_on"
        as_of_on = date.fromisoformat(str(fields["as_of_on"])) if fields["as_of_on"] else None
    except ValueError:
        raise Refusal("malformed-field", pointer=f"/{name}") from None
    list_kind = str(fields["list_kind"] or service.LIST_KIND_DEFAULT) if kind is FileKind.LIST else None
    return kind, list_kind, as_of_on
