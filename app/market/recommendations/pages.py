"""The recommended list as the regulator and the operator keep it: who is on it, and a list to paste in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from app.access.seats import Seat, SeatRole
from app.credit import subjects
from app.infra.db import ReadTx, Tx
from app.kernel.ids import new_id
from app.market.recommendations import service
from app.market.recommendations.rules import CODE, CRITERIA, LINES_MAX, Fault
from app.web.body import Form, Posted, text
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.idempotency import once
from app.web.pages import page, see_other
from app.web.paging import read_page

URL: Final = "/recommendations"
KEEPS: Final = {"roles": (SeatRole.REGULATOR, SeatRole.OPERATOR)}
TEXT_MAX: Final = 400_000
FAULTS: Final[Mapping[str, str]] = {
    "heading": N_("第一行缺少这些栏目"),
    "too_many": N_("行数超过上限，请分成几份"),
    "code": N_("不是有效的统一社会信用代码"),
    "criterion": N_("不符合这一条件，不能列入"),
    "answer": N_("只填是或否"),
    "twice": N_("同一企业出现两次"),
    "unknown": N_("平台上没有这个主体"),
    "empty": N_("没有一行企业"),
}
SOURCES: Final[Mapping[str, str]] = {"regulator": N_("监管部门"), "operator": N_("平台运营")}
CRITERION_WORDS: Final = (
    N_("合规持续经营"), N_("固定经营场所"), N_("真实融资需求"), N_("信用状况良好"), N_("贷款用途依法合规"),
)  # fmt: skip
Asked = Request[Any, Any, Any]


class ListForm(Form):
    """A list as it was pasted: comma or tab between the columns."""

    rows: Annotated[str, text(TEXT_MAX)]


@get(URL, opt=KEEPS, include_in_schema=False)
async def show_list(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """Who is recommended, the newest first, and where a list is pasted in."""
    return await _shown(request, tx)


@post(URL, opt=KEEPS, include_in_schema=False)
async def submit_list(data: Posted[ListForm], tx: Given[Tx], seat: Given[Seat], request: Asked) -> Response[Any]:
    """Put every firm of a list on it, all or none; faults come back line by line, with what was pasted."""
    faults = await service.weigh_list(tx, data.rows)
    if faults:
        return await _shown(request, tx, faults=faults, rows=data.rows, status=422)
    taken: list[int] = []

    async def put() -> UUID:
        taken.append(await service.import_list(tx, data.rows, by=seat, now=tx.now))
        return new_id()

    await once(request, tx, put)
    said = _("已列入 {n} 户企业，银行须在一个月内答复。").format(n=taken[0]) if taken else _("已经列入过了。")
    return see_other(request, URL, flash=said)


async def _shown(
    request: Asked, tx: ReadTx, *, faults: tuple[Fault, ...] = (), rows: str = "", status: int = 200
) -> Response[str]:
    asked = read_page(request, orders=("recommended_at",))
    after = None if asked.after is None else (datetime.fromisoformat(str(asked.after[0])), UUID(str(asked.after[1])))
    listed = await service.newest(tx, after=after, limit=asked.limit)
    names = await subjects.names_of(tx, [row["subject_id"] for row in listed])
    last = (listed[-1]["recommended_at"].isoformat(), str(listed[-1]["recommendation_id"])) if listed else ()
    cursor = asked.next_cursor(listed, last)
    return page(
        request, "recommendations/list.html", status=status, listed=listed, names=names, faults=faults, rows=rows,
        words=FAULTS, sources=SOURCES, criteria=CRITERION_WORDS, most=LINES_MAX,
        example=",".join([CODE, *CRITERIA.values()]), more=f"{URL}?cursor={cursor}" if cursor else "",
        fresh_from=tx.now - timedelta(days=await service.days_to_post(tx)),
    )  # fmt: skip
