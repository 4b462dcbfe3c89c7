"""How complaints read: states with their tone, moves, sides, findings, what is wrong with words."""

from collections.abc import Mapping
from typing import Final

from app.market.complaints.rules import Act, Finding, Side, State, Why
from app.market.complaints.schemas import CategoryBody
from app.web import i18n
from app.web.i18n import N_

STATES: Final[Mapping[str, tuple[str, str]]] = {
    State.FILED: ("warn", N_("等待银行确认收到")),
    State.ACKNOWLEDGED: ("warn", N_("银行已收到，正在核实")),
    State.ANSWERED: ("still", N_("银行已答复，等企业表态")),
    State.DISPUTED: ("warn", N_("企业有异议，客服核实中")),
    State.ESCALATED: ("bad", N_("已上报监管部门")),
    State.ACCEPTED: ("good", N_("企业满意，已办结")),
    State.CLOSED: ("good", N_("已核实办结")),
    State.WITHDRAWN: ("still", N_("企业已撤回")),
}
MOVES: Final[Mapping[str, str]] = {
    Act.FILE: N_("提出投诉"),
    Act.ACKNOWLEDGE: N_("银行确认收到"),
    Act.ANSWER: N_("银行答复"),
    Act.ACCEPT: N_("企业对答复满意"),
    Act.DISPUTE: N_("企业对答复有异议"),
    Act.ESCALATE: N_("客服上报监管部门"),
    Act.CLOSE: N_("核实办结"),
    Act.WITHDRAW: N_("企业撤回投诉"),
    Act.BREACH: N_("超过时限"),
}
CLOCKS: Final[Mapping[str, str]] = {
    "COMPLAINT_ACK": N_("确认收到投诉"),
    "COMPLAINT": N_("答复投诉"),
}
CLOCK_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "running": ("still", N_("计时中")),
    "met": ("good", N_("按时完成")),
    "breached": ("bad", N_("已超时")),
    "void": ("still", N_("不再适用")),
}
SIDES: Final[Mapping[str, str]] = {
    Side.FIRM: N_("企业"),
    Side.BANK: N_("银行"),
    Side.SERVICE: N_("平台客服"),
    Side.REGULATOR: N_("监管部门"),
    Side.CLOCK: N_("系统计时"),
}
FINDINGS: Final[Mapping[str, str]] = {
    Finding.FOUNDED: N_("属实"),
    Finding.PARTLY: N_("部分属实"),
    Finding.UNFOUNDED: N_("不属实"),
}
FAULTS: Final[Mapping[Why, tuple[str, str]]] = {
    Why.WORDS: ("said", N_("请把事情写清楚，至少写一句完整的话。")),
    Why.FINDING: ("finding", N_("请选择核实结论。")),
}
TABS: Final[Mapping[str, str]] = {
    "waiting": N_("等银行答复"),
    "answered": N_("已答复"),
    "disputed": N_("有异议"),
    "escalated": N_("已上报监管"),
    "ended": N_("已办结"),
}


def category(one: CategoryBody) -> str:
    """What is complained of, in the language of the page."""
    return one.zh if i18n.language() == "zh" else one.en


def hint(one: CategoryBody) -> str:
    return one.hint_zh if i18n.language() == "zh" else one.hint_en
