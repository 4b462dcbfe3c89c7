"""What each seat finds in its navigation bar; labels are Chinese source texts."""

from collections.abc import Mapping
from typing import Final

from app.web.i18n import N_
from app.web.pages import NavItem

CHECKS: Final = NavItem(N_("待复核"), "/desk/proposals", "/desk/proposals/waiting")
OVERSIGHT: Final = NavItem(N_("督办与通报"), "/oversight", "/oversight/waiting")
COMPLAINTS: Final = NavItem(N_("投诉受理"), "/complaints")
RATINGS: Final = NavItem(N_("好差评"), "/ratings")
WORK_ORDERS: Final = NavItem(N_("差评工单"), "/work-orders")
CALLBACKS: Final = NavItem(N_("回访"), "/callbacks")
VOICES: Final = NavItem(N_("企业的声音"), "/voices")
NAVIGATION: Final[Mapping[str, tuple[NavItem, ...]]] = {
    "business": (
        NavItem(N_("我的首页"), "/my"),
        NavItem(N_("我的额度"), "/my/estimates"),
        NavItem(N_("发布新需求"), "/my/orders/new"),
        NavItem(N_("我的授权"), "/my/consents"),
        NavItem(N_("我的投诉"), "/complaints"),
    ),
    "branch_clerk": (
        NavItem(N_("收件箱"), "/desk"),
        NavItem(N_("待复核"), "/desk/proposals"),
        OVERSIGHT,
        COMPLAINTS,
        RATINGS,
    ),
    "branch_checker": (NavItem(N_("收件箱"), "/desk"), CHECKS, OVERSIGHT, COMPLAINTS, RATINGS),
    "bank_admin": (
        NavItem(N_("总部概览"), "/bank"),
        NavItem(N_("收件箱"), "/desk"),
        NavItem(N_("额度池"), "/bank/pools"),
        NavItem(N_("产品清单"), "/bank/lists"),
        NavItem(N_("决策文件"), "/bank/products"),
        CHECKS,
        OVERSIGHT,
        COMPLAINTS,
        VOICES,
    ),
    "operator": (
        NavItem(N_("数据批次"), "/ops/batches"),
        NavItem(N_("隔离清单"), "/ops/quarantine"),
        NavItem(N_("数据质量"), "/ops/scoreboard"),
        NavItem(N_("待归属网点"), "/ops/outlets"),
        NavItem(N_("推荐清单"), "/recommendations"),
        NavItem(N_("事件队列"), "/ops/outbox"),
        NavItem(N_("系统健康"), "/ops/health"),
    ),
    "data_officer": (
        NavItem(N_("数据批次"), "/ops/batches"),
        NavItem(N_("隔离清单"), "/ops/quarantine"),
        NavItem(N_("数据质量"), "/ops/scoreboard"),
    ),
    "regulator": (
        NavItem(N_("今早"), "/supervision"),
        NavItem(N_("监管概览"), "/supervision/overview", also=("/supervision/card", "/supervision/cases")),
        NavItem(N_("行为监测"), "/supervision/conduct"),
        NavItem(N_("查找案件"), "/supervision/search"),
        NavItem(N_("拒单疑点"), "/supervision/refusals"),
        NavItem(N_("复算与推演"), "/supervision/reckonings"),
        NavItem(N_("时限规则"), "/supervision/promises"),
        NavItem(N_("月度冻结"), "/supervision/months"),
        NavItem(N_("推荐清单"), "/recommendations"),
        OVERSIGHT,
        VOICES,
    ),
    "service": (COMPLAINTS, CALLBACKS, WORK_ORDERS, RATINGS, VOICES),
}
