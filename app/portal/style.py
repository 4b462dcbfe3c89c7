"""The style page: every piece of the pages with real content, and when to use it. Public; nothing on it acts."""

from datetime import date, datetime
from typing import Any, Final

from litestar import Request, Response, get

from app.kernel.clock import SHANGHAI
from app.web import charts
from app.web.formats import rate
from app.web.i18n import N_, _
from app.web.pages import page

Asked = Request[Any, Any, Any]
LOOKS: Final = ("light", "dark")
COLOURS: Final = (
    ("ground", N_("页面底色")), ("raised", N_("面板")), ("sunk", N_("表头、凹处")), ("ink", N_("正文")),
    ("quiet", N_("次要文字")), ("action", N_("可以按的")), ("good", N_("按时")), ("warn", N_("快到期")),
    ("bad", N_("已逾期")),
)  # fmt: skip
# A deadline of three workdays over the holiday of autumn, day by day, as the clock explains it.
DAYS: Final = (
    (date(2025, 9, 26), "start", N_("送达，当天不计")),
    (date(2025, 9, 27), "weekend", N_("周末")),
    (date(2025, 9, 28), "make_up", N_("第 1 天，调休上班")),
    (date(2025, 9, 29), "counted", N_("第 2 天")),
    (date(2025, 9, 30), "paused", N_("补充材料，暂停")),
    (date(2025, 10, 1), "holiday", N_("国庆节")),
    (date(2025, 10, 9), "counted", N_("第 3 天，截止")),
)
COURSE: Final = (
    (N_("发布需求"), datetime(2025, 9, 25, 9, 30, tzinfo=SHANGHAI)),
    (N_("银行受理"), datetime(2025, 9, 26, 10, 5, tzinfo=SHANGHAI)),
    (N_("银行联系您"), None),
    (N_("银行答复"), None),
)
# branch, on time, decided, late: shares of promises kept, of invented branches.
BRANCHES: Final = (("渝中支行", 41, 43, 0), ("江北支行", 18, 20, 1), ("綦江支行", 5, 8, 3))
KEPT: Final = (("2025-06", 88.2), ("2025-07", 91.5), ("2025-08", 90.4), ("2025-09", 96.7))
SAID: Final = N_("六月至九月，从 88.2 % 到 96.7 %。")


@get("/style", opt={"roles": "public"}, include_in_schema=False)
async def show_style(request: Asked) -> Response[str]:
    """Every piece, in the language of the visitor, in light or dark (`?look=`) or as the system wishes."""
    look = request.query_params.get("look")
    return page(
        request, "portal/style.html", look=look if look in LOOKS else "", looks=LOOKS, colours=COLOURS, days=DAYS,
        course=COURSE, branches=BRANCHES, kept=KEPT, chart=_chart(), said=_(SAID), moment=COURSE[1][1],
        due_on=DAYS[-1][0], wan=1_000_000, sort=request.query_params.get("sort", "-kept"),
        state=request.query_params.get("state", ""),
    )  # fmt: skip


def _chart() -> Any:
    months, shares = [month for month, _share in KEPT], [share for _month, share in KEPT]
    row = charts.Series(_("按时办结"), shares)
    return charts.line(
        _("按时办结的占比逐月上升"), _(SAID), months, [row],
        say=lambda share: rate(round(share * 10_000)).replace(".00 ", " "), promise=(_("承诺"), 95.0),
    )  # fmt: skip
