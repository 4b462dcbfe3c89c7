"""What codes are called on the pages of oversight: Chinese source texts, translated where they are shown."""

from collections.abc import Mapping
from typing import Final

from app.market.oversight.rules import circulars as circular_rules
from app.market.oversight.rules.urges import About, Act, Addressee, State
from app.market.oversight.service.urges import Urge
from app.web.i18n import N_, _

STATE_WORDS: Final[Mapping[State, tuple[str, str]]] = {
    State.ISSUED: ("warn", N_("待签收")),
    State.RECEIVED: ("warn", N_("待回复")),
    State.REPLIED: ("still", N_("已回复，整改中")),
    State.RECTIFIED: ("still", N_("已报整改，待办结")),
    State.SENT_BACK: ("bad", N_("已退回，待再回复")),
    State.CLOSED: ("good", N_("已办结")),
    State.WITHDRAWN: ("still", N_("已撤销")),
}
ACT_WORDS: Final[Mapping[str, str]] = {
    "issue": N_("下发督办"),
    Act.RECEIVE: N_("签收"),
    Act.REPLY: N_("回复"),
    Act.RECTIFY: N_("报告已整改"),
    Act.SEND_BACK: N_("退回重办"),
    Act.CLOSE: N_("办结"),
    Act.WITHDRAW: N_("撤销督办"),
    Act.BREACH: N_("逾期未回复"),
}
ADDRESSEE_WORDS: Final[Mapping[Addressee, str]] = {
    Addressee.BRANCH: N_("网点"),
    Addressee.HEAD_OFFICE: N_("银行总部"),
    Addressee.SUPERVISOR: N_("系统监管员"),
}
ABOUT_WORDS: Final[Mapping[str, str]] = {
    About.SUBORDER: N_("一笔分单"),
    About.COMPLAINT: N_("一件投诉"),
    About.BRANCH: N_("一个网点"),
    About.BANK: N_("一家银行"),
}
CLOCK_WORDS: Final[Mapping[str, str]] = {
    "ACCEPT": N_("接单时限"),
    "CONTACT": N_("联系时限"),
    "DECISION": N_("办结时限"),
    "SIGN": N_("签约时限"),
    "PAYOUT": N_("放款时限"),
    "COMPLAINT_ACK": N_("投诉受理时限"),
    "COMPLAINT": N_("投诉答复时限"),
    "APPEAL": N_("申诉复议时限"),
    "RATING_FOLLOW": N_("差评回访时限"),
}
NAMED_WORDS: Final[Mapping[circular_rules.State, tuple[str, str]]] = {
    circular_rules.State.NAMED: ("warn", N_("待整改回复")),
    circular_rules.State.ANSWERED: ("still", N_("已回复，待认可")),
    circular_rules.State.RETURNED: ("bad", N_("已退回，待再整改")),
    circular_rules.State.ACCEPTED: ("good", N_("已整改")),
}
NAMED_ACT_WORDS: Final[Mapping[str, str]] = {
    "publish": N_("发布通报"),
    circular_rules.Act.ANSWER: N_("回复整改"),
    circular_rules.Act.RETURN: N_("退回重新整改"),
    circular_rules.Act.ACCEPT: N_("认可整改"),
}
BREACHED: Final = 100


def why_urged(urge: Urge) -> str:
    """Why it was issued, in words: what somebody wrote, or which rung was reached."""
    if urge.by_hand:
        return urge.said
    clock = _(CLOCK_WORDS.get(urge.clock, urge.clock))
    if urge.share < BREACHED:
        return _("{clock}已用去 {share} %，还没有办。").format(clock=clock, share=urge.share)
    if urge.share == BREACHED:
        return _("{clock}已到，没有按时办。").format(clock=clock)
    return _("{clock}已用到 {share} %，仍没有办。").format(clock=clock, share=urge.share)


def number_of(year: int, no: int) -> str:
    """The number by which people name an urge or a circular.

    >>> number_of(2026, 7)
    '2026-0007'
    """
    return f"{year}-{no:04d}"
