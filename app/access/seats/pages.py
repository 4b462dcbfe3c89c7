"""Pages of signing in, choosing a seat and signing out."""

from typing import Any, Final

from litestar import Request, Response, get, post

from app.access.seats import service
from app.access.seats.rules import AGE_MAX, SeatRole
from app.access.seats.schemas import ChooseSeatForm, SignInForm, SignOutForm
from app.kernel.errors import Refusal
from app.web import context, session
from app.web.body import Posted
from app.web.context import Visitor
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import own_path, page, see_other

PERSON: Final = {"roles": "person"}
SECONDS: Final = int(AGE_MAX.total_seconds())
ROLE_WORDS: Final = {
    SeatRole.BUSINESS: N_("企业用户"),
    SeatRole.BRANCH_CLERK: N_("网点经办"),
    SeatRole.BRANCH_CHECKER: N_("网点复核"),
    SeatRole.BANK_ADMIN: N_("银行总部管理员"),
    SeatRole.BANK_CLIENT: N_("银行系统"),
    SeatRole.REGULATOR: N_("监管人员"),
    SeatRole.SERVICE: N_("平台客服"),
    SeatRole.OPERATOR: N_("平台运营"),
    SeatRole.DATA_OFFICER: N_("数据专员"),
}


@get("/login", opt={"roles": "public"}, include_in_schema=False)
async def show_login(request: Request[Any, Any, Any]) -> Response[str]:
    target = own_path(request.query_params.get("next", "/"))
    return page(request, "access/login.html", next=target, login="", fault="")


@post("/login", opt={"roles": "public", "seat": False}, include_in_schema=False)
async def submit_login(data: Posted[SignInForm], request: Request[Any, Any, Any]) -> Response[Any]:
    """Back to where the visitor wanted to go; a wrong password shows the form again, with the account kept."""
    try:
        opened = await service.sign_in(
            request.app.state.db, data.login, data.password, source=session.source_of(request),
            request_id=context.of(request).trace_id, old_token=session.token_of(request),
        )  # fmt: skip
    except Refusal as refusal:
        if refusal.code != "login-failed":
            raise
        await request.app.state.noted(request.app.state.db, context.of(request), refusal)
        fault = _("账号或密码不正确。连续输错 5 次后须等待 15 分钟。")
        return page(request, "access/login.html", status=401, next=own_path(data.next), login=data.login, fault=fault)
    answer = see_other(request, own_path(data.next) if opened.visitor.seat else "/seats")
    session.put(request, answer, opened.token, seconds=SECONDS)
    return answer


@get("/seats", opt=PERSON, include_in_schema=False)
async def show_seats(request: Request[Any, Any, Any], visitor: Given[Visitor]) -> Response[str]:
    visitor, _key = session.present(visitor)
    view = await service.view_session(request.app.state.db, visitor, session.csrf_token(request, visitor))
    return page(request, "access/seats.html", session=view, words=ROLE_WORDS)


@post("/seats/choice", opt=PERSON, include_in_schema=False)
async def submit_seat(
    data: Posted[ChooseSeatForm], request: Request[Any, Any, Any], visitor: Given[Visitor]
) -> Response[bytes]:
    visitor, key = session.present(visitor)
    opened = await service.choose_seat(
        request.app.state.db, key, visitor.person_id, data.seat_id, request_id=context.of(request).trace_id
    )
    answer = see_other(request, "/", flash=_("已切换身份。"))
    session.put(request, answer, opened.token, seconds=SECONDS)
    return answer


@post("/logout", opt=PERSON, include_in_schema=False)
async def submit_logout(
    data: Posted[SignOutForm], request: Request[Any, Any, Any], visitor: Given[Visitor]
) -> Response[bytes]:
    visitor, key = session.present(visitor)
    await service.sign_out(request.app.state.db, key, visitor.person_id, request_id=context.of(request).trace_id)
    answer = see_other(request, "/login", flash=_("您已退出。"))
    session.drop(request, answer)
    return answer
