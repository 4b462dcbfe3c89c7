"""What each seat finds in its navigation bar; labels are Chinese source texts."""

from collections.abc import Mapping
from typing import Final

from app.web.i18n import N_
from app.web.pages import NavItem

NAVIGATION: Final[Mapping[str, tuple[NavItem, ...]]] = {
    "business": (
        NavItem(N_("我的首页"), "/my"),
        NavItem(N_("我的额度"), "/my/estimates"),
        NavItem(N_("发布新需求"), "/my/orders/new"),
        NavItem(N_("我的授权"), "/my/consents"),
    ),
    "branch_clerk": (NavItem(N_("收件箱"), "/desk"), NavItem(N_("待复核"), "/desk/proposals")),
    "branch_checker": (NavItem(N_("收件箱"), "/desk"), NavItem(N_("待复核"), "/desk/proposals")),
    "regulator": (NavItem(N_("监管概览"), "/supervision"),),
}
