"""What the groups of figures are called: banks and districts by their names, industries, sizes and types in words."""

from collections.abc import Mapping
from typing import Final

from app.market.supervision.pages import finding_words
from app.market.supervision.rules import By
from app.web.i18n import N_, _

# The sections of GB/T 4754-2017.
INDUSTRIES: Final[Mapping[str, str]] = {
    "A": N_("农、林、牧、渔业"), "B": N_("采矿业"), "C": N_("制造业"), "D": N_("电力、热力、燃气及水生产和供应业"),
    "E": N_("建筑业"), "F": N_("批发和零售业"), "G": N_("交通运输、仓储和邮政业"), "H": N_("住宿和餐饮业"),
    "I": N_("信息传输、软件和信息技术服务业"), "J": N_("金融业"), "K": N_("房地产业"), "L": N_("租赁和商务服务业"),
    "M": N_("科学研究和技术服务业"), "N": N_("水利、环境和公共设施管理业"), "O": N_("居民服务、修理和其他服务业"),
    "P": N_("教育"), "Q": N_("卫生和社会工作"), "R": N_("文化、体育和娱乐业"),
    "S": N_("公共管理、社会保障和社会组织"), "T": N_("国际组织"),
}  # fmt: skip
SIZES: Final[Mapping[str, str]] = {
    "large": N_("大型"), "medium": N_("中型"), "small": N_("小型"), "micro": N_("微型"),
}  # fmt: skip
TYPES: Final[Mapping[str, str]] = {
    "new": N_("新贷"), "renewal": N_("续贷"), "deferral": N_("延期还本付息"), "recommended": N_("推荐清单"),
    "agri": N_("三农"),
}  # fmt: skip
CODED: Final = {By.INDUSTRY.value: INDUSTRIES, By.SIZE.value: SIZES, By.TYPE.value: TYPES}


def group_name(by: str, key: str, names: Mapping[str, str]) -> str:
    """A group in words; `names` are those of parties and districts by key."""
    if by == By.ALL:
        return _("全市")
    if by == By.MONTH:
        return finding_words.month_words(key)
    if by in CODED:
        return _(CODED[by][key]) if key in CODED[by] else key or _("未采集")
    if by == By.DISTRICT:
        return names.get(key, key) or _("未填区县")
    return names.get(key, key)
