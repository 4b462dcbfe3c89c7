"""What the branch calls the codes of an order: its stages, moves and promises seen from the bank. Chinese sources."""

from collections.abc import Mapping
from typing import Final

from app.market.orders.service.desk import Left, TimeLeft
from app.market.reasons import Comparison, Why
from app.web.i18n import N_, _

STAGES: Final[Mapping[str, str]] = {
    "": N_("全部在办"),
    "new": N_("待受理"),
    "call": N_("待联系"),
    "decide": N_("待决定"),
    "firm": N_("等企业选定"),
    "sign": N_("待签约放款"),
    "loans": N_("贷后"),
    "ended": N_("已结束"),
}
DUES: Final[Mapping[str, str]] = {"": "", "today": N_("今天到期"), "late": N_("逾期")}
FLAGS: Final[Mapping[str, str]] = {
    "paused": N_("等材料"),
    "proposed": N_("待复核"),
    "broken": N_("办结已超时"),
}
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "pushed": ("still", N_("待受理")),
    "accepted": ("good", N_("已受理，待联系")),
    "contacted": ("good", N_("已联系企业")),
    "investigating": ("good", N_("正在调查")),
    "offered": ("good", N_("已报授信方案，等企业选定")),
    "picked": ("good", N_("企业已选定，待签约")),
    "signed": ("good", N_("已签约，待放款")),
    "paying": ("good", N_("正在放款")),
    "serviced": ("good", N_("放款完毕")),
    "refused": ("still", N_("已拒单")),
    "passed_over": ("still", N_("企业选了别家")),
    "withdrawn": ("still", N_("企业已撤回")),
    "lapsed": ("warn", N_("已失效")),
    "moved": ("still", N_("已转给本行另一网点")),
    "settled": ("good", N_("已结清")),
}
MOVES: Final[Mapping[str, str]] = {
    "push": N_("需求送达网点"),
    "accept": N_("受理，占用额度，封存数据包"),
    "refuse": N_("拒单"),
    "contact": N_("联系企业"),
    "investigate": N_("开始调查"),
    "ask_papers": N_("请企业补充材料，办结计时暂停"),
    "bring_papers": N_("企业答复了补充材料，计时继续"),
    "cap_papers": N_("补充材料时间已到，计时继续"),
    "offer": N_("报出授信方案"),
    "pick": N_("企业选定本行授信方案"),
    "pass_over": N_("企业选定了别家授信方案"),
    "sign": N_("签订合同"),
    "pay_out": N_("放款"),
    "end_draws": N_("放款结束"),
    "withdraw": N_("企业撤回需求"),
    "revoke": N_("企业撤回授权"),
    "lapse": N_("到期失效"),
    "let_go": N_("企业不再等待本行"),
    "breach": N_("超过承诺时限"),
    "deny_contact": N_("企业否认联系，联系时限从受理时起继续计算"),
    "contest_papers": N_("企业对补充材料提出异议，计时继续"),
    "retract": N_("撤回授信方案"),
    "reassign": N_("转给本行另一网点"),
    "reopen": N_("申诉成立，重新调查"),
    "repay": N_("归还本金"),
    "extend": N_("展期"),
    "mark_overdue": N_("标记逾期"),
    "settle": N_("结清"),
    "reschedule": N_("延期协议签订"),
}
FIRM_WORDS: Final[Mapping[str, str]] = {
    "gave_up": N_("不想办了"),
    "served_elsewhere": N_("已在别家办好"),
    "terms_declined": N_("额度太低或利率太高"),
}
RETRACTIONS: Final[Mapping[str, str]] = {
    "fraud": N_("涉嫌欺诈"),
    "changed_facts": N_("情况发生变化"),
}
CLOCKS: Final[Mapping[str, str]] = {
    "ACCEPT": N_("受理"),
    "CONTACT": N_("联系企业"),
    "DECISION": N_("办结（报授信方案或拒单）"),
    "OFFER": N_("企业选定授信方案"),
    "SIGN": N_("签约"),
    "GRACE": N_("企业决定是否继续等待签约"),
    "PAYOUT": N_("首次放款"),
    "DRAWS": N_("合同用款"),
    "PAPERS": N_("企业补充材料"),
    "RECOMMENDED": N_("推荐清单企业一个月内答复"),
}
CLASSES: Final[Mapping[str, str]] = {
    "registration": N_("登记"),
    "annual_report": N_("年报"),
    "licences": N_("许可"),
    "penalties": N_("处罚"),
    "judicial": N_("司法"),
    "lists": N_("名单"),
    "tax": N_("税务"),
    "invoices": N_("发票"),
    "social_insurance": N_("社保"),
    "housing_fund": N_("公积金"),
    "utilities": N_("水电气"),
    "property": N_("不动产"),
    "contracts": N_("合同履约"),
    "commitments": N_("信用承诺"),
    "honours": N_("荣誉"),
    "evaluation": N_("信用评价"),
    "qualifications": N_("资质"),
    "": N_("本行说明"),
}
CHANNELS: Final[Mapping[str, str]] = {"phone": N_("电话"), "visit": N_("上门"), "online": N_("线上")}
COMPARISONS: Final[Mapping[Comparison, str]] = {
    Comparison.EQ: N_("等于"),
    Comparison.NE: N_("不等于"),
    Comparison.LT: N_("低于"),
    Comparison.LE: N_("不高于"),
    Comparison.GT: N_("高于"),
    Comparison.GE: N_("不低于"),
    Comparison.NO_RECORD: N_("查过，无记录"),
    Comparison.NOT_COLLECTED: N_("没有采集"),
}
GROUPS: Final[Mapping[str, str]] = {
    "A": N_("主体"),
    "B": N_("信用"),
    "C": N_("偿债"),
    "D": N_("税务社保数据"),
    "E": N_("担保"),
    "F": N_("用途"),
    "G": N_("材料"),
    "H": N_("客户原因"),
    "I": N_("银行原因"),
}
OWN_ITEMS: Final[Mapping[str, str]] = {
    "list.in_force": N_("本网点有在用的产品清单"),
    "list.covers_amount": N_("清单覆盖申请金额"),
    "list.covers_term": N_("清单覆盖申请期限"),
    "list.covers_purpose": N_("清单覆盖贷款用途"),
    "list.covers_collateral": N_("清单覆盖担保方式"),
    "list.covers_district": N_("清单覆盖企业所在区县"),
    "list.covers_industry": N_("清单覆盖企业所属行业"),
    "pool.covers_amount": N_("额度池够用"),
    "order.amount_fen": N_("申请金额"),
    "order.term_months": N_("申请期限"),
    "order.purpose": N_("贷款用途"),
    "order.collateral": N_("担保方式"),
    "order.papers_capped": N_("补充材料超过时限"),
    "order.papers_missing_count": N_("逾期未补的材料份数"),
    "bank_input.bank_rating": N_("本行评级"),
}
# What is missing before a refusal can be sent, and why it would not hold.
FAULTS: Final[Mapping[Why, str]] = {
    Why.UNKNOWN: N_("请先选择拒单原因。"),
    Why.NOT_IN_FORCE: N_("该原因今天不再适用，请另选。"),
    Why.NOT_FROM_PUSHED: N_("受理前只能用本网点清单、额度或需求本身的原因；其他原因请受理后再用。"),
    Why.TEXT_EMPTY: N_("说明对任何企业都成立，请写清这家企业的具体情况。"),
    Why.TEXT_SHORT: N_("说明太短，请至少写十个字，讲清具体情况。"),
    Why.TEXT_LEAKS: N_("说明里有模型评分、征信报告内容或个人号码，不能告知；请改说具体事实。"),
    Why.CLAIM_MISSING: N_("请选择据以核对的信息项，并填写比较的数值。"),
    Why.PATH_NOT_ALLOWED: N_("这项信息与所选原因无关，请换一项。"),
    Why.COMPARISON_NOT_ALLOWED: N_("这种比较方式不能支持所选原因。"),
    Why.VALUE_NOT_ALLOWED: N_("比较的数值没有填写，或明显不合理。"),
    Why.ITEM_MISSING: N_("数据包里没有这项信息。"),
    Why.SOURCE_NOT_ALLOWED: N_("该原因不能以这个来源为依据。"),
    Why.FIRM_WORD_MISSING: N_("该原因须有企业自己的表示，平台没有收到。"),
    Why.ITEM_NOT_COLLECTED: N_("这项信息未采集，不能作为依据。"),
    Why.ITEM_NO_RECORD: N_("这项信息无记录，不能作为依据。"),
    Why.ITEM_STALE: N_("这项信息太旧，不能作为依据。"),
    Why.CLAIM_FALSE: N_("与这项信息的现值不符，这样拒单不成立。"),
}
# The field that a clerk goes to when a refusal does not hold.
FAULT_FIELDS: Final[Mapping[Why, str]] = {
    Why.UNKNOWN: "f-find",
    Why.TEXT_EMPTY: "f-words",
    Why.TEXT_SHORT: "f-words",
    Why.TEXT_LEAKS: "f-words",
    Why.CLAIM_MISSING: "f-value",
    Why.VALUE_NOT_ALLOWED: "f-value",
    Why.COMPARISON_NOT_ALLOWED: "f-comparison",
    Why.CLAIM_FALSE: "f-value",
}
# Why papers cannot be asked for, by what the rule says.
PAPERS_REFUSED: Final = N_("现在不能请企业补充这些材料。")
PAPERS_FAULTS: Final[Mapping[str, str]] = {
    "name every item once": N_("请至少写明一项材料。"),
    "a request is open": N_("上一次请补充的材料，企业还没有答复。"),
    "an item was asked for before": N_("其中有以前要求过的材料，每项只能要求一次。"),
    "an item is in the package": N_("其中有数据包里已有的信息，不能再要。"),
    "the time for the decision is over": N_("办结时限已到，不能再请补充材料。"),
    "no time for papers is left": N_("补充材料可用的时间已经用完。"),
}
PAYMENTS: Final[Mapping[str, str]] = {
    "instalments": N_("每月还款"),
    "interest_first": N_("每月付息（到期还本）"),
    "bullet": N_("到期一次还"),
}
QUOTE_FIELDS: Final[Mapping[str, str]] = {
    "above-ceiling": "f-amount_wan",
    "amount-exceeds-hold": "f-amount_wan",
    "amount-out-of-range": "f-amount_wan",
    "quota-exhausted": "f-amount_wan",
    "terms-out-of-range": "f-rate_percent",
}
QUOTE_FAULTS: Final[Mapping[str, str]] = {
    "wrong-state": N_("当前阶段不能报授信方案。"),
    "above-ceiling": N_("今天没有覆盖该产品的在用清单，或金额超过授权上限。"),
    "amount-exceeds-hold": N_("金额超过已占用的额度。"),
    "amount-out-of-range": N_("金额超出范围。"),
    "terms-out-of-range": N_("利率、期限、有效期或费用超出清单规定的范围。"),
    "quota-exhausted": N_("占用已到期，额度池余额也不足。"),
}


def left_words(left: TimeLeft) -> str:
    """The working time left, in words."""
    match left.how:
        case Left.LATE if left.days == 0:
            return _("已超时")
        case Left.LATE:
            return _("超时 {n} 个工作日").format(n=left.days)
        case Left.TODAY:
            return _("今天 24:00 到期")
        case Left.DAYS:
            return _("还剩 {n} 个工作日").format(n=left.days)
        case Left.PAUSED:
            return _("暂停中，等企业补材料")
        case Left.FIRM:
            return _("等企业")
        case Left.NONE:
            return _("无时限")


def owned(path: str) -> str:
    """What one of the bank's own items of evidence is called."""
    return _(OWN_ITEMS.get(path, path))
