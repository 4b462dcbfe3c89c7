"""How the machinery is, in words, and what to do about it; the figures stand below."""

from datetime import timedelta
from typing import Any, Final

from litestar import Request, Response, get

from app.access import audit, orgs
from app.access.seats import SeatRole
from app.credit import ingestion
from app.infra import facts, outbox, settings
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.market import parties
from app.office import clocks, deliveries
from app.portal import judging
from app.web.deps import Given
from app.web.i18n import N_, _
from app.web.pages import page

OPERATOR: Final = {"roles": (SeatRole.OPERATOR,)}
URL: Final = "/ops/health"
JOBS: Final = {
    "outbox": N_("事件投递"), "clocks": N_("到期时钟"), "cases": N_("案件时限"), "rungs": N_("时限提醒"),
    "batches": N_("装载文件"), "profiles": N_("检查文件"), "sealing": N_("加密旧文件"), "deliveries": N_("银行通知"),
    "proposals": N_("待复核到期"), "revocations": N_("撤回授权"), "pools": N_("额度池对账"),
    "forgetting": N_("清理过期的登录与凭证"), "messages": N_("短信与邮件"), "seals": N_("封存记录"),
    "recounts": N_("期限重算"), "calendar": N_("放假安排提醒"),
    "all-pools": N_("全部额度池对账"), "callbacks": N_("抽取回访"), "nightly": N_("每晚复算"),
    "figures": N_("汇总数字"), "conduct": N_("行为监测"), "reckonings": N_("复算与推演"),
}  # fmt: skip
COUNTED: Final = 500  # More need not be told apart.
MOMENT: Final = timedelta(seconds=5)  # What is due for a shorter time is being dealt with.
Asked = Request[Any, Any, Any]


@get(URL, opt=OPERATOR, include_in_schema=False)
async def show_health(tx: Given[ReadTx], request: Asked) -> Response[str]:
    """Each thing by word, shape and colour, what to do, and the figures it rests on."""
    seen = await look(tx, request.app.state.revision)
    checks = judging.judge(seen)
    return page(
        request, "portal/health.html", checks=checks, worst=judging.worst(checks), seen=seen, jobs=JOBS, say=_said,
        ordered=sorted(checks, key=lambda one: ("bad", "warn", "good").index(one.tone)),
    )  # fmt: skip


async def look(tx: ReadTx, revision: str) -> judging.Seen:
    """All facts, in one reading of the database."""
    dead = await deliveries.dead_by_bank(tx)
    return judging.Seen(
        wall=tx.wall, now=tx.now, jobs=await facts.job_runs(tx), queue=await outbox.queue(tx),
        unfired=(await _late(tx, judging.UNFIRED_SECONDS[0]), await _late(tx, judging.UNFIRED_SECONDS[1])),
        files=await ingestion.waiting_long(tx, tx.now - MOMENT),
        dead_letters=sum(row["notices"] for row in dead), database=await facts.database_facts(tx), revision=revision,
        disk=facts.disk_of(settings.load().home), outlets=len(await parties.outlets.outlet_queue(tx, limit=COUNTED)),
        sealing=await audit.waiting(tx), missing_year=await _missing_year(tx),
    )  # fmt: skip


async def _missing_year(tx: ReadTx) -> tuple[int, bool] | None:
    missing = await clocks.recounting.missing_year(tx, shanghai_date(tx.now))
    return None if missing is None else (missing.year, missing.is_urgent)


async def _late(tx: ReadTx, seconds: int) -> int:
    """Cases with a clock that has been due for so long and still runs."""
    return len(await clocks.find_due(tx, None, now=tx.now - timedelta(seconds=seconds), limit=COUNTED))


async def banks_without_notice(tx: ReadTx) -> list[tuple[Any, str]]:
    """Banks with dead letters, with their names."""
    rows = await deliveries.dead_by_bank(tx)
    named = [(row, await orgs.get_org(tx, row["bank_id"])) for row in rows]
    return [(row, org.name if org else "") for row, org in named]


def _said(check: judging.Check) -> str:
    return _(check.state).format(**check.slots)
