"""The list of complaints as each reader needs it, the form of a new one, and the lines beside an order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from app.access.seats import Seat, SeatRole
from app.credit import subjects
from app.infra.db import ReadTx, Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.workdays import workdays_between
from app.market import parties
from app.market.complaints import service
from app.market.complaints.pages import words
from app.market.complaints.rules import ACK, Act, State, Why
from app.market.complaints.service import About
from app.market.orders import marks
from app.office import clocks
from app.web import formats
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

FIRM: Final = (SeatRole.BUSINESS,)
BANK: Final = (SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER, SeatRole.BANK_ADMIN)
HOUSE: Final = (SeatRole.SERVICE, SeatRole.REGULATOR)
EVERYBODY: Final = {"roles": (*FIRM, *BANK, *HOUSE)}
FIRST: Final = {SeatRole.SERVICE: "disputed", SeatRole.REGULATOR: "escalated"}  # What waits for its reader.
FIRMS: Final = {"roles": FIRM}
Asked = Request[Any, Any, Any]


class FileForm(Form):
    """A complaint of a firm about a suborder or, without one, a bank."""

    complaint_id: UUID
    suborder_id: UUID | None = None
    bank_id: UUID | None = None
    category: Annotated[str, text(60)] = ""
    said: Annotated[str, text(2000, 0)] = ""


@get("/complaints", opt=EVERYBODY, include_in_schema=False)
async def show_complaints(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """A firm's own; a bank's by the time left; all of them for the house. `?show=` picks a kind."""
    is_firm = seat.role in FIRM
    first = FIRST.get(seat.role, "waiting")
    show = request.query_params.get("show", first)
    if show not in words.TABS:
        raise Refusal("bad-query", parameter="show")
    rows = await (service.list_of_firm(tx, seat.org_id) if is_firm else service.list_complaints(tx, show))
    counted = await service.counts(tx)
    return page(
        request, "complaints/list.html", rows=rows, show=show, is_firm=is_firm, first=first,
        tabs=[(_(said), f"/complaints?show={kind}", counted.get(kind), kind == show)
              for kind, said in words.TABS.items()],
        categories=(await service.categories_on(tx, tx.now))[1], words=words, left=await _left(tx),
        **await _names(tx, rows),
    )  # fmt: skip


async def _left(tx: ReadTx) -> Callable[[Record], tuple[str, str]]:
    """Tone and words of the time left of a row, in the unit of its limit."""
    today = shanghai_date(tx.now)
    _version, calendar = await clocks.calendar_on(tx, today)

    def left(row: Record) -> tuple[str, str]:
        counted = workdays_between(calendar, today, row["due_on"]) if row["clock"] == ACK else None
        return formats.time_left(row["due_on"], today, row["clock_state"], counted)

    return left


async def _names(tx: ReadTx, rows: Sequence[Record]) -> Mapping[str, Any]:
    firm_ids = [row["subject_id"] for row in rows if row["subject_id"]]
    branch_ids = {row["branch_id"] for row in rows if row["branch_id"]}
    return {
        "firms": await subjects.names_of(tx, firm_ids) if firm_ids else {},
        "banks": await parties.shelf.banks(tx),
        "branches": {one: await parties.shelf.get_branch(tx, one) for one in branch_ids},
    }


@get("/complaints/new", opt=FIRMS, include_in_schema=False)
async def show_form(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """The form of a complaint about `?suborder=` or `?bank=`; without either, the choice of what it is about."""
    query = request.query_params
    suborder_id, bank_id = _uuid(query, "suborder"), _uuid(query, "bank")
    if suborder_id is None and bank_id is None:
        rows = await service.recent_suborders(tx, seat.org_id)
        return page(
            request, "complaints/choose.html", rows=rows, banks=await parties.shelf.banks(tx),
            branches={row["branch_id"]: await parties.shelf.get_branch(tx, row["branch_id"]) for row in rows},
        )  # fmt: skip
    return await _form(request, tx, await _about(tx, suborder_id, bank_id, seat), FileForm(complaint_id=new_id()))


@post("/complaints", opt={**FIRMS, "db": Role.ACT}, include_in_schema=False)
async def submit_complaint(data: Posted[FileForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[Any]:
    """Complain; words that say nothing come back with what was typed."""
    about = await _about(tx, data.suborder_id, data.bank_id, seat)
    _version, offered = await service.categories_on(tx, tx.now)
    why = await service.weigh(tx, None, Act.FILE, by=seat, said=data.said)
    if why is not None or data.category not in offered:
        return await _form(request, tx, about, data, why=why, status=422)
    complaint_id = await once(
        request, tx,
        lambda: service.file_complaint(
            tx, data.complaint_id, about, category=data.category, said=data.said, by=seat, now=tx.now
        ),
    )  # fmt: skip
    return see_other(request, f"/complaints/{complaint_id}", flash=_("投诉已提交，银行须在期限内确认和答复。"))


async def _about(tx: ReadTx, suborder_id: UUID | None, bank_id: UUID | None, seat: Seat) -> About:
    if suborder_id is not None:
        return await service.about_suborder(tx, suborder_id, by=seat)
    if bank_id is not None:
        return await service.about_bank(tx, bank_id, by=seat)
    raise Refusal("not-found")


async def _form(
    request: Asked, tx: ReadTx, about: About, typed: FileForm, *, why: Why | None = None, status: int = 200
) -> Response[str]:
    _version, offered = await service.categories_on(tx, tx.now)
    faults = [words.FAULTS[why]] if why else []
    if status != 200 and typed.category not in offered:
        faults.insert(0, ("category", "请选择投诉的事项。"))
    branch = await parties.shelf.get_branch(tx, about.branch_id) if about.branch_id else None
    return page(
        request, "complaints/new.html", status=status, about=about, typed=typed, faults=dict(faults), branch=branch,
        bank=await parties.shelf.get_bank(tx, about.bank_id),
        options=[(code, words.category(one), words.hint(one)) for code, one in offered.items()],
    )  # fmt: skip


def _uuid(query: Mapping[str, str], name: str) -> UUID | None:
    typed = query.get(name, "")
    try:
        return UUID(typed) if typed else None
    except ValueError:
        raise Refusal("bad-query", parameter=name) from None


async def mark_orders(tx: ReadTx, order_id: UUID, by: Seat) -> Mapping[UUID, Sequence[marks.Mark]]:
    """Beside each suborder its complaints; for the firm also the way to complain."""
    found: dict[UUID, list[marks.Mark]] = {}
    offered = (await service.categories_on(tx, tx.now))[1]
    for row in await service.list_of_order(tx, order_id):
        tone, said = words.STATES[row["state"]]
        one = offered.get(row["category"])
        what = _("投诉“{what}”：{state}").format(what=words.category(one) if one else row["category"], state=_(said))
        found.setdefault(row["suborder_id"], []).append(
            marks.Mark(what, f"/complaints/{row['complaint_id']}", "bad" if _is_late(row) else tone, row["filed_at"])
        )
    if by.role in FIRM:
        for suborder_id in await service.suborders_of_order(tx, order_id):
            mark = marks.Mark(_("投诉这家银行"), f"/complaints/new?suborder={suborder_id}", is_act=True)
            found.setdefault(suborder_id, []).append(mark)
    return found


def _is_late(row: Record) -> bool:
    return bool(row["late"]) and State(row["state"]) in (State.FILED, State.ACKNOWLEDGED)


marks.mark_by("complaints", mark_orders)
