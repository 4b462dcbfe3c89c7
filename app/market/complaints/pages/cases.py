"""One complaint: its course, its deadlines and why they are as they are, and what each side may do."""

from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, ReadTx, Role, Tx
from app.market import papers
from app.market.complaints import service
from app.market.complaints.pages import words
from app.market.complaints.pages.lists import BANK, EVERYBODY, FIRM
from app.market.complaints.rules import Act, Finding
from app.market.complaints.service import evidence
from app.office import clocks
from app.web import i18n
from app.web.body import Form, Posted, text
from app.web.deps import Given, scope_of
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other

SANDBOX: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"
Asked = Request[Any, Any, Any]
# Days of a strip that are counted; the rest is looked at as weekend or holiday.
COUNTED: Final = frozenset({"counted", "make_up", "provisional"})
FLASHES: Final = {
    Act.ACKNOWLEDGE: N_("已确认收到，请在期限内答复。"),
    Act.ANSWER: N_("答复已发给企业。"),
    Act.ACCEPT: N_("已办结，谢谢您的反馈。"),
    Act.DISPUTE: N_("已转平台客服核实。"),
    Act.ESCALATE: N_("已上报监管部门。"),
    Act.CLOSE: N_("已办结，各方都看得到结论。"),
    Act.WITHDRAW: N_("投诉已撤回。"),
}


class ActForm(Form):
    """A button that acts, without a field."""


class SaidForm(Form):
    """An act with words; `finding` is for closing."""

    said: Annotated[str, text(2000, 0)] = ""
    finding: Finding | None = None


@get("/complaints/{complaint_id:uuid}", opt=EVERYBODY, include_in_schema=False)
async def show_complaint(
    complaint_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """A complaint as its reader may see it."""
    return await _case(request, tx, complaint_id, seat)


@post("/complaints/{complaint_id:uuid}/acknowledgement", opt={"roles": BANK, "db": Role.ACT}, include_in_schema=False)
async def submit_acknowledgement(
    complaint_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The bank has it."""
    return await _do(request, tx, complaint_id, Act.ACKNOWLEDGE, seat)


@post("/complaints/{complaint_id:uuid}/answer", opt={"roles": BANK, "db": Role.ACT}, include_in_schema=False)
async def submit_answer(
    complaint_id: FromPath[UUID], data: Posted[SaidForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Answer, under one's own name."""
    return await _do(request, tx, complaint_id, Act.ANSWER, seat, data)


@post("/complaints/{complaint_id:uuid}/acceptance", opt={"roles": FIRM, "db": Role.ACT}, include_in_schema=False)
async def submit_acceptance(
    complaint_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The firm is content."""
    return await _do(request, tx, complaint_id, Act.ACCEPT, seat)


@post("/complaints/{complaint_id:uuid}/dispute", opt={"roles": FIRM, "db": Role.ACT}, include_in_schema=False)
async def submit_dispute(
    complaint_id: FromPath[UUID], data: Posted[SaidForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The firm is not content, and says why."""
    return await _do(request, tx, complaint_id, Act.DISPUTE, seat, data)


@post("/complaints/{complaint_id:uuid}/withdrawal", opt={"roles": FIRM, "db": Role.ACT}, include_in_schema=False)
async def submit_withdrawal(
    complaint_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The firm takes it back."""
    return await _do(request, tx, complaint_id, Act.WITHDRAW, seat)


@post(
    "/complaints/{complaint_id:uuid}/escalation", opt={"roles": (SeatRole.SERVICE,), "db": Role.ACT},
    include_in_schema=False,
)  # fmt: skip
async def submit_escalation(
    complaint_id: FromPath[UUID], data: Posted[SaidForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Put it before the regulator."""
    return await _do(request, tx, complaint_id, Act.ESCALATE, seat, data)


@post(
    "/complaints/{complaint_id:uuid}/closure", opt={"roles": (SeatRole.SERVICE,), "db": Role.ACT},
    include_in_schema=False,
)  # fmt: skip
async def submit_closure(
    complaint_id: FromPath[UUID], data: Posted[SaidForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Customer service says what it found, and closes it."""
    return await _do(request, tx, complaint_id, Act.CLOSE, seat, data)


@post(
    "/complaints/{complaint_id:uuid}/ruling", opt={"roles": (SeatRole.REGULATOR,), "db": Role.ACT},
    include_in_schema=False,
)  # fmt: skip
async def submit_ruling(
    complaint_id: FromPath[UUID], data: Posted[SaidForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """The regulator says what it found in what was put before it."""
    return await _do(request, tx, complaint_id, Act.CLOSE, seat, data)


@post(
    "/complaints/{complaint_id:uuid}/papers", opt={"roles": FIRM}, include_in_schema=False,
    request_max_body_size=papers.BODY_MAX,
)  # fmt: skip
async def submit_papers(complaint_id: FromPath[UUID], seat: Given[Seat], request: Asked) -> Response[Any]:
    """Add files. They are read and judged before a transaction is opened."""
    form = await request.form()
    uploads = []
    for value in form.getall("files", []):
        if isinstance(value, UploadFile) and (content := await value.read()):
            await value.seek(0)
            uploads.append(papers.Upload(value.filename, value.content_type or "", content))
    db: Database = request.app.state.db
    async with db.reading(Role.BUSINESS, scope_of(request)) as looking:
        limits = await papers.limits_on(looking, looking.now)
    files = await papers.check(uploads, limits)
    async with db.transaction(Role.ACT, scope_of(request)) as tx:
        await once(request, tx, lambda: evidence.add(tx, complaint_id, files, limits, by=seat, now=tx.now))
    return see_other(request, f"/complaints/{complaint_id}", flash=_("材料已补充。"))


@get(
    "/complaints/{complaint_id:uuid}/papers/{paper_id:uuid}", include_in_schema=False,
    opt={**EVERYBODY, "db": Role.ACT, "records_access": True},
)  # fmt: skip
async def open_paper(
    complaint_id: FromPath[UUID], paper_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat]
) -> Response[bytes]:
    """One file, to be saved, never shown inside a page of ours."""
    file, content = await evidence.open_file(tx, complaint_id, paper_id, by=seat)
    headers = {
        "content-disposition": f"attachment; filename=\"paper.{file.kind}\"; filename*=UTF-8''{quote(file.name)}",
        "content-security-policy": SANDBOX,
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(content, headers=headers, media_type="application/octet-stream")


async def _do(
    request: Asked, tx: Tx, complaint_id: UUID, act: Act, seat: Seat, data: SaidForm | None = None
) -> Response[Any]:
    await tx.narrow(case_id=complaint_id)
    data = data or SaidForm()
    why = await service.weigh(tx, complaint_id, act, by=seat, said=data.said, finding=data.finding)
    if why is not None:
        field, said = words.FAULTS[why]
        return await _case(request, tx, complaint_id, seat, status=422, faulty=act, faults={field: _(said)}, typed=data)
    await once(
        request, tx,
        lambda: service.act_on(
            tx, complaint_id, act, by=seat, now=tx.now, said=data.said, finding=data.finding
        ),
    )  # fmt: skip
    return see_other(request, f"/complaints/{complaint_id}", flash=_(FLASHES[act]))


async def _case(
    request: Asked, tx: ReadTx, complaint_id: UUID, seat: Seat, *, status: int = 200, faulty: Act | None = None,
    faults: dict[str, str] | None = None, typed: SaidForm | None = None,
) -> Response[str]:  # fmt: skip
    view = await service.get(tx, complaint_id, by=seat)
    return page(
        request, "complaints/case.html", status=status, view=view, row=view.row, words=words, faulty=faulty,
        may=frozenset(act.value for act in view.may), typed=typed or SaidForm(), faults=faults or {},
        strips=[_strip(view.why[kind]) for kind in words.CLOCKS if kind in view.why],
        is_firm=seat.role in FIRM, is_bank=seat.role in BANK, files=await evidence.list_of(tx, complaint_id),
        limits=await papers.limits_on(tx, tx.now),
    )  # fmt: skip


def _strip(why: clocks.Explanation) -> tuple[clocks.Explanation, list[tuple[Any, str, str]]]:
    english = i18n.language() == "en"
    days = [
        (line.day, "counted" if line.kind.value in COUNTED else "rest", clocks.line_in_words(line, english=english))
        for line in why.lines
    ]
    return why, days
