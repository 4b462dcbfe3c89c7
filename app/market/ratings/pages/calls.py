"""Call-backs: whom customer service calls, what it asks, what came of it, and why just this firm."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx, Role, Tx
from app.kernel.errors import Refusal
from app.kernel.shares import share
from app.market import complaints
from app.market.ratings import store
from app.market.ratings.pages import words
from app.market.ratings.pages.lists import HOUSE, names_of
from app.market.ratings.rules import Heard
from app.market.ratings.schemas import QUESTIONS_MAX
from app.market.ratings.service import calling
from app.market.ratings.service.calling import LISTED_MAX
from app.web import i18n
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import _
from app.web.idempotency import once
from app.web.pages import page, see_other

SEES: Final = {"roles": HOUSE}
CALLS: Final = {"roles": (SeatRole.SERVICE,), "db": Role.ACT}
Asked = Request[Any, Any, Any]
Answer = Annotated[str, text(80, 0)]


class ActForm(Form):
    """A button that acts, without a field."""


class HeardForm(Form):
    """What a firm said: an answer is `question:answer`; with `complains` it asks for a complaint in its name."""

    satisfied: Literal["yes", "no"] | None = None
    answer_1: Answer = ""
    answer_2: Answer = ""
    answer_3: Answer = ""
    answer_4: Answer = ""
    answer_5: Answer = ""
    answer_6: Answer = ""
    answer_7: Answer = ""
    answer_8: Answer = ""
    said: Annotated[str, text(2000, 0)] = ""
    complains: Literal["yes"] | None = None
    category: Annotated[str, text(60, 0)] = ""

    @property
    def answers(self) -> dict[str, str]:
        """By question."""
        given = [getattr(self, f"answer_{n}") for n in range(1, QUESTIONS_MAX + 1)]
        return dict(one.split(":", 1) for one in given if ":" in one)


@get("/callbacks", opt=SEES, include_in_schema=False)
async def show_callbacks(tx: Given[ReadTx], seat: Given[Seat], request: Asked) -> Response[str]:
    """Whom to call, the ones with something to tell first; `?show=done` what was heard."""
    show = request.query_params.get("show", "waiting")
    if show not in ("waiting", "done"):
        raise Refusal("bad-query", parameter="show")
    rows = await (store.read_waiting if show == "waiting" else store.read_done)(tx, LISTED_MAX)
    counted = await store.count_calls(tx)
    satisfied, unhappy = counted.get("satisfied", 0), counted.get("not", 0)
    policy = await calling.questions_on(tx, tx.now)
    return page(
        request, "ratings/callbacks.html", rows=rows, words=words, counted=counted, policy=policy,
        satisfied=share(satisfied, satisfied + unhappy), is_waiting=show == "waiting",
        tabs=[(_("等待回访电话"), "/callbacks", counted.get("waiting", 0), show == "waiting"),
              (_("已打过电话"), "/callbacks?show=done", None, show == "done")],
        **await names_of(tx, rows),
    )  # fmt: skip


@get("/callbacks/{callback_id:uuid}", opt=SEES, include_in_schema=False)
async def show_callback(
    callback_id: FromPath[UUID], tx: Given[ReadTx], seat: Given[Seat], request: Asked
) -> Response[str]:
    """One call: the questions, or the answers; and why this firm was drawn."""
    return await _page(request, tx, callback_id, seat)


@post("/callbacks/{callback_id:uuid}/attempt", opt=CALLS, include_in_schema=False)
async def submit_attempt(
    callback_id: FromPath[UUID], data: Posted[ActForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """Nobody was there."""
    await once(request, tx, lambda: calling.note_call(tx, callback_id, None, by=seat, now=tx.now))
    return see_other(request, "/callbacks", flash=_("已登记：没有联系上。"))


@post("/callbacks/{callback_id:uuid}/result", opt=CALLS, include_in_schema=False)
async def submit_result(
    callback_id: FromPath[UUID], data: Posted[HeardForm], tx: Given[Tx], seat: Given[Seat], request: Asked
) -> Response[Any]:
    """What the firm said; with its word a complaint in its name."""
    await tx.narrow(case_id=callback_id)
    policy = await calling.questions_on(tx, tx.now)
    answers = data.answers
    faults: dict[str, str] = {}
    if answers.keys() != policy.questions.keys():
        faults["answers"] = _("请回答每一个问题。")
    if data.satisfied is None:
        faults["satisfied"] = _("请选择是否满意。")
    if data.complains:
        why = await complaints.weigh(tx, None, complaints.Act.FILE, by=seat, said=data.said)
        if why is not None:
            faults["said"] = _("投诉要用企业自己的话，至少写一句完整的话。")
        if data.category not in (await complaints.categories_on(tx, tx.now))[1]:
            faults["category"] = _("请选择投诉的事项。")
    if faults:
        return await _page(request, tx, callback_id, seat, faults=faults, typed=data, answers=answers)
    heard = Heard(data.satisfied == "yes", answers, data.said, complains=data.complains is not None)
    await once(
        request, tx,
        lambda: calling.note_call(tx, callback_id, heard, category=data.category, by=seat, now=tx.now),
    )  # fmt: skip
    said = _("已登记，并按企业的授权提交了投诉。") if heard.complains else _("回访结果已登记。")
    return see_other(request, "/callbacks", flash=said)


async def _page(
    request: Asked, tx: ReadTx, callback_id: UUID, seat: Seat, *, faults: Mapping[str, str] | None = None,
    typed: HeardForm | None = None, answers: Mapping[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    view = await calling.get(tx, callback_id)
    offered = (await complaints.categories_on(tx, tx.now))[1]
    is_zh = i18n.language() == "zh"
    return page(
        request, "ratings/callback.html", status=422 if faults else 200, view=view, row=view.row, words=words,
        faults=faults or {}, typed=typed or HeardForm(), answers=answers or view.row["answers"],
        may=seat.role is SeatRole.SERVICE and view.row["state"] == "waiting",
        categories=[(code, one.zh if is_zh else one.en) for code, one in offered.items()],
        **await names_of(tx, [view.row]),
    )  # fmt: skip
