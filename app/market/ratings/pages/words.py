"""How ratings, work orders and call-backs read."""

from collections.abc import Mapping
from typing import Final

from app.market.ratings.rules import Factor, Why
from app.market.ratings.schemas import Worded
from app.web import i18n
from app.web.i18n import N_

STARS: Final[Mapping[int, str]] = {
    5: N_("很满意"),
    4: N_("满意"),
    3: N_("一般"),
    2: N_("不满意"),
    1: N_("很不满意"),
}
ABOUT: Final[Mapping[str, str]] = {"refused": N_("被拒绝后的评价"), "ended": N_("办结后的评价")}
WHY_NOT: Final[Mapping[Why, str]] = {
    Why.NOT_ENDED: N_("这笔申请办结或被拒绝后，就可以评价。"),
    Why.TOO_LATE: N_("评价的期限已过。"),
    Why.FIXED: N_("评价已过修改期限。"),
}
FACTORS: Final[Mapping[str, str]] = {
    Factor.CONTACT_DENIED: N_("企业否认银行登记的联系"),
    Factor.SILENT_WITHDRAWAL: N_("多日无人联系后撤回"),
    Factor.RED_CLOCK: N_("有超时的环节"),
    Factor.COMPLAINED: N_("提出过投诉"),
    Factor.BAD_RATING: N_("给过差评"),
}
CALLS: Final[Mapping[str, tuple[str, str]]] = {
    "waiting": ("warn", N_("等待回访电话")),
    "satisfied": ("good", N_("满意")),
    "not": ("bad", N_("不满意")),
    "unreachable": ("still", N_("联系不上")),
}
ENDS: Final[Mapping[str, str]] = {
    "refused": N_("银行没有同意"),
    "serviced": N_("已放款"),
    "settled": N_("已结清"),
    "passed_over": N_("选了其他银行"),
    "withdrawn": N_("企业撤回"),
    "lapsed": N_("到期结束"),
}
ANSWERS: Final[Mapping[str, str]] = {"yes": N_("是"), "no": N_("否"), "unknown": N_("说不清")}
FIGURES: Final[Mapping[str, str]] = {
    "complained": N_("被投诉的分单"),
    "answered": N_("投诉按时答复"),
    "good": N_("好评（四星以上）"),
    "followed": N_("差评按时回访"),
    "satisfied": N_("回访满意"),
}
SIDES: Final[Mapping[str, str]] = {"bank": N_("银行总部"), "service": N_("平台客服")}


def said(one: Worded) -> str:
    """A tag or a question in the language of the page."""
    return one.zh if i18n.language() == "zh" else one.en


def percent(ppm: int) -> str:
    """A number of ppm as percent with one digit, for chances and numbers of a draw."""
    return f"{ppm / 10_000:.1f} %"
