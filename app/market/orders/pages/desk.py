"""The branch's pages of one suborder: what is asked and done, its package, and the tree of reasons."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.kernel.clock import SHANGHAI, shanghai_date
from app.kernel.ids import new_id
from app.kernel.money import format_wan
from app.market import packages, papers, reasons
from app.market.orders.pages import desk_words, words
from app.market.orders.pages.desk_evidence import choices, gaps_of, initials, tabs_of
from app.market.orders.pages.desk_lists import course_of
from app.market.orders.pages.kinds import TITLES
from app.market.orders.rules.states import Act, State
from app.market.orders.service import desk, inbox, marks, moving
from app.market.orders.service.bringing import moved_from
from app.market.orders.service.desk import CaseView
from app.office import clocks
from app.web import i18n
from app.web.deps import Given
from app.web.i18n import _
from app.web.pages import page

BRANCH: Final = (SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER)
DESK: Final = {"roles": (*BRANCH, SeatRole.BANK_ADMIN)}
OPENS: Final = {"roles": BRANCH, "db": Role.ACT, "records_access": True}
LOAN_ACTS: Final = ("repay", "extend", "mark_overdue", "settle", "reschedule")
ACTS: Final = ("contact", "papers", "offer", "retract", "reassign", "sign", "draw", *LOAN_ACTS)
VALID_WORKDAYS: Final = 10  # How long an offer stands unless the clerk says otherwise.
DAY_CLASSES: Final[Mapping[str, str]] = {
    "counted": "counted", "make_up": "counted", "provisional": "counted", "paused": "paused",
}  # fmt: skip
Asked = Request[Any, Any, Any]


@get("/desk/suborders/{suborder_id:uuid}", opt=DESK, include_in_schema=False)
async def show_case(suborder_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """One suborder: what is asked, every deadline, everything done. `?act=` opens the form of one act."""
    act = request.query_params.get("act", "")
    return await case_page(request, tx, suborder_id, seat, act=act if act in ACTS else "")


@get("/desk/suborders/{suborder_id:uuid}/package", opt=OPENS, include_in_schema=False)
async def show_package(suborder_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[str]:
    """The same page with the package open: one reading, metered, audited and shown to the firm."""
    opened = await desk.read_package(tx, suborder_id, by=seat, now=tx.now)
    act = request.query_params.get("act", "")
    answer = await case_page(request, tx, suborder_id, seat, act=act if act in ACTS else "", opened=opened)
    answer.headers["cache-control"] = "no-store"
    return answer


@get("/desk/suborders/{suborder_id:uuid}/refusal", opt=OPENS, include_in_schema=False)
async def show_refusal(suborder_id: FromPath[UUID], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[str]:
    """Choose a reason; then (`?code=`) say it in words and point at the item that bears it out."""
    code, path = request.query_params.get("code", "")[:16], request.query_params.get("path", "")[:120]
    answer = await refusal_page(request, tx, suborder_id, seat, {"code": code, "path": path})
    answer.headers["cache-control"] = "no-store"
    return answer


async def case_page(
    request: Asked, tx: ReadTx, suborder_id: UUID, seat: Seat, *, status: int = 200, act: str = "",
    opened: packages.Opened | None = None, **more: object,
) -> Response[str]:  # fmt: skip
    """The page of one suborder; `more` is what the form of an act needs beyond the case."""
    view = await desk.case_view(tx, suborder_id)
    may = view.may if seat.role in BRANCH else view.may & {Act.REASSIGN.value}
    level_fen = view.entry.approval_level_fen if view.entry else 0
    loan = view.part.loan
    beside = await marks.marks_of(tx, view.part.suborder["order_id"], seat)
    values: dict[str, object] = {
        "view": view, "row": view.part.suborder, "may": may, "act": act, "opened": opened,
        "marks": beside.get(suborder_id, ()), "others": await _others(tx, view) if act == "reassign" else (),
        "appeal": view.part.appeal, "may_answer": view.part.appeal is not None and view.part.appeal.may_answer(seat),
        "course": await course_of(request, tx, seat), "grade": await inbox.grade_of(tx, suborder_id),
        "tabs": tabs_of(opened), "gaps": gaps_of(opened, desk_words.CLASSES), "words": desk_words, "firm": words,
        "strips": [_strip(one) for one in view.explained], "typed": _first_typed(view, tx.now), "fault": "",
        "fault_at": "", "quote": None, "payment": "", "level_fen": level_fen, "materials": _materials(view),
        "reasons": None, "chosen": None, "now": tx.now, "today": shanghai_date(tx.now), "draw_id": new_id(),
        "loan": loan, "loan_acts": LOAN_ACTS, "loan_titles": TITLES,
        "owed_wan": format_wan(loan.outstanding_fen).replace(",", "") if loan else "",
        "base": f"/desk/suborders/{suborder_id}",
        "files": await papers.list_of_suborder(tx, suborder_id, moved_from(view.part.suborder)),
    }  # fmt: skip
    return page(request, "orders/desk_case.html", status=status, **(values | more))


async def refusal_page(
    request: Asked, tx: Tx, suborder_id: UUID, seat: Seat, typed: Mapping[str, str], *, status: int = 200,
    why: reasons.Why | None = None,
) -> Response[str]:  # fmt: skip
    """The page with the tree of reasons, or with the form of the chosen one and the package it is checked against."""
    evidence = await desk.evidence(tx, suborder_id, by=seat, now=tx.now)
    view = await desk.case_view(tx, suborder_id)
    on, from_pushed = shanghai_date(tx.now), view.part.suborder["state"] == State.PUSHED
    tree = await reasons.tree_in_force(tx, on)
    offered = reasons.reasons_on(tree, on, from_pushed=from_pushed)
    chosen = next((one for one in offered if one.code == typed.get("code")), None)
    opened, fitting, picked = None, [], None
    if chosen is not None:
        if not from_pushed:
            opened = await desk.read_package(tx, suborder_id, by=seat, now=tx.now)
        fitting = choices(chosen, evidence, opened.items if opened else (), own_only=from_pushed)
        picked = next((one for one in fitting if one.path == typed.get("path")), None)
        if picked is None and len(fitting) == 1:
            picked = fitting[0]
    return await case_page(
        request, tx, suborder_id, seat, status=status, act="refuse", opened=opened,
        fault=_(desk_words.FAULTS[why]) if why else "", fault_at=desk_words.FAULT_FIELDS.get(why, "") if why else "",
        reasons=offered, chosen=chosen, choices=fitting, picked=picked,
        typed={"code": "", "words": "", "path": "", "comparison": "", "value": "", "unit": "", **typed},
        options=lambda said: [(one, one) for one in said], initials=initials,
        named=lambda found: [(one.value, _(desk_words.COMPARISONS[one])) for one in found],
        two_people=view.entry.two_person_reasons if view.entry else frozenset(),
    )  # fmt: skip


async def _others(tx: ReadTx, view: CaseView) -> list[tuple[UUID, str]]:
    row = view.part.suborder
    return await moving.branches_for(tx, row["bank_id"], row["branch_id"], row["product_id"], now=tx.now)


def _materials(view: CaseView) -> list[tuple[str, bool]]:
    """What the list in force wants to see of a firm, each with whether it was asked for already."""
    asked = {item for one in view.part.papers for item in one["items"]}
    return [(name, name in asked) for name in view.entry.materials] if view.entry else []


def _strip(why: clocks.Explanation) -> tuple[clocks.Explanation, Sequence[tuple[Any, str, str]]]:
    english = i18n.language() == "en"
    days = [
        (line.day, DAY_CLASSES.get(line.kind.value, "rest"), clocks.line_in_words(line, english=english))
        for line in why.lines
    ]
    return why, days


def _first_typed(view: CaseView, now: datetime) -> dict[str, object]:
    """What the forms begin with: the asked sum, the list's lowest rate, this minute."""
    row, entry, product = view.part.suborder, view.entry, view.product
    wan = format_wan(row["offered_fen"] or row["amount_fen"]).replace(",", "")
    low = entry.rate_min_ppm if entry else product.rate_min_ppm
    months = min(row["term_months"], entry.term_months_max if entry else product.term_months_max)
    workdays = min(max(VALID_WORKDAYS, view.bounds.offer_workdays_min), view.bounds.offer_workdays_max)
    return {
        "amount_wan": wan, "rate_percent": f"{low / 10_000:.4f}".rstrip("0").rstrip("."), "term_months": months,
        "repayment": product.repayment, "valid_workdays": workdays, "fee_name": "", "fee_yuan": "",
        "contacted_at": now.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"), "items": "", "note": "", "ticked": (),
        "on": "", "until_on": "", "reason": "",
    }  # fmt: skip
