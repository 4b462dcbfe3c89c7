"""Parked events: what a listener could not take in after every try, to be tried again once the cause is mended."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from pydantic import Field

from app.access import audit
from app.access.seats import SeatRole
from app.infra import outbox
from app.infra.db import Database, ReadTx, Tx
from app.kernel.errors import Refusal
from app.office import messages
from app.portal.health import banks_without_notice
from app.web.body import Form, Posted, text
from app.web.deps import Given, scope_of
from app.web.i18n import _
from app.web.pages import page, see_other

OPERATOR: Final = {"roles": (SeatRole.OPERATOR,)}
URL: Final = "/ops/outbox"
SHOWN: Final = 200
COPIES_SINCE: Final = timedelta(days=7)
CHANNELS: Final[Mapping[str, Callable[[], str]]] = {"sms": lambda: _("短信"), "email": lambda: _("电子邮件")}
STATES: Final[Mapping[str, Callable[[], str]]] = {
    "pending": lambda: _("等待发送"), "sent": lambda: _("已发出"), "failed": lambda: _("没有发出"),
}  # fmt: skip
CAUSES: Final[Mapping[str, Callable[[], str]]] = {
    "": lambda: "", "sent": lambda: "", "recorded": lambda: _("开发环境：只记录，不发送"),
    "refused": lambda: _("短信或邮件网关拒收"), "server-error": lambda: _("网关出错"),
    "unreachable": lambda: _("网关连不上"), "expired": lambda: _("发送前验证码已过期，或收件地址已移除"),
}  # fmt: skip
Asked = Request[Any, Any, Any]


class RetryForm(Form):
    seq: Annotated[int, Field(ge=1, le=2**63 - 1)]
    listener: Annotated[str, text(80)]


class RetryAllForm(Form):
    """A button that acts, without a field."""


@get(URL, opt=OPERATOR, include_in_schema=False)
async def show_outbox(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """What is parked, how much waits its turn, which banks were not told, and what became of copies to people."""
    db: Database = request.app.state.db
    parked = await outbox.parked(db, scope_of(request))
    queue = await outbox.queue(tx)
    lag = max(int((tx.wall - queue.oldest_at).total_seconds()), 0) if queue.oldest_at else 0
    return page(
        request, "portal/outbox.html", parked=parked[:SHOWN], queue=queue, lag=lag,
        dead=await banks_without_notice(tx), copies=await _copies(tx),
    )  # fmt: skip


async def _copies(tx: ReadTx) -> list[tuple[str, str, str, int, bool]]:
    """Channel, state, cause, how many, and whether it is bad news: copies of messages made in the last seven days."""
    return [
        (CHANNELS[one.channel](), STATES[one.state](), CAUSES[one.why](), one.copies,
         one.state == "failed")
        for one in await messages.copies_since(tx, tx.wall - COPIES_SINCE)
    ]  # fmt: skip


@post("/ops/outbox/retry", opt=OPERATOR, include_in_schema=False)
async def submit_retry(data: Posted[RetryForm], tx: Given[Tx], request: Asked) -> Response[bytes]:
    """Let one parked event be tried again. Twice changes nothing more."""
    if not await outbox.unpark(tx, data.seq, data.listener):
        raise Refusal("not-found", "该事件已不在停放之列。")
    await audit.write(tx, "outbox.retry", detail={"seq": str(data.seq), "listener": data.listener})
    return see_other(request, URL, flash=_("已放回队列，将重新投递。"))


@post("/ops/outbox/retry-all", opt=OPERATOR, include_in_schema=False)
async def submit_retry_all(data: Posted[RetryAllForm], tx: Given[Tx], request: Asked) -> Response[bytes]:
    """Let every parked event be tried again. Twice changes nothing more."""
    events = await outbox.unpark_all(tx)
    await audit.write(tx, "outbox.retry_all", detail={"events": str(events)})
    return see_other(request, URL, flash=_("已把 {n} 件放回队列，将重新投递。").format(n=events))
