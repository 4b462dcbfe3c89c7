"""Pages of the head office: many lists changed by one file. A template, the lists in force and a draft of the next
quarter to download; a file to hand in; its differences line by line; and, confirmed, one proposal of all or nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import ValidationException
from litestar.params import FromPath
from litestar.response import Stream

from app.access import orgs
from app.access.seats import Seat
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.parties.pages.shaping import ADMIN, Asked, lay
from app.market.parties.rules import PublishedList
from app.market.parties.rules.list_files import TITLES, Column, RowFault
from app.market.parties.schemas import ROWS_MAX
from app.market.parties.service import changes, list_changes
from app.market.parties.service.list_changes import FILE_MAX, Preview, Shelves
from app.office import proposals
from app.office.proposals import ProposalState
from app.web import i18n
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import page
from app.web.tables import TYPES, Table, csv_lines, xlsx_chunks

URL: Final = "/bank/lists/bulk"
BODY_MAX: Final = FILE_MAX + 64 * 1024
ROWS_TEXT_MAX: Final = FILE_MAX
FILES: Final = ("template", "in-force", "next-quarter")
# What is wrong with a line, and what to do about it. The first is said of the cell that is named beside it.
FAULTS: Final[Mapping[RowFault, tuple[str, str]]] = {
    RowFault.MISSING: (N_("没有填"), N_("请补上。")),
    RowFault.UNKNOWN_BRANCH: (N_("本行没有这个在营网点"), N_("请按下载文件里的写法填写。")),
    RowFault.TWO_BRANCHES: (N_("本行有几个同名网点"), N_("请改填网点的统一社会信用代码。")),
    RowFault.UNKNOWN_PRODUCT: (N_("本行没有这个在售产品"), N_("请填产品代码，例如 XY-FP。")),
    RowFault.NOT_A_SUM: (N_("不是金额"), N_("请填人民币数字，单位万元。")),
    RowFault.NOT_A_RATE: (N_("不是利率"), N_("请填百分数，例如 4.35。")),
    RowFault.NOT_MONTHS: (N_("不是月数"), N_("请填 1 至 360 的整数。")),
    RowFault.NOT_A_DAY: (N_("不是日期"), N_("请写成 2026-01-01 的样子。")),
    RowFault.NOT_A_REASON: (N_("不是原因代码"), N_("请用空格隔开，例如 B4 D1。")),
    RowFault.TOO_MANY: (N_("项数或字数过多"), N_("最多 64 项，每项最多 64 个字，用分号隔开。")),
    RowFault.BAD_TEXT: (N_("有看不见的控制字符"), N_("请重新键入这一格。")),
    RowFault.FORMULA: (N_("像表格公式"), N_("内容不能以 =、+ 或 @ 开头。")),
    RowFault.BROKEN_QUOTES: (N_("引号不成对"), N_("请在表格软件里重新保存。")),
    RowFault.TWICE: (N_("同一网点和产品出现两次"), N_("请只留一行。")),
    RowFault.UPSIDE_DOWN: (N_("上限低于下限"), N_("请核对这两格。")),
    RowFault.OUTSIDE_PRODUCT: (N_("超出产品的范围"), N_("请改到产品允许的上下限以内。")),
    RowFault.PAST: (N_("生效日已过"), N_("清单不能追溯：请填今天或以后的日期，或留空表示今天。")),
    RowFault.ENDS_FIRST: (N_("截止日早于生效日或今天"), N_("请改晚，或留空表示长期。")),
}


class RowsForm(Form):
    """The lines that were looked at, as text; they are judged again."""

    rows: Annotated[str, text(ROWS_TEXT_MAX)]


@get(URL, opt=ADMIN, include_in_schema=False)
async def show_bulk(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """What to download and fill in, and where to hand it in; and what of the kind waits already."""
    waiting = [one for one in await proposals.find(tx, by=seat) if one.kind == changes.LISTS_PUBLISH]
    return page(request, "parties/lists_bulk.html", most=ROWS_MAX, mib=FILE_MAX >> 20, waiting=waiting)


@post(URL, opt=ADMIN, status_code=200, include_in_schema=False, request_max_body_size=BODY_MAX)
async def submit_file(tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[str]:
    """Look at a file: its differences and its errors. Nothing is kept of it."""
    content = await _uploaded(request)
    shelves = await list_changes.read_shelves(tx, seat.org_id)
    return _preview(
        request, list_changes.preview(list_changes.open_file(content), shelves, shanghai_date(tx.now)), shelves
    )


@get("/bank/lists/next-quarter", opt=ADMIN, include_in_schema=False)
async def show_next_quarter(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """Everything in force as a draft of the next quarter, as if it had been handed in as a file."""
    shelves, today = await list_changes.read_shelves(tx, seat.org_id), shanghai_date(tx.now)
    entries = list_changes.next_quarter(shelves, today)
    return _preview(
        request, list_changes.preview(list_changes.raw_of(entries, shelves), shelves, today), shelves, draft=True
    )


@post("/bank/lists/submission", opt=ADMIN, include_in_schema=False)
async def submit_rows(data: Posted[RowsForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[Any]:
    """Propose what was looked at, as one; what no longer holds by now is shown again and nothing is proposed."""
    shelves = await list_changes.read_shelves(tx, seat.org_id)
    found = list_changes.preview(list_changes.open_file(data.rows.encode()), shelves, shanghai_date(tx.now))
    if not found.may_be_proposed:
        return _preview(request, found, shelves)
    return await lay(request, tx, "/bank/lists/changes/{}", lambda: list_changes.propose(tx, found, by=seat))


@get("/bank/lists/changes/{proposal_id:uuid}", opt=ADMIN, include_in_schema=False)
async def show_change(
    proposal_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """All differences of a change of many lists, for the second person to agree to or to send back."""
    proposal = await proposals.get(tx, proposal_id, by=seat)
    if proposal.kind != changes.LISTS_PUBLISH:
        raise Refusal("not-found")
    shelves = await list_changes.read_shelves(tx, seat.org_id)
    is_open = proposal.state is ProposalState.OPEN and proposal.expires_at > tx.now
    lines = list_changes.lines_of_proposal(proposal, shelves, shanghai_date(tx.now)) if is_open else ()
    return page(
        request, "parties/lists_change.html", one=proposal, lines=lines, is_open=is_open, seat_person=seat.person_id,
        count=len(changes.lists_in(proposal).rows), titles=_titles(),
        people=await orgs.names_of_colleagues(tx, [proposal.made_by]),
    )  # fmt: skip


@get("/bank/lists/files/{name:str}", opt=ADMIN, include_in_schema=False)
async def download_lists(name: FromPath[str], tx: Given[ReadTx], seat: Given[Seat]) -> Stream:
    """`template`, `in-force` or `next-quarter`, as `.csv` or `.xlsx`; no cell of it is ever a formula."""
    code, _dot, kind = name.partition(".")
    if kind not in TYPES or code not in FILES:
        raise Refusal("not-found")
    shelves, today = await list_changes.read_shelves(tx, seat.org_id), shanghai_date(tx.now)
    entries: Sequence[PublishedList] = ()
    if code != "template":
        read = list_changes.in_force_now if code == "in-force" else list_changes.next_quarter
        entries = read(shelves, today)
    english = i18n.language() == "en"
    table = Table(
        code, [(titles[english], titles[2]) for titles in TITLES.values()],
        list_changes.cells(entries, shelves, int(english)), _about(code, today.isoformat()),
    )  # fmt: skip
    made = csv_lines(table) if kind == "csv" else xlsx_chunks(table)
    file_name = f"lists-{code}-{today:%Y%m%d}.{kind}"
    headers = {"content-disposition": f'attachment; filename="{file_name}"', "cache-control": "no-store"}
    return Stream(made, media_type=TYPES[kind], headers=headers)


def _about(code: str, today: str) -> list[tuple[str, str]]:
    """What stands above the table: where it comes from, and how it is filled in."""
    said = {
        "template": N_("空白模板"), "in-force": N_("在用清单"), "next-quarter": N_("在用清单复制为下季度草稿"),
    }  # fmt: skip
    return [
        (_("内容"), _(said[code])), (_("日期"), today),
        (_("填写"), _("每行一个网点的一种产品。以井号开头的行不读。生效日留空表示今天，截止日留空表示长期。")),
        (_("不改的"), _("用途、担保方式和区县沿用现版本；文件里没有的清单不变。")),
    ]  # fmt: skip


async def _uploaded(request: Asked) -> bytes:
    try:
        form = await request.form()
    except ValidationException:
        raise Refusal("malformed-body") from None  # No boundary.
    file: Any = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Refusal("bad-upload", "请选择要上传的文件。")
    return await file.read()


def _preview(request: Asked, found: Preview, shelves: Shelves, *, draft: bool = False) -> Response[str]:
    return page(
        request, "parties/lists_preview.html", status=422 if found.faults else 200, found=found, words=FAULTS,
        titles=_titles(), rows=list_changes.lines_as_text(found, shelves) if found.may_be_proposed else "",
        mib=FILE_MAX >> 20, draft=draft,
    )  # fmt: skip


def _titles() -> Mapping[Column, str]:
    """What each column is called, in the language in use, without the unit that a cell of the file has none of."""
    return {column: re.split("（| \\(", titles[i18n.language() == "en"])[0] for column, titles in TITLES.items()}
